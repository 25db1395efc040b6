//! The billing service of QNSP: invoices, payments and dunning, and how an SDK begins.

use std::time::Duration;

use chancery_tests::variables::random_uuid;
use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    clock, database,
    deployment::{Deployment, unique},
    portal::mails,
    qnsp::{Caller, Tenant},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(credits_pay_an_invoice_those_that_expire_first_before_the_others),
        case(credits_are_used_once_by_invoices_at_once),
        case(an_invoice_is_what_its_payment_comes_to),
        case(an_invoice_that_cannot_be_is_refused),
        case(a_payment_that_failed_is_listed_until_it_succeeds),
        case(of_retries_at_once_one_charges),
        case(a_payment_is_retried_four_times),
        case(without_an_adapter_nothing_is_charged),
        case(a_schedule_that_cannot_be_is_refused),
        case(a_mail_of_dunning_lies_in_the_outbox),
        case(a_suspension_by_dunning_ends_with_the_last_payment),
        case(dunning_may_end_with_the_tier_free),
        case(steps_run_on_their_days_once),
        case(an_sdk_learns_what_the_tier_includes),
        case(an_sdk_is_refused_in_its_shape),
    ]
}

const INVOICES: &str = "/billing/v1/invoices";
const FAILED: &str = "/billing/v1/dunning/failed-payments";
const RETRY: &str = "/billing/v1/dunning/retry";
const SCHEDULE: &str = "/billing/v1/dunning/schedule";
const ACTIVATE: &str = "/billing/v1/sdk/activate";
const DAY: Duration = Duration::from_secs(86_400);

fn operator<'a>(t: &'a Deployment) -> Caller<'a> {
    Tenant::new(t, &json!({ "tier": "specialized" })).key("platform_admin")
}

/// An invoice of so many cents, with a method of payment or without.
fn invoice(tenant: &str, cents: i64, method: Option<&str>) -> Value {
    json!({
        "tenantId": tenant, "periodStart": "2026-01-01T00:00:00Z", "periodEnd": "2026-02-01T01:00:00+01:00",
        "lineItems": [
            { "description": "seats", "quantity": 2.5, "unitPriceCents": 1, "totalCents": cents - 1 },
            { "totalCents": 1 },
        ],
        "payment": method.map(|method| json!({ "method": method })),
    })
}

#[track_caller]
fn bill(operator: &Caller, tenant: &str, cents: i64, method: Option<&str>) -> Value {
    ok(&operator.post(INVOICES, &invoice(tenant, cents, method)), 201)
}

/// The payment of an invoice that failed.
#[track_caller]
fn failed(operator: &Caller, tenant: &str, method: &str) -> Value {
    let invoice = bill(operator, tenant, 1050, Some(method));
    assert_eq!(invoice["status"], "failed", "{invoice}");
    invoice["paymentId"].clone()
}

fn grant(operator: &Caller, tenant: &str, amount: f64, currency: &str, days: Option<u64>) {
    let expires = days.map(|days| clock::in_seconds(days.cast_signed() * 86_400));
    let credit = json!({
        "tenantId": tenant, "amount": amount, "currency": currency, "type": "goodwill", "reason": "r", "expiresAt": expires,
    });
    ok(&operator.post("/billing/v1/credits", &credit), 201);
}

fn balance(caller: &Caller) -> Value {
    ok(&caller.get(&format!("/billing/v1/credits/balance/{}", caller.tenant)), 200)
}

fn listed(caller: &Caller) -> Vec<Value> {
    ok(&caller.get(FAILED), 200)["failedPayments"].as_array().unwrap().clone()
}

fn schedule(caller: &Caller, steps: &Value) -> Value {
    ok(&caller.post(SCHEDULE, &json!({ "tenantId": caller.tenant, "schedule": steps })), 201)
}

fn is_suspended(caller: &Caller) -> bool {
    let reply = caller.get("/tenant/v1/quotas/current");
    reply.status == 403 && reply.json().unwrap()["details"]["control"] == "suspended"
}

