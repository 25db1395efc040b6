#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use model::time::from_iso;
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000;
const BERLIN: Coordinates = Coordinates { latitude: 52.52, longitude: 13.405 };
const NEW_YORK: Coordinates = Coordinates { latitude: 40.7128, longitude: -74.006 };

fn now() -> i64 {
    from_iso("2027-07-01T12:00:00Z").unwrap()
}

/// A user who was evaluated before, and about whom nothing is odd.
fn ordinary() -> Facts<'static> {
    Facts {
        now: now(),
        session_failures: 0,
        login_failures: 0,
        previous_login_at: None,
        user_agent: "Mozilla/5.0",
        country: Some("DE"),
        coordinates: None,
        history: Some(History::default()),
        address_signals: Signals::default(),
        user_signals: Signals::default(),
        new_device_signals: Signals::default(),
        policies: &[],
    }
}

fn signals(low: i64, medium: i64, high: i64, critical: i64) -> Signals {
    Signals { low, medium, high, critical }
}

fn policy(name: &str) -> Policy<'_> {
    Policy {
        name,
        risk_score_threshold: 70.0,
        geo_restrictions: Vec::new(),
        allowed_hours: None,
        on_high_risk: OnHighRisk::Challenge,
        challenge_type: ChallengeType::Mfa,
    }
}

fn points(facts: &Facts<'_>) -> Vec<(String, f64)> {
    assess(facts).factors.into_iter().map(|factor| (factor.name, factor.score)).collect()
}

/// The points of the only factor.
fn only(facts: &Facts<'_>, name: &str) -> f64 {
    let points = points(facts);
    assert!(points.iter().all(|(factor, _)| factor == name), "{points:?}");
    points.first().map_or(0.0, |(_, score)| *score)
}

/// Medium: 40 points.
fn medium() -> Facts<'static> {
    Facts { user_signals: signals(0, 0, 0, 1), ..ordinary() }
}

/// High: 65 points.
fn high() -> Facts<'static> {
    Facts { address_signals: signals(0, 0, 0, 1), ..medium() }
}

#[test]
fn nothing_odd_is_no_risk() {
    let assessment = assess(&ordinary());
    assert_eq!((assessment.score, assessment.level), (0.0, Level::Low));
    assert!(assessment.factors.is_empty());
    assert_eq!((assessment.recommendation, assessment.challenge_type), (Recommendation::Allow, None));
}

#[test]
fn failed_attempts_take_six_points_each_up_to_30() {
    let of = |session_failures, login_failures| {
        only(&Facts { session_failures, login_failures, ..ordinary() }, "failed_attempts")
    };
    assert_eq!([of(0, 0), of(1, 0), of(0, 2), of(3, 2), of(5, 0), of(10_000, 3)], [0.0, 6.0, 12.0, 18.0, 30.0, 30.0]);
}

#[test]
fn a_new_device_takes_15_points_and_a_new_user_5() {
    let of = |history| only(&Facts { history, ..ordinary() }, "new_device");
    assert_eq!(of(Some(History { has_new_fingerprint: true, ..History::default() })), 15.0);
    assert_eq!(of(None), 5.0);
}

#[test]
fn a_new_country_takes_15_points() {
    let history = Some(History { has_new_country: true, ..History::default() });
    assert_eq!(only(&Facts { history, ..ordinary() }, "new_country"), 15.0);
}

#[test]
fn travel_is_impossible_beyond_100_km_and_900_km_an_hour() {
    let of = |here, there, ago| {
        let history = Some(History { last_place: Some((there, now() - ago)), ..History::default() });
        only(&Facts { coordinates: Some(here), history, ..ordinary() }, "impossible_travel")
    };
    // 6,385 km: a little more than seven hours.
    assert_eq!([of(BERLIN, NEW_YORK, 7 * HOUR), of(BERLIN, NEW_YORK, 8 * HOUR)], [35.0, 0.0]);
    let north = |km: f64| Coordinates { latitude: BERLIN.latitude + km / 111.195, ..BERLIN };
    assert_eq!([of(north(99.0), BERLIN, 0), of(north(101.0), BERLIN, 0)], [0.0, 35.0], "a minute at least");
    assert_eq!([of(north(101.0), BERLIN, HOUR / 8), of(north(899.0), BERLIN, HOUR)], [0.0, 0.0]);
    assert_eq!([of(north(901.0), BERLIN, HOUR), of(north(901.0), BERLIN, -HOUR)], [35.0, 35.0]);
    let without =
        Facts { history: Some(History { last_place: Some((NEW_YORK, now())), ..History::default() }), ..ordinary() };
    assert!(points(&without).is_empty(), "no coordinates, no travel");
}

