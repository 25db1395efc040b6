//! `chancery-bench`: what the operations cost on each runtime, beside the floor and beside the native functions, in
//! one run. `scripts/bench` builds what is measured and calls this.

mod caller;
mod config_api;
mod configuration;
mod connection;
mod consents;
mod deployment;
mod load;
mod measure;
mod native;
mod operation;
mod peers;
#[cfg(test)]
mod plans;
mod process;
mod qnsp;
mod recorded;
mod report;
mod rows;
mod sizes;
mod stored;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand, ValueEnum as _};
use deployment::Engine;

#[derive(Parser)]
#[command(about = "Measures requests per second and CPU time per request")]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    plan: Plan,
}

#[derive(clap::Args, Clone)]
struct Plan {
    /// Only rows whose name holds one of these words; all rows without any
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
    /// Seconds per cell, after a warm-up half as long
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Kept-alive connections, each with a key pair of its own
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Service keys, secrets and items that are stored; the whole table is measured at the first
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    sizes: Vec<u32>,
    /// 1,000 rows only, one second per cell
    #[arg(long)]
    quick: bool,
    /// Only these runtimes; all that are there without it
    #[arg(long = "runtime")]
    runtimes: Vec<Engine>,
    /// Where state is kept while it is needed
    #[arg(long)]
    state: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Part {
    /// Serve the native functions and the floor; the bench starts this itself
    #[command(hide = true)]
    ServeNative { state: PathBuf },
    /// Measure configuration, secrets, keys, leases and durable changes beside etcd, OpenBao, PostgreSQL and the disk
    Peers {
        /// Only rows whose name holds one of these words
        #[arg(value_name = "ROW")]
        rows: Vec<String>,
    },
    /// Measure what operations leave in the database, natively
    Stored {
        /// Requests of each operation
        #[arg(long, default_value_t = 2_000)]
        count: u32,
        /// Only operations whose name holds one of these words
        #[arg(value_name = "ROW")]
        rows: Vec<String>,
    },
}

impl Plan {
    fn settled(mut self) -> Self {
        if self.quick {
            self.seconds = self.seconds.min(1.0);
            self.sizes.truncate(1);
        }
        if self.runtimes.is_empty() {
            self.runtimes = Engine::value_variants().to_vec();
        }
        // The native functions come first: they are what the others are compared with.
        self.runtimes.sort();
        self
    }

    fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|word| row.to_lowercase().contains(&word.to_lowercase()))
    }

    fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.part {
        Some(Part::ServeNative { state }) => native::serve(&state),
        Some(Part::Peers { rows }) => peers::run(&Plan { rows, ..arguments.plan }.settled()),
        Some(Part::Stored { count, rows }) => stored::run(&Plan { rows, ..arguments.plan }.settled(), count),
        None => measure::run(&arguments.plan.settled()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chancery-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
