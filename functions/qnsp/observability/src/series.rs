//! Recorded series as SQL: the rows whose points a metric has, and what rules and panels ask of them. A metric has the
//! points that lie after a time (`?2`) and not after another (`?3`).

use platform::{Row, Statement};
use policy::qnsp::{
    Metric,
    anomaly::{Fit, Spread},
    metric::Fold,
};
use service::Result;

/// How many points of a window are looked at, the newest first: all minutes of thirty days are fewer.
const MOST: i64 = 50_000;

/// How many points a panel shows.
const SHOWN: i64 = 500;

pub(crate) struct Series<'a> {
    tenant: &'a str,
    from: String,
    at: &'static str,
    value: String,
    /// By which the points of one time are ordered.
    tie: &'static str,
    /// `?4` of the rows.
    key: Option<&'a str>,
}

impl<'a> Series<'a> {
    pub(crate) fn of(tenant: &'a str, metric: &'a Metric) -> Self {
        const COSTS: &str =
            "qnsp_allocations WHERE tenant_id = ?1 AND period_end > ?2 AND period_end <= ?3 AND currency = 'USD'";
        let costs = |from: String, key| Self {
            tenant,
            from,
            at: "period_end",
            value: "amount / 1000000.0".to_owned(),
            tie: ", id DESC",
            key,
        };
        let minutes = |value: &str, condition: &str| Self {
            tenant,
            from: format!(
                "qnsp_minutes WHERE tenant_id = ?1 AND minute > ?2 / 60000 AND minute <= ?3 / 60000{condition}"
            ),
            at: "minute * 60000",
            value: value.to_owned(),
            tie: "",
            key: None,
        };
        let snapshots = |name: &str| Self {
            tenant,
            from: "qnsp_health WHERE tenant_id = ?1 AND recorded_at > ?2 AND recorded_at <= ?3".to_owned(),
            at: "recorded_at",
            value: format!("(metrics ->> '{name}') * 1.0"),
            tie: ", id DESC",
            key: None,
        };
        match metric {
            Metric::CostTotal => costs(COSTS.to_owned(), None),
            Metric::CostOf(resource_type) => costs(format!("{COSTS} AND resource_type = ?4"), Some(resource_type)),
            Metric::HttpRequests => minutes("calls * 1.0", ""),
            Metric::HttpErrors => minutes("errors * 1.0", ""),
            Metric::HttpLatency => minutes("milliseconds * 1.0 / timed", " AND timed > 0"),
            Metric::ApiLatencyP99 => snapshots("apiLatencyP99"),
            Metric::ErrorRate => snapshots("errorRate"),
            Metric::ActiveUsers => snapshots("activeUsers"),
            Metric::StorageUsage => snapshots("storageUsage"),
            Metric::KmsOperations => Self {
                tenant,
                from:
                    "(SELECT hour, sum(uses) AS uses FROM qnsp_key_hours WHERE tenant_id = ?1 AND hour > ?2 / 3600000 \
                       AND hour <= ?3 / 3600000 GROUP BY hour)"
                        .to_owned(),
                at: "hour * 3600000",
                value: "uses * 1.0".to_owned(),
                tie: "",
                key: None,
            },
        }
    }

    fn bind(&self, select: String, after: i64, until: i64) -> Statement {
        let select = Statement::new(select).bind(self.tenant).bind(after).bind(until);
        match self.key {
            Some(key) => select.bind(key),
            None => select,
        }
    }

    /// The newest points as `t` and `v`.
    fn newest(&self, most: i64) -> String {
        let Self { from, at, value, tie, .. } = self;
        format!("SELECT {at} AS t, {value} AS v FROM {from} ORDER BY {} DESC{tie} LIMIT {most}", self.order())
    }

    /// The column by which an index has the points in order.
    fn order(&self) -> &'static str {
        self.at.split(' ').next().unwrap_or(self.at)
    }

    /// Selects the last point.
    pub(crate) fn last(&self, after: i64, until: i64) -> Statement {
        self.bind(self.newest(1), after, until)
    }

    pub(crate) fn spread(&self, after: i64, until: i64) -> Statement {
        let text = format!(
            "WITH p AS ({}), m AS (SELECT count(*) AS n, min(v) AS least, max(v) AS most, avg(v) AS mean FROM p) \
             SELECT n, least, most, mean, (SELECT total((p.v - m.mean) * (p.v - m.mean)) FROM p) AS squares FROM m",
            self.newest(MOST)
        );
        self.bind(text, after, until)
    }

    /// Hours are counted from the beginning of the window.
    pub(crate) fn fit(&self, after: i64, until: i64) -> Statement {
        let text = format!(
            "WITH p AS (SELECT (t - ?2) / 3600000.0 AS h, v FROM ({})), \
             m AS (SELECT avg(h) AS hour, avg(v) AS mean FROM p) \
             SELECT count(*) AS n, total((p.h - m.hour) * (p.v - m.mean)) AS products, \
             total((p.h - m.hour) * (p.h - m.hour)) AS hour_squares FROM p, m",
            self.newest(MOST)
        );
        self.bind(text, after, until)
    }

    /// Selects what a panel shows of the points, the oldest first.
    pub(crate) fn points(&self, after: i64, until: i64) -> Statement {
        self.bind(format!("SELECT t, v FROM ({}) ORDER BY t", self.newest(SHOWN)), after, until)
    }

    /// Selects one value for each window that has points, the oldest first: `t` is the window's beginning.
    pub(crate) fn windows(&self, fold: Fold, window: i64, after: i64, until: i64) -> Statement {
        let fold = match fold {
            Fold::Sum => "total(v)",
            Fold::Mean => "avg(v)",
            Fold::Most => "max(v)",
        };
        let text = format!(
            "SELECT begins AS t, {fold} AS v FROM (SELECT t - t % {window} AS begins, v FROM ({})) \
             GROUP BY begins ORDER BY begins",
            self.newest(MOST)
        );
        self.bind(text, after, until)
    }
}

/// The values of [`Series::spread`].
pub(crate) fn spread_of(row: &Row) -> Result<Spread> {
    let number = |name: &str| -> Result<f64> { Ok(row.get::<Option<f64>>(name)?.unwrap_or_default()) };
    Ok(Spread {
        count: row.get("n")?,
        least: number("least")?,
        most: number("most")?,
        mean: number("mean")?,
        squares: number("squares")?,
    })
}

/// The values of [`Series::fit`].
pub(crate) fn fit_of(row: &Row) -> Result<Fit> {
    Ok(Fit { count: row.get("n")?, products: row.get("products")?, hour_squares: row.get("hour_squares")? })
}
