//! What streams and webhooks have in common.

use platform::Statement;

/// Counts events that were written to a stream or delivered.
pub fn streamed(tenant: &str, subscription: Option<&str>, events: i64, now: i64) -> Vec<Statement> {
    let total = Statement::new(
        "INSERT INTO qnsp_streamed (tenant_id, events) VALUES (?1, ?2) \
         ON CONFLICT (tenant_id) DO UPDATE SET events = events + excluded.events",
    );
    let mut statements = vec![total.bind(tenant).bind(events)];
    if let Some(subscription) = subscription {
        let own = Statement::new(
            "UPDATE qnsp_subscriptions SET delivered = delivered + ?3, last_event_at = ?4 WHERE tenant_id = ?1 AND id = ?2",
        );
        statements.push(own.bind(tenant).bind(subscription).bind(events).bind(now));
    }
    statements
}

/// The secret of a subscription opens in its row only.
pub fn subscription_aad<'a>(tenant: &'a str, id: &'a str) -> [&'a [u8]; 3] {
    [b"qnsp-subscription-secret", tenant.as_bytes(), id.as_bytes()]
}
