//! Which keys a quantum computer would break, and when.

use std::collections::BTreeMap;

use model::qnsp::agility::{AlgorithmRisk, Assessment, QuantumRisk, QuantumRisks};

use super::{KeyFacts, algorithm::Family};

const KEEP: &str = "keep";

/// Assesses the active keys: a row per algorithm, the greatest risk first.
pub fn assess(keys: &[KeyFacts]) -> QuantumRisks {
    let mut rows: BTreeMap<&str, (QuantumRisk, i64)> = BTreeMap::new();
    for key in keys.iter().filter(|key| key.count > 0) {
        let row = rows.entry(key.algorithm.as_str()).or_insert((QuantumRisk::Low, 0));
        *row = (row.0.max(risk(key)), row.1 + key.count);
    }
    let mut algorithms: Vec<_> = rows.into_iter().map(row).collect();
    // Of the same risk they stay in the order of their names.
    algorithms.sort_by_key(|row| std::cmp::Reverse(row.quantum_risk));
    let overall_risk = algorithms.first().map_or(QuantumRisk::Low, |row| row.quantum_risk);
    let withstands =
        |key: &KeyFacts| key.is_of(Family::MlKem) || (key.is_of(Family::Aes) && key.algorithm.bits() == Some(256));
    let mut encrypting = keys.iter().filter(|key| key.count > 0 && key.may_encrypt_or_decrypt());
    QuantumRisks {
        overall_risk,
        algorithms,
        assessment: Assessment {
            harvest_now_decrypt_later: overall_risk == QuantumRisk::Critical,
            long_term_data_protection: encrypting.all(withstands),
        },
    }
}

/// What is encrypted today can be kept until it is read; what is signed today can only be forged then.
fn risk(key: &KeyFacts) -> QuantumRisk {
    match key.algorithm.family() {
        Some(Family::Rsa | Family::Ecdsa | Family::Ecdh | Family::Dh | Family::Ed25519) => {
            if key.may_encrypt_or_decrypt() { QuantumRisk::Critical } else { QuantumRisk::High }
        }
        Some(Family::Aes) if key.algorithm.bits() == Some(128) => QuantumRisk::Medium,
        _ => QuantumRisk::Low,
    }
}

fn row((algorithm, (quantum_risk, affected_keys)): (&str, (QuantumRisk, i64))) -> AlgorithmRisk {
    let (time_to_quantum_threat, recommendation) = match quantum_risk {
        QuantumRisk::Critical => ("P5Y", "replace by ML-KEM-768"),
        QuantumRisk::High => ("P10Y", "replace by ML-DSA-65"),
        QuantumRisk::Medium => ("P20Y", "replace by AES-256"),
        QuantumRisk::Low => ("none", KEEP),
    };
    AlgorithmRisk {
        algorithm: algorithm.to_owned(),
        quantum_risk,
        time_to_quantum_threat,
        recommendation,
        affected_keys,
    }
}

#[cfg(test)]
mod tests {
    use model::qnsp::hsm::Purpose::{Decrypt, Encrypt, Sign, Verify};

    use super::*;
    use crate::qnsp::key_facts::keys;

    fn rows(risks: &QuantumRisks) -> Vec<(&str, QuantumRisk, &str, &str, i64)> {
        let row = |row: &'_ AlgorithmRisk| {
            (row.quantum_risk, row.time_to_quantum_threat, row.recommendation, row.affected_keys)
        };
        let rows = risks.algorithms.iter().map(|of| (of.algorithm.as_str(), row(of)));
        rows.map(|(name, (risk, time, recommendation, count))| (name, risk, time, recommendation, count)).collect()
    }

    #[test]
    fn without_keys_the_risk_is_low_and_data_are_protected() {
        let risks = assess(&[]);
        assert!(risks.overall_risk == QuantumRisk::Low && risks.algorithms.is_empty());
        let assessment = Assessment { harvest_now_decrypt_later: false, long_term_data_protection: true };
        assert_eq!(risks.assessment, assessment);
        assert_eq!(assess(&[keys("RSA-2048", &[Decrypt], 0)]), risks, "no key of it is active");
    }

    #[test]
    fn a_row_has_the_highest_risk_of_its_keys_and_counts_all_of_them() {
        let risks = assess(&[
            keys("RSA-2048", &[Sign, Verify], 2),
            keys("AES-256", &[Encrypt], 1),
            keys("ML-KEM-768", &[Decrypt], 1),
            keys("AES-128", &[Encrypt], 3),
            keys("RSA-2048", &[Sign, Decrypt], 1),
            keys("ECDSA-P256", &[Verify], 4),
            keys("AES-192", &[Encrypt], 1),
        ]);
        let expected = [
            ("RSA-2048", QuantumRisk::Critical, "P5Y", "replace by ML-KEM-768", 3),
            ("ECDSA-P256", QuantumRisk::High, "P10Y", "replace by ML-DSA-65", 4),
            ("AES-128", QuantumRisk::Medium, "P20Y", "replace by AES-256", 3),
            ("AES-192", QuantumRisk::Low, "none", "keep", 1),
            ("AES-256", QuantumRisk::Low, "none", "keep", 1),
            ("ML-KEM-768", QuantumRisk::Low, "none", "keep", 1),
        ];
        assert_eq!(rows(&risks), expected);
        assert_eq!(risks.overall_risk, QuantumRisk::Critical);
        let assessment = Assessment { harvest_now_decrypt_later: true, long_term_data_protection: false };
        assert_eq!(risks.assessment, assessment);
    }

    #[test]
    fn signatures_alone_put_no_data_at_risk() {
        let risks = assess(&[keys("RSA-4096", &[Sign], 1), keys("AES-256", &[Encrypt], 1)]);
        let assessment = Assessment { harvest_now_decrypt_later: false, long_term_data_protection: true };
        assert_eq!((risks.overall_risk, risks.assessment), (QuantumRisk::High, assessment));
        let risks = assess(&[keys("AES-192", &[Encrypt], 1)]);
        assert!(!risks.assessment.long_term_data_protection && risks.overall_risk == QuantumRisk::Low);
    }
}
