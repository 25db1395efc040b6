//! The permission table of Config & Consent: one row per action, one column per level of the caller.

use crate::{
    Action,
    Answer::{Allow as Y, Deny as N, IfMember as M},
    Rule, Target,
};

#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    //                                                        system service service_ext app_ext app basic
    Rule::new(Action::FetchSecrets,            Target::None, [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::PutSecret,               Target::None, [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::DeleteSecret,            Target::None, [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::PatchDirectory,          Target::None, [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::RotateRootKey,           Target::None, [Y,     N,      N,          N,      N,  N]),
    // A configuration by its context; the membership is that in the context's community. What `internal` is set for
    // must be allowed by its own row as well.
    Rule::new(Action::FetchCommunityConfig,    Target::None, [M,     M,      M,          M,      M,  M]),
    Rule::new(Action::SetCommunityConfig,      Target::None, [M,     M,      M,          N,      N,  N]),
    Rule::new(Action::RemoveCommunityConfig,   Target::None, [M,     M,      M,          N,      N,  N]),
    Rule::new(Action::FetchPersonConfig,       Target::None, [Y,     Y,      Y,          Y,      Y,  Y]),
    Rule::new(Action::SetPersonConfig,         Target::None, [Y,     Y,      Y,          Y,      Y,  N]),
    Rule::new(Action::RemovePersonConfig,      Target::None, [Y,     Y,      Y,          Y,      Y,  N]),
    Rule::new(Action::FetchAppConfig,          Target::None, [Y,     Y,      Y,          Y,      Y,  Y]),
    Rule::new(Action::SetAppConfig,            Target::None, [Y,     Y,      Y,          N,      N,  N]),
    Rule::new(Action::RemoveAppConfig,         Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::FetchReservedAppConfig,  Target::None, [Y,     Y,      Y,          Y,      Y,  N]),
    Rule::new(Action::SetReservedAppConfig,    Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::RemoveReservedAppConfig, Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::FetchInternalConfig,     Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::SetInternalConfig,       Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::RemoveInternalConfig,    Target::None, [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::InstallEnvironment,      Target::None, [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::CreateCommunity,         Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::ActivateExtension,       Target::None, [Y,     Y,      Y,          N,      N,  N]),
    Rule::new(Action::DeactivateExtension,     Target::None, [Y,     Y,      Y,          N,      N,  N]),
    Rule::new(Action::ShowExtension,           Target::None, [Y,     Y,      Y,          N,      N,  N]),
    // A consent; the membership is that in its community.
    Rule::new(Action::ReadConsent,             Target::None, [M,     M,      M,          M,      M,  M]),
    Rule::new(Action::PutConsent,              Target::None, [M,     M,      M,          N,      N,  N]),
    Rule::new(Action::ManageTokens,            Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::ReadAudit,               Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::ManagePortal,            Target::None, [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::ManageQnsp,              Target::None, [Y,     Y,      N,          N,      N,  N]),
    // A gateway is trusted with the answer, which is one about keys that it was shown.
    Rule::new(Action::Introspect,              Target::None, [Y,     Y,      N,          N,      Y,  N]),
];