fn credits_pay_an_invoice_those_that_expire_first_before_the_others(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "tier": "dev-starter" })));
    let admin = tenant.key("admin");
    grant(&operator, &tenant.id, 4.0, "USD", None);
    grant(&operator, &tenant.id, 3.0, "USD", Some(20));
    grant(&operator, &tenant.id, 2.0, "USD", Some(10));
    grant(&operator, &tenant.id, 9.0, "EUR", Some(5));
    let first = bill(&operator, &tenant.id, 350, Some("sim_decline"));
    assert!(first["invoiceId"].is_string() && first["paymentId"].is_null(), "{first}");
    assert_eq!((&first["subtotalCents"], &first["creditAppliedCents"]), (&json!(350), &json!(350)));
    assert_eq!((&first["totalCents"], &first["status"]), (&json!(0), &json!("paid")), "nothing is left to charge");
    let left = balance(&admin);
    let expiring: Vec<_> = left["expiringCredits"].as_array().unwrap().iter().map(|it| it["amount"].clone()).collect();
    assert_eq!((&left["balance"], expiring), (&json!(5.5), vec![json!(1.5)]), "{left}");
    let second = bill(&operator, &tenant.id, 1000, None);
    assert_eq!((&second["creditAppliedCents"], &second["totalCents"]), (&json!(550), &json!(450)));
    assert_eq!((&second["status"], &second["paymentId"]), (&json!("open"), &Value::Null));
    let in_euros = json!({ "currency": "EUR", "lineItems": [{ "totalCents": 100 }] });
    let mut third = invoice(&tenant.id, 1, None);
    third.as_object_mut().unwrap().extend(in_euros.as_object().unwrap().clone());
    assert_eq!(ok(&operator.post(INVOICES, &third), 201)["status"], "paid");
    let left = balance(&admin);
    assert_eq!((&left["balance"], &left["byCurrency"]), (&json!(0.0), &json!({ "EUR": 8.0 })));
    let summary = ok(&admin.get("/billing/v1/analytics/revenue/summary"), 200);
    assert_eq!(
        (&summary["totalRevenue"], &summary["mrr"]),
        (&json!(140.0), &json!(149.0)),
        "less the dollars of credits"
    );
    let by_service = ok(&admin.get("/billing/v1/analytics/revenue/by-service"), 200);
    assert_eq!(by_service["byService"][0]["revenue"], 149.0, "credits are no part of it");
}

fn credits_are_used_once_by_invoices_at_once(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    grant(&operator, &tenant.id, 10.0, "USD", None);
    let answers = together(6, |_| bill(&operator, &tenant.id, 300, None));
    let applied: i64 = answers.iter().map(|answer| answer["creditAppliedCents"].as_i64().unwrap()).sum();
    assert_eq!(applied, 1000, "{answers:?}");
    assert_eq!(balance(&tenant.key("viewer"))["balance"], 0.0);
    // The same call again has no second effect.
    grant(&operator, &tenant.id, 10.0, "USD", None);
    let body = invoice(&tenant.id, 300, Some("sim_ok")).to_string();
    let send = || operator.send("POST", INVOICES, &[("idempotency-key", "invoice-1")], Some(body.as_bytes()));
    let (first, again) = (send(), send());
    assert_eq!((again.header("x-idempotency-replayed"), ok(&again, 201)), (Some("true"), ok(&first, 201)));
    assert_eq!(balance(&tenant.key("viewer"))["balance"], 7.0);
}

fn an_invoice_is_what_its_payment_comes_to(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    for (method, status) in
        [("sim_ok", "paid"), ("sim_decline", "failed"), ("sim_decline_1", "failed"), ("sim_decline_pending", "failed")]
    {
        let invoice = bill(&operator, &tenant.id, 10, Some(method));
        assert_eq!(
            (&invoice["status"], invoice["paymentId"].is_string()),
            (&json!(status), true),
            "{method}: {invoice}"
        );
    }
    assert_eq!(listed(&tenant.key("admin")).len(), 3);
}

