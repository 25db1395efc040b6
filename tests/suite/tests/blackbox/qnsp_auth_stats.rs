//! What evaluations and signals of a period say together.

use serde_json::json;

use crate::{
    answer::ok,
    case::{Case, case},
    deployment::Deployment,
    qnsp_auth::{HOUR, SIGNALS, USER, admin, has_passed},
    qnsp_auth_policies::POLICIES,
    qnsp_auth_risk::{STATS, evaluate},
};

pub fn cases() -> Vec<Case> {
    vec![case(statistics_are_of_their_period)]
}

fn statistics_are_of_their_period(t: &Deployment) {
    let admin = admin(t);
    let empty = ok(&admin.get(STATS), 200);
    let none = json!({
        "period": "24h", "totalEvaluations": 0, "topRiskFactors": [], "challengeRate": 0.0, "denyRate": 0.0,
        "riskDistribution": { "low": 0, "medium": 0, "high": 0, "critical": 0 },
        "signalsLast24Hours": [], "blockedAttemptsLast24Hours": 0,
    });
    assert_eq!(empty, none);
    evaluate(&admin, json!({}));
    evaluate(&admin, json!({ "userAgent": "" }));
    evaluate(&admin, json!({ "sessionContext": { "failedAttempts": 5 } }));
    let policy =
        json!({ "name": "a", "conditions": { "geoRestrictions": ["DE"] }, "actions": { "onHighRisk": "deny" } });
    ok(&admin.post(POLICIES, &policy), 201);
    ok(&admin.post(POLICIES, &json!({ "name": "b", "conditions": { "geoRestrictions": ["DE"] } })), 201);
    evaluate(&admin, json!({ "geoLocation": { "country": "DE" } }));
    for severity in ["low", "low", "high"] {
        ok(&admin.post(SIGNALS, &json!({ "userId": USER, "signalType": "brute_force", "severity": severity })), 201);
    }
    let expected = |period: &str| {
        json!({
            "period": period, "totalEvaluations": 4,
            "riskDistribution": { "low": 2, "medium": 1, "high": 0, "critical": 1 },
            "topRiskFactors": [
                { "factor": "automation_agent", "count": 1 }, { "factor": "failed_attempts", "count": 1 },
                { "factor": "new_country", "count": 1 }, { "factor": "new_device", "count": 1 },
                { "factor": "policy_geo", "count": 1 },
            ],
            "challengeRate": 0.25, "denyRate": 0.25,
            "signalsLast24Hours": [
                { "signalType": "brute_force", "severity": "high", "count": 1 },
                { "signalType": "brute_force", "severity": "low", "count": 2 },
            ],
            "blockedAttemptsLast24Hours": 1,
        })
    };
    let stats = |period: &str| ok(&admin.get(&format!("{STATS}?period={period}")), 200);
    for period in ["1h", "24h", "7d", "30d"] {
        assert_eq!(stats(period), expected(period));
    }
    for (period, hours) in [("1h", 1), ("24h", 23), ("7d", 6 * 24), ("30d", 23 * 24)] {
        if has_passed(t, hours * HOUR) {
            assert_eq!(stats(period)["totalEvaluations"], 0, "{period}");
        }
    }
    for bad in ["period=", "period=2h", "period=1h&period=1h"] {
        assert_eq!(admin.get(&format!("{STATS}?{bad}")).status, 400, "{bad}");
    }
}
