//! Compliance of QNSP's security monitoring: controls, and assessments whose checks look at the tenant's state.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answer::{names, ok, time},
    case::{Case, case},
    database,
    deployment::Deployment,
    qnsp::{Caller, Cast, Tenant, refuses},
    qnsp_auth::UNKNOWN,
    qnsp_escrow::Scene,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_control_is_created_shown_changed_and_deleted),
        case(controls_that_break_a_rule_are_refused),
        case(an_assessment_looks_at_the_state_of_the_tenant),
        case(an_assessment_looks_at_keys_escrows_and_signed_checkpoints),
        case(a_critical_incident_that_is_open_fails_its_check),
        case(retention_is_a_policy_of_the_audit_log_and_one_of_storage),
        case(own_controls_count_beside_the_built_in_ones),
        case(a_full_quota_fails_its_check),
        case(a_backup_that_is_planned_passes_its_check),
        case(assessments_that_break_a_rule_are_refused),
    ]
}

const CONTROLS: &str = "/security/v1/compliance/controls";
const ASSESS: &str = "/security/v1/compliance/assess";

fn control(framework: &str, id: &str, checks: &Value) -> Value {
    json!({ "controlId": id, "framework": framework, "name": id, "automatedChecks": checks })
}

#[track_caller]
fn assess(caller: &Caller, frameworks: &Value) -> Value {
    ok(&caller.post(ASSESS, &json!({ "frameworks": frameworks })), 200)
}

fn score(score: f64, passed: i64, failed: i64) -> Value {
    json!({ "score": score, "passed": passed, "failed": failed })
}

fn a_control_is_created_shown_changed_and_deleted(t: &Deployment) {
    let cast = Cast::new(t);
    let body = json!({
        "controlId": "X-1", "framework": "OWN", "name": "Own", "description": "d", "requirements": ["r"],
        "automatedChecks": ["quota_headroom"],
    });
    let created = ok(&cast.admin.post(CONTROLS, &body), 201);
    assert_eq!(
        (names(&created), &created["controlId"]),
        (vec!["controlId", "controlUuid", "createdAt"], &json!("X-1"))
    );
    let path = format!("{CONTROLS}/{}", created["controlUuid"].as_str().unwrap());
    let mut expected = crate::qnsp_jit::with(
        body.clone(),
        &json!({
            "controlUuid": created["controlUuid"], "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
        }),
    );
    assert_eq!(ok(&cast.viewer.get(&path), 200), expected);
    refuses(&cast.admin.post(CONTROLS, &body), 409, &[]);
    ok(&cast.foreign.post(CONTROLS, &body), 201);
    t.pass(Duration::from_millis(5));
    let changed =
        ok(&cast.admin.patch(&path, &json!({ "requirements": [], "automatedChecks": ["audit_chain_valid"] })), 200);
    assert!(time(&changed["updatedAt"]) > time(&changed["createdAt"]));
    expected["requirements"] = json!([]);
    expected["automatedChecks"] = json!(["audit_chain_valid"]);
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected);
    refuses(&cast.foreign.get(&path), 404, &[]);
    refuses(&cast.foreign.patch(&path, &json!({ "name": "n" })), 404, &[]);
    refuses(&cast.foreign.delete(&path), 404, &[]);
    ok(&cast.admin.delete(&path), 204);
    refuses(&cast.viewer.get(&path), 404, &[]);
    refuses(&cast.admin.delete(&path), 404, &[]);
}

fn controls_that_break_a_rule_are_refused(t: &Deployment) {
    let admin = Tenant::new(t, &json!({ "tier": "business-team" })).key("admin");
    refuses(&admin.post(CONTROLS, &json!({})), 400, &["controlId", "framework", "name"]);
    refuses(&admin.post(CONTROLS, &json!({ "controlId": "c", "framework": "f", "name": "" })), 400, &["name"]);
    let unknown = admin.post(CONTROLS, &control("OWN", "1", &json!(["quota_headroom", "weather", "luck"])));
    refuses(&unknown, 422, &["automatedChecks"]);
    assert_eq!(unknown.json().unwrap()["details"]["automatedChecks"], json!(["weather", "luck"]));
    let made = ok(&admin.post(CONTROLS, &control("OWN", "1", &json!([]))), 201);
    let path = format!("{CONTROLS}/{}", made["controlUuid"].as_str().unwrap());
    refuses(&admin.patch(&path, &json!({})), 400, &[""]);
    refuses(&admin.patch(&path, &json!({ "automatedChecks": ["luck"] })), 422, &["automatedChecks"]);
    refuses(&admin.patch(&format!("{CONTROLS}/{UNKNOWN}"), &json!({ "name": "n" })), 404, &[]);
    for method in ["GET", "DELETE"] {
        refuses(&admin.call(method, &format!("{CONTROLS}/x"), None), 400, &["controlUuid"]);
    }
}

