//! `chancery health` and `chancery doctor`: whether a deployment works, and whether it works for this caller.

use model::time::from_iso;
use serde_json::{Value, json};

use super::{Session, login, now};
use crate::{
    Error, Result,
    client::{Connection, Reply},
    output,
};

/// Storage, migrations and variables, as the deployment judges them itself.
pub(super) fn health(session: &Session) -> Result<String> {
    let reply = ask(&session.connection()?, "/caas/healthz", &[("ready", "true")])?;
    if session.json() {
        return reply.printed();
    }
    let answer = reply.json()?;
    Ok(output::fields(&["status", "version", "publicKey"].map(|name| (name, output::text(&answer, name)))))
}

/// What keeps people from working, each with what to do. It goes on after a fault.
pub(super) fn doctor(session: &Session) -> Result<String> {
    let connection = session.connection()?;
    let mut checks = vec![("address", Ok(address(&connection)))];
    let environment = ask(&connection, "/caas/environment", &[]);
    match environment.and_then(|reply| Ok((reply.json()?, reply))) {
        Err(error) => checks.push(("answer", Err(error))),
        Ok((environment, reply)) => {
            checks.push(("readiness", ready(&connection)));
            checks.push(("due work", due_work(&connection)));
            checks.push(("clock", clock(&reply, &environment)));
            checks.push(("curve", curve(&connection, &environment)));
            checks.push(("licence", licence(&connection)));
            checks.push(("API key", api_key(&connection)));
            checks.push(("config token", config_token(&connection)));
        }
    }
    let faults = checks.iter().filter(|(_, found)| found.is_err()).count();
    let shown = shown(session, &checks);
    if faults == 0 {
        return Ok(shown);
    }
    output::bytes(session.shaped(shown).as_bytes())?;
    Err(Error::Broken(format!("{faults} of {} checks failed", checks.len())))
}

fn shown(session: &Session, checks: &[(&str, Result<String>)]) -> String {
    let told = |found: &Result<String>| found.as_ref().map_or_else(ToString::to_string, Clone::clone);
    if session.json() {
        let one =
            |(name, found): &(&str, Result<String>)| json!({"check": name, "ok": found.is_ok(), "found": told(found)});
        return output::json(&checks.iter().map(one).collect());
    }
    let row = |(name, found): &(&str, Result<String>)| {
        vec![(*name).to_owned(), if found.is_ok() { "ok" } else { "FAULT" }.to_owned(), told(found)]
    };
    output::table(&["check", "", "found"], checks.iter().map(row))
}

fn ask(connection: &Connection, path: &str, query: &[(&str, &str)]) -> Result<Reply> {
    connection.anonymous()?.send("GET", path, query, &[], None)?.accepted()
}

fn address(connection: &Connection) -> String {
    let profile = connection.profile.as_ref().map_or_else(String::new, |name| format!(" (profile {name})"));
    format!("{}{profile}", connection.base_url)
}

fn ready(connection: &Connection) -> Result<String> {
    let answer = ask(connection, "/caas/healthz", &[("ready", "true")])?.json()?;
    let (theirs, ours) = (output::text(&answer, "version"), env!("CARGO_PKG_VERSION"));
    if theirs.starts_with(&format!("{ours}.")) || theirs == ours {
        return Ok(format!("version {theirs}"));
    }
    Ok(format!("version {theirs}; this tool is {ours}"))
}

/// How long ago due work may have been asked for, in seconds.
const LATE: i64 = 600;

/// Nothing is wrong if it never is: calls carry out the same. But then it waits for them.
fn due_work(connection: &Connection) -> Result<String> {
    const HOW: &str = "`chancery tick --every 60s` asks for it, and so do the triggers of Workers";
    let answer = ask(connection, "/caas/healthz/due", &[])?.json()?;
    let runs = output::rows(&answer, "functions");
    let last = runs.iter().filter_map(|run| from_iso(&output::text(run, "lastRunAt"))).max();
    let Some(last) = last else { return Ok(format!("waits for callers: {HOW}")) };
    let ago = (from_iso(&now()).unwrap_or_default() - last) / 1000;
    let failing: Vec<_> = runs.iter().filter(|run| run.get("failed") != Some(&json!(0))).collect();
    if let Some(first) = failing.first() {
        let name = output::text(first, "name");
        return Err(Error::Broken(format!("some of {name} cannot be carried out; the deployment's log says why")));
    }
    if ago > LATE {
        return Ok(format!("was last asked for {} minutes ago: {HOW}", ago / 60));
    }
    Ok("is carried out".to_owned())
}

/// A signed request may be this far off.
fn clock(reply: &Reply, environment: &Value) -> Result<String> {
    let Some(theirs) = reply.header("date").and_then(http_date) else {
        return Ok("the deployment does not tell the time".to_owned());
    };
    let allowed = environment.get("allowed_time_span").and_then(Value::as_i64).unwrap_or(60);
    let off = (from_iso(&now()).unwrap_or_default() - theirs) / 1000;
    if off.abs() > allowed {
        let which = if off > 0 { "ahead of" } else { "behind" };
        return Err(Error::Broken(format!(
            "this clock is {} s {which} the deployment's, and {allowed} s are allowed: set it (`date -u` shows it)",
            off.abs()
        )));
    }
    Ok(format!("{} s off, {allowed} s are allowed", off.abs()))
}

/// Milliseconds of a time such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<_> = text.split(' ').collect();
    let [_, day, month, year, time, "GMT"] = parts.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    from_iso(&format!("{year}-{month:02}-{day}T{time}Z"))
}

fn curve(connection: &Connection, environment: &Value) -> Result<String> {
    let (theirs, ours) = (output::text(environment, "EC_CURVE_NAME"), connection.curve.name());
    if theirs == ours {
        return Ok(theirs);
    }
    Err(Error::Broken(format!("the deployment's curve is {theirs}, not {ours}: set CHANCERY_CURVE={theirs}")))
}

fn licence(connection: &Connection) -> Result<String> {
    if connection.license.is_none() {
        return Ok("none; CHANCERY_LICENSE or `chancery login` gives one".to_owned());
    }
    let licence = login::licence(connection)?;
    let text = |name| output::text(&licence, name);
    let left = from_iso(&text("expiry")).zip(from_iso(&now())).map_or(0, |(ends, now)| (ends - now) / 86_400_000);
    Ok(format!("{}, level {}, ends in {left} days", text("tag"), text("authLevel")))
}

fn api_key(connection: &Connection) -> Result<String> {
    if connection.api_key.is_none() {
        return Ok("none; CHANCERY_API_KEY or `chancery login` gives one".to_owned());
    }
    login::must_know_key(connection).map(|()| "known".to_owned())
}

fn config_token(connection: &Connection) -> Result<String> {
    if connection.config_token.is_none() {
        return Ok("none; CHANCERY_CONFIG_TOKEN or `chancery login` gives one".to_owned());
    }
    login::must_know_token(connection).map(|()| "known".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_answer_is_read() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 CET"), None);
        assert_eq!(http_date("1994-11-06"), None);
    }

    #[test]
    fn a_clock_that_is_off_is_a_fault() {
        let mut reply = Reply { status: 200, headers: ureq::http::HeaderMap::new(), body: Vec::new() };
        assert!(clock(&reply, &json!({})).is_ok());
        let date = ureq::http::HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
        reply.headers.insert("date", date);
        let fault = clock(&reply, &json!({"allowed_time_span": 60})).err().map(|error| error.to_string());
        assert!(fault.is_some_and(|fault| fault.contains("ahead of") && fault.contains("date -u")));
    }
}
