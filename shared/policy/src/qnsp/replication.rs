//! How well documents are copied to other regions.

/// How long the oldest copy may wait, in seconds: asynchronous ones are degraded above the first, in error above the second.
const LATE: i64 = 60;
const TOO_LATE: i64 = 900;

/// How well a configuration does. The worst is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Healthy,
    Degraded,
    Error,
}

impl Health {
    /// Of copies that are made with each write (`is_sync`) or later, of which so many wait, the oldest for so many seconds.
    ///
    /// ```
    /// use chancery_policy::qnsp::replication::Health;
    ///
    /// assert_eq!(Health::of(false, 3, 60), Health::Healthy);
    /// assert_eq!(Health::of(true, 3, 60), Health::Degraded);
    /// ```
    #[must_use]
    pub fn of(is_sync: bool, pending: i64, lag_seconds: i64) -> Self {
        match (is_sync, lag_seconds) {
            _ if pending == 0 => Self::Healthy,
            (false, ..=LATE) => Self::Healthy,
            (true, ..=LATE) | (false, ..=TOO_LATE) => Self::Degraded,
            _ => Self::Error,
        }
    }

    /// Of a configuration.
    #[must_use]
    pub fn of_configuration(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Error => "error",
        }
    }

    /// Of a region, or of all.
    #[must_use]
    pub fn of_region(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Error => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_too_long_is_degraded_and_then_in_error() {
        use Health::{Degraded, Error, Healthy};
        for (is_sync, pending, lag, expected) in [
            (false, 0, 0, Healthy),
            (false, 5, 0, Healthy),
            (false, 5, 60, Healthy),
            (false, 5, 61, Degraded),
            (false, 5, 900, Degraded),
            (false, 5, 901, Error),
            (true, 0, 0, Healthy),
            (true, 1, 0, Degraded),
            (true, 1, 60, Degraded),
            (true, 1, 61, Error),
        ] {
            assert_eq!(Health::of(is_sync, pending, lag), expected, "{is_sync} {pending} {lag}");
        }
    }

    #[test]
    fn the_worst_is_the_greatest() {
        assert!(Health::Error > Health::Degraded && Health::Degraded > Health::Healthy);
        assert_eq!(Health::Error.of_configuration(), "error");
        assert_eq!(Health::Error.of_region(), "critical");
    }
}
