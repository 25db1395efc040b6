//! Answers with licence keys, without what one signs with.

use crate::{Result, client::Reply, json::Json};

/// The answer as it is, without the members `keySecret`.
pub(super) fn hidden(reply: &Reply) -> Result<String> {
    if reply.body.is_empty() {
        return reply.printed();
    }
    let mut answer = Json::parse(reply.text()?).map_err(|reason| reply.no_json(&reason))?;
    hide(&mut answer);
    Ok(answer.pretty())
}

fn hide(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.shift_remove("keySecret");
            members.values_mut().for_each(hide);
        }
        Json::List(elements) => elements.iter_mut().for_each(hide),
        Json::Bare(_) | Json::Text(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_key_secret_is_left_out_wherever_it_stands() {
        let mut json = Json::parse(r#"{"data":[{"keySecret":"hidden","n":1.50}],"keySecret":"hidden"}"#).unwrap();
        hide(&mut json);
        assert_eq!(json.to_string(), r#"{"data":[{"n":1.50}]}"#);
    }
}
