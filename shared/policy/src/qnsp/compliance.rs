//! Compliance: which checks a control asks for, and what comes of them. The checks themselves look at stored state.

use std::collections::BTreeMap;

use super::number;

/// The checks that a control may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    AuditChainValid,
    MfaPolicyEnabled,
    NoOpenCriticalIncidents,
    EncryptionPqcReady,
    RetentionPolicyPresent,
    LegalHoldSupported,
    EscrowDualControl,
    NoWildcardPolicies,
    BackupsScheduled,
    QuotaHeadroom,
}

use Check::{
    AuditChainValid, BackupsScheduled, EncryptionPqcReady, EscrowDualControl, MfaPolicyEnabled,
    NoOpenCriticalIncidents, NoWildcardPolicies, QuotaHeadroom, RetentionPolicyPresent,
};

impl Check {
    pub const ALL: [Self; 10] = [
        AuditChainValid,
        MfaPolicyEnabled,
        NoOpenCriticalIncidents,
        EncryptionPqcReady,
        RetentionPolicyPresent,
        Self::LegalHoldSupported,
        EscrowDualControl,
        NoWildcardPolicies,
        BackupsScheduled,
        QuotaHeadroom,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            AuditChainValid => "audit_chain_valid",
            MfaPolicyEnabled => "mfa_policy_enabled",
            NoOpenCriticalIncidents => "no_open_critical_incidents",
            EncryptionPqcReady => "encryption_pqc_ready",
            RetentionPolicyPresent => "retention_policy_present",
            Self::LegalHoldSupported => "legal_hold_supported",
            EscrowDualControl => "escrow_dual_control",
            NoWildcardPolicies => "no_wildcard_policies",
            BackupsScheduled => "backups_scheduled",
            QuotaHeadroom => "quota_headroom",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == name)
    }
}

/// A framework with the controls that every tenant has.
type Framework = (&'static str, &'static [(&'static str, &'static [Check])]);

const BUILT_IN: [Framework; 5] = [
    (
        "SOC2",
        &[
            ("CC6.1", &[MfaPolicyEnabled, NoWildcardPolicies]),
            ("CC6.7", &[EncryptionPqcReady]),
            ("CC7.2", &[AuditChainValid, NoOpenCriticalIncidents]),
            ("A1.2", &[BackupsScheduled, QuotaHeadroom]),
        ],
    ),
    (
        "ISO27001",
        &[
            ("A.5.15", &[MfaPolicyEnabled, NoWildcardPolicies]),
            ("A.8.24", &[EncryptionPqcReady]),
            ("A.8.15", &[AuditChainValid]),
            ("A.8.13", &[BackupsScheduled]),
        ],
    ),
    (
        "PCI-DSS",
        &[
            ("3.6", &[EscrowDualControl]),
            ("3.7", &[EncryptionPqcReady]),
            ("8.4", &[MfaPolicyEnabled]),
            ("10.2", &[AuditChainValid]),
        ],
    ),
    (
        "HIPAA",
        &[
            ("164.312(a)", &[MfaPolicyEnabled, NoWildcardPolicies]),
            ("164.312(b)", &[AuditChainValid]),
            ("164.308(a)(7)", &[BackupsScheduled]),
        ],
    ),
    ("GDPR", &[("5(1)(e)", &[RetentionPolicyPresent]), ("32", &[EncryptionPqcReady, AuditChainValid])]),
];

/// The built-in controls of a framework.
pub fn built_in(framework: &str) -> impl Iterator<Item = Control> {
    let found = BUILT_IN.iter().find(|(name, _)| *name == framework);
    let controls = found.into_iter().flat_map(|(_, controls)| controls.iter());
    controls.map(|(id, checks)| Control { id: (*id).to_owned(), checks: checks.to_vec() })
}

/// A control with its checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    pub id: String,
    pub checks: Vec<Check>,
}

