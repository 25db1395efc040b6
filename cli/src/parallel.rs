//! Many things at once, whose results come in the order of the things.

use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use crate::Result;

/// How many things a thread may have before it.
const QUEUE: usize = 64;

/// Works on things in so many threads, and gives each result to `take`, in the order of the things. Things of one key are
/// worked on one after the other, in their order. The first error of a thing or of `take` ends it.
pub(crate) fn in_order<T: Send, K: Hash, R: Send>(
    threads: usize,
    things: impl Iterator<Item = Result<T>> + Send,
    key: impl Fn(usize, &T) -> K + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        // Bounded, so that nobody runs far ahead of who takes the results.
        let (sender, results) = mpsc::sync_channel(4 * threads);
        let mut queues = Vec::new();
        for _ in 0..threads {
            let (queue, waiting) = mpsc::sync_channel::<(usize, T)>(QUEUE);
            queues.push(queue);
            let (sender, work, stop) = (sender.clone(), &work, &stop);
            scope.spawn(move || {
                for (number, thing) in waiting {
                    if stop.load(Ordering::Relaxed) || sender.send((number, Ok(work(thing)))).is_err() {
                        break;
                    }
                }
            });
        }
        scope.spawn(move || {
            for (number, thing) in things.enumerate() {
                let sent = match thing {
                    // A key has one thread, which keeps the order of its things.
                    Ok(thing) => {
                        let queue = queue_of(&key(number, &thing), queues.len());
                        queues.get(queue).is_some_and(|queue| queue.send((number, thing)).is_ok())
                    }
                    Err(error) => {
                        let _ = sender.send((number, Err(error)));
                        false
                    }
                };
                if !sent {
                    break;
                }
            }
        });
        let (mut early, mut next) = (BTreeMap::new(), 0);
        for (number, result) in results {
            early.insert(number, result);
            while let Some(result) = early.remove(&next) {
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

fn queue_of(key: &impl Hash, queues: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % queues.max(1) as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{sync::Mutex, time::Duration};

    use super::*;
    use crate::Error;

    fn each(number: usize, _: &u64) -> usize {
        number
    }

    fn idle(number: u64) -> u64 {
        thread::sleep(Duration::from_micros(number * 7919 % 500));
        number
    }

    #[test]
    fn results_come_in_order_whichever_thing_takes_longer() {
        let mut taken = Vec::new();
        let take = |result| {
            taken.push(result);
            Ok(())
        };
        in_order(7, (0..200).map(Ok), each, idle, take).unwrap();
        assert_eq!(taken, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn things_of_one_key_are_done_in_their_order() {
        let done = Mutex::new(Vec::new());
        let work = |number: u64| done.lock().unwrap().push(idle(number));
        in_order(7, (0..400).map(Ok), |_, number| number % 5, work, |()| Ok(())).unwrap();
        let done = done.into_inner().unwrap();
        assert_eq!(done.len(), 400);
        for key in 0..5 {
            assert!(done.iter().filter(|number| *number % 5 == key).is_sorted(), "{key}");
        }
    }

    #[test]
    fn a_failure_ends_it() {
        let mut taken = 0;
        let things = (0..).map(|number| if number == 50 { Err(Error::usage("fifty")) } else { Ok(number) });
        let count = |_| {
            taken += 1;
            Ok(())
        };
        let failed = in_order(3, things, each, |number| number, count);
        assert_eq!((failed.unwrap_err().to_string(), taken), ("fifty".to_owned(), 50));
        let fails = |number| match number {
            9 => Err(Error::usage("nine")),
            _ => Ok(()),
        };
        let failed = in_order(3, (0..).map(Ok), each, |number| number, fails);
        assert_eq!(failed.unwrap_err().to_string(), "nine");
    }
}
