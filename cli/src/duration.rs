//! Spans of time as people type them: `90s`, `15m`, `1h30m`, `90d`, `2w`.

use std::time::{SystemTime, UNIX_EPOCH};

use model::time::{from_iso, to_iso as to_iso_time};

/// Seconds; `None` for what is no span, or none of time at all.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let mut letters = behind.chars();
        let unit = match letters.next()? {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = number.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(total)?;
        rest = letters.as_str();
    }
    (total > 0).then_some(total)
}

/// For a command line: a moment, which may be a day, its beginning in UTC, or a span from now on.
pub(crate) fn moment(text: &str) -> Result<String, &'static str> {
    moment_after(text, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn moment_after(text: &str, now: u64) -> Result<String, &'static str> {
    let late = "use a time such as 2027-12-31 or 2027-12-31T12:00:00Z, or a span from now on such as 90d";
    if let Some(seconds) = seconds(text) {
        let at = now.checked_add(seconds).and_then(|at| i64::try_from(at).ok()?.checked_mul(1000)).ok_or(late)?;
        return Ok(to_iso_time(at));
    }
    let day = format!("{text}T00:00:00.000Z");
    if from_iso(&day).is_some() {
        return Ok(day);
    }
    from_iso(text).map(|_| text.to_owned()).ok_or(late)
}

/// For a command line: the span as an ISO 8601 duration, which may also be given as it is.
pub(crate) fn to_iso(text: &str) -> Result<String, &'static str> {
    if text.starts_with('P') {
        return Ok(text.to_owned());
    }
    seconds(text).map(|seconds| format!("PT{seconds}S")).ok_or("use a span such as 90s, 15m, 1h30m or 7d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sums_of_numbers_with_units() {
        for (text, expected) in
            [("90s", 90), ("15m", 900), ("1h30m", 5_400), ("7d", 604_800), ("2w", 1_209_600), ("1m0s", 60)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "7", "m", "1y", "-1s", "1.5h", "0s", "1h30", "99999999999999999999s", "999999999999999999w"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_a_time_a_day_or_a_span_from_now_on() {
        let moment = |text| moment_after(text, 1_700_000_000);
        assert_eq!(moment("90d").as_deref(), Ok("2024-02-12T22:13:20.000Z"));
        assert_eq!(moment("2031-01-31").as_deref(), Ok("2031-01-31T00:00:00.000Z"));
        assert_eq!(moment("2031-01-31T12:00:00Z").as_deref(), Ok("2031-01-31T12:00:00Z"));
        assert!(moment("tomorrow").is_err() && moment("99999999999999d").is_err());
    }

    #[test]
    fn iso_durations_pass() {
        assert_eq!(to_iso("15m").as_deref(), Ok("PT900S"));
        assert_eq!(to_iso("PT15M").as_deref(), Ok("PT15M"));
        assert!(to_iso("soon").is_err());
    }
}
