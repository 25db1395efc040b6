//! What falls due of tenants though nobody calls. The code that carries it out is that of calls, and takes a caller: here
//! it is nobody, of the tenant in the column `tenant_id` of a piece.

use platform::{Row, Task};
use service::{App, Due, Result};

use crate::{Caller, counters::Outgoing, deliveries::deliver};

impl Caller {
    /// Nobody, of the tenant that a piece of due work is of.
    pub fn of_piece(app: &App, piece: &Row) -> Result<Self> {
        Ok(Self::nobody(app, piece.get::<String>("tenant_id")?))
    }
}

/// The work of jobs that reads carry out as well: rows of a table with `tenant_id`, `id` and the status `running`, and the function
/// that adds to a batch what becomes of one of them, or that it is done already.
#[macro_export]
macro_rules! due_jobs {
    ($table:literal, $complete:path) => {
        ::service::Due {
            select: || concat!("SELECT tenant_id, id FROM ", $table, " WHERE status = 'running'").to_owned(),
            carry_out: |app, piece| {
                Box::pin(async move {
                    let mut batch = ::service::Anonymous::background(app).batch();
                    let id: String = piece.get("id")?;
                    $complete(&$crate::Caller::of_piece(app, piece)?, &mut batch, Some(&id)).await?;
                    batch.write().await.map(drop)
                })
            },
        }
    };
}

/// Events for webhooks, and what channels are told, of all functions: of tenants for whom some waits.
pub const DELIVERIES: Due = Due { select: || SELECT.to_owned(), carry_out: deliver_piece };

const SELECT: &str = "SELECT tenant_id, max(is_event) AS has_events, min(is_event) = 0 AS has_notifications FROM \
     (SELECT tenant_id, 0 AS is_event FROM qnsp_notifications WHERE next_at <= ?1 \
     UNION SELECT tenant_id, 1 FROM qnsp_subscriptions s WHERE destination = 'webhook' AND status = 'active' \
     AND claimed_until <= ?1 AND (next_index <= coalesce((SELECT leaf_index FROM audit_entries INDEXED BY audit_events \
     WHERE tenant_id = s.tenant_id AND occurred_at IS NOT NULL ORDER BY leaf_index DESC LIMIT 1), -1) OR EXISTS \
     (SELECT 1 FROM qnsp_deliveries d WHERE d.tenant_id = s.tenant_id AND d.subscription_id = s.id AND d.next_at <= ?1))) \
     GROUP BY tenant_id";

fn deliver_piece<'a>(app: &'a App, piece: &'a Row) -> Task<'a, Result<()>> {
    Box::pin(async move {
        let outgoing = Outgoing { webhooks: piece.get("has_events")?, notifications: piece.get("has_notifications")? };
        deliver(app, &piece.get::<String>("tenant_id")?, outgoing).await
    })
}
