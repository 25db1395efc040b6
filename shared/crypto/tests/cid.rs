//! Content ids against those of the JavaScript libraries of IPFS (`multiformats`, `ipfs-unixfs`, `@ipld/dag-pb`), at
//! the lengths where a varint grows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chancery_crypto::cid;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Length, and the id of the bytes 0, 7, 14 … modulo 251.
const IDS: [(usize, &str); 16] = [
    (0, "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"),
    (1, "QmS9JArPwa55ePgDnyg6TzX24mYTS1b1vLqWNebyVotKxQ"),
    (12, "QmW3WW1U9rSUrnfrc154WjoM4vpcVbTJvx3NWzVGnbN9Gy"),
    (100, "QmYxjmkCHuWdmLjUZDYsY3hMkT6y5J3espWmewtqsRTjPC"),
    (119, "QmUB5mf9z9Uk4G5QfMvE7JMzBVFYNtnwXa4paRwHaijwHs"),
    (120, "QmQ2hGP1cLEEdhMHQz6Put3g2EmH3huRVQLcp5gZotkfgR"),
    (121, "QmT64q4vnziy51Mbb23ZZAnMUQtgbX1Ni8xfsSq2j2hyDm"),
    (127, "QmbejAj9JHteHHeXLs1YbQhTu3C8bacn1XzqzFWxTUaBrs"),
    (128, "QmfGg5WzSKS4fnGwe3Mm9uqAHPW843ij3ZkJa1jvsMEjs8"),
    (129, "QmW5ezCTqSfvnNxK7YwXo8KWTSHbnznMB4vJvEjeLGa93j"),
    (16_380, "QmZchxjco91t588ppvJK694fV2GdvD1CY9L77wXE934rkR"),
    (16_383, "QmZjj6B7ZwKuJJAMjQxQRy3o3LamyNMwMRNKPpvBGXdBuF"),
    (16_384, "QmRRVnkRqJHfVUKfDjtDqKqueRuMYAQwj5VfqLbZzVJcHH"),
    (100_000, "QmeMeoFbsg7BPJZZbcjiPCxkjNzRfKrFtkpiNXTVrg2P2Y"),
    (262_143, "QmQJhK7BRa6bC3gSPVJwDTud7Nub5VCgxUkPZd76iEHCgo"),
    (262_144, "QmSTEinx4Xk88Y17hPzGncGrKeERQNfgjU9RQm5S2x7xLk"),
];

#[test]
fn ids_are_those_of_ipfs() {
    for (length, id) in IDS {
        let content: Vec<u8> = (0..length).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect();
        assert_eq!(cid::v0(&content).unwrap(), id, "{length} bytes");
    }
}

#[test]
fn the_published_vector_holds() {
    assert_eq!(cid::v0(b"hello world\n").unwrap(), "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o");
}

#[test]
fn what_is_longer_than_a_block_has_no_id_here() {
    assert!(cid::v0(&vec![0; cid::MAX_BYTES]).is_some());
    assert!(cid::v0(&vec![0; cid::MAX_BYTES + 1]).is_none());
}
