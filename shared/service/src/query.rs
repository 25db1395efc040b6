//! Query strings: how they are read, and what a refusal says.

use std::borrow::Cow;

use model::faults::Faults;
use serde::de::DeserializeOwned;

/// The most parameters of a refused query that are looked at one by one.
const MAX_PARAMETERS: usize = 32;

/// Reads a query string. Only when it is refused is it read again, parameter by parameter, to name those at fault: a
/// reader that keeps track itself would be compiled once more for every type of query.
pub fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Faults> {
    if let Ok(read) = serde_urlencoded::from_str(query) {
        return Ok(read);
    }
    let (mut faults, mut good) = (Faults::default(), String::new());
    for pair in query.split('&').take(MAX_PARAMETERS) {
        let more = if good.is_empty() { pair.to_owned() } else { format!("{good}&{pair}") };
        match refusal::<T>(&more) {
            Some(reason) if !reason.starts_with("missing field") => faults.add(name(pair), rule(&reason)),
            _ => good = more,
        }
    }
    let missing = refusal::<T>(&good).and_then(|reason| Some(reason.split('`').nth(1)?.to_owned()));
    if let Some(missing) = missing.filter(|missing| faults.iter().all(|fault| fault.path != *missing)) {
        faults.add(missing, "is required");
    }
    faults.check(!faults.is_empty(), "", "The query cannot be read");
    Err(faults)
}

fn refusal<T: DeserializeOwned>(query: &str) -> Option<String> {
    serde_urlencoded::from_str::<T>(query).err().map(|error| error.to_string())
}

/// The name of a parameter.
fn name(pair: &str) -> String {
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(pair).unwrap_or_default();
    pairs.pop().map(|(name, _)| name).unwrap_or_default()
}

/// The rule that a parameter breaks, in the words of an API.
fn rule(reason: &str) -> Cow<'static, str> {
    match reason {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => "must be a whole number in its range".into(),
        "provided string was not `true` or `false`" => "must be true or false".into(),
        _ if reason.starts_with("duplicate field") => "is given twice".into(),
        _ if reason.starts_with("unknown field") => "is not known here".into(),
        _ => match reason.split_once(", expected ") {
            Some((_, expected)) => format!("must be {}", expected.replace('`', "")).into(),
            None => reason.to_owned().into(),
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only the types matter")]
    struct Fields {
        p_size: u8,
        p_index: Option<u32>,
        sort: Option<Sort>,
        flag: Option<bool>,
        name: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Sort {
        Name,
        Time,
    }

    #[test]
    fn a_refused_query_names_its_parameters_and_never_the_value() {
        for (query, message) in [
            ("pSize=x", "pSize must be a whole number in its range"),
            ("pSize=", "pSize must be a whole number in its range"),
            (
                "pSize=256&name=%C3%A4&pIndex=-1",
                "pSize must be a whole number in its range; pIndex must be a whole \
              number in its range",
            ),
            ("pSize=1&flag=s3cret&sort=s3cret", "flag must be true or false; sort must be name or time"),
            ("pSize=1&pSize=2", "pSize is given twice"),
            ("name=a", "pSize is required"),
            ("flag=x", "flag must be true or false; pSize is required"),
            ("", "pSize is required"),
        ] {
            assert_eq!(parse::<Fields>(query).unwrap_err().to_string(), message, "{query}");
        }
        assert_eq!(parse::<Fields>("pSize=7&other=x").unwrap().p_size, 7);
    }
}