fn an_invoice_that_cannot_be_is_refused(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let item = json!({ "totalCents": 1 });
    for (changes, status, field) in [
        (json!({ "tenantId": random_uuid() }), 404, ""),
        (json!({ "periodStart": null }), 400, "periodStart"),
        (json!({ "periodEnd": "2026-01-01" }), 400, "periodEnd"),
        (json!({ "periodEnd": "2026-01-01T00:00:00Z" }), 422, "periodEnd"),
        (json!({ "currency": "dollar" }), 400, "currency"),
        (json!({ "lineItems": [] }), 400, "lineItems"),
        (json!({ "lineItems": vec![item; 201] }), 400, "lineItems"),
        (json!({ "lineItems": [{ "totalCents": 1.5 }] }), 400, "lineItems[0].totalCents"),
        (json!({ "lineItems": [{ "totalCents": -1 }] }), 400, "lineItems[0].totalCents"),
        (json!({ "lineItems": [{ "totalCents": 1, "unitPriceCents": 0.5 }] }), 400, "lineItems[0].unitPriceCents"),
        (json!({ "lineItems": [{ "totalCents": 1, "quantity": -1 }] }), 400, "lineItems[0].quantity"),
        (json!({ "payment": {} }), 400, "payment.method"),
        (json!({ "payment": { "method": "card" } }), 422, "payment.method"),
        (json!({ "payment": { "method": "sim_decline_0" } }), 422, "payment.method"),
    ] {
        let mut body = invoice(&tenant.id, 100, Some("sim_ok"));
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let refused = operator.post(INVOICES, &body);
        let details = refused.json().unwrap()["details"].clone();
        let names: Vec<_> = details.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            (refused.status, names.first().copied().unwrap_or_default()),
            (status, field),
            "{changes}: {details}"
        );
    }
    assert!(listed(&tenant.key("admin")).is_empty());
}

fn a_payment_that_failed_is_listed_until_it_succeeds(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let admin = tenant.key("admin");
    let retry = |who: &Caller, id: &Value| who.post(RETRY, &json!({ "paymentId": id }));
    let first = failed(&operator, &tenant.id, "sim_decline_2");
    t.pass(Duration::from_millis(5));
    let second = failed(&operator, &tenant.id, "sim_decline_pending");
    let all = listed(&admin);
    assert_eq!((&all[0]["paymentId"], &all[1]["paymentId"], all.len()), (&second, &first, 2), "the latest first");
    let time = |value: &Value| model::time::from_iso(value.as_str().unwrap()).unwrap();
    let after = |row: &Value| (time(&row["nextRetryAt"]) - time(&row["failedAt"])) / 86_400_000;
    assert_eq!((&all[1]["amount"], &all[1]["retryCount"], after(&all[1])), (&json!(10.5), &json!(0), 1));
    assert_eq!(all[1]["tenantId"], tenant.id.as_str());
    assert_eq!(ok(&admin.get(&format!("{FAILED}?limit=1&offset=1")), 200)["failedPayments"], json!([all[1]]));
    assert_eq!(admin.get(&format!("{FAILED}?limit=x")).status, 400);
    assert_eq!(operator.get(&format!("{FAILED}?tenantId={}", random_uuid())).status, 404);

    // Others have nothing, and can retry nothing; an operator sees all.
    let foreign = Tenant::new(t, &json!({})).key("owner");
    assert_eq!((listed(&foreign).len(), retry(&foreign, &first).status), (0, 404));
    let of_all = ok(&operator.get(&format!("{FAILED}?limit=200")), 200)["failedPayments"].clone();
    assert!(of_all.as_array().unwrap().iter().any(|row| row["paymentId"] == first), "{of_all}");
    assert_eq!(ok(&operator.get(&format!("{FAILED}?tenantId={}", tenant.id)), 200)["failedPayments"], json!(all));

    let again = ok(&retry(&admin, &first), 200);
    assert!(again["status"] == "failed" && again["paymentId"] == first && again["retriedAt"].is_string(), "{again}");
    let row = listed(&admin)[1].clone();
    assert_eq!((&row["retryCount"], after(&row), &row["failedAt"]), (&json!(1), 3, &all[1]["failedAt"]));
    assert_eq!(ok(&retry(&operator, &first), 200)["status"], "succeeded", "an operator retries any tenant's");
    assert_eq!(retry(&admin, &first).status, 409);
    for _ in 0..2 {
        assert_eq!(ok(&retry(&admin, &second), 200)["status"], "pending");
    }
    assert_eq!(listed(&admin), [all[0].clone()], "what is pending stays as it was");
    for (body, status) in
        [(json!({}), 400), (json!({ "paymentId": "x" }), 400), (json!({ "paymentId": random_uuid() }), 404)]
    {
        assert_eq!(admin.post(RETRY, &body).status, status, "{body}");
    }
}

fn of_retries_at_once_one_charges(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let admin = tenant.key("admin");
    let payment = failed(&operator, &tenant.id, "sim_decline_1");
    let answers = together(8, |_| admin.post(RETRY, &json!({ "paymentId": payment })));
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 7, "{statuses:?}");
    assert!(listed(&admin).is_empty());
}

