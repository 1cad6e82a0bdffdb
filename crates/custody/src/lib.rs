//! The daily tree over everything received, its proofs, and their check.
//!
//! Each day's entries (signed batches as received, and what was noted about probes) are the leaves of a Merkle tree as RFC 9162
//! describes it; the first leaf of a day names the root of the sealed day before it, so that the days are a chain. Whoever has
//! a day's root from elsewhere (published, printed, time-stamped) can tell that an entry was there then, and that nothing
//! of that day or an earlier one was changed since. The text of leaves and proofs is told in docs/spec/custody.md, the
//! choice in docs/adr/0036-daily-tree.md.
//!
//! This crate reads no clock, file, socket or chance.

mod day;
mod leaf;
mod proof;
mod stamp;
mod statement;
mod tree;
mod verify;

pub use day::{Day, MalformedDay};
pub use leaf::{BatchLeaf, EventKind, EventLeaf, Leaf, UnknownEvent};
pub use proof::{PROOF_SCHEMA, Proof, ProofError, ProvenBatch, ProvenEvent};
pub use stamp::{StampError, StampedTime, read_stamp, stamp_request};
pub use statement::{MalformedStatement, Statement};
pub use tree::{Hash, Seal, seal};
pub use verify::{Fault, Verdict, records, verify, verify_batch};
