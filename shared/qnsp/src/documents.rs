//! Documents of the storage service as they are kept: sealed, and gone once their retention says so.

use crypto::{hash, seal::DataKey};
use platform::{Row, Statement, random};
use service::Result;
use zeroize::Zeroizing;

/// A condition on a row of `qnsp_kept_documents` (`d`): its retention has ended, no hold keeps it, and what is then to be
/// done was not done yet. `{now}` is the time.
pub fn is_due(now: &str) -> String {
    format!(
        "coalesce(d.retain_until <= {now} AND d.held_until <= {now} \
         AND CASE d.on_expiry WHEN 0 THEN 1 WHEN 1 THEN NOT d.is_archived ELSE NOT d.is_notified END, 0)"
    )
}

/// A condition on such a row: the document is there. One that retention deletes is gone from that time on, whether or not
/// its row was removed already.
pub fn is_there(now: &str) -> String {
    format!("NOT (d.on_expiry IS 0 AND d.retain_until <= {now} AND d.held_until <= {now})")
}

/// The version of a document, which a content is sealed for. Its id is random.
#[derive(Clone, Copy)]
pub struct DocumentVersion<'a> {
    pub tenant: &'a str,
    pub bucket: &'a str,
    pub name: &'a str,
    pub version_id: &'a str,
}

impl DocumentVersion<'_> {
    fn aad(&self) -> [&[u8]; 5] {
        let Self { tenant, bucket, name, version_id } = self;
        [b"qnsp-document", tenant.as_bytes(), bucket.as_bytes(), name.as_bytes(), version_id.as_bytes()]
    }

    pub fn seal(&self, data_key: &DataKey, content: &[u8]) -> Result<Vec<u8>> {
        Ok(data_key.seal(random::bytes()?, &self.aad(), content))
    }

    pub fn open(&self, data_key: &DataKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        Ok(data_key.open(&self.aad(), sealed)?)
    }
}

/// What a SHA-256 of a content is compared with: keyed, as contents may be guessed.
#[must_use]
pub fn keyed_checksum(data_key: &DataKey, checksum: &[u8; 32]) -> Vec<u8> {
    data_key.audit_hash(&[b"document-checksum".as_slice(), checksum].concat()).to_vec()
}

#[must_use]
pub fn checksum(content: &[u8]) -> [u8; 32] {
    hash::sha256(&[content])
}

/// Reads the latest content of a document that is there, for [`open_content`].
pub fn select_content(tenant: &str, document: &str, now: i64) -> Statement {
    let select = Statement::new(format!(
        "SELECT d.bucket, d.name, v.id AS version_id, v.sealed_content FROM qnsp_kept_documents d \
         JOIN qnsp_document_versions v ON v.tenant_id = d.tenant_id AND v.document_id = d.id AND v.version = d.version \
         WHERE d.tenant_id = ?1 AND d.id = ?2 AND {}",
        is_there("?3")
    ));
    select.bind(tenant).bind(document).bind(now)
}

/// The content of a row that has `bucket`, `name`, `version_id` and `sealed_content`.
pub fn open_content(tenant: &str, data_key: &DataKey, row: &Row) -> Result<Zeroizing<Vec<u8>>> {
    let (bucket, name, version_id): (String, String, String) =
        (row.get("bucket")?, row.get("name")?, row.get("version_id")?);
    let sealed: Vec<u8> = row.get("sealed_content")?;
    DocumentVersion { tenant, bucket: &bucket, name: &name, version_id: &version_id }.open(data_key, &sealed)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_content_opens_in_its_own_version_only() {
        let key = DataKey::new([1; 16], [2; 32]);
        let version = DocumentVersion { tenant: "t", bucket: "b", name: "n", version_id: "v" };
        let sealed = version.seal(&key, b"content").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"content"));
        assert_eq!(*version.open(&key, &sealed).unwrap(), b"content");
        for other in [
            DocumentVersion { tenant: "o", ..version },
            DocumentVersion { bucket: "o", ..version },
            DocumentVersion { name: "o", ..version },
            DocumentVersion { version_id: "o", ..version },
        ] {
            assert!(other.open(&key, &sealed).is_err());
        }
    }

    #[test]
    fn a_checksum_is_keyed() {
        let (one, other) = (DataKey::new([1; 16], [2; 32]), DataKey::new([1; 16], [3; 32]));
        let sum = checksum(b"content");
        assert_eq!(keyed_checksum(&one, &sum), keyed_checksum(&one, &sum));
        assert_ne!(keyed_checksum(&one, &sum), keyed_checksum(&other, &sum));
        assert_ne!(keyed_checksum(&one, &sum), sum);
    }
}
