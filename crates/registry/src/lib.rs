//! The register of probes and one-time codes that several collectors share, in PostgreSQL (docs/spec/registry.md).
//!
//! PostgreSQL decides each change once; what a collector answers with stands in its own store, which follows the register change by
//! change. This crate knows PostgreSQL and nothing of that store: who joins the two is the collector.

mod changes;
mod connection;
mod error;
mod look;
mod publish;
mod rows;
mod schema;
mod settings;
mod take;
mod tls;

pub use changes::Edit;
pub use connection::Registry;
pub use error::RegistryError;
pub use look::{CollectorSeen, Look};
pub use schema::{grants, tables};
pub use settings::REGISTRY_FILE;
pub use take::{Take, TakeRefusal};
pub use tls::{Tls, TlsError};
