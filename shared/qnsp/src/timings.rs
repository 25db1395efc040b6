//! How long calls took. A call's time is known when its answer is ready, which is too late for its own batch: the instance
//! keeps it until the tenant's next call writes it down. What the last calls of an instance took is lost with it, so the
//! mean of a minute is that of the calls that were timed.

use service::Recent;

/// How many tenants an instance keeps times of.
const TENANTS: usize = 1024;

/// How many minutes of a tenant wait; older ones are dropped.
const MINUTES: usize = 4;

/// The calls of a minute that were timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    pub minute: i64,
    pub calls: i64,
    pub milliseconds: i64,
}

/// By tenant, the minutes that are not written down yet.
#[derive(Default)]
pub(crate) struct Timings(Recent<String, Vec<Timing>, TENANTS>);

impl Timings {
    pub(crate) fn add(&mut self, tenant: &str, minute: i64, milliseconds: i64) {
        let of_tenant = self.0.get_or_insert_mut(tenant.to_owned(), Vec::new);
        match of_tenant.iter_mut().find(|timing| timing.minute == minute) {
            Some(timing) => {
                timing.calls += 1;
                timing.milliseconds = timing.milliseconds.saturating_add(milliseconds.max(0));
            }
            None => {
                if of_tenant.len() == MINUTES {
                    of_tenant.remove(0);
                }
                of_tenant.push(Timing { minute, calls: 1, milliseconds: milliseconds.max(0) });
            }
        }
    }

    /// What is to be written down, once.
    pub(crate) fn take(&mut self, tenant: &str) -> Vec<Timing> {
        self.0.pop(tenant).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_summed_by_minute_and_taken_once() {
        let mut timings = Timings::default();
        for (minute, milliseconds) in [(1, 10), (1, 5), (2, 7), (2, -3)] {
            timings.add("a", minute, milliseconds);
        }
        timings.add("b", 1, 1);
        let of = |minute, calls, milliseconds| Timing { minute, calls, milliseconds };
        assert_eq!(timings.take("a"), [of(1, 2, 15), of(2, 2, 7)]);
        assert_eq!(timings.take("a"), []);
        assert_eq!(timings.take("b"), [of(1, 1, 1)]);
    }

    #[test]
    fn only_the_last_minutes_wait() {
        let mut timings = Timings::default();
        for minute in 0..10 {
            timings.add("a", minute, 1);
        }
        assert_eq!(timings.take("a").iter().map(|timing| timing.minute).collect::<Vec<_>>(), [6, 7, 8, 9]);
    }
}
