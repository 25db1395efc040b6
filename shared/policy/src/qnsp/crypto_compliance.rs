//! Compliance of keys, connections and escrows with frameworks: a closed list of controls.

use model::qnsp::{
    agility::{ComplianceControl, ComplianceStatus, ControlStatus, Framework},
    hsm::Purpose,
    kms::AlgorithmStatus,
};

use super::{KeyFacts, algorithm::Family, number};

/// The least size of RSA.
const LEAST_RSA: u32 = 3072;

/// From how many percent on compliance is partial.
const PARTIAL: i64 = 60;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Active keys, with ids.
    pub keys: Vec<KeyFacts>,
    pub connections: Vec<Connection>,
    pub has_active_plan: bool,
    /// What is wrong with the audit log, if anything is.
    pub audit_fault: Option<&'static str>,
    /// Those that are active.
    pub escrows: Vec<Escrow>,
    /// Those that were executed.
    pub recoveries: Vec<Recovery>,
}

#[derive(Clone, Debug)]
pub struct Connection {
    pub id: String,
    pub is_active: bool,
}

#[derive(Clone, Debug)]
pub struct Escrow {
    pub id: String,
    pub threshold: i64,
    /// How many different agents hold a share.
    pub holders: i64,
}

#[derive(Clone, Debug)]
pub struct Recovery {
    pub id: String,
    /// Whether somebody else has approved it than who asked for it.
    pub has_other_approver: bool,
}

/// What came of the controls of a framework.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub status: ComplianceStatus,
    pub score: f64,
    pub controls: Vec<ComplianceControl>,
}

/// The framework of this name, in any case.
pub fn framework(name: &str) -> Option<Framework> {
    let all = [Framework::Nist, Framework::Fips, Framework::Cnsa2, Framework::Pci];
    all.into_iter().find(|framework| <&str>::from(framework).eq_ignore_ascii_case(name))
}

pub fn assess(framework: Framework, facts: &Facts) -> Outcome {
    let controls = match framework {
        Framework::Nist => nist(facts),
        Framework::Fips => fips(facts),
        Framework::Cnsa2 => cnsa2(facts),
        Framework::Pci => pci(facts),
    };
    let count = |status| i64::try_from(controls.iter().filter(|control| control.status == status).count()).unwrap_or(0);
    let (passed, failed) = (count(ControlStatus::Passed), count(ControlStatus::Failed));
    let applicable = passed + failed;
    let status = if failed == 0 {
        ComplianceStatus::Compliant
    } else if passed * 100 >= PARTIAL * applicable {
        ComplianceStatus::Partial
    } else {
        ComplianceStatus::NonCompliant
    };
    let score = if applicable == 0 { 100.0 } else { number::percentage(passed, applicable) };
    Outcome { status, score, controls }
}

fn nist(facts: &Facts) -> Vec<ComplianceControl> {
    let keys = || facts.keys.iter();
    let has_keys = !facts.keys.is_empty();
    let rsa = || keys().filter(|key| key.is_of(Family::Rsa));
    let is_pqc = |key: &KeyFacts| key.is_of(Family::MlKem) || key.is_of(Family::MlDsa);
    let deprecated = named(keys().filter(|key| key.status == AlgorithmStatus::Deprecated));
    let both = keys().filter(|key| key.may(Purpose::Sign) && key.may(Purpose::Decrypt));
    vec![
        control(
            ("no-forbidden-algorithms", "No key is of a forbidden algorithm"),
            has_keys,
            named(keys().filter(|key| key.status == AlgorithmStatus::Forbidden)),
        ),
        control(
            ("no-rsa-below-3072", "RSA keys have 3072 bits or more"),
            rsa().next().is_some(),
            named(rsa().filter(|key| key.algorithm.bits().is_none_or(|bits| bits < LEAST_RSA))),
        ),
        control(
            ("pqc-in-use", "ML-KEM or ML-DSA is in use"),
            has_keys,
            if keys().any(is_pqc) { Vec::new() } else { vec!["no key is of ML-KEM or ML-DSA".to_owned()] },
        ),
        control(
            ("rotation-plan", "A migration plan is active where keys are deprecated"),
            has_keys,
            if facts.has_active_plan { Vec::new() } else { deprecated },
        ),
        control(("key-purpose-separation", "No key both signs and decrypts"), has_keys, named(both)),
        control(
            ("audit-chain", "The audit log is complete and unchanged"),
            true,
            facts.audit_fault.map(str::to_owned).into_iter().collect(),
        ),
    ]
}

