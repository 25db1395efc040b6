//! The auth service: risk and federation.

mod signal;

pub use signal::{RecordSignal, Severity, Signal, SignalRecorded, SignalType, Signals};
