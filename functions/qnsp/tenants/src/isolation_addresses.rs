//! Addresses that the tenant has stored, held against the rule of outgoing requests as it is now. It is asked with each
//! request, too, so that none of them is called that may not be. Those of databases are sealed, and are judged there alone.

use model::qnsp::tenant::{Category, Finding};
use platform::Statement;
use policy::qnsp::{OutboundHosts, Refused};
use qnsp::{Caller, Settings, hsm::Endpoint};
use service::Result;

/// What gives addresses: the id of the object, the URL, the port where that is apart, and whether it is a channel of notification, which
/// may be any text. `?1` is the tenant, `?2` the number of rows of each kind (-1 for all).
const ADDRESSES: [&str; 8] = [
    "SELECT id, config ->> '$.url', NULL, 0 FROM (SELECT id, config \
     FROM qnsp_subscriptions WHERE tenant_id = ?1 AND destination = 'webhook' ORDER BY created_at DESC LIMIT ?2)",
    "SELECT id, endpoint, port, 0 FROM (SELECT id, endpoint, port FROM qnsp_hsm_connections WHERE tenant_id = ?1 \
     ORDER BY created_at DESC, id DESC LIMIT ?2)",
    "SELECT p.id, s.value ->> '$.baseUrl', NULL, 0 FROM (SELECT id, sources FROM qnsp_leakage_policies \
     WHERE tenant_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2) p CROSS JOIN json_each(p.sources) s",
    "SELECT p.id, a.value ->> '$.parameters.url', NULL, 0 FROM (SELECT id, actions FROM qnsp_playbooks \
     WHERE tenant_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2) p CROSS JOIN json_each(p.actions) a \
     WHERE a.value ->> '$.type' = 'webhook'",
    "SELECT p.id, c.value, NULL, 1 FROM (SELECT id, channels FROM qnsp_leakage_policies WHERE tenant_id = ?1 \
     ORDER BY created_at DESC, id DESC LIMIT ?2) p CROSS JOIN json_each(p.channels) c",
    "SELECT r.id, c.value, NULL, 1 FROM (SELECT id, channels FROM qnsp_anomaly_rules WHERE tenant_id = ?1 \
     ORDER BY created_at DESC LIMIT ?2) r CROSS JOIN json_each(r.channels) c",
    "SELECT b.id, c.value, NULL, 1 FROM (SELECT id, alerts FROM qnsp_budgets WHERE tenant_id = ?1 \
     ORDER BY created_at DESC LIMIT ?2) b CROSS JOIN json_each(b.alerts) a CROSS JOIN json_each(a.value, '$.channels') c",
    "SELECT r.id, c.value, NULL, 1 FROM (SELECT id, channels FROM qnsp_key_alert_rules WHERE tenant_id = ?1 \
     ORDER BY created_at DESC LIMIT ?2) r CROSS JOIN json_each(r.channels) c",
];

/// Each object once for each of the two things that may be said of its addresses.
pub(crate) async fn findings(caller: &Caller, rows: i64) -> Result<Vec<Finding>> {
    let hosts = &Settings::of(&caller.app)?.outbound_hosts;
    let mut findings: Vec<Finding> = Vec::new();
    for select in ADDRESSES {
        let select = format!("WITH addresses (object_id, url, port, is_channel) AS ({select}) SELECT * FROM addresses");
        for row in caller.app.query(Statement::new(select).bind(caller.tenant()).bind(rows)).await? {
            let Some(url) = row.get::<Option<String>>("url")? else { continue };
            let address = Address { url: &url, port: row.get("port")?, is_channel: row.get("is_channel")? };
            let Some((check, severity, description)) = address.fault(hosts) else { continue };
            let finding = Finding {
                category: Category::Network,
                check: check.to_owned(),
                severity: severity.to_owned(),
                description: description.to_owned(),
                object_id: row.get("object_id")?,
            };
            let is_known = |known: &Finding| known.check == finding.check && known.object_id == finding.object_id;
            if !findings.iter().any(is_known) {
                findings.push(finding);
            }
        }
    }
    Ok(findings)
}

struct Address<'a> {
    url: &'a str,
    port: Option<i64>,
    is_channel: bool,
}

impl Address<'_> {
    fn fault(&self, hosts: &OutboundHosts) -> Option<(&'static str, &'static str, &'static str)> {
        // Text that is no address tells nobody.
        let is_text = self.is_channel && hosts.check(self.url) != Err(Refused::NotAllowed);
        match (self.is_called(hosts), self.is_called(&OutboundHosts::default())) {
            (true, true) => None,
            (true, false) => {
                Some(("address_public", "low", "An address may be called because the operator allows its host"))
            }
            (false, _) if is_text => None,
            (false, _) => Some(("address_allowed", "high", "An address is stored that may not be called")),
        }
    }

    fn is_called(&self, hosts: &OutboundHosts) -> bool {
        match self.port {
            Some(port) => Endpoint::parse(self.url, port, hosts).is_ok(),
            None => hosts.check(self.url).is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_judged_by_the_rule_and_by_what_the_operator_adds_to_it() {
        let hosts = OutboundHosts::parse("10.0.0.1:*");
        let fault = |url, port, is_channel| {
            Address { url, port, is_channel }.fault(&hosts).map(|(check, severity, _)| (check, severity))
        };
        let (high, low) = (Some(("address_allowed", "high")), Some(("address_public", "low")));
        for (url, expected, of_channel) in [
            ("https://hooks.example.com/x", None, None),
            ("http://10.0.0.1:81/x", low, low),
            ("https://10.0.0.1/x", low, low),
            ("https://10.0.0.2/x", high, high),
            ("http://hooks.example.com", high, None),
            ("ops", high, None),
        ] {
            assert_eq!((fault(url, None, false), fault(url, None, true)), (expected, of_channel), "{url}");
        }
        for (endpoint, expected) in [
            ("sim://a", None),
            ("https://hsm.example.com", None),
            ("https://10.0.0.1", low),
            ("https://10.0.0.2", high),
        ] {
            assert_eq!(fault(endpoint, Some(443), false), expected, "{endpoint}");
        }
    }
}
