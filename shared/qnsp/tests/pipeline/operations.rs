//! The rows of the operations.

use policy::qnsp::{AddOn, Billable, Controls, Role, Service};
use service::Access;

use crate::things;

const ALL: Controls =
    Controls::of(Service::Auth, Role::Admin).entitled().add_on(AddOn::Byohsm).metered(Billable::RiskEvaluation).bare();
const LITTLE: Controls = Controls::of(Service::Tenant, Role::Viewer);

service::operations! {
    things: {
        create_thing => Access::Qnsp(ALL), "auth.thing.create";
        list_things => Access::Qnsp(LITTLE), "auth.thing.list";
        hello => Access::Qnsp(LITTLE);
        name_me => Access::Qnsp(LITTLE.personal());
        set_billing => Access::Qnsp(Controls::of(Service::Billing, Role::Viewer)), "billing.thing.update";
    }
}
