//! What waits for a tenant's addresses is sent: events to webhooks, notifications to channels.

use service::{App, Result};

use crate::{counters::Outgoing, delivery::Budget, notifications, webhooks};

/// Sends after the answer what there is for a tenant.
pub(crate) fn deliver_later(app: &App, tenant: &str, outgoing: Outgoing) {
    if !outgoing.webhooks && !outgoing.notifications {
        return;
    }
    let (with, tenant) = (app.clone(), tenant.to_owned());
    app.spawn_after_response(Box::pin(async move {
        if let Err(error) = deliver(&with, &tenant, outgoing).await {
            platform::log::error(&format!("deliveries: {}", error.reason()));
        }
    }));
}

/// Neither holds the other up.
pub(crate) async fn deliver(app: &App, tenant: &str, outgoing: Outgoing) -> Result<()> {
    let mut budget = Budget::new();
    let notified = if outgoing.notifications { notifications::deliver(app, tenant, &mut budget).await } else { Ok(()) };
    let sent = if outgoing.webhooks { webhooks::deliver(app, tenant, &mut budget).await } else { Ok(()) };
    notified.and(sent)
}
