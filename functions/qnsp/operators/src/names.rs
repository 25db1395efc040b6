//! The checked members of the bodies.

use model::ids::{Invalid, Uuid};
use policy::qnsp::{AddOn, Tier};
use serde::Deserialize;

/// The most calls a minute that a tenant may be given.
const MOST_CALLS: i64 = 1_000_000_000;

macro_rules! checked {
    ($(#[$doc:meta])* $name:ident($type:ty) of $wire:literal, $from:ty, $rule:literal, $read:expr) => {
        $(#[$doc])*
        #[derive(Clone, Deserialize)]
        #[serde(try_from = $wire)]
        pub(crate) struct $name(pub $type);

        impl TryFrom<$from> for $name {
            type Error = Invalid;

            fn try_from(given: $from) -> Result<Self, Invalid> {
                let read: fn($from) -> Option<$type> = $read;
                read(given).map(Self).ok_or(Invalid($rule))
            }
        }
    };
}

checked!(
    Name(String) of "String", String, "must have 1 to 128 characters, none of them a control character",
    |text| is_text(&text, 128).then_some(text)
);
checked!(
    RoleName(String) of "String", String, "must have 1 to 128 characters, none of them a control character",
    |text| is_text(&text, 128).then_some(text)
);
checked!(
    UserId(String) of "String", String, "must have 1 to 256 characters, none of them a control character",
    |text| is_text(&text, 256).then_some(text)
);
checked!(
    /// An address, or an empty text for none.
    Email(String) of "String", String, "must be an e-mail address of at most 254 characters",
    |text| (text.is_empty() || is_email(&text)).then_some(text)
);
checked!(
    RateLimit(i64) of "i64", i64, "must be a whole number from 0 to 1000000000",
    |number| (0..=MOST_CALLS).contains(&number).then_some(number)
);
checked!(
    TierName(Tier) of "String", String, "must be the name of a tier, such as free or enterprise-pro",
    |name| Tier::parse(&name)
);
checked!(
    AddOnName(AddOn) of "String", String, "must be byohsm or key-escrow",
    |name| AddOn::parse(&name)
);

checked!(
    /// A tenant in the path. A refusal of a path does not name the parameter, so the rule does.
    TenantId(Uuid) of "String", String, "tenantId must be a UUID",
    |text| Uuid::try_from(text).ok()
);
checked!(
    KeyId(Uuid) of "String", String, "keyId must be a UUID",
    |text| Uuid::try_from(text).ok()
);

fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Only what no address lacks: mails are sent by others.
fn is_email(text: &str) -> bool {
    let sides = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    sides.is_some() && is_text(text, 254) && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_blanks() {
        for good in ["", "a@b", "ada@example.org", "ä@b"] {
            assert!(Email::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["a", "@b", "a@", "a b@c", "a@b\n", &format!("a@{}", "b".repeat(253))] {
            assert!(Email::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_name_of_the_policy_is_read() {
        assert!(
            Tier::ALL.iter().all(|tier| TierName::try_from(tier.as_str().to_owned()).is_ok_and(|read| read.0 == *tier))
        );
        assert!(
            AddOn::ALL.iter().all(|one| AddOnName::try_from(one.as_str().to_owned()).is_ok_and(|read| read.0 == *one))
        );
        assert!(TierName::try_from("gold".to_owned()).is_err() && AddOnName::try_from("free".to_owned()).is_err());
    }
}
