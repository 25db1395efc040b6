//! What was metered elsewhere.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{body, ids::Uuid, qnsp::Text, time::IsoTime};

const MOST: f64 = 1e9;

body! {
    /// One meter of a tenant.
    pub struct Meter {
        pub tenant_id: Uuid as "tenantId",
        /// A billable operation.
        pub meter_type: Text<1, 256> as "meterType",
        /// Greater than 0.
        pub quantity: f64 as "quantity",
        /// Now if not given; within the last 400 days.
        pub recorded_at: Option<IsoTime> as "recordedAt",
    } where faults {
        if let Some(quantity) = &quantity {
            let is_in_range = *quantity > 0.0 && *quantity <= MOST;
            faults.check(is_in_range, "quantity", "must be greater than 0 and at most 1000000000");
        }
    }
}

body! {
    /// 1 to 1,000 meters, which are taken all or none.
    pub struct NewMeters {
        pub meters: Vec<Meter> as "meters",
    } where faults {
        if let Some(meters) = &meters {
            faults.check((1..=1000).contains(&meters.len()), "meters", "must have 1 to 1000 items");
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct MetersAccepted {
    pub accepted: usize,
}
