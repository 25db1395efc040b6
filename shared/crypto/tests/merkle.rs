//! Hash trees: the published vectors of certificate transparency, and that no proof survives an altered bit.
//!
//! `CHANCERY_LONG=1` tries 100,000 trees instead of a few.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use chancery_crypto::merkle::{self, Frontier, Hash, Node};
use chancery_crypto::{Error, hash};
use proptest::prelude::*;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The eight leaves that every implementation of RFC 6962 and RFC 9162 is tried with.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The roots of the trees of the first one, two, … leaves.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const N1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N4567: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const N4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

/// A tree that computes every node from its leaves, as the definition says.
struct Tree(Vec<Hash>);

impl Tree {
    fn published() -> Self {
        Self(LEAVES.map(|leaf| merkle::leaf_hash(&bytes(leaf))).to_vec())
    }

    fn node(&self, node: Node) -> Option<Hash> {
        let start = usize::try_from(node.position << node.level).unwrap();
        let end = start + usize::try_from(node.leaves()).unwrap();
        (end <= self.0.len()).then(|| by_definition(&self.0[start..end]))
    }

    fn root(&self, size: u64) -> Hash {
        merkle::root(size, &mut |node| self.node(node)).unwrap()
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        merkle::inclusion_proof(index, size, &mut |node| self.node(node)).unwrap()
    }

    fn consistency(&self, from: u64, to: u64) -> Vec<Hash> {
        merkle::consistency_proof(from, to, &mut |node| self.node(node)).unwrap()
    }
}

/// MTH of RFC 9162, 2.1.1, word for word.
fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash::sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let mut k = 1;
            while 2 * k < leaves.len() {
                k *= 2;
            }
            merkle::node_hash(&by_definition(&leaves[..k]), &by_definition(&leaves[k..]))
        }
    }
}

fn hex(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| hash::hex(hash)).collect()
}

#[test]
fn published_roots_hold() {
    let tree = Tree::published();
    let mut frontier = Frontier::new(0);
    assert_eq!(frontier.root(), merkle::empty_root());
    assert_eq!(tree.root(0), merkle::empty_root());
    for (index, root) in ROOTS.into_iter().enumerate() {
        frontier.push(tree.0[index], |_, _| {});
        assert_eq!(hash::hex(&frontier.root()), root);
        assert_eq!(hash::hex(&tree.root(frontier.count())), root);
    }
}

#[test]
fn published_proofs_hold() {
    let tree = Tree::published();
    assert_eq!(hex(&tree.inclusion(0, 1)), [""; 0]);
    assert_eq!(hex(&tree.inclusion(0, 8)), [N1, N23, N4567]);
    assert_eq!(hex(&tree.inclusion(5, 8)), [N4, N67, ROOTS[3]]);
    assert_eq!(hex(&tree.inclusion(2, 3)), [ROOTS[1]]);
    assert_eq!(hex(&tree.inclusion(1, 5)), [ROOTS[0], N23, N4]);
    assert_eq!(hex(&tree.consistency(1, 1)), [""; 0]);
    assert_eq!(hex(&tree.consistency(1, 8)), [N1, N23, N4567]);
    assert_eq!(hex(&tree.consistency(6, 8)), [N45, N67, ROOTS[3]]);
    assert_eq!(hex(&tree.consistency(2, 5)), [N23, N4]);
}

#[test]
fn every_proof_of_small_trees_verifies_and_no_other() {
    let leaves: Vec<_> = (0..40_u8).map(|number| merkle::leaf_hash(&[number])).collect();
    let tree = Tree(leaves);
    for size in 1..=40 {
        let root = tree.root(size);
        for index in 0..size {
            let proof = tree.inclusion(index, size);
            let leaf = |index: u64| &tree.0[usize::try_from(index).unwrap()];
            assert_eq!(merkle::verify_inclusion(index, size, leaf(index), &proof, &root), Ok(()));
            for other in (0..size).filter(|other| *other != index) {
                assert!(merkle::verify_inclusion(other, size, leaf(index), &proof, &root).is_err());
                assert!(merkle::verify_inclusion(index, size, leaf(other), &proof, &root).is_err());
            }
        }
        for from in 1..=size {
            let proof = tree.consistency(from, size);
            assert_eq!(merkle::verify_consistency(from, size, &proof, &tree.root(from), &root), Ok(()));
            if from < size {
                assert!(merkle::verify_consistency(from, size, &proof, &root, &root).is_err());
                assert!(merkle::verify_consistency(from, size, &proof, &tree.root(from), &tree.root(from)).is_err());
            }
        }
    }
}

