//! Words as they are stored: keyed hashes, so that no text lies in the clear.

use crypto::{base64, seal::DataKey};
use policy::qnsp::search::frequencies;
use serde_json::{Value, json};

/// How many bytes of the hash are kept.
const KEPT: usize = 16;

/// The word as it is stored.
pub(crate) fn term(key: &DataKey, word: &str) -> String {
    let hash = key.audit_hash(&[b"search-term\0".as_slice(), word.as_bytes()].concat());
    base64::encode_url(hash.get(..KEPT).unwrap_or(&hash))
}

/// The terms of a document with their frequencies, as JSON pairs, and the length of the document.
pub(crate) fn of_document<'a>(key: &DataKey, texts: impl IntoIterator<Item = &'a str>) -> (Value, i64) {
    let (frequencies, length) = frequencies(texts);
    let pairs = frequencies.iter().map(|(word, frequency)| json!([term(key, word), frequency]));
    (Value::from_iter(pairs), length)
}
