//! The recorded series that rules and panels may ask for, and what a panel asks of one.

use super::DAY_MS;

/// A series of a tenant's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Of all resources, in US dollars.
    CostTotal,
    /// Of the resources of one type, in US dollars.
    CostOf(String),
    HttpRequests,
    HttpErrors,
    HttpLatency,
    ApiLatencyP99,
    ErrorRate,
    ActiveUsers,
    StorageUsage,
    KmsOperations,
}

impl Metric {
    /// ```
    /// use chancery_policy::qnsp::Metric;
    ///
    /// assert_eq!(Metric::parse("cost.vm"), Some(Metric::CostOf("vm".to_owned())));
    /// assert_eq!(Metric::parse("cost."), None);
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "cost.total" => Self::CostTotal,
            "http.requests" => Self::HttpRequests,
            "http.errors" => Self::HttpErrors,
            "http.latency_ms" => Self::HttpLatency,
            "tenant.apiLatencyP99" => Self::ApiLatencyP99,
            "tenant.errorRate" => Self::ErrorRate,
            "tenant.activeUsers" => Self::ActiveUsers,
            "tenant.storageUsage" => Self::StorageUsage,
            "kms.operations" => Self::KmsOperations,
            _ => Self::CostOf(name.strip_prefix("cost.").filter(|of| !of.is_empty())?.to_owned()),
        })
    }
}

/// How the points of a window become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Sum,
    Mean,
    Most,
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The points as they are.
    Points(Metric),
    /// One value for each window of so many milliseconds.
    Windows { fold: Fold, metric: Metric, window: i64 },
}

/// No point is older.
const LONGEST_WINDOW: i64 = 30 * DAY_MS;

impl Query {
    /// A metric, or `sum`, `avg` or `max` of one over windows: `sum(http.requests[5m])`.
    ///
    /// ```
    /// use chancery_policy::qnsp::metric::{Fold, Metric, Query};
    ///
    /// let windows = Query::Windows { fold: Fold::Mean, metric: Metric::HttpRequests, window: 3_600_000 };
    /// assert_eq!(Query::parse("avg(http.requests[1h])"), Some(windows));
    /// assert_eq!(Query::parse("min(http.requests[1h])"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(metric) = Metric::parse(text) {
            return Some(Self::Points(metric));
        }
        let (fold, rest) = text.split_once('(')?;
        let fold = match fold {
            "sum" => Fold::Sum,
            "avg" => Fold::Mean,
            "max" => Fold::Most,
            _ => return None,
        };
        // A type of resources may have brackets in its name, so the last ones count.
        let (metric, window) = rest.strip_suffix("])")?.rsplit_once('[')?;
        Some(Self::Windows { fold, metric: Metric::parse(metric)?, window: window_of(window)? })
    }
}

/// `<n>m`, `<n>h` or `<n>d`.
fn window_of(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => DAY_MS,
        _ => return None,
    };
    let number = text.get(..text.len() - 1)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let length = number.parse::<i64>().ok().filter(|_| is_number)?.checked_mul(unit)?;
    (1..=LONGEST_WINDOW).contains(&length).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn metrics_have_their_names_and_no_others() {
        for name in [
            "http.requests",
            "http.errors",
            "http.latency_ms",
            "tenant.apiLatencyP99",
            "tenant.errorRate",
            "tenant.activeUsers",
            "tenant.storageUsage",
            "kms.operations",
            "cost.total",
            "cost.kms.key",
        ] {
            assert!(Metric::parse(name).is_some(), "{name}");
        }
        for name in
            ["", "cost", "cost.", "http.latency", "http.requests ", "HTTP.requests", "tenant.", "sum(cost.total)"]
        {
            assert_eq!(Metric::parse(name), None, "{name}");
        }
    }

    #[test]
    fn windows_are_minutes_hours_or_days_up_to_thirty_days() {
        for (text, window) in
            [("1m", 60_000), ("90m", 5_400_000), ("24h", DAY_MS), ("30d", 30 * DAY_MS), ("43200m", 30 * DAY_MS)]
        {
            let found = Query::parse(&format!("max(cost.total[{text}])"));
            assert_eq!(found, Some(Query::Windows { fold: Fold::Most, metric: Metric::CostTotal, window }), "{text}");
        }
        for text in ["", "m", "0m", "31d", "1s", "+1m", "-1m", "1.5h", "1 m", "1M", "99999999999999999999d", "1é", "é"]
        {
            assert_eq!(Query::parse(&format!("sum(cost.total[{text}])")), None, "{text}");
        }
        for text in ["sum(cost.total)", "sum(cost.total[1m]", "sum cost.total[1m]", "sum([1m])", "sum(x[1m])", ""] {
            assert_eq!(Query::parse(text), None, "{text}");
        }
        let odd = Query::Windows { fold: Fold::Sum, metric: Metric::CostOf("a[1m])".to_owned()), window: 60_000 };
        assert_eq!(Query::parse("sum(cost.a[1m])[1m])"), Some(odd));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(sum|avg|max|cost|http)?[(.]?\\PC{0,12}[\\[(]?[0-9]{0,3}[mhd]?(\\]\\))?") {
            if let Some(Query::Windows { window, .. }) = Query::parse(&text) {
                prop_assert!((1..=LONGEST_WINDOW).contains(&window));
            }
        }
    }
}
