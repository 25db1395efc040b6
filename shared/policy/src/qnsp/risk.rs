//! How risky a sign-in is: from facts that a store read to factors with points and a recommendation. Points are
//! counted in halves, because signals of new devices count half.

mod stats;
mod words;

pub use stats::{Counts, factor_kinds, top_factors};

use super::DAY_MS;
use super::place::{Coordinates, distance_km};
use super::zone::Zone;

/// What is known about a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Milliseconds.
    pub now: i64,
    /// Failed attempts that the caller reports.
    pub session_failures: i64,
    /// Failed logins of the user that identity providers reported in the last hour.
    pub login_failures: i64,
    pub previous_login_at: Option<i64>,
    pub user_agent: &'a str,
    /// In capitals.
    pub country: Option<&'a str>,
    pub coordinates: Option<Coordinates>,
    /// `None` when the user was never evaluated before.
    pub history: Option<History>,
    /// Signals of the last 24 hours with this address, of whichever user.
    pub address_signals: Signals,
    /// Signals of the last 24 hours about the user, but those of new devices.
    pub user_signals: Signals,
    /// Signals of the last 24 hours about new devices of the user.
    pub new_device_signals: Signals,
    /// The enabled policies of the tenant, oldest first.
    pub policies: &'a [Policy<'a>],
}

/// What earlier evaluations of the user say.
#[derive(Clone, Copy, Debug, Default)]
pub struct History {
    /// A fingerprint is given and was never seen.
    pub has_new_fingerprint: bool,
    /// A country is given and was never seen.
    pub has_new_country: bool,
    /// Where the user was when coordinates were given last, and when.
    pub last_place: Option<(Coordinates, i64)>,
}

/// How many signals, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    pub low: i64,
    pub medium: i64,
    pub high: i64,
    pub critical: i64,
}

#[derive(Clone, Debug)]
pub struct Policy<'a> {
    pub name: &'a str,
    /// 0 to 100.
    pub risk_score_threshold: f64,
    /// Countries that are blocked, in capitals.
    pub geo_restrictions: Vec<&'a str>,
    pub allowed_hours: Option<AllowedHours>,
    pub on_high_risk: OnHighRisk,
    pub challenge_type: ChallengeType,
}

