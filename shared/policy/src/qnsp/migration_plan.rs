//! Migration plans: their states, and how far they have come.

use model::qnsp::{
    agility::PlanStatus,
    kms::{AlgorithmCategory, AlgorithmStatus},
};

use super::{Algorithm, number};

/// The states from which a caller may bring a plan into this one.
pub fn leading_to(status: PlanStatus) -> &'static [PlanStatus] {
    match status {
        PlanStatus::Active => &[PlanStatus::Draft, PlanStatus::Paused],
        PlanStatus::Paused => &[PlanStatus::Active],
        PlanStatus::Cancelled => &[PlanStatus::Draft, PlanStatus::Active, PlanStatus::Paused],
        // A plan begins as a draft, and is completed by what is found when it is read.
        PlanStatus::Draft | PlanStatus::Completed => &[],
    }
}

/// Whether keys may be migrated to an algorithm of this status.
pub fn may_be_target(algorithm: &Algorithm, status: AlgorithmStatus) -> bool {
    status == AlgorithmStatus::Recommended && algorithm.category(true) != AlgorithmCategory::Hash
}

/// In percent, an integer; 0 without keys.
pub fn progress(migrated: i64, total: i64) -> i64 {
    number::clamp(number::divide(i128::from(migrated) * 100, i128::from(total)))
}

/// The phase that runs now, by the lengths of the phases (milliseconds) one after the other from the start on: the first
/// before it, the last one afterwards. `None` without phases.
pub fn current_phase(lengths: &[i64], start: Option<i64>, now: i64) -> Option<usize> {
    let last = lengths.len().checked_sub(1)?;
    let Some(start) = start.filter(|start| *start <= now) else { return Some(0) };
    let mut end = start;
    let running = lengths.iter().position(|length| {
        end = end.saturating_add(*length);
        now < end
    });
    Some(running.unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [PlanStatus; 5] =
        [PlanStatus::Draft, PlanStatus::Active, PlanStatus::Paused, PlanStatus::Completed, PlanStatus::Cancelled];

    #[test]
    fn states_lead_to_each_other_as_the_contract_says() {
        use PlanStatus::{Active, Cancelled, Draft, Paused};
        let allowed = [
            (Draft, Active),
            (Draft, Cancelled),
            (Active, Paused),
            (Active, Cancelled),
            (Paused, Active),
            (Paused, Cancelled),
        ];
        for from in ALL {
            for to in ALL {
                assert_eq!(leading_to(to).contains(&from), allowed.contains(&(from, to)), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn targets_are_recommended_and_no_hashes() {
        let may = |name: &str| {
            let algorithm = Algorithm::of(name);
            may_be_target(&algorithm, algorithm.registry_status(0))
        };
        for name in ["ML-KEM-768", "kyber768", "ML-DSA-87", "aes_256", "SLH-DSA-SHA2-128S", "ChaCha20-Poly1305"] {
            assert!(may(name), "{name}");
        }
        for name in ["AES-128", "RSA-4096", "ECDSA-P384", "FN-DSA-512", "SHA-256", "nonsense", "MD5"] {
            assert!(!may(name), "{name}");
        }
        assert!(!may_be_target(&Algorithm::of("AES-256"), AlgorithmStatus::Forbidden));
    }

    #[test]
    fn progress_is_an_integer_and_0_without_keys() {
        assert_eq!(
            [(0, 0), (0, 3), (1, 3), (2, 3), (1, 200), (3, 3)].map(|(done, all)| progress(done, all)),
            [0, 0, 33, 67, 1, 100]
        );
    }

    #[test]
    fn phases_run_one_after_the_other_from_the_start_on() {
        let at = |now| current_phase(&[10, 0, 20], Some(100), now);
        assert_eq!([0, 99, 100, 109].map(at), [Some(0); 4]);
        assert_eq!([110, 129].map(at), [Some(2); 2], "a phase without a length is over when it begins");
        assert_eq!([130, i64::MAX].map(at), [Some(2); 2]);
        assert_eq!(current_phase(&[10, 20], Some(100), 111), Some(1));
        assert_eq!(current_phase(&[], Some(100), 111), None);
        assert_eq!(current_phase(&[10], None, 111), Some(0));
        assert_eq!(current_phase(&[i64::MAX, i64::MAX], Some(100), i64::MAX), Some(1));
    }
}
