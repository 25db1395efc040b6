//! What a billable operation costs. Amounts are integers, thousandths of a US cent; they are rounded once, when shown.

use super::number;
use super::service::Service;

/// An operation that is metered and billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Billable {
    RiskEvaluation,
    PolicySimulation,
    JitRequest,
    HsmKeyCreate,
    HsmWrap,
    HsmUnwrap,
    HsmSign,
    EscrowCreate,
    EscrowRecover,
    DynamicSecretGenerate,
    LeakageScan,
    SecretVersionCreate,
    SecretVersionRead,
    PlaybookExecute,
    AttackPathAnalysis,
    AttackSimulation,
    ComplianceAssessment,
    ModelDeploy,
    RetentionCleanup,
}

/// US dollars by which costs of AI are computed, in millionths. They are not billed.
pub const REPLICA_HOUR: i64 = 100_000;
pub const REPLICA_HOUR_GPU: i64 = 2_500_000;
/// For one token: 0.001 US dollars a thousand of them.
pub const ANALYZED_TOKEN: i64 = 1;

impl Billable {
    pub const ALL: [Self; 19] = [
        Self::RiskEvaluation,
        Self::PolicySimulation,
        Self::JitRequest,
        Self::HsmKeyCreate,
        Self::HsmWrap,
        Self::HsmUnwrap,
        Self::HsmSign,
        Self::EscrowCreate,
        Self::EscrowRecover,
        Self::DynamicSecretGenerate,
        Self::LeakageScan,
        Self::SecretVersionCreate,
        Self::SecretVersionRead,
        Self::PlaybookExecute,
        Self::AttackPathAnalysis,
        Self::AttackSimulation,
        Self::ComplianceAssessment,
        Self::ModelDeploy,
        Self::RetentionCleanup,
    ];

    /// The name under which it is metered.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|billable| billable.as_str() == name)
    }

    /// Thousandths of a US cent for one call.
    pub fn price(self) -> i64 {
        self.row().1
    }

    /// Thousandths of a US cent for so many calls.
    pub fn amount(self, quantity: i64) -> i64 {
        self.price().saturating_mul(quantity)
    }

    pub fn service(self) -> Option<Service> {
        Service::of_event(self.as_str())
    }

    fn row(self) -> (&'static str, i64) {
        match self {
            Self::RiskEvaluation => ("auth.risk_evaluation", 100),
            Self::PolicySimulation => ("access.policy_simulation", 1_000),
            Self::JitRequest => ("access.jit_request", 2_000),
            Self::HsmKeyCreate => ("kms.hsm.key.create", 100_000),
            Self::HsmWrap => ("kms.hsm.wrap", 300),
            Self::HsmUnwrap => ("kms.hsm.unwrap", 300),
            Self::HsmSign => ("kms.hsm.sign", 300),
            Self::EscrowCreate => ("kms.escrow.create", 50_000),
            Self::EscrowRecover => ("kms.escrow.recover", 500_000),
            Self::DynamicSecretGenerate => ("vault.dynamic_secret_generate", 1_000),
            Self::LeakageScan => ("vault.leakage_scan", 50_000),
            Self::SecretVersionCreate => ("vault.secret_version_create", 500),
            Self::SecretVersionRead => ("vault.secret_version_read", 50),
            Self::PlaybookExecute => ("security.playbook_execute", 10_000),
            Self::AttackPathAnalysis => ("security.attack_path_analysis", 20_000),
            Self::AttackSimulation => ("security.attack_simulation", 30_000),
            Self::ComplianceAssessment => ("security.compliance_assessment", 40_000),
            Self::ModelDeploy => ("ai.model_deploy", 200_000),
            Self::RetentionCleanup => ("audit.retention_cleanup", 10_000),
        }
    }
}

/// Thousandths of a cent in as many cents.
pub fn of_cents(cents: i64) -> i64 {
    cents.saturating_mul(1_000)
}

/// An amount in major units with 2 decimals: the one place where it is rounded.
///
/// ```
/// use chancery_policy::qnsp::price::major;
///
/// assert_eq!(major(1_234_500), 12.35);
/// ```
pub fn major(amount: i64) -> f64 {
    number::divide(i128::from(amount), 1_000) as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_those_of_the_contract() {
        let cents = |name: &str| Billable::parse(name).map(|billable| billable.price() as f64 / 1_000.0);
        assert_eq!(cents("auth.risk_evaluation"), Some(0.1));
        assert_eq!(cents("access.policy_simulation"), Some(1.0));
        assert_eq!(cents("access.jit_request"), Some(2.0));
        assert_eq!(cents("kms.hsm.key.create"), Some(100.0));
        for name in ["kms.hsm.wrap", "kms.hsm.unwrap", "kms.hsm.sign"] {
            assert_eq!(cents(name), Some(0.3), "{name}");
        }
        assert_eq!(cents("kms.escrow.create"), Some(50.0));
        assert_eq!(cents("kms.escrow.recover"), Some(500.0));
        assert_eq!(cents("vault.dynamic_secret_generate"), Some(1.0));
        assert_eq!(cents("vault.leakage_scan"), Some(50.0));
        assert_eq!(cents("vault.secret_version_create"), Some(0.5));
        assert_eq!(cents("vault.secret_version_read"), Some(0.05));
        assert_eq!(cents("security.playbook_execute"), Some(10.0));
        assert_eq!(cents("security.attack_path_analysis"), Some(20.0));
        assert_eq!(cents("security.attack_simulation"), Some(30.0));
        assert_eq!(cents("security.compliance_assessment"), Some(40.0));
        assert_eq!(cents("ai.model_deploy"), Some(200.0));
        assert_eq!(cents("audit.retention_cleanup"), Some(10.0));
    }

    #[test]
    fn what_is_not_billed_has_no_price() {
        for name in ["ai.replica_hour", "ai.analyze", "kms.hsm.verify", "", "AUTH.RISK_EVALUATION"] {
            assert_eq!(Billable::parse(name), None, "{name}");
        }
    }

    #[test]
    fn every_operation_belongs_to_a_service() {
        for billable in Billable::ALL {
            assert_eq!(Billable::parse(billable.as_str()), Some(billable));
            assert!(billable.service().is_some(), "{billable:?}");
        }
    }

    #[test]
    fn an_amount_is_rounded_once_and_half_away_from_zero() {
        let read = Billable::SecretVersionRead;
        assert_eq!(major(read.amount(9)), 0.0, "0.45 cents");
        assert_eq!(major(read.amount(10)), 0.01, "half a cent");
        assert_eq!(major(-read.amount(10)), -0.01);
        assert_eq!(major(read.amount(30) + Billable::RiskEvaluation.amount(5)), 0.02, "1.5 and 0.5 cents are 2");
        assert_eq!(major(of_cents(1_999_900)), 19_999.0);
        assert_eq!(read.amount(i64::MAX), i64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_within_half_a_cent(amount in -1_000_000_000_000_i64..1_000_000_000_000) {
            let exact = amount as f64 / 100_000.0;
            prop_assert!((major(amount) - exact).abs() <= 0.005 + 1e-9);
        }
    }
}
