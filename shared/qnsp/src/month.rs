//! The query of what is shown for a calendar month.

use policy::qnsp::Month;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::IntoParams;

#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AskMonth {
    /// `YYYY-MM`, the current month (UTC) if not given.
    #[serde(default, deserialize_with = "month")]
    #[param(value_type = Option<String>)]
    period: Option<Month>,
}

impl AskMonth {
    /// The month that is asked for.
    #[must_use]
    pub fn month(self, now: i64) -> Month {
        self.period.unwrap_or_else(|| Month::of(now))
    }
}

fn month<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Month>, D::Error> {
    let month = Month::parse(&String::deserialize(from)?);
    month.map(Some).ok_or_else(|| D::Error::custom("must be a month as YYYY-MM"))
}
