//! How an invoice uses up credits.

/// What is left of a credit. Amounts are in minor units of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit<Id> {
    pub id: Id,
    pub remaining: i64,
    /// Milliseconds; `None` when it does not expire.
    pub expires_at: Option<i64>,
}

/// So much of a credit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use<Id> {
    pub id: Id,
    pub amount: i64,
}

/// Uses credits for an amount that is due: what expires first first, what does not expire last, and of equal ones those
/// that stand first. What has expired is not used.
pub fn apply<Id: Copy>(credits: &[Credit<Id>], due: i64, now: i64) -> Vec<Use<Id>> {
    let is_usable = |credit: &&Credit<Id>| credit.remaining > 0 && credit.expires_at.is_none_or(|at| at > now);
    let mut usable: Vec<_> = credits.iter().filter(is_usable).collect();
    usable.sort_by_key(|credit| (credit.expires_at.is_none(), credit.expires_at));
    let mut left = due.max(0);
    let uses = usable.into_iter().map(|credit| {
        let amount = credit.remaining.min(left);
        left -= amount;
        Use { id: credit.id, amount }
    });
    uses.take_while(|used| used.amount > 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn credit(id: usize, remaining: i64, expires_at: Option<i64>) -> Credit<usize> {
        Credit { id, remaining, expires_at }
    }

    fn used(credits: &[Credit<usize>], due: i64) -> Vec<(usize, i64)> {
        apply(credits, due, 100).into_iter().map(|used| (used.id, used.amount)).collect()
    }

    #[test]
    fn what_expires_first_is_used_first() {
        let credits =
            [credit(1, 50, None), credit(2, 30, Some(300)), credit(3, 20, Some(200)), credit(4, 5, Some(300))];
        assert_eq!(used(&credits, 60), [(3, 20), (2, 30), (4, 5), (1, 5)]);
        assert_eq!(used(&credits, 20), [(3, 20)]);
        assert_eq!(used(&credits, 500), [(3, 20), (2, 30), (4, 5), (1, 50)]);
        assert!(used(&credits, 0).is_empty() && used(&credits, -5).is_empty() && used(&[], 5).is_empty());
    }

    #[test]
    fn what_has_expired_or_is_used_up_is_not_used() {
        let credits = [credit(1, 50, Some(99)), credit(2, 50, Some(100)), credit(3, 0, None), credit(4, 7, Some(101))];
        assert_eq!(used(&credits, 60), [(4, 7)]);
    }

    proptest! {
        #[test]
        fn no_credit_gives_more_than_it_has_and_all_give_what_is_due_if_they_can(
            credits in prop::collection::vec((0_i64..100, prop::option::of(0_i64..200)), 0..12), due in 0_i64..800,
        ) {
            let credits: Vec<_> =
                credits.into_iter().enumerate().map(|(id, (remaining, at))| credit(id, remaining, at)).collect();
            let uses = apply(&credits, due, 100);
            let usable: i64 = credits.iter().filter(|credit| credit.expires_at.is_none_or(|at| at > 100))
                .map(|credit| credit.remaining).sum();
            prop_assert_eq!(uses.iter().map(|used| used.amount).sum::<i64>(), due.min(usable));
            for used in &uses {
                prop_assert!(used.amount > 0);
                prop_assert!(credits.iter().any(|credit| credit.id == used.id && credit.remaining >= used.amount));
            }
        }
    }
}
