//! The process around the library: the exit code, and the error on standard error.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use chancery::commands::Cli;

fn main() -> ExitCode {
    match Cli::from_command_line().and_then(Cli::run) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // A closed standard error leaves nobody to write to.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
