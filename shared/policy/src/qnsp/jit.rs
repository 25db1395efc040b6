//! Just-in-time access: what the policies that match a request make of it. They are asked together: the strictest of each
//! rule counts.

use super::Role;

/// The longest grant in minutes where no policy matches.
pub const DEFAULT_MINUTES: i64 = 480;

/// The longest that a policy may allow: a week.
pub const MOST_MINUTES: i64 = 10_080;

/// How long a request waits for somebody, in milliseconds. After that it is denied.
pub const REQUEST_LIFETIME: i64 = super::DAY_MS;

pub const MINUTE: i64 = 60_000;

/// What stands for every resource type, resource or permission.
pub const ANY: &str = "*";

/// A policy that matches a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub max_minutes: i64,
    pub require_approval: bool,
    pub approver_roles: Vec<String>,
    /// Under which nobody needs to approve, though the policy requires it.
    pub conditions: Option<Conditions>,
}

/// All that are given must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    pub window: Option<Window>,
    pub max_risk_score: Option<f64>,
}

/// A part of the UTC day, in minutes: from `start` until before `end`, over midnight where `start` is later, and the
/// whole day where they are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub start: i64,
    pub end: i64,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub max_minutes: i64,
    /// Whether the grant begins at once, without anybody's approval.
    pub is_automatic: bool,
    /// The roles of those who may approve, sorted.
    pub approver_roles: Vec<String>,
}

impl Window {
    #[must_use]
    pub fn contains(self, now: i64) -> bool {
        let minute = now.rem_euclid(super::DAY_MS) / MINUTE;
        let (after_start, before_end) = (minute >= self.start, minute < self.end);
        if self.start < self.end { after_start && before_end } else { after_start || before_end }
    }
}

impl Conditions {
    fn hold(&self, now: i64, risk_score: f64) -> bool {
        self.window.is_none_or(|window| window.contains(now))
            && self.max_risk_score.is_none_or(|most| risk_score <= most)
    }
}

impl Policy {
    fn is_content(&self, now: i64, risk_score: f64) -> bool {
        !self.require_approval || self.conditions.is_some_and(|conditions| conditions.hold(now, risk_score))
    }
}

impl Terms {
    /// The terms of a request at a time (milliseconds) of somebody with this risk score, by all policies that match it.
    #[must_use]
    pub fn of(matching: &[Policy], now: i64, risk_score: f64) -> Self {
        let shortest = matching.iter().map(|policy| policy.max_minutes).min();
        let roles = matching.iter().flat_map(|policy| policy.approver_roles.iter().cloned());
        let mut approver_roles: Vec<_> = roles.collect();
        approver_roles.sort_unstable();
        approver_roles.dedup();
        if approver_roles.is_empty() {
            approver_roles.push(Role::Admin.as_str().to_owned());
        }
        Self {
            max_minutes: shortest.unwrap_or(DEFAULT_MINUTES),
            is_automatic: !matching.is_empty() && matching.iter().all(|policy| policy.is_content(now, risk_score)),
            approver_roles,
        }
    }

    /// Whether a grant may last so many milliseconds.
    #[must_use]
    pub fn allow(&self, duration: i64) -> bool {
        duration <= self.max_minutes * MINUTE
    }
}

