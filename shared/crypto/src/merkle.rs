//! Trees of hashes as in RFC 9162 (and RFC 6962 before it): roots, proofs and their verification. A tree is computed
//! from the roots of complete subtrees; where those lie is the callers' business.

use crate::{Error, Result, hash};

pub type Hash = [u8; 32];

/// A complete subtree: of 2^level leaves, from leaf `position`·2^level on. Level 0 is the leaves themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    pub level: u32,
    pub position: u64,
}

impl Node {
    /// How many leaves it has.
    #[must_use]
    pub fn leaves(self) -> u64 {
        1_u64.checked_shl(self.level).unwrap_or(u64::MAX)
    }
}

/// The hash of a leaf.
///
/// ```
/// use chancery_crypto::{hash, merkle};
///
/// let empty = hash::hex(&merkle::leaf_hash(b""));
/// assert_eq!(empty, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
/// ```
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    hash::sha256(&[&[0], entry])
}

/// The hash of a node above two others.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hash::sha256(&[&[1], left, right])
}

/// The root of a tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    hash::sha256(&[])
}

/// The root of the tree of this many leaves. `nodes` gives the hashes of complete subtrees; one that it does not have
/// makes the whole [`Error::MissingNode`].
pub fn root(size: u64, nodes: &mut impl FnMut(Node) -> Option<Hash>) -> Result<Hash> {
    if size == 0 { Ok(empty_root()) } else { range(0, size, nodes) }
}

/// The hashes that lead from a leaf to the root of the tree of this size, from the leaf on.
pub fn inclusion_proof(index: u64, size: u64, nodes: &mut impl FnMut(Node) -> Option<Hash>) -> Result<Vec<Hash>> {
    if index >= size {
        return Err(Error::Proof);
    }
    let (mut start, mut end) = (0, size);
    let mut siblings = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    siblings.into_iter().rev().map(|(start, end)| range(start, end, nodes)).collect()
}

/// The hashes that show that the tree of `to` leaves begins with the tree of `from` leaves.
pub fn consistency_proof(from: u64, to: u64, nodes: &mut impl FnMut(Node) -> Option<Hash>) -> Result<Vec<Hash>> {
    if from == 0 || from > to {
        return Err(Error::Proof);
    }
    let (mut start, mut end) = (0, to);
    let mut parts = Vec::new();
    while from < end {
        let middle = start + split(end - start);
        if from <= middle {
            parts.push((middle, end));
            end = middle;
        } else {
            parts.push((start, middle));
            start = middle;
        }
    }
    // The older tree itself is known to the verifier, unless it ends inside.
    if start > 0 {
        parts.push((start, end));
    }
    parts.into_iter().rev().map(|(start, end)| range(start, end, nodes)).collect()
}

/// Checks that the leaf of this hash stands at `index` in the tree of this size and root.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<()> {
    if index >= size {
        return Err(Error::Proof);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(Error::Proof);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            (node, last) = climb(node, last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(Error::Proof) }
}

/// Checks that a tree of `to` leaves begins with a tree of `from` leaves.
pub fn verify_consistency(from: u64, to: u64, proof: &[Hash], from_root: &Hash, to_root: &Hash) -> Result<()> {
    if from == 0 || from > to {
        return Err(Error::Proof);
    }
    if from == to {
        return if proof.is_empty() && from_root == to_root { Ok(()) } else { Err(Error::Proof) };
    }
    // A complete older tree is the first node itself.
    let whole = from.is_power_of_two().then_some(from_root);
    let mut path = whole.into_iter().chain(proof);
    let first = path.next().ok_or(Error::Proof)?;
    let (mut older, mut newer) = (*first, *first);
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    for sibling in path {
        if last == 0 {
            return Err(Error::Proof);
        }
        if node & 1 == 1 || node == last {
            older = node_hash(sibling, &older);
            newer = node_hash(sibling, &newer);
            (node, last) = climb(node, last);
        } else {
            newer = node_hash(&newer, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 && older == *from_root && newer == *to_root { Ok(()) } else { Err(Error::Proof) }
}

/// Passes by the levels on which a node without a right sibling stays what it is.
fn climb(mut node: u64, mut last: u64) -> (u64, u64) {
    while node & 1 == 0 && node != 0 {
        (node, last) = (node >> 1, last >> 1);
    }
    (node, last)
}

/// The hash over the leaves from `start` to before `end`; `start` is where a tree of that many leaves may begin.
fn range(start: u64, end: u64, nodes: &mut impl FnMut(Node) -> Option<Hash>) -> Result<Hash> {
    let count = end - start;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes(Node { level, position: start >> level }).ok_or(Error::MissingNode);
    }
    let middle = start + split(count);
    let left = range(start, middle, nodes)?;
    Ok(node_hash(&left, &range(middle, end, nodes)?))
}

/// The largest power of two below a count of at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// A tree that grows at its right edge, by complete subtrees of one level: the roots of the complete subtrees that it is
/// made of, the largest first.
#[derive(Clone, Debug)]
pub struct Frontier {
    level: u32,
    count: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// An empty tree that grows by subtrees of this level; 0 is by leaves.
    #[must_use]
    pub fn new(level: u32) -> Self {
        Self { level, count: 0, nodes: Vec::new() }
    }

    /// A tree of this many such subtrees.
    pub fn resume(level: u32, count: u64, nodes: &mut impl FnMut(Node) -> Option<Hash>) -> Result<Self> {
        let mut found = Vec::new();
        let mut start = 0;
        for bit in (0..u64::BITS).rev().filter(|bit| count >> bit & 1 == 1) {
            found.push(nodes(Node { level: level + bit, position: start >> bit }).ok_or(Error::MissingNode)?);
            start += 1 << bit;
        }
        Ok(Self { level, count, nodes: found })
    }

    /// How many subtrees it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds the next subtree by its root, and reports every subtree that became complete, itself included.
    pub fn push(&mut self, hash: Hash, mut complete: impl FnMut(Node, Hash)) {
        let mut node = Node { level: self.level, position: self.count };
        let mut hash = hash;
        complete(node, hash);
        while node.position & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, position: node.position >> 1 };
            complete(node, hash);
        }
        self.nodes.push(hash);
        self.count += 1;
    }

    /// The root as the tree is now.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return empty_root() };
        nodes.fold(*last, |right, left| node_hash(left, &right))
    }
}