fn a_payment_is_retried_four_times(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let admin = tenant.key("admin");
    let payment = failed(&operator, &tenant.id, "sim_decline");
    let retry = || admin.post(RETRY, &json!({ "paymentId": payment }));
    for _ in 0..4 {
        assert_eq!(ok(&retry(), 200)["status"], "failed");
    }
    assert_eq!(retry().status, 409);
    let row = listed(&admin)[0].clone();
    assert_eq!((&row["retryCount"], &row["nextRetryAt"]), (&json!(4), &Value::Null));
}

fn without_an_adapter_nothing_is_charged(t: &Deployment) {
    let variables = t.instance.variables.clone().with("PAYMENT_ADAPTER", "");
    let own = Deployment::start(t.instance.runtime, variables).unwrap();
    let (operator, tenant) = (operator(&own), Tenant::new(&own, &json!({})));
    let refused = operator.post(INVOICES, &invoice(&tenant.id, 100, Some("sim_ok")));
    assert!(refused.status == 422 && refused.json().unwrap()["details"]["payment"].is_string());
    assert_eq!(bill(&operator, &tenant.id, 100, None)["status"], "open");
}

fn a_schedule_that_cannot_be_is_refused(t: &Deployment) {
    let admin = Tenant::new(t, &json!({})).key("admin");
    let step = |day: i64, action: &str| json!({ "dayAfterFailure": day, "action": action, "template": "t" });
    let many: Vec<_> = (0..21).map(|day| step(day, "email")).collect();
    for (steps, status, fields) in [
        (Value::Null, 400, vec!["schedule"]),
        (json!([]), 400, vec!["schedule"]),
        (json!(many), 400, vec!["schedule"]),
        (json!([step(-1, "email")]), 400, vec!["schedule[0].dayAfterFailure"]),
        (json!([step(366, "email")]), 400, vec!["schedule[0].dayAfterFailure"]),
        (json!([step(1, "call")]), 400, vec!["schedule[0].action"]),
        (json!([{ "dayAfterFailure": 1, "action": "sms" }]), 400, vec!["schedule[0].template"]),
        (json!([{ "dayAfterFailure": 1, "action": "email", "template": "" }]), 400, vec!["schedule[0].template"]),
        (json!([step(1, "email"), step(1, "sms")]), 422, vec!["schedule[1].dayAfterFailure"]),
        (json!([step(1, "cancel"), step(0, "sms")]), 422, vec!["schedule[0].action", "schedule[1].dayAfterFailure"]),
        (
            json!([{ "dayAfterFailure": 0, "action": "suspend" }, { "dayAfterFailure": 365, "action": "cancel" }]),
            201,
            vec![],
        ),
    ] {
        let reply = admin.post(SCHEDULE, &json!({ "tenantId": admin.tenant, "schedule": steps }));
        let body = reply.json().unwrap();
        let named = body["details"].as_object().map(|it| it.keys().map(String::as_str).collect()).unwrap_or_default();
        assert_eq!((reply.status, named), (status, fields), "{steps}: {body}");
    }
    assert_eq!(admin.post(SCHEDULE, &json!({ "schedule": [step(0, "email")] })).status, 400);
    let foreign = json!({ "tenantId": random_uuid(), "schedule": [step(0, "email")] });
    assert_eq!((admin.post(SCHEDULE, &foreign).status, operator(t).post(SCHEDULE, &foreign).status), (403, 404));
}

fn a_mail_of_dunning_lies_in_the_outbox(t: &Deployment) {
    let address = format!("{}@tenant.test", unique("admin"));
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "adminEmail": address })));
    let admin = tenant.key("admin");
    let one = schedule(&admin, &json!([{ "dayAfterFailure": 0, "action": "email", "template": "first-reminder" }]));
    assert!(one["tenantId"] == admin.tenant.as_str() && one["createdAt"].is_string(), "{one}");
    failed(&operator, &tenant.id, "sim_decline");
    let sent = mails(t, &address);
    assert_eq!(sent.len(), 1, "with the failure: {sent:?}");
    assert_eq!((&sent[0]["kind"], &sent[0]["failure"]), (&json!("first-reminder"), &Value::Null));
    assert!(sent[0]["text"].as_str().unwrap().contains(&tenant.id), "{sent:?}");
    // What has run does not run again, whoever looks; a schedule that replaces it begins anew.
    failed(&operator, &tenant.id, "sim_decline");
    together(4, |_| listed(&admin));
    assert_eq!(mails(t, &address).len(), 1);
    let other = schedule(&admin, &json!([{ "dayAfterFailure": 0, "action": "sms", "template": "by-phone" }]));
    assert_ne!(one["scheduleId"], other["scheduleId"]);
    together(4, |_| listed(&admin));
    let sent = mails(t, &address);
    let by_phone: Vec<_> = sent.iter().filter(|mail| mail["kind"] == "by-phone").collect();
    assert_eq!((sent.len(), by_phone.len()), (2, 1), "{sent:?}");
    assert!(
        by_phone[0]["failure"].is_string() && by_phone[0]["sent_at"].is_null(),
        "there is no gateway: {by_phone:?}"
    );
}

