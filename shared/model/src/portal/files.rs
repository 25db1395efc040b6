//! Files of the portal's pages: their paths, their types, and who may read them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// How many roles a file may name.
const MAX_ROLES: usize = 64;

#[derive(Serialize, ToSchema)]
pub struct PortalFile {
    /// SHA-256 of the contents, in hexadecimal.
    pub checksum: String,
    pub id: String,
    pub path: String,
    pub created_at: i64,
    pub contents: String,
}

#[derive(Serialize, ToSchema)]
pub struct FilePage {
    pub data: Vec<PortalFile>,
    /// The path of the next page, if there is one.
    pub next: Option<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
}

/// A file without its contents.
#[derive(Serialize, ToSchema)]
pub struct FileSummary {
    pub checksum: String,
    pub id: String,
    pub path: String,
    pub created_at: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SummaryPage {
    pub data: Vec<FileSummary>,
    pub next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
}

/// The portal as Kong's Admin API shows it.
#[derive(Serialize, ToSchema)]
pub struct Workspace {
    pub name: &'static str,
    pub config: WorkspaceConfig,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct WorkspaceConfig {
    /// Whether the portal is switched on.
    pub portal: bool,
}

#[derive(Deserialize, ToSchema)]
pub struct WorkspaceChange {
    pub config: WorkspaceConfig,
}

/// A path of a file: names between slashes, none of them `.` or `..`.
pub fn is_file_path(path: &str) -> bool {
    (1..=512).contains(&path.len())
        && !path.chars().any(|c| c.is_control() || c == '\\')
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// What a file is, by the folder that it lies in.
pub fn type_of(path: &str) -> &'static str {
    let folder = |name: &str| path.split('/').rev().skip(1).any(|part| part == name);
    match path.split('/').next() {
        Some("specs") => "spec",
        Some("themes") if folder("partials") => "partial",
        Some("themes") if folder("layouts") => "layout",
        Some("themes") => "theme",
        Some("content") => "page",
        _ => "asset",
    }
}

/// The roles that may read a file, by the `readable_by` of its front matter (YAML between two lines `---`) or of a JSON
/// document's `x-headmatter`; `None` when everybody may. A list that cannot be read is the empty one, so that a slip
/// hides a file and does not show it.
pub fn readable_by(contents: &str) -> Option<Vec<String>> {
    if contents.trim_start().starts_with('{') {
        let document: Option<Map<String, Value>> = serde_json::from_str(contents).ok();
        let head = document.as_ref().and_then(|document| document.get("x-headmatter"));
        return head?.get("readable_by").map(roles_of_json);
    }
    let matter = front_matter(contents)?;
    let mut lines = matter.lines();
    let value = lines.by_ref().find_map(|line| value_of(line, "readable_by"))?;
    if !value.is_empty() {
        return Some(roles_of_text(value));
    }
    let items = lines.take_while(|line| line.trim_start().starts_with('-'));
    Some(
        items
            .map(|line| unquote(line.trim_start().trim_start_matches('-')))
            .filter(|role| !role.is_empty())
            .take(MAX_ROLES)
            .collect(),
    )
}

fn front_matter(contents: &str) -> Option<&str> {
    let contents = contents.strip_prefix('\u{feff}').unwrap_or(contents);
    let (first, rest) = contents.split_once('\n')?;
    if first.trim_end() != "---" {
        return None;
    }
    // Without its end it is all front matter: better hidden than shown.
    let end = rest.lines().scan(0, |at, line| {
        let start = *at;
        *at += line.len() + 1;
        Some((start, line))
    });
    let end = end.into_iter().find(|(_, line)| line.trim_end() == "---").map_or(rest.len(), |(start, _)| start);
    rest.get(..end)
}

fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once(':')?;
    (unquote(name) == key).then(|| value.trim())
}

/// `[a, "b"]`, or one role alone.
fn roles_of_text(value: &str) -> Vec<String> {
    let list = value.strip_prefix('[').map_or(value, |list| list.trim_end().strip_suffix(']').unwrap_or_default());
    list.split(',').map(unquote).filter(|role| !role.is_empty()).take(MAX_ROLES).collect()
}

fn roles_of_json(value: &Value) -> Vec<String> {
    let role = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Array(roles) => roles.iter().filter_map(role).take(MAX_ROLES).collect(),
        value => role(value).into_iter().collect(),
    }
}

fn unquote(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_names_the_roles() {
        for (contents, roles) in [
            ("<h1>hello</h1>", None),
            ("---\ntitle: x\n---\nreadable_by: [a]\n", None),
            ("---\nreadable_by: '*'\n---\n", Some(vec!["*"])),
            ("---\r\nreadable_by: [gold, \"silver\"]\r\n---\r\n", Some(vec!["gold", "silver"])),
            ("---\ntitle: x\nreadable_by:\n  - gold\n  - silver\nlayout: y\n---\n", Some(vec!["gold", "silver"])),
            ("---\nreadable_by: [gold\n---\n", Some(vec![])),
            ("---\nreadable_by: gold\n", Some(vec!["gold"])),
            (r#"{"x-headmatter":{"readable_by":["*"]}}"#, Some(vec!["*"])),
            (r#"{"openapi":"3.1.0"}"#, None),
        ] {
            let expected = roles.map(|roles| roles.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(readable_by(contents), expected, "{contents}");
        }
    }

    #[test]
    fn a_path_has_names_only() {
        for good in ["index.html", "content/guides/a b.md", "themes/base/theme.conf.yaml"] {
            assert!(is_file_path(good), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "../a", "a/./b", "a\\b", "a\nb"] {
            assert!(!is_file_path(bad), "{bad}");
        }
    }

    #[test]
    fn the_folder_decides_the_type() {
        for (path, kind) in [
            ("specs/petstore.json", "spec"),
            ("themes/base/partials/homepage/clients.html", "partial"),
            ("themes/base/layouts/home.html", "layout"),
            ("themes/base/assets/styles/a.css", "theme"),
            ("content/index.txt", "page"),
            ("portal.conf.yaml", "asset"),
            ("themes/partials", "theme"),
        ] {
            assert_eq!(type_of(path), kind, "{path}");
        }
    }
}