/// The whole minutes that are left until `end`.
#[must_use]
pub fn minutes_left(end: i64, now: i64) -> i64 {
    (end - now).max(0) / MINUTE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(max_minutes: i64, require_approval: bool, roles: &[&str], conditions: Option<Conditions>) -> Policy {
        let approver_roles = roles.iter().map(|role| (*role).to_owned()).collect();
        Policy { max_minutes, require_approval, approver_roles, conditions }
    }

    fn at(hour: i64, minute: i64) -> i64 {
        20_000 * crate::qnsp::DAY_MS + (hour * 60 + minute) * MINUTE
    }

    fn risk(most: f64) -> Option<Conditions> {
        Some(Conditions { window: None, max_risk_score: Some(most) })
    }

    #[test]
    fn a_window_includes_its_start_and_not_its_end_and_may_go_over_midnight() {
        let (day, night) = (Window { start: 540, end: 1_020 }, Window { start: 1_320, end: 360 });
        for (window, hour, minute, is_inside) in [
            (day, 8, 59, false),
            (day, 9, 0, true),
            (day, 16, 59, true),
            (day, 17, 0, false),
            (night, 21, 59, false),
            (night, 22, 0, true),
            (night, 0, 0, true),
            (night, 5, 59, true),
            (night, 6, 0, false),
            (Window { start: 600, end: 600 }, 3, 0, true),
        ] {
            assert_eq!(window.contains(at(hour, minute)), is_inside, "{window:?} {hour}:{minute}");
        }
        assert!(day.contains(at(17, 0) - 1) && !day.contains(at(9, 0) - 1), "to the millisecond");
    }

    #[test]
    fn without_a_policy_an_administrator_approves_up_to_eight_hours() {
        let terms = Terms::of(&[], at(0, 0), 0.0);
        let expected = Terms { max_minutes: 480, is_automatic: false, approver_roles: vec!["admin".to_owned()] };
        assert_eq!(terms, expected);
        assert!(terms.allow(480 * MINUTE) && !terms.allow(480 * MINUTE + 1));
    }

    #[test]
    fn the_shortest_maximum_and_the_roles_of_all_policies_count() {
        let policies = [policy(60, true, &["lead", "admin"], None), policy(30, true, &["admin", "dba"], None)];
        let terms = Terms::of(&policies, 0, 0.0);
        assert_eq!((terms.max_minutes, terms.approver_roles.join(" ").as_str()), (30, "admin dba lead"));
        let without_roles = Terms::of(&[policy(30, true, &[], None)], 0, 0.0);
        assert_eq!(without_roles.approver_roles, ["admin"]);
    }

    #[test]
    fn every_policy_must_do_without_approval() {
        let hours = Some(Conditions { window: Some(Window { start: 540, end: 1_020 }), max_risk_score: None });
        let both = Some(Conditions { window: Some(Window { start: 540, end: 1_020 }), max_risk_score: Some(20.0) });
        let automatic = |policies: &[Policy], hour, score| Terms::of(policies, at(hour, 0), score).is_automatic;
        let strict = policy(9, true, &[], None);
        assert!(automatic(&[policy(9, false, &[], None)], 3, 100.0), "no approval is required at all");
        assert!(!automatic(std::slice::from_ref(&strict), 9, 0.0), "without conditions approval is required");
        assert!(automatic(&[policy(9, true, &[], hours)], 9, 100.0));
        assert!(!automatic(&[policy(9, true, &[], hours)], 17, 0.0));
        assert!(automatic(&[policy(9, true, &[], risk(20.0))], 0, 20.0), "the maximum itself is allowed");
        assert!(!automatic(&[policy(9, true, &[], risk(20.0))], 0, 20.1));
        assert!(automatic(&[policy(9, true, &[], both)], 9, 20.0));
        assert!(!automatic(&[policy(9, true, &[], both)], 8, 20.0));
        assert!(!automatic(&[policy(9, true, &[], both)], 9, 21.0));
        assert!(!automatic(&[policy(9, false, &[], None), strict], 9, 0.0), "one that requires it is enough");
        let no_condition = Some(Conditions { window: None, max_risk_score: None });
        assert!(automatic(&[policy(9, true, &[], no_condition)], 9, 100.0), "conditions of which none is given hold");
    }

    #[test]
    fn minutes_that_are_left_are_whole_and_never_negative() {
        assert_eq!([minutes_left(119_999, 0), minutes_left(120_000, 0), minutes_left(0, 1)], [1, 2, 0]);
    }

    prop_compose! {
        fn any_policy()(
            max_minutes in 1..=MOST_MINUTES,
            require_approval: bool,
            roles in proptest::collection::vec("[a-c]", 0..3),
            conditions in proptest::option::of((
                proptest::option::of((0..1440_i64, 0..1440_i64)), proptest::option::of(0.0..100.0_f64),
            )),
        ) -> Policy {
            let conditions = conditions.map(|(window, max_risk_score)| Conditions {
                window: window.map(|(start, end)| Window { start, end }),
                max_risk_score,
            });
            Policy { max_minutes, require_approval, approver_roles: roles, conditions }
        }
    }

    proptest! {
        /// A further policy can only make a request harder, and the order of policies never matters.
        #[test]
        fn one_more_policy_never_loosens(
            mut policies in proptest::collection::vec(any_policy(), 1..6),
            now in 0..crate::qnsp::DAY_MS,
            score in 0.0..100.0_f64,
        ) {
            let all = Terms::of(&policies, now, score);
            prop_assert_eq!(&Terms::of(&policies.iter().rev().cloned().collect::<Vec<_>>(), now, score), &all);
            prop_assert!(policies.iter().all(|policy| all.max_minutes <= policy.max_minutes));
            policies.pop();
            let fewer = Terms::of(&policies, now, score);
            if !policies.is_empty() {
                prop_assert!(all.max_minutes <= fewer.max_minutes);
                prop_assert!(!all.is_automatic || fewer.is_automatic);
            }
        }

        #[test]
        fn a_higher_risk_never_approves_more(
            policies in proptest::collection::vec(any_policy(), 0..6),
            now in 0..crate::qnsp::DAY_MS,
            (score, more) in (0.0..100.0_f64, 0.0..100.0_f64),
        ) {
            let is_automatic = |score| Terms::of(&policies, now, score).is_automatic;
            prop_assert!(is_automatic(score) || !is_automatic(score + more));
        }
    }
}
