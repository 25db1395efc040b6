//! The permission table of Config & Consent: one row per action, one column per level of the caller.

use crate::{
    Action,
    Answer::{Allow as Y, Deny as N, IfMember as M},
    Rule, Target,
};

#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    //                                                  system service service_ext app_ext app basic
    Rule::new(Action::FetchSecrets,   Target::None,    [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::PutSecret,      Target::None,    [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::DeleteSecret,   Target::None,    [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::PatchDirectory, Target::None,    [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::RotateRootKey,  Target::None,    [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::ManageTokens,   Target::None,    [Y,     Y,      N,          N,      N,  N]),
];
