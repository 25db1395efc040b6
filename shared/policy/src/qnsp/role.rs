//! Roles of QNSP's callers, and which of them is at least another.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Viewer,
    Developer,
    /// A program of the tenant: ranks as a developer.
    Service,
    Admin,
    Owner,
    /// The operator.
    PlatformAdmin,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Developer, Self::Service, Self::Admin, Self::Owner, Self::PlatformAdmin];

    /// The role as tokens and keys name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Service => "service",
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::PlatformAdmin => "platform_admin",
        }
    }

    /// The role as a refusal names it: a service ranks as a developer, and is called one.
    pub fn rank_name(self) -> &'static str {
        match self {
            Self::Service => Self::Developer.as_str(),
            other => other.as_str(),
        }
    }

    /// `None` for other names: they may stand for approvers, and have no rank.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// From 1, the lowest. Comparable in SQL as well.
    pub fn rank(self) -> i64 {
        match self {
            Self::Viewer => 1,
            Self::Developer | Self::Service => 2,
            Self::Admin => 3,
            Self::Owner => 4,
            Self::PlatformAdmin => 5,
        }
    }

    pub fn is_at_least(self, least: Self) -> bool {
        self.rank() >= least.rank()
    }

    /// The highest of several names; the first of equal ones.
    ///
    /// ```
    /// use chancery_policy::qnsp::Role;
    ///
    /// assert_eq!(Role::highest(["viewer", "approver", "admin"]), Some(Role::Admin));
    /// assert_eq!(Role::highest(["approver"]), None);
    /// ```
    pub fn highest<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let known = names.into_iter().filter_map(Self::parse);
        known.reduce(|highest, role| if role.rank() > highest.rank() { role } else { highest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_contract() {
        let order = [Role::Viewer, Role::Developer, Role::Admin, Role::Owner, Role::PlatformAdmin];
        for (place, role) in order.into_iter().enumerate() {
            for (other_place, other) in order.into_iter().enumerate() {
                assert_eq!(role.is_at_least(other), place >= other_place, "{role:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_service_ranks_as_a_developer_and_is_called_one() {
        assert_eq!(Role::Service.rank(), Role::Developer.rank());
        assert_eq!((Role::Service.as_str(), Role::Service.rank_name()), ("service", "developer"));
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Service) {
            assert_eq!(role.rank_name(), role.as_str());
        }
    }

    #[test]
    fn the_highest_of_several_counts_and_unknown_names_do_not() {
        assert_eq!(Role::highest(["viewer", "owner", "developer"]), Some(Role::Owner));
        assert_eq!(Role::highest(["security-approver", "service"]), Some(Role::Service));
        assert_eq!(Role::highest(["root", "Admin", ""]), None);
        assert_eq!(Role::highest([]), None);
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
    }
}
