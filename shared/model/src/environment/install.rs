//! The body of an installation, what it answers, and the configuration it becomes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Contact, Credential, Gateways, NewSecret, Open,
    community::check_password,
    gateways::{EmailGateway, PushConfig, SmsGateway},
    open::hand_over_others,
    settings::{Agent, Analytics, BehaviorAuth, RecaptchaConfig},
};
use crate::{
    caas::MAX_SECRET_BYTES,
    directory::is_url,
    faults::Faults,
    ids::{HostName, TenantTag},
};

const MAX_AGENTS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceType {
    ClientInstance,
    RootInstance,
}

impl InstanceType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientInstance => "client-instance",
            Self::RootInstance => "root-instance",
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallRequest {
    pub instance_type: InstanceType,
    /// Where the services are reached: the entries of the service directory start with it.
    pub root_url: Option<String>,
    /// A licence of the root instance; `rootLicence` is understood too.
    #[serde(alias = "rootLicence")]
    #[schema(value_type = Option<String>)]
    pub root_license: Option<Credential>,
    pub tenant_name: String,
    #[serde(rename = "tenantDNS")]
    pub tenant_dns: HostName,
    pub tenant_tag: TenantTag,
    pub contact_fname: Option<String>,
    pub contact_lname: Option<String>,
    pub contact_email: String,
    pub contact_phone: Option<String>,
    /// At least 8 characters. Kept as a salted hash.
    #[schema(value_type = String)]
    pub tenant_password: Zeroizing<String>,
    #[serde(rename = "public_assets_download_url")]
    pub public_assets_download_url: Option<String>,
    #[schema(value_type = Option<SmsGateway>)]
    pub sms_gateway: Option<Open<SmsGateway>>,
    #[schema(value_type = Option<EmailGateway>)]
    pub email_gateway: Option<Open<EmailGateway>>,
    #[schema(value_type = Option<PushConfig>)]
    pub push_config: Option<Open<PushConfig>>,
    #[schema(value_type = Option<RecaptchaConfig>)]
    pub recaptcha_config: Option<Open<RecaptchaConfig>>,
    #[schema(value_type = Option<Analytics>)]
    pub analytics: Option<Open<Analytics>>,
    /// By the uuid of an agent.
    #[schema(value_type = Option<BTreeMap<String, Agent>>)]
    pub agent_api: Option<BTreeMap<Uuid, Open<Agent>>>,
    #[schema(value_type = Option<BehaviorAuth>)]
    pub behavior_auth: Option<Open<BehaviorAuth>>,
}

/// What an installation comes apart into. The credentials of the tenant's own settings are kept with its community.
pub struct InstallParts {
    pub tenant: Tenant,
    pub contact: Contact,
    pub password: Zeroizing<String>,
    pub gateways: Gateways,
    pub platform: PlatformConfig,
    pub admin_console: AdminConsoleConfig,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    #[serde(rename = "tenantName")]
    pub name: String,
    #[serde(rename = "tenantDNS")]
    pub dns: HostName,
    #[serde(rename = "tenantTag")]
    pub tag: TenantTag,
}

/// The configuration of the app `platform`: what the services among themselves need.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformConfig {
    pub instance_type: InstanceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root_license: Option<Credential>,
    #[serde(rename = "public_assets_download_url", skip_serializing_if = "Option::is_none")]
    public_assets_download_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_api: Option<BTreeMap<Uuid, Open<Agent>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behavior_auth: Option<Open<BehaviorAuth>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_members: Option<Credential>,
}

/// The configuration of the app `adminconsole.global`: what its pages need.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminConsoleConfig {
    #[serde(flatten)]
    tenant: Tenant,
    contact: Contact,
    #[serde(skip_serializing_if = "Option::is_none")]
    recaptcha_config: Option<Open<RecaptchaConfig>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analytics: Option<Open<Analytics>>,
}

impl Open<InstallRequest> {
    /// Checks the rules that the types do not carry.
    pub fn parts(self) -> Result<InstallParts, Faults> {
        let (known, others) = self.into_parts();
        let mut parts = known.parts()?;
        parts.platform.other_members = others;
        Ok(parts)
    }
}

