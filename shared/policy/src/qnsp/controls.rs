//! What the row of an operation says about who may call it and what a call counts for. The pipeline, the OpenAPI
//! document and the authorisation matrix of the tests read it.

use super::{AddOn, Billable, Role, Service};

/// The controls of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls {
    pub service: Service,
    /// The least role that may call it.
    pub least: Role,
    /// Whether only programs and operators may call it.
    pub for_programs: bool,
    /// Whether this is the activation of an SDK: any good token may, whatever its roles, unless its tenant is suspended.
    pub activation: bool,
    /// Whether the tenant's tier must have the service.
    pub entitled: bool,
    /// The add-on that the tenant must have.
    pub add_on: Option<AddOn>,
    /// The success of an administrator's control is an event of medium severity.
    pub admin: bool,
    /// The billable operation that a success is metered as.
    pub billable: Option<Billable>,
    /// Whether an operator may name a tenant that does not exist yet.
    pub names_new_tenant: bool,
    /// Whether the answer is for the caller alone: an `Idempotency-Key` of another user says nothing here.
    pub personal: bool,
    /// Whether the path is also served without its first segment, as the first catalogue has it.
    pub bare: bool,
}

impl Controls {
    /// An operation that any tenant may call with this role.
    #[must_use]
    pub const fn of(service: Service, least: Role) -> Self {
        Self {
            service,
            least,
            for_programs: false,
            activation: false,
            entitled: false,
            add_on: None,
            admin: false,
            billable: None,
            names_new_tenant: false,
            personal: false,
            bare: false,
        }
    }

    /// Whether the highest role of a token is enough.
    #[must_use]
    pub fn admit(&self, role: Option<Role>) -> bool {
        if self.activation {
            return true;
        }
        let Some(role) = role else { return false };
        role.is_at_least(self.least) && (!self.for_programs || matches!(role, Role::Service | Role::PlatformAdmin))
    }

    /// Whether a suspended tenant is refused.
    #[must_use]
    pub fn refuses_suspended(&self) -> bool {
        self.service != Service::Billing || self.activation
    }

    #[must_use]
    pub const fn activation(self) -> Self {
        Self { activation: true, ..self }
    }

    #[must_use]
    pub const fn for_programs(self) -> Self {
        Self { for_programs: true, ..self }
    }

    #[must_use]
    pub const fn entitled(self) -> Self {
        Self { entitled: true, ..self }
    }

    #[must_use]
    pub const fn add_on(self, add_on: AddOn) -> Self {
        Self { add_on: Some(add_on), ..self }
    }

    #[must_use]
    pub const fn admin(self) -> Self {
        Self { admin: true, ..self }
    }

    #[must_use]
    pub const fn metered(self, billable: Billable) -> Self {
        Self { billable: Some(billable), ..self }
    }

    #[must_use]
    pub const fn for_new_tenant(self) -> Self {
        Self { names_new_tenant: true, ..self }
    }

    #[must_use]
    pub const fn personal(self) -> Self {
        Self { personal: true, ..self }
    }

    #[must_use]
    pub const fn bare(self) -> Self {
        Self { bare: true, ..self }
    }
}
