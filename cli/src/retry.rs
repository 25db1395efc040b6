//! How often something is tried again: after pauses that grow and differ between callers, until a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::client::random;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(crate) struct Retry {
    deadline: Instant,
    pause: Duration,
}

impl Retry {
    pub fn within(time: Duration) -> Self {
        Self { deadline: Instant::now() + time, pause: FIRST_PAUSE }
    }

    /// Waits a while; false once the time is over.
    pub fn again(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        thread::sleep(jittered(self.pause).min(left));
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Anything up to a pause, so that callers who met once do not meet again.
fn jittered(pause: Duration) -> Duration {
    let share = random::<4>().map_or(u32::MAX, u32::from_le_bytes);
    pause.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_its_time() {
        let (started, mut retry, mut count) = (Instant::now(), Retry::within(Duration::from_millis(120)), 0);
        while retry.again() {
            count += 1;
        }
        let took = started.elapsed();
        assert!(
            count >= 3 && took >= Duration::from_millis(120) && took < Duration::from_secs(5),
            "{count} in {took:?}"
        );
        assert!(!Retry::within(Duration::ZERO).again());
    }

    #[test]
    fn pauses_differ_and_are_bounded() {
        let pauses: Vec<_> = (0..20).map(|_| jittered(LONGEST_PAUSE)).collect();
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE));
        assert!(pauses.iter().any(|pause| Some(pause) != pauses.first()));
    }
}
