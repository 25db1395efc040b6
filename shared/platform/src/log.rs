//! One line per event, for operators. Callers never put a secret or a value into it.

pub fn error(line: &str) {
    crate::runtime::log_error(line);
}
