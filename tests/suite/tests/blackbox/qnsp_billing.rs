//! The billing service of QNSP: credits, promotions, tiers, meters, forecasts, revenue.

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_balance_is_what_is_left_of_credits),
        case(a_credit_that_cannot_be_is_refused),
        case(a_code_is_redeemed_once_per_tenant_and_as_often_as_it_may_be),
        case(a_promotion_outside_its_time_gives_nothing),
        case(a_promotion_that_cannot_be_is_refused),
        case(a_tier_is_in_force_at_once),
        case(meters_are_taken_all_or_none),
        case(usage_is_forecast_by_its_line),
        case(capacity_says_what_to_do),
        case(revenue_is_metered_amounts_and_fees),
        case(an_operator_sees_the_revenue_of_all_tenants),
    ]
}

const CREDITS: &str = "/billing/v1/credits";
const PROMOTIONS: &str = "/billing/v1/promotions";
const REDEEM: &str = "/billing/v1/promotions/redeem";
const TIER: &str = "/billing/v1/admin/provision-tier";
const METERS: &str = "/billing/v1/meters";
const SUMMARY: &str = "/billing/v1/analytics/revenue/summary";
const BY_SERVICE: &str = "/billing/v1/analytics/revenue/by-service";
const UNKNOWN: &str = "5d3e0d51-7d60-4a0e-9ad8-7b5a4d6e0a11";

fn operator<'a>(t: &'a Deployment) -> Caller<'a> {
    Tenant::new(t, &json!({ "tier": "specialized" })).key("platform_admin")
}

fn balance(caller: &Caller, tenant: &str) -> Value {
    ok(&caller.get(&format!("{CREDITS}/balance/{tenant}")), 200)
}

/// So many days from now.
fn in_days(days: i64) -> String {
    model::time::to_iso((crate::qnsp::now() + days * 86_400) * 1000)
}

