//! Time zones: which hour it is where. Only times from November 2026 on are asked, so that of the tz database the last
//! rule of each zone is enough. The tests make `zones.txt` from the database, and fail when a new release changes it.

mod posix;

use posix::Rules;

const TABLE: &str = include_str!("zone/zones.txt");

/// A time zone by the name that the tz database gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    rules: Rules,
    /// Times at which the rules do not hold, as the table has them.
    exceptions: &'static str,
}

impl Zone {
    pub fn utc() -> Self {
        Self { rules: Rules::UTC, exceptions: "" }
    }

    /// The zone of this name, compared exactly. `None` when there is none.
    ///
    /// ```
    /// use chancery_policy::qnsp::Zone;
    ///
    /// // 2027-07-01T22:30:00Z
    /// let zone = Zone::named("Europe/Berlin");
    /// assert_eq!(zone.map(|zone| zone.local_hour(1_814_481_000_000)), Some(0));
    /// assert_eq!(Zone::named("Europe/Bonn"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        let line = lines().find(|(_, names)| names.split(' ').any(|known| known == name))?;
        let (rules, exceptions) = line.0.split_once('|').unwrap_or((line.0, ""));
        Some(Self { rules: Rules::parse(rules)?, exceptions })
    }

    /// Every name that [`Zone::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        lines().flat_map(|(_, names)| names.split(' '))
    }

    /// The hour of the day, 0 to 23, at a UTC time in milliseconds.
    pub fn local_hour(&self, ms: i64) -> i64 {
        (ms.div_euclid(1_000) + self.offset(ms)).rem_euclid(86_400) / 3_600
    }

    /// Seconds east of UTC at a UTC time in milliseconds.
    pub fn offset(&self, ms: i64) -> i64 {
        let seconds = ms.div_euclid(1_000);
        let mut exceptions = self.exceptions.split('|').filter_map(exception);
        let exception = exceptions.find(|(from, until, _)| (*from..*until).contains(&seconds));
        exception.map_or_else(|| self.rules.offset(seconds), |(_, _, offset)| offset)
    }
}

/// The lines of the table: rules and names.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

/// `from~until~minutes` as seconds.
fn exception(text: &str) -> Option<(i64, i64, i64)> {
    let mut numbers = text.split('~').map(|number| number.parse::<i64>().ok());
    Some((numbers.next()?? * 3_600, numbers.next()?? * 3_600, numbers.next()?? * 60))
}

#[cfg(test)]
mod tests;
