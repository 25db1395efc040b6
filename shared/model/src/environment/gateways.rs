//! How a community sends short messages, mail and push notifications. A member that is not known here is refused: it
//! might be a credential, and would be written down in the clear.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Credential, NewSecret};
use crate::{faults::Faults, ids::Invalid, json::JsonText};

/// The settings that become the configuration of a community.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gateways {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms_gateway: Option<SmsGateway>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_gateway: Option<EmailGateway>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    firebase: Option<Firebase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apple: Option<Apple>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pushy: Option<Pushy>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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
        self.sms_gateway.is_none() && self.email_gateway.is_none() && self.push_config.is_none()
    }

    /// The rules that the types do not carry.
    pub fn check(&self, faults: &mut Faults) {
        let sms = self.sms_gateway.as_ref().is_none_or(|sms| !sms.kind.is_empty());
        faults.check(sms, "smsGateway.type", "must not be empty");
        let mail = self.email_gateway.as_ref().is_none_or(|mail| !mail.kind.is_empty());
        faults.check(mail, "emailGateway.type", "must not be empty");
    }

    /// Hands over every credential. The tags are documented: operators look them up.
    pub fn take_secrets(&mut self, secrets: &mut Vec<NewSecret>) {
        let mut take = |credential: Option<&mut Option<Credential>>, tag: &str| {
            if let Some(credential) = credential.and_then(Option::as_mut) {
                credential.hand_over(tag, secrets);
            }
        };
        take(self.sms_gateway.as_mut().map(|sms| &mut sms.password), "smsGateway_password");
        take(self.email_gateway.as_mut().map(|mail| &mut mail.password), "emailGateway_password");
        let Some(push) = &mut self.push_config else { return };
        take(push.firebase.as_mut().map(|it| &mut it.serviceaccount), "pushConfig_firebase_serviceaccount");
        take(push.firebase.as_mut().map(|it| &mut it.fcmkey), "pushConfig_firebase_fcmkey");
        take(push.apple.as_mut().map(|it| &mut it.pkcs8file), "pushConfig_apple_pkcs8file");
        take(push.pushy.as_mut().map(|it| &mut it.app_secret), "pushConfig_pushy_appSecret");
    }
}