fn with(mut body: Value, changes: &Value) -> Value {
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

fn a_balance_is_what_is_left_of_credits(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let viewer = tenant.key("viewer");
    let none = balance(&viewer, &tenant.id);
    assert_eq!(
        none,
        json!({ "tenantId": tenant.id, "balance": 0.0, "currency": "USD", "expiringCredits": [], "byCurrency": {} })
    );
    let credit = json!({ "tenantId": tenant.id, "amount": 10.1, "currency": "USD", "type": "goodwill", "reason": "r" });
    let granted = ok(&operator.post(CREDITS, &credit), 201);
    assert!(granted["creditId"].is_string() && granted["createdAt"].is_string() && granted["amount"] == 10.1);
    for changes in [
        json!({ "amount": 3.0, "expiresAt": in_days(20) }),
        json!({ "amount": 2.0, "expiresAt": in_days(10) }),
        json!({ "amount": 1.0, "expiresAt": in_days(31) }),
        json!({ "amount": 5.0, "currency": "EUR", "expiresAt": in_days(5) }),
    ] {
        ok(&operator.post(CREDITS, &with(credit.clone(), &changes)), 201);
    }
    let sdk =
        json!({ "tenantId": tenant.id, "amountCents": 25, "currency": "USD", "type": "refund", "description": "d" });
    assert_eq!(ok(&operator.post(CREDITS, &sdk), 201)["amount"], 0.25);
    for who in [&viewer, &operator] {
        let balance = balance(who, &tenant.id);
        assert_eq!((&balance["balance"], &balance["byCurrency"]), (&json!(16.35), &json!({ "EUR": 5.0 })), "{balance}");
        let amounts: Vec<_> =
            balance["expiringCredits"].as_array().unwrap().iter().map(|credit| credit["amount"].as_f64()).collect();
        assert_eq!(amounts, [Some(2.0), Some(3.0)]);
    }
    let foreign = Tenant::new(t, &json!({})).key("owner").get(&format!("{CREDITS}/balance/{}", tenant.id));
    assert_eq!((foreign.status, &foreign.json().unwrap()["error"]), (403, &json!("TENANT_MISMATCH")));
    assert_eq!(operator.get(&format!("{CREDITS}/balance/{UNKNOWN}")).status, 404);
    assert_eq!(viewer.get(&format!("{CREDITS}/balance/x")).status, 400);
}

fn a_credit_that_cannot_be_is_refused(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let good = json!({ "tenantId": tenant.id, "amount": 1, "currency": "USD", "type": "referral", "reason": "r" });
    for (changes, status) in [
        (json!({ "tenantId": UNKNOWN }), 404),
        (json!({ "tenantId": "x" }), 400),
        (json!({ "tenantId": null }), 400),
        (json!({ "amount": 0 }), 400),
        (json!({ "amount": -1 }), 400),
        (json!({ "amount": 1.001 }), 400),
        (json!({ "amount": 1_000_000_001 }), 400),
        (json!({ "amount": null }), 400),
        (json!({ "currency": "usd" }), 400),
        (json!({ "currency": null }), 400),
        (json!({ "type": "gift" }), 400),
        (json!({ "reason": "" }), 400),
        (json!({ "reason": null }), 400),
        (json!({ "expiresAt": "soon" }), 400),
        (json!({ "expiresAt": in_days(-1) }), 422),
    ] {
        assert_eq!(operator.post(CREDITS, &with(good.clone(), &changes)).status, status, "{changes}");
    }
    assert_eq!(tenant.key("owner").post(CREDITS, &good).status, 403);
    assert_eq!(balance(&operator, &tenant.id)["balance"], 0.0);
}

fn a_code_is_redeemed_once_per_tenant_and_as_often_as_it_may_be(t: &Deployment) {
    let operator = operator(t);
    let code = unique("Code");
    let body = json!({ "code": code, "name": "Spring", "creditAmountCents": 2500, "maxRedemptions": 3 });
    let made = ok(&operator.post(PROMOTIONS, &body), 201);
    assert!(made["promotionId"].is_string() && made["createdAt"].is_string() && made["code"] == code.as_str());
    assert_eq!(operator.post(PROMOTIONS, &with(body, &json!({ "code": code.to_uppercase() }))).status, 409);

    let first = Tenant::new(t, &json!({}));
    let developer = first.key("developer");
    let redeem = |tenant: &str| json!({ "tenantId": tenant, "code": code.to_lowercase() });
    let key = [("idempotency-key", "redeem-1")];
    let bytes = redeem(&first.id).to_string();
    let once = ok(&developer.send("POST", REDEEM, &key, Some(bytes.as_bytes())), 200);
    assert_eq!((&once["success"], &once["creditAmount"]), (&json!(true), &json!(25.0)), "{once}");
    let replayed = developer.send("POST", REDEEM, &key, Some(bytes.as_bytes()));
    assert_eq!((replayed.header("x-idempotency-replayed"), ok(&replayed, 200)), (Some("true"), once));
    let again = ok(&developer.post(REDEEM, &redeem(&first.id)), 200);
    assert_eq!((&again["success"], &again["creditAmount"]), (&json!(false), &json!(0.0)));
    assert!(again["message"].as_str().unwrap().contains("before"));
    assert_eq!(balance(&developer, &first.id)["balance"], 25.0);

    // Two are left for six tenants, each of which asks twice at once.
    let tenants: Vec<_> = (0..6).map(|_| Tenant::new(t, &json!({}))).collect();
    let keys: Vec<_> = tenants.iter().map(|tenant| tenant.key("developer")).collect();
    let answers = together(12, |number| {
        let developer = &keys[number % 6];
        ok(&developer.post(REDEEM, &redeem(&developer.tenant)), 200)["success"] == true
    });
    assert_eq!(answers.iter().filter(|success| **success).count(), 2, "{answers:?}");
    let credited = keys.iter().filter(|key| balance(key, &key.tenant)["balance"] == 25.0).count();
    assert_eq!(credited, 2);
    let late = Tenant::new(t, &json!({})).key("developer");
    let late = ok(&late.post(REDEEM, &redeem(&late.tenant)), 200);
    assert!(late["message"].as_str().unwrap().contains("used up"), "{late}");
}

fn a_promotion_outside_its_time_gives_nothing(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let developer = tenant.key("developer");
    for (from, until, word) in
        [(Some(1), None, "not begun"), (Some(-3), Some(-1), "expired"), (None, Some(1), "granted")]
    {
        let code = unique("code");
        let body = json!({
            "code": code, "name": "n", "creditAmountCents": 100, "currency": "EUR",
            "validFrom": from.map(in_days), "validUntil": until.map(in_days),
        });
        ok(&operator.post(PROMOTIONS, &body), 201);
        let answer = ok(&developer.post(REDEEM, &json!({ "tenantId": tenant.id, "code": code })), 200);
        assert!(answer["message"].as_str().unwrap().contains(word), "{answer}");
        assert_eq!(answer["success"], word == "granted");
    }
    let unknown = ok(&developer.post(REDEEM, &json!({ "tenantId": tenant.id, "code": unique("none") })), 200);
    assert!(unknown["success"] == false && unknown["message"].as_str().unwrap().contains("unknown"));
    assert_eq!(balance(&developer, &tenant.id)["byCurrency"], json!({ "EUR": 1.0 }));
    for body in [
        json!({ "tenantId": tenant.id }),
        json!({ "code": "c" }),
        json!({ "tenantId": tenant.id, "code": "" }),
        json!({ "tenantId": tenant.id, "code": "c".repeat(65) }),
    ] {
        assert_eq!(developer.post(REDEEM, &body).status, 400, "{body}");
    }
    let mismatch = developer.post(REDEEM, &json!({ "tenantId": UNKNOWN, "code": "c" }));
    assert_eq!(mismatch.json().unwrap()["error"], "TENANT_MISMATCH");
    assert_eq!(operator.post(REDEEM, &json!({ "tenantId": UNKNOWN, "code": "c" })).status, 404);
}

fn a_promotion_that_cannot_be_is_refused(t: &Deployment) {
    let operator = operator(t);
    let good = || json!({ "code": unique("code"), "name": "n", "creditAmountCents": 100 });
    for (changes, status) in [
        (json!({ "code": "" }), 400),
        (json!({ "name": null }), 400),
        (json!({ "creditAmountCents": 0 }), 400),
        (json!({ "creditAmountCents": 1.5 }), 400),
        (json!({ "currency": "Euro" }), 400),
        (json!({ "maxRedemptions": 0 }), 400),
        (json!({ "validFrom": in_days(2), "validUntil": in_days(1) }), 422),
        (json!({ "validFrom": in_days(-2), "validUntil": in_days(-1) }), 201),
    ] {
        assert_eq!(operator.post(PROMOTIONS, &with(good(), &changes)).status, status, "{changes}");
    }
}

fn a_tier_is_in_force_at_once(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "tier": "free", "addOns": ["byohsm"] })));
    let admin = tenant.key("admin");
    let provision = |changes: Value| operator.post(TIER, &with(json!({ "tenantId": tenant.id }), &changes));
    let given = ok(&provision(json!({ "tier": "dev-pro", "reason": "paid" })), 200);
    assert_eq!(
        (&given["tenantId"], &given["tier"], &given["addOns"], &given["monthlyFee"]),
        (&json!(tenant.id), &json!("dev-pro"), &json!(["byohsm"]), &json!(590.0))
    );
    let summary = ok(&admin.get(SUMMARY), 200);
    assert_eq!((&summary["mrr"], &summary["totalRevenue"]), (&json!(590.0), &json!(590.0)));
    let agreed = json!({ "tier": "enterprise-elite", "addOns": ["key-escrow"], "monthlyFee": 1234.5 });
    let given = ok(&provision(agreed), 200);
    assert_eq!((&given["addOns"], &given["monthlyFee"]), (&json!(["key-escrow"]), &json!(1234.5)));
    let summary = ok(&admin.get(SUMMARY), 200);
    assert_eq!((&summary["mrr"], &summary["arr"]), (&json!(1234.5), &json!(14_814.0)));
    let given = ok(&provision(json!({ "tier": "specialized", "addOns": [] })), 200);
    assert_eq!((&given["addOns"], &given["monthlyFee"]), (&json!([]), &json!(0.0)));
    for (changes, status) in [
        (json!({ "tier": "golden" }), 422),
        (json!({ "tier": "dev-pro", "monthlyFee": 5 }), 422),
        (json!({ "tier": "specialized", "monthlyFee": -5 }), 400),
        (json!({ "tier": "specialized", "addOns": ["x"] }), 400),
        (json!({}), 400),
        (json!({ "tier": "free", "tenantId": UNKNOWN }), 404),
    ] {
        assert_eq!(provision(changes.clone()).status, status, "{changes}");
    }
}

