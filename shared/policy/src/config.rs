//! Who may do what with a token of the Config API: two small tables, and every standing that they allow. A standing is
//! the owner's role, what the owner was granted, and what the token's scope map leaves of it.

use std::sync::OnceLock;

use strum::{EnumString, IntoStaticStr, VariantArray};

/// What a standing amounts to, and what an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Permission {
    None,
    Read,
    Write,
    Admin,
}

/// The role of a token's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Role {
    Owner,
    Admin,
    ProjectAdmin,
    User,
}

/// What the scope map of a token says about this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The token has no map.
    Unscoped,
    /// At most this; `None` when the map does not name the service.
    Limit(Permission),
}

#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub role: Role,
    pub grant: Permission,
    pub scope: Scope,
}

use Permission::{Admin as A, None as N, Read as R, Write as W};

/// What a role has, by what its owner was granted.
#[rustfmt::skip]
const ROLES: &[(Role, [Permission; 4])] = &[
    //                  granted: nothing read write admin
    (Role::Owner,               [A,      A,   A,    A]),
    (Role::Admin,               [A,      A,   A,    A]),
    (Role::ProjectAdmin,        [N,      R,   W,    A]),
    (Role::User,                [N,      R,   W,    A]),
];

/// What a scope leaves of it.
#[rustfmt::skip]
const SCOPES: &[(Scope, [Permission; 4])] = &[
    //                     of:  nothing read write admin
    (Scope::Unscoped,           [N,     R,   W,    A]),
    (Scope::Limit(N),           [N,     N,   N,    N]),
    (Scope::Limit(R),           [N,     R,   R,    R]),
    (Scope::Limit(W),           [N,     R,   W,    W]),
    (Scope::Limit(A),           [N,     R,   W,    A]),
];

impl Permission {
    /// Every standing that has this permission, as a JSON array of [`Standing::key`]s: the parameter with which a
    /// statement asks the tables inside the database.
    pub fn grants(self) -> &'static str {
        static GRANTS: [OnceLock<String>; 4] = [const { OnceLock::new() }; 4];
        let list = || {
            let allowed = Standing::all().filter(|standing| standing.permission() >= self);
            let keys: Vec<_> = allowed.map(|standing| format!("\"{}\"", standing.key())).collect();
            format!("[{}]", keys.join(","))
        };
        GRANTS.get(self as usize).map_or("[]", |cell| cell.get_or_init(list))
    }

    /// Whether a standing, by its key, has this permission.
    pub fn is_granted_to(self, key: &str) -> bool {
        !key.contains('"') && self.grants().contains(&format!("\"{key}\""))
    }

    fn column(self, row: [Self; 4]) -> Self {
        let [nothing, read, write, admin] = row;
        match self {
            N => nothing,
            R => read,
            W => write,
            A => admin,
        }
    }
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unscoped => "*",
            Self::Limit(limit) => limit.into_str(),
        }
    }
}

impl Standing {
    /// Every standing that the tables know.
    pub fn all() -> impl Iterator<Item = Self> {
        ROLES.iter().flat_map(|(role, _)| {
            Permission::VARIANTS.iter().flat_map(move |grant| {
                SCOPES.iter().map(move |(scope, _)| Self { role: *role, grant: *grant, scope: *scope })
            })
        })
    }

    /// Reads the tables; what no row covers has no permission.
    ///
    /// ```
    /// use chancery_policy::config::{Permission, Role, Scope, Standing};
    ///
    /// let standing = Standing { role: Role::Owner, grant: Permission::None, scope: Scope::Limit(Permission::Read) };
    /// assert_eq!(standing.permission(), Permission::Read);
    /// ```
    pub fn permission(self) -> Permission {
        let of_role = ROLES.iter().find(|(role, _)| *role == self.role).map(|(_, row)| self.grant.column(*row));
        let scoped = SCOPES.iter().find(|(scope, _)| *scope == self.scope);
        match (of_role, scoped) {
            (Some(of_role), Some((_, row))) => of_role.column(*row),
            _ => N,
        }
    }

    /// The standing as one word, `role>grant>scope`. SQL composes the same word.
    pub fn key(self) -> String {
        format!("{}>{}>{}", self.role.into_str(), self.grant.into_str(), self.scope.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_never_adds_and_a_grant_never_takes_away() {
        for standing in Standing::all() {
            let unscoped = Standing { scope: Scope::Unscoped, ..standing };
            let ungranted = Standing { grant: N, ..standing };
            assert!(standing.permission() <= unscoped.permission(), "{standing:?}");
            assert!(standing.permission() >= ungranted.permission(), "{standing:?}");
        }
        assert_eq!(Standing::all().count(), 80);
    }

    #[test]
    fn a_word_that_the_tables_do_not_know_has_nothing() {
        assert!(A.is_granted_to("owner>none>*"));
        for word in ["", "owner", "root>admin>*", "owner>none>all", "owner>none>none"] {
            assert!(!R.is_granted_to(word), "{word}");
        }
        assert!(A.grants().contains("\"user>admin>*\"") && !A.grants().contains("\"user>write>*\""));
    }
}
