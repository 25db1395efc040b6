//! The panels of a dashboard: where they may stand, what they ask for, and what that gives.

use model::{
    qnsp::observability::{Layout, NewPanel, Panel, PanelType, SeriesPoint},
    time::IsoTime,
};
use platform::{Row, Statement};
use policy::qnsp::{metric::Query, number::round};
use qnsp::{DAY, impossible_fields};
use service::Result;

use crate::series::Series;

/// How far back panels look, in milliseconds.
const SHOWN: i64 = DAY;

/// The decimals of a value.
const DECIMALS: i32 = 6;

/// Refuses panels that leave the grid, stand on another one, or ask for what is no query.
pub(crate) fn check(layout: &Layout, panels: &[NewPanel]) -> Result<()> {
    let mut faults = Vec::new();
    for (index, panel) in panels.iter().enumerate() {
        let field = |name: &str| format!("panels[{index}].{name}");
        let position = &panel.position;
        if position.x.0 + position.w.0 > layout.columns.0 {
            faults.push((field("position.w"), "must end within the columns"));
        }
        if position.y.0 + position.h.0 > layout.rows.0 {
            faults.push((field("position.h"), "must end within the rows"));
        }
        if panels.iter().take(index).any(|other| overlap(other, panel)) {
            faults.push((field("position"), "must not overlap another panel"));
        }
        let query = panel.query.as_ref().filter(|_| panel.kind != PanelType::Text);
        if query.is_some_and(|query| Query::parse(query.as_str()).is_none()) {
            faults.push((field("query"), "must be a recorded series, or sum, avg or max of one over a window"));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(impossible_fields(faults)) }
}

fn overlap(one: &NewPanel, other: &NewPanel) -> bool {
    let (one, other) = (&one.position, &other.position);
    let meet = |start: i64, length: i64, other_start: i64, other_length: i64| {
        start < other_start + other_length && other_start < start + length
    };
    meet(one.x.0, one.w.0, other.x.0, other.w.0) && meet(one.y.0, one.h.0, other.y.0, other.h.0)
}

/// Selects what a panel shows: the points of the last 24 hours, or the windows that reach into them, each with all its
/// points. `None` for a text, and for a series that nothing records yet.
pub(crate) fn select(tenant: &str, panel: &Panel, now: i64) -> Option<Statement> {
    let query = Query::parse(&panel.query).filter(|_| panel.kind != PanelType::Text)?;
    match query {
        Query::Points(metric) => Some(Series::of(tenant, &metric).points(now - SHOWN, now)),
        Query::Windows { fold, metric, window } => {
            let since = now - SHOWN;
            // A point at the very beginning of a window belongs to it.
            let after = since - since.rem_euclid(window) - 1;
            Some(Series::of(tenant, &metric).windows(fold, window, after, now))
        }
    }
}

pub(crate) fn point(row: &Row) -> Result<SeriesPoint> {
    Ok(SeriesPoint { t: IsoTime(row.get("t")?), v: round(row.get("v")?, DECIMALS) })
}
