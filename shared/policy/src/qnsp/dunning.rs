//! What happens after a payment failed, and when.

use model::qnsp::billing::DunningAction as Action;

use super::DAY_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub day_after_failure: i64,
    pub action: Action,
}

/// What is wrong with a schedule whose steps are well formed each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The step of this place is not later than the one before.
    NotLater(usize),
    /// The step of this place cancels, and is not the last.
    CancelNotLast(usize),
}

/// Days increase, and nothing follows a cancellation.
pub fn faults(steps: &[Step]) -> Vec<Fault> {
    let pairs = steps.iter().zip(steps.iter().skip(1)).enumerate();
    let of_pair = |(place, (step, next)): (usize, (&Step, &Step))| {
        let not_later = (next.day_after_failure <= step.day_after_failure).then_some(Fault::NotLater(place + 1));
        let not_last = (step.action == Action::Cancel).then_some(Fault::CancelNotLast(place));
        [not_last, not_later]
    };
    pairs.flat_map(of_pair).flatten().collect()
}

/// The steps that are due and have not run yet. `failed_at` is the time of the tenant's oldest unresolved failure,
/// `ran` how many of the steps ran since.
pub fn due(steps: &[Step], ran: usize, failed_at: i64, now: i64) -> &[Step] {
    let is_due = |step: &Step| now >= failed_at.saturating_add(step.day_after_failure.saturating_mul(DAY_MS));
    let due = steps.partition_point(is_due);
    steps.get(ran..due).unwrap_or_default()
}

/// When a payment that failed could be tried again: 1, 3, 5 and 7 days after its first failure, by how many retries
/// failed; `None` when retries are exhausted.
pub fn next_retry_at(failed_at: i64, retries: i64) -> Option<i64> {
    let days = match retries {
        0 => 1,
        1 => 3,
        2 => 5,
        3 => 7,
        _ => return None,
    };
    Some(failed_at.saturating_add(days * DAY_MS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(day_after_failure: i64, action: Action) -> Step {
        Step { day_after_failure, action }
    }

    const SCHEDULE: [Step; 4] = [
        Step { day_after_failure: 0, action: Action::Email },
        Step { day_after_failure: 3, action: Action::Sms },
        Step { day_after_failure: 7, action: Action::Suspend },
        Step { day_after_failure: 30, action: Action::Cancel },
    ];

    #[test]
    fn days_increase_and_a_cancellation_is_the_last() {
        assert!(faults(&SCHEDULE).is_empty() && faults(&[]).is_empty());
        assert_eq!(faults(&[step(3, Action::Email), step(3, Action::Suspend)]), [Fault::NotLater(1)]);
        assert_eq!(faults(&[step(3, Action::Email), step(2, Action::Cancel)]), [Fault::NotLater(1)]);
        let twice = [step(1, Action::Cancel), step(0, Action::Email), step(2, Action::Cancel)];
        assert_eq!(faults(&twice), [Fault::CancelNotLast(0), Fault::NotLater(1)]);
    }

    #[test]
    fn a_step_is_due_from_its_day_on_and_runs_once() {
        let due =
            |ran, after_ms| due(&SCHEDULE, ran, 1_000, 1_000 + after_ms).iter().map(|step| <&str>::from(step.action));
        assert_eq!(due(0, 0).collect::<Vec<_>>(), ["email"]);
        assert_eq!(due(0, 3 * DAY_MS - 1).collect::<Vec<_>>(), ["email"]);
        assert_eq!(due(0, 3 * DAY_MS).collect::<Vec<_>>(), ["email", "sms"]);
        assert_eq!(due(1, 7 * DAY_MS).collect::<Vec<_>>(), ["sms", "suspend"]);
        assert_eq!(due(4, 99 * DAY_MS).count() + due(9, 99 * DAY_MS).count() + due(2, 0).count(), 0);
        assert_eq!(due(0, -1).count(), 0);
    }

    #[test]
    fn retries_are_shown_after_1_3_5_and_7_days() {
        let days = |retries| next_retry_at(0, retries).map(|at| at / DAY_MS);
        assert_eq!([0, 1, 2, 3, 4, 5].map(days), [Some(1), Some(3), Some(5), Some(7), None, None]);
    }

    proptest! {
        #[test]
        fn all_steps_run_exactly_once_however_often_one_looks(looks in prop::collection::vec(0_i64..40 * DAY_MS, 0..10)) {
            let mut looks = looks;
            looks.push(40 * DAY_MS);
            looks.sort_unstable();
            let mut done = Vec::new();
            for now in looks {
                done.extend_from_slice(due(&SCHEDULE, done.len(), 0, now));
            }
            prop_assert_eq!(done, SCHEDULE);
        }
    }
}
