//! The vocabulary of the tables, and the one function that reads them.

use std::sync::OnceLock;

use model::AuthLevel;

/// What a caller wants to do. One per kind of operation, whatever path it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    GetKey,
    GetCurrentKey,
    ListKeys,
    SeeKeyInList,
    CreateKey,
    UpdateKey,
    DeleteKey,
    CheckLicense,
    ListCommunityKeys,
    AddToCommunity,
    PatchInCommunity,
    RemoveFromCommunity,
    FetchSecrets,
    PutSecret,
    DeleteSecret,
    PatchDirectory,
    RotateRootKey,
    FetchCommunityConfig,
    SetCommunityConfig,
    RemoveCommunityConfig,
    FetchPersonConfig,
    SetPersonConfig,
    RemovePersonConfig,
    FetchAppConfig,
    SetAppConfig,
    RemoveAppConfig,
    FetchReservedAppConfig,
    SetReservedAppConfig,
    RemoveReservedAppConfig,
    FetchInternalConfig,
    SetInternalConfig,
    RemoveInternalConfig,
    ReadConsent,
    PutConsent,
    ManageTokens,
    ReadAudit,
    ManagePortal,
    ManageQnsp,
    InstallEnvironment,
    CreateCommunity,
    ActivateExtension,
    DeactivateExtension,
    ShowExtension,
    Introspect,
}

/// What an action is done to, as far as a rule cares.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// No licence key is the target.
    None,
    /// A key of one of these levels.
    Level(&'static [AuthLevel]),
    /// The caller's own key, whatever its level. Stands before the rows by level.
    Own,
}

/// One cell of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allow,
    /// Allowed with a valid membership in the community: present, authorised, not expired.
    IfMember,
    /// Allowed with any membership in the community, even a withdrawn one.
    IfPresent,
    /// 401.
    Deny,
    /// As `Deny`, but the contract lists 403. Membership cells of such a row deny with 403 too.
    Forbid,
    /// 400: nobody does this to the key that signs the request.
    OwnKey,
}

#[derive(Debug)]
pub struct Rule {
    pub action: Action,
    pub target: Target,
    answers: [Answer; 6],
}

/// The caller's standing in the community that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    None,
    /// Present, but not authorised or expired.
    Withdrawn,
    Valid,
}

/// What is known about a request when it is judged. The caller is enabled and has not expired.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub caller: AuthLevel,
    pub membership: Membership,
    /// The level of the target key; `None` when there is no target or it does not exist.
    pub target: Option<AuthLevel>,
    pub own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Unauthorized,
    Forbidden,
    OwnKey,
    /// The caller may do this to some key, but there is no such key.
    NoTarget,
}

impl Rule {
    pub(crate) const fn new(action: Action, target: Target, answers: [Answer; 6]) -> Self {
        Self { action, target, answers }
    }

    /// The cell of a caller's level.
    pub fn answer(&self, caller: AuthLevel) -> Answer {
        let [system, service, service_ext, app_ext, app, basic] = self.answers;
        match caller {
            AuthLevel::System => system,
            AuthLevel::Service => service,
            AuthLevel::ServiceExt => service_ext,
            AuthLevel::AppExt => app_ext,
            AuthLevel::App => app,
            AuthLevel::Basic => basic,
        }
    }

    fn covers(&self, facts: Facts) -> bool {
        match self.target {
            Target::None => true,
            Target::Own => facts.own,
            Target::Level(levels) => facts.target.is_some_and(|target| levels.contains(&target)),
        }
    }

    fn decide(&self, facts: Facts) -> Decision {
        let denial = if self.answers.contains(&Answer::Forbid) { Decision::Forbidden } else { Decision::Unauthorized };
        match (self.answer(facts.caller), facts.membership) {
            (Answer::Allow, _)
            | (Answer::IfMember, Membership::Valid)
            | (Answer::IfPresent, Membership::Valid | Membership::Withdrawn) => Decision::Allow,
            (Answer::OwnKey, _) => Decision::OwnKey,
            (Answer::IfMember | Answer::IfPresent | Answer::Deny | Answer::Forbid, _) => denial,
        }
    }
}

