//! Authorisations of keys in communities, and the licence check.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Modules, NOT_FUTURE, READ_ONLY, expiry_or_default};
use crate::{
    AuthLevel, body,
    faults::Faults,
    ids::{CommunityId, KeyTag},
    json::JsonText,
    time::{Expiry, IsoTime},
};

const MAX_COMMUNITY_NAME: usize = 256;

body! {
    /// A key in a community.
    pub struct AddAuthorizationRequest {
        pub key_tag: KeyTag as "keyTag",
        pub community_id: CommunityId as "communityId",
        pub community_name: Option<String> as "communityName",
        #[schema(value_type = bool, required = false)]
        pub is_authorized: Option<bool> as "isAuthorized" if given,
        /// Two years from now by default. A day means its beginning in UTC.
        #[schema(value_type = Option<String>, format = DateTime)]
        expiry: Option<Expiry> as "expiry",
    } where faults {
        let name = community_name.as_ref().and_then(Option::as_deref).unwrap_or_default();
        let fits = name.chars().count() <= MAX_COMMUNITY_NAME;
        faults.check(fits, "communityName", "may have at most 256 characters");
    }
}

impl AddAuthorizationRequest {
    /// When the authorisation expires, in epoch milliseconds.
    pub fn expires_at(&self, now: i64) -> Result<i64, Faults> {
        expiry_or_default(self.expiry, now)
    }
}

body! {
    /// A change of an authorisation; what is absent stays as it is. The other members of an authorisation may be sent
    /// along unchanged, and unknown ones are ignored.
    pub struct UpdateAuthorizationRequest {
        pub is_authorized: Option<bool> as "isAuthorized" if given,
        /// In the future, or the one that is stored.
        #[schema(value_type = Option<String>, format = DateTime)]
        pub expiry: Option<Expiry> as "expiry" if given,
        #[schema(ignore)]
        pub id: Option<JsonText> as "_id" if given,
        #[schema(ignore)]
        key_tag: Option<JsonText> as "keyTag" if given,
        #[schema(ignore)]
        community_id: Option<JsonText> as "communityId" if given,
        #[schema(ignore)]
        pub community_name: Option<JsonText> as "communityName" if given,
    }
}

impl UpdateAuthorizationRequest {
    /// Whether the key and the community are those of the path.
    pub fn check(&self, community: &CommunityId, tag: &str) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let is_same = self.key_tag.as_ref().is_none_or(|given| given.as_string().as_deref() == Some(tag));
        faults.check(is_same, "keyTag", READ_ONLY);
        let is_same = self.community_id.as_ref().is_none_or(|given| {
            let given = given.as_string().and_then(|given| CommunityId::try_from(given).ok());
            given.as_ref() == Some(community)
        });
        faults.check(is_same, "communityId", READ_ONLY);
        faults.result()
    }

    /// What of it does not fit what is stored: a changed `_id`, or an expiry that is neither stored nor in the future.
    pub fn check_against(&self, stored: &LicenseAuth, now: i64) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let is_same = self.id.as_ref().is_none_or(|given| given.as_string().as_ref() == Some(&stored.id));
        faults.check(is_same, "_id", READ_ONLY);
        let fits = self.expiry.is_none_or(|expiry| expiry.0 > now || expiry.0 == stored.expiry.0);
        faults.check(fits, "expiry", NOT_FUTURE);
        // The name is stored, but not shown.
        let fits = self.community_name.is_none() || !faults.is_empty();
        faults.check(fits, "communityName", READ_ONLY);
        faults.result()
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
    pub expiry: IsoTime,
}

