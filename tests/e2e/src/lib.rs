//! The harness of the end-to-end tests: real programs, real sockets, real files.
//!
//! `cargo xtask test` builds the programs and says where they are in `DESSERTE_PROGRAMS`.

#![expect(clippy::print_stderr, reason = "a skipped test says so where the runner shows it")]

mod agent;
mod certificate;
mod collector;
mod machine;
mod postgres;
mod process;
mod prometheus;
mod release;
mod sender;
mod server;
mod shared;

use desserte_netlab::stalls::Judgement;

pub use agent::{Agent, AgentPlan};
pub use certificate::{Certificate, certificate};
pub use collector::Collector;
pub use machine::Machine;
pub use postgres::Postgres;
pub use process::{Program, free_port, program};
pub use prometheus::Prometheus;
pub use release::{PACKAGED, Publisher, SERVE_OVER_TLS, update_python};
pub use sender::{Answer, BATCHES, GUERET, Sender, now, octets};
pub use server::MeasurementServer;
pub use shared::{shared, territory};

/// Whether a test that needs something special can run. In continuous integration it must: there a missing
/// need is a failure, elsewhere the test says that it is skipped.
///
/// # Panics
/// When the need is not met and `CI` is set.
#[must_use]
pub fn can(need: &str, met: bool) -> bool {
    if !met {
        assert!(std::env::var_os("CI").is_none(), "continuous integration must have {need}");
        eprintln!("SKIPPED: this test needs {need}");
    }
    met
}

/// Asserts what only holds on a machine that keeps up; where it never did, says aloud that nothing was judged.
///
/// # Panics
/// When the expectation failed though the machine kept up.
pub fn settled(judgement: Judgement) {
    match judgement {
        Judgement::Held => {}
        Judgement::Failed(seen) => panic!("{seen}"),
        Judgement::Unjudged(seen) => eprintln!("NOT JUDGED: {seen}"),
    }
}

/// An HTTP client that does not wait for ever.
///
/// # Panics
/// When none can be made.
#[must_use]
pub fn client() -> reqwest::Client {
    // Features of the probe reach this crate's client too; it wants to be told which cryptography to use. A second
    // call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).build().expect("an HTTP client")
}

/// Whether this process may make network namespaces and shape lines.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether a program can be found on the path.
#[must_use]
pub fn has_program(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}
