//! Roles and their order.

/// A role with a rank. Roles of other names are kept and have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Viewer,
    Developer,
    /// A program; ranks as a developer.
    Service,
    Admin,
    Owner,
    /// An operator of the deployment.
    PlatformAdmin,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Developer, Self::Service, Self::Admin, Self::Owner, Self::PlatformAdmin];

    #[must_use]
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

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Viewer => 0,
            Self::Developer | Self::Service => 1,
            Self::Admin => 2,
            Self::Owner => 3,
            Self::PlatformAdmin => 4,
        }
    }

    /// Whether this role may do what needs at least `least`.
    #[must_use]
    pub fn is_at_least(self, least: Self) -> bool {
        self.rank() >= least.rank()
    }

    /// The highest of the roles that have a rank.
    #[must_use]
    pub fn highest<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().filter_map(Self::parse).max_by_key(|role| role.rank())
    }
}
