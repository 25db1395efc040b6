//! Who may do what, written out by hand from the documented permissions, and not from `policy`: the tables there must
//! say the same in every combination of facts.

use model::AuthLevel::{self, App, AppExt, Basic, Service, ServiceExt, System};
use policy::{Action, Decision, Facts, Membership};

use crate::{
    case::{Case, case},
    deployment::Deployment,
};

pub fn cases() -> Vec<Case> {
    vec![case(the_tables_of_policy_say_the_same)]
}

/// What a caller of some level gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Yes,
    /// 401.
    No,
    /// 403.
    Forbidden,
    /// Only as a valid member of the community, otherwise 401.
    Member,
    /// Only as a valid member of the community, otherwise 403.
    MemberElseForbidden,
    /// Any member, valid or not, otherwise 401.
    Present,
    /// 400.
    Own,
}

use Cell::{Forbidden as F, Member as M, MemberElseForbidden as MF, No as N, Own as O, Present as P, Yes as Y};

const EVERY: &[AuthLevel] = &[System, Service, ServiceExt, AppExt, App, Basic];
const LOWER: &[AuthLevel] = &[ServiceExt, AppExt, App, Basic];
const NOT_SYSTEM: &[AuthLevel] = &[Service, ServiceExt, AppExt, App, Basic];

/// Action, levels of the target (none where no key is the target), cells by the caller's level in the order of `EVERY`.
#[rustfmt::skip]
const TABLE: &[(Action, &[AuthLevel], [Cell; 6])] = &[
    //                                              system service s_ext a_ext app basic
    (Action::GetKey,              &[System],       [Y, N, N, N, N, N]),
    (Action::GetKey,              NOT_SYSTEM,      [Y, Y, N, N, N, N]),
    (Action::GetCurrentKey,       &[],             [Y, Y, Y, Y, Y, Y]),
    (Action::ListKeys,            &[],             [Y, Y, N, N, N, N]),
    (Action::SeeKeyInList,        &[System],       [Y, N, N, N, N, N]),
    (Action::SeeKeyInList,        NOT_SYSTEM,      [Y, Y, N, N, N, N]),
    (Action::CreateKey,           &[System],       [Y, N, N, N, N, N]),
    (Action::CreateKey,           NOT_SYSTEM,      [Y, Y, N, N, N, N]),
    (Action::UpdateKey,           &[System],       [Y, N, N, N, N, N]),
    (Action::UpdateKey,           NOT_SYSTEM,      [Y, Y, N, N, N, N]),
    (Action::DeleteKey,           &[System],       [Y, N, N, N, N, N]),
    (Action::DeleteKey,           NOT_SYSTEM,      [Y, Y, N, N, N, N]),
    (Action::CheckLicense,        &[],             [P, P, P, P, P, P]),
    (Action::ListCommunityKeys,   &[],             [Y, Y, M, M, M, M]),
    (Action::AddToCommunity,      EVERY,           [Y, Y, M, N, N, N]),
    (Action::PatchInCommunity,    &[System],       [Y, N, N, N, N, N]),
    (Action::PatchInCommunity,    &[Service],      [Y, Y, N, N, N, N]),
    (Action::PatchInCommunity,    LOWER,           [Y, Y, M, N, N, N]),
    (Action::RemoveFromCommunity, &[System],       [Y, F, F, F, F, F]),
    (Action::RemoveFromCommunity, &[Service],      [Y, Y, F, F, F, F]),
    (Action::RemoveFromCommunity, LOWER,           [Y, Y, MF, F, F, F]),
    (Action::FetchSecrets,        &[],             [Y, Y, M, N, N, N]),
    (Action::PutSecret,           &[],             [Y, Y, M, N, N, N]),
    (Action::DeleteSecret,        &[],             [Y, Y, M, N, N, N]),
    (Action::PatchDirectory,      &[],             [Y, N, N, N, N, N]),
    (Action::RotateRootKey,       &[],             [Y, N, N, N, N, N]),
    (Action::FetchCommunityConfig,    &[], [M, M, M, M, M, M]),
    (Action::SetCommunityConfig,      &[], [M, M, M, N, N, N]),
    (Action::RemoveCommunityConfig,   &[], [M, M, M, N, N, N]),
    (Action::FetchPersonConfig,       &[], [Y, Y, Y, Y, Y, Y]),
    (Action::SetPersonConfig,         &[], [Y, Y, Y, Y, Y, N]),
    (Action::RemovePersonConfig,      &[], [Y, Y, Y, Y, Y, N]),
    (Action::FetchAppConfig,          &[], [Y, Y, Y, Y, Y, Y]),
    (Action::SetAppConfig,            &[], [Y, Y, Y, N, N, N]),
    (Action::RemoveAppConfig,         &[], [Y, Y, N, N, N, N]),
    (Action::FetchReservedAppConfig,  &[], [Y, Y, Y, Y, Y, N]),
    (Action::SetReservedAppConfig,    &[], [Y, Y, N, N, N, N]),
    (Action::RemoveReservedAppConfig, &[], [Y, Y, N, N, N, N]),
    (Action::FetchInternalConfig,     &[], [Y, Y, N, N, N, N]),
    (Action::SetInternalConfig,       &[], [Y, Y, N, N, N, N]),
    (Action::RemoveInternalConfig,    &[], [Y, N, N, N, N, N]),
    (Action::InstallEnvironment,      &[], [Y, N, N, N, N, N]),
    (Action::CreateCommunity,         &[], [Y, Y, N, N, N, N]),
    (Action::ActivateExtension,       &[], [Y, Y, Y, N, N, N]),
    (Action::DeactivateExtension,     &[], [Y, Y, Y, N, N, N]),
    (Action::ShowExtension,           &[], [Y, Y, Y, N, N, N]),
    (Action::ReadConsent,             &[], [M, M, M, M, M, M]),
    (Action::PutConsent,              &[], [M, M, M, N, N, N]),
    (Action::ManageTokens,            &[], [Y, Y, N, N, N, N]),
    (Action::ReadAudit,               &[], [Y, Y, N, N, N, N]),
    (Action::ManagePortal,            &[], [Y, Y, N, N, N, N]),
    (Action::ManageQnsp,          &[],             [Y, Y, N, N, N, N]),
    (Action::Introspect,              &[], [Y, Y, N, N, Y, N]),
];