/// From `start` until before `end`, 0 to 23; over midnight when `start` is later, the whole day when they are equal.
#[derive(Clone, Debug)]
pub struct AllowedHours {
    pub start: i64,
    pub end: i64,
    pub zone: Zone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHighRisk {
    Challenge,
    Deny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeType {
    Mfa,
    Captcha,
    EmailVerification,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recommendation {
    Allow,
    Challenge,
    Deny,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    pub name: String,
    /// More than 0.
    pub score: f64,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    /// 0 to 100: what the factors add up to.
    pub score: f64,
    pub level: Level,
    /// By score descending, then name.
    pub factors: Vec<Factor>,
    pub recommendation: Recommendation,
    /// Only of a challenge.
    pub challenge_type: Option<ChallengeType>,
}

/// Assesses a sign-in.
pub fn assess(facts: &Facts<'_>) -> Assessment {
    let mut factors = Vec::new();
    let mut add = |name: &str, halves: i64, reason: String| {
        if halves > 0 {
            factors.push(Factor { name: name.to_owned(), score: halves as f64 / 2.0, reason });
        }
        halves > 0
    };
    add_facts(facts, &mut add);
    let fired: Vec<bool> = facts.policies.iter().map(|policy| add_policy(policy, facts, &mut add)).collect();
    factors.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.name.cmp(&other.name)));
    let score = factors.iter().map(|factor| factor.score).sum::<f64>().min(100.0);
    let level = Level::of(score);
    let applies = |(policy, fired): &(&Policy<'_>, bool)| {
        *fired || (level >= Level::High && score >= policy.risk_score_threshold)
    };
    let applying = facts.policies.iter().zip(fired).filter(applies).map(|(policy, _)| policy);
    let applying: Vec<_> = applying.collect();
    let recommendation = if applying.iter().any(|policy| policy.on_high_risk == OnHighRisk::Deny) {
        Recommendation::Deny
    } else if !applying.is_empty() {
        Recommendation::Challenge
    } else {
        level.recommendation()
    };
    // The first of equal ones is the oldest.
    let strictest =
        applying.into_iter().min_by(|one, other| one.risk_score_threshold.total_cmp(&other.risk_score_threshold));
    let challenge_type = strictest.map_or_else(|| challenge_by(factors.first()), |policy| policy.challenge_type);
    let challenge_type = (recommendation == Recommendation::Challenge).then_some(challenge_type);
    Assessment { score, level, factors, recommendation, challenge_type }
}

/// The challenge where no policy says one, by the largest factor.
fn challenge_by(largest: Option<&Factor>) -> ChallengeType {
    match largest.map(|factor| factor.name.as_str()) {
        Some("failed_attempts") => ChallengeType::Captcha,
        Some("new_device") => ChallengeType::EmailVerification,
        _ => ChallengeType::Mfa,
    }
}

/// Adds a factor, by name, half points and reason, unless it has no points; says whether it has.
type Add<'a> = dyn FnMut(&str, i64, String) -> bool + 'a;

/// The speed of an airliner: who is faster was not one person.
const FASTEST_KM_PER_HOUR: f64 = 900.0;
/// Places nearer than this may be one place whose coordinates are inexact.
const NEAR_KM: f64 = 100.0;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: f64 = 3_600_000.0;
const DORMANT_DAYS: i64 = 90;
const AUTOMATION: [&str; 6] = ["bot", "curl", "wget", "python-", "headless", "go-http"];

fn add_facts(facts: &Facts<'_>, add: &mut Add<'_>) {
    let failures = facts.session_failures.max(facts.login_failures);
    add("failed_attempts", failures.saturating_mul(12).min(60), format!("{failures} failed attempts"));
    match facts.history {
        None => {
            add("new_device", 10, "the user was never evaluated before".to_owned());
        }
        Some(history) => {
            add("new_device", 30 * i64::from(history.has_new_fingerprint), "an unknown device of the user".to_owned());
            add("new_country", 30 * i64::from(history.has_new_country), "an unknown country for the user".to_owned());
            if let (Some(here), Some((there, at))) = (facts.coordinates, history.last_place) {
                let elapsed = facts.now.saturating_sub(at).max(MINUTE_MS);
                let distance = distance_km(there, here);
                let is_impossible = distance > NEAR_KM && distance * HOUR_MS / elapsed as f64 > FASTEST_KM_PER_HOUR;
                let reason = format!("{} km within {} minutes", distance as i64, elapsed / MINUTE_MS);
                add("impossible_travel", 70 * i64::from(is_impossible), reason);
            }
        }
    }
    let reputation = facts.address_signals.weigh(6, 16, 30, 50).min(50);
    add(
        "ip_reputation",
        reputation,
        format!("{} signals with this address in 24 hours", facts.address_signals.count()),
    );
    let recent = facts.user_signals.weigh(10, 24, 50, 80).saturating_add(facts.new_device_signals.weigh(5, 12, 25, 40));
    let signals = facts.user_signals.count().saturating_add(facts.new_device_signals.count());
    add("recent_signals", recent.min(80), format!("{signals} signals about the user in 24 hours"));
    let dormant = facts.previous_login_at.is_some_and(|at| facts.now.saturating_sub(at) > DORMANT_DAYS * DAY_MS);
    add("dormant_account", 20 * i64::from(dormant), format!("no login for more than {DORMANT_DAYS} days"));
    let agent = facts.user_agent.to_ascii_lowercase();
    let is_automated = agent.is_empty() || AUTOMATION.iter().any(|word| agent.contains(word));
    add("automation_agent", 10 * i64::from(is_automated), "the user agent is that of a program".to_owned());
}

/// Whether a factor of the policy's own fired.
fn add_policy(policy: &Policy<'_>, facts: &Facts<'_>, add: &mut Add<'_>) -> bool {
    let is_blocked = facts.country.is_some_and(|country| policy.geo_restrictions.contains(&country));
    let is_outside = policy.allowed_hours.as_ref().is_some_and(|hours| !hours.contain(facts.now));
    let geo = add(&format!("policy_geo:{}", policy.name), 60 * i64::from(is_blocked), "a blocked country".to_owned());
    let time =
        add(&format!("policy_time:{}", policy.name), 40 * i64::from(is_outside), "outside allowed hours".to_owned());
    geo || time
}

impl AllowedHours {
    fn contain(&self, now: i64) -> bool {
        let hour = self.zone.local_hour(now);
        match self.start.cmp(&self.end) {
            std::cmp::Ordering::Less => (self.start..self.end).contains(&hour),
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => hour >= self.start || hour < self.end,
        }
    }
}

impl Signals {
    fn weigh(self, low: i64, medium: i64, high: i64, critical: i64) -> i64 {
        let weighed = [(self.low, low), (self.medium, medium), (self.high, high), (self.critical, critical)];
        weighed.into_iter().fold(0, |sum: i64, (count, weight)| sum.saturating_add(count.saturating_mul(weight)))
    }

    fn count(self) -> i64 {
        self.weigh(1, 1, 1, 1)
    }
}

impl Level {
    fn of(score: f64) -> Self {
        match score {
            ..25.0 => Self::Low,
            ..50.0 => Self::Medium,
            ..75.0 => Self::High,
            _ => Self::Critical,
        }
    }

    fn recommendation(self) -> Recommendation {
        match self {
            Self::Low => Recommendation::Allow,
            Self::Medium | Self::High => Recommendation::Challenge,
            Self::Critical => Recommendation::Deny,
        }
    }
}

#[cfg(test)]
mod tests;
