//! Time zones: which hour it is where. Only times from November 2026 on are asked, so that of the tz database the last
//! rule of each zone is enough; `zones.txt` says where it comes from.

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
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use jiff::{Timestamp, tz::TimeZoneDatabase};
    use model::time::from_iso;
    use proptest::prelude::*;

    use super::*;

    /// From the day on that the table is made for.
    const FIRST: &str = "2026-11-02T00:00:00Z";
    const LAST: &str = "2038-01-01T00:00:00Z";

    fn known_offset(database: &TimeZoneDatabase, name: &str, ms: i64) -> i64 {
        let zone = database.get(name).unwrap();
        zone.to_offset(Timestamp::from_millisecond(ms).unwrap()).seconds().into()
    }

    fn hour(zone: &str, time: &str) -> i64 {
        Zone::named(zone).unwrap().local_hour(from_iso(time).unwrap())
    }

    #[test]
    fn all_zones_of_the_database_have_a_line() {
        let database = TimeZoneDatabase::bundled();
        let available: Vec<_> =
            database.available().map(|name| name.to_string()).filter(|name| name != "Factory").collect();
        assert!(available.len() > 590);
        for name in &available {
            assert!(Zone::named(name).is_some(), "{name}");
        }
        assert_eq!(Zone::names().count(), available.len());
        for unknown in ["", " ", "europe/berlin", "Europe/Bonn", "CET-1CEST", "UTC ", "#", "Factory", "|"] {
            assert_eq!(Zone::named(unknown), None, "{unknown}");
        }
    }

    /// Every sixth hour of four years in every zone, and every hour of the years in some that are unlike the others.
    #[test]
    fn offsets_are_those_of_the_database() {
        let database = TimeZoneDatabase::bundled();
        let (first, last) = (from_iso(FIRST).unwrap(), from_iso(LAST).unwrap());
        for name in Zone::names() {
            let zone = Zone::named(name).unwrap();
            let known = database.get(name).unwrap();
            let is_special = !zone.exceptions.is_empty()
                || ["Europe/Dublin", "America/Nuuk", "Asia/Jerusalem", "Pacific/Chatham", "Antarctica/Troll"]
                    .contains(&name);
            let (last, step) = if is_special { (last, 1) } else { (first + 4 * 366 * 86_400_000, 6) };
            for ms in (first..last).step_by(3_600_000 * step) {
                let offset = i64::from(known.to_offset(Timestamp::from_millisecond(ms).unwrap()).seconds());
                assert_eq!(zone.offset(ms), offset, "{name} {ms}");
            }
        }
    }

    #[test]
    fn clocks_go_forward_and_back_on_both_halves_of_the_earth() {
        assert_eq!(hour("Europe/Berlin", "2027-03-28T00:59:59.999Z"), 1);
        assert_eq!(hour("Europe/Berlin", "2027-03-28T01:00:00Z"), 3);
        assert_eq!(hour("Europe/Berlin", "2027-10-31T00:59:59Z"), 2);
        assert_eq!(hour("Europe/Berlin", "2027-10-31T01:00:00Z"), 2);
        assert_eq!(hour("Australia/Sydney", "2027-01-01T12:00:00Z"), 23);
        assert_eq!(hour("Australia/Sydney", "2027-07-01T12:00:00Z"), 22);
        assert_eq!(hour("Asia/Kolkata", "2027-01-01T18:29:59Z"), 23);
        assert_eq!(hour("Asia/Kolkata", "2027-01-01T18:30:00Z"), 0);
        assert_eq!(hour("Pacific/Kiritimati", "2027-01-01T12:00:00Z"), 2);
        assert_eq!(hour("UTC", "2027-01-01T12:00:00Z"), 12);
        assert_eq!(Zone::named("UTC").unwrap().offset(0), Zone::utc().offset(0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]
        #[test]
        fn any_zone_at_any_time_is_as_the_database_has_it(
            place in 0_usize..10_000, ms in from_iso(FIRST).unwrap()..from_iso(LAST).unwrap(),
        ) {
            let names: Vec<_> = Zone::names().collect();
            let name = names.get(place % names.len()).unwrap();
            let zone = Zone::named(name).unwrap();
            let offset = known_offset(&TimeZoneDatabase::bundled(), name, ms);
            prop_assert_eq!(zone.offset(ms), offset, "{}", name);
            let local = (ms / 1_000 + offset) % 86_400;
            prop_assert_eq!(zone.local_hour(ms), local / 3_600, "{}", name);
        }
    }
}
