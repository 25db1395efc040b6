//! How far a tenant is on the way to algorithms that withstand a quantum computer.

use std::collections::BTreeMap;

use model::qnsp::{
    agility::{CategoryReadiness, KeyMigrationStatus, MigrationReadiness, ReadinessCategory, ReadinessStatus},
    kms::{AlgorithmCategory, AlgorithmStatus},
};

use super::{KeyFacts, number};

/// What forbidden keys take off the score of their category.
const PENALTY: i64 = 20;

const READY: i64 = 90;
const PARTIAL: i64 = 50;

/// What the plans of a tenant say of its deprecated and forbidden keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// One active plan covers them all.
    Full,
    /// There is a plan that is a draft, active or paused.
    Planned,
    None,
}

/// Assesses the active keys. `migrated` are the retired ones whose successor is of a recommended algorithm.
pub fn assess(keys: &[KeyFacts], migrated: i64, coverage: Coverage) -> MigrationReadiness {
    let sum = |filter: &dyn Fn(&KeyFacts) -> bool| keys.iter().filter(|key| filter(key)).map(|key| key.count).sum();
    let blocked = sum(&|key| key.is_legacy() && !key.has_pqc);
    let legacy: i64 = sum(&KeyFacts::is_legacy);
    let categories = [
        (ReadinessCategory::Encryption, AlgorithmCategory::Encryption),
        (ReadinessCategory::Signing, AlgorithmCategory::Signing),
        (ReadinessCategory::KeyExchange, AlgorithmCategory::KeyExchange),
    ];
    let counts = categories.map(|(_, category)| Counts::of(keys.iter().filter(|key| key.category() == category)));
    let policies = if legacy == 0 || coverage == Coverage::Full {
        100
    } else if coverage == Coverage::Planned {
        50
    } else {
        0
    };
    let mut shown: Vec<_> = categories.iter().zip(&counts).map(|((name, _), counts)| counts.readiness(*name)).collect();
    shown.push(of_policies(policies));
    MigrationReadiness {
        overall_score: overall(&counts, policies),
        categories: shown,
        key_migration_status: KeyMigrationStatus {
            total: migrated + legacy,
            migrated,
            pending_migration: legacy - blocked,
            blocked,
        },
    }
}

/// The mean over all keys, of which 4 parts of 5 count, and the score of the policies: rounded once.
fn overall(counts: &[Counts], policies: i64) -> i64 {
    let total: i64 = counts.iter().map(|counts| counts.total).sum();
    let points: i64 = counts.iter().map(Counts::points).sum();
    let (points, total) = if total == 0 { (100, 1) } else { (points, total) };
    number::clamp(number::divide(i128::from(8 * points + 2 * policies * total), i128::from(10 * total)))
}

/// The keys of one category.
struct Counts<'a> {
    total: i64,
    recommended: i64,
    has_forbidden: bool,
    /// Algorithms that are not recommended, with the number of their keys.
    others: BTreeMap<&'a str, i64>,
}

impl<'a> Counts<'a> {
    fn of(keys: impl Iterator<Item = &'a KeyFacts>) -> Self {
        let mut counts = Self { total: 0, recommended: 0, has_forbidden: false, others: BTreeMap::new() };
        for key in keys {
            counts.total += key.count;
            counts.has_forbidden |= key.status == AlgorithmStatus::Forbidden;
            if key.is_recommended() {
                counts.recommended += key.count;
            } else {
                *counts.others.entry(key.algorithm.as_str()).or_default() += key.count;
            }
        }
        counts
    }

    /// The score times the number of keys, which is an integer.
    fn points(&self) -> i64 {
        let penalty = if self.has_forbidden { PENALTY * self.total } else { 0 };
        (100 * self.recommended - penalty).max(0)
    }

    fn readiness(&self, category: ReadinessCategory) -> CategoryReadiness {
        // 100 where there are no keys.
        let (points, total) = if self.total == 0 { (100, 1) } else { (self.points(), self.total) };
        let target = match category {
            ReadinessCategory::Encryption => "AES-256 or ML-KEM-768",
            ReadinessCategory::KeyExchange => "ML-KEM-768",
            ReadinessCategory::Signing | ReadinessCategory::Policies => "ML-DSA-65",
        };
        let lines = |line: &dyn Fn(&str, &str) -> String| {
            let each = self.others.iter().map(|(algorithm, count)| {
                let keys = if *count == 1 { "1 key".to_owned() } else { format!("{count} keys") };
                line(algorithm, &keys)
            });
            each.collect::<Vec<_>>()
        };
        CategoryReadiness {
            category,
            score: number::divide(i128::from(points) * 100, i128::from(total)) as f64 / 100.0,
            status: status(points, total),
            blockers: lines(&|algorithm, keys| format!("{algorithm}: {keys}")),
            recommendations: lines(&|algorithm, keys| format!("Replace {keys} of {algorithm} by {target}")),
        }
    }
}

/// The status of the score `points / total`, before it is rounded.
fn status(points: i64, total: i64) -> ReadinessStatus {
    if points >= READY * total {
        ReadinessStatus::Ready
    } else if points >= PARTIAL * total {
        ReadinessStatus::Partial
    } else {
        ReadinessStatus::NotReady
    }
}

