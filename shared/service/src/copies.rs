//! The rule by which a copy answers a signed read instead of storage, in one place. What copies are and how old they
//! become is in [`crate::cached`]; what follows from the rule is in decisions 13 and 27.

use serde::{Deserialize, Deserializer};

use crate::{Authorization, replay_cache::Admissions};

/// What a caller says about copies.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Freshness {
    /// With `true`, `True` or `1` the answer is no copy and holds every change that was acknowledged.
    #[serde(deserialize_with = "flag")]
    pub read_fresh: bool,
}

impl Authorization<'_> {
    /// The copy that answers this request, where one may: the caller does not ask for a fresh answer, storage admitted the
    /// caller to this lately, and the request id is new here and not old. Only then it is looked for. The nonce is stored
    /// after the answer.
    pub async fn answer_by_copy<T>(&self, freshness: &Freshness, find: impl Future<Output = Option<T>>) -> Option<T> {
        if freshness.read_fresh || !self.was_admitted_lately() {
            return None;
        }
        let found = find.await?;
        self.log.defer_nonce();
        Some(found)
    }

    /// Remembers that storage admitted this caller: for `CACHE_SECONDS` this instance may show its copies of what was
    /// read to the same caller, even if the licence or membership is withdrawn meanwhile. Never for secrets that are
    /// stored.
    pub fn remember_admission(&self) {
        self.app.lock::<Admissions>().note(self.admission(), self.now);
    }

    /// A request that says it is older than a copy may be is for storage: by then the nonce of the first one is there.
    fn was_admitted_lately(&self) -> bool {
        let signed = self.signed();
        let seconds = self.app.config().cache_seconds;
        signed.is_first
            && signed.ts.abs_diff(self.now.div_euclid(1000)) <= seconds.unsigned_abs()
            && self.app.lock::<Admissions>().holds(&self.admission(), self.now, seconds * 1000)
    }
}

fn flag<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    String::deserialize(value).map(|text| matches!(text.as_str(), "true" | "True" | "1"))
}
