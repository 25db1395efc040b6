//! The body of an installation, what it answers, and the configuration it becomes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Contact, Credential, Gateways, NewSecret, Open,
    community::Password,
    gateways::GatewayMembers,
    open::hand_over_others,
    settings::{Agent, AgentCredential, Analytics, BehaviorAuth, RecaptchaConfig},
};
use crate::{
    body,
    caas::MAX_SECRET_BYTES,
    directory::is_url,
    faults::Faults,
    ids::{HostName, TenantTag},
};

const MAX_AGENTS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, IntoStaticStr, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum InstanceType {
    ClientInstance,
    RootInstance,
}

body! {
    pub struct InstallRequest {
        #[serde(flatten)]
        #[schema(inline)]
        tenant: Tenant,
        /// At least 8 characters. Kept as a salted hash.
        #[schema(value_type = String)]
        tenant_password: Password as "tenantPassword",
        #[serde(flatten)]
        #[schema(inline)]
        contact: Contact,
        #[serde(flatten)]
        #[schema(inline)]
        gateways: GatewayMembers,
        #[serde(flatten)]
        #[schema(inline)]
        platform: PlatformMembers,
        /// Another spelling.
        #[schema(ignore)]
        root_licence: Option<Credential> as "rootLicence",
        #[serde(flatten)]
        #[schema(inline)]
        console: ConsoleMembers,
    } where faults {
        let root_license = platform.as_ref().and_then(|platform| platform.root_license.as_ref());
        let spellings = root_license.is_some() && matches!(root_licence, Some(Some(_)));
        faults.check(!spellings, "rootLicence", "is given twice");
    }
}

/// What an installation comes apart into. The credentials of the tenant's own settings are kept with its community.
pub struct InstallParts {
    pub tenant: Tenant,
    pub contact: Contact,
    pub password: Password,
    pub gateways: Gateways,
    pub platform: PlatformConfig,
    pub admin_console: AdminConsoleConfig,
}

body! {
    #[derive(Clone, Serialize)]
    pub struct Tenant {
        pub name: String as "tenantName",
        pub dns: HostName as "tenantDNS",
        pub tag: TenantTag as "tenantTag",
    } where faults {
        let is_name = name.as_ref().is_none_or(|name| (1..=128).contains(&name.chars().count()));
        faults.check(is_name, "tenantName", "must have 1 to 128 characters");
    }
}

body! {
    /// What the services among themselves need.
    #[derive(Serialize)]
    pub struct PlatformMembers {
        pub instance_type: InstanceType as "instanceType",
        /// Where the services are reached: the entries of the service directory start with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub root_url: Option<String> as "rootUrl",
        /// A licence of the root instance; `rootLicence` is understood too.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        root_license: Option<Credential> as "rootLicense",
        #[serde(skip_serializing_if = "Option::is_none")]
        public_assets_download_url: Option<String> as "public_assets_download_url",
        /// By the uuid of an agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<BTreeMap<String, Agent>>)]
        agent_api: Option<BTreeMap<Uuid, Open<Agent>>> as "agentApi",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<BehaviorAuth>)]
        behavior_auth: Option<Open<BehaviorAuth>> as "behaviorAuth",
    } where faults {
        let root = root_url.as_ref().and_then(Option::as_deref);
        let is_root = root.is_none_or(|url| is_url(url) && !url.contains('?'));
        faults.check(is_root, "rootUrl", "must be an absolute http or https URL without a query");
        let is_assets = public_assets_download_url.as_ref().and_then(Option::as_deref).is_none_or(is_url);
        faults.check(is_assets, "public_assets_download_url", "must be an absolute http or https URL");
        let agents = agent_api.as_ref().and_then(Option::as_ref);
        let fits = agents.is_none_or(|agents| agents.len() <= MAX_AGENTS);
        faults.check(fits, "agentApi", "may name at most 100 agents");
    }
}

body! {
    /// What the pages of the console need besides the tenant and its contact.
    #[derive(Serialize)]
    pub struct ConsoleMembers {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<RecaptchaConfig>)]
        recaptcha_config: Option<Open<RecaptchaConfig>> as "recaptchaConfig",
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Analytics>)]
        analytics: Option<Open<Analytics>> as "analytics",
    }
}

