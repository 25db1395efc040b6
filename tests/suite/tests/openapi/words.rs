//! The words of a document that are not written at an operation: titles, parameters that many paths have, and tags.

use model::ids::{CommunityId, ConsentType, KeyPath, TenantId};
use serde_json::{Value, json};
use utoipa::PartialSchema as _;

use crate::refusals::Shape;

/// In characters: what a list of operations shows in one line.
pub const LONGEST_TITLE: usize = 72;

/// What an API is, and how a caller proves who it is.
pub fn about(shape: Shape, title: &str) -> String {
    let signed = "A call is signed with a licence: its three headers name the caller's public key, and hold its licence key \
        and the id of the request, encrypted. Each operation says which levels of licences may call it.";
    let own = match (shape, title) {
        (Shape::Signed, "Licensing") => "Licences and their membership in communities.",
        (Shape::Signed, _) => "Configuration, secrets, consents and extensions of communities, and their audit log.",
        (Shape::Config, _) => {
            "Configuration of a project in groups of items. A token proves who calls; it leads to one project, and its \
             permission there decides."
        }
        (Shape::Portal, _) => {
            "Accounts, credentials and applications of developers. The cookie of a session proves who calls. Bodies are JSON \
             or forms, in which `service.id` is the member `id` of `service`."
        }
        (Shape::Qnsp, _) => {
            "Keys, secrets, storage, access, audit and billing of tenants. An API key or a JSON web token proves who calls; \
             its role and its tenant's tier decide, and each operation says which it takes."
        }
    };
    if shape == Shape::Signed { format!("{own}\n\n{signed}") } else { own.to_owned() }
}

/// Makes a short title of the first sentence, and a description of all that is said.
pub fn describe(operation: &mut Value, who: &str) {
    let sentence = operation["summary"].as_str().unwrap_or_default().to_owned();
    let title = title_of(&sentence);
    let more = operation["description"].as_str().map(str::to_owned);
    let whole = (sentence.trim_end_matches('.') != title).then(|| sentence.clone());
    let paragraphs: Vec<_> = [whole, more, Some(who.to_owned())].into_iter().flatten().collect();
    operation["description"] = json!(paragraphs.join("\n\n"));
    operation["summary"] = json!(title);
}

/// The first sentence, or its main clause where it is long.
fn title_of(sentence: &str) -> &str {
    let until = |text: &'_ str, ends: &[&str]| ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let first = &sentence[..until(sentence, &[". ", "; ", ": ", " ("])];
    let first = first.trim_end_matches('.');
    if first.chars().count() <= LONGEST_TITLE { first } else { &first[..until(first, &[", "])] }
}

/// Says what a parameter is of which an operation says nothing.
pub fn describe_parameter(parameter: &mut Value, shape: Shape) {
    if let (Shape::Signed, "path", Some(schema)) =
        (shape, parameter["in"].as_str().unwrap(), checked(&parameter["name"]))
    {
        parameter["schema"] = schema;
    }
    if parameter["description"].is_string() {
        return;
    }
    let name = parameter["name"].as_str().unwrap().to_owned();
    let text = match (parameter["in"].as_str().unwrap(), known(&name, shape)) {
        (_, Some(text)) => text.to_owned(),
        ("query", None) => format!("Those only with this {}", words(&name)),
        (_, None) => format!("The {}", id_of(&name)),
    };
    parameter["description"] = json!(text);
}

/// The schema of a parameter that is read as a checked text.
fn checked(name: &Value) -> Option<Value> {
    let schema = match name.as_str()? {
        "tenantId" => TenantId::schema(),
        "communityId" => CommunityId::schema(),
        "key_path" => KeyPath::schema(),
        "type" => ConsentType::schema(),
        _ => return None,
    };
    let mut schema = serde_json::to_value(schema).unwrap();
    schema.as_object_mut().unwrap().remove("description");
    Some(schema)
}

/// What parameters are whose names do not say it.
fn known(name: &str, shape: Shape) -> Option<&'static str> {
    Some(match (name, shape) {
        ("tenant" | "tenantId", Shape::Signed) => "The tenant",
        ("communityId", _) => "The community",
        ("key_path", _) => {
            "Names of letters and underscores with dots between them, or `data` for the whole configuration"
        }
        ("type", Shape::Signed) => "What the consent is about",
        ("ipfsHash", _) => "The CID of the consent's text",
        ("index", Shape::Signed) => "The number of the entry, from 0 on",
        ("tag", _) => "The tag that it was given",
        ("path", _) => "The path of the file, with its slashes",
        ("groupKey", _) => "The key of the group",
        ("key", Shape::Config) => "The key of the item",
        ("version", _) => "The number of the version",
        ("workspace", _) => "The workspace of the pages; there is `default`",
        ("name", Shape::Portal) => "The workspace of the pages; there is `default`",
        ("id", _) => "Its id",
        ("service", Shape::Signed) => "The name of the service",
        ("offset", _) => "How many to skip; 0 if not given",
        ("limit", _) => "How many to list at most",
        ("expires", _) => "When the link ends, as it was given with it",
        ("sig", _) => "The signature of the link, as it was given with it",
        ("term", _) => "The term that is looked for",
        ("enabled", _) => "Those only that are switched on, or off",
        ("acknowledged", _) => "Those only that are acknowledged, or not",
        _ => return None,
    })
}

