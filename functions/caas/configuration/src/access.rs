//! Which record a context means, and which rows of the permission table guard it.

use model::configuration::{Context, Owner};
use policy::Action;
use service::{Gate, PLATFORM_TENANT, Signed, config_key};

#[derive(Clone, Copy)]
pub(crate) enum Doing {
    Fetch,
    Set,
    Remove,
}

/// A context with what follows from it.
pub(crate) struct Place {
    pub context: String,
    /// The key of the record.
    pub key: String,
    /// Under whom changes are audited.
    pub tenant: String,
}

impl Place {
    pub(crate) fn new(context: &Context) -> Self {
        let key = config_key(context);
        let tenant = match &context.owner {
            Owner::Community { tenant, .. } => tenant.as_str(),
            Owner::Person { .. } | Owner::App(_) => PLATFORM_TENANT,
        };
        Self { context: context.canonical(), key, tenant: tenant.to_owned() }
    }

    /// The record, for the audit log: the context itself may name a person.
    fn record(&self) -> &str {
        self.key.get(..16).unwrap_or(&self.key)
    }

    /// What is changed.
    pub(crate) fn subject(&self, key_path: &str) -> String {
        format!("{}/{key_path}", self.record())
    }
}

/// The gate of an operation on a context. What is internal must be allowed twice.
pub(crate) fn gate<'a>(signed: &'a Signed, doing: Doing, context: &Context, place: &Place) -> Gate<'a> {
    let gate = signed.gate(action(doing, context)).about(&place.tenant, place.record());
    let gate = match &context.owner {
        Owner::Community { community, .. } => gate.community(community.as_str()),
        Owner::Person { .. } | Owner::App(_) => gate,
    };
    if !context.internal {
        return gate;
    }
    gate.also(match doing {
        Doing::Fetch => Action::FetchInternalConfig,
        Doing::Set => Action::SetInternalConfig,
        Doing::Remove => Action::RemoveInternalConfig,
    })
}

fn action(doing: Doing, context: &Context) -> Action {
    match (&context.owner, doing) {
        (Owner::Community { .. }, Doing::Fetch) => Action::FetchCommunityConfig,
        (Owner::Community { .. }, Doing::Set) => Action::SetCommunityConfig,
        (Owner::Community { .. }, Doing::Remove) => Action::RemoveCommunityConfig,
        (Owner::Person { .. }, Doing::Fetch) => Action::FetchPersonConfig,
        (Owner::Person { .. }, Doing::Set) => Action::SetPersonConfig,
        (Owner::Person { .. }, Doing::Remove) => Action::RemovePersonConfig,
        (Owner::App(_), Doing::Fetch) if context.is_reserved_app() => Action::FetchReservedAppConfig,
        (Owner::App(_), Doing::Set) if context.is_reserved_app() => Action::SetReservedAppConfig,
        (Owner::App(_), Doing::Remove) if context.is_reserved_app() => Action::RemoveReservedAppConfig,
        (Owner::App(_), Doing::Fetch) => Action::FetchAppConfig,
        (Owner::App(_), Doing::Set) => Action::SetAppConfig,
        (Owner::App(_), Doing::Remove) => Action::RemoveAppConfig,
    }
}
