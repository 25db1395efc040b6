//! Search of QNSP: documents, what searches find and in which order, and the synonyms that they use.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    answer::ok,
    case::{Case, case, together},
    database,
    deployment::{Deployment, unique},
    qnsp::{Caller, Tenant, refuses},
};

pub fn cases() -> Vec<Case> {
    vec![
        case(a_document_is_found_by_all_its_words),
        case(a_document_needs_all_its_parts),
        case(a_document_with_the_same_id_is_replaced),
        case(matches_are_ranked_by_how_rare_and_how_frequent_words_are),
        case(a_query_has_no_syntax_and_may_find_nothing),
        case(a_group_of_synonyms_needs_all_its_parts),
        case(terms_expand_by_their_groups),
        case(searches_use_synonyms),
        case(no_text_lies_in_the_clear),
    ]
}

pub const DOCUMENTS: &str = "/search/v1/documents";
const SYNONYMS: &str = "/search/v1/synonyms";

fn tenant(t: &Deployment) -> Tenant<'_> {
    Tenant::new(t, &json!({ "tier": "free" }))
}

#[track_caller]
pub fn index(caller: &Caller, index: &str, id: &str, title: &str, body: &str) {
    let document = json!({ "documentId": id, "indexName": index, "title": title, "body": body });
    let indexed = ok(&caller.post(&format!("{DOCUMENTS}/index"), &document), 201);
    assert!(
        indexed["documentId"] == id && indexed["indexName"] == index && indexed["indexedAt"].is_string(),
        "{indexed}"
    );
}

#[track_caller]
pub fn search(caller: &Caller, q: &str, rest: &str) -> Value {
    ok(&caller.get(&format!("{DOCUMENTS}?q={}{rest}", chancery::client::segment(q))), 200)
}

/// What is found, the best first, by index and id.
#[track_caller]
pub fn found(caller: &Caller, q: &str) -> Vec<String> {
    let hits = search(caller, q, "");
    let items = hits["items"].as_array().unwrap();
    assert_eq!(hits["total"], items.len());
    items
        .iter()
        .map(|hit| format!("{}/{}", hit["indexName"].as_str().unwrap(), hit["documentId"].as_str().unwrap()))
        .collect()
}

fn a_document_is_found_by_all_its_words(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    index(&developer, "a", "1", "Über die Kryptographie", "Schlüssel und 42 Geheimnisse");
    let tagged =
        json!({ "documentId": "2", "title": "", "body": "nothing else", "tags": ["Post-Quantum", "ML-KEM 768"] });
    assert_eq!(ok(&developer.post(&format!("{DOCUMENTS}/index"), &tagged), 201)["indexName"], "default");
    let sdk = json!({ "documentId": "3", "sourceService": "vault", "body": "a secret", "version": "7" });
    assert_eq!(ok(&developer.post(&format!("{DOCUMENTS}/index"), &sdk), 201)["indexName"], "vault");
    for (q, expected) in [
        ("KRYPTOGRAPHIE", vec!["a/1"]),
        ("über schlüssel 42", vec!["a/1"]),
        ("u\u{308}ber", vec!["a/1"]),
        ("schlüssel secret", vec![]),
        ("quantum", vec!["default/2"]),
        ("768, ml!", vec!["default/2"]),
        ("secret", vec!["vault/3"]),
        ("secre", vec![]),
    ] {
        assert_eq!(found(&viewer, q), expected, "{q}");
    }
    let hit = search(&viewer, "42", "");
    assert_eq!(hit["items"][0]["title"], "Über die Kryptographie");
    assert!(hit["items"][0]["score"].as_f64().unwrap() > 0.0 && hit["queryId"].is_string(), "{hit}");
    assert_eq!(search(&viewer, "secret", "&indexName=a")["total"], 0);
    assert_eq!(search(&viewer, "secret", "&indexName=vault")["total"], 1);
    let foreign = Tenant::new(t, &json!({ "tier": "free" })).key("owner");
    assert_eq!(found(&foreign, "secret"), Vec::<String>::new());
}

