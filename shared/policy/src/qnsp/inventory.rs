//! How ready a tenant's inventory is for post-quantum cryptography, and what would make it more so. A score is a sum of
//! terms; it is computed in integers and rounded once.

use model::qnsp::inventory::{Effort, Grade, Priority, ReadinessArea, ReadinessLevel};

use super::number::{clamp, divide};

/// What is known of the active keys, the devices and the policies of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    pub keys: i64,
    /// Keys on an active connection.
    pub connected: i64,
    /// Keys with an active escrow.
    pub escrowed: i64,
    /// Keys of a post-quantum algorithm or of AES-256.
    pub safe: i64,
    /// Deprecated and forbidden algorithms of keys, and how many of them a deprecation policy names.
    pub legacy_algorithms: i64,
    pub covered_algorithms: i64,
    pub has_active_plan: bool,
    pub has_policy: bool,
    pub devices: i64,
    pub healthy: i64,
    /// Devices that are capable of post-quantum algorithms.
    pub post_quantum: i64,
}

/// One term of the score: so many of so many give its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    Connected,
    Escrowed,
    Planned,
    Safe,
    Healthy,
    PostQuantum,
    HasPolicy,
    Covered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    part: i64,
    whole: i64,
}

impl Share {
    const FULL: Self = Self { part: 1, whole: 1 };

    /// Of nothing it is nothing.
    fn of(part: i64, whole: i64) -> Self {
        if whole <= 0 { Self { part: 0, whole: 1 } } else { Self { part, whole } }
    }

    fn all_or_nothing(holds: bool) -> Self {
        Self { part: i64::from(holds), whole: 1 }
    }
}

impl Term {
    pub const ALL: [Self; 8] = [
        Self::Connected,
        Self::Escrowed,
        Self::Planned,
        Self::Safe,
        Self::Healthy,
        Self::PostQuantum,
        Self::HasPolicy,
        Self::Covered,
    ];

    pub fn area(self) -> ReadinessArea {
        match self {
            Self::Connected | Self::Escrowed | Self::Planned => ReadinessArea::KeyManagement,
            Self::Safe => ReadinessArea::Algorithms,
            Self::Healthy | Self::PostQuantum => ReadinessArea::Hardware,
            Self::HasPolicy | Self::Covered => ReadinessArea::Policies,
        }
    }

    /// Out of the 100 points of its area.
    fn points(self) -> i64 {
        match self {
            Self::Connected | Self::PostQuantum => 40,
            Self::Escrowed | Self::Planned => 30,
            Self::Safe => 100,
            Self::Healthy => 60,
            Self::HasPolicy | Self::Covered => 50,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Connected => "Validate every HSM that holds keys",
            Self::Escrowed => "Escrow every key",
            Self::Planned => "Activate a migration plan",
            Self::Safe => "Replace classical keys by ML-KEM, ML-DSA or AES-256",
            Self::Healthy => "Repair or replace unhealthy devices",
            Self::PostQuantum => "Register PQC-capable hardware",
            Self::HasPolicy => "Create a deprecation policy",
            Self::Covered => "Cover every deprecated algorithm in use",
        }
    }

    pub fn effort(self) -> Effort {
        match self {
            Self::Connected | Self::Planned | Self::Healthy => Effort::Medium,
            Self::Escrowed | Self::HasPolicy | Self::Covered => Effort::Low,
            Self::Safe | Self::PostQuantum => Effort::High,
        }
    }
}

/// How much of the overall score an area is, in hundredths.
fn weight(area: ReadinessArea) -> i64 {
    match area {
        ReadinessArea::KeyManagement => 30,
        ReadinessArea::Algorithms => 40,
        ReadinessArea::Hardware | ReadinessArea::Policies => 15,
    }
}

/// What is to be done, with the points that the overall score would gain.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    pub term: Term,
    pub priority: Priority,
    pub description: String,
    pub impact: f64,
}

impl Inventory {
    fn share(&self, term: Term) -> Share {
        match term {
            Term::Connected => Share::of(self.connected, self.keys),
            Term::Escrowed => Share::of(self.escrowed, self.keys),
            Term::Planned => Share::all_or_nothing(self.has_active_plan || self.legacy_algorithms == 0),
            Term::Safe => Share::of(self.safe, self.keys),
            Term::Healthy => Share::of(self.healthy, self.devices),
            Term::PostQuantum => Share::of(self.post_quantum, self.devices),
            Term::HasPolicy => Share::all_or_nothing(self.has_policy),
            Term::Covered if self.legacy_algorithms == 0 => Share::FULL,
            Term::Covered => Share::of(self.covered_algorithms, self.legacy_algorithms),
        }
    }

    /// The sum over terms of `factor` × share, as a fraction.
    fn sum(&self, factor: impl Fn(Term) -> i64) -> (i128, i128) {
        Term::ALL.into_iter().fold((0, 1), |(part, whole), term| {
            let share = self.share(term);
            let (of, factor) = (i128::from(share.whole), i128::from(factor(term)));
            // Terms that count the same have the same denominator.
            if whole % of == 0 {
                (part + factor * i128::from(share.part) * (whole / of), whole)
            } else {
                (part * of + factor * i128::from(share.part) * whole, whole * of)
            }
        })
    }

