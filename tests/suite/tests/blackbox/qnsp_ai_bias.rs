//! How fair models are to the groups of a protected attribute.

use crypto::base64;
use serde_json::{Value, json};

use crate::{
    answer::{ok, time},
    case::{Case, case},
    database,
    deployment::Deployment,
    qnsp::{Caller, Cast, refuses},
    qnsp_ai_registry::registered,
    qnsp_auth::UNKNOWN,
    qnsp_storage::document,
};

pub fn cases() -> Vec<Case> {
    vec![
        case(an_evaluation_is_computed_when_it_is_read),
        case(each_metric_is_served),
        case(data_come_in_several_forms),
        case(data_come_out_of_the_storage_service),
        case(an_evaluation_that_cannot_be_computed_fails),
        case(evaluations_that_break_a_rule_are_refused),
        case(a_summary_shows_the_latest_of_each_model),
        case(rows_lie_sealed_until_they_are_used),
    ]
}

const EVALUATIONS: &str = "/ai/v1/bias/evaluations";
const SUMMARY: &str = "/ai/v1/bias/summary";

/// Rows of two groups of ten: of the first so many are predicted positive, of the second five.
fn rows(first: usize) -> Value {
    let group = |name: &'static str, positive: usize| {
        (0..10).map(move |index| {
            json!({ "sex": name, "label": index % 2, "prediction": usize::from(index < positive), "score": 0.5 })
        })
    };
    Value::from_iter(group("f", first).chain(group("m", 5)))
}

fn url(rows: &Value) -> String {
    format!("data:application/json;base64,{}", base64::encode(rows.to_string().as_bytes()))
}

