//! Load on a deployment: connections that ask one thing again and again, and what that cost the server.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{caller::Caller, connection::Connection, operation::Operation, process};

/// What is asked again and again, by connections that are numbered from 0 on.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub name: &'a str,
    pub expected_status: u16,
    pub request: &'a (dyn Fn(usize) -> Vec<u8> + Sync),
}

#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub requests_per_second: f64,
    /// Of the server and everything that it started.
    pub cpu_micros: f64,
    /// From the first byte sent to the last received, for half of the requests and for 99 of 100.
    pub p50_millis: f64,
    pub p99_millis: f64,
}

/// Each caller asks over a connection of its own.
pub fn run(
    server: u32,
    address: SocketAddr,
    callers: &[Caller],
    operation: Operation,
    duration: Duration,
) -> Result<Cell, String> {
    let request = |number: usize| callers.get(number).map(|caller| operation.request(caller)).unwrap_or_default();
    let asked = Asked { name: operation.name(), expected_status: operation.expected_status(), request: &request };
    run_asked(server, address, callers.len(), asked, duration)
}

/// Any answer but the expected one ends the measurement.
pub fn run_asked(
    server: u32,
    address: SocketAddr,
    connections: usize,
    asked: Asked,
    duration: Duration,
) -> Result<Cell, String> {
    let open = |number: usize| -> Result<Step<'_>, String> {
        let mut connection = Connection::to(address);
        Ok(Box::new(move || {
            let request = (asked.request)(number);
            let sent = Instant::now();
            let answer = connection.call(&request).map_err(|error| format!("{}: {error}", asked.name))?;
            if answer.status != asked.expected_status {
                let body = String::from_utf8_lossy(answer.body).into_owned();
                return Err(format!("{}: {} {body}", asked.name, answer.status));
            }
            Ok(sent.elapsed())
        }))
    };
    run_steps(Some(server), connections, asked.name, &open, duration)
}

/// One request, or whatever is measured like one; it returns how long it took.
pub type Step<'a> = Box<dyn FnMut() -> Result<Duration, String> + 'a>;

/// Opens the session with a number.
pub type Open<'a> = dyn Fn(usize) -> Result<Step<'a>, String> + Sync + 'a;

/// Sessions, numbered from 0 on, take their step again and again, each in a thread that opens it. Without a server no
/// processor time is counted.
pub fn run_steps(
    server: Option<u32>,
    sessions: usize,
    name: &str,
    open: &Open<'_>,
    duration: Duration,
) -> Result<Cell, String> {
    let cpu_time = || server.map(process::cpu_time).unwrap_or_default();
    let answered = AtomicU64::new(0);
    let counting = AtomicBool::new(false);
    let took = Mutex::new(Vec::new());
    let stop = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let cell = thread::scope(|scope| {
        for number in 0..sessions {
            let (answered, counting, took, stop, failure) = (&answered, &counting, &took, &stop, &failure);
            scope.spawn(move || {
                let mut own = Vec::new();
                let ended = repeat(open, number, stop, |duration| {
                    answered.fetch_add(1, Ordering::Relaxed);
                    if counting.load(Ordering::Relaxed) {
                        own.push(duration);
                    }
                });
                took.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
                if let Err(error) = ended {
                    *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    stop.store(true, Ordering::Relaxed);
                }
            });
        }
        // Instances start, compilers finish and the callers' keys are derived before anything counts.
        wait(duration.div_f64(2.0), &stop);
        counting.store(true, Ordering::Relaxed);
        let (from, cpu, count) = (Instant::now(), cpu_time(), answered.load(Ordering::Relaxed));
        wait(duration, &stop);
        let count = answered.load(Ordering::Relaxed).saturating_sub(count);
        let (cpu, elapsed) = (cpu_time().saturating_sub(cpu), from.elapsed());
        stop.store(true, Ordering::Relaxed);
        if count == 0 {
            return Err(format!("{name}: no answer in {duration:?}"));
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 requests")]
        let count = count as f64;
        Ok(Cell {
            requests_per_second: count / elapsed.as_secs_f64(),
            cpu_micros: cpu.as_secs_f64() * 1_000_000.0 / count,
            p50_millis: 0.0,
            p99_millis: 0.0,
        })
    });
    let [p50_millis, p99_millis] = percentiles(took.into_inner().unwrap_or_else(PoisonError::into_inner), [50, 99]);
    // What went wrong says more than that nothing was answered.
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => cell.map(|cell| Cell { p50_millis, p99_millis, ..cell }),
    }
}

fn repeat(open: &Open<'_>, number: usize, stop: &AtomicBool, mut answered: impl FnMut(Duration)) -> Result<(), String> {
    let mut step = open(number)?;
    while !stop.load(Ordering::Relaxed) {
        answered(step()?);
    }
    Ok(())
}

/// What so many of a hundred stay below, in milliseconds.
pub fn percentiles<const N: usize>(mut took: Vec<Duration>, of_hundred: [usize; N]) -> [f64; N] {
    took.sort_unstable();
    of_hundred.map(|count| {
        let last = (took.len() * count).div_ceil(100).saturating_sub(1);
        took.get(last).map_or(0.0, |duration| duration.as_secs_f64() * 1000.0)
    })
}

fn wait(duration: Duration, stop: &AtomicBool) {
    let until = Instant::now() + duration;
    while !stop.load(Ordering::Relaxed) && Instant::now() < until {
        thread::sleep(Duration::from_millis(5).min(until.saturating_duration_since(Instant::now())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_stay_below_one_time_and_one_of_a_hundred_may_take_longer_than_the_other() {
        let near = |range: std::ops::RangeInclusive<u64>, expected: [f64; 2]| {
            let found = percentiles(range.map(Duration::from_millis).collect(), [50, 99]);
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-9)
        };
        assert!(near(1..=100, [50.0, 99.0]));
        assert!(near(1..=1000, [500.0, 990.0]));
        assert!(near(7..=7, [7.0, 7.0]));
    }
}