fn of_policies(score: i64) -> CategoryReadiness {
    let unless_ready = |line: &str| if score == 100 { Vec::new() } else { vec![line.to_owned()] };
    CategoryReadiness {
        category: ReadinessCategory::Policies,
        score: score as f64,
        status: status(score, 1),
        blockers: unless_ready("no active migration plan covers every deprecated key"),
        recommendations: unless_ready("Activate a migration plan that covers every deprecated and forbidden key"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use model::qnsp::hsm::Purpose::{Decrypt, Encrypt, Sign, Verify};

    use super::*;
    use crate::qnsp::key_facts::keys;

    fn scores(readiness: &MigrationReadiness) -> (Vec<f64>, i64) {
        (readiness.categories.iter().map(|category| category.score).collect(), readiness.overall_score)
    }

    #[test]
    fn a_tenant_without_keys_is_ready() {
        let readiness = assess(&[], 0, Coverage::None);
        assert_eq!(scores(&readiness), (vec![100.0; 4], 100));
        assert!(readiness.categories.iter().all(|category| {
            category.status == ReadinessStatus::Ready
                && category.blockers.is_empty()
                && category.recommendations.is_empty()
        }));
        assert_eq!(readiness.key_migration_status, KeyMigrationStatus::default());
    }

    #[test]
    fn scores_are_shares_of_recommended_keys() {
        let all = [
            keys("AES-256", &[Encrypt, Decrypt], 2),
            keys("AES-128", &[Encrypt], 1),
            keys("RSA-2048", &[Sign, Verify], 1),
            keys("ML-DSA-65", &[Sign], 1),
            keys("ML-KEM-768", &[Decrypt], 3),
        ];
        let readiness = assess(&all, 2, Coverage::None);
        assert_eq!(scores(&readiness), (vec![66.67, 50.0, 100.0, 0.0], 60), "0.8 times 75");
        let [encryption, signing, exchange, policies] = [0, 1, 2, 3].map(|at| &readiness.categories[at]);
        assert_eq!(encryption.status, ReadinessStatus::Partial);
        assert_eq!(encryption.blockers, ["AES-128: 1 key"]);
        assert_eq!(encryption.recommendations, ["Replace 1 key of AES-128 by AES-256 or ML-KEM-768"]);
        assert_eq!((signing.status, signing.blockers.len()), (ReadinessStatus::Partial, 1));
        assert_eq!((exchange.status, exchange.blockers.len()), (ReadinessStatus::Ready, 0));
        assert_eq!(policies.status, ReadinessStatus::NotReady);
        assert_eq!(policies.blockers, ["no active migration plan covers every deprecated key"]);
        let status = KeyMigrationStatus { total: 3, migrated: 2, pending_migration: 1, blocked: 0 };
        assert_eq!(readiness.key_migration_status, status);
    }

    #[test]
    fn plans_count_only_where_keys_should_be_replaced() {
        let legacy = [keys("ECDSA-P256", &[Sign], 1)];
        for (coverage, score, overall) in
            [(Coverage::Full, 100.0, 20), (Coverage::Planned, 50.0, 10), (Coverage::None, 0.0, 0)]
        {
            let readiness = assess(&legacy, 0, coverage);
            assert_eq!((readiness.categories[3].score, readiness.overall_score), (score, overall));
            assert_eq!(readiness.categories[3].blockers.is_empty(), coverage == Coverage::Full);
        }
        assert_eq!(assess(&[keys("AES-128", &[Encrypt], 1)], 0, Coverage::None).categories[3].score, 100.0);
    }

    #[test]
    fn a_forbidden_key_takes_20_points_of_its_category_but_not_below_0() {
        let with = |recommended, forbidden| {
            let keys = [keys("ML-DSA-65", &[Sign], recommended), keys("RSA-1024", &[Sign], forbidden)];
            let readiness = assess(&keys, 0, Coverage::Full);
            (readiness.categories[1].score, readiness.overall_score, readiness.categories[1].status)
        };
        assert_eq!(with(9, 1), (70.0, 76, ReadinessStatus::Partial));
        assert_eq!(with(1, 9), (0.0, 20, ReadinessStatus::NotReady));
        assert_eq!(with(19, 1), (75.0, 80, ReadinessStatus::Partial));
    }

    #[test]
    fn a_status_begins_at_its_bound() {
        let status = |recommended, others| {
            let keys = [keys("AES-256", &[Encrypt], recommended), keys("AES-192", &[Encrypt], others)];
            assess(&keys, 0, Coverage::None).categories[0].status
        };
        assert_eq!(status(9, 1), ReadinessStatus::Ready);
        assert_eq!(status(17_999, 2_001), ReadinessStatus::Partial, "89.995 is shown as 90");
        assert_eq!((status(1, 1), status(49, 51)), (ReadinessStatus::Partial, ReadinessStatus::NotReady));
    }

    #[test]
    fn the_overall_score_is_rounded_once() {
        let overall = |recommended, others| {
            let keys = [keys("AES-256", &[Encrypt], recommended), keys("AES-128", &[Encrypt], others)];
            assess(&keys, 0, Coverage::None).overall_score
        };
        assert_eq!(overall(1, 2), 47, "26.67 and 20");
        assert_eq!(overall(181, 139), 65, "45.25 and 20 are 65.25");
        assert_eq!(overall(91, 69), 66, "45.5 and 20 are 65.5");
    }

    #[test]
    fn legacy_keys_on_connections_without_post_quantum_keys_are_blocked() {
        let blocked = KeyFacts { has_pqc: false, ..keys("RSA-3072", &[Decrypt], 4) };
        let safe = KeyFacts { has_pqc: false, ..keys("AES-256", &[Decrypt], 5) };
        let readiness = assess(&[blocked, safe, keys("RSA-3072", &[Sign], 2)], 1, Coverage::None);
        let status = KeyMigrationStatus { total: 7, migrated: 1, pending_migration: 2, blocked: 4 };
        assert_eq!(readiness.key_migration_status, status);
    }
}
