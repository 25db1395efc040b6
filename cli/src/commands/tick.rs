//! `chancery tick`: asks every function for what is due without a caller, where the runtime has no triggers of its own.

use std::{collections::HashSet, thread, time::Duration};

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Session, note};
use crate::{Error, Result, client::Bearer, duration, output};

/// How many steps of a function follow each other in one round. What is left then waits for the next.
const STEPS: usize = 10;

const WHERE: &str = "DUE_TOKEN is in the deployment; of a local one it stands in .dev.vars";

#[derive(Args)]
pub(super) struct Tick {
    /// Go on, with a round each so often, such as 60s
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    every: Option<Duration>,
    /// DUE_TOKEN of the deployment; better given by the variable, because other users see command lines
    #[arg(long, value_name = "TOKEN", env = "CHANCERY_DUE_TOKEN", hide_env_values = true)]
    due_token: Option<String>,
    /// Ask these functions alone
    #[arg(value_name = "FUNCTION")]
    functions: Vec<String>,
}

#[derive(Deserialize)]
struct Registry {
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    due: bool,
}

/// What a function answered, or why it did not.
type Answered = (String, Result<Value>);

impl Tick {
    pub fn run(&self, session: &Session) -> Result<String> {
        let connection = session.connection()?;
        let token = self
            .due_token
            .as_deref()
            .filter(|token| !token.is_empty())
            .ok_or_else(|| Error::usage(format!("no token: set CHANCERY_DUE_TOKEN to what {WHERE}")))?;
        let client = Bearer::new(&connection.base_url, token, connection.manner)?;
        let functions = self.chosen()?;
        let Some(every) = self.every else {
            let round = round(&client, &functions);
            let faults = round.iter().filter(|(_, answer)| answer.is_err()).count();
            let shown = shown(session, round);
            if faults == 0 {
                return Ok(shown);
            }
            output::bytes(session.shaped(shown).as_bytes())?;
            return Err(Error::Broken(format!("{faults} of {} functions did not do it", functions.len())));
        };
        loop {
            for (function, answer) in round(&client, &functions) {
                match answer {
                    Ok(answer) if count(&answer, "done") + count(&answer, "failed") == 0 => {}
                    Ok(answer) => {
                        note(&format!(
                            "{function}: {} done, {} failed",
                            count(&answer, "done"),
                            count(&answer, "failed")
                        ));
                    }
                    // It is asked again in the next round.
                    Err(error) => note(&format!("{function}: {error}")),
                }
            }
            thread::sleep(every);
        }
    }

    fn chosen(&self) -> Result<Vec<String>> {
        let all = all()?;
        let known: HashSet<_> = all.iter().collect();
        if let Some(unknown) = self.functions.iter().find(|name| !known.contains(name)) {
            return Err(Error::usage(format!("{unknown} has no due work; there are {}", all.join(", "))));
        }
        Ok(if self.functions.is_empty() { all } else { self.functions.clone() })
    }
}

/// The functions with due work.
fn all() -> Result<Vec<String>> {
    let registry: Registry = serde_json::from_str(include_str!("../../../functions/registry.json"))
        .map_err(|error| Error::Broken(format!("the list of functions cannot be read: {error}")))?;
    Ok(registry.functions.into_iter().filter(|function| function.due).map(|function| function.name).collect())
}

fn round(client: &Bearer, functions: &[String]) -> Vec<Answered> {
    functions.iter().map(|function| (function.clone(), steps(client, function))).collect()
}

/// One step, and others as long as something is left: what all of them came to.
fn steps(client: &Bearer, function: &str) -> Result<Value> {
    let (mut done, mut failed, mut more) = (0, 0, true);
    for _ in 0..STEPS {
        let reply = client.send("POST", &format!("/system/due/{function}"), &[], &[], None)?;
        if reply.status == 401 {
            return Err(Error::Broken(format!("401: CHANCERY_DUE_TOKEN is not what {WHERE}")));
        }
        let answer = reply.accepted()?.json()?;
        done += count(&answer, "done");
        failed += count(&answer, "failed");
        more = answer.get("more").and_then(Value::as_bool).unwrap_or_default();
        if !more {
            break;
        }
    }
    Ok(json!({ "function": function, "done": done, "failed": failed, "more": more }))
}

fn count(answer: &Value, name: &str) -> u64 {
    answer.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn shown(session: &Session, round: Vec<Answered>) -> String {
    let answered = round.into_iter().map(|(function, answer)| match answer {
        Ok(answer) => answer,
        Err(error) => json!({ "function": function, "error": error.to_string() }),
    });
    let answers: Vec<_> = answered.collect();
    if session.json() {
        return output::json(&Value::from(answers));
    }
    let columns = ["function", "done", "failed", "more", "error"];
    output::table(
        &columns,
        answers.iter().map(|answer| columns.iter().map(|name| output::text(answer, name)).collect()),
    )
}

fn parse_time(text: &str) -> std::result::Result<Duration, &'static str> {
    duration::seconds(text).map(Duration::from_secs).ok_or("use a time such as 60s or 5m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_with_due_work_are_known() {
        let all = all().unwrap_or_default();
        assert!(all.contains(&"vault-dynamic".to_owned()) && !all.contains(&"healthz".to_owned()), "{all:?}");
    }
}