#[test]
fn what_is_not_in_the_tree_has_no_proof() {
    let tree = Tree::published();
    let nodes = &mut |node| tree.node(node);
    assert_eq!(merkle::inclusion_proof(8, 8, nodes), Err(Error::Proof));
    assert_eq!(merkle::inclusion_proof(0, 0, nodes), Err(Error::Proof));
    assert_eq!(merkle::consistency_proof(0, 8, nodes), Err(Error::Proof));
    assert_eq!(merkle::consistency_proof(8, 7, nodes), Err(Error::Proof));
    assert_eq!(merkle::root(9, nodes), Err(Error::MissingNode));
    assert_eq!(merkle::verify_inclusion(u64::MAX, u64::MAX, &[0; 32], &[], &[0; 32]), Err(Error::Proof));
    assert_eq!(merkle::verify_consistency(1, u64::MAX, &[[0; 32]; 70], &[0; 32], &[0; 32]), Err(Error::Proof));
}

fn cases() -> u32 {
    if std::env::var_os("CHANCERY_LONG").is_some() { 100_000 } else { 64 }
}

/// All that differs from these hashes in one bit.
fn alterations(hashes: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    (0..hashes.len() * 256).map(|bit| {
        let mut altered = hashes.to_vec();
        altered[bit / 256][bit / 8 % 32] ^= 1 << (bit % 8);
        altered
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_altered_bit_is_accepted(
        entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..48),
        index: prop::sample::Index,
        from: prop::sample::Index,
    ) {
        // No two are the same, or the proof of the one would rightly hold for its twin beside it.
        let entry = |(number, entry): (usize, &Vec<u8>)| merkle::leaf_hash(&[&number.to_be_bytes(), entry.as_slice()].concat());
        let tree = Tree(entries.iter().enumerate().map(entry).collect());
        let size = tree.0.len() as u64;
        let (index, from) = (index.index(tree.0.len()), from.index(tree.0.len()) as u64 + 1);
        let root = by_definition(&tree.0);
        prop_assert_eq!(tree.root(size), root);

        let proof = tree.inclusion(index as u64, size);
        let whole = [&[tree.0[index], root], proof.as_slice()].concat();
        let check = |whole: &[Hash]| merkle::verify_inclusion(index as u64, size, &whole[0], &whole[2..], &whole[1]);
        prop_assert_eq!(check(&whole), Ok(()));
        for altered in alterations(&whole) {
            prop_assert_eq!(check(&altered), Err(Error::Proof));
        }
        for bit in 0..64 {
            let other = index as u64 ^ 1 << bit;
            prop_assert!(merkle::verify_inclusion(other, size, &whole[0], &proof, &root).is_err());
        }

        let proof = tree.consistency(from, size);
        let whole = [&[tree.root(from), root], proof.as_slice()].concat();
        let check = |whole: &[Hash]| merkle::verify_consistency(from, size, &whole[2..], &whole[0], &whole[1]);
        prop_assert_eq!(check(&whole), Ok(()));
        for altered in alterations(&whole) {
            prop_assert_eq!(check(&altered), Err(Error::Proof));
        }
    }

    #[test]
    fn a_tree_that_grows_by_subtrees_is_the_same_tree(count in 0_u64..70, level in 0_u32..4, stop in 0_u64..70) {
        let leaves: Vec<_> = (0..count << level).map(|number| merkle::leaf_hash(&number.to_be_bytes())).collect();
        let tree = Tree(leaves);
        let mut reported = std::collections::HashMap::new();
        let mut frontier = Frontier::new(level);
        for position in 0..count {
            if position == stop {
                // Taken up again by somebody else.
                frontier = Frontier::resume(level, position, &mut |node| reported.get(&node).copied()).unwrap();
            }
            let subtree = tree.node(Node { level, position }).unwrap();
            frontier.push(subtree, |node, hash| { reported.insert(node, hash); });
        }
        prop_assert_eq!(frontier.root(), tree.root(count << level));
        for (node, hash) in reported {
            prop_assert_eq!(tree.node(node), Some(hash));
        }
    }
}