fn fips(facts: &Facts) -> Vec<ComplianceControl> {
    let approved = [Family::Aes, Family::Rsa, Family::Ecdsa, Family::MlKem, Family::MlDsa];
    let is_other = |key: &&KeyFacts| !approved.iter().any(|family| key.is_of(*family));
    let has_keys = !facts.keys.is_empty();
    let inactive = facts.connections.iter().filter(|connection| !connection.is_active);
    vec![
        control(
            ("approved-algorithms-only", "Keys are of AES, RSA, ECDSA, ML-KEM or ML-DSA"),
            has_keys,
            named(facts.keys.iter().filter(is_other)),
        ),
        control(
            ("hsm-backed-keys", "Every key is on an active connection"),
            has_keys,
            named(facts.keys.iter().filter(|key| !key.is_connected)),
        ),
        control(
            ("validated-connections", "Every connection is active"),
            !facts.connections.is_empty(),
            inactive.map(|connection| format!("connection {}", connection.id)).collect(),
        ),
    ]
}

fn cnsa2(facts: &Facts) -> Vec<ComplianceControl> {
    let only = |names, family: Family, algorithm: &str| {
        let of_family = || facts.keys.iter().filter(move |key| key.is_of(family));
        control(
            names,
            of_family().next().is_some(),
            named(of_family().filter(|key| key.algorithm.as_str() != algorithm)),
        )
    };
    vec![
        only(("ml-kem-1024", "Keys of ML-KEM are of ML-KEM-1024"), Family::MlKem, "ML-KEM-1024"),
        only(("ml-dsa-87", "Keys of ML-DSA are of ML-DSA-87"), Family::MlDsa, "ML-DSA-87"),
        only(("aes-256-only", "Keys of AES have 256 bits"), Family::Aes, "AES-256"),
    ]
}

fn pci(facts: &Facts) -> Vec<ComplianceControl> {
    let alone = facts.escrows.iter().filter(|escrow| escrow.threshold < 2 || escrow.holders < 2);
    let by_one = facts.recoveries.iter().filter(|recovery| !recovery.has_other_approver);
    vec![
        control(
            ("key-custodians", "Escrowed keys are split between two or more holders"),
            !facts.escrows.is_empty(),
            alone.map(|escrow| format!("escrow {}", escrow.id)).collect(),
        ),
        control(
            ("dual-control", "Recoveries were approved by another user"),
            !facts.recoveries.is_empty(),
            by_one.map(|recovery| format!("recovery {}", recovery.id)).collect(),
        ),
        control(("usage-logging", "Uses of keys are recorded"), true, Vec::new()),
    ]
}

/// A control passes without findings.
fn control(
    (control_id, name): (&'static str, &'static str),
    applies: bool,
    findings: Vec<String>,
) -> ComplianceControl {
    let status = match (applies, findings.is_empty()) {
        (false, _) => ControlStatus::NotApplicable,
        (true, true) => ControlStatus::Passed,
        (true, false) => ControlStatus::Failed,
    };
    ComplianceControl { control_id, name, status, findings: if applies { findings } else { Vec::new() } }
}

