//! Whose rows a call is about: those of one tenant, or of all for an operator who names none.

use platform::Statement;
use qnsp::Caller;

#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    tenant: &'a str,
    is_all: bool,
}

impl<'a> Scope<'a> {
    pub(crate) fn of(caller: &'a Caller) -> Self {
        Self { tenant: caller.tenant(), is_all: caller.is_operator() && !caller.has_selected() }
    }

    /// SQL with the condition that the column is of one of the tenants in place of `{scope}`; `?1` is the caller's. Two
    /// texts and no condition that fits both, so that each finds its index.
    pub(crate) fn text(self, text: &str, column: &str) -> String {
        let condition = if self.is_all { "?1 IS NOT NULL".to_owned() } else { format!("{column} = ?1") };
        text.replace("{scope}", &condition)
    }

    /// The same as a statement, whose first parameter is bound.
    pub(crate) fn select(self, text: &str, column: &str) -> Statement {
        Statement::new(self.text(text, column)).bind(self.tenant)
    }
}
