//! Authorisations of keys in communities, and the licence check.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Modules, NOT_FUTURE, expiry_or_default, present};
use crate::{
    AuthLevel,
    ids::{CommunityHexId, Invalid, KeyTag},
    time::IsoTime,
};

const MAX_COMMUNITY_NAME: usize = 256;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AddAuthorizationRequest {
    pub key_tag: KeyTag,
    pub community_id: CommunityHexId,
    pub community_name: Option<String>,
    #[serde(default = "authorized")]
    pub is_authorized: bool,
    /// Two years from now by default.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expiry: Option<IsoTime>,
}

fn authorized() -> bool {
    true
}

impl AddAuthorizationRequest {
    /// The rules that the types do not carry.
    pub fn check(&self) -> Result<(), Invalid> {
        let name = self.community_name.as_deref().unwrap_or_default();
        if name.chars().count() > MAX_COMMUNITY_NAME {
            return Err(Invalid("communityName may have at most 256 characters"));
        }
        Ok(())
    }

    /// When the authorisation expires, in epoch milliseconds.
    pub fn expires_at(&self, now: i64) -> Result<i64, Invalid> {
        expiry_or_default(self.expiry, now)
    }
}

/// A change of an authorisation; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateAuthorizationRequest {
    #[serde(default, deserialize_with = "present")]
    pub is_authorized: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expiry: Option<IsoTime>,
}

impl UpdateAuthorizationRequest {
    /// The rules that the types do not carry.
    pub fn check(&self, now: i64) -> Result<(), Invalid> {
        match (self.is_authorized, self.expiry) {
            (None, None) => Err(Invalid("Give isAuthorized, expiry or both")),
            (_, Some(expiry)) if expiry.0 <= now => Err(NOT_FUTURE),
            _ => Ok(()),
        }
    }
}

/// The authorisation of a key in a community.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LicenseAuth {
    pub is_authorized: bool,
    #[serde(rename = "_id")]
    pub id: String,
    pub key_tag: String,
    pub community_id: String,
    #[schema(value_type = String, format = DateTime)]
    pub expiry: IsoTime,
}

/// What the calling key may do in a community.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LicenseCheck {
    pub modules: Modules,
    /// False when the authorisation has been withdrawn or has expired.
    pub is_authorized: bool,
    #[schema(value_type = String, format = DateTime)]
    pub expiry: IsoTime,
    pub auth_level: AuthLevel,
    pub tag: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::time;

    const NOW: i64 = 1_767_323_045_678;
    const COMMUNITY: &str = "0123456789abcdef01234567";

    fn add(body: Value) -> Result<AddAuthorizationRequest, String> {
        let request: AddAuthorizationRequest = serde_json::from_value(body).map_err(|error| error.to_string())?;
        request.check().map_err(|error| error.to_string())?;
        Ok(request)
    }

    #[test]
    fn a_key_is_authorised_for_two_years_by_default() {
        let request = add(json!({"keyTag": "abc", "communityId": COMMUNITY})).unwrap();
        assert!(request.is_authorized);
        assert_eq!(time::to_iso(request.expires_at(NOW).unwrap()), "2028-01-02T03:04:05.678Z");
    }

    #[test]
    fn what_breaks_a_rule_is_not_added() {
        for body in [
            json!({"communityId": COMMUNITY}),
            json!({"keyTag": "abc"}),
            json!({"keyTag": "a.c", "communityId": COMMUNITY}),
            json!({"keyTag": "abc", "communityId": "community"}),
            json!({"keyTag": "abc", "communityId": COMMUNITY, "communityName": "n".repeat(257)}),
            json!({"keyTag": "abc", "communityId": COMMUNITY, "isAuthorized": 1}),
            json!({"keyTag": "abc", "communityId": COMMUNITY, "expiry": "soon"}),
        ] {
            assert!(add(body.clone()).is_err(), "{body}");
        }
        let past = add(json!({"keyTag": "abc", "communityId": COMMUNITY, "expiry": time::to_iso(NOW)}));
        assert_eq!(past.unwrap().expires_at(NOW), Err(NOT_FUTURE));
    }

    #[test]
    fn a_change_names_authorisation_or_expiry_and_nothing_else() {
        let update = |body: Value| {
            serde_json::from_value(body).is_ok_and(|request: UpdateAuthorizationRequest| request.check(NOW).is_ok())
        };
        assert!(update(json!({"isAuthorized": false})));
        assert!(update(json!({"expiry": time::to_iso(NOW + 1)})));
        for bad in [
            json!({}),
            json!({"isAuthorized": null}),
            json!({"expiry": time::to_iso(NOW)}),
            json!({"isAuthorized": true, "communityName": "x"}),
        ] {
            assert!(!update(bad.clone()), "{bad}");
        }
    }
}