fn meter(tenant: &str, operation: &str, quantity: f64, days_ago: i64) -> Value {
    json!({ "tenantId": tenant, "meterType": operation, "quantity": quantity, "recordedAt": in_days(-days_ago) })
}

fn meters_are_taken_all_or_none(t: &Deployment) {
    let (operator, one, other) = (operator(t), Tenant::new(t, &json!({})), Tenant::new(t, &json!({})));
    let good = |tenant: &Tenant| meter(&tenant.id, "kms.hsm.sign", 2.5, 0);
    let both = json!({ "meters": [good(&one), good(&other), good(&one)] });
    assert_eq!(ok(&operator.post(METERS, &both), 201), json!({ "accepted": 3 }));
    let used = |tenant: &Tenant| {
        let forecasts = ok(&operator.get(&format!("/billing/v1/forecasting/usage/{}", tenant.id)), 200);
        forecasts["forecasts"][0]["currentValue"].as_f64()
    };
    assert_eq!((used(&one), used(&other)), (Some(5.0), Some(2.5)));
    for (bad, status) in [
        (meter(UNKNOWN, "kms.hsm.sign", 1.0, 0), 404),
        (meter(&one.id, "kms.hsm.verify", 1.0, 0), 422),
        (meter(&one.id, "kms.hsm.sign", 0.0, 0), 400),
        (meter(&one.id, "kms.hsm.sign", -1.0, 0), 400),
        (meter(&one.id, "kms.hsm.sign", 1.0, 401), 422),
        (meter(&one.id, "kms.hsm.sign", 1.0, -1), 422),
        (json!({ "tenantId": one.id, "meterType": "kms.hsm.sign" }), 400),
        (with(good(&one), &json!({ "recordedAt": "today" })), 400),
    ] {
        let refused = operator.post(METERS, &json!({ "meters": [good(&one), bad] }));
        assert_eq!(refused.status, status, "{bad}");
        if status == 422 {
            let details = refused.json().unwrap()["details"].clone();
            assert!(details.as_object().unwrap().keys().all(|field| field.starts_with("meters[1].")), "{details}");
        }
    }
    let bad = [meter(&one.id, "kms", 1.0, 0), good(&one), meter(&one.id, "kms", 1.0, 401)];
    let details = operator.post(METERS, &json!({ "meters": bad })).json().unwrap()["details"].clone();
    let named: Vec<_> = details.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(named, ["meters[0].meterType", "meters[2].meterType", "meters[2].recordedAt"], "all at once");
    for meters in [json!([]), Value::from(vec![good(&one); 1001]), Value::Null] {
        assert_eq!(operator.post(METERS, &json!({ "meters": meters })).status, 400);
    }
    assert_eq!(used(&one), Some(5.0), "nothing of what was refused");
    assert_eq!(ok(&operator.post(METERS, &json!({ "meters": vec![good(&one); 1000] })), 201)["accepted"], 1000);
    assert_eq!(used(&one), Some(2505.0));
}

