//! The command as a child of this process, which passes signals on to it.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, ExitStatus},
    sync::mpsc,
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2},
    iterator::{SignalsInfo, exfiltrator::WithOrigin},
    low_level::siginfo::{Cause, Origin},
};

use crate::{Error, Result};

const PASSED_ON: [i32; 6] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2];

/// How a command ended.
pub(super) enum Ended {
    By(ExitStatus),
    /// Before it started.
    BySignal(i32),
}

impl Ended {
    /// As shells have it.
    pub fn code(self) -> u8 {
        let code = match self {
            Self::By(status) => status.code().or_else(|| status.signal().map(|signal| 128 + signal)),
            Self::BySignal(signal) => Some(128 + signal),
        };
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
    }
}

/// The signals that reach this process, from now on in a queue.
pub(super) struct Signals(mpsc::Receiver<Origin>);

impl Signals {
    pub fn watch() -> Result<Self> {
        let failed = |error: io::Error| Error::usage(format!("signals cannot be watched: {error}"));
        // What is ignored, as under nohup, stays ignored.
        let wanted = PASSED_ON.into_iter().filter(|signal| !is_ignored(*signal)).chain([SIGCHLD]);
        let mut signals = SignalsInfo::<WithOrigin>::new(wanted).map_err(failed)?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || signals.forever().try_for_each(|origin| sender.send(origin)));
        Ok(Self(receiver))
    }

    /// One that came before there was a command.
    pub fn arrived(&self) -> Option<i32> {
        self.0.try_iter().map(|origin| origin.signal).find(|signal| *signal != SIGCHLD)
    }
}

/// Starts the command and waits for its end.
pub(super) fn run(mut command: Command, program: &OsStr, signals: &Signals) -> Result<Ended> {
    let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| Error::usage(format!("the command is lost: {error}")))? {
            return Ok(Ended::By(status));
        }
        match signals.0.recv() {
            Ok(origin) if origin.signal != SIGCHLD => pass_on(&child, &origin),
            // It may have ended: look again.
            Ok(_) => {}
            Err(_) => return child.wait().map(Ended::By).map_err(|error| Error::usage(error.to_string())),
        }
    }
}

/// A key that is pressed at the terminal reaches the command without us.
fn pass_on(child: &Child, origin: &Origin) {
    let is_key = matches!(origin.cause, Cause::Kernel) && matches!(origin.signal, SIGINT | SIGQUIT);
    if let Some(signal) = Signal::from_named_raw(origin.signal).filter(|_| !is_key) {
        // It may just have ended.
        let _ = kill_process(Pid::from_child(child), signal);
    }
}

/// As env(1) has it: 127 where there is no such command, 126 where it does not start.
fn not_started(program: &OsStr, error: &io::Error) -> Error {
    let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    Error::Command { code, message: format!("{} does not start: {error}", program.display()) }
}

/// As Linux tells it; elsewhere nothing is known to be ignored.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask & (1 << (signal - 1)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_shells() {
        assert_eq!(Ended::By(ExitStatus::from_raw(3 << 8)).code(), 3);
        assert_eq!(Ended::By(ExitStatus::from_raw(9)).code(), 137);
        assert_eq!(Ended::BySignal(SIGTERM).code(), 143);
    }

    #[test]
    fn rust_ignores_one_signal_and_no_other() {
        let sigpipe = 13;
        assert!(is_ignored(sigpipe) && !is_ignored(SIGUSR2));
    }
}
