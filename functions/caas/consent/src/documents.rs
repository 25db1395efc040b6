//! Documents: how one is made from content, and what one must be to be believed.

use crypto::{cid, hash};
use model::consent::{Content, Document, version};
use service::{Error, Result};

use crate::scope::Scope;

/// A document with the id that its text hashes to.
pub(crate) struct Version {
    pub id: String,
    pub document: Document,
}

impl Version {
    /// The next version after `last`. Times do not go back, whatever the clocks say.
    pub(crate) fn compose(
        scope: &Scope,
        consent_type: &str,
        content: Content,
        last: Option<&Self>,
        now: i64,
    ) -> Result<Self> {
        let doc_updated_at = last.map_or(now, |last| now.max(last.document.doc_updated_at));
        let mut document = Document {
            acknowledge_text: content.acknowledge_text,
            body: content.body,
            community_id: scope.community.as_str().to_owned(),
            doc_updated_at,
            prev_consent_id: last.map(|last| last.id.clone()),
            signature: String::new(),
            subtitle: content.subtitle,
            tenant_id: scope.tenant.as_str().to_owned(),
            title: content.title,
            consent_type: consent_type.to_owned(),
            version: version(doc_updated_at),
        };
        document.signature = signature(&document);
        let id = cid::v0(document.text().as_bytes())
            .ok_or_else(|| Error::bad_request("title, subtitle, body and acknowledgeText are too long together"))?;
        Ok(Self { id, document })
    }

    /// Reads a stored text. What does not hash to its id, is not signed rightly or belongs elsewhere is a fault.
    pub(crate) fn open(scope: &Scope, id: &str, text: &str) -> Result<Self> {
        let fault = |reason: &str| Error::internal(format!("the document of consent {id} {reason}"));
        let document: Document = serde_json::from_str(text).map_err(|_| fault("cannot be read"))?;
        if !hash::equal(signature(&document).as_bytes(), document.signature.as_bytes()) {
            return Err(fault("does not have the signature of its content"));
        }
        if cid::v0(text.as_bytes()).as_deref() != Some(id) {
            return Err(fault("does not hash to its id"));
        }
        if document.tenant_id != scope.tenant.as_str() || document.community().as_ref() != Some(&scope.community) {
            return Err(fault("belongs to another community"));
        }
        Ok(Self { id: id.to_owned(), document })
    }
}

fn signature(document: &Document) -> String {
    hash::hex(&hash::sha512(&[document.signed_text().as_bytes()]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn scope(community: &str) -> Scope {
        Scope { tenant: "t".to_owned().try_into().unwrap(), community: community.to_owned().try_into().unwrap() }
    }

    fn content(title: &str) -> Content {
        let text = |text: &str| text.to_owned();
        Content { title: text(title), subtitle: text("s"), body: text("PGI+"), acknowledge_text: text("a") }
    }

    #[test]
    fn versions_are_linked_and_open_again() {
        let here = scope("c");
        let first = Version::compose(&here, "biometric", content("1"), None, 1000).unwrap();
        let second = Version::compose(&here, "biometric", content("2"), Some(&first), 999).unwrap();
        assert_eq!(second.document.prev_consent_id.as_deref(), Some(first.id.as_str()));
        assert_eq!((second.document.doc_updated_at, second.document.version.as_str()), (1000, "v1000000"));
        for version in [&first, &second] {
            let opened = Version::open(&here, &version.id, &version.document.text()).unwrap();
            assert_eq!(opened.document, version.document);
        }
        assert!(Version::open(&here, &first.id, &second.document.text()).is_err());
        assert!(Version::open(&scope("d"), &first.id, &first.document.text()).is_err());
    }

    #[test]
    fn a_document_of_an_earlier_release_says_its_community_in_another_case() {
        let here = scope("0123456789abcdef01234567");
        let Version { mut document, .. } = Version::compose(&here, "biometric", content("1"), None, 1000).unwrap();
        document.community_id = "0123456789ABCDEF01234567".to_owned();
        document.signature = signature(&document);
        let id = cid::v0(document.text().as_bytes()).unwrap();
        assert_eq!(Version::open(&here, &id, &document.text()).unwrap().document, document);
    }

    #[test]
    fn a_document_altered_anywhere_is_not_believed() {
        let here = scope("c");
        let Version { id, document } = Version::compose(&here, "biometric", content("1"), None, 1000).unwrap();
        let text = document.text();
        for (at, _) in text.char_indices() {
            let (before, after) = text.split_at(at);
            let altered = format!("{before}x{}", after.get(1..).unwrap());
            assert_eq!(Version::open(&here, &id, &altered).is_err(), altered != text, "{altered}");
        }
        // Signed anew, it still has another id.
        let mut forged = Document { title: "2".to_owned(), ..document };
        forged.signature = signature(&forged);
        assert!(Version::open(&here, &id, &forged.text()).is_err());
    }

    #[test]
    fn a_document_is_one_block_at_most() {
        let long = Content { body: "x".repeat(cid::MAX_BYTES), ..content("1") };
        assert_eq!(Version::compose(&scope("c"), "biometric", long, None, 1).err().unwrap().status.as_u16(), 400);
    }
}