fn usage_is_forecast_by_its_line(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "tier": "free" })));
    let viewer = tenant.key("viewer");
    let path = format!("/billing/v1/forecasting/usage/{}", tenant.id);
    assert_eq!(ok(&viewer.get(&path), 200), json!({ "tenantId": tenant.id, "forecasts": [] }));
    // 10, 20 … 80 up to today; and one day of another operation; what is too old is not looked at.
    let mut meters: Vec<_> =
        (0..8_i32).map(|ago| meter(&tenant.id, "vault.leakage_scan", f64::from(80 - 10 * ago), ago.into())).collect();
    meters.push(meter(&tenant.id, "auth.risk_evaluation", 3.0, 0));
    meters.push(meter(&tenant.id, "auth.risk_evaluation", 3.0, 31));
    ok(&operator.post(METERS, &json!({ "meters": meters })), 201);
    let forecasts = ok(&viewer.get(&format!("{path}?horizonDays=2")), 200);
    let [other, scans] = forecasts["forecasts"].as_array().unwrap().as_slice() else { panic!("{forecasts}") };
    assert_eq!((&other["metric"], &other["currentValue"]), (&json!("auth.risk_evaluation"), &json!(3.0)));
    assert_eq!((&other["forecastedValue"], &other["confidence"]), (&json!(6), &json!(0.0)));
    assert_eq!((&scans["metric"], &scans["currentValue"]), (&json!("vault.leakage_scan"), &json!(360.0)));
    assert_eq!((&scans["forecastedValue"], &scans["confidence"]), (&json!(90 + 100), &json!(1.0)));
    let date = format!("{}T00:00:00.000Z", &in_days(2)[..10]);
    assert_eq!(scans["forecastDate"], date.as_str());
    for query in ["horizonDays=0", "horizonDays=366", "horizonDays=x", "horizonDays="] {
        assert_eq!(viewer.get(&format!("{path}?{query}")).status, 400, "{query}");
    }
    assert_eq!(operator.get(&format!("/billing/v1/forecasting/usage/{UNKNOWN}")).status, 404);
    let foreign = Tenant::new(t, &json!({})).key("owner").get(&path);
    assert_eq!((foreign.status, &foreign.json().unwrap()["error"]), (403, &json!("TENANT_MISMATCH")));
}

