//! The runtimes of this run: each is started when its first case comes, shared by all its cases, and has its own line
//! in the totals.

use std::{
    collections::HashMap,
    env,
    process::ExitCode,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use chancery_tests::{runtime::Runtime, variables::Variables};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::{
    case::{self, Case},
    deployment::Deployment,
};

const CHOICE: &str = "CHANCERY_RUNTIMES";

pub struct Stage {
    scenes: Vec<Arc<Scene>>,
    left_out: Vec<Runtime>,
}

struct Scene {
    runtime: Runtime,
    deployment: OnceLock<Result<Deployment, String>>,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    not_run: usize,
    time: Duration,
    slowest: HashMap<String, Duration>,
}

impl Stage {
    pub fn from_env() -> Result<Self, String> {
        let (mut scenes, mut left_out) = (Vec::new(), Vec::new());
        let choice = env::var(CHOICE).ok().filter(|choice| !choice.is_empty());
        let chosen: Option<Vec<&str>> = choice.as_deref().map(|choice| choice.split(',').map(str::trim).collect());
        let known = Runtime::ALL.map(Runtime::name);
        if let Some(unknown) = chosen.iter().flatten().find(|name| !known.contains(name)) {
            return Err(format!("{CHOICE}: there is no runtime {unknown}; there are {}", known.join(", ")));
        }
        for runtime in Runtime::ALL {
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&runtime.name())) {
                scenes.push(Arc::new(Scene { runtime, deployment: OnceLock::new(), tally: Mutex::default() }));
            } else {
                left_out.push(runtime);
            }
        }
        Ok(Self { scenes, left_out })
    }

    pub fn run(self, arguments: &Arguments, cases: Vec<Case>) -> ExitCode {
        case::keep_panics_quiet();
        let trials = self.scenes.iter().flat_map(|scene| {
            let of_case = |case: &Case| {
                let (scene, case) = (scene.clone(), case.clone());
                let name = format!("{}::{}", scene.runtime.name(), case.name);
                Trial::test(name, move || scene.play(&case))
            };
            cases.iter().map(of_case).collect::<Vec<_>>()
        });
        let conclusion = libtest_mimic::run(arguments, trials.collect());
        if !arguments.list {
            self.print_totals();
        }
        let failed = conclusion.has_failed();
        // Dropped, not exited: a deployment stops its process and removes its state.
        drop(self);
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn print_totals(&self) {
        println!("per runtime:");
        for scene in &self.scenes {
            let tally = scene.tally();
            let reason = scene.deployment.get().and_then(|deployment| deployment.as_ref().err());
            match reason {
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
            if env::var_os("CHANCERY_SLOWEST").is_some() {
                let mut slowest: Vec<_> = tally.slowest.iter().collect();
                slowest.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
                for (name, time) in slowest.into_iter().take(8) {
                    println!("    {:6.1} s  {name}", time.as_secs_f64());
                }
            }
        }
        for runtime in &self.left_out {
            println!("  {:9}  not run: left out by {CHOICE}", runtime.name());
        }
        println!();
    }
}

impl Scene {
    fn play(&self, case: &Case) -> Result<(), Failed> {
        let deployment = self
            .deployment
            .get_or_init(|| case::caught(|| Deployment::start(self.runtime, Variables::random())).unwrap_or_else(Err));
        let Ok(deployment) = deployment else {
            self.tally().not_run += 1;
            return Err(Failed::from(format!("not run: {} could not be started", self.runtime.name())));
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
                Err(Failed::from(panic))
            }
        }
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