/// The configuration of the app `platform`.
#[derive(Serialize)]
pub struct PlatformConfig {
    #[serde(flatten)]
    pub members: PlatformMembers,
    #[serde(rename = "otherMembers", skip_serializing_if = "Option::is_none")]
    other_members: Option<Credential>,
}

/// The configuration of the app `adminconsole.global`.
#[derive(Serialize)]
pub struct AdminConsoleConfig {
    #[serde(flatten)]
    tenant: Tenant,
    contact: Contact,
    #[serde(flatten)]
    members: ConsoleMembers,
}

impl Open<InstallRequest> {
    pub fn parts(self) -> InstallParts {
        let (known, other_members) = self.into_parts();
        let mut platform = PlatformConfig { members: known.platform, other_members };
        platform.members.root_license = platform.members.root_license.or(known.root_licence);
        InstallParts {
            contact: known.contact.clone(),
            password: known.tenant_password,
            gateways: Gateways { members: known.gateways, other_members: None },
            platform,
            admin_console: AdminConsoleConfig {
                tenant: known.tenant.clone(),
                contact: known.contact,
                members: known.console,
            },
            tenant: known.tenant,
        }
    }
}

impl InstallParts {
    /// Hands over every credential. The tags are documented: operators look them up.
    pub fn take_secrets(&mut self) -> Vec<NewSecret> {
        let mut secrets = Vec::new();
        self.gateways.take_secrets(&mut secrets);
        let PlatformConfig { members: platform, other_members } = &mut self.platform;
        let console = &mut self.admin_console.members;
        hand_over_others(platform.behavior_auth.as_mut(), "behaviorAuth", &mut secrets);
        hand_over_others(console.recaptcha_config.as_mut(), "recaptchaConfig", &mut secrets);
        let analytics = &mut console.analytics;
        hand_over_others(analytics.as_mut(), "analytics", &mut secrets);
        let elastic = analytics.as_mut().and_then(|analytics| analytics.known.elastic.as_mut());
        hand_over_others(elastic, "analytics_elastic", &mut secrets);
        for (id, agent) in platform.agent_api.iter_mut().flatten() {
            hand_over_others(Some(agent), &format!("agentApi_{}", id.simple()), &mut secrets);
        }
        let mut take = |credential: Option<&mut Option<Credential>>, tag: &str| {
            if let Some(credential) = credential.and_then(Option::as_mut) {
                credential.hand_over(tag, &mut secrets);
            }
        };
        take(Some(&mut platform.root_license), "rootLicense");
        take(Some(other_members), "otherMembers");
        let behavior = &mut platform.behavior_auth;
        take(behavior.as_mut().map(|it| &mut it.known.api_key), "behaviorAuth_api_key");
        take(behavior.as_mut().map(|it| &mut it.known.api_secret), "behaviorAuth_api_secret");
        let recaptcha = &mut console.recaptcha_config;
        take(recaptcha.as_mut().map(|it| &mut it.known.secret_key_api), "recaptchaConfig_secret_key_api");
        take(recaptcha.as_mut().map(|it| &mut it.known.secret_key_ui), "recaptchaConfig_secret_key_ui");
        let elastic = console.analytics.as_mut().and_then(|analytics| analytics.known.elastic.as_mut());
        take(elastic.map(|it| &mut it.known.pwd), "analytics_elastic_pwd");
        for (id, agent) in platform.agent_api.iter_mut().flatten() {
            if let Some(AgentCredential(credential)) = &mut agent.known.credential {
                credential.hand_over(format!("agentApi_{}_credential", id.simple()), &mut secrets);
            }
        }
        secrets
    }
}