#[test]
fn an_address_with_signals_takes_up_to_25_points() {
    let of = |address_signals| only(&Facts { address_signals, ..ordinary() }, "ip_reputation");
    assert_eq!([of(signals(1, 0, 0, 0)), of(signals(0, 1, 0, 0)), of(signals(0, 0, 1, 0))], [3.0, 8.0, 15.0]);
    assert_eq!([of(signals(0, 0, 0, 1)), of(signals(1, 1, 0, 0)), of(signals(9, 9, 9, 9))], [25.0, 11.0, 25.0]);
}

#[test]
fn signals_about_the_user_take_up_to_40_points_and_new_devices_half() {
    let of = |user_signals, new_device_signals| {
        only(&Facts { user_signals, new_device_signals, ..ordinary() }, "recent_signals")
    };
    let none = Signals::default();
    assert_eq!([of(signals(1, 0, 0, 0), none), of(signals(0, 1, 0, 0), none)], [5.0, 12.0]);
    assert_eq!([of(signals(0, 0, 1, 0), none), of(signals(0, 0, 0, 1), none)], [25.0, 40.0]);
    assert_eq!([of(none, signals(1, 0, 0, 0)), of(none, signals(0, 1, 0, 0))], [2.5, 6.0]);
    assert_eq!([of(none, signals(0, 0, 1, 0)), of(none, signals(0, 0, 0, 1))], [12.5, 20.0]);
    assert_eq!(of(signals(1, 1, 0, 0), signals(1, 0, 0, 0)), 19.5);
    assert_eq!(of(signals(i64::MAX, 0, 0, 1), signals(1, 0, 0, i64::MAX)), 40.0);
}

#[test]
fn an_account_is_dormant_after_90_days() {
    let of = |ago| only(&Facts { previous_login_at: Some(now() - ago), ..ordinary() }, "dormant_account");
    assert_eq!([of(90 * DAY_MS), of(90 * DAY_MS + 1)], [0.0, 10.0]);
}

#[test]
fn the_agent_of_a_program_takes_5_points() {
    let of = |user_agent| only(&Facts { user_agent, ..ordinary() }, "automation_agent");
    for agent in ["", "curl/8", "Wget/1", "python-requests/2", "HeadlessChrome", "Go-http-client/2", "Googlebot"] {
        assert_eq!(of(agent), 5.0, "{agent}");
    }
    for agent in ["Mozilla/5.0", "python", "go http", " "] {
        assert_eq!(of(agent), 0.0, "{agent}");
    }
}

#[test]
fn a_policy_takes_30_points_for_a_blocked_country_and_20_outside_hours() {
    let hours = |start, end, zone| Some(AllowedHours { start, end, zone: Zone::named(zone).unwrap() });
    let with = |allowed_hours, geo| {
        let policies = [Policy { allowed_hours, geo_restrictions: geo, ..policy("p") }];
        let assessment = assess(&Facts { policies: &policies, ..ordinary() });
        (assessment.score, assessment.recommendation)
    };
    let (allow, challenge) = (Recommendation::Allow, Recommendation::Challenge);
    assert_eq!(with(None, vec!["FR", "DE"]), (30.0, challenge));
    assert_eq!(with(None, vec!["FR"]), (0.0, allow));
    // It is 12 o'clock UTC, 14 in Berlin and 21 in Tokyo.
    assert_eq!(with(hours(9, 12, "UTC"), vec![]), (20.0, challenge), "the end is exclusive");
    assert_eq!(with(hours(9, 13, "UTC"), vec![]), (0.0, allow));
    assert_eq!(with(hours(12, 13, "UTC"), vec![]), (0.0, allow), "the start is not");
    assert_eq!(with(hours(12, 14, "Europe/Berlin"), vec![]), (20.0, challenge));
    assert_eq!(with(hours(22, 6, "Asia/Tokyo"), vec![]), (20.0, challenge));
    assert_eq!(with(hours(21, 6, "Asia/Tokyo"), vec![]), (0.0, allow), "over midnight");
    assert_eq!(with(hours(20, 13, "UTC"), vec![]), (0.0, allow), "over midnight, the next day");
    assert_eq!(with(hours(7, 7, "UTC"), vec![]), (0.0, allow), "the whole day");
    assert_eq!(with(hours(9, 12, "UTC"), vec!["DE"]), (50.0, challenge));
    let unknown = [Policy { geo_restrictions: vec!["DE"], ..policy("p") }];
    assert!(points(&Facts { country: None, policies: &unknown, ..ordinary() }).is_empty());
}