fn named<'a>(keys: impl Iterator<Item = &'a KeyFacts>) -> Vec<String> {
    keys.flat_map(|key| key.ids.iter().map(|id| format!("key {id} ({})", key.algorithm.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use model::qnsp::hsm::Purpose::{Decrypt, Encrypt, Sign, Verify};

    use super::*;
    use crate::qnsp::key_facts::keys;

    fn statuses(framework: Framework, facts: &Facts) -> String {
        let letter = |control: &ComplianceControl| match control.status {
            ControlStatus::Passed => 'p',
            ControlStatus::Failed => 'f',
            ControlStatus::NotApplicable => '-',
        };
        assess(framework, facts).controls.iter().map(letter).collect()
    }

    fn of(keys: &[KeyFacts]) -> Facts {
        Facts { keys: keys.to_vec(), ..Facts::default() }
    }

    /// The findings of a control.
    fn findings(framework: Framework, facts: &Facts, id: &str) -> Vec<String> {
        let controls = assess(framework, facts).controls;
        controls.into_iter().filter(|control| control.control_id == id).flat_map(|control| control.findings).collect()
    }

    #[test]
    fn frameworks_are_named_in_any_case() {
        assert_eq!(framework("cnsa2"), Some(Framework::Cnsa2));
        assert_eq!(framework("NIST"), Some(Framework::Nist));
        assert_eq!((framework("nist "), framework("PCI-DSS"), framework("")), (None, None, None));
    }

    #[test]
    fn of_an_empty_tenant_only_what_always_applies_is_assessed() {
        let empty = Facts::default();
        let expected =
            [(Framework::Nist, "-----p"), (Framework::Fips, "---"), (Framework::Cnsa2, "---"), (Framework::Pci, "--p")];
        for (framework, controls) in expected {
            let outcome = assess(framework, &empty);
            assert_eq!(statuses(framework, &empty), controls);
            assert_eq!((outcome.score, outcome.status), (100.0, ComplianceStatus::Compliant), "{framework:?}");
            assert!(outcome.controls.iter().all(|control| control.findings.is_empty()));
        }
    }

    #[test]
    fn the_scores_are_shares_of_what_applies() {
        let facts = of(&[keys("RSA-2048", &[Sign, Decrypt], 2)]);
        assert_eq!(statuses(Framework::Nist, &facts), "pffffp");
        let outcome = assess(Framework::Nist, &facts);
        assert_eq!((outcome.score, outcome.status), (33.33, ComplianceStatus::NonCompliant));
        let expected = ["key RSA-2048-0 (RSA-2048)", "key RSA-2048-1 (RSA-2048)"];
        for control in ["no-rsa-below-3072", "rotation-plan", "key-purpose-separation"] {
            assert_eq!(findings(Framework::Nist, &facts, control), expected, "{control}");
        }
        let partial = Facts { has_active_plan: true, ..of(&[keys("RSA-3072", &[Sign, Decrypt], 1)]) };
        assert_eq!(statuses(Framework::Nist, &partial), "ppfpfp");
        let outcome = assess(Framework::Nist, &partial);
        assert_eq!((outcome.score, outcome.status), (66.67, ComplianceStatus::Partial));
        let half = Facts { audit_fault: Some("An entry is missing"), ..of(&[keys("AES-256", &[Encrypt], 1)]) };
        assert_eq!(statuses(Framework::Nist, &half), "p-fppf");
        let outcome = assess(Framework::Nist, &half);
        assert_eq!((outcome.score, outcome.status), (60.0, ComplianceStatus::Partial), "60 is enough");
        assert_eq!(findings(Framework::Nist, &half, "audit-chain"), ["An entry is missing"]);
    }

    #[test]
    fn nist_asks_for_a_plan_only_where_a_key_is_deprecated() {
        let plan = |keys: &[KeyFacts], has_active_plan| {
            statuses(Framework::Nist, &Facts { has_active_plan, ..of(keys) }).chars().nth(3)
        };
        assert_eq!(plan(&[keys("AES-128", &[Encrypt], 1)], false), Some('p'));
        assert_eq!(plan(&[keys("ECDSA-P256", &[Sign], 1)], false), Some('f'));
        assert_eq!(plan(&[keys("ECDSA-P256", &[Sign], 1)], true), Some('p'));
        let forbidden = KeyFacts { status: AlgorithmStatus::Forbidden, ..keys("RSA-4096", &[Sign, Verify], 1) };
        assert_eq!(statuses(Framework::Nist, &of(&[forbidden, keys("ML-DSA-44", &[Sign], 1)])), "fppppp");
    }

    #[test]
    fn fips_asks_for_active_connections_and_approved_algorithms() {
        let connection = |id: &str, is_active| Connection { id: id.to_owned(), is_active };
        let facts = Facts {
            keys: vec![keys("ECDSA-P384", &[Sign], 1), keys("ML-KEM-512", &[Decrypt], 1)],
            connections: vec![connection("a", true)],
            ..Facts::default()
        };
        assert_eq!(statuses(Framework::Fips, &facts), "ppp");
        let facts = Facts {
            keys: vec![KeyFacts { is_connected: false, ..keys("AES-192", &[Encrypt], 1) }, keys("Ed25519", &[Sign], 1)],
            connections: vec![connection("a", true), connection("b", false)],
            ..Facts::default()
        };
        assert_eq!(statuses(Framework::Fips, &facts), "fff");
        assert_eq!(findings(Framework::Fips, &facts, "approved-algorithms-only"), ["key ED25519-0 (ED25519)"]);
        assert_eq!(findings(Framework::Fips, &facts, "hsm-backed-keys"), ["key AES-192-0 (AES-192)"]);
        assert_eq!(findings(Framework::Fips, &facts, "validated-connections"), ["connection b"]);
    }

    #[test]
    fn cnsa2_asks_for_the_largest_parameters_of_what_is_there() {
        let best = [keys("ML-KEM-1024", &[Encrypt], 1), keys("ML-DSA-87", &[Sign], 1), keys("AES-256", &[Encrypt], 1)];
        assert_eq!(statuses(Framework::Cnsa2, &of(&best)), "ppp");
        let mixed =
            [keys("ML-KEM-1024", &[Encrypt], 1), keys("ML-KEM-768", &[Encrypt], 1), keys("RSA-2048", &[Sign], 1)];
        assert_eq!(statuses(Framework::Cnsa2, &of(&mixed)), "f--");
        assert_eq!(findings(Framework::Cnsa2, &of(&mixed), "ml-kem-1024"), ["key ML-KEM-768-0 (ML-KEM-768)"]);
        assert_eq!(
            statuses(Framework::Cnsa2, &of(&[keys("ML-DSA-65", &[Sign], 1), keys("AES-192", &[Encrypt], 1)])),
            "-ff"
        );
    }

    #[test]
    fn pci_asks_for_two_holders_and_another_approver() {
        let escrow = |id: &str, threshold, holders| Escrow { id: id.to_owned(), threshold, holders };
        let recovery = |id: &str, has_other_approver| Recovery { id: id.to_owned(), has_other_approver };
        let facts =
            Facts { escrows: vec![escrow("a", 2, 2)], recoveries: vec![recovery("r", true)], ..Facts::default() };
        assert_eq!(statuses(Framework::Pci, &facts), "ppp");
        let facts = Facts {
            escrows: vec![escrow("a", 1, 2), escrow("b", 2, 1), escrow("c", 3, 5)],
            recoveries: vec![recovery("r", true), recovery("s", false)],
            ..Facts::default()
        };
        assert_eq!(statuses(Framework::Pci, &facts), "ffp");
        assert_eq!(findings(Framework::Pci, &facts, "key-custodians"), ["escrow a", "escrow b"]);
        assert_eq!(findings(Framework::Pci, &facts, "dual-control"), ["recovery s"]);
        assert_eq!(assess(Framework::Pci, &facts).score, 33.33);
    }
}