/// A new evaluation of demographic parity, with these members instead of the usual ones, by its path.
#[track_caller]
fn created(caller: &Caller, model: &str, more: &Value) -> String {
    let mut body = json!({
        "modelId": model, "evaluationType": "demographic_parity", "testDataset": { "source": url(&rows(4)) },
        "protectedAttributes": ["sex"],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = ok(&caller.post(EVALUATIONS, &body), 201);
    assert_eq!(made["status"], "created");
    time(&made["createdAt"]);
    format!("{EVALUATIONS}/{}", made["evaluationId"].as_str().unwrap())
}

#[track_caller]
fn start(caller: &Caller, path: &str) {
    let started = ok(&caller.send("POST", &format!("{path}/start"), &[], None), 202);
    assert_eq!(started["status"], "running");
    time(&started["startedAt"]);
}

/// What a source comes to.
#[track_caller]
fn result(cast: &Cast, model: &str, more: &Value) -> Value {
    let path = created(&cast.developer, model, more);
    start(&cast.developer, &path);
    ok(&cast.viewer.get(&path), 200)
}

fn an_evaluation_is_computed_when_it_is_read(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({}));
    let path = created(&cast.developer, &model, &json!({}));
    let shown = ok(&cast.viewer.get(&path), 200);
    let expected = json!({
        "evaluationId": path.rsplit('/').next().unwrap(), "modelId": model, "evaluationType": "demographic_parity",
        "status": "created", "score": null, "fair": null, "attributes": {}, "rowsUsed": 0, "reason": null,
        "createdAt": shown["createdAt"], "startedAt": null, "completedAt": null,
    });
    assert_eq!(shown, expected);
    start(&cast.developer, &path);
    refuses(&cast.developer.post(&format!("{path}/start"), &json!({})), 409, &[]);
    let shown = ok(&cast.viewer.get(&path), 200);
    // Four of ten against five of ten.
    let group = |rate: f64| json!({ "n": 10, "rate": rate, "tpr": null, "fpr": null, "gap": null });
    let attributes = json!({ "sex": { "score": 0.8, "fair": true, "groups": { "f": group(0.4), "m": group(0.5) } } });
    assert_eq!((&shown["status"], &shown["score"], &shown["fair"]), (&json!("completed"), &json!(0.8), &json!(true)));
    assert_eq!((&shown["attributes"], &shown["rowsUsed"], &shown["reason"]), (&attributes, &json!(20), &json!(null)));
    assert!(time(&shown["completedAt"]) >= time(&shown["startedAt"]));
    assert_eq!(ok(&cast.viewer.get(&path), 200), shown, "it is computed once");
    refuses(&cast.developer.post(&format!("{path}/start"), &json!({})), 409, &[]);
    for caller in [&cast.foreign, &cast.free] {
        refuses(&caller.get(&path), 404, &[]);
    }
    refuses(&cast.foreign.post(&format!("{path}/start"), &json!({})), 404, &[]);
    refuses(&cast.developer.post(&format!("{EVALUATIONS}/{UNKNOWN}/start"), &json!({})), 404, &[]);
    refuses(&cast.developer.post(&format!("{EVALUATIONS}/x/start"), &json!({})), 400, &["id"]);
    refuses(&cast.viewer.get(&format!("{EVALUATIONS}/{UNKNOWN}")), 404, &[]);
    refuses(&cast.viewer.get(&format!("{EVALUATIONS}/x")), 400, &["evaluationId"]);
}

fn each_metric_is_served(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({}));
    // Labels alternate, so that of four predicted positive two are right, and of five two.
    for (metric, score, group) in [
        ("demographic_parity", 0.8, json!({ "n": 10, "rate": 0.4, "tpr": null, "fpr": null, "gap": null })),
        ("equalized_odds", 0.8, json!({ "n": 10, "rate": null, "tpr": 0.4, "fpr": 0.4, "gap": null })),
        ("calibration", 1.0, json!({ "n": 10, "rate": null, "tpr": null, "fpr": null, "gap": 0.0 })),
    ] {
        let shown = result(&cast, &model, &json!({ "evaluationType": metric }));
        assert_eq!((&shown["score"], &shown["attributes"]["sex"]["groups"]["f"]), (&json!(score), &group), "{metric}");
    }
    // The least of several attributes, and only the first rows.
    let dataset = json!({ "source": url(&rows(1)), "sampleSize": 15 });
    let shown =
        result(&cast, &model, &json!({ "testDataset": dataset, "protectedAttributes": ["label", "sex", "sex"] }));
    assert_eq!((&shown["rowsUsed"], &shown["score"], &shown["fair"]), (&json!(15), &json!(0.1), &json!(false)));
    assert_eq!(shown["attributes"]["sex"]["groups"]["m"]["n"], 5);
    assert!(shown["attributes"]["label"]["score"].as_f64().unwrap() > 0.1);
}

fn data_come_in_several_forms(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({ "name": "fair one" }));
    let csv: String = rows(4).as_array().unwrap().iter().fold("sex,prediction\r\n".to_owned(), |text, row| {
        text + &format!("{},{}\r\n", row["sex"].as_str().unwrap(), row["prediction"])
    });
    let escaped = csv.replace("\r\n", "%0D%0A");
    let json = rows(4).to_string();
    for source in [
        format!("data:text/csv,{escaped}"),
        format!("data:text/csv;charset=utf-8;base64,{}", base64::encode(csv.as_bytes())),
        format!("data:application/json,{}", json.replace('"', "%22")),
        format!("data:application/json,{json}"),
    ] {
        let shown = result(&cast, &model, &json!({ "testDataset": { "source": source } }));
        assert_eq!((&shown["status"], &shown["score"]), (&json!("completed"), &json!(0.8)), "{source}: {shown}");
    }
    // In the shape of the SDK; the newest model of the name is meant.
    let newest = registered(&cast.developer, &json!({ "name": "fair one", "version": "2" }));
    let sdk = json!({
        "modelName": "fair one", "evaluationType": "demographic_parity", "testDataset": { "source": url(&rows(4)) },
        "protectedAttribute": "sex",
    });
    let made = ok(&cast.developer.post(EVALUATIONS, &sdk), 201);
    let path = format!("{EVALUATIONS}/{}", made["evaluationId"].as_str().unwrap());
    assert_eq!(ok(&cast.viewer.get(&path), 200)["modelId"], json!(newest));
}