#[test]
fn factors_are_ordered_by_points_then_name_and_end_at_100() {
    let policies = [Policy { geo_restrictions: vec!["DE"], ..policy("a") }];
    let history = History { has_new_fingerprint: true, has_new_country: true, last_place: None };
    let facts = Facts { session_failures: 9, history: Some(history), policies: &policies, ..ordinary() };
    let expected = [("failed_attempts", 30.0), ("policy_geo:a", 30.0), ("new_country", 15.0), ("new_device", 15.0)];
    assert_eq!(points(&facts), expected.map(|(name, score)| (name.to_owned(), score)));
    assert_eq!(assess(&facts).score, 90.0);
    let more = Facts { user_signals: signals(0, 0, 0, 1), ..facts };
    assert_eq!(assess(&more).score, 100.0);
}

#[test]
fn the_score_decides_level_and_recommendation() {
    let of = |new_device_signals, user_signals, address_signals, session_failures| {
        let facts = Facts { new_device_signals, user_signals, address_signals, session_failures, ..ordinary() };
        let assessment = assess(&facts);
        (assessment.score, assessment.level, assessment.recommendation)
    };
    let none = Signals::default();
    assert_eq!(of(none, none, none, 4), (24.0, Level::Low, Recommendation::Allow));
    assert_eq!(of(signals(1, 1, 0, 0), none, signals(1, 1, 0, 0), 0), (19.5, Level::Low, Recommendation::Allow));
    assert_eq!(of(none, none, signals(0, 0, 0, 1), 0), (25.0, Level::Medium, Recommendation::Challenge));
    assert_eq!(of(none, signals(0, 0, 1, 0), signals(0, 3, 0, 0), 4), (73.0, Level::High, Recommendation::Challenge));
    assert_eq!(of(none, signals(0, 0, 1, 0), signals(0, 0, 0, 1), 0), (50.0, Level::High, Recommendation::Challenge));
    assert_eq!(of(none, signals(0, 0, 0, 1), signals(0, 0, 0, 1), 2), (77.0, Level::Critical, Recommendation::Deny));
    assert_eq!([Level::of(24.5), Level::of(49.5), Level::of(74.5), Level::of(75.0)], Level::ALL);
}

#[test]
fn a_policy_applies_from_level_high_and_its_threshold_on() {
    let of = |facts: Facts<'_>, risk_score_threshold| {
        let policies = [Policy { risk_score_threshold, on_high_risk: OnHighRisk::Deny, ..policy("p") }];
        assess(&Facts { policies: &policies, ..facts }).recommendation
    };
    let (challenge, deny) = (Recommendation::Challenge, Recommendation::Deny);
    assert_eq!([of(high(), 65.0), of(high(), 65.5), of(high(), 0.0)], [deny, challenge, deny]);
    assert_eq!(of(medium(), 0.0), challenge, "medium is not high, whatever the threshold");
}

#[test]
fn an_applying_policy_comes_before_the_base_and_deny_before_challenge() {
    let blocking = |name, on_high_risk| Policy { geo_restrictions: vec!["DE"], on_high_risk, ..policy(name) };
    let of = |facts: Facts<'_>, policies: &[Policy<'_>]| {
        let assessment = assess(&Facts { policies, ..facts });
        (assessment.recommendation, assessment.challenge_type.is_some())
    };
    let (challenge, deny) = (blocking("c", OnHighRisk::Challenge), blocking("d", OnHighRisk::Deny));
    assert_eq!(of(ordinary(), std::slice::from_ref(&deny)), (Recommendation::Deny, false), "whatever the score");
    assert_eq!(of(ordinary(), &[challenge.clone(), deny]), (Recommendation::Deny, false));
    // 65 and 30 points are critical; the tenant's policy says what is done about it.
    assert_eq!(of(high(), &[challenge]), (Recommendation::Challenge, true));
    let too_high = Policy { risk_score_threshold: 99.0, ..policy("p") };
    assert_eq!(of(high(), &[too_high]), (Recommendation::Challenge, true), "the base");
}

#[test]
fn the_policy_with_the_lowest_threshold_says_the_challenge() {
    let of = |rows: &[(f64, ChallengeType)]| {
        let with = |(risk_score_threshold, challenge_type): &(f64, ChallengeType)| Policy {
            risk_score_threshold: *risk_score_threshold,
            challenge_type: *challenge_type,
            ..policy("p")
        };
        let policies: Vec<_> = rows.iter().map(with).collect();
        assess(&Facts { policies: &policies, ..high() }).challenge_type
    };
    use ChallengeType::{Captcha, EmailVerification, Mfa};
    assert_eq!(of(&[(60.0, Mfa), (50.0, Captcha), (55.0, EmailVerification)]), Some(Captcha));
    assert_eq!(of(&[(60.0, EmailVerification), (60.0, Captcha)]), Some(EmailVerification), "the oldest");
    assert_eq!(of(&[(60.0, EmailVerification), (66.0, Captcha)]), Some(EmailVerification));
    assert_eq!(of(&[(66.0, Captcha)]), Some(Mfa), "one that does not apply says nothing");
}

