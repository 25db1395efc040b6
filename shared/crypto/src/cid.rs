//! Content ids as IPFS gives them to small files: CIDv0, the base58btc multihash (SHA2-256) of one dag-pb block that
//! holds one UnixFS file. Any node that adds the same bytes with its defaults for CIDv0 computes the same id. Files of
//! more than one block are not known here.

use crate::hash;

/// The longest file that is one block, as nodes cut files by default.
pub const MAX_BYTES: usize = 256 * 1024;

/// Multihash: SHA2-256, and the length of its digest.
const SHA2_256: [u8; 2] = [0x12, 0x20];

/// The CIDv0 of a file with this content; `None` when the content is longer than one block.
///
/// ```
/// use chancery_crypto::cid;
///
/// assert_eq!(cid::v0(b"hello world\n").as_deref(), Some("QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"));
/// ```
#[must_use]
pub fn v0(content: &[u8]) -> Option<String> {
    if content.len() > MAX_BYTES {
        return None;
    }
    // The UnixFS message around the content: its type (a file), the content, its length.
    let mut head = vec![0x08, 0x02];
    if !content.is_empty() {
        head.push(0x12);
        push_varint(&mut head, content.len());
    }
    let mut tail = vec![0x18];
    push_varint(&mut tail, content.len());
    // The dag-pb node around that message, without links.
    let mut node = vec![0x0a];
    push_varint(&mut node, head.len() + content.len() + tail.len());
    let digest = hash::sha256(&[&node, &head, content, &tail]);
    Some(bs58::encode([SHA2_256.as_slice(), &digest].concat()).into_string())
}

/// Seven bits a byte, the least first; the highest bit says that there is more.
fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