fn data_come_out_of_the_storage_service(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({}));
    let csv = "sex,prediction\n".to_owned() + &"f,1\nm,1\nf,0\nm,1\n".repeat(10);
    let evaluated = |id: &str| result(&cast, &model, &json!({ "testDataset": { "source": format!("storage:{id}") } }));
    let direct = result(&cast, &model, &json!({}));
    for (content, rows_used) in [(rows(4).to_string(), 20), (csv, 40)] {
        let id = document(&cast.developer, "datasets", &format!("{rows_used}"), &content);
        let shown = evaluated(&id);
        assert_eq!((&shown["status"], &shown["rowsUsed"]), (&json!("completed"), &json!(rows_used)), "{shown}");
        if rows_used == 20 {
            assert_eq!((&shown["score"], &shown["attributes"]), (&direct["score"], &direct["attributes"]));
        }
        // The latest version counts.
        document(&cast.developer, "datasets", &format!("{rows_used}"), "[]");
        assert_eq!(evaluated(&id)["reason"], "no_rows");
        assert_eq!(cast.developer.delete(&format!("/storage/v1/documents/{id}")).status, 204);
        assert_eq!(evaluated(&id)["reason"], "dataset_not_found");
    }
    let foreign = document(&cast.foreign, "datasets", "rows", &rows(4).to_string());
    assert_eq!(evaluated(&foreign)["reason"], "dataset_not_found");
}

fn an_evaluation_that_cannot_be_computed_fails(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({}));
    let mut wrong = rows(4);
    wrong[3]["prediction"] = json!(2);
    let data = |text: &str| format!("data:application/json,{text}");
    for (source, reason) in [
        ("https://example.com/rows.json".to_owned(), "unsupported_source"),
        ("data:text/plain,x".to_owned(), "unsupported_source"),
        (format!("storage:{UNKNOWN}"), "dataset_not_found"),
        ("storage:x".to_owned(), "dataset_not_found"),
        (data("[{]"), "bad_data"),
        ("data:text/csv;base64,???".to_owned(), "bad_data"),
        (data("[]"), "no_rows"),
        ("data:text/csv,sex,prediction".to_owned(), "no_rows"),
        (data(&wrong.to_string()), "bad_row:3"),
        (data("[7]"), "bad_row:0"),
        (data(&Value::from_iter(rows(4).as_array().unwrap()[..14].to_vec()).to_string()), "too_few_groups"),
    ] {
        let shown = result(&cast, &model, &json!({ "testDataset": { "source": source } }));
        assert_eq!((&shown["status"], &shown["reason"]), (&json!("failed"), &json!(reason)), "{source}");
        assert_eq!((&shown["score"], &shown["fair"], &shown["attributes"]), (&json!(null), &json!(null), &json!({})));
        time(&shown["completedAt"]);
    }
    let summary = ok(&cast.viewer.get(SUMMARY), 200);
    assert_eq!((&summary["modelsEvaluated"], &summary["recentEvaluations"]), (&json!(0), &json!([])));
}

