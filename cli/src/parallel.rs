//! Many things at once, whose results come in the order of the things.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use crate::Result;

/// Works on things in so many threads, and gives each result to `take`. What `take` or a thing itself fails with ends it.
pub(crate) fn in_order<T: Send, R: Send>(
    threads: usize,
    things: impl Iterator<Item = Result<T>> + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let things = Mutex::new(things.enumerate());
    let stop = AtomicBool::new(false);
    // Bounded, so that nobody runs far ahead of who takes the results.
    let (sender, results) = mpsc::sync_channel(4 * threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, things, stop, work) = (sender.clone(), &things, &stop, &work);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let next = things.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((number, thing)) = next else { break };
                    if sender.send((number, thing.map(work))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let (mut waiting, mut next) = (BTreeMap::new(), 0);
        for (number, result) in results {
            waiting.insert(number, result);
            while let Some(result) = waiting.remove(&next) {
                next += 1;
                if let Err(error) = result.and_then(&mut take) {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::time::Duration;

    use super::*;
    use crate::Error;

    #[test]
    fn results_come_in_order_whoever_is_quicker() {
        let mut taken = Vec::new();
        let work = |number: u64| {
            thread::sleep(Duration::from_micros(number * 7919 % 500));
            number * 2
        };
        let take = |result| {
            taken.push(result);
            Ok(())
        };
        in_order(7, (0..200).map(Ok), work, take).unwrap();
        assert_eq!(taken, (0..200).map(|number| number * 2).collect::<Vec<_>>());
    }

    #[test]
    fn a_failure_ends_it() {
        let mut taken = 0;
        let things = (0..).map(|number| if number == 50 { Err(Error::usage("fifty")) } else { Ok(number) });
        let count = |_| {
            taken += 1;
            Ok(())
        };
        let failed = in_order(3, things, |number| number, count);
        assert_eq!((failed.unwrap_err().to_string(), taken), ("fifty".to_owned(), 50));
        let failed = in_order(
            3,
            (0..).map(Ok),
            |number| number,
            |number| match number {
                9 => Err(Error::usage("nine")),
                _ => Ok(()),
            },
        );
        assert_eq!(failed.unwrap_err().to_string(), "nine");
    }
}
