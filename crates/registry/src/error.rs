//! Why the register did not do what it was asked for.

use std::path::PathBuf;

use desserte_model::ProbeId;

/// The register's refusal or failure. No text holds a password.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// `registry.toml` cannot be used.
    #[error("{}: {said}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        said: String,
    },
    /// PostgreSQL cannot be reached, does not let in, or did not answer in time. Whether a change was made may not be known: asking
    /// again is answered rightly.
    #[error(
        "the register cannot be reached ({0}): probes and codes cannot be changed until PostgreSQL answers again; what probes measure is taken \
         in meanwhile. `desserte registry status` says how it stands"
    )]
    Unavailable(String),
    /// PostgreSQL answers, and does not allow it: a password, a right.
    #[error("PostgreSQL refuses: {0}; docs/spec/registry.md says what its role needs")]
    Refused(String),
    /// The database has no tables of a register.
    #[error("the database has no register: make it once with `desserte registry init`")]
    NotMade,
    /// The tables are of another version.
    #[error(
        "the register has version {found}, this program knows version {known}: use the program that made it, or a newer one"
    )]
    Version {
        /// Version of the tables.
        found: i32,
        /// The version this program knows.
        known: i32,
    },
    /// The probe is registered.
    #[error(
        "probe {probe} is registered with collector {home} already{}",
        if *retired { ", and out of service: it needs a new key" } else { ": when that one is lost for ever, `desserte registry take-over` moves its probes" }
    )]
    Known {
        /// Which.
        probe: ProbeId,
        /// Number of its collector.
        home: u8,
        /// Whether it is out of service.
        retired: bool,
    },
    /// No such probe.
    #[error("the register has no probe {0}")]
    UnknownProbe(ProbeId),
    /// As many invitations are open as may be at once, of all collectors together.
    #[error(
        "{0} invitations are open: withdraw some with `desserte probe withdraw`, or wait until they expire"
    )]
    TooManyInvitations(i64),
    /// The collector whose probes are to be taken over is there.
    #[error(
        "collector {collector} looked at the register {seconds} s ago: it is not lost. Stop it, and come back a minute later"
    )]
    Alive {
        /// Its number.
        collector: u8,
        /// How long ago it looked.
        seconds: i64,
    },
    /// A value cannot be read back.
    #[error("a value in the register cannot be read: {0}")]
    Corrupt(String),
}

/// What PostgreSQL or the way to it says. Its own words are told: they name what is missing, and never a password.
pub(crate) fn failed(error: &tokio_postgres::Error) -> RegistryError {
    use tokio_postgres::error::SqlState;
    if let Some(refused) = error.as_db_error() {
        let missing = [&SqlState::UNDEFINED_TABLE, &SqlState::INVALID_SCHEMA_NAME];
        if missing.contains(&refused.code()) {
            return RegistryError::NotMade;
        }
        let said = refused.message().to_owned();
        // Classes of SQLSTATE: the connection, resources, waiting too long, stopping. All of it passes.
        let passes =
            ["08", "40", "53", "55", "57", "58"].iter().any(|class| refused.code().code().starts_with(class));
        return if passes { RegistryError::Unavailable(said) } else { RegistryError::Refused(said) };
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    RegistryError::Unavailable(text)
}
