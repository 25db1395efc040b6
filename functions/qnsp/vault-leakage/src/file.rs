//! What one file holds that it should not.

use std::collections::HashSet;

use crypto::{hash, seal::DataKey};
use model::qnsp::vault::leakage::{LeakageSeverity, LeakageTarget};
use policy::qnsp::leakage::{Searched, line_of};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{compared::Compared, findings::Finding, hosts::encoded, rules::Rules, work::Listing};

/// How many bytes of a file are compared with values that begin alike: a file may be made of such beginnings.
const MOST_COMPARED: usize = 16 << 20;

/// What files are searched for.
pub(crate) struct Searches<'a> {
    pub rules: &'a Rules,
    pub compared: Compared,
    pub data_key: &'a DataKey,
}

impl Searches<'_> {
    /// The first hit of each pattern, of each value and of each password. What holds a NUL byte is no text.
    pub(crate) fn look_at(&self, listing: &Listing, path: &str, content: &[u8]) -> Vec<Finding> {
        if content.contains(&0) {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let text = String::from_utf8_lossy(content);
        let searched = Searched::new(&text);
        let file = SourceFile { target: listing.target, url: format!("{}{}", listing.link, encoded(path, true)), path };
        for policy in &self.rules.policies {
            for (index, (rule, severity)) in policy.rules.iter().enumerate() {
                let Some(hit) = searched.find(rule) else { continue };
                let id = format!("pattern:{}:{index}", policy.id);
                let mut finding = file.finding(id, *severity, hit.line, self.fingerprint(hit.matched.as_bytes()));
                finding.channels.clone_from(&policy.channels);
                if let Some(details) = finding.details.as_object_mut() {
                    details.insert("policyId".to_owned(), Value::from(policy.id.as_str()));
                    details.insert("patternIndex".to_owned(), Value::from(index));
                }
                findings.push(finding);
            }
        }
        let mut found = HashSet::new();
        for (at, bytes, leaked) in self.compared.find(content, MOST_COMPARED) {
            if !found.insert(leaked) {
                continue;
            }
            let (line, fingerprint) = (line_of(content, at), self.fingerprint(bytes));
            let mut finding = file.finding(leaked.id().to_owned(), LeakageSeverity::Critical, line, fingerprint);
            finding.channels = self.rules.channels();
            finding.leaked = Some(leaked.clone());
            findings.push(finding);
        }
        findings
    }

    /// By which a match is recognised, and not known.
    fn fingerprint(&self, matched: &[u8]) -> String {
        let input = Zeroizing::new([b"leakage\0".as_slice(), matched].concat());
        hash::hex(&self.data_key.audit_hash(&input))
    }
}

struct SourceFile<'a> {
    target: LeakageTarget,
    url: String,
    path: &'a str,
}

impl SourceFile<'_> {
    fn finding(&self, secret: String, severity: LeakageSeverity, line: usize, fingerprint: String) -> Finding {
        Finding {
            secret,
            target: self.target,
            severity,
            place: self.url.clone(),
            line,
            details: json!({ "path": self.path, "line": line, "fingerprint": fingerprint }),
            channels: Vec::new(),
            leaked: None,
        }
    }
}
