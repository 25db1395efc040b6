//! How far post-quantum algorithms are in use.

use std::collections::BTreeMap;

use model::{
    qnsp::agility::{AdoptionDay, CurrentAdoption, PqcAdoption},
    time::to_iso,
};

use super::{Algorithm, DAY_MS, KeyFacts, number};

/// How many days are shown, with today.
pub const DAYS: i64 = 30;

/// Algorithms that are listed without a key as well.
const LISTED: [&str; 2] = ["ML-KEM-768", "ML-DSA-65"];

/// How often keys of an algorithm were used on a day, counted from the epoch.
#[derive(Clone, Debug)]
pub struct DayUse {
    pub day: i64,
    pub algorithm: Algorithm,
    pub operations: i64,
}

/// The first day that is shown on `today`.
pub fn first_day(today: i64) -> i64 {
    today - DAYS + 1
}

pub fn current<'a>(keys: impl IntoIterator<Item = &'a KeyFacts>) -> CurrentAdoption {
    let (mut pqc_keys, mut total_keys) = (0, 0);
    for key in keys {
        total_keys += key.count;
        pqc_keys += if key.algorithm.is_post_quantum() { key.count } else { 0 };
    }
    CurrentAdoption { pqc_keys, total_keys, adoption_rate: number::rate(pqc_keys, total_keys) }
}

pub fn adoption(keys: &[KeyFacts], uses: &[DayUse], today: i64) -> PqcAdoption {
    let mut by_algorithm: BTreeMap<_, _> = LISTED.iter().map(|name| ((*name).to_owned(), 0)).collect();
    for key in keys.iter().filter(|key| key.algorithm.is_post_quantum()) {
        *by_algorithm.entry(key.algorithm.as_str().to_owned()).or_default() += key.count;
    }
    let point = |day: i64| {
        let of_day = || uses.iter().filter(|of| of.day == day);
        let pqc: i64 = of_day().filter(|of| of.algorithm.is_post_quantum()).map(|of| of.operations).sum();
        let all: i64 = of_day().map(|of| of.operations).sum();
        let date = to_iso(day * DAY_MS).chars().take("2026-01-02".len()).collect();
        AdoptionDay { date, pqc_operations: pqc, classical_operations: all - pqc }
    };
    PqcAdoption {
        current_adoption: current(keys),
        trends: (first_day(today)..=today).map(point).collect(),
        by_algorithm,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use model::qnsp::hsm::Purpose::{Encrypt, Sign};

    use super::*;
    use crate::qnsp::key_facts::keys;

    fn used(day: i64, algorithm: &str, operations: i64) -> DayUse {
        DayUse { day, algorithm: Algorithm::of(algorithm), operations }
    }

    #[test]
    fn without_keys_nothing_is_adopted_and_30_days_are_shown() {
        let adoption = adoption(&[], &[], 29);
        assert_eq!(adoption.current_adoption, CurrentAdoption { pqc_keys: 0, total_keys: 0, adoption_rate: 0.0 });
        assert_eq!((adoption.trends.len(), &*adoption.trends[0].date), (30, "1970-01-01"));
        assert_eq!(adoption.trends[29].date, "1970-01-30");
        assert_eq!(
            adoption.by_algorithm.into_iter().collect::<Vec<_>>(),
            [("ML-DSA-65".into(), 0), ("ML-KEM-768".into(), 0)]
        );
    }

    #[test]
    fn keys_are_counted_by_algorithm_and_the_rate_has_4_decimals() {
        let all = [
            keys("ML-KEM-1024", &[Encrypt], 1),
            keys("ML-DSA-65", &[Sign], 1),
            keys("AES-256", &[Encrypt], 3),
            keys("RSA-2048", &[Sign], 1),
        ];
        let adoption = adoption(&all, &[], 100);
        assert_eq!(adoption.current_adoption, CurrentAdoption { pqc_keys: 2, total_keys: 6, adoption_rate: 0.3333 });
        assert_eq!(adoption.by_algorithm.into_values().collect::<Vec<_>>(), [1, 1, 0]);
    }

    #[test]
    fn uses_are_split_by_day_and_what_is_older_is_not_shown() {
        let uses = [
            used(first_day(100) - 1, "ML-DSA-65", 7),
            used(first_day(100), "kyber768", 1),
            used(100, "ML-DSA-65", 2),
            used(100, "ML-DSA-87", 3),
            used(100, "RSA-2048", 4),
            used(100, "unknown", 5),
        ];
        let trends = adoption(&[], &uses, 100).trends;
        let numbers = |at: usize| (trends[at].pqc_operations, trends[at].classical_operations);
        assert_eq!((numbers(0), numbers(1), numbers(29)), ((1, 0), (0, 0), (5, 9)));
    }
}
