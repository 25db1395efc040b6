//! ISO 8601 durations in milliseconds. A month has 30 days and a year 365, so that a duration is always as long.

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads `P[nY][nM][nD][T[nH][nM][nS]]` or `PnW` with at least one part; whole numbers, in this order. `None` when the
/// text is none, or when it is longer than an `i64` counts.
///
/// ```
/// use chancery_policy::qnsp::duration::parse;
///
/// assert_eq!(parse("P1DT12H"), Some(129_600_000));
/// assert_eq!(parse("P1M"), parse("P30D"));
/// assert_eq!(parse("PT"), None);
/// ```
pub fn parse(text: &str) -> Option<i64> {
    let text = text.strip_prefix('P')?;
    if let Some(weeks) = text.strip_suffix('W') {
        return number(weeks)?.checked_mul(7 * DAY);
    }
    let (date, time) = match text.split_once('T') {
        // A T, or the P alone, announces parts that do not follow.
        Some((_, "")) => return None,
        None if text.is_empty() => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    let date = sum(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)])?;
    let time = sum(time, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)])?;
    date.checked_add(time)
}

/// Adds up the parts of a text: each a number and one of the units, in their order, at most once.
fn sum(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut total = 0_i64;
    for (unit, length) in units {
        if let Some((amount, rest)) = text.split_once(*unit) {
            total = total.checked_add(number(amount)?.checked_mul(*length)?)?;
            text = rest;
        }
    }
    text.is_empty().then_some(total)
}

/// Digits only: `parse` would take a sign.
fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn months_have_30_days_and_years_365() {
        assert_eq!(parse("P1M"), Some(30 * DAY));
        assert_eq!(parse("P1Y"), Some(365 * DAY));
        assert_eq!(parse("P1Y2M3DT4H5M6S"), Some(428 * DAY + 4 * HOUR + 5 * MINUTE + 6 * SECOND));
        assert_eq!(parse("P2W"), Some(14 * DAY));
        assert_eq!(parse("PT1M"), Some(MINUTE));
        assert_eq!(parse("P400D"), Some(400 * DAY));
        assert_eq!((parse("P0D"), parse("PT0S")), (Some(0), Some(0)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "", "P", "PT", "P1", "1D", "P1DT", "PT1D", "P1H", "P1D1Y", "P1D2D", "P1W1D", "PW", "PTW", "P1DT1W", "p1d",
            "P-1D", "P+1D", "-P1D", "P1.5D", "P1,5D", "P 1D", "P1D ", "PD", "PT1HT1M", "P1Y1W", "P٣D",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_no_integer_counts_is_refused() {
        for text in ["P99999999999999999999D", "P999999999999Y", "P292471209Y", "P99999999999999W"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_add_up(y in 0_i64..200, mo in 0_i64..50, d in 0_i64..5_000, h in 0_i64..99, mi in 0_i64..99, s in 0_i64..99) {
            let text = format!("P{y}Y{mo}M{d}DT{h}H{mi}M{s}S");
            let expected = (y * 365 + mo * 30 + d) * DAY + h * HOUR + mi * MINUTE + s * SECOND;
            prop_assert_eq!(parse(&text), Some(expected));
        }

        #[test]
        fn no_text_is_too_odd(text in "P?[0-9YMDTHSW]{0,12}") {
            if let Some(length) = parse(&text) {
                prop_assert!(length >= 0 && text.starts_with('P') && text.ends_with(|last: char| last.is_ascii_uppercase()));
            }
        }
    }
}
