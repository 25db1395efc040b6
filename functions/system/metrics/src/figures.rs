//! The figures. Each is read from an index of what is waiting, or from the last row of each tenant's log, so that a scrape
//! costs the same in an old database as in a new one.

use platform::{Row, Statement};
use service::Result;

use crate::text::Exposition;

/// A metric, and the rows that each value of its label counts; `?1` is now, `?2` the nonce from which on they are kept.
struct Metric {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    rows: &'static [(&'static str, &'static str)],
}

const METRICS: &[Metric] = &[
    Metric {
        name: "chancery_mails",
        help: "Mails of the outbox that wait to be sent, and those of 30 days that were given up.",
        label: "state",
        rows: &[
            ("pending", "portal_mail WHERE next_attempt_at IS NOT NULL"),
            ("failed", "portal_mail WHERE next_attempt_at IS NULL AND sent_at IS NULL"),
        ],
    },
    Metric {
        name: "chancery_deliveries",
        help: "Notifications of QNSP that wait to be sent, and events whose delivery to a webhook failed and is tried again.",
        label: "kind",
        rows: &[("notification", "qnsp_notifications"), ("event", "qnsp_deliveries")],
    },
    Metric {
        name: "chancery_jobs",
        help: "Jobs of QNSP that are not done.",
        label: "kind",
        rows: &[
            ("bias_evaluation", "qnsp_bias_evaluations WHERE status = 'running'"),
            ("classification_scan", "qnsp_classification_scans WHERE status <> 'completed'"),
            ("isolation_audit", "qnsp_isolation_audits WHERE status = 'running'"),
            ("leakage_scan", "qnsp_leakage_scans WHERE status IN ('queued', 'running')"),
            ("search_maintenance", "qnsp_search_maintenance WHERE status IN ('scheduled', 'running')"),
        ],
    },
    Metric {
        name: "chancery_leases",
        help: "Leased credentials that are in force, and those that ended while their user may still be on its server.",
        label: "state",
        rows: &[
            ("live", "qnsp_leases WHERE is_counted = 1 AND is_pending = 0 AND ends_at > ?1"),
            ("overdue", "qnsp_leases WHERE has_user = 1 AND ends_at <= ?1"),
        ],
    },
    Metric {
        name: "chancery_request_nonces",
        help: "Nonces of signed requests that are kept against replay, and those that the next requests delete.",
        label: "state",
        rows: &[("kept", "request_nonces WHERE nonce >= ?2"), ("expired", "request_nonces WHERE nonce < ?2")],
    },
];

/// One row with a column for each value, in their order.
pub(crate) fn select_counts(now: i64, kept_from: String) -> Statement {
    let rows = METRICS.iter().flat_map(|metric| metric.rows).map(|(_, rows)| rows);
    let columns: Vec<_> =
        rows.enumerate().map(|(place, rows)| format!("(SELECT count(*) FROM {rows}) AS n{place}")).collect();
    Statement::new(format!("SELECT {}", columns.join(", "))).bind(now).bind(kept_from)
}

pub(crate) fn write_counts(row: &Row, exposition: &mut Exposition) -> Result<()> {
    let mut place = 0..;
    for metric in METRICS {
        let mut gauge = exposition.gauge(metric.name, metric.help);
        for ((label, _), place) in metric.rows.iter().zip(place.by_ref()) {
            gauge.labelled(metric.label, label, row.get::<i64>(&format!("n{place}"))?);
        }
    }
    Ok(())
}

/// The audit log: every tenant that has entries, by a step from each to the next in the primary key, with its last entry
/// and its last checkpoint.
pub(crate) fn select_logs() -> Statement {
    Statement::new(
        "WITH RECURSIVE tenants (id) AS (SELECT min(tenant_id) FROM audit_entries UNION ALL \
         SELECT (SELECT min(tenant_id) FROM audit_entries WHERE tenant_id > id) FROM tenants WHERE id IS NOT NULL), \
         logs AS (SELECT id, (SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = id) AS last, \
         (SELECT max(tree_size) FROM audit_checkpoints WHERE tenant_id = id) AS signed FROM tenants WHERE id IS NOT NULL) \
         SELECT count(*) AS logs, coalesce(sum(last + 1), 0) AS entries, coalesce(sum(signed), 0) AS signed, \
         coalesce(max((SELECT at FROM audit_entries WHERE tenant_id = id AND leaf_index = last)), 0) AS last_at FROM logs",
    )
}

pub(crate) fn write_logs(row: &Row, exposition: &mut Exposition) -> Result<()> {
    for (column, name, help) in [
        ("logs", "chancery_audit_logs", "Tenants that have an audit log."),
        ("entries", "chancery_audit_entries", "Entries of all audit logs together."),
        ("signed", "chancery_audit_signed_entries", "Entries that a signed checkpoint covers."),
    ] {
        exposition.gauge(name, help).value(row.get::<i64>(column)?);
    }
    let last = row.get::<i64>("last_at")?.div_euclid(1000);
    exposition.gauge("chancery_audit_last_entry_timestamp_seconds", "When the newest entry was recorded.").value(last);
    Ok(())
}
