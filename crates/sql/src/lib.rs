//! The history over PostgreSQL's wire protocol, to be read and never changed.
//!
//! The one crate that knows the protocol (docs/adr/0030-sql-for-everyone.md, docs/spec/sql.md). Every statement sees what was
//! acknowledged when it began ([`desserte_lake::Moment`]), within limits of time, memory, disk, rows and octets. Messages, types and
//! the system's tables come from pgwire, arrow-pg and datafusion-pg-catalog; listening, TLS, logins and limits are ours.

mod catalog;
mod config;
mod connection;
mod conversation;
mod fault;
mod meter;
mod run;
mod running;
mod scram;
mod server;
mod settings;
mod slots;
mod statement;
mod tls;

pub use config::{DEFAULT_CONFIG, Role, SqlConfig, User};
pub use running::{Running, start};
pub use scram::{SALT_BYTES, Verifier};
pub use server::{Source, SqlError, random};
