//! The chain of a consent's versions, and what makes it one: every document hashes to its id, is signed rightly, and
//! names the one before it. Nothing is asked of a service here.

use crypto::{cid, hash};
use model::consent::{Document, version};
use serde::{Deserialize, Serialize};

use crate::json;

/// One line of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    pub consent_id: String,
    pub document: Document,
}

/// The lines of an export, and what is wrong with those that cannot be read.
pub fn parse(text: &str) -> (Vec<Link>, Vec<String>) {
    let (mut links, mut problems) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(link) => links.push(link),
            Err(error) => {
                problems.push(format!("line {}: cannot be read as a version ({})", number + 1, json::fault(&error)))
            }
        }
    }
    (links, problems)
}

/// What is wrong with a chain, newest version first; nothing when it holds from `newest`, if that is known, to the first.
pub fn verify(links: &[Link], newest: Option<&str>) -> Vec<String> {
    let Some(head) = links.first() else { return vec!["there is no version".to_owned()] };
    let mut problems = Vec::new();
    if let Some(newest) = newest.filter(|newest| *newest != head.consent_id) {
        problems.push(format!("the newest version is {} and not {newest}", head.consent_id));
    }
    for (number, link) in links.iter().enumerate() {
        let found = problems_of(link, head).into_iter().chain(link_problem(link, links.get(number + 1)));
        problems.extend(found.map(|problem| format!("version {} ({}): {problem}", number + 1, link.consent_id)));
    }
    problems
}

/// SHA-512 over what a signature is over, as it stands in a document.
pub fn signature(document: &Document) -> String {
    hash::hex(&hash::sha512(&[document.signed_text().as_bytes()]))
}

fn problems_of(link: &Link, head: &Link) -> Vec<String> {
    let Link { consent_id, document } = link;
    let mut problems = Vec::new();
    if signature(document) != document.signature {
        problems.push("the signature is not that of its content".to_owned());
    }
    match cid::v0(document.text().as_bytes()) {
        Some(id) if id == *consent_id => {}
        Some(id) => problems.push(format!("the document hashes to {id}")),
        None => problems.push("the document is too long for one block".to_owned()),
    }
    if document.version != version(document.doc_updated_at) {
        problems.push(format!("it is called {} and not by its time", document.version));
    }
    let (own, heads) = (&document.community_id, &head.document.community_id);
    let same_community = own == heads || document.community().is_some_and(|own| Some(own) == head.document.community());
    for (name, same, own, heads) in [
        ("tenant", document.tenant_id == head.document.tenant_id, &document.tenant_id, &head.document.tenant_id),
        ("community", same_community, own, heads),
        (
            "type",
            document.consent_type == head.document.consent_type,
            &document.consent_type,
            &head.document.consent_type,
        ),
    ] {
        if !same {
            problems.push(format!("its {name} is {own} and not {heads}"));
        }
    }
    problems
}

