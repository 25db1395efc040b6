//! Who may do what. Facts in, decision out; the permission tables are data in `caas` and `licensing`, read by
//! the handlers (through the SQL that [`Action::grants`] feeds) and by the tests alike. Tokens of the Config API
//! have a table of their own, in `config`.

mod caas;
pub mod config;
mod decide;
mod licensing;
mod operation;
pub mod qnsp;

pub use decide::{Action, Answer, Decision, Facts, Membership, Rule, Target};
pub use operation::{Access, Operation};

/// Every rule of every table, for those who want to walk them all.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    licensing::RULES.iter().chain(caas::RULES)
}
