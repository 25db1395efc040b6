//! Time as a case sees it: the machine's, and what the case has let pass.

use std::{
    cell::Cell,
    panic, thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chancery_tests::runtime::{CLOCK_AHEAD, Runtime};

thread_local! {
    static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// What is waited for where the clock cannot be moved.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// A case has ended where it would have to wait for longer than that.
pub struct TooLong;

/// Lets time pass for the case of this thread: what it asks from now on is answered as if it had. Where the clock cannot
/// be moved a short time is waited for, and at a long one the case ends: what follows is tested natively.
pub fn pass(runtime: Runtime, time: Duration) {
    if runtime.has_movable_clock() {
        set_ahead(ahead() + time);
    } else if time <= LONGEST_WAIT {
        thread::sleep(time);
    } else {
        panic::resume_unwind(Box::new(TooLong));
    }
}

/// What has passed without being waited for.
pub fn ahead() -> Duration {
    AHEAD.get()
}

/// For a new case, and for the threads that a case starts.
pub fn set_ahead(time: Duration) {
    AHEAD.set(time);
}

/// The time of the case in milliseconds since the epoch.
pub fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + ahead();
    i64::try_from(now.as_millis()).unwrap()
}

/// A time some seconds from now, as the APIs write it.
pub fn in_seconds(seconds: i64) -> String {
    model::time::to_iso(now() + seconds * 1000)
}

/// The value of the header that tells the deployment of it, if anything has passed.
pub fn header() -> Option<(&'static str, String)> {
    let ahead = ahead();
    (!ahead.is_zero()).then(|| (CLOCK_AHEAD, ahead.as_millis().to_string()))
}
