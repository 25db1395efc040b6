//! What the committed OpenAPI documents say about operations.

use std::fs;

use serde_json::Value;

use crate::runtime::root;

/// An operation of a document.
pub struct Documented {
    /// The name of the document.
    pub document: String,
    pub method: String,
    pub path: String,
    /// The statuses of its answers, without `default`, which stands for every other refusal.
    pub statuses: Vec<u16>,
}

impl Documented {
    /// The status of its success, if there is one only.
    pub fn success(&self) -> Option<u16> {
        let mut successes = self.statuses.iter().filter(|status| (200..300).contains(*status));
        successes.next().copied().filter(|_| successes.next().is_none())
    }
}

/// Every operation of every document.
pub fn operations() -> Result<Vec<Documented>, String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(root().join("openapi")).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let document: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
                all.push(Documented {
                    document: name.clone(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    statuses: responses.filter_map(|(status, _)| status.parse().ok()).collect(),
                });
            }
        }
    }
    Ok(all)
}

/// Whether a path, without its query, is one of a template. A last parameter `{path}` holds slashes.
pub fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some("{path}"), Some(_)) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_matches_whole_segments() {
        assert!(matches("/a/{id}/b", "/a/1/b") && matches("/files/{path}", "/files/x/y.md") && matches("/a", "/a"));
        assert!(!matches("/a/{id}", "/a/") && !matches("/a/{id}", "/a/1/b") && !matches("/a/b", "/a/c"));
    }
}
