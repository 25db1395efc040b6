//! `chancery licence update`.

use clap::Args;
use serde_json::{Map, Value, json};

use super::{KEYS, Session, insert, key, key_secret, parse_module};
use crate::{Result, duration, request::Request};

#[derive(Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true)
    .args(["expires", "description", "modules", "without"]))]
pub(in crate::commands) struct Update {
    /// keyId or tag
    key: String,
    /// Last moment, such as 90d, 2027-12-31 or 2027-12-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = duration::moment)]
    expires: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// A module to add or change, such as mod_core=true; may be repeated
    #[arg(long = "module", value_name = "NAME=VALUE", value_parser = parse_module)]
    modules: Vec<(String, Value)>,
    /// A module to take away; may be repeated
    #[arg(long = "no-module", value_name = "NAME")]
    without: Vec<String>,
}

impl Update {
    pub fn run(&self, session: &Session) -> Result<String> {
        let client = session.client()?;
        // The service replaces all modules at once.
        let modules = match self.modules.is_empty() && self.without.is_empty() {
            true => None,
            false => Request::new("GET", KEYS).query("keyId", &self.key).send(&client)?.json()?.get("modules").cloned(),
        };
        let reply = self.request(modules).send(&client)?;
        if session.json() { key_secret::hidden(&reply) } else { Ok(key(&reply.json()?, false)) }
    }

    /// With the modules that the key has so far.
    pub fn request(&self, modules: Option<Value>) -> Request {
        let mut body = Map::new();
        insert(&mut body, "expiry", self.expires.clone());
        insert(&mut body, "description", self.description.clone());
        if !self.modules.is_empty() || !self.without.is_empty() {
            let mut all = modules.and_then(|modules| modules.as_object().cloned()).unwrap_or_default();
            all.retain(|name, _| !self.without.contains(name));
            all.extend(self.modules.iter().cloned());
            body.insert("modules".to_owned(), json!(all));
        }
        Request::new("PATCH", KEYS).query("keyId", &self.key).body(Value::Object(body))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{super::Licence, *};
    use crate::commands::typed;

    fn update(line: &str) -> Update {
        match typed::<Licence>(line.split(' ')).unwrap() {
            Licence::Update(update) => update,
            _ => unreachable!(),
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let expires = update("update a --expires 2031-01-31").request(None);
        assert_eq!((expires.method, expires.json()), ("PATCH", json!({"expiry": "2031-01-31T00:00:00.000Z"})));
        let modules = json!({"mod_core": true, "mod_phone": "x", "mod_old": true});
        let changed = update("update a --module mod_phone=y --no-module mod_old").request(Some(modules));
        assert_eq!(changed.json(), json!({"modules": {"mod_core": true, "mod_phone": "y"}}));
        assert!(typed::<Licence>(["update", "a"]).is_err());
    }
}
