//! Which record a context means, and which rows of the permission table guard it.

use model::configuration::{Context, Owner};
use policy::Action;
use service::{Authorization, PLATFORM_TENANT, Signed, config_key, context_hash};

/// Every action that an operation may need, by the context that it names.
pub(crate) const FETCH: &[Action] = &[
    Action::FetchCommunityConfig,
    Action::FetchPersonConfig,
    Action::FetchAppConfig,
    Action::FetchReservedAppConfig,
    Action::FetchInternalConfig,
];
pub(crate) const SET: &[Action] = &[
    Action::SetCommunityConfig,
    Action::SetPersonConfig,
    Action::SetAppConfig,
    Action::SetReservedAppConfig,
    Action::SetInternalConfig,
];
pub(crate) const REMOVE: &[Action] = &[
    Action::RemoveCommunityConfig,
    Action::RemovePersonConfig,
    Action::RemoveAppConfig,
    Action::RemoveReservedAppConfig,
    Action::RemoveInternalConfig,
];

#[derive(Clone, Copy)]
pub(crate) enum Doing {
    Fetch,
    Set,
    Remove,
}

/// The record of a context.
pub(crate) struct RecordRef {
    pub context: String,
    /// The key of the record.
    pub key: String,
    /// The tenant of the audit entries.
    pub tenant: String,
    /// In the audit log: the context itself may name a person.
    name: String,
}

impl RecordRef {
    pub(crate) fn new(context: &Context) -> Self {
        let mut name = context_hash(context);
        name.truncate(16);
        let tenant = match &context.owner {
            Owner::Community { tenant, .. } => tenant.as_str(),
            Owner::Person { .. } | Owner::App(_) => PLATFORM_TENANT,
        };
        Self { context: context.canonical(), key: config_key(context), tenant: tenant.to_owned(), name }
    }

    /// What is changed.
    pub(crate) fn subject(&self, key_path: &str) -> String {
        format!("{}/{key_path}", self.name)
    }
}

/// What an operation on a context needs to be allowed. What is internal must be allowed twice.
pub(crate) fn authorize<'a>(
    signed: &'a Signed,
    doing: Doing,
    context: &Context,
    record: &RecordRef,
) -> Authorization<'a> {
    let authorization = signed.authorize_as(action(doing, context)).about(&record.tenant, record.name.as_str());
    let authorization = match &context.owner {
        Owner::Community { community, .. } => authorization.community(community.as_str()),
        Owner::Person { .. } | Owner::App(_) => authorization,
    };
    if !context.internal {
        return authorization;
    }
    authorization.also(match doing {
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