impl InstallRequest {
    fn parts(self) -> Result<InstallParts, Faults> {
        let contact = Contact {
            fname: self.contact_fname,
            lname: self.contact_lname,
            email: self.contact_email,
            phone: self.contact_phone,
        };
        let mut faults = Faults::default();
        contact.check(&mut faults);
        check_password(&self.tenant_password, "tenantPassword", &mut faults);
        let is_name = (1..=128).contains(&self.tenant_name.chars().count());
        faults.check(is_name, "tenantName", "must have 1 to 128 characters");
        let is_root = self.root_url.as_deref().is_none_or(|url| is_url(url) && !url.contains('?'));
        faults.check(is_root, "rootUrl", "must be an absolute http or https URL without a query");
        let is_assets = self.public_assets_download_url.as_deref().is_none_or(is_url);
        faults.check(is_assets, "public_assets_download_url", "must be an absolute http or https URL");
        let fits = self.agent_api.as_ref().is_none_or(|agents| agents.len() <= MAX_AGENTS);
        faults.check(fits, "agentApi", "may name at most 100 agents");
        let gateways = Gateways {
            sms_gateway: self.sms_gateway,
            email_gateway: self.email_gateway,
            push_config: self.push_config,
            other_members: None,
        };
        gateways.check(&mut faults);
        faults.result()?;
        let tenant = Tenant { name: self.tenant_name, dns: self.tenant_dns, tag: self.tenant_tag };
        Ok(InstallParts {
            contact: contact.clone(),
            password: self.tenant_password,
            gateways,
            platform: PlatformConfig {
                instance_type: self.instance_type,
                root_url: self.root_url,
                root_license: self.root_license,
                public_assets_download_url: self.public_assets_download_url,
                agent_api: self.agent_api,
                behavior_auth: self.behavior_auth,
                other_members: None,
            },
            admin_console: AdminConsoleConfig {
                tenant: tenant.clone(),
                contact,
                recaptcha_config: self.recaptcha_config,
                analytics: self.analytics,
            },
            tenant,
        })
    }
}

impl InstallParts {
    /// Hands over every credential. The tags are documented: operators look them up.
    pub fn take_secrets(&mut self) -> Vec<NewSecret> {
        let mut secrets = Vec::new();
        self.gateways.take_secrets(&mut secrets);
        hand_over_others(self.platform.behavior_auth.as_mut(), "behaviorAuth", &mut secrets);
        hand_over_others(self.admin_console.recaptcha_config.as_mut(), "recaptchaConfig", &mut secrets);
        let analytics = &mut self.admin_console.analytics;
        hand_over_others(analytics.as_mut(), "analytics", &mut secrets);
        let elastic = analytics.as_mut().and_then(|analytics| analytics.known.elastic.as_mut());
        hand_over_others(elastic, "analytics_elastic", &mut secrets);
        for (id, agent) in self.platform.agent_api.iter_mut().flatten() {
            hand_over_others(Some(agent), &format!("agentApi_{}", id.simple()), &mut secrets);
        }
        let mut take = |credential: Option<&mut Option<Credential>>, tag: &str| {
            if let Some(credential) = credential.and_then(Option::as_mut) {
                credential.hand_over(tag, &mut secrets);
            }
        };
        take(Some(&mut self.platform.root_license), "rootLicense");
        take(Some(&mut self.platform.other_members), "otherMembers");
        let behavior = &mut self.platform.behavior_auth;
        take(behavior.as_mut().map(|it| &mut it.known.api_key), "behaviorAuth_api_key");
        take(behavior.as_mut().map(|it| &mut it.known.api_secret), "behaviorAuth_api_secret");
        let recaptcha = &mut self.admin_console.recaptcha_config;
        take(recaptcha.as_mut().map(|it| &mut it.known.secret_key_api), "recaptchaConfig_secret_key_api");
        take(recaptcha.as_mut().map(|it| &mut it.known.secret_key_ui), "recaptchaConfig_secret_key_ui");
        let elastic = self.admin_console.analytics.as_mut().and_then(|analytics| analytics.known.elastic.as_mut());
        take(elastic.map(|it| &mut it.known.pwd), "analytics_elastic_pwd");
        for (id, agent) in self.platform.agent_api.iter_mut().flatten() {
            take(Some(&mut agent.known.credential), &format!("agentApi_{}_credential", id.simple()));
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
        let request =
            serde_json::from_str::<Open<InstallRequest>>(&body.to_string()).map_err(|error| error.to_string())?;
        request.parts().map_err(|error| error.to_string())
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
        let request = serde_json::from_str::<Open<InstallRequest>>(&body.to_string()).unwrap();
        let faults = request.parts().err().unwrap();
        let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["contactEmail", "tenantPassword", "tenantName", "rootUrl", "smsGateway.type"]);
    }

    #[test]
    fn a_credential_that_is_json_is_kept_as_it_was_written() {
        let agent = r#"{"credential":{"b":12345678901234567890123, "a":1.50}}"#;
        let mut body = serde_json::to_string(&body()).unwrap();
        body.insert_str(1, &format!(r#""agentApi":{{"e258cb75-4f8e-47b1-9e18-e949a2f442b0":{agent}}},"#));
        let mut parts = serde_json::from_str::<Open<InstallRequest>>(&body).unwrap().parts().unwrap();
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
        ] {
            let mut body = body();
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