impl Action {
    pub const ALL: [Self; 44] = [
        Self::GetKey,
        Self::GetCurrentKey,
        Self::ListKeys,
        Self::SeeKeyInList,
        Self::CreateKey,
        Self::UpdateKey,
        Self::DeleteKey,
        Self::CheckLicense,
        Self::ListCommunityKeys,
        Self::AddToCommunity,
        Self::PatchInCommunity,
        Self::RemoveFromCommunity,
        Self::FetchSecrets,
        Self::PutSecret,
        Self::DeleteSecret,
        Self::PatchDirectory,
        Self::RotateRootKey,
        Self::FetchCommunityConfig,
        Self::SetCommunityConfig,
        Self::RemoveCommunityConfig,
        Self::FetchPersonConfig,
        Self::SetPersonConfig,
        Self::RemovePersonConfig,
        Self::FetchAppConfig,
        Self::SetAppConfig,
        Self::RemoveAppConfig,
        Self::FetchReservedAppConfig,
        Self::SetReservedAppConfig,
        Self::RemoveReservedAppConfig,
        Self::FetchInternalConfig,
        Self::SetInternalConfig,
        Self::RemoveInternalConfig,
        Self::ReadConsent,
        Self::PutConsent,
        Self::ManageTokens,
        Self::ReadAudit,
        Self::ManagePortal,
        Self::ManageQnsp,
        Self::InstallEnvironment,
        Self::CreateCommunity,
        Self::ActivateExtension,
        Self::DeactivateExtension,
        Self::ShowExtension,
        Self::Introspect,
    ];

    /// The word for it in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetKey => "license.read",
            Self::GetCurrentKey => "license.read-own",
            Self::ListKeys | Self::SeeKeyInList => "license.list",
            Self::CreateKey => "license.create",
            Self::UpdateKey => "license.update",
            Self::DeleteKey => "license.delete",
            Self::CheckLicense => "license.check",
            Self::ListCommunityKeys => "authorization.list",
            Self::AddToCommunity => "authorization.add",
            Self::PatchInCommunity => "authorization.update",
            Self::RemoveFromCommunity => "authorization.remove",
            Self::FetchSecrets => "secret.read",
            Self::PutSecret => "secret.create",
            Self::DeleteSecret => "secret.delete",
            Self::PatchDirectory => "directory.patch",
            Self::RotateRootKey => "root-key.rewrap",
            Self::FetchCommunityConfig
            | Self::FetchPersonConfig
            | Self::FetchAppConfig
            | Self::FetchReservedAppConfig
            | Self::FetchInternalConfig => "config.fetch",
            Self::SetCommunityConfig
            | Self::SetPersonConfig
            | Self::SetAppConfig
            | Self::SetReservedAppConfig
            | Self::SetInternalConfig => "config.set",
            Self::RemoveCommunityConfig
            | Self::RemovePersonConfig
            | Self::RemoveAppConfig
            | Self::RemoveReservedAppConfig
            | Self::RemoveInternalConfig => "config.remove",
            Self::ReadConsent => "consent.read",
            Self::PutConsent => "consent.put",
            Self::ManageTokens => "config-token.manage",
            Self::ReadAudit => "audit.read",
            Self::ManagePortal => "portal.manage",
            Self::ManageQnsp => "qnsp.manage",
            Self::InstallEnvironment => "environment.install",
            Self::CreateCommunity => "community.create",
            Self::ActivateExtension => "extension.activate",
            Self::DeactivateExtension => "extension.deactivate",
            Self::ShowExtension => "extension.status",
            Self::Introspect => "portal.introspect",
        }
    }

    /// The rows of this action, in table order.
    pub fn rules(self) -> impl Iterator<Item = &'static crate::Rule> {
        crate::rules().filter(move |rule| rule.action == self)
    }

    /// Reads the tables. The first row that covers the target decides; what no row covers is denied.
    ///
    /// ```
    /// use model::AuthLevel;
    /// use chancery_policy::{Action, Decision, Facts, Membership};
    ///
    /// let facts = Facts {
    ///     caller: AuthLevel::Service,
    ///     membership: Membership::None,
    ///     target: Some(AuthLevel::System),
    ///     own: false,
    /// };
    /// assert_eq!(Action::DeleteKey.decide(facts), Decision::Unauthorized);
    /// ```
    pub fn decide(self, facts: Facts) -> Decision {
        if let Some(rule) = self.rules().find(|rule| rule.covers(facts)) {
            return rule.decide(facts);
        }
        // The target does not exist. A caller who could act on some target learns that; others are denied as usual.
        let decisions = self.rules().map(|rule| rule.decide(facts));
        let mut denial = Decision::Unauthorized;
        for decision in decisions {
            match decision {
                Decision::Allow => return Decision::NoTarget,
                Decision::Forbidden => denial = Decision::Forbidden,
                Decision::Unauthorized | Decision::OwnKey | Decision::NoTarget => {}
            }
        }
        denial
    }

    /// Every combination of facts that this action allows, as a JSON array of [`Facts::key`]s: the parameter
    /// with which a statement asks the tables inside the database.
    pub fn grants(self) -> &'static str {
        static GRANTS: [OnceLock<String>; Action::ALL.len()] = [const { OnceLock::new() }; Action::ALL.len()];
        GRANTS.get(self as usize).map_or("[]", |cell| cell.get_or_init(|| list_grants(&[self])))
    }

    /// As [`Action::grants`], of what both this action and another one allow.
    pub fn grants_with(self, other: Self) -> String {
        list_grants(&[self, other])
    }
}