fn a_document_needs_all_its_parts(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    let path = format!("{DOCUMENTS}/index");
    refuses(&developer.post(&path, &json!({})), 400, &["documentId", "title"]);
    let tags: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    for (body, place) in [
        (json!({ "documentId": "", "title": "t" }), "documentId"),
        (json!({ "documentId": "x".repeat(129), "title": "t" }), "documentId"),
        (json!({ "documentId": "1", "indexName": "a b", "title": "t" }), "indexName"),
        (json!({ "documentId": "1", "indexName": "x".repeat(129), "title": "t" }), "indexName"),
        (json!({ "documentId": "1", "title": "x".repeat(1025) }), "title"),
        (json!({ "documentId": "1", "body": "x".repeat((256 << 10) + 1) }), "body"),
        (json!({ "documentId": "1", "title": "t", "tags": tags }), "tags"),
    ] {
        refuses(&developer.post(&path, &body), 400, &[place]);
    }
    ok(&developer.post(&path, &json!({ "documentId": "1", "body": "ä".repeat(128 << 10) })), 201);
    ok(&developer.post(&path, &json!({ "documentId": "2", "body": "" })), 201);
    assert_eq!(tenant.key("viewer").post(&path, &json!({ "documentId": "1", "title": "t" })).status, 403);
    for (query, place) in [("", "q"), ("?q=", "q"), ("?q=a&indexName=%20", "indexName"), ("?q=a&limit=x", "limit")] {
        refuses(&developer.get(&format!("{DOCUMENTS}{query}")), 400, &[place]);
    }
    let long = "x".repeat(513);
    refuses(&developer.get(&format!("{DOCUMENTS}?q={long}")), 400, &["q"]);
}

fn a_document_with_the_same_id_is_replaced(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    index(&developer, "a", "1", "red apple", "");
    index(&developer, "b", "1", "red cherry", "");
    index(&developer, "a", "1", "green apple", "sour");
    assert_eq!(found(&developer, "red"), ["b/1"]);
    assert_eq!(found(&developer, "green"), ["a/1"]);
    // Of writers at once one is last, and nothing of the others is found.
    together(6, |number| index(&developer, "a", "1", &format!("apple number{number}"), ""));
    let numbers: Vec<_> = (0..6).filter(|number| !found(&developer, &format!("number{number}")).is_empty()).collect();
    assert_eq!((numbers.len(), found(&developer, "green").len(), found(&developer, "apple").len()), (1, 0, 1));
    let health = ok(&developer.get("/search/v1/health/current"), 200);
    let counts: Vec<_> = health["indices"].as_array().unwrap().iter().map(|one| one["documentCount"].clone()).collect();
    assert_eq!(counts, [1, 1]);
}

/// The scores are computed here again, by the book.
fn matches_are_ranked_by_how_rare_and_how_frequent_words_are(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let documents = [
        ("1", "apple apple pear"),
        ("2", "apple pear plum plum plum plum"),
        ("3", "apple"),
        ("4", "plum cherry"),
        ("5", "cherry cherry cherry pear apple"),
    ];
    for (id, text) in documents {
        index(&developer, "fruit", id, text, "");
    }
    // In another index a word may be as rare as it likes.
    index(&developer, "other", "1", "apple", "");
    let words: BTreeMap<_, Vec<_>> = documents.iter().map(|(id, text)| (*id, text.split(' ').collect())).collect();
    let mean = words.values().map(Vec::len).sum::<usize>() as f64 / 5.0;
    let score = |id: &str, q: &[&str]| -> Option<f64> {
        let scores = q.iter().map(|word| {
            let tf = words[id].iter().filter(|other| *other == word).count() as f64;
            let df = words.values().filter(|words| words.contains(word)).count() as f64;
            let idf = (1.0 + (5.0 - df + 0.5) / (df + 0.5)).ln();
            let length = words[id].len() as f64;
            (tf > 0.0).then_some(idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean)))
        });
        scores.sum::<Option<f64>>().map(|score| (score * 1e4).round() / 1e4)
    };
    for q in
        [&["apple"][..], &["cherry"], &["apple", "pear"], &["plum", "cherry"], &["plum", "apple", "pear"], &["kiwi"]]
    {
        let mut expected: Vec<_> = documents.iter().filter_map(|(id, _)| Some((score(id, q)?, *id))).collect();
        expected.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
        let hits = search(&developer, &q.join(" "), "&indexName=fruit");
        let seen: Vec<_> = hits["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| (hit["score"].as_f64().unwrap(), hit["documentId"].as_str().unwrap()))
            .collect();
        assert_eq!(seen, expected, "{q:?}");
    }
    assert_eq!(found(&developer, "apple").len(), 5, "both indexes");
    let page = search(&developer, "apple", "&limit=2");
    assert_eq!((page["items"].as_array().unwrap().len(), &page["total"]), (2, &json!(5)));
    assert_eq!(search(&developer, "apple", "&limit=0")["items"].as_array().unwrap().len(), 1, "clamped");
    assert_eq!(search(&developer, "apple", "&limit=1000")["items"].as_array().unwrap().len(), 5, "clamped");
    // Equal scores are ordered by id.
    for id in ["c", "a", "b"] {
        index(&developer, "equal", id, "same words", "");
    }
    assert_eq!(found(&developer, "same words"), ["equal/a", "equal/b", "equal/c"]);
}

