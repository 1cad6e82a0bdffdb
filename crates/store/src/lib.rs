//! The collector's durable store: one SQLite file holding what was received and what is derived from it.
//!
//! Received octets are append-only, but for what a probe's owner wants erased and what its time is over; derived rows name the method that made them and can be computed again
//! ([`Store::rebuild`]). One thread writes, and many requests share one commit, so that an answer can wait for the
//! disk without making the others wait for it one by one. Readers have connections of their own.
//!
//! The tables are described where they are declared, in `sql/001-schema.sql`.

mod accounts;
mod audit;
mod chain;
mod connection;
mod contributions;
mod custody;
mod derive;
mod directory;
mod editions;
mod enrolment;
mod erase;
mod error;
mod handover;
mod happenings;
mod host;
mod ingest;
mod invitations;
mod late;
mod passage;
mod probes;
mod query;
mod radio;
mod rebuild;
mod register;
mod retention;
mod rollup;
mod service;
mod sessions;
mod standing;
mod store;
mod tokens;
mod writer;

pub use accounts::{Account, AccountKey, NewAccount};
pub use audit::{AuditEntry, COMMAND};
pub use chain::ChainState;
pub use contributions::{Contributor, GivenTest, NewContribution};
pub use custody::{BrokenSeal, Evidence, Kept, NewNote, Note, SealedDay, Stamp, Wanted};
pub use directory::DirectoryLock;
pub use editions::{Edition, EditionEntry, Keeping, NewEdition};
pub use enrolment::{Enrolment, EnrolmentRefusal};
pub use erase::{Erasure, ErasureReport};
pub use error::StoreError;
pub use handover::{Cell, Handover, HandoverRows, HandoverTable};
pub use happenings::{InterruptionRow, ReachEnd, ReachTotal, UnknownTotal};
pub use host::Host;
pub use ingest::{IncomingBatch, IncomingRecord};
pub use invitations::{Invitation, InvitationState, NewInvitation, OPEN_INVITATIONS_MAX};
pub use passage::{Passage, PassageRole};
pub use probes::{LatestHealth, NewProbe, ProbeSeen, RegisteredProbe};
pub use query::{CommuneRtts, CommuneSeen, DownMinute, MinuteTotals, Period, RunRow, Scope};
pub use rebuild::RebuildReport;
pub use register::{HandedElsewhere, META_HOME, RegisterNews};
pub use retention::{KeptFrom, RetentionPass};
pub use service::{ServiceMinute, ServicePage, ServiceRun};
pub use sessions::SessionTimes;
pub use standing::{SILENT_AFTER, Standing};
pub use store::{CopiedStore, STORE_FILE, Store, StoreOptions};
pub use tokens::{NewToken, Role, Token, UnknownRole};
