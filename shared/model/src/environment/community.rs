//! The body of a new community, and what it answers.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Gateways, Open, gateways::GatewayMembers};
use crate::{
    body,
    ids::{CommunityName, Invalid},
};

body! {
    pub struct CreateCommunityRequest {
        community_name: CommunityName as "communityName",
        #[serde(flatten)]
        #[schema(inline)]
        contact: Contact,
        /// At least 8 characters. Kept as a salted hash.
        #[schema(value_type = String)]
        community_password: Password as "communityPassword",
        #[serde(flatten)]
        #[schema(inline)]
        gateways: GatewayMembers,
    }
}

/// What a request for a community comes apart into.
pub struct CommunityParts {
    pub name: CommunityName,
    pub contact: Contact,
    pub password: Password,
    pub gateways: Gateways,
}

impl Open<CreateCommunityRequest> {
    pub fn parts(self) -> CommunityParts {
        let (known, other_members) = self.into_parts();
        CommunityParts {
            name: known.community_name,
            contact: known.contact,
            password: known.community_password,
            gateways: Gateways { members: known.gateways, other_members },
        }
    }
}

body! {
    /// Whom to ask about a tenant or a community.
    #[derive(Clone)]
    pub struct Contact {
        fname: Option<String> as "contactFname",
        lname: Option<String> as "contactLname",
        email: String as "contactEmail",
        phone: Option<String> as "contactPhone",
    } where faults {
        for (name, text) in [("contactFname", &fname), ("contactLname", &lname), ("contactPhone", &phone)] {
            let text = text.as_ref().and_then(Option::as_ref);
            let fits = text.is_none_or(|text| text.chars().count() <= 128);
            faults.check(fits, name, "may have at most 128 characters");
        }
        let is_address = email.as_deref().is_none_or(is_email);
        faults.check(is_address, "contactEmail", "must be an address like a@example.com");
    }
}

/// As it is kept, without the prefix of the body.
impl Serialize for Contact {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (fname, lname, phone) = (self.fname.as_ref(), self.lname.as_ref(), self.phone.as_ref());
        let texts = [("fname", fname), ("lname", lname), ("email", Some(&self.email)), ("phone", phone)];
        to.collect_map(texts.into_iter().filter_map(|(name, text)| Some((name, text?))))
    }
}

/// A password of a tenant or a community. No `Debug`.
#[derive(Deserialize)]
#[serde(try_from = "Zeroizing<String>")]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Zeroizing<String>> for Password {
    type Error = Invalid;

    fn try_from(text: Zeroizing<String>) -> Result<Self, Invalid> {
        if text.chars().count() >= 8 && text.len() <= 1024 {
            return Ok(Self(text));
        }
        Err(Invalid("must have at least 8 characters and at most 1024 bytes"))
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    pub tenant_id: String,
    pub community_id: String,
    pub community_name: CommunityName,
    /// Of the community's own key pair: base64 of the 64 bytes X‖Y.
    pub public_key: String,
    /// Epoch seconds.
    pub created_ts: i64,
}

/// One `@` with something on both sides, and nothing that cannot stand in an address.
fn is_email(text: &str) -> bool {
    let sound = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    sound && parts.is_some_and(|(name, host)| !name.is_empty() && !name.contains('@') && !host.is_empty())
}
