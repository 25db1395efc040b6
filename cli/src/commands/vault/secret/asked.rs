//! Those commands that are one request each.

use serde_json::{Value, json};

use super::{Change, Retention, SECRETS, Secret, of, of_version};
use crate::{Result, client::Bearer, commands::Session, output, request::Request};

impl Secret {
    pub(super) fn asked(&self, session: &Session, bearer: &Bearer) -> Result<String> {
        if let Self::Destroy(Change { secret, version, .. }) = self {
            session.confirm(&format!("Erase the value of version {version} of {secret} for good?"))?;
        }
        if let Self::EnforceRetention { secret } = self {
            session.confirm(&format!("Erase for good what the retention of {secret} does not keep?"))?;
        }
        let Some(request) = self.request() else { return Ok(String::new()) };
        let reply = request.send_with(bearer)?;
        if session.json() { reply.printed() } else { Ok(self.shown(&reply.json()?)) }
    }

    /// `None` for what takes more than one request.
    fn request(&self) -> Option<Request> {
        Some(match self {
            Self::Rollback(Change { secret, version, reason }) => {
                let body = with_reason(json!({ "targetVersion": version }), reason.as_ref());
                Request::new("POST", of(secret, "rollback")).body(body)
            }
            Self::Compare { secret, first, second } => {
                Request::new("POST", of(secret, "compare")).body(json!({ "version1": first, "version2": second }))
            }
            Self::Deprecate(change) => change.to("deprecated"),
            Self::Destroy(change) => change.to("destroyed"),
            Self::Retention(retention) => retention.request(),
            Self::EnforceRetention { secret } => Request::new("POST", of(secret, "enforce-retention")),
            Self::Stats => Request::new("GET", format!("{SECRETS}/stats")),
            Self::Create(_) | Self::Rotate(_) | Self::Get(_) | Self::Versions { .. } | Self::Events { .. } => {
                return None;
            }
        })
    }

    fn shown(&self, answer: &Value) -> String {
        let text = |name| output::text(answer, name);
        match self {
            Self::Rollback(Change { secret, .. }) => {
                format!(
                    "version {} of {secret} has the value of version {}\n",
                    text("newVersion"),
                    text("rolledBackTo")
                )
            }
            Self::Compare { .. } if answer["different"] == false => "the same\n".to_owned(),
            Self::Compare { .. } => "different\n".to_owned(),
            Self::Retention(Retention { secret, .. }) => format!("stored the retention of {secret}\n"),
            Self::EnforceRetention { .. } => {
                format!("destroyed {}, kept {}\n", text("versionsDeleted"), text("versionsRetained"))
            }
            Self::Stats => {
                let names = ["totalSecrets", "totalVersions", "averageVersionsPerSecret"];
                let states = ["active", "deprecated", "destroyed"];
                let by_state = answer.get("byState").unwrap_or(&Value::Null);
                let all = names.map(|name| (name, text(name)));
                output::fields(&[&all[..], &states.map(|name| (name, output::text(by_state, name)))[..]].concat())
            }
            _ => format!("version {} of {} is {}\n", text("version"), text("secretId"), text("state")),
        }
    }
}

impl Change {
    fn to(&self, state: &str) -> Request {
        let body = with_reason(json!({ "state": state }), self.reason.as_ref());
        Request::new("PATCH", format!("{}/state", of_version(&self.secret, self.version))).body(body)
    }
}

impl Retention {
    fn request(&self) -> Request {
        let mut body = json!({ "autoDestroy": self.auto_destroy });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.max_versions.map(|most| ("maxVersions".to_owned(), json!(most))));
            body.extend(self.delete_after.as_ref().map(|after| ("deleteAfter".to_owned(), json!(after))));
        }
        Request::new("PUT", of(&self.secret, "retention-policy")).body(body)
    }
}

fn with_reason(mut body: Value, reason: Option<&String>) -> Value {
    if let (Some(body), Some(reason)) = (body.as_object_mut(), reason) {
        body.insert("reason".to_owned(), json!(reason));
    }
    body
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::commands::typed;

    fn request(line: &str) -> Request {
        typed::<Secret>(line.split(' ')).unwrap().request().unwrap()
    }

    #[test]
    fn a_change_names_its_version_and_its_reason() {
        let rollback = request("rollback a 2 --reason why");
        assert_eq!((rollback.method, rollback.path.as_str()), ("POST", "/vault/v1/versioned-secrets/a/rollback"));
        assert_eq!(rollback.json(), json!({ "targetVersion": 2, "reason": "why" }));
        let destroy = request("destroy a 3");
        assert_eq!(
            (destroy.method, destroy.path.as_str()),
            ("PATCH", "/vault/v1/versioned-secrets/a/versions/3/state")
        );
        assert_eq!(destroy.json(), json!({ "state": "destroyed" }));
        assert_eq!(request("deprecate a 3").json(), json!({ "state": "deprecated" }));
        assert_eq!(request("compare a 1 2").json(), json!({ "version1": 1, "version2": 2 }));
    }

    #[test]
    fn a_retention_keeps_something() {
        let retention = request("retention a --max-versions 3 --delete-after 90d --auto-destroy");
        let expected = json!({ "maxVersions": 3, "deleteAfter": "PT7776000S", "autoDestroy": true });
        assert_eq!((retention.method, retention.json()), ("PUT", expected));
        assert!(typed::<Secret>(["retention", "a", "--auto-destroy"]).is_err());
    }

    #[test]
    fn a_value_never_stands_on_the_command_line() {
        for line in ["create a s3cret", "rotate a s3cret", "create a --value s3cret", "get a --no-newline"] {
            assert!(typed::<Secret>(line.split(' ')).is_err(), "{line}");
        }
        assert!(typed::<Secret>(["create", "a", "--generate", "32"]).is_ok());
        assert!(typed::<Secret>(["create", "a", "--generate", "3"]).is_err());
    }
}