fn an_assessment_looks_at_the_state_of_the_tenant(t: &Deployment) {
    let cast = Cast::new(t);
    let all = json!(["SOC2", "GDPR", "PCI-DSS"]);
    let first = assess(&cast.developer, &all);
    assert_eq!(names(&first), ["assessmentId", "byFramework", "noData", "overallScore"]);
    // Without a risk policy, backups, keys, escrows, incidents and policies of retention.
    let expected = json!({ "SOC2": score(50.0, 2, 2), "GDPR": score(50.0, 1, 1), "PCI-DSS": score(50.0, 2, 2) });
    assert_eq!((&first["byFramework"], &first["overallScore"]), (&expected, &json!(50.0)));
    assert_eq!(first["noData"], json!({ "SOC2": ["CC6.7"], "PCI-DSS": ["3.7"] }));
    let risk = json!({ "name": "r", "actions": { "challengeType": "mfa" } });
    let risk = ok(&cast.admin.post("/auth/risk/policies", &risk), 201);
    let second = assess(&cast.developer, &all);
    assert_eq!(
        (&second["byFramework"]["SOC2"], &second["byFramework"]["PCI-DSS"]),
        (&score(75.0, 3, 1), &score(75.0, 3, 1))
    );
    assert_eq!(second["overallScore"], 66.67);
    // A policy that allows everybody everything, until it is a template.
    let statement =
        json!({ "effect": "allow", "principals": ["user:1"], "resources": ["a", "*"], "actions": ["read"] });
    let policy = ok(&cast.admin.post("/access/v1/policies", &json!({ "name": "p", "statement": statement })), 201);
    assert_eq!(assess(&cast.developer, &all)["byFramework"]["SOC2"], score(50.0, 2, 2));
    let path = format!("/access/v1/policies/{}", policy["policyId"].as_str().unwrap());
    let template = json!({ "name": "p", "statement": statement, "enforcementLevel": "template" });
    ok(&cast.admin.put(&path, &template), 200);
    assert_eq!(assess(&cast.developer, &all)["byFramework"]["SOC2"], score(75.0, 3, 1));
    let risk = format!("/auth/risk/policies/{}", risk["policyId"].as_str().unwrap());
    ok(&cast.admin.patch(&risk, &json!({ "enabled": false })), 200);
    assert_eq!(assess(&cast.developer, &all)["byFramework"]["SOC2"], score(50.0, 2, 2));
    // Of another tenant nothing counts.
    assert_eq!(assess(&cast.foreign, &all)["byFramework"], expected);
    let metered = format!(
        "SELECT sum(quantity) FROM qnsp_meters WHERE tenant_id = '{}' AND operation = 'security.compliance_assessment'",
        cast.tenant.id
    );
    assert_eq!(database::text(&t.instance, &format!("SELECT CAST(({metered}) AS TEXT)")), "5.0");
}

fn an_assessment_looks_at_keys_escrows_and_signed_checkpoints(t: &Deployment) {
    let scene = Scene::new(t, 2);
    let assessed = || {
        let assessed = assess(&scene.cast.developer, &json!(["PCI-DSS", "SOC2"]));
        (assessed["byFramework"]["PCI-DSS"].clone(), assessed["noData"].clone())
    };
    assert_eq!(assessed(), (score(50.0, 2, 2), json!({ "SOC2": ["CC6.7"], "PCI-DSS": ["3.7"] })));
    // The only key should be replaced, and no plan says so.
    scene.key("ec");
    assert_eq!(assessed(), (score(25.0, 1, 3), json!({})));
    // Two of three keys are as they should be: 53 of 100.
    scene.key("aes");
    scene.key("pqc");
    assert_eq!(assessed(), (score(50.0, 2, 2), json!({})));
    scene.created(2, &json!({}));
    assert_eq!(assessed(), (score(75.0, 3, 1), json!({})));
    let made = t.root.post(&format!("/caas/audit/{}/checkpoint", scene.cast.tenant.id), &json!({}));
    ok(&made, 200);
    assert_eq!(assessed(), (score(75.0, 3, 1), json!({})), "the signature of the checkpoint is the service's");
}

fn a_critical_incident_that_is_open_fails_its_check(t: &Deployment) {
    let cast = Cast::new(t);
    ok(&cast.admin.post(CONTROLS, &control("OWN", "1", &json!(["no_open_critical_incidents"]))), 201);
    let assessed = || {
        let assessment = assess(&cast.developer, &json!(["OWN"]));
        (assessment["byFramework"]["OWN"].clone(), assessment["noData"].clone())
    };
    let (passes, fails) = (score(100.0, 1, 0), score(0.0, 0, 1));
    assert_eq!(assessed(), (passes.clone(), json!({ "OWN": ["1"] })));
    let incidents = "/vault/v1/leakage-detection/incidents";
    let report = |caller: &Caller, severity: &str| {
        let body = json!({ "secretId": "db", "source": "github", "severity": severity });
        let made = ok(&caller.post(incidents, &body), 201);
        format!("{incidents}/{}", made["incidentId"].as_str().unwrap())
    };
    report(&cast.foreign, "critical");
    report(&cast.developer, "high");
    assert_eq!(assessed(), (passes.clone(), json!({})));
    let critical = report(&cast.developer, "critical");
    assert_eq!(assessed(), (fails.clone(), json!({})));
    ok(&cast.developer.patch(&critical, &json!({ "status": "investigating" })), 200);
    assert_eq!(assessed().0, fails);
    ok(&cast.developer.patch(&critical, &json!({ "status": "resolved", "resolution": "rotated" })), 200);
    assert_eq!(assessed().0, passes);
}

