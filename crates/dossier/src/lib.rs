//! The dossier: facts, words, and the bundle that proves them.
//!
//! A [`Case`] holds every fact of a dossier; [`document()`] puts it into words (French or English) as a [`Document`], which
//! `desserte-typeset` sets as a PDF. A [`Bundle`] is the archive beside the PDF: the signed batches with their proofs, what was asked for,
//! parameters, facts, words and outputs, each with its SHA-256. [`check`] reads an archive that a stranger may have written and names every
//! part that does not hold. The format is told in docs/spec/dossier.md, the choice in docs/adr/0040-dossier.md.
//!
//! This crate reads no clock, file, socket or chance: the same facts give the same octets.

mod bundle;
mod case;
mod document;
mod exchange;
mod reply;
mod request;
mod verdicts;
mod verify;
mod words;

pub use bundle::{Bundle, BundleError, Contents, Fault, Parts, SUMS, folder, limits, part, read, text_of};
pub use case::{
    Boundary, CASE_SCHEMA, Case, Class, Custody, Drawing, Exclusion, Figure, KeptNote, Line, OutageFact,
    Place, PlaceKind, Sealed, Site, Span, Told, UseFact,
};
pub use document::{Block, DOCUMENT_SCHEMA, Document, Fact, Item};
pub use exchange::{Notice, Retest};
pub use reply::{Outcome, Reply, ReplyError, reply_text};
pub use request::{DeclaredProbe, Lang, REQUEST_SCHEMA, Request, Territory};
pub use verdicts::{ContradictionTold, Study, VerdictError, Verdicts, fits, read_study};
pub use verify::{Report, Trusted, check};
pub use words::document;