fn a_suspension_by_dunning_ends_with_the_last_payment(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({})));
    let admin = tenant.key("admin");
    let payments = ["sim_decline_1", "sim_decline_1"].map(|method| failed(&operator, &tenant.id, method));
    schedule(&admin, &json!([{ "dayAfterFailure": 0, "action": "suspend" }]));
    listed(&admin);
    assert!(is_suspended(&admin));
    for (payment, is_still) in payments.iter().zip([true, false]) {
        let retried = ok(&admin.post(RETRY, &json!({ "paymentId": payment })), 200);
        assert_eq!((&retried["status"], is_suspended(&admin)), (&json!("succeeded"), is_still));
    }
    // The next failure begins the schedule anew.
    failed(&operator, &tenant.id, "sim_decline_1");
    assert!(is_suspended(&admin));
    let payment = listed(&admin)[0]["paymentId"].clone();
    ok(&admin.post(RETRY, &json!({ "paymentId": payment })), 200);
    // A suspension by an operator is none of dunning's.
    ok(&t.service.patch(&tenant.path(""), &json!({ "suspended": true })), 200);
    let payment = failed(&operator, &tenant.id, "sim_decline_1");
    ok(&admin.post(RETRY, &json!({ "paymentId": payment })), 200);
    assert!(is_suspended(&admin));
}

fn dunning_may_end_with_the_tier_free(t: &Deployment) {
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "tier": "dev-team" })));
    let admin = tenant.key("admin");
    let mrr = || ok(&admin.get("/billing/v1/analytics/revenue/summary"), 200)["mrr"].clone();
    assert_eq!(mrr(), 1499.0);
    schedule(&admin, &json!([{ "dayAfterFailure": 0, "action": "cancel" }]));
    failed(&operator, &tenant.id, "sim_decline");
    assert_eq!(mrr(), 0.0);
    assert_eq!(ok(&admin.post(ACTIVATE, &sdk()), 200)["tier"], "free");
}

fn steps_run_on_their_days_once(t: &Deployment) {
    if !t.instance.runtime.has_movable_clock() {
        return;
    }
    let address = format!("{}@tenant.test", unique("admin"));
    let (operator, tenant) = (operator(t), Tenant::new(t, &json!({ "adminEmail": address, "tier": "dev-pro" })));
    let admin = tenant.key("admin");
    let steps = json!([
        { "dayAfterFailure": 1, "action": "email", "template": "a" },
        { "dayAfterFailure": 2, "action": "sms", "template": "b" },
        { "dayAfterFailure": 3, "action": "suspend" },
        { "dayAfterFailure": 4, "action": "email", "template": "c" },
        { "dayAfterFailure": 9, "action": "cancel" },
    ]);
    schedule(&admin, &steps);
    failed(&operator, &tenant.id, "sim_decline");
    // Licences are good by the clock of the machine alone.
    let kinds = || -> Vec<_> {
        let ahead = clock::ahead();
        clock::set_ahead(Duration::ZERO);
        let mails = mails(t, &address);
        clock::set_ahead(ahead);
        mails.iter().map(|mail| mail["kind"].as_str().unwrap().to_owned()).collect()
    };
    listed(&admin);
    assert!(kinds().is_empty());
    t.pass(DAY);
    listed(&admin);
    assert_eq!(kinds(), ["a"]);
    // A later failure changes nothing: the oldest counts. What was missed is made up for, by whoever looks.
    failed(&operator, &tenant.id, "sim_decline");
    t.pass(3 * DAY);
    together(4, |_| listed(&admin));
    assert_eq!((kinds(), is_suspended(&admin)), (vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], true));
    t.pass(5 * DAY);
    ok(&operator.get(&format!("{FAILED}?tenantId={}", tenant.id)), 200);
    let summary = ok(&admin.get("/billing/v1/analytics/revenue/summary"), 200);
    assert_eq!((&summary["mrr"], kinds().len()), (&json!(0.0), 3));
    // Each run is an event of nobody's.
    let log = database::audit(&t.instance);
    let runs: Vec<_> =
        log.iter().filter(|entry| entry.tenant == tenant.id && entry.action == "billing.dunning.run").collect();
    let told: Vec<_> = runs.iter().map(|run| (run.actor.as_str(), run.json()["detail"]["payload"].clone())).collect();
    let expected = [json!(["email"]), json!(["sms", "suspend", "email"]), json!(["cancel"])];
    assert_eq!(told, expected.map(|actions| ("system", json!({ "actions": actions }))));
}