fn list_grants(actions: &[Action]) -> String {
    let mut rules = actions.iter().flat_map(|action| action.rules());
    let has_target = rules.any(|rule| !matches!(rule.target, Target::None));
    let targets: Vec<Option<AuthLevel>> =
        if has_target { AuthLevel::ALL.into_iter().map(Some).collect() } else { vec![None] };
    let mut keys = Vec::new();
    for caller in AuthLevel::ALL {
        for membership in [Membership::None, Membership::Withdrawn, Membership::Valid] {
            for target in &targets {
                for own in [false, true].into_iter().take(if has_target { 2 } else { 1 }) {
                    let facts = Facts { caller, membership, target: *target, own };
                    if actions.iter().all(|action| action.decide(facts) == Decision::Allow) {
                        keys.push(format!("\"{}\"", facts.key()));
                    }
                }
            }
        }
    }
    format!("[{}]", keys.join(","))
}

impl Facts {
    /// The facts as one word, `caller>target`, then `+` or `~` for a valid or withdrawn membership, then `=`
    /// when the target is the caller's own key. SQL composes the same word.
    pub fn key(self) -> String {
        let membership = match self.membership {
            Membership::None => "",
            Membership::Withdrawn => "~",
            Membership::Valid => "+",
        };
        let target = self.target.map_or("-", |level| level.into_str());
        let own = if self.own { "=" } else { "" };
        format!("{}>{target}{membership}{own}", self.caller.into_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_rule_and_its_own_number() {
        for (number, action) in Action::ALL.into_iter().enumerate() {
            assert!(action.rules().next().is_some(), "{action:?}");
            assert_eq!(action as usize, number);
        }
    }

    #[test]
    fn an_unknown_target_is_not_found_only_for_those_who_may_act_on_some_key() {
        let ask = |caller, membership| {
            Action::RemoveFromCommunity.decide(Facts { caller, membership, target: None, own: false })
        };
        assert_eq!(ask(AuthLevel::System, Membership::None), Decision::NoTarget);
        assert_eq!(ask(AuthLevel::ServiceExt, Membership::Valid), Decision::NoTarget);
        assert_eq!(ask(AuthLevel::ServiceExt, Membership::Withdrawn), Decision::Forbidden);
        assert_eq!(ask(AuthLevel::App, Membership::Valid), Decision::Forbidden);
        let get = Action::GetKey;
        let facts = |caller| Facts { caller, membership: Membership::None, target: None, own: false };
        assert_eq!(get.decide(facts(AuthLevel::Service)), Decision::NoTarget);
        assert_eq!(get.decide(facts(AuthLevel::Basic)), Decision::Unauthorized);
    }

    #[test]
    fn nobody_is_granted_the_deletion_of_the_own_key() {
        assert!(!Action::DeleteKey.grants().contains('='));
        assert!(Action::DeleteKey.grants().contains("\"service>basic\""));
        assert!(!Action::DeleteKey.grants().contains("\"service>system\""));
    }

    #[test]
    fn two_actions_grant_what_both_allow() {
        assert_eq!(Action::RemoveCommunityConfig.grants_with(Action::RemoveInternalConfig), r#"["system>-+"]"#);
        assert_eq!(Action::FetchSecrets.grants_with(Action::FetchSecrets), Action::FetchSecrets.grants());
    }

    #[test]
    fn a_membership_grants_only_where_the_table_asks_for_one() {
        assert_eq!(
            Action::FetchSecrets.grants(),
            concat!(
                r#"["system>-","system>-~","system>-+","#,
                r#""service>-","service>-~","service>-+","service_ext>-+"]"#
            )
        );
    }
}
