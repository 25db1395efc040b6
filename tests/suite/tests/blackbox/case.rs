//! One case, and how it is carried out: its panic is caught and reported with its place.

use std::{
    any::type_name,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    thread,
    time::Duration,
};

use chancery_tests::selection::Selection;

use crate::{clock, deployment::Deployment};

#[derive(Clone)]
pub struct Case {
    /// Module and function, as `secrets::a_tag_is_never_overwritten`.
    pub name: String,
    /// The functions that it asks. What it starts itself has no others.
    pub needs: Selection,
    run: Arc<dyn Fn(&Deployment) + Send + Sync>,
}

/// A case is a function; its name in the code is its name in the report.
pub fn case<F: Fn(&Deployment) + Send + Sync + 'static>(run: F) -> Case {
    let name = type_name::<F>();
    let name = name.split_once("::").map_or(name, |(_, inside)| inside).to_owned();
    Case { name, needs: Selection::ALL, run: Arc::new(run) }
}

impl Case {
    /// A case that is one of several made from a list.
    pub fn named(name: &str, run: impl Fn(&Deployment) + Send + Sync + 'static) -> Self {
        Self { name: name.to_owned(), needs: Selection::ALL, run: Arc::new(run) }
    }

    /// The case as one that asks these functions only.
    pub fn of(self, needs: &Selection) -> Self {
        Self { needs: needs.clone(), ..self }
    }

    pub fn run(&self, deployment: &Deployment) -> Result<(), String> {
        NEEDED.set(self.needs.clone());
        clock::set_ahead(Duration::ZERO);
        let ended = panic::catch_unwind(AssertUnwindSafe(|| (self.run)(deployment)));
        ended.or_else(|payload| if payload.is::<clock::TooLong>() { Ok(()) } else { Err(LAST_PANIC.take()) })
    }
}

/// The functions that the case of this thread needs.
pub fn needed() -> Selection {
    NEEDED.with_borrow(Clone::clone)
}

thread_local! {
    static NEEDED: RefCell<Selection> = const { RefCell::new(Selection::ALL) };
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic is kept for the report and not printed where it happens.
pub fn keep_panics_quiet() {
    panic::set_hook(Box::new(|info| LAST_PANIC.set(info.to_string())));
}

/// What a closure returns, or what it panicked with.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|_| LAST_PANIC.take())
}

/// Runs a closure in several threads at once, each with its number, and gives what they returned in that order.
pub fn together<T: Send>(threads: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let results: Vec<_> = thread::scope(|scope| {
        let (run, ahead) = (&run, clock::ahead());
        let run = move |number| {
            clock::set_ahead(ahead);
            caught(|| run(number))
        };
        let started: Vec<_> = (0..threads).map(|number| scope.spawn(move || run(number))).collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread ended early".to_owned())))
            .collect()
    });
    results.into_iter().map(|result| result.unwrap_or_else(|panic| panic!("{panic}"))).collect()
}