fn a_query_has_no_syntax_and_may_find_nothing(t: &Deployment) {
    let developer = tenant(t).key("developer");
    index(&developer, "a", "1", "or and not near title", "");
    for q in ["\"or\" AND (not)", "title:near*", "or%' OR 1=1 --", "^near", "+or -and"] {
        let known = !q.contains("1=1");
        assert_eq!(found(&developer, q).len(), usize::from(known), "{q}");
    }
    for q in ["...", "\"", "--", "🎉", " "] {
        let none = search(&developer, q, "");
        assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)), "{q}");
        assert!(none["queryId"].is_string());
    }
}

fn group(kind: &str, terms: &[&str], indices: &[&str]) -> Value {
    json!({ "name": unique("group"), "type": kind, "terms": terms, "indexNames": indices })
}

#[track_caller]
fn make(caller: &Caller, body: &Value) -> String {
    let made = ok(&caller.post(SYNONYMS, body), 201);
    assert!(made["name"] == body["name"] && made["createdAt"].is_string(), "{made}");
    made["groupId"].as_str().unwrap().to_owned()
}

fn a_group_of_synonyms_needs_all_its_parts(t: &Deployment) {
    let tenant = tenant(t);
    let developer = tenant.key("developer");
    refuses(&developer.post(SYNONYMS, &json!({})), 400, &["name", "terms", "type"]);
    let many: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    let long = "x".repeat(129);
    for (member, value, place) in [
        ("type", json!("both"), "type"),
        ("name", json!(""), "name"),
        ("terms", json!(["one"]), "terms"),
        ("terms", json!(many), "terms"),
        ("terms", json!(["one", "  "]), "terms[1]"),
        ("terms", json!([long, "two"]), "terms[0]"),
        ("terms", json!(["One  two", "x", " one TWO "]), "terms[2]"),
        ("indexNames", json!(["a/b"]), "indexNames[0]"),
    ] {
        let mut body = group("equivalent", &["a", "b"], &[]);
        body[member] = value;
        refuses(&developer.post(SYNONYMS, &body), 400, &[place]);
    }
    let body = json!({ "name": "sdk", "type": "one_way", "synonyms": ["a", " A"] });
    refuses(&developer.post(SYNONYMS, &body), 400, &["synonyms[1]"]);
    let body = json!({ "name": "sdk", "type": "one_way", "synonyms": ["a", "b"] });
    make(&developer, &body);
    assert_eq!(developer.post(SYNONYMS, &body).status, 409);
    assert_eq!(tenant.key("viewer").post(SYNONYMS, &group("one_way", &["a", "b"], &[])).status, 403);
}