/// Names the secrets that the store would not take, by their tags.
pub fn check_secrets(secrets: &[NewSecret]) -> Result<(), Faults> {
    let mut faults = Faults::default();
    for NewSecret { tag, value } in secrets {
        faults.check(value.len() <= MAX_SECRET_BYTES, tag.as_str(), "may have at most 65536 bytes");
    }
    faults.result()
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    pub tenant_id: String,
    pub tenant_tag: TenantTag,
    #[serde(rename = "tenantDNS")]
    pub tenant_dns: HostName,
    /// The community `default`.
    pub community_id: String,
    /// Of the community's own key pair: base64 of the 64 bytes X‖Y.
    pub public_key: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::faults::read;

    fn body() -> Value {
        json!({
            "instanceType": "client-instance",
            "tenantName": "Acme", "tenantDNS": "tenant.example", "tenantTag": "acme",
            "contactEmail": "a@example.com", "tenantPassword": "12345678",
        })
    }

    fn full() -> Value {
        let mut body = body();
        let more = json!({
            "rootUrl": "https://root.example", "rootLicence": "secret-1",
            "contactFname": "f", "contactLname": "l", "contactPhone": "1",
            "public_assets_download_url": "http://assets.example:9095",
            "smsGateway": {"type": "twilio", "username": "u", "password": "secret-2", "senderPhone": "1", "channels": ["sms", "voice"]},
            "emailGateway": {"type": "smtp", "username": "u", "password": "secret-3", "serviceUrl": "s", "senderEmail": "e", "port": "465", "protocol": "smtp"},
            "pushConfig": {
                "firebase": {"uri": "https://f", "serviceaccount": "secret-4", "fcmkey": "secret-5"},
                "apple": {"host": "h", "pkcs8file": "secret-6", "teamid": "t", "keyid": "k", "appname": "a"},
                "pushy": {"appSecret": "secret-7", "url": "https://p"},
            },
            "recaptchaConfig": {"secret_key_api": "secret-8", "secret_key_ui": "secret-9", "recaptcha_api": "r", "recaptcha_url": "u"},
            "analytics": {"elastic": {"url": "e", "uid": "u", "pwd": "secret-10"}},
            "behaviorAuth": {"provider": "p", "url": "u", "api_key": "secret-11", "api_secret": "secret-12", "auth_type": "score"},
            "agentApi": {"e258cb75-4f8e-47b1-9e18-e949a2f442b0": {"name": "", "type": "", "url": "", "authType": "api_key", "credential": {"x-api-key": "secret-13"}}},
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    fn parts(body: Value) -> Result<InstallParts, String> {
        let request = read::<Open<InstallRequest>>(body.to_string().as_bytes(), "Body");
        request.map(Open::<InstallRequest>::parts).map_err(|faults| faults.to_string())
    }

    #[test]
    fn every_credential_is_handed_over_and_leaves_a_reference() {
        let mut parts = parts(full()).unwrap();
        let secrets = parts.take_secrets();
        let documents = [
            serde_json::to_value(&parts.gateways).unwrap(),
            serde_json::to_value(&parts.platform).unwrap(),
            serde_json::to_value(&parts.admin_console).unwrap(),
        ];
        let text = serde_json::to_string(&documents).unwrap();
        assert!(!text.contains("secret-"), "{text}");
        assert_eq!(secrets.len(), 13);
        for NewSecret { tag, value } in &secrets {
            assert!(crate::ids::SecretTag::try_from(tag.clone()).is_ok(), "{tag}");
            assert!(value.contains("secret-"));
            assert!(text.contains(&format!(r#"{{"secret":"{tag}"}}"#)), "{tag}");
        }
        assert_eq!(documents[0]["emailGateway"]["port"], "465");
        assert_eq!(documents[1]["instanceType"], "client-instance");
        assert_eq!(documents[2]["tenantDNS"], "tenant.example");
    }

    #[test]
    fn what_a_later_release_says_is_handed_over_from_every_object() {
        let mut body = full();
        let agent = "/agentApi/e258cb75-4f8e-47b1-9e18-e949a2f442b0";
        let places = [
            "",
            "/smsGateway",
            "/emailGateway",
            "/pushConfig",
            "/pushConfig/firebase",
            "/pushConfig/apple",
            "/pushConfig/pushy",
            "/recaptchaConfig",
            "/analytics",
            "/analytics/elastic",
            "/behaviorAuth",
            agent,
        ];
        for place in places {
            body.pointer_mut(place).unwrap()["later-member"] = json!({"value": "secret-later"});
        }
        let mut parts = parts(body).unwrap();
        let secrets = parts.take_secrets();
        let documents = [
            serde_json::to_string(&parts.gateways).unwrap(),
            serde_json::to_string(&parts.platform).unwrap(),
            serde_json::to_string(&parts.admin_console).unwrap(),
        ];
        let others: Vec<_> = secrets.iter().filter(|secret| secret.tag.ends_with("otherMembers")).collect();
        assert_eq!((others.len(), secrets.len()), (places.len(), places.len() + 13));
        for NewSecret { tag, value } in others {
            assert!(crate::ids::SecretTag::try_from(tag.clone()).is_ok(), "{tag}");
            assert_eq!(value.as_str(), r#"{"later-member":{"value":"secret-later"}}"#);
            let reference = format!(r#""otherMembers":{{"secret":"{tag}"}}"#);
            assert_eq!(documents.iter().filter(|document| document.contains(&reference)).count(), 1, "{tag}");
        }
        assert!(documents.iter().all(|document| !document.contains("later")), "{documents:?}");
    }

    #[test]
    fn what_is_not_given_is_not_written() {
        let mut parts = parts(body()).unwrap();
        assert!(parts.take_secrets().is_empty() && parts.gateways.is_empty());
        assert_eq!(serde_json::to_value(&parts.platform).unwrap(), json!({"instanceType": "client-instance"}));
    }

    #[test]
    fn all_rules_that_are_broken_are_named() {
        let mut body = full();
        for (name, wrong) in [
            ("tenantName", json!("")),
            ("tenantPassword", json!("short")),
            ("contactEmail", json!("nobody")),
            ("rootUrl", json!("x")),
        ] {
            body[name] = wrong;
        }
        body["smsGateway"]["type"] = json!("");
        body["analytics"] = json!({"elastic": {"pwd": 1}});
        let faults = read::<Open<InstallRequest>>(body.to_string().as_bytes(), "Body").err().unwrap();
        let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(
            paths,
            ["tenantName", "tenantPassword", "contactEmail", "smsGateway.type", "rootUrl", "analytics.elastic.pwd"]
        );
    }

    #[test]
    fn a_credential_that_is_json_is_kept_as_it_was_written() {
        let agent = r#"{"credential":{"b":12345678901234567890123, "a":1.50}}"#;
        let mut body = serde_json::to_string(&body()).unwrap();
        body.insert_str(1, &format!(r#""agentApi":{{"e258cb75-4f8e-47b1-9e18-e949a2f442b0":{agent}}},"#));
        let mut parts = read::<Open<InstallRequest>>(body.as_bytes(), "Body").unwrap().parts();
        let secrets = parts.take_secrets();
        assert_eq!(secrets[0].value.as_str(), r#"{"b":12345678901234567890123, "a":1.50}"#);
    }

    #[test]
    fn what_breaks_a_rule_is_not_installed() {
        for (name, wrong) in [
            ("instanceType", json!("other")),
            ("instanceType", Value::Null),
            ("tenantName", json!("")),
            ("tenantName", json!("x".repeat(129))),
            ("tenantDNS", json!("a b")),
            ("tenantTag", json!("A")),
            ("contactEmail", json!("nobody")),
            ("contactEmail", json!("a b@example.com")),
            ("contactPhone", json!("1".repeat(129))),
            ("tenantPassword", json!("1234567")),
            ("tenantPassword", json!(12345678)),
            ("rootUrl", json!("ftp://x")),
            ("rootUrl", json!("https://x/?y")),
            ("public_assets_download_url", json!("x")),
            ("smsGateway", json!({"password": "p"})),
            ("smsGateway", json!({"type": "", "password": "p"})),
            ("smsGateway", json!({"type": "t", "channels": ["fax"]})),
            ("emailGateway", json!({"type": "t", "port": 0})),
            ("emailGateway", json!({"type": "t", "port": "x"})),
            ("emailGateway", json!({"type": "t", "port": true})),
            ("analytics", json!([])),
            ("agentApi", json!({"not-a-uuid": {}})),
            ("rootLicense", json!("also")),
        ] {
            let mut body = body();
            body["rootLicence"] = json!("secret");
            body[name] = wrong.clone();
            assert!(parts(body).is_err(), "{name}: {wrong}");
        }
        for missing in ["instanceType", "tenantName", "tenantDNS", "tenantTag", "contactEmail", "tenantPassword"] {
            let mut body = body();
            body.as_object_mut().unwrap().remove(missing);
            assert!(parts(body).is_err(), "{missing}");
        }
    }
}