fn retention_is_a_policy_of_the_audit_log_and_one_of_storage(t: &Deployment) {
    let cast = Cast::new(t);
    ok(&cast.admin.post(CONTROLS, &control("OWN", "1", &json!(["retention_policy_present"]))), 201);
    let assessed = || assess(&cast.developer, &json!(["OWN"]))["byFramework"]["OWN"].clone();
    assert_eq!(assessed(), score(0.0, 0, 1));
    let of_storage = json!({ "name": "r", "retentionPeriod": "P1Y", "actions": { "onExpiry": "notify" } });
    ok(&cast.admin.post("/storage/v1/retention/policies", &of_storage), 201);
    assert_eq!(assessed(), score(0.0, 0, 1));
    ok(&cast.admin.post("/audit/v1/retention/policies", &json!({ "name": "r", "retentionPeriod": "P1Y" })), 201);
    assert_eq!(assessed(), score(100.0, 1, 0));
}

fn own_controls_count_beside_the_built_in_ones(t: &Deployment) {
    let cast = Cast::new(t);
    ok(&cast.admin.post(CONTROLS, &control("GDPR", "own", &json!(["audit_chain_valid"]))), 201);
    ok(&cast.admin.post(CONTROLS, &control("OWN", "1", &json!(["no_open_critical_incidents"]))), 201);
    ok(&cast.admin.post(CONTROLS, &control("OWN", "2", &json!([]))), 201);
    let assessed = assess(&cast.developer, &json!(["GDPR", "OWN", "OWN"]));
    let expected = json!({ "GDPR": score(66.67, 2, 1), "OWN": score(50.0, 1, 1) });
    assert_eq!((&assessed["byFramework"], &assessed["overallScore"]), (&expected, &json!(58.33)));
    assert_eq!(assessed["noData"], json!({ "OWN": ["1"] }));
    refuses(&cast.foreign.post(ASSESS, &json!({ "frameworks": ["OWN"] })), 422, &["frameworks"]);
}

fn a_full_quota_fails_its_check(t: &Deployment) {
    let cast = Cast::new(t);
    ok(&cast.admin.post(CONTROLS, &control("OWN", "1", &json!(["quota_headroom"]))), 201);
    let use_up = |used: i64| {
        let body = json!({ "quotaType": "serviceAccounts", "used": used });
        assert!(cast.service.post("/tenant/v1/quotas/usage", &body).status < 300);
        assess(&cast.developer, &json!(["OWN"]))["overallScore"].clone()
    };
    assert_eq!([use_up(89), use_up(90)], [json!(100.0), json!(0.0)], "of a hundred");
}

fn a_backup_that_is_planned_passes_its_check(t: &Deployment) {
    let cast = Cast::new(t);
    ok(&cast.admin.post(CONTROLS, &control("OWN", "1", &json!(["backups_scheduled"]))), 201);
    let overall = || assess(&cast.developer, &json!(["OWN"]))["overallScore"].clone();
    let plan = |kind: &str| {
        let window = json!({
            "indexNames": [kind], "maintenanceType": kind, "scheduledAt": "2999-01-01T00:00:00Z", "duration": "PT1H",
        });
        ok(&cast.admin.post("/search/v1/health/maintenance", &window), 201)
    };
    plan("optimize");
    assert_eq!(overall(), 0.0);
    plan("backup");
    assert_eq!(overall(), 100.0);
}

fn assessments_that_break_a_rule_are_refused(t: &Deployment) {
    let developer = Tenant::new(t, &json!({ "tier": "business-team" })).key("developer");
    let many: Vec<_> = (0..21).map(|number| number.to_string()).collect();
    for frameworks in [Value::Null, json!([]), json!("SOC2"), json!(many)] {
        refuses(&developer.post(ASSESS, &json!({ "frameworks": frameworks })), 400, &["frameworks"]);
    }
    refuses(&developer.post(ASSESS, &json!({ "frameworks": ["SOC2"], "scope": [] })), 400, &["scope"]);
    let refused = developer.post(ASSESS, &json!({ "frameworks": ["SOC2", "soc2", "none"] }));
    refuses(&refused, 422, &["frameworks"]);
    assert_eq!(refused.json().unwrap()["details"]["frameworks"], json!(["none", "soc2"]));
    let scope = json!({ "resourceTypes": ["db"], "tags": {} });
    ok(&developer.post(ASSESS, &json!({ "frameworks": ["SOC2"], "scope": scope })), 200);
}