fn link_problem(link: &Link, before: Option<&Link>) -> Option<String> {
    match (&link.document.prev_consent_id, before) {
        (None, None) => None,
        (Some(id), None) => Some(format!("the version before it, {id}, is missing")),
        (None, Some(_)) => Some("it is a first version, but others stand before it".to_owned()),
        (Some(id), Some(before)) if *id != before.consent_id => {
            Some(format!("it names {id} as the version before, but {} stands there", before.consent_id))
        }
        (Some(_), Some(before)) => (before.document.doc_updated_at > link.document.doc_updated_at)
            .then(|| "it is older than the version before".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use serde_json::{Value, json};

    use super::*;

    /// A chain of three, newest first.
    fn chain() -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for number in 1..=3 {
            let mut document = Document {
                acknowledge_text: "a".into(),
                body: "PGI+".into(),
                community_id: "c".into(),
                doc_updated_at: 1000 + number,
                prev_consent_id: links.first().map(|link| link.consent_id.clone()),
                signature: String::new(),
                subtitle: "s".into(),
                tenant_id: "t".into(),
                title: format!("title {number}"),
                consent_type: "biometric".into(),
                version: version(1000 + number),
            };
            document.signature = signature(&document);
            links.insert(0, Link { consent_id: cid::v0(document.text().as_bytes()).unwrap(), document });
        }
        links
    }

    #[test]
    fn a_chain_holds_and_survives_its_export() {
        let links = chain();
        assert_eq!(verify(&links, Some(&links[0].consent_id)), Vec::<String>::new());
        let lines: Vec<_> = links.iter().map(|link| serde_json::to_string(link).unwrap()).collect();
        let (read, problems) = parse(&lines.join("\n"));
        assert_eq!((problems.len(), verify(&read, None).len(), read.len()), (0, 0, 3));
        assert_eq!(verify(&[], None), ["there is no version"]);
    }

    #[test]
    fn versions_may_spell_a_hexadecimal_community_in_either_case() {
        let spelt = |community: &str, before: Option<&Link>| {
            let mut document = Document { community_id: community.into(), ..chain()[2].document.clone() };
            document.prev_consent_id = before.map(|link| link.consent_id.clone());
            document.signature = signature(&document);
            Link { consent_id: cid::v0(document.text().as_bytes()).unwrap(), document }
        };
        let first = spelt("0123456789ABCDEF01234567", None);
        assert!(verify(&[spelt("0123456789abcdef01234567", Some(&first)), first.clone()], None).is_empty());
        assert!(!verify(&[spelt("0123456789abcdef01234568", Some(&first)), first], None).is_empty());
    }

    #[test]
    fn a_change_of_any_field_of_any_version_is_named() {
        let whole = chain();
        for number in 0..whole.len() {
            let fields = serde_json::to_value(&whole[number].document).unwrap();
            for (name, value) in fields.as_object().unwrap() {
                let altered = match value {
                    Value::Number(at) => json!(at.as_i64().unwrap() + 1),
                    Value::String(text) => json!(format!("{text}x")),
                    _ => json!("x"),
                };
                let mut links = whole.clone();
                let mut document = fields.clone();
                document[name] = altered;
                links[number].document = serde_json::from_value(document).unwrap();
                let place = format!("version {} ({}): ", number + 1, whole[number].consent_id);
                let problems = verify(&links, None);
                assert!(problems.iter().any(|problem| problem.starts_with(&place)), "{name} of {number}: {problems:?}");
                if name == "signature" {
                    continue;
                }
                // With a signature and an id of its own, the version after it still shows it.
                let document = &mut links[number].document;
                document.signature = signature(document);
                links[number].consent_id = cid::v0(document.text().as_bytes()).unwrap();
                assert!(!verify(&links, Some(&whole[0].consent_id)).is_empty(), "{name} of {number}, signed anew");
            }
            let mut links = whole.clone();
            links[number].consent_id = whole[(number + 1) % 3].consent_id.clone();
            assert!(!verify(&links, None).is_empty());
        }
    }

    #[test]
    fn a_version_that_is_missing_twice_there_or_moved_is_named() {
        let whole = chain();
        for number in 1..whole.len() {
            let mut links = whole.clone();
            links.remove(number);
            assert!(!verify(&links, None).is_empty(), "without {number}");
            let mut links = whole.clone();
            links.insert(number, whole[number].clone());
            assert!(!verify(&links, None).is_empty(), "{number} twice");
            let mut links = whole.clone();
            links.swap(number - 1, number);
            assert!(!verify(&links, None).is_empty(), "{number} moved");
        }
        // Only somebody who knows the newest id can see that the newest is missing.
        assert!(verify(&whole[1..], None).is_empty());
        assert!(verify(&whole[1..], Some(&whole[0].consent_id))[0].starts_with("the newest version is"));
    }

    #[test]
    fn a_line_that_is_no_version_is_named_by_its_number() {
        let line = serde_json::to_string(&chain()[2]).unwrap();
        for wrong in ["{}", "x", &line.replacen("\"title\"", "\"titel\"", 1), &line.replacen("{", "{\"more\":1,", 1)] {
            let (links, problems) = parse(&format!("{line}\n\n{wrong}\n"));
            assert_eq!((links.len(), problems.len()), (1, 1), "{wrong}");
            assert!(problems[0].starts_with("line 3: "), "{problems:?}");
        }
    }
}
