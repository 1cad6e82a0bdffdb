//! The collector: batches of signed measurements in; figures, pages and metrics out.
//!
//! This crate is the one place that serves HTTP and knows status codes. What it keeps is in `desserte-store`, how figures
//! are made of raw readings in `desserte-measure`, where communes lie in `desserte-territory`.

mod access;
mod api;
mod area;
mod config;
mod connection;
mod contributions;
mod dossiers;
mod editions;
mod enrol;
mod figures;
mod guard;
mod indicators;
mod ingest;
mod listen;
mod locate;
mod login;
mod map;
mod metrics;
mod open_data;
mod problem;
mod refusals;
mod register;
mod retention;
mod seal;
mod server;
mod small_body;
mod state;
mod ui;
mod zonings;

pub use access::token_sha256;
pub use api::openapi_json;
pub use config::{
    Config, Contributions, DEFAULT_CONFIG, DossierProgram, Dossiers, Editions, EnrolmentConfig,
    EnrolmentTargetConfig, Ingest, Locate, Log, LoginConfig, Map, MeasurementServer, OpenDataConfig,
    OpenidClaim, OpenidConfig, Origin, Publication, Server,
};
pub use enrol::{SiteFault, invitation_qr};
pub use ingest::{Intake, SignedBody};
pub use map::MapError;
pub use register::{Register, RegisterError};
pub use server::{Collector, ServeError};
pub use state::{DOSSIERS, META_ADDRESS, META_AS_OF, META_DEMONSTRATION};