fn sdk() -> Value {
    json!({ "sdkId": "qnsp-sdk", "sdkVersion": "1.2.3", "runtime": "rust" })
}

fn an_sdk_learns_what_the_tier_includes(t: &Deployment) {
    for (tier, limits) in [
        ("free", json!([10, 50_000, false, false, false, false])),
        ("dev-pro", json!([250, 500_000, false, false, true, true])),
        ("enterprise-pro", json!([25_000, 30_000_000, true, true, true, true])),
        ("specialized", json!([-1, -1, true, true, true, true])),
    ] {
        let tenant = Tenant::new(t, &json!({ "tier": tier }));
        // Any role, and even none that has a rank.
        for role in ["viewer", "auditor"] {
            let reply = tenant.key(role).post(ACTIVATE, &sdk());
            assert_eq!((reply.header("audit-entry"), reply.header("x-ratelimit-limit").is_some()), (None, true));
            let activated = ok(&reply, 200);
            let names =
                ["storageGB", "apiCalls", "enclavesEnabled", "aiTrainingEnabled", "aiInferenceEnabled", "sseEnabled"];
            assert_eq!(json!(names.map(|name| &activated["limits"][name])), limits, "{tier}");
            assert_eq!(activated["limits"]["vaultEnabled"], true);
            assert_eq!((&activated["activated"], &activated["tier"]), (&json!(true), &json!(tier)));
            assert_eq!((&activated["tenantId"], &activated["expiresInSeconds"]), (&json!(tenant.id), &json!(3600)));
            assert!(activated["activatedAt"].is_string() && activated["activationToken"].as_str().unwrap().len() >= 32);
        }
    }
}

fn an_sdk_is_refused_in_its_shape(t: &Deployment) {
    let tenant = Tenant::new(t, &json!({ "tier": "dev-pro", "rateLimitPerMinute": 3 }));
    let owner = tenant.key("owner");
    let refused = |caller: &Caller, status: u16| {
        let reply = caller.post(ACTIVATE, &sdk());
        let body = reply.json().unwrap();
        assert_eq!((reply.status, body.as_object().unwrap().len()), (status, 3), "{body}");
        assert!(body["activated"] == false && body["error"].is_string() && reply.header("x-request-id").is_some());
        body["code"].as_str().unwrap().to_owned()
    };
    let garbage = Caller::with_token(t, &tenant.id, "qnsp_pqc_garbage");
    assert_eq!(refused(&garbage, 401), "INVALID_API_KEY");
    // What is malformed, and what names another tenant, is refused as everywhere.
    for (changes, status) in [(json!({ "runtime": "basic" }), 400), (json!({ "tenantId": random_uuid() }), 403)] {
        let mut body = sdk();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let reply = owner.post(ACTIVATE, &body);
        let body = reply.json().unwrap();
        assert!(reply.status == status && body["requestId"].is_string() && body["code"].is_null(), "{body}");
    }
    for required in ["sdkId", "sdkVersion", "runtime"] {
        let mut body = sdk();
        body[required] = Value::Null;
        let reply = Tenant::new(t, &json!({})).key("viewer").post(ACTIVATE, &body);
        assert!(reply.status == 400 && reply.json().unwrap()["details"][required].is_string(), "{required}");
    }
    ok(&owner.post(ACTIVATE, &sdk()), 200);
    let limited = owner.post(ACTIVATE, &sdk());
    // The minute may have ended meanwhile.
    if limited.status != 200 {
        assert!(limited.header("retry-after").is_some());
        assert_eq!(refused(&owner, 429), "RATE_LIMITED");
    }
    let suspended = Tenant::new(t, &json!({}));
    let owner = suspended.key("owner");
    ok(&t.service.patch(&suspended.path(""), &json!({ "suspended": true })), 200);
    assert_eq!(refused(&owner, 403), "ACCOUNT_SUSPENDED");
}
