//! A span of time as whole hours, which are counted, and what lies before and behind them, for which rows are read.

use std::ops::Range;

pub const HOUR_MS: i64 = 3_600_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Counted from the epoch.
    pub whole: Range<i64>,
    /// Milliseconds.
    pub edges: [Range<i64>; 2],
}

impl Hours {
    pub fn of(span: &Range<i64>) -> Self {
        let (first, last) = (-(-span.start).div_euclid(HOUR_MS), span.end.div_euclid(HOUR_MS));
        if first >= last {
            return Self { whole: 0..0, edges: [span.clone(), 0..0] };
        }
        Self { whole: first..last, edges: [span.start..first * HOUR_MS, last * HOUR_MS..span.end] }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_within_an_hour_has_no_whole_one() {
        let hours = Hours::of(&(10..HOUR_MS));
        assert_eq!(hours, Hours { whole: 0..0, edges: [10..HOUR_MS, 0..0] });
        let hours = Hours::of(&(10..2 * HOUR_MS + 1));
        assert_eq!(hours, Hours { whole: 1..2, edges: [10..HOUR_MS, 2 * HOUR_MS..2 * HOUR_MS + 1] });
    }

    proptest! {
        #[test]
        fn each_millisecond_counts_once(start in -10 * HOUR_MS..10 * HOUR_MS, length in 0..10 * HOUR_MS) {
            let span = start..start + length;
            let Hours { whole, edges: [before, behind] } = Hours::of(&span);
            if whole.is_empty() {
                prop_assert_eq!(before, span);
                prop_assert!(behind.is_empty());
            } else {
                let parts = [before, whole.start * HOUR_MS..whole.end * HOUR_MS, behind];
                prop_assert_eq!((parts[0].start, parts[2].end), (span.start, span.end));
                prop_assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
                prop_assert!(parts[0].end - parts[0].start < HOUR_MS && parts[2].end - parts[2].start < HOUR_MS);
            }
        }
    }
}
