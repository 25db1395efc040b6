//! The pipeline of the QNSP API: tokens, tenants, roles, limits, idempotency, meters and events, in one order for all
//! operations. What an operation needs of it stands in its row; its handler takes a [`Call`] and gives an answer.

pub mod access;
pub mod agility;
pub mod ai_costs;
pub mod audit_chain;
pub mod audit_event;
mod call;
mod caller;
mod control;
mod counters;
mod cursor;
mod deliveries;
mod delivery;
pub mod deprecation;
pub mod documents;
pub mod due;
mod event;
pub mod hsm;
mod idempotency;
pub mod isolation;
pub mod key_alerts;
pub mod key_usage;
pub mod leases;
mod look;
mod month;
mod notifications;
mod page;
mod period;
mod preparation;
mod refusal;
pub mod secrets;
mod settings;
mod span;
mod subscriptions;
mod tenancy;
#[cfg(test)]
mod test_database;
mod timings;
mod token;
mod usage;
mod webhooks;
mod word;
mod work;

use axum::Router;
use platform::Host;
use service::{App, Routes, Shape};

pub use call::{Call, Nothing};
pub use caller::{Caller, role_required};
pub use counters::{DAY, METERED, USED, counts_since, day_of, prices, reserve};
pub use cursor::Cursor;
pub use delivery::deliver_signed;
pub use event::{Recorded, system_event};
pub use look::Look;
pub use month::AskMonth;
pub use notifications::{AUDIT_CHANNEL, check_channels};
pub use page::{AskPage, Limit, Offset, Page};
pub use period::{Period, PeriodOfDays};
pub use preparation::{MINUTE_OF_CALL, Preparation};
pub use refusal::{conflict, forbidden, impossible, impossible_fields, missing};
pub use service::new_id;
pub use settings::Settings;
pub use span::{LongPeriod, span};
pub use subscriptions::{streamed, subscription_aad};
pub use tenancy::{IssuedKey, NewKey, NewTenant, open_webhook_secret};
pub use token::{KEY_PREFIX, PERSONAL_KEY_PREFIX, key_hash};
pub use usage::Usage;
pub use word::word;
pub use work::Work;

/// A new UUID of version 4 in SQL, for rows whose number is known to the database only.
pub const NEW_UUID: &str = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) \
     || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

/// An instance that knows the settings of the API.
pub async fn app(host: Host) -> App {
    let settings = Settings::load(host.vars.as_ref()).await;
    let app = App::new(host).await;
    app.set(settings);
    app
}

/// Serves a function of the API.
pub async fn serve(host: Host, routes: Routes) -> Router {
    served(app(host).await, routes)
}

/// Serves a function of the API that verifies the audit log, for which it has the service key.
pub async fn serve_with_service_key(host: Host, routes: Routes) -> Router {
    let settings = Settings::load(host.vars.as_ref()).await;
    let app = App::signed(host).await;
    app.set(settings);
    served(app, routes)
}

fn served(app: App, routes: Routes) -> Router {
    let layer = axum::middleware::from_fn_with_state(app.clone(), control::control);
    app.serve(routes.map_router(|router| router.layer(layer)), Shape::Qnsp)
}
