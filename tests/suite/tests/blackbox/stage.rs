//! The runtimes of this run: each is started when its first case comes and has its own line in the totals. The built
//! functions are started once and shared by all cases; natively, where a start is cheap, cases that need the same
//! functions share a deployment of these alone, so that none needs more than its area says.

use std::{
    collections::HashMap,
    env,
    process::ExitCode,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use chancery_tests::{answered, runtime::Runtime, selection::Selection, variables::Variables};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::{
    case::{self, Case},
    clock,
    deployment::Deployment,
};

const CHOICE: &str = "CHANCERY_RUNTIMES";
/// Names of functions: only these are started, and only cases that need no others are run.
const ONLY: &str = "CHANCERY_ONLY";

/// The cases that are run over libSQL when no runtime is picked: above the database it is the native one.
const OVER_LIBSQL: [&str; 7] =
    ["audit_log::", "config_items::", "configuration::", "contention::", "secrets::", "service_key::", "signed::"];

/// How many of the slowest cases the totals name.
const SHOWN: usize = 5;

pub struct Stage {
    scenes: Vec<Arc<Scene>>,
    functions: Selection,
    left_out: Vec<Runtime>,
    /// Whether a runtime was picked, which then has all its cases.
    is_picked: bool,
}

struct Scene {
    runtime: Runtime,
    functions: Selection,
    deployments: Mutex<HashMap<Selection, Arc<Started>>>,
    tally: Mutex<Tally>,
}

type Started = OnceLock<Result<Deployment, String>>;

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    not_run: usize,
    /// Why there is a deployment that could not be started.
    reason: Option<String>,
    time: Duration,
    slowest: HashMap<String, Duration>,
}

impl Stage {
    pub fn from_env() -> Result<Self, String> {
        let (mut scenes, mut left_out) = (Vec::new(), Vec::new());
        let choice = env::var(CHOICE).ok().filter(|choice| !choice.is_empty());
        let chosen: Option<Vec<&str>> = choice.as_deref().map(|choice| choice.split(',').map(str::trim).collect());
        let only = env::var(ONLY).ok().filter(|only| !only.is_empty());
        let functions = only.map_or(Selection::ALL, |only| Selection::of(only.split(',')));
        let known = Runtime::ALL.map(Runtime::name);
        if let Some(unknown) = chosen.iter().flatten().find(|name| !known.contains(name)) {
            return Err(format!("{CHOICE}: there is no runtime {unknown}; there are {}", known.join(", ")));
        }
        for runtime in Runtime::ALL {
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&runtime.name())) {
                let functions = functions.clone();
                scenes.push(Arc::new(Scene {
                    runtime,
                    functions,
                    deployments: Mutex::default(),
                    tally: Mutex::default(),
                }));
            } else {
                left_out.push(runtime);
            }
        }
        Ok(Self { scenes, functions, left_out, is_picked: chosen.is_some() })
    }

    pub fn run(self, arguments: &Arguments, cases: Vec<Case>) -> ExitCode {
        case::keep_panics_quiet();
        let native = self.scenes.iter().any(|scene| matches!(scene.runtime, Runtime::Native));
        let is_whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
        let compares = native && is_whole && self.functions == Selection::ALL;
        if compares && let Err(error) = answered::start() {
            eprintln!("what is answered cannot be recorded: {error}");
        }
        let trials = self.scenes.iter().flat_map(|scene| {
            let of_case = |case: &Case| {
                let (scene, case) = (scene.clone(), case.clone());
                let name = format!("{}::{}", scene.runtime.name(), case.name);
                Trial::test(name, move || scene.play(&case))
            };
            let is_run = |case: &&Case| self.functions.covers(&case.needs) && self.is_chosen(scene.runtime, case);
            cases.iter().filter(is_run).map(of_case).collect::<Vec<_>>()
        });
        let conclusion = libtest_mimic::run(arguments, trials.collect());
        if !arguments.list {
            self.print_totals();
        }
        let failed = conclusion.has_failed() || (compares && !every_documented_status_is_answered());
        // Dropped, not exited: a deployment stops its process and removes its state.
        drop(self);
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn is_chosen(&self, runtime: Runtime, case: &Case) -> bool {
        self.is_picked || runtime != Runtime::Libsql || OVER_LIBSQL.iter().any(|area| case.name.starts_with(area))
    }

    fn print_totals(&self) {
        println!("per runtime:");
        for scene in &self.scenes {
            let tally = scene.tally();
            match tally.reason.as_deref() {
                Some(reason) => println!("  {:9}  NOT RUN ({} cases): {reason}", scene.runtime.name(), tally.not_run),
                None => println!(
                    "  {:9}  {} passed, {} failed, {:.0} s of cases; {}",
                    scene.runtime.name(),
                    tally.passed,
                    tally.failed,
                    tally.time.as_secs_f64(),
                    scene.runtime.engine(),
                ),
            }
            let mut slowest: Vec<_> = tally.slowest.iter().collect();
            slowest.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
            for (name, time) in slowest.into_iter().take(SHOWN) {
                println!("    {:6.1} s  {name}", time.as_secs_f64());
            }
        }
        for runtime in &self.left_out {
            println!("  {:9}  not run: left out by {CHOICE}", runtime.name());
        }
        println!();
    }
}

/// Whether the native cases have produced each status that the OpenAPI documents list.
fn every_documented_status_is_answered() -> bool {
    let Some(file) = answered::file() else {
        println!("nothing was recorded");
        return false;
    };
    let compared = answered::compare(file);
    let _ = std::fs::remove_file(file);
    let (missing, superfluous) = match compared {
        Ok(compared) => compared,
        Err(error) => {
            println!("documented statuses could not be compared: {error}");
            return false;
        }
    };
    for line in &missing {
        println!("answered in no case, or without its entry of the audit log: {line}");
    }
    for line in &superfluous {
        println!("answered, or no longer documented; remove it from tests/suite/uncovered.txt: {line}");
    }
    missing.is_empty() && superfluous.is_empty()
}

impl Scene {
    fn play(&self, case: &Case) -> Result<(), Failed> {
        let started = self.deployment_for(case);
        let deployment = match started.get() {
            Some(Ok(deployment)) => deployment,
            failed => {
                let mut tally = self.tally();
                tally.not_run += 1;
                tally.reason = failed.and_then(|started| started.as_ref().err().cloned());
                return Err(Failed::from(format!("not run: {} could not be started", self.runtime.name())));
            }
        };
        let started = Instant::now();
        let result = case.run(deployment);
        let mut tally = self.tally();
        tally.time += started.elapsed();
        tally.slowest.insert(case.name.clone(), started.elapsed());
        match result {
            Ok(()) => {
                tally.passed += 1;
                Ok(())
            }
            Err(panic) => {
                tally.failed += 1;
                let log = deployment.instance.end_of_log();
                Err(Failed::from(format!("{panic}\nlog of the shared deployment:\n{log}")))
            }
        }
    }

    /// The deployment that a case shares with others, started.
    fn deployment_for(&self, case: &Case) -> Arc<Started> {
        let functions = if self.runtime.is_linked() { &case.needs } else { &self.functions };
        let mut deployments = self.deployments.lock().unwrap_or_else(PoisonError::into_inner);
        let started = deployments.entry(functions.clone()).or_default().clone();
        drop(deployments);
        let start = || {
            // The case before in this thread may have let time pass.
            clock::set_ahead(Duration::ZERO);
            Deployment::start_with(self.runtime, functions.clone(), Variables::random())
        };
        started.get_or_init(|| case::caught(start).unwrap_or_else(Err));
        started
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