    /// 0 to 100 with 2 decimals.
    pub fn score(&self, area: ReadinessArea) -> f64 {
        let (part, whole) = self.sum(|term| if term.area() == area { term.points() } else { 0 });
        clamp(divide(part * 100, whole)) as f64 / 100.0
    }

    /// 0 to 100.
    pub fn overall(&self) -> i64 {
        let (part, whole) = self.sum(|term| term.points() * weight(term.area()));
        clamp(divide(part, whole * 100))
    }

    /// One advice for each term that is not full: what gains most first.
    pub fn advice(&self) -> Vec<Advice> {
        let mut all: Vec<_> = Term::ALL.into_iter().filter_map(|term| Some((self.gain(term)?, term))).collect();
        all.sort_by_key(|(gain, term)| (-gain, term.title()));
        let advice = all.into_iter().map(|(gain, term)| Advice {
            term,
            priority: match gain {
                100.. => Priority::High,
                40.. => Priority::Medium,
                _ => Priority::Low,
            },
            description: self.description(term),
            impact: gain as f64 / 10.0,
        });
        advice.collect()
    }

    /// In tenths of a point; `None` for a full term.
    fn gain(&self, term: Term) -> Option<i64> {
        let share = self.share(term);
        let missing = share.whole - share.part;
        let points = i128::from(missing) * i128::from(term.points() * weight(term.area()));
        (missing > 0).then(|| clamp(divide(points, i128::from(share.whole) * 10)))
    }

    fn description(&self, term: Term) -> String {
        let missing = |part: i64, whole: i64| whole - part;
        match term {
            Term::Connected | Term::Escrowed | Term::Safe if self.keys == 0 => "There are no active keys".to_owned(),
            Term::Healthy | Term::PostQuantum if self.devices == 0 => "There is no hardware".to_owned(),
            Term::Connected => {
                let missing = missing(self.connected, self.keys);
                format!("{missing} of {} active keys are on a connection that is not active", self.keys)
            }
            Term::Escrowed => {
                let missing = missing(self.escrowed, self.keys);
                format!("{missing} of {} active keys have no active escrow", self.keys)
            }
            Term::Planned => {
                format!(
                    "No migration plan is active; {} algorithms of active keys are deprecated or forbidden",
                    self.legacy_algorithms
                )
            }
            Term::Safe => {
                let missing = missing(self.safe, self.keys);
                format!("{missing} of {} active keys are of classical algorithms", self.keys)
            }
            Term::Healthy => {
                let missing = missing(self.healthy, self.devices);
                format!("{missing} of {} devices are not healthy", self.devices)
            }
            Term::PostQuantum => {
                let missing = missing(self.post_quantum, self.devices);
                format!("{missing} of {} devices are not capable of post-quantum algorithms", self.devices)
            }
            Term::HasPolicy => "There are 0 deprecation policies".to_owned(),
            Term::Covered => {
                let missing = missing(self.covered_algorithms, self.legacy_algorithms);
                let all = self.legacy_algorithms;
                format!("{missing} of {all} deprecated or forbidden algorithms in use are in no deprecation policy")
            }
        }
    }
}

/// Of an overall score.
pub fn grade(score: i64) -> Grade {
    match score {
        90.. => Grade::A,
        80.. => Grade::B,
        70.. => Grade::C,
        60.. => Grade::D,
        _ => Grade::F,
    }
}

