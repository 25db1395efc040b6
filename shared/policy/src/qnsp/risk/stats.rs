//! What the evaluations of a period say together. They are counted as they are written, so that none is read again.

use super::super::number;
use super::Factor;

/// How many factors are shown.
const TOP: usize = 5;

/// The kinds of an evaluation's factors, each once, by name: a policy's factor is counted without the policy's name.
pub fn factor_kinds(factors: &[Factor]) -> Vec<&str> {
    let kind = |factor: &'_ Factor| factor.name.find(':').unwrap_or(factor.name.len());
    let mut kinds: Vec<_> = factors.iter().filter_map(|factor| factor.name.get(..kind(factor))).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The factors that most evaluations had, five at most, by number descending, then name.
pub fn top_factors<'a>(counts: impl IntoIterator<Item = (&'a str, i64)>) -> Vec<(&'a str, i64)> {
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    counts.sort_by(|(one, count), (other, other_count)| other_count.cmp(count).then(one.cmp(other)));
    counts.truncate(TOP);
    counts
}

/// How many evaluations a period had, by level and by recommendation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub low: i64,
    pub medium: i64,
    pub high: i64,
    pub critical: i64,
    pub challenged: i64,
    pub denied: i64,
}

impl Counts {
    pub fn total(self) -> i64 {
        self.low + self.medium + self.high + self.critical
    }

    /// 0 to 1 with 4 decimals; 0 without evaluations.
    pub fn challenge_rate(self) -> f64 {
        number::rate(self.challenged, self.total())
    }

    /// 0 to 1 with 4 decimals; 0 without evaluations.
    pub fn deny_rate(self) -> f64 {
        number::rate(self.denied, self.total())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(names: &[&str]) -> Vec<Factor> {
        let factor = |name: &&str| Factor { name: (*name).to_owned(), score: 5.0, reason: String::new() };
        names.iter().map(factor).collect()
    }

    #[test]
    fn factors_of_policies_are_one_kind_an_evaluation() {
        let kinds = factors(&["policy_time:a", "policy_geo:x:y", "new_device", "policy_geo:b", "policy_geo:"]);
        assert_eq!(factor_kinds(&kinds), ["new_device", "policy_geo", "policy_time"]);
        assert!(factor_kinds(&[]).is_empty());
    }

    #[test]
    fn five_factors_are_shown_those_of_equal_number_by_name() {
        let counts = [("f", 1), ("b", 2), ("a", 2), ("z", 9), ("e", 1), ("d", 1), ("c", 0)];
        assert_eq!(top_factors(counts), [("z", 9), ("a", 2), ("b", 2), ("d", 1), ("e", 1)]);
        assert!(top_factors([("c", 0)]).is_empty());
    }

    #[test]
    fn rates_are_shares_of_all_evaluations() {
        let counts = Counts { low: 1, medium: 2, high: 0, critical: 0, challenged: 2, denied: 1 };
        assert_eq!((counts.total(), counts.challenge_rate(), counts.deny_rate()), (3, 0.6667, 0.3333));
        let none = Counts::default();
        assert_eq!((none.total(), none.challenge_rate(), none.deny_rate()), (0, 0.0, 0.0));
    }
}
