//! The system's own tools, run one at a time.

use std::process::Command;

/// Why a lab could not be built.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A tool is missing.
    #[error("cannot run `{tool}`; on Debian: apt-get install iproute2 ethtool")]
    Missing {
        /// The tool.
        tool: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A device of an emulated line could not be made.
    #[error("cannot make the device `{name}`; root and /dev/net/tun are needed")]
    Device {
        /// The interface.
        name: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A tool refused, most often for want of root or of a kernel part.
    #[error("`{command}` refused: {said}")]
    Refused {
        /// The whole command.
        command: String,
        /// What it said.
        said: String,
    },
}

/// Runs `tool arg arg …`, the words split at spaces.
pub(crate) fn run(words: &str) -> Result<(), LabError> {
    output(words).map(|_| ())
}

/// The same; gives what it printed.
pub(crate) fn output(words: &str) -> Result<String, LabError> {
    let mut parts = words.split_whitespace();
    let tool = parts.next().unwrap_or_default();
    let output = Command::new(tool)
        .args(parts)
        .output()
        .map_err(|source| LabError::Missing { tool: tool.to_owned(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(LabError::Refused { command: words.to_owned(), said })
}