/// Of a score out of 100.
pub fn level(score: f64) -> ReadinessLevel {
    match score {
        90.0.. => ReadinessLevel::Exemplary,
        75.0.. => ReadinessLevel::Advanced,
        50.0.. => ReadinessLevel::Progressing,
        25.0.. => ReadinessLevel::Developing,
        _ => ReadinessLevel::Initial,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn titles(inventory: &Inventory) -> Vec<(&'static str, f64, Priority)> {
        inventory.advice().iter().map(|advice| (advice.term.title(), advice.impact, advice.priority)).collect()
    }

    #[test]
    fn an_empty_tenant_has_17_and_may_gain_the_rest() {
        let empty = Inventory::default();
        assert_eq!((empty.overall(), grade(empty.overall())), (17, Grade::F), "16.5 is rounded up");
        let scores = ReadinessArea::ALL.map(|area| empty.score(area));
        assert_eq!(scores, [30.0, 0.0, 0.0, 50.0]);
        let expected = [
            (Term::Safe.title(), 40.0, Priority::High),
            (Term::Connected.title(), 12.0, Priority::High),
            (Term::Escrowed.title(), 9.0, Priority::Medium),
            (Term::Healthy.title(), 9.0, Priority::Medium),
            (Term::HasPolicy.title(), 7.5, Priority::Medium),
            (Term::PostQuantum.title(), 6.0, Priority::Medium),
        ];
        assert_eq!(titles(&empty), expected);
        assert_eq!(empty.advice().first().map(|advice| advice.description.as_str()), Some("There are no active keys"));
    }

    #[test]
    fn a_full_inventory_has_100_and_no_advice() {
        let full = Inventory {
            keys: 7,
            connected: 7,
            escrowed: 7,
            safe: 7,
            has_policy: true,
            devices: 3,
            healthy: 3,
            post_quantum: 3,
            ..Inventory::default()
        };
        assert_eq!((full.overall(), grade(full.overall()), full.advice()), (100, Grade::A, Vec::new()));
        assert_eq!(ReadinessArea::ALL.map(|area| full.score(area)), [100.0; 4]);
    }

    #[test]
    fn scores_are_shares_of_what_is_there() {
        let inventory = Inventory {
            keys: 3,
            connected: 2,
            escrowed: 1,
            safe: 1,
            legacy_algorithms: 2,
            covered_algorithms: 1,
            has_active_plan: false,
            has_policy: true,
            devices: 7,
            healthy: 6,
            post_quantum: 2,
        };
        // 40·2/3 + 30/3, 100/3, 60·6/7 + 40·2/7, 50 + 25.
        let scores = ReadinessArea::ALL.map(|area| inventory.score(area));
        assert_eq!(scores, [36.67, 33.33, 62.86, 75.0]);
        assert_eq!(inventory.overall(), 45, "11 + 13.33 + 9.43 + 11.25 = 45.01");
        let expected = [
            (Term::Safe.title(), 26.7, Priority::High),
            (Term::Planned.title(), 9.0, Priority::Medium),
            (Term::Escrowed.title(), 6.0, Priority::Medium),
            (Term::PostQuantum.title(), 4.3, Priority::Medium),
            (Term::Connected.title(), 4.0, Priority::Medium),
            (Term::Covered.title(), 3.8, Priority::Low),
            (Term::Healthy.title(), 1.3, Priority::Low),
        ];
        assert_eq!(titles(&inventory), expected);
        let descriptions: Vec<_> = inventory.advice().into_iter().map(|advice| advice.description).collect();
        assert_eq!(
            descriptions,
            [
                "2 of 3 active keys are of classical algorithms",
                "No migration plan is active; 2 algorithms of active keys are deprecated or forbidden",
                "2 of 3 active keys have no active escrow",
                "5 of 7 devices are not capable of post-quantum algorithms",
                "1 of 3 active keys are on a connection that is not active",
                "1 of 2 deprecated or forbidden algorithms in use are in no deprecation policy",
                "1 of 7 devices are not healthy",
            ]
        );
    }

    #[test]
    fn halves_are_rounded_up() {
        // 39.5 and 60.5 of the contract.
        let keys = Inventory { keys: 2, connected: 1, safe: 1, ..Inventory::default() };
        assert_eq!(keys.overall(), 43, "15 + 20 + 7.5 = 42.5");
        let more = Inventory { has_policy: true, ..Inventory::default() };
        assert_eq!(more.overall(), 24);
    }

    #[test]
    fn grades_and_levels_begin_where_the_contract_says() {
        let grades = [100, 90, 89, 80, 79, 70, 69, 60, 59, 0].map(grade);
        use Grade::{A, B, C, D, F};
        assert_eq!(grades, [A, A, B, B, C, C, D, D, F, F]);
        use ReadinessLevel::{Advanced, Developing, Exemplary, Initial, Progressing};
        let levels = [90.0, 89.99, 75.0, 74.99, 50.0, 49.99, 25.0, 24.99, 0.0].map(level);
        let expected =
            [Exemplary, Advanced, Advanced, Progressing, Progressing, Developing, Developing, Initial, Initial];
        assert_eq!(levels, expected);
    }

    prop_compose! {
        fn inventory()(
            keys in 0..5_000_i64, devices in 0..5_000_i64, legacy in 0..20_i64, flags in any::<(bool, bool)>(),
            shares in prop::array::uniform6(0.0..=1.0_f64),
        ) -> Inventory {
            #[expect(clippy::cast_possible_truncation, reason = "a part of a small number")]
            let of = |index: usize, whole: i64| (shares.get(index).copied().unwrap_or_default() * whole as f64) as i64;
            Inventory {
                keys, connected: of(0, keys), escrowed: of(1, keys), safe: of(2, keys), legacy_algorithms: legacy,
                covered_algorithms: of(3, legacy), has_active_plan: flags.0, has_policy: flags.1, devices,
                healthy: of(4, devices), post_quantum: of(5, devices),
            }
        }
    }

    proptest! {
        #[test]
        fn the_overall_score_is_the_weighted_sum_and_gains_make_it_100(inventory in inventory()) {
            let areas = [(0.30, ReadinessArea::KeyManagement), (0.40, ReadinessArea::Algorithms),
                (0.15, ReadinessArea::Hardware), (0.15, ReadinessArea::Policies)];
            let sum: f64 = areas.iter().map(|(weight, area)| weight * inventory.score(*area)).sum();
            prop_assert!((sum - inventory.overall() as f64).abs() <= 0.51, "{sum} {}", inventory.overall());
            let gains: f64 = inventory.advice().iter().map(|advice| advice.impact).sum();
            prop_assert!((sum + gains - 100.0).abs() < 0.5, "{sum} and {gains}");
        }
    }
}