fn capacity_says_what_to_do(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "tier": "free" })));
    let viewer = tenant.key("viewer");
    for (quota, used) in [("secrets", 25), ("policies", 425), ("serviceAccounts", 70), ("deployments", 1)] {
        let path = format!("/tenant/v1/quotas/usage?tenantId={}", tenant.id);
        ok(&operator.post(&path, &json!({ "quotaType": quota, "used": used })), 201);
    }
    let path = format!("/billing/v1/forecasting/capacity/{}", tenant.id);
    for who in [&viewer, &operator] {
        let shown = ok(&who.get(&path), 200);
        let rows = shown["capacityForecasts"].as_array().unwrap();
        let names: Vec<_> = rows.iter().map(|row| row["resource"].as_str().unwrap()).collect();
        let order =
            ["keys", "secrets", "storageBytes", "apiCalls", "policies", "serviceAccounts", "deployments", "scans"];
        assert_eq!(names, order);
        let of = |name: &str| rows.iter().find(|row| row["resource"] == name).unwrap().clone();
        for (name, share, action) in [
            ("keys", 0.0, "none"),
            ("secrets", 1.0, "upgrade_now"),
            ("policies", 0.85, "upgrade_soon"),
            ("serviceAccounts", 0.7, "monitor"),
            ("deployments", 0.05, "none"),
        ] {
            let expected = json!({
                "resource": name, "currentUtilization": share, "projectedUtilization": share, "recommendedAction": action,
            });
            assert_eq!(of(name), expected);
        }
    }
    assert_eq!(operator.get(&format!("/billing/v1/forecasting/capacity/{UNKNOWN}")).status, 404);
    assert_eq!(viewer.get("/billing/v1/forecasting/capacity/x").status, 400);
    let foreign = Tenant::new(t, &json!({})).key("owner").get(&path);
    assert_eq!((foreign.status, &foreign.json().unwrap()["error"]), (403, &json!("TENANT_MISMATCH")));
}

