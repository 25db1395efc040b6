//! Which events a list asks for, as SQL over the audit log.

use model::{
    qnsp::{
        Text,
        audit::{AuditEvent, EventResult, Severity},
    },
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::glob;
use qnsp::{Cursor, Limit, audit_event::COLUMNS};
use serde::Deserialize;
use serde_json::{Value, json};
use service::Result;
use utoipa::IntoParams;

/// How many events one call looks at, where a filter has no index of its own; and how many of what it finds are held
/// against a pattern that SQL cannot judge.
const WINDOW: i64 = 5_000;
const JUDGED: i64 = 1_000;

/// How far the clocks of two writers may be apart, in milliseconds.
const SKEW: i64 = 600_000;

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct Filter {
    /// A type; `*` stands for any run of characters.
    #[serde(alias = "topic")]
    #[param(value_type = Option<String>)]
    event_type: Option<Text<1, 128>>,
    #[param(inline)]
    severity: Option<Severity>,
    #[param(inline)]
    result: Option<EventResult>,
    #[param(value_type = Option<String>)]
    actor_id: Option<Text<1, 256>>,
    #[param(value_type = Option<String>)]
    resource_id: Option<Text<1, 256>>,
    #[param(value_type = Option<String>)]
    request_id: Option<Text<1, 256>>,
    /// Events that happened at this time or later.
    #[param(value_type = Option<String>)]
    since: Option<IsoTime>,
    /// Events that happened before this time.
    #[param(value_type = Option<String>)]
    until: Option<IsoTime>,
    /// The destination of a retention policy: the events that were archived under it, and no others.
    #[param(value_type = Option<String>)]
    archive: Option<Text<1, 128>>,
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `nextCursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Text<1, 512>>,
}

impl Filter {
    /// What selects the events, besides the position of the page.
    pub fn key(&self) -> Value {
        json!([
            self.event_type(),
            self.severity,
            self.result,
            text(&self.actor_id),
            text(&self.resource_id),
            text(&self.request_id),
            self.since,
            self.until,
            self.archive(),
        ])
    }

    pub fn archive(&self) -> Option<&str> {
        text(&self.archive)
    }

    pub fn limit(&self) -> usize {
        usize::try_from(self.limit.0).unwrap_or(1)
    }

    /// Only events before this index.
    pub fn before(&self, cursors: &Cursor) -> Result<i64> {
        let position = self.cursor.as_ref().map(|cursor| cursors.read(cursor.as_str())).transpose()?;
        Ok(position.unwrap_or(i64::MAX >> 11))
    }

    /// The cursor of the page that begins before an index, if there is one.
    pub fn cursor_at(cursors: &Cursor, next: Option<i64>) -> Result<Option<String>> {
        next.filter(|next| *next > 0).map(|next| cursors.write(&next)).transpose()
    }

    /// The same conditions as those in SQL.
    pub fn matches(&self, event: &AuditEvent) -> bool {
        let is = |wanted: Option<&str>, found: Option<&str>| wanted.is_none() || wanted == found;
        self.event_type().is_none_or(|pattern| glob::matches(pattern, &event.event_type))
            && is(self.severity.map(<&str>::from), Some(&event.severity))
            && self.result.is_none_or(|result| result == event.result)
            && is(text(&self.actor_id), Some(&event.actor.id))
            && is(text(&self.resource_id), event.resource.id.as_deref())
            && is(text(&self.request_id), event.context.request_id.as_deref())
            && self.since.is_none_or(|since| event.timestamp >= since)
            && self.until.is_none_or(|until| event.timestamp < until)
    }

    fn event_type(&self) -> Option<&str> {
        text(&self.event_type)
    }

    /// The pattern, where more of it counts than what stands before its first star.
    fn pattern(&self) -> Option<&str> {
        self.event_type().filter(|pattern| pattern.split_once('*').is_some_and(|(_, rest)| !rest.is_empty()))
    }

    /// Whether an event is of the type that is asked for, where SQL has not judged that.
    pub fn lets_through(&self, event_type: &str) -> bool {
        self.pattern().is_none_or(|pattern| glob::matches(pattern, event_type))
    }

    /// How many rows [`Filter::select`] gives at most.
    pub fn most(&self) -> i64 {
        if self.pattern().is_some() { JUDGED } else { self.limit.0 }
    }

    /// Whether an index finds just what is asked for, so that a page is all that is looked at.
    fn is_found_by_index(&self) -> bool {
        let keys = [self.request_id.is_some(), self.event_type.is_some(), self.actor_id.is_some()];
        let is_pattern = self.event_type().is_some_and(|given| given.contains('*'));
        let is_narrower = self.severity.is_some() || self.result.is_some() || self.resource_id.is_some();
        let has_times = self.since.is_some() || self.until.is_some();
        keys.into_iter().filter(|is_given| *is_given).count() <= 1 && !is_pattern && !is_narrower && !has_times
    }

    /// The events before an index, the newest first, and, unless the page is all that is looked at, the last of those
    /// that were looked at for them, for [`Filter::go_on`]; no row where all were looked at.
    pub fn select(&self, tenant: &str, before: i64) -> (Statement, Option<Statement>) {
        // The most selective filter chooses the index; the others are held against a window of what stands there. The
        // index is named, or the planner takes the primary key and walks over whatever lies between.
        let (index, by) = match self {
            Self { request_id: Some(_), .. } => ("audit_entries_by_request", "request_id = ?3"),
            Self { event_type: Some(given), .. } if !given.as_str().contains('*') => {
                ("audit_events_by_type", "action = ?5")
            }
            Self { actor_id: Some(_), .. } => ("audit_entries_by_actor", "actor = ?4"),
            _ => ("audit_events", "TRUE"),
        };
        let candidates = format!(
            "FROM audit_entries INDEXED BY {index} \
             WHERE tenant_id = ?1 AND {by} AND occurred_at IS NOT NULL AND leaf_index < ?2"
        );
        let last = format!("SELECT leaf_index {candidates} ORDER BY leaf_index DESC LIMIT 1 OFFSET ?13 - 1");
        let has_window = !self.is_found_by_index();
        let from = if has_window { format!("leaf_index >= coalesce(({last}), 0)") } else { "TRUE".to_owned() };
        let found = format!(
            "SELECT {COLUMNS} {candidates} AND {from} \
             AND (?3 IS NULL OR request_id = ?3) AND (?4 IS NULL OR actor = ?4) \
             AND (?5 IS NULL OR action = ?5 OR (?6 AND substr(action, 1, length(?5)) = ?5)) \
             AND (?7 IS NULL OR (outcome = 'done') = ?7) AND (?8 IS NULL OR occurred_at >= ?8) \
             AND (?9 IS NULL OR occurred_at < ?9) AND (?10 IS NULL OR entry ->> '$.detail.severity' = ?10) \
             AND (?11 IS NULL OR (instr(subject, '/') > 0 AND substr(subject, instr(subject, '/') + 1) = ?11)) \
             ORDER BY leaf_index DESC LIMIT ?12"
        );
        let event_type = self.event_type().map(|pattern| pattern.split_once('*').unwrap_or((pattern, "")).0.to_owned());
        let bound = |text: String| {
            Statement::new(text)
                .bind(tenant)
                .bind(before)
                .bind(text_of(&self.request_id))
                .bind(text_of(&self.actor_id))
                .bind(event_type.clone())
                .bind(self.event_type().is_some_and(|pattern| pattern.contains('*')))
                .bind(self.result.map(|result| result == EventResult::Success))
                .bind(self.since.map(|since| since.0))
                .bind(self.until.map(|until| until.0))
                .bind(self.severity.map(|severity| <&str>::from(severity).to_owned()))
                .bind(text_of(&self.resource_id))
                .bind(self.most())
        };
        if !has_window {
            return (bound(found), None);
        }
        let last = format!(
            "SELECT leaf_index, (SELECT at FROM audit_entries e WHERE e.tenant_id = ?1 AND e.leaf_index = l.leaf_index) AS at \
             FROM ({last}) l"
        );
        (bound(found).bind(WINDOW), Some(bound(last).bind(WINDOW)))
    }

    /// Where the next page begins, after the last event that was looked at. What was written before the time that is
    /// asked for has happened before it, too.
    pub fn go_on(&self, last: &Row) -> Result<Option<i64>> {
        let is_too_old = self.since.is_some_and(|since| last.get::<i64>("at").is_ok_and(|at| at < since.0 - SKEW));
        if is_too_old { Ok(None) } else { Ok(Some(last.get("leaf_index")?)) }
    }
}

fn text<const MAX: usize>(given: &Option<Text<1, MAX>>) -> Option<&str> {
    given.as_ref().map(Text::as_str)
}

fn text_of<const MAX: usize>(given: &Option<Text<1, MAX>>) -> Option<String> {
    text(given).map(str::to_owned)
}