/// What the calling key may do in a community.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LicenseCheck {
    pub modules: Modules,
    /// False when the authorisation has been withdrawn or has expired.
    pub is_authorized: bool,
    pub expiry: IsoTime,
    pub auth_level: AuthLevel,
    pub tag: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::{Value, json};

    use super::*;
    use crate::{faults::read, time};

    const NOW: i64 = 1_767_323_045_678;
    const COMMUNITY: &str = "0123456789abcdef01234567";

    fn add(body: Value) -> Result<(AddAuthorizationRequest, i64), String> {
        let request = read::<AddAuthorizationRequest>(body.to_string().as_bytes(), "Body");
        let request = request.map_err(|faults| faults.to_string())?;
        let expires_at = request.expires_at(NOW).map_err(|faults| faults.to_string())?;
        Ok((request, expires_at))
    }

    #[test]
    fn a_key_is_authorised_for_two_years_by_default() {
        let (request, expires_at) = add(json!({"keyTag": "abc", "communityId": COMMUNITY})).unwrap();
        assert!(request.is_authorized.is_none());
        assert_eq!(time::to_iso(expires_at), "2028-01-02T03:04:05.678Z");
        let (_, day) = add(json!({"keyTag": "abc", "communityId": COMMUNITY, "expiry": "2028-01-08"})).unwrap();
        assert_eq!(time::to_iso(day), "2028-01-08T00:00:00.000Z");
    }

    #[test]
    fn what_breaks_a_rule_is_not_added() {
        for body in [
            json!({"communityId": COMMUNITY}),
            json!({"keyTag": "abc"}),
            json!({"keyTag": "a.c", "communityId": COMMUNITY}),
            json!({"keyTag": "abc", "communityId": "community!"}),
            json!({"keyTag": "abc", "communityId": COMMUNITY, "communityName": "n".repeat(257)}),
            json!({"keyTag": "abc", "communityId": COMMUNITY, "isAuthorized": 1}),
            json!({"keyTag": "abc", "communityId": COMMUNITY, "expiry": "soon"}),
        ] {
            assert!(add(body.clone()).is_err(), "{body}");
        }
        let wrong = json!({"keyTag": 1, "communityId": "a b", "communityName": "n".repeat(257), "expiry": "soon"});
        let faults = "keyTag must be a string; communityId must have 1 to 64 characters of A-Z a-z 0-9 _ -; expiry must be \
                      an ISO 8601 time like 2030-01-02T03:04:05.678Z, or a day like 2030-01-02; communityName may have \
                      at most 256 characters";
        assert_eq!(add(wrong).err().unwrap(), faults);
        let past = json!({"keyTag": "abc", "communityId": COMMUNITY, "expiry": time::to_iso(NOW)});
        assert_eq!(add(past).err().unwrap(), "expiry must lie in the future");
    }

    fn update(body: Value) -> Result<(), String> {
        let request = read::<UpdateAuthorizationRequest>(body.to_string().as_bytes(), "Body");
        let request = request.map_err(|faults| faults.to_string())?;
        let community = CommunityId::try_from(COMMUNITY.to_owned()).unwrap();
        request.check(&community, "abc").map_err(|faults| faults.to_string())?;
        request.check_against(&stored(), NOW).map_err(|faults| faults.to_string())
    }

    fn stored() -> LicenseAuth {
        LicenseAuth {
            is_authorized: true,
            id: "i".to_owned(),
            key_tag: "abc".to_owned(),
            community_id: COMMUNITY.to_owned(),
            expiry: IsoTime(NOW - 1),
        }
    }

    #[test]
    fn what_was_shown_may_be_sent_back() {
        let shown = serde_json::to_value(stored()).unwrap();
        assert_eq!(update(shown), Ok(()));
        for good in [json!({}), json!({"isAuthorized": false, "more": {}}), json!({"expiry": time::to_iso(NOW + 1)})] {
            assert_eq!(update(good), Ok(()));
        }
        for bad in [
            json!({"isAuthorized": null}),
            json!({"expiry": time::to_iso(NOW)}),
            json!({"keyTag": "abd"}),
            json!({"keyTag": null}),
            json!({"communityId": "0123456789abcdef01234568"}),
            json!({"_id": "j"}),
            json!({"_id": 1}),
        ] {
            assert!(update(bad.clone()).is_err(), "{bad}");
        }
    }
}
