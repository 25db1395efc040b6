//! How a community sends short messages, mail and push notifications. What is not known here is kept as a secret.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Credential, NewSecret, Open, open::hand_over_others};
use crate::{faults::Faults, ids::Invalid, json::JsonText};

/// The settings that become the configuration of a community.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gateways {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms_gateway: Option<Open<SmsGateway>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_gateway: Option<Open<EmailGateway>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_config: Option<Open<PushConfig>>,
    /// Of the body that named the gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) other_members: Option<Credential>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SmsGateway {
    #[serde(rename = "type")]
    #[schema(example = "twilio")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    password: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<Channel>>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Channel {
    Sms,
    Voice,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmailGateway {
    #[serde(rename = "type")]
    #[schema(example = "smtp")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    password: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_email: Option<String>,
    /// A number, or a text that is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    port: Option<Port>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
}

/// A port as it was written.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "JsonText")]
struct Port(JsonText);

impl TryFrom<JsonText> for Port {
    type Error = Invalid;

    fn try_from(json: JsonText) -> Result<Self, Invalid> {
        let number = json.text().parse::<u16>();
        if number.is_ok_and(|number| number > 0) {
            Ok(Self(json))
        } else {
            Err(Invalid("must be a number from 1 to 65535"))
        }
    }
}

#[derive(Deserialize, Serialize, ToSchema)]
pub struct PushConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Firebase>)]
    firebase: Option<Open<Firebase>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Apple>)]
    apple: Option<Open<Apple>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Pushy>)]
    pushy: Option<Open<Pushy>>,
}

#[derive(Deserialize, Serialize, ToSchema)]
struct Firebase {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    serviceaccount: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    fcmkey: Option<Credential>,
}

#[derive(Deserialize, Serialize, ToSchema)]
struct Apple {
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pkcs8file: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    teamid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appname: Option<String>,
}

#[derive(Deserialize, Serialize, ToSchema)]
struct Pushy {
    #[serde(rename = "appSecret", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    app_secret: Option<Credential>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Gateways {
    /// When there is nothing to configure.
    pub fn is_empty(&self) -> bool {
        self.sms_gateway.is_none()
            && self.email_gateway.is_none()
            && self.push_config.is_none()
            && self.other_members.is_none()
    }

    /// The rules that the types do not carry.
    pub fn check(&self, faults: &mut Faults) {
        let sms = self.sms_gateway.as_ref().is_none_or(|sms| !sms.known.kind.is_empty());
        faults.check(sms, "smsGateway.type", "must not be empty");
        let mail = self.email_gateway.as_ref().is_none_or(|mail| !mail.known.kind.is_empty());
        faults.check(mail, "emailGateway.type", "must not be empty");
    }

    /// Hands over every credential. The tags are documented: operators look them up.
    pub fn take_secrets(&mut self, secrets: &mut Vec<NewSecret>) {
        hand_over_others(self.sms_gateway.as_mut(), "smsGateway", secrets);
        hand_over_others(self.email_gateway.as_mut(), "emailGateway", secrets);
        hand_over_others(self.push_config.as_mut(), "pushConfig", secrets);
        if let Some(push) = self.push_config.as_mut().map(|push| &mut push.known) {
            hand_over_others(push.firebase.as_mut(), "pushConfig_firebase", secrets);
            hand_over_others(push.apple.as_mut(), "pushConfig_apple", secrets);
            hand_over_others(push.pushy.as_mut(), "pushConfig_pushy", secrets);
        }
        let mut take = |credential: Option<&mut Option<Credential>>, tag: &str| {
            if let Some(credential) = credential.and_then(Option::as_mut) {
                credential.hand_over(tag, secrets);
            }
        };
        take(self.sms_gateway.as_mut().map(|sms| &mut sms.known.password), "smsGateway_password");
        take(self.email_gateway.as_mut().map(|mail| &mut mail.known.password), "emailGateway_password");
        take(Some(&mut self.other_members), "otherMembers");
        let Some(push) = self.push_config.as_mut().map(|push| &mut push.known) else { return };
        take(push.firebase.as_mut().map(|it| &mut it.known.serviceaccount), "pushConfig_firebase_serviceaccount");
        take(push.firebase.as_mut().map(|it| &mut it.known.fcmkey), "pushConfig_firebase_fcmkey");
        take(push.apple.as_mut().map(|it| &mut it.known.pkcs8file), "pushConfig_apple_pkcs8file");
        take(push.pushy.as_mut().map(|it| &mut it.known.app_secret), "pushConfig_pushy_appSecret");
    }
}