fn terms_expand_by_their_groups(t: &Deployment) {
    let tenant = tenant(t);
    let (developer, viewer) = (tenant.key("developer"), tenant.key("viewer"));
    let one = make(&developer, &group("one_way", &[" Car", "auto mobile", "vehicle"], &[]));
    let two = make(&developer, &group("equivalent", &["VEHICLE", "car", "van"], &["cars"]));
    let expand = |body: &Value| ok(&viewer.post(&format!("{SYNONYMS}/expand"), body), 200);
    let expansions =
        |term: &str, index: Option<&str>| expand(&json!({ "term": term, "indexName": index }))["expansions"].clone();
    assert_eq!(
        expand(&json!({ "term": " CAR " })),
        json!({
            "original": " CAR ", "expansions": ["auto mobile", "vehicle"],
            "originalTerm": " CAR ", "expandedTerms": ["auto mobile", "vehicle"], "matchedGroups": [one],
        })
    );
    assert_eq!(expansions("car", Some("cars")), json!(["auto mobile", "vehicle", "van"]), "of equal ones the first");
    assert_eq!(expansions("vehicle", None), json!([]), "never back");
    assert_eq!(expansions("Vehicle", Some("cars")), json!(["car", "van"]), "one level");
    assert_eq!(expansions("auto  mobile", Some("cars")), json!([]));
    assert_eq!(expansions("ship", Some("cars")), json!([]));
    let by_get = ok(&viewer.get(&format!("{SYNONYMS}/expand?term=van&indexName=cars")), 200);
    assert_eq!((&by_get["expandedTerms"], &by_get["matchedGroups"]), (&json!(["VEHICLE", "car"]), &json!([two])));
    refuses(&viewer.post(&format!("{SYNONYMS}/expand"), &json!({})), 400, &["term"]);
    refuses(&viewer.get(&format!("{SYNONYMS}/expand?term=")), 400, &["term"]);
    refuses(&viewer.get(&format!("{SYNONYMS}/expand?term=a&indexName=!")), 400, &["indexName"]);
    let foreign = Tenant::new(t, &json!({ "tier": "free" })).key("owner");
    assert_eq!(
        ok(&foreign.post(&format!("{SYNONYMS}/expand"), &json!({ "term": "car" })), 200)["expansions"],
        json!([])
    );
    // To expand a term is no query, and a group names an index.
    assert_eq!(ok(&viewer.get("/search/v1/analytics/metrics"), 200)["totalQueries"], 0);
    assert_eq!(ok(&viewer.get("/search/v1/health/current"), 200)["indices"][0]["indexName"], "cars");
}

fn searches_use_synonyms(t: &Deployment) {
    let developer = tenant(t).key("developer");
    index(&developer, "cars", "1", "a red car", "");
    index(&developer, "cars", "2", "an auto that is mobile and red", "");
    index(&developer, "cars", "3", "an auto", "");
    index(&developer, "ships", "4", "a red vessel", "");
    assert_eq!(found(&developer, "red car"), ["cars/1"]);
    make(&developer, &group("one_way", &["car", "auto mobile"], &[]));
    make(&developer, &group("equivalent", &["car", "vessel"], &["ships"]));
    let mut both = found(&developer, "red car");
    both.sort();
    assert_eq!(both, ["cars/1", "cars/2"], "an expansion of several words counts when all of them are there");
    assert_eq!(found(&developer, "auto mobile"), ["cars/2"], "never back");
    assert_eq!(found(&developer, "vessel"), ["ships/4"]);
    let in_ships = search(&developer, "car", "&indexName=ships");
    assert_eq!((&in_ships["total"], &in_ships["items"][0]["documentId"]), (&json!(1), &json!("4")));
    // A document that holds the word and a synonym counts once.
    index(&developer, "cars", "5", "car auto mobile", "");
    assert_eq!(search(&developer, "car", "")["total"], 3);
}

fn no_text_lies_in_the_clear(t: &Deployment) {
    let developer = tenant(t).key("developer");
    let word = unique("secretword").replace('-', "");
    let document =
        json!({ "documentId": "1", "title": word, "body": format!("x{word}"), "tags": [format!("y{word}")] });
    ok(&developer.post(&format!("{DOCUMENTS}/index"), &document), 201);
    assert_eq!(found(&developer, &word), ["default/1"]);
    assert!(!database::contains(&t.instance, &word));
}
