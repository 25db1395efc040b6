//! Guards: conditions without which nothing of a batch happens. All guards of a batch are one statement, either one that
//! selects them or one that breaks the batch and names the first that does not hold.

use std::borrow::Cow;

use platform::{SqlError, SqlValue, Statement};

use crate::Error;

/// The table whose columns `g0`, `g1` … refuse NULL. No row is ever stored in it: a guard that does not hold breaks the
/// batch, and the error names its column.
const GUARDS: &str = "guards";

/// How many guards a batch may have: the number of columns of that table.
pub(crate) const MOST_GUARDS: usize = 16;

/// A condition without which nothing of a batch happens, and the refusal that it stands for.
#[derive(Clone)]
pub struct Guard {
    /// A boolean SQL expression with parameters of its own, from `?1` on.
    condition: Statement,
    pub(crate) refusal: Error,
    pub(crate) is_recorded: bool,
}

impl Guard {
    pub fn new(condition: impl Into<Cow<'static, str>>, refusal: Error) -> Self {
        Self { condition: Statement::new(condition), refusal, is_recorded: false }
    }

    #[must_use]
    pub fn bind(mut self, value: impl Into<SqlValue>) -> Self {
        self.condition = self.condition.bind(value);
        self
    }

    /// The refusal is an entry of the audit log: the caller is known, and may not do this.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { is_recorded: true, ..self }
    }
}

/// `SELECT (…) AS g0, (…) AS g1 …`
pub(crate) fn select(guards: &[Guard]) -> Statement {
    let (conditions, params) = merged(guards);
    let columns: Vec<_> =
        conditions.iter().enumerate().map(|(index, condition)| format!("({condition}) AS g{index}")).collect();
    Statement { params, ..Statement::new(format!("SELECT {}", columns.join(", "))) }
}

/// Writes nothing where all guards hold. Otherwise it tries to store a row in which the column of each guard that does
/// not hold is NULL; SQLite names the first of them.
pub(crate) fn abort_unless(guards: &[Guard]) -> Statement {
    let (conditions, params) = merged(guards);
    // What the table has more columns than there are guards is filled.
    let columns: Vec<_> = (0..MOST_GUARDS).map(|index| format!("g{index}")).collect();
    let values: Vec<_> = (0..MOST_GUARDS)
        .map(|index| {
            conditions.get(index).map_or("1".to_owned(), |condition| format!("CASE WHEN ({condition}) THEN 1 END"))
        })
        .collect();
    let all: Vec<_> = conditions.iter().map(|condition| format!("coalesce(({condition}), 0)")).collect();
    let text = format!(
        "INSERT INTO {GUARDS} ({}) SELECT {} WHERE NOT ({})",
        columns.join(", "),
        values.join(", "),
        all.join(" AND ")
    );
    Statement { params, ..Statement::new(text) }
}

/// The conditions as parts of one statement: their parameters follow each other.
fn merged(guards: &[Guard]) -> (Vec<String>, Vec<SqlValue>) {
    let mut params = Vec::new();
    let conditions = guards.iter().take(MOST_GUARDS).map(|guard| {
        let condition = renumbered(&guard.condition.text, params.len());
        params.extend(guard.condition.params.iter().cloned());
        condition
    });
    let conditions = conditions.collect();
    (conditions, params)
}

/// The same expression with each `?N` as `?(N + by)`. Texts between quotes stay as they are.
fn renumbered(condition: &str, by: usize) -> String {
    let mut text = String::with_capacity(condition.len() + 8);
    let mut is_quoted = false;
    let mut rest = condition.chars().peekable();
    while let Some(character) = rest.next() {
        text.push(character);
        is_quoted ^= character == '\'';
        if character != '?' || is_quoted {
            continue;
        }
        let mut number = 0_usize;
        while let Some(digit) = rest.peek().and_then(|character| character.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            rest.next();
        }
        text.push_str(&(number + by).to_string());
    }
    text
}

/// Which guard broke the batch.
pub(crate) fn failed(error: &SqlError) -> Option<usize> {
    let SqlError::NotNull(column) = error else { return None };
    column.strip_prefix(GUARDS)?.strip_prefix(".g")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_merged_guards_follow_each_other() {
        let guards = [
            Guard::new("EXISTS (SELECT 1 FROM a WHERE b = ?1 AND c = '?1 it''s ?')", Error::forbidden()).bind("x"),
            Guard::new("?2 > ?1", Error::forbidden()).bind(1).bind(2),
        ];
        let merged = abort_unless(&guards);
        assert!(merged.text.contains("b = ?1 AND c = '?1 it''s ?'"), "{}", merged.text);
        assert!(merged.text.contains("(?3 > ?2)"), "{}", merged.text);
        assert_eq!(merged.params, ["x".into(), 1.into(), 2.into()] as [SqlValue; 3]);
    }

    #[test]
    fn the_error_names_the_guard() {
        let error = SqlError::from_text("D1_ERROR: NOT NULL constraint failed: guards.g11: SQLITE_CONSTRAINT");
        assert_eq!(failed(&error), Some(11));
        assert_eq!(failed(&SqlError::NotNull("request_nonces.caller".to_owned())), None);
    }
}
