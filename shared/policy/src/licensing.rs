//! The permission table of Licensing: one row per action and target, one column per level of the caller.

use model::AuthLevel::{App, AppExt, Basic, Service, ServiceExt, System};

use crate::{
    Action,
    Answer::{Allow as Y, Deny as N, Forbid as F, IfMember as M, IfPresent as P, OwnKey as S},
    Rule, Target,
};

const SYSTEM: Target = Target::Level(&[System]);
const SERVICE: Target = Target::Level(&[Service]);
const NOT_SYSTEM: Target = Target::Level(&[Service, ServiceExt, AppExt, App, Basic]);
const LOWER: Target = Target::Level(&[ServiceExt, AppExt, App, Basic]);
const ANY: Target = Target::Level(&[System, Service, ServiceExt, AppExt, App, Basic]);

#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    //                                                       system service service_ext app_ext app basic
    Rule::new(Action::GetKey,              SYSTEM,          [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::GetKey,              NOT_SYSTEM,      [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::GetCurrentKey,       Target::None,    [Y,     Y,      Y,          Y,      Y,  Y]),
    Rule::new(Action::ListKeys,            Target::None,    [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::SeeKeyInList,        SYSTEM,          [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::SeeKeyInList,        NOT_SYSTEM,      [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::CreateKey,           SYSTEM,          [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::CreateKey,           NOT_SYSTEM,      [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::UpdateKey,           SYSTEM,          [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::UpdateKey,           NOT_SYSTEM,      [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::DeleteKey,           Target::Own,     [S,     S,      N,          N,      N,  N]),
    Rule::new(Action::DeleteKey,           SYSTEM,          [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::DeleteKey,           NOT_SYSTEM,      [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::CheckLicense,        Target::None,    [P,     P,      P,          P,      P,  P]),
    Rule::new(Action::ListCommunityKeys,   Target::None,    [Y,     Y,      M,          M,      M,  M]),
    Rule::new(Action::AddToCommunity,      ANY,             [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::PatchInCommunity,    SYSTEM,          [Y,     N,      N,          N,      N,  N]),
    Rule::new(Action::PatchInCommunity,    SERVICE,         [Y,     Y,      N,          N,      N,  N]),
    Rule::new(Action::PatchInCommunity,    LOWER,           [Y,     Y,      M,          N,      N,  N]),
    Rule::new(Action::RemoveFromCommunity, SYSTEM,          [Y,     F,      F,          F,      F,  F]),
    Rule::new(Action::RemoveFromCommunity, SERVICE,         [Y,     Y,      F,          F,      F,  F]),
    Rule::new(Action::RemoveFromCommunity, LOWER,           [Y,     Y,      M,          F,      F,  F]),
];