/// What a check has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub has_passed: bool,
    /// Whether there was anything to look at.
    pub has_data: bool,
}

/// What came of the controls of a framework.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub passed: i64,
    pub failed: i64,
    /// Controls that have passed only because there was nothing to look at.
    pub no_data: Vec<String>,
}

impl Outcome {
    /// A control passes when all its checks do; one without checks cannot be assessed, and fails.
    pub fn of(controls: &[Control], findings: &BTreeMap<Check, Finding>) -> Self {
        let mut outcome = Self::default();
        for control in controls {
            let found: Vec<_> = control.checks.iter().filter_map(|check| findings.get(check)).collect();
            let is_assessed = !found.is_empty() && found.len() == control.checks.len();
            if is_assessed && found.iter().all(|finding| finding.has_passed) {
                outcome.passed += 1;
                if found.iter().all(|finding| !finding.has_data) {
                    outcome.no_data.push(control.id.clone());
                }
            } else {
                outcome.failed += 1;
            }
        }
        outcome
    }

    /// In percent, 2 decimals.
    pub fn score(&self) -> f64 {
        number::percentage(self.passed, self.passed + self.failed)
    }
}

/// The mean of the scores before they are rounded, 2 decimals.
pub fn overall<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> f64 {
    let scores: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| 100.0 * outcome.passed as f64 / (outcome.passed + outcome.failed).max(1) as f64)
        .collect();
    number::round(scores.iter().sum::<f64>() / scores.len().max(1) as f64, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(failed: &[Check], without_data: &[Check]) -> BTreeMap<Check, Finding> {
        let of = |check: Check| {
            (check, Finding { has_passed: !failed.contains(&check), has_data: !without_data.contains(&check) })
        };
        Check::ALL.into_iter().map(of).collect()
    }

    #[test]
    fn every_check_has_a_name_and_every_framework_its_controls() {
        assert!(Check::ALL.into_iter().all(|check| Check::parse(check.as_str()) == Some(check)));
        assert_eq!(Check::parse("audit"), None);
        let counts = ["SOC2", "ISO27001", "PCI-DSS", "HIPAA", "GDPR", "soc2"].map(|name| built_in(name).count());
        assert_eq!(counts, [4, 4, 4, 3, 2, 0]);
    }

    #[test]
    fn a_control_passes_when_all_its_checks_do() {
        let controls: Vec<_> = built_in("SOC2").collect();
        let all = Outcome::of(&controls, &findings(&[], &[]));
        assert_eq!((all.passed, all.failed, all.score()), (4, 0, 100.0));
        let one = Outcome::of(&controls, &findings(&[QuotaHeadroom], &[]));
        assert_eq!((one.passed, one.failed, one.score()), (3, 1, 75.0));
        let empty = [Control { id: "own".to_owned(), checks: Vec::new() }];
        assert_eq!(Outcome::of(&empty, &findings(&[], &[])).failed, 1, "without checks there is nothing to pass");
    }

    #[test]
    fn what_passes_without_anything_to_look_at_is_named() {
        let controls: Vec<_> = built_in("SOC2").collect();
        let outcome =
            Outcome::of(&controls, &findings(&[MfaPolicyEnabled], &[EncryptionPqcReady, NoOpenCriticalIncidents]));
        assert_eq!(outcome.no_data, ["CC6.7"], "CC7.2 has an audit log to look at");
    }

    #[test]
    fn the_overall_score_is_the_mean_of_unrounded_scores() {
        let outcome = |passed, failed| Outcome { passed, failed, no_data: Vec::new() };
        assert_eq!(overall([&outcome(1, 2), &outcome(2, 1)]), 50.0);
        assert_eq!(overall([&outcome(1, 2), &outcome(1, 5)]), 25.0, "33.33 and 16.67 would also be");
        assert_eq!(overall([&outcome(1, 2), &outcome(1, 2), &outcome(1, 6)]), 26.98);
        assert_eq!(overall([]), 0.0);
    }
}