/// The month before, as a period, and how many days ago its 15th was.
fn last_month() -> (String, i64) {
    let now = in_days(0);
    let day: i64 = now[8..10].parse().unwrap();
    let last = in_days(-day);
    let back = day + last[8..10].parse::<i64>().unwrap() - 15;
    (last[..7].to_owned(), back)
}

fn revenue_is_metered_amounts_and_fees(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "tier": "dev-starter" })));
    let admin = tenant.key("admin");
    let (before, days_ago) = last_month();
    let meters = json!({ "meters": [
        meter(&tenant.id, "kms.hsm.key.create", 3.0, 0),
        meter(&tenant.id, "vault.secret_version_read", 9.0, 0),
        meter(&tenant.id, "vault.leakage_scan", 1.0, 0),
        meter(&tenant.id, "kms.hsm.key.create", 1.0, days_ago),
        meter(&tenant.id, "ai.model_deploy", 1.0, days_ago),
    ] });
    ok(&operator.post(METERS, &meters), 201);
    let summary = ok(&admin.get(SUMMARY), 200);
    // 149 and 3, 0.0045 and 0.5 now; 1 and 2 before, when there was no tenant yet and no fee.
    let expected = json!({
        "period": &in_days(0)[..7], "totalRevenue": 152.5, "currency": "USD", "mrr": 149.0, "arr": 1788.0,
        "growth": { "percentage": 4983.48, "direction": "up" },
    });
    assert_eq!(summary, expected);
    let earlier = ok(&admin.get(&format!("{SUMMARY}?period={before}")), 200);
    assert_eq!((&earlier["totalRevenue"], &earlier["period"]), (&json!(3.0), &json!(before)));
    assert_eq!(earlier["growth"], json!({ "percentage": 100.0, "direction": "up" }));
    let rows = ok(&admin.get(BY_SERVICE), 200);
    let expected = json!({ "byService": [
        { "service": "subscription", "revenue": 149.0, "percentage": 97.7, "trend": "up" },
        { "service": "kms", "revenue": 3.0, "percentage": 1.97, "trend": "up" },
        { "service": "vault", "revenue": 0.5, "percentage": 0.33, "trend": "up" },
        { "service": "ai", "revenue": 0.0, "percentage": 0.0, "trend": "down" },
    ] });
    assert_eq!(rows, expected);
    assert_eq!(ok(&admin.get(&format!("{BY_SERVICE}?period=2999-01")), 200), json!({ "byService": [] }));
    for path in [SUMMARY, BY_SERVICE] {
        for period in ["2026", "2026-13", "2026-1", ""] {
            assert_eq!(admin.get(&format!("{path}?period={period}")).status, 400, "{path} {period}");
        }
        let mismatch = admin.get(&format!("{path}?tenantId={UNKNOWN}"));
        assert_eq!(mismatch.json().unwrap()["error"], "TENANT_MISMATCH");
        assert_eq!(operator.get(&format!("{path}?tenantId={UNKNOWN}")).status, 404);
    }
}

fn an_operator_sees_the_revenue_of_all_tenants(t: &Deployment) {
    let operator = operator(t);
    let of = |path: &str| ok(&operator.get(path), 200)["mrr"].as_f64().unwrap();
    let before = of(SUMMARY);
    let tenant = Tenant::new(t, &json!({ "tier": "dev-team" }));
    // Other cases make tenants meanwhile.
    assert!(of(SUMMARY) >= before + 1499.0);
    assert_eq!(of(&format!("{SUMMARY}?tenantId={}", tenant.id)), 1499.0);
    let rows = ok(&operator.get(BY_SERVICE), 200);
    let subscription = rows["byService"].as_array().unwrap().iter().find(|row| row["service"] == "subscription");
    assert!(subscription.unwrap()["revenue"].as_f64().unwrap() >= before + 1499.0, "{rows}");
}