/// `resourceType` is `resource type`.
fn words(name: &str) -> String {
    let spaced = |letter: char| match letter.is_ascii_uppercase() {
        true => format!(" {}", letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    name.chars().map(spaced).collect()
}

/// `policyId` is `id of the policy`.
fn id_of(name: &str) -> String {
    let words = words(name);
    match words.rsplit_once(' ') {
        Some((thing, "id" | "uuid")) => format!("id of the {thing}"),
        _ => format!("id of the {words}"),
    }
}

/// Describes the tags that operations have.
pub fn add_tags(document: &mut Value, shape: Shape) {
    let mut names = Vec::new();
    for operation in document["paths"].as_object().unwrap().values().flat_map(|it| it.as_object().unwrap().values()) {
        let name = operation["tags"][0].as_str().unwrap();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let tags: Vec<_> = names.iter().map(|name| json!({ "name": name, "description": tag(name, shape) })).collect();
    document["tags"] = json!(tags);
}

fn tag(name: &str, shape: Shape) -> &'static str {
    match (name, shape) {
        ("Chancery", Shape::Signed) => {
            "What only this implementation has: the audit log with its proofs, tokens of the Config API, operators of the \
             portal and of QNSP, and the root key"
        }
        ("Chancery", Shape::Config) => "What only this implementation has: the versions of an item",
        ("Chancery", _) => "What only this implementation has, beside the operations of the portal that it replaces",
        ("Configuration", _) => "Configurations of communities, persons and apps, whole or by their paths",
        ("Consent", _) => "The texts that people agree to, each under the CID of its content",
        ("Secret Store", _) => "Secrets of a community, each under its tag",
        ("Service Directory", _) => "The URLs of the services of a deployment",
        ("Environment", _) => "The deployment itself, its installation, and new communities",
        ("Extension", _) => "Browser extensions of a community: switched on, switched off, and how they stand",
        ("ECDSA helper", _) => {
            "Help for clients that are being written: what a header must look like; never for real keys"
        }
        ("System", _) => "The public key of the service, and whether it is well",
        ("Service Key", _) => "Licences, each a key of a level with its modules",
        ("Community", _) => "Which licences are members of which communities",
        ("Config", _) => "Groups of a project, the items in them, their values and their history",
        ("account", _) => "Registration, verification by mail, and forgotten passwords",
        ("authentication", _) => "Logging in and out",
        ("developer", _) => "The account of the developer who is logged in",
        ("credentials", _) => "Keys and JWT credentials that a developer makes",
        ("application", _) => "Applications of the developer",
        ("application-services", _) => "Services that applications may ask for",
        ("application-instances", _) => "Which application uses which service, and whether it was approved",
        ("application-credentials", _) => "Client ids and secrets of applications",
        ("files", _) => "The files of the portal's pages",
        ("Access control", _) => "Policies and their simulation, access for a time, and what crosses tenants",
        ("AI", _) => "Models and their deployments, what they cost, and how safe and fair they are",
        ("Audit", _) => "Events of a tenant, their retention, and where they are streamed to",
        ("Auth", _) => "The audit of federation, and the risk of users: signals, policies and evaluation",
        ("Billing", _) => "Invoices, credits, promotions, forecasts, and payments that failed",
        ("Crypto inventory", _) => "Which algorithms, keys and hardware a tenant uses, and what is to be replaced",
        ("KMS", _) => "How keys are used and by whom, and alerts about it",
        ("Key management", _) => "Keys in hardware of one's own, their escrow, and the agility of their algorithms",
        ("Observability", _) => "Dashboards, anomalies, and costs",
        ("Search", _) => "Documents and synonyms, and how well queries are answered",
        ("Security monitoring", _) => "Attack surface, compliance, and playbooks",
        ("Storage", _) => "Documents with versions, their classification, retention and replication",
        ("Tenant", _) => "Onboarding, quotas, health and isolation of tenants",
        ("Vault", _) => "Secrets: with versions, made on demand, rotated, and watched for leaks",
        _ => panic!("say what the tag {name} is about"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_sentence_or_its_main_clause() {
        let long = format!("Do this, and {}", "more ".repeat(20));
        for (sentence, title) in [
            ("Register an account. It is verified by mail.", "Register an account"),
            ("Replace a key; without a new one it stays.", "Replace a key"),
            ("List them, newest first.", "List them, newest first"),
            (long.as_str(), "Do this"),
        ] {
            assert_eq!(title_of(sentence), title);
        }
        assert_eq!(
            (id_of("policyId"), id_of("credential")),
            ("id of the policy".into(), "id of the credential".into())
        );
    }
}
