//! The body of a new community, and what it answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    Credential, Gateways, Open,
    gateways::{EmailGateway, PushConfig, SmsGateway},
};
use crate::{faults::Faults, ids::CommunityName};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateCommunityRequest {
    pub community_name: CommunityName,
    pub contact_fname: Option<String>,
    pub contact_lname: Option<String>,
    pub contact_email: String,
    pub contact_phone: Option<String>,
    /// At least 8 characters. Kept as a salted hash.
    #[schema(value_type = String)]
    pub community_password: Zeroizing<String>,
    #[schema(value_type = Option<SmsGateway>)]
    pub sms_gateway: Option<Open<SmsGateway>>,
    #[schema(value_type = Option<EmailGateway>)]
    pub email_gateway: Option<Open<EmailGateway>>,
    #[schema(value_type = Option<PushConfig>)]
    pub push_config: Option<Open<PushConfig>>,
}

/// What a request for a community comes apart into.
pub struct CommunityParts {
    pub name: CommunityName,
    pub contact: Contact,
    pub password: Zeroizing<String>,
    pub gateways: Gateways,
}

impl Open<CreateCommunityRequest> {
    /// Checks the rules that the types do not carry.
    pub fn parts(self) -> Result<CommunityParts, Faults> {
        let (known, others) = self.into_parts();
        known.parts(others)
    }
}

impl CreateCommunityRequest {
    fn parts(self, other_members: Option<Credential>) -> Result<CommunityParts, Faults> {
        let contact = Contact {
            fname: self.contact_fname,
            lname: self.contact_lname,
            email: self.contact_email,
            phone: self.contact_phone,
        };
        let gateways = Gateways {
            sms_gateway: self.sms_gateway,
            email_gateway: self.email_gateway,
            push_config: self.push_config,
            other_members,
        };
        let mut faults = Faults::default();
        contact.check(&mut faults);
        check_password(&self.community_password, "communityPassword", &mut faults);
        gateways.check(&mut faults);
        faults.result()?;
        Ok(CommunityParts { name: self.community_name, contact, password: self.community_password, gateways })
    }
}

/// Whom to ask about a tenant or a community.
#[derive(Clone, Serialize)]
pub struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lname: Option<String>,
    pub(super) email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
}

impl Contact {
    pub(super) fn check(&self, faults: &mut Faults) {
        let texts = [("contactFname", &self.fname), ("contactLname", &self.lname), ("contactPhone", &self.phone)];
        for (name, text) in texts {
            let fits = text.as_ref().is_none_or(|text| text.chars().count() <= 128);
            faults.check(fits, name, "may have at most 128 characters");
        }
        faults.check(is_email(&self.email), "contactEmail", "must be an address like a@example.com");
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

pub(super) fn check_password(password: &str, name: &'static str, faults: &mut Faults) {
    let fits = password.chars().count() >= 8 && password.len() <= 1024;
    faults.check(fits, name, "must have at least 8 characters and at most 1024 bytes");
}

/// One `@` with something on both sides, and nothing that cannot stand in an address.
fn is_email(text: &str) -> bool {
    let sound = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    sound && parts.is_some_and(|(name, host)| !name.is_empty() && !name.contains('@') && !host.is_empty())
}