#[test]
fn without_a_policy_the_largest_factor_says_the_challenge() {
    let new_device = Some(History { has_new_fingerprint: true, ..History::default() });
    let of = |facts: Facts<'_>| assess(&facts).challenge_type;
    assert_eq!(of(Facts { session_failures: 5, ..ordinary() }), Some(ChallengeType::Captcha));
    let device = Facts { history: new_device, previous_login_at: Some(0), ..ordinary() };
    assert_eq!(of(device), Some(ChallengeType::EmailVerification));
    assert_eq!(of(Facts { address_signals: signals(0, 0, 0, 1), ..ordinary() }), Some(ChallengeType::Mfa));
    let both = Some(History { has_new_fingerprint: true, has_new_country: true, last_place: None });
    assert_eq!(of(Facts { history: both, ..ordinary() }), Some(ChallengeType::Mfa), "new_country is first by name");
}

#[test]
fn words_are_those_of_the_wire() {
    assert_eq!(Level::ALL.map(Level::as_str), ["low", "medium", "high", "critical"]);
    assert_eq!(Recommendation::ALL.map(Recommendation::required_action), ["allow", "mfa_required", "block"]);
    assert_eq!(ChallengeType::parse("email_verification"), Some(ChallengeType::EmailVerification));
    assert_eq!((OnHighRisk::parse("deny"), OnHighRisk::parse("allow")), (Some(OnHighRisk::Deny), None));
}

prop_compose! {
    fn any_signals()(low in 0_i64..4, medium in 0_i64..3, high in 0_i64..2, critical in 0_i64..2) -> Signals {
        Signals { low, medium, high, critical }
    }
}

prop_compose! {
    fn any_facts()(
        failures in 0_i64..8, user in any_signals(), device in any_signals(), address in any_signals(),
        history in prop::option::of((any::<bool>(), any::<bool>())), agent in prop::sample::select(vec!["", "Mozilla"]),
        ago in 0_i64..200,
    ) -> Facts<'static> {
        let history = history.map(|(has_new_fingerprint, has_new_country)| History {
            has_new_fingerprint, has_new_country, last_place: None,
        });
        Facts {
            session_failures: failures, user_signals: user, new_device_signals: device, address_signals: address,
            history, user_agent: agent, previous_login_at: Some(now() - ago * DAY_MS), ..ordinary()
        }
    }
}

proptest! {
    #[test]
    fn a_score_is_the_clamped_sum_of_its_factors(facts in any_facts(), geo in any::<bool>(), threshold in 0.0_f64..=100.0) {
        let geo_restrictions = if geo { vec!["DE"] } else { Vec::new() };
        let policies = [Policy { geo_restrictions, risk_score_threshold: threshold, ..policy("p") }];
        let assessment = assess(&Facts { policies: &policies, ..facts });
        let sum: f64 = assessment.factors.iter().map(|factor| factor.score).sum();
        prop_assert_eq!(assessment.score, sum.min(100.0));
        prop_assert!(assessment.factors.iter().all(|factor| factor.score > 0.0 && !factor.reason.is_empty()));
        let in_order = |one: &Factor, next: &Factor| {
            one.score > next.score || (one.score == next.score && one.name < next.name)
        };
        prop_assert!(assessment.factors.is_sorted_by(in_order));
        prop_assert_eq!(assessment.challenge_type.is_some(), assessment.recommendation == Recommendation::Challenge);
        prop_assert_eq!(assessment.level, Level::of(assessment.score));
    }

    #[test]
    fn worse_facts_never_score_less(facts in any_facts(), more in any_signals(), failures in 0_i64..4) {
        let add = |one: Signals| signals(one.low + more.low, one.medium + more.medium, one.high + more.high, one.critical + more.critical);
        let score = assess(&facts).score;
        let worse = [
            Facts { user_signals: add(facts.user_signals), ..facts },
            Facts { address_signals: add(facts.address_signals), ..facts },
            Facts { new_device_signals: add(facts.new_device_signals), ..facts },
            Facts { session_failures: facts.session_failures + failures, ..facts },
        ];
        for facts in worse {
            prop_assert!(assess(&facts).score >= score);
        }
    }
}
