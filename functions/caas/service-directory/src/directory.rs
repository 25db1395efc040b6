//! How the directory is put together from what is built in and what has been patched. No I/O.

use std::collections::BTreeMap;

use model::directory::BUILT_IN;

/// A patched name hides the built-in one; without a URL it hides it altogether.
pub(crate) fn entries(public_url: &str, overrides: Vec<(String, Option<String>)>) -> BTreeMap<String, String> {
    let base = public_url.trim_end_matches('/');
    let mut entries: BTreeMap<_, _> =
        BUILT_IN.into_iter().map(|(name, path)| (name.to_owned(), format!("{base}{path}"))).collect();
    for (name, url) in overrides {
        match url {
            Some(url) => entries.insert(name, url),
            None => entries.remove(&name),
        };
    }
    entries
}

/// Gives every entry its URL inside the deployment's network.
pub(crate) fn make_internal(entries: &mut BTreeMap<String, String>, template: &str) {
    for (name, url) in entries {
        *url = template.replace("{name}", name);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
    use super::*;

    fn list(entries: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
        entries.iter().map(|(name, url)| (name.as_str(), url.as_str())).collect()
    }

    #[test]
    fn built_in_entries_start_with_the_public_url() {
        let expected = [
            ("caas", "https://a.example/x/caas"),
            ("global_caas", "https://a.example/x/caas"),
            ("licenses", "https://a.example/x/licenses"),
        ];
        assert_eq!(list(&entries("https://a.example/x/", Vec::new())), expected);
    }

    #[test]
    fn a_patched_name_hides_the_built_in_one() {
        let moved = vec![
            ("licenses".to_owned(), Some("https://l.example".to_owned())),
            ("caas".to_owned(), None),
            ("global_caas".to_owned(), None),
            ("otp".to_owned(), Some("https://otp.example".to_owned())),
            ("vcs".to_owned(), None),
        ];
        let entries = entries("https://a.example", moved);
        assert_eq!(list(&entries), [("licenses", "https://l.example"), ("otp", "https://otp.example")]);
    }

    #[test]
    fn an_internal_url_holds_the_name_wherever_the_template_says() {
        let mut entries =
            entries("https://a.example", vec![("otp".to_owned(), Some("https://otp.example".to_owned()))]);
        make_internal(&mut entries, "http://{name}.svc/{name}");
        assert_eq!(entries["otp"], "http://otp.svc/otp");
        assert_eq!(entries["licenses"], "http://licenses.svc/licenses");
    }
}
