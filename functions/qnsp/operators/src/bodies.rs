//! What operators send. The names of tiers, add-ons and roles are those of `policy`, which is why these bodies are not
//! in `model`.

use model::{body, ids::Uuid, time::IsoTime};
use policy::qnsp::{AddOn, Tier};

use crate::names::{AddOnName, Email, Name, RateLimit, RoleName, TierName, UserId};

/// How many roles a key may have.
const MOST_ROLES: usize = 32;

body! {
    /// A new tenant.
    pub(crate) struct CreateTenant {
        #[schema(value_type = String, min_length = 1, max_length = 128)]
        pub name: Name as "name",
        /// `free` if not given.
        #[schema(value_type = Option<String>)]
        pub tier: Option<TierName> as "tier",
        /// byohsm, key-escrow
        #[schema(value_type = Option<Vec<String>>)]
        pub add_ons: Option<Vec<AddOnName>> as "addOns",
        /// 0 is the deployment's default, as if it were not given.
        #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
        pub rate_limit: Option<RateLimit> as "rateLimitPerMinute",
        #[schema(value_type = Option<String>, max_length = 254)]
        pub admin_email: Option<Email> as "adminEmail",
        /// A random one if not given.
        pub tenant_id: Option<Uuid> as "tenantId",
    } where faults {
        if let Some(Some(id)) = &tenant_id {
            faults.check(id.as_str() != NIL, "tenantId", "must not be the nil UUID");
        }
    }
}

body! {
    /// A change of a tenant. What is absent or null stays as it is.
    pub(crate) struct UpdateTenant {
        #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
        pub name: Option<Name> as "name",
        #[schema(value_type = Option<String>)]
        pub tier: Option<TierName> as "tier",
        /// All that the tenant has from now on.
        #[schema(value_type = Option<Vec<String>>)]
        pub add_ons: Option<Vec<AddOnName>> as "addOns",
        /// 0 is the deployment's default.
        #[schema(value_type = Option<i64>, minimum = 0, maximum = 1_000_000_000)]
        pub rate_limit: Option<RateLimit> as "rateLimitPerMinute",
        #[schema(value_type = Option<String>, max_length = 254)]
        pub admin_email: Option<Email> as "adminEmail",
        /// A suspended tenant is refused by every service but billing.
        pub suspended: Option<bool> as "suspended",
    }
}

body! {
    /// A new API key. It has a role or several.
    pub(crate) struct CreateKey {
        #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
        pub role: Option<RoleName> as "role",
        /// viewer, developer, service, admin, owner, platform_admin, or names without a rank.
        #[schema(value_type = Option<Vec<String>>)]
        pub roles: Option<Vec<RoleName>> as "roles",
        /// What the key is for.
        #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
        pub name: Option<Name> as "name",
        /// Who acts with the key; a new user if not given.
        #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
        pub user_id: Option<UserId> as "userId",
        /// Never if not given.
        pub expires_at: Option<IsoTime> as "expiresAt",
        /// Whether the key is marked as a person's own.
        pub personal: Option<bool> as "personal",
    } where faults {
        if let (Some(role), Some(roles)) = (&role, &roles) {
            let count = roles.as_ref().map(Vec::len);
            faults.check(role.is_some() || count.is_some(), "role", "is required unless roles are given");
            faults.check(role.is_none() || count.is_none(), "roles", "must not be given with role");
            let fits = count.is_none_or(|count| (1..=MOST_ROLES).contains(&count));
            faults.check(fits, "roles", "must have 1 to 32 names");
        }
        if let Some(Some(expires_at)) = expires_at {
            faults.check(expires_at.0 > platform::clock::now_ms(), "expiresAt", "must lie in the future");
        }
    }
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

impl CreateTenant {
    pub(crate) fn tier(&self) -> Tier {
        self.tier.as_ref().map_or(Tier::Free, |tier| tier.0)
    }

    pub(crate) fn add_ons(&self) -> Vec<AddOn> {
        distinct(self.add_ons.as_deref().unwrap_or_default())
    }

    pub(crate) fn rate_limit(&self) -> Option<i64> {
        self.rate_limit.as_ref().map(|limit| limit.0).filter(|limit| *limit > 0)
    }

    pub(crate) fn admin_email(&self) -> Option<&str> {
        self.admin_email.as_ref().map(|email| email.0.as_str()).filter(|email| !email.is_empty())
    }
}

impl UpdateTenant {
    pub(crate) fn add_ons(&self) -> Option<Vec<AddOn>> {
        self.add_ons.as_deref().map(distinct)
    }

    /// The members that are given.
    pub(crate) fn changes(&self) -> Vec<&'static str> {
        let given = [
            ("name", self.name.is_some()),
            ("tier", self.tier.is_some()),
            ("addOns", self.add_ons.is_some()),
            ("rateLimitPerMinute", self.rate_limit.is_some()),
            ("adminEmail", self.admin_email.is_some()),
            ("suspended", self.suspended.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }
}

impl CreateKey {
    pub(crate) fn roles(&self) -> Vec<&str> {
        self.role.iter().chain(self.roles.iter().flatten()).map(|role| role.0.as_str()).collect()
    }
}

/// Each add-on once, in the order of the policy.
fn distinct(given: &[AddOnName]) -> Vec<AddOn> {
    AddOn::ALL.into_iter().filter(|add_on| given.iter().any(|given| given.0 == *add_on)).collect()
}
