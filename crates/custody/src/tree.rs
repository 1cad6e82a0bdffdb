//! The tree of a day.

use std::fmt;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{InclusionProof, RootHash};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::day::Day;
use crate::leaf::{Leaf, sha256};
use crate::statement::Statement;

/// A SHA-256, 32 octets; written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The SHA-256 of octets.
    #[must_use]
    pub fn of(octets: &[u8]) -> Self {
        sha256(octets)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut octets = [0; 32];
        hex::decode_to_slice(&text, &mut octets).map_err(|_| {
            format!("{:?} is no SHA-256 in hexadecimal", text.chars().take(80).collect::<String>())
        })?;
        let hash = Self(octets);
        // One way of writing each: a proof in capitals would be the same proof with other octets.
        if hash.to_string() == text { Ok(hash) } else { Err("a SHA-256 is written in lower case".to_owned()) }
    }
}

/// A day's tree, sealed.
pub struct Seal {
    tree: MemoryBackedTree<Sha256, Vec<u8>>,
}

/// Builds the tree of a day from its leaves, in their order.
pub fn seal(leaves: impl IntoIterator<Item = Leaf>) -> Seal {
    let mut tree = MemoryBackedTree::new();
    for leaf in leaves {
        tree.push(leaf.text().into_bytes());
    }
    Seal { tree }
}

impl Seal {
    /// How many leaves there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.len()
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        Hash((*self.tree.root().as_bytes()).into())
    }

    /// What is published of it, as the seal of `day`.
    #[must_use]
    pub fn statement(&self, day: Day) -> Statement {
        Statement { day, size: self.size(), root: self.root() }
    }

    /// The hashes that lead from a leaf to the root, lowest first; `None` when there is no such leaf.
    ///
    /// # Source
    /// RFC 9162, section 2.1.3.
    #[must_use]
    pub fn path(&self, index: u64) -> Option<Vec<Hash>> {
        if index >= self.size() {
            return None;
        }
        let proof = self.tree.prove_inclusion(usize::try_from(index).ok()?);
        let (hashes, _) = proof.as_bytes().as_chunks::<32>();
        Some(hashes.iter().copied().map(Hash).collect())
    }
}

/// Leaves of a day at the most: far beyond what a collector can receive, and within what the library can count without overflow.
const LEAVES_MAX: u64 = 1 << 40;

/// Whether `path` leads from the leaf with this text at `index` to `root` of a tree of `size` leaves.
pub(crate) fn leads_to(root: Hash, size: u64, index: u64, text: &str, path: &[Hash]) -> bool {
    if size > LEAVES_MAX {
        return false;
    }
    let root = RootHash::<Sha256>::new(root.0.into(), size);
    let path: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
    let Ok(proof) = InclusionProof::<Sha256>::try_from_bytes(path) else { return false };
    root.verify_inclusion(&text.as_bytes().to_vec(), index, &proof).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves of which no two are alike.
    fn leaves(count: u64) -> Vec<Leaf> {
        let day: Day = "2026-11-22".parse().unwrap();
        (0..count).map(|size| Leaf::Previous { day, size, root: Hash([7; 32]) }).collect()
    }

    #[test]
    fn every_leaf_of_trees_of_every_small_size_is_proven_and_no_other() {
        for count in 1..=33 {
            let leaves = leaves(count);
            let seal = seal(leaves.clone());
            for (index, leaf) in (0..).zip(&leaves) {
                let path = seal.path(index).unwrap();
                assert!(leads_to(seal.root(), count, index, &leaf.text(), &path));
                for other in (0..count).filter(|&other| other != index) {
                    assert!(
                        !leads_to(seal.root(), count, other, &leaf.text(), &path),
                        "{index} as {other} of {count}"
                    );
                }
            }
            assert_eq!(seal.path(count), None);
        }
    }

    #[test]
    fn the_root_is_the_one_that_the_standard_describes() {
        // Three leaves: H(1, H(1, H(0, a), H(0, b)), H(0, c)).
        let leaves = leaves(3);
        let leaf = |index: usize| sha256(&[b"\x00", leaves[index].text().as_bytes()].concat()).0;
        let node = |left: [u8; 32], right: [u8; 32]| sha256(&[&[1][..], &left, &right].concat()).0;
        let by_hand = node(node(leaf(0), leaf(1)), leaf(2));
        assert_eq!(seal(leaves.clone()).root(), Hash(by_hand));
    }

    #[test]
    fn proofs_of_absurd_length_or_size_are_refused_without_a_panic() {
        let leaves = leaves(5);
        let seal = seal(leaves.clone());
        let path = seal.path(2).unwrap();
        let text = leaves[2].text();
        assert!(!leads_to(seal.root(), 0, 0, &text, &path));
        assert!(!leads_to(seal.root(), u64::MAX, 2, &text, &path));
        assert!(!leads_to(seal.root(), 5, u64::MAX, &text, &path));
        assert!(!leads_to(seal.root(), 5, 2, &text, &vec![Hash([0; 32]); 10_000]));
        assert!(!leads_to(seal.root(), 5, 2, &text, &[]));
    }
}