/// Deleting the key that signs the request.
const DELETE_OWN: [Cell; 6] = [O, O, N, N, N, N];

/// The cell of an action, of the target's level if a key is the target, and of the caller's level.
pub fn cell(action: Action, target: Option<AuthLevel>, own: bool, caller: AuthLevel) -> Cell {
    let column = EVERY.iter().position(|level| *level == caller).unwrap();
    if own && action == Action::DeleteKey {
        return DELETE_OWN[column];
    }
    let covers = |targets: &[AuthLevel]| target.map_or(targets.is_empty(), |target| targets.contains(&target));
    let rows: Vec<_> = TABLE.iter().filter(|(of, targets, _)| *of == action && covers(targets)).collect();
    assert_eq!(rows.len(), 1, "{action:?} on {target:?} has {} rows", rows.len());
    rows[0].2[column]
}

/// The status of an answer, given the one of success and the caller's standing in the community.
pub fn status(cell: Cell, membership: Membership, success: u16) -> u16 {
    match (cell, membership) {
        (Cell::Yes, _)
        | (Cell::Member | Cell::MemberElseForbidden | Cell::Present, Membership::Valid)
        | (Cell::Present, Membership::Withdrawn) => success,
        (Cell::No | Cell::Member | Cell::Present, _) => 401,
        (Cell::Forbidden | Cell::MemberElseForbidden, _) => 403,
        (Cell::Own, _) => 400,
    }
}

fn the_tables_of_policy_say_the_same(_: &Deployment) {
    let mut compared = 0;
    for action in Action::ALL {
        let of_keys = TABLE.iter().any(|(of, targets, _)| *of == action && !targets.is_empty());
        let targets: Vec<_> = if of_keys { EVERY.iter().copied().map(Some).collect() } else { vec![None] };
        for target in targets {
            for caller in EVERY.iter().copied() {
                for membership in [Membership::None, Membership::Withdrawn, Membership::Valid] {
                    for own in [false, true] {
                        // A key that is the caller's own has the caller's level.
                        if own && target != Some(caller) {
                            continue;
                        }
                        let expected = match status(cell(action, target, own, caller), membership, 200) {
                            200 => Decision::Allow,
                            401 => Decision::Unauthorized,
                            403 => Decision::Forbidden,
                            _ => Decision::OwnKey,
                        };
                        let facts = Facts { caller, membership, target, own };
                        assert_eq!(action.decide(facts), expected, "{action:?} with {facts:?}");
                        compared += 1;
                    }
                }
            }
        }
    }
    // 36 actions have no target: 6 callers × 3 memberships. 8 are about a key: that times 6 targets, and the own key.
    assert_eq!(compared, 36 * 18 + 8 * (108 + 18));
}
