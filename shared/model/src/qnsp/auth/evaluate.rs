//! The evaluation of a sign-in's risk.

use serde::Serialize;
use utoipa::ToSchema;

use super::place::{GeoLocation, IpAddress};
use crate::{
    body,
    ids::Uuid,
    qnsp::{Text, Whole},
    time::IsoTime,
};

body! {
    /// A sign-in. SDKs send what surrounds it in `context`.
    pub struct EvaluateRisk {
        pub user_id: Uuid as "userId",
        #[schema(value_type = Option<String>)]
        ip_address: Option<IpAddress> as "ipAddress",
        user_agent: Option<Text<0, 1024>> as "userAgent",
        geo_location: Option<GeoLocation> as "geoLocation",
        device_fingerprint: Option<Text<1, 512>> as "deviceFingerprint",
        pub session_context: Option<SessionContext> as "sessionContext",
        context: Option<EvaluateContext> as "context",
    } where faults {
        if let Some(context) = &context {
            let (place, has_address, has_agent) = match context {
                Some(context) => ("context.", context.ip_address.is_some(), context.user_agent.is_some()),
                None => ("", false, false),
            };
            faults.check(has_address || !matches!(ip_address, Some(None)), format!("{place}ipAddress"), "is required");
            faults.check(has_agent || !matches!(user_agent, Some(None)), format!("{place}userAgent"), "is required");
        }
    }
}

body! {
    pub struct EvaluateContext {
        #[schema(value_type = Option<String>)]
        ip_address: Option<IpAddress> as "ipAddress",
        user_agent: Option<Text<0, 1024>> as "userAgent",
        geo_location: Option<GeoLocation> as "geoLocation",
        device_fingerprint: Option<Text<1, 512>> as "deviceFingerprint",
    }
}

body! {
    pub struct SessionContext {
        pub previous_login_at: Option<IsoTime> as "previousLoginAt",
        pub failed_attempts: Option<Whole<0, 10_000>> as "failedAttempts",
    }
}

/// What stands in the body itself comes before what stands in `context`.
impl EvaluateRisk {
    pub fn address(&self) -> &str {
        self.in_either(&self.ip_address, |context| &context.ip_address).map_or("", IpAddress::as_str)
    }

    pub fn user_agent(&self) -> &str {
        self.in_either(&self.user_agent, |context| &context.user_agent).map_or("", Text::as_str)
    }

    pub fn geo_location(&self) -> Option<&GeoLocation> {
        self.in_either(&self.geo_location, |context| &context.geo_location)
    }

    pub fn fingerprint(&self) -> Option<&str> {
        self.in_either(&self.device_fingerprint, |context| &context.device_fingerprint).map(Text::as_str)
    }

    fn in_either<'a, T>(
        &'a self,
        own: &'a Option<T>,
        within: fn(&'a EvaluateContext) -> &'a Option<T>,
    ) -> Option<&'a T> {
        own.as_ref().or_else(|| within(self.context.as_ref()?).as_ref())
    }
}

/// The assessment, with the members that SDKs read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RiskEvaluation)]
pub struct Evaluation {
    /// 0 to 100.
    pub risk_score: f64,
    /// low, medium, high or critical.
    pub risk_level: &'static str,
    pub factors: Vec<Factor>,
    /// allow, challenge or deny.
    pub recommendation: &'static str,
    /// mfa, captcha or email_verification; null unless a challenge is recommended.
    pub challenge_type: Option<&'static str>,
    /// The factors once more.
    pub risk_factors: Vec<RiskFactor>,
    /// The recommendation: allow, mfa_required or block.
    pub required_action: &'static str,
    /// The id of the evaluation.
    pub session_id: String,
}

#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RiskEvaluationFactor)]
pub struct Factor {
    pub name: String,
    pub score: f64,
    pub reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct RiskFactor {
    pub factor: String,
    pub score: f64,
    pub reason: String,
}

impl From<Factor> for RiskFactor {
    fn from(factor: Factor) -> Self {
        Self { factor: factor.name, score: factor.score, reason: factor.reason }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::faults::read;

    fn refusal(json: &str) -> String {
        read::<EvaluateRisk>(json.as_bytes(), "Body").err().unwrap().to_string()
    }

    #[test]
    fn both_shapes_say_the_same() {
        let user = r#""userId":"00000000-0000-4000-8000-00000000000A""#;
        let inner =
            r#""ipAddress":"::ffff:192.0.2.1","userAgent":"","geoLocation":{"country":"de"},"deviceFingerprint":"f""#;
        for json in [format!("{{{user},{inner}}}"), format!("{{{user},\"context\":{{{inner}}},\"action\":\"login\"}}")]
        {
            let body: EvaluateRisk = read(json.as_bytes(), "Body").unwrap();
            assert_eq!((body.address(), body.user_agent(), body.fingerprint()), ("192.0.2.1", "", Some("f")));
            let country = body.geo_location().unwrap().country.as_ref().unwrap();
            assert_eq!((country.as_str(), body.user_id.as_str()), ("DE", "00000000-0000-4000-8000-00000000000a"));
        }
    }

    #[test]
    fn what_is_missing_is_named_where_it_belongs() {
        let user = r#""userId":"00000000-0000-4000-8000-00000000000a""#;
        assert_eq!(refusal(&format!("{{{user}}}")), "ipAddress is required; userAgent is required");
        let nested = refusal(&format!(r#"{{{user},"context":{{"userAgent":"a"}}}}"#));
        assert_eq!(nested, "context.ipAddress: ipAddress is required");
        let wrong = r#""ipAddress":"x","userAgent":"a","geoLocation":{"latitude":90.1,"country":"DEU"}"#;
        let wrong = refusal(&format!(r#"{{{user},{wrong},"sessionContext":{{"failedAttempts":-1}}}}"#));
        for fault in
            ["ipAddress must be an IP address", "geoLocation.latitude: ", "geoLocation.country: ", "failedAttempts"]
        {
            assert!(wrong.contains(fault), "{wrong}");
        }
    }
}
