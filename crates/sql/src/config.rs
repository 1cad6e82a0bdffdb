//! What an operator may set; the commented default file is `default-config.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use desserte_lake::{Audience, QueryLimits};
use serde::Deserialize;

use crate::scram::{NotAVerifier, Verifier};

/// The commented default file: every key with its default.
pub const DEFAULT_CONFIG: &str = include_str!("../default-config.toml");

/// How the history is served over PostgreSQL's protocol.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct SqlConfig {
    /// Where to listen; nowhere means that it is off.
    pub listen: Vec<SocketAddr>,
    /// Certificate chain, PEM.
    pub tls_certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Connections at once.
    pub connections: usize,
    /// Connections of one user at once.
    pub connections_per_user: usize,
    /// Longest time that a connection may say nothing, seconds.
    pub idle_timeout_s: u64,
    /// Statements that run at once.
    pub statements: usize,
    /// Longest time of a statement, seconds.
    pub statement_timeout_s: u64,
    /// Memory of a statement, MiB.
    pub memory_mib: usize,
    /// Disk of a statement, MiB.
    pub spill_mib: u64,
    /// Rows of an answer.
    pub rows: u64,
    /// Octets of an answer, MiB.
    pub answer_mib: u64,
    /// Who may connect.
    pub users: Vec<User>,
}

/// Someone who may connect.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// What may be read.
    pub role: Role,
    /// What is kept of the password.
    pub verifier: VerifierText,
}

/// What a user may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Only what is released to anyone.
    Public,
    /// Every table.
    All,
}

impl From<Role> for Audience {
    fn from(role: Role) -> Self {
        match role {
            Role::Public => Self::Public,
            Role::All => Self::Operators,
        }
    }
}

/// A verifier as a text of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct VerifierText(pub Verifier);

impl TryFrom<String> for VerifierText {
    type Error = NotAVerifier;

    fn try_from(text: String) -> Result<Self, NotAVerifier> {
        text.parse().map(Self)
    }
}

impl Default for SqlConfig {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            connections: 32,
            connections_per_user: 16,
            idle_timeout_s: 3_600,
            statements: 4,
            statement_timeout_s: 60,
            memory_mib: 512,
            spill_mib: 4_096,
            rows: 1_000_000,
            answer_mib: 256,
            users: Vec::new(),
        }
    }
}

impl SqlConfig {
    /// What one statement may take.
    #[must_use]
    pub fn limits(&self) -> QueryLimits {
        QueryLimits {
            time: Some(Duration::from_secs(self.statement_timeout_s)),
            memory_bytes: self.memory_mib.saturating_mul(1 << 20),
            spill_bytes: self.spill_mib.saturating_mul(1 << 20),
            rows: Some(self.rows),
        }
    }

    /// Octets of an answer.
    #[must_use]
    pub const fn answer_bytes(&self) -> u64 {
        self.answer_mib.saturating_mul(1 << 20)
    }
}
