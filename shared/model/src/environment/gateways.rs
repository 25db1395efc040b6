//! How a community sends short messages, mail and push notifications. What is not known here is kept as a secret.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
#[cfg(not(target_family = "wasm"))]
use utoipa::{
    PartialSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

use super::{Credential, NewSecret, Open, open::hand_over_others};
use crate::{body, ids::Invalid, json::JsonText};

/// The settings that become the configuration of a community.
#[derive(Serialize)]
pub struct Gateways {
    #[serde(flatten)]
    pub(super) members: GatewayMembers,
    /// Of the body that named the gateways.
    #[serde(rename = "otherMembers", skip_serializing_if = "Option::is_none")]
    pub(super) other_members: Option<Credential>,
}

body! {
    /// What a body says of gateways.
    #[derive(Serialize)]
    pub struct GatewayMembers {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<SmsGateway>)]
        sms_gateway: Option<Open<SmsGateway>> as "smsGateway",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<EmailGateway>)]
        email_gateway: Option<Open<EmailGateway>> as "emailGateway",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<PushConfig>)]
        push_config: Option<Open<PushConfig>> as "pushConfig",
    }
}

body! {
    #[derive(Serialize)]
    pub struct SmsGateway {
        #[schema(example = "twilio")]
        kind: String as "type",
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String> as "username",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        password: Option<Credential> as "password",
        #[serde(skip_serializing_if = "Option::is_none")]
        sender_phone: Option<String> as "senderPhone",
        #[serde(skip_serializing_if = "Option::is_none")]
        channels: Option<Vec<Channel>> as "channels",
    } where faults {
        faults.check(kind.as_ref().is_none_or(|kind| !kind.is_empty()), "type", "must not be empty");
    }
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Channel {
    Sms,
    Voice,
}

body! {
    #[derive(Serialize)]
    pub struct EmailGateway {
        #[schema(example = "smtp")]
        kind: String as "type",
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String> as "username",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        password: Option<Credential> as "password",
        #[serde(skip_serializing_if = "Option::is_none")]
        service_url: Option<String> as "serviceUrl",
        #[serde(skip_serializing_if = "Option::is_none")]
        sender_email: Option<String> as "senderEmail",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(inline)]
        port: Option<Port> as "port",
        #[serde(skip_serializing_if = "Option::is_none")]
        protocol: Option<String> as "protocol",
    } where faults {
        faults.check(kind.as_ref().is_none_or(|kind| !kind.is_empty()), "type", "must not be empty");
    }
}

/// A port as it was written.
#[derive(Deserialize, Serialize)]
#[serde(try_from = "JsonText")]
struct Port(JsonText);

#[cfg(not(target_family = "wasm"))]
impl PartialSchema for Port {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(65_535));
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{1,5}$"));
        OneOfBuilder::new().item(number).item(text).description(Some("A number, or a text that is one.")).into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl ToSchema for Port {}

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

body! {
    #[derive(Serialize)]
    pub struct PushConfig {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Firebase>)]
        firebase: Option<Open<Firebase>> as "firebase",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Apple>)]
        apple: Option<Open<Apple>> as "apple",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Pushy>)]
        pushy: Option<Open<Pushy>> as "pushy",
    }
}

body! {
    #[derive(Serialize)]
    struct Firebase {
        #[serde(skip_serializing_if = "Option::is_none")]
        uri: Option<String> as "uri",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        serviceaccount: Option<Credential> as "serviceaccount",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        fcmkey: Option<Credential> as "fcmkey",
    }
}

body! {
    #[derive(Serialize)]
    struct Apple {
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<String> as "host",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        pkcs8file: Option<Credential> as "pkcs8file",
        #[serde(skip_serializing_if = "Option::is_none")]
        teamid: Option<String> as "teamid",
        #[serde(skip_serializing_if = "Option::is_none")]
        keyid: Option<String> as "keyid",
        #[serde(skip_serializing_if = "Option::is_none")]
        appname: Option<String> as "appname",
    }
}

body! {
    #[derive(Serialize)]
    struct Pushy {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        app_secret: Option<Credential> as "appSecret",
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String> as "url",
    }
}

impl Gateways {
    /// When there is nothing to configure.
    pub fn is_empty(&self) -> bool {
        let Self { members: GatewayMembers { sms_gateway, email_gateway, push_config }, other_members } = self;
        sms_gateway.is_none() && email_gateway.is_none() && push_config.is_none() && other_members.is_none()
    }

    /// Hands over every credential. The tags are documented: operators look them up.
    pub fn take_secrets(&mut self, secrets: &mut Vec<NewSecret>) {
        let Self { members: GatewayMembers { sms_gateway, email_gateway, push_config }, other_members } = self;
        hand_over_others(sms_gateway.as_mut(), "smsGateway", secrets);
        hand_over_others(email_gateway.as_mut(), "emailGateway", secrets);
        hand_over_others(push_config.as_mut(), "pushConfig", secrets);
        if let Some(push) = push_config.as_mut().map(|push| &mut push.known) {
            hand_over_others(push.firebase.as_mut(), "pushConfig_firebase", secrets);
            hand_over_others(push.apple.as_mut(), "pushConfig_apple", secrets);
            hand_over_others(push.pushy.as_mut(), "pushConfig_pushy", secrets);
        }
        let mut take = |credential: Option<&mut Option<Credential>>, tag: &str| {
            if let Some(credential) = credential.and_then(Option::as_mut) {
                credential.hand_over(tag, secrets);
            }
        };
        take(sms_gateway.as_mut().map(|sms| &mut sms.known.password), "smsGateway_password");
        take(email_gateway.as_mut().map(|mail| &mut mail.known.password), "emailGateway_password");
        take(Some(other_members), "otherMembers");
        let Some(push) = push_config.as_mut().map(|push| &mut push.known) else { return };
        take(push.firebase.as_mut().map(|it| &mut it.known.serviceaccount), "pushConfig_firebase_serviceaccount");
        take(push.firebase.as_mut().map(|it| &mut it.known.fcmkey), "pushConfig_firebase_fcmkey");
        take(push.apple.as_mut().map(|it| &mut it.known.pkcs8file), "pushConfig_apple_pkcs8file");
        take(push.pushy.as_mut().map(|it| &mut it.known.app_secret), "pushConfig_pushy_appSecret");
    }
}
