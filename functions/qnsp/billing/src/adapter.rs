//! The payment adapter. The only one is a simulation, in which the method of a payment says what comes of each charge;
//! so a charge needs no other server, and is part of the batch that records it.

use service::App;

/// What comes of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    Succeeded,
    Failed,
    Pending,
}

impl Charge {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }
}

/// The simulation.
#[derive(Clone, Copy)]
pub(crate) struct Simulation;

impl Simulation {
    /// The adapter of this deployment, if it has one: the variable is `sim`, or empty.
    pub(crate) async fn of(app: &App) -> Option<Self> {
        let name = app.vars().get("PAYMENT_ADAPTER").await.unwrap_or_default();
        match name.as_str() {
            "sim" => Some(Self),
            "" => None,
            _ => {
                platform::log::error("PAYMENT_ADAPTER names no adapter that exists");
                None
            }
        }
    }

    /// What comes of a payment's charge of this number, counted from 1; `None` for a method that does not exist.
    pub(crate) fn charge(self, method: &str, number: i64) -> Option<Charge> {
        let failing = |times: i64, then: Charge| if number <= times { Charge::Failed } else { then };
        match method.strip_prefix("sim_")? {
            "ok" => Some(Charge::Succeeded),
            "decline" => Some(Charge::Failed),
            "decline_pending" => Some(failing(1, Charge::Pending)),
            declining => {
                let digits = declining.strip_prefix("decline_")?;
                let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
                let times = digits.parse().ok().filter(|_| is_number)?;
                Some(failing(times, Charge::Succeeded))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_says_what_comes_of_each_charge() {
        use Charge::{Failed, Pending, Succeeded};
        let charges = |method: &str| [1, 2, 3, 4].map(|number| Simulation.charge(method, number));
        assert_eq!(charges("sim_ok"), [Some(Succeeded); 4]);
        assert_eq!(charges("sim_decline"), [Some(Failed); 4]);
        assert_eq!(charges("sim_decline_1"), [Failed, Succeeded, Succeeded, Succeeded].map(Some));
        assert_eq!(charges("sim_decline_3"), [Failed, Failed, Failed, Succeeded].map(Some));
        assert_eq!(charges("sim_decline_12"), [Some(Failed); 4]);
        assert_eq!(charges("sim_decline_pending"), [Failed, Pending, Pending, Pending].map(Some));
    }

    #[test]
    fn other_methods_do_not_exist() {
        for method in [
            "",
            "ok",
            "sim_",
            "sim_OK",
            "sim_decline_",
            "sim_decline_0",
            "sim_decline_01",
            "sim_decline_-1",
            "sim_decline_+1",
            "sim_decline_99999999999999999999",
            "card",
        ] {
            assert_eq!(Simulation.charge(method, 1), None, "{method}");
        }
    }
}