fn evaluations_that_break_a_rule_are_refused(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({}));
    let refused = |more: Value, status: u16, places: &[&str]| {
        let mut body = json!({
            "modelId": model, "evaluationType": "calibration", "testDataset": { "source": "data:," },
            "protectedAttributes": ["sex"],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refuses(&cast.developer.post(EVALUATIONS, &body), status, places);
    };
    let places = ["evaluationType", "modelId", "protectedAttributes", "testDataset"];
    refuses(&cast.developer.post(EVALUATIONS, &json!({})), 400, &places);
    refused(json!({ "evaluationType": "equal" }), 400, &["evaluationType"]);
    refused(json!({ "testDataset": {} }), 400, &["testDataset.source"]);
    refused(json!({ "testDataset": { "source": "data:,", "sampleSize": 0 } }), 400, &["testDataset.sampleSize"]);
    refused(json!({ "protectedAttributes": [] }), 400, &["protectedAttributes"]);
    refused(json!({ "protectedAttributes": vec!["a"; 21] }), 400, &["protectedAttributes"]);
    refused(json!({ "protectedAttributes": [""] }), 400, &["protectedAttributes[0]"]);
    refused(json!({ "modelId": UNKNOWN }), 404, &[]);
    refused(json!({ "modelId": null, "modelName": "nothing" }), 404, &[]);
    refused(json!({ "modelId": registered(&cast.foreign, &json!({})) }), 404, &[]);
}

fn a_summary_shows_the_latest_of_each_model(t: &Deployment) {
    let cast = Cast::new(t);
    let nothing =
        json!({ "modelsEvaluated": 0, "activeIncidents": 0, "overallFairnessScore": 1.0, "recentEvaluations": [] });
    assert_eq!(ok(&cast.viewer.get(SUMMARY), 200), nothing);
    let [one, two] = [(); 2].map(|()| registered(&cast.developer, &json!({})));
    let evaluate = |model: &str, first: usize| {
        let path = created(&cast.developer, model, &json!({ "testDataset": { "source": url(&rows(first)) } }));
        // Both might begin in one millisecond.
        std::thread::sleep(std::time::Duration::from_millis(2));
        start(&cast.developer, &path);
        path.rsplit('/').next().unwrap().to_owned()
    };
    let evaluations = [evaluate(&one, 1), evaluate(&two, 4), evaluate(&one, 5), evaluate(&two, 3)];
    let summary = ok(&cast.viewer.get(SUMMARY), 200);
    // 5 of 10 against 5 of 10, and 3 of 10 against 5 of 10.
    assert_eq!((&summary["modelsEvaluated"], &summary["activeIncidents"]), (&json!(2), &json!(1)));
    assert_eq!(summary["overallFairnessScore"], 0.8);
    let recent = summary["recentEvaluations"].as_array().unwrap();
    let ids: Vec<_> = recent.iter().rev().map(|row| row["evaluationId"].as_str().unwrap()).collect();
    assert_eq!(ids, evaluations);
    let newest = json!({
        "evaluationId": evaluations[3], "modelId": two, "evaluationType": "demographic_parity", "status": "completed",
        "score": 0.6, "fair": false, "completedAt": recent[0]["completedAt"],
    });
    assert_eq!(recent[0], newest);
    for _ in 0..9 {
        evaluate(&two, 5);
    }
    let summary = ok(&cast.viewer.get(SUMMARY), 200);
    assert_eq!((&summary["activeIncidents"], &summary["overallFairnessScore"]), (&json!(0), &json!(1.0)));
    assert_eq!(summary["recentEvaluations"].as_array().unwrap().len(), 10);
    assert_eq!(ok(&cast.foreign.get(SUMMARY), 200), nothing);
}

fn rows_lie_sealed_until_they_are_used(t: &Deployment) {
    let cast = Cast::new(t);
    let model = registered(&cast.developer, &json!({}));
    const CANARY: &str = "canary-of-a-person";
    let mut rows = rows(4);
    rows[0]["name"] = json!(CANARY);
    let source = format!("data:application/json,{rows}");
    let path = created(&cast.developer, &model, &json!({ "testDataset": { "source": source } }));
    let sealed = || {
        let id = path.rsplit('/').next().unwrap();
        let count =
            format!("SELECT count(*) FROM qnsp_bias_evaluations WHERE id = '{id}' AND sealed_source IS NOT NULL");
        database::number(&t.instance, &count)
    };
    assert_eq!(sealed(), 1);
    start(&cast.developer, &path);
    assert_eq!(ok(&cast.viewer.get(&path), 200)["status"], "completed");
    assert_eq!(sealed(), 0);
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in [CANARY, &base64::encode(CANARY.as_bytes()), &hex] {
        assert!(!database::contains(&t.instance, text), "{text}");
    }
}
