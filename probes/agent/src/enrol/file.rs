//! The configuration file before and after an enrolment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::config::{Beginning, Config, ConfigFault, Given, TEMPLATE, fill};
use crate::files;

/// The file as it is, or as the example has it when there is none.
pub(super) struct ConfigurationFile {
    path: PathBuf,
    text: String,
    beginning: Beginning,
    /// What is still to be given by a person, once it was completed; absent when nothing is.
    missing: Option<ConfigFault>,
}

impl ConfigurationFile {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        // A bare name has no folder to write beside.
        let path = std::path::absolute(path).with_context(|| format!("finding {}", path.display()))?;
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => TEMPLATE.to_owned(),
            other => other.with_context(|| format!("reading {}", path.display()))?,
        };
        let beginning = Beginning::read(&text, &path)?;
        Ok(Self { path, text, beginning, missing: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The collector that a person wrote down.
    pub(super) fn collector(&self) -> Option<String> {
        self.beginning.collector.clone()
    }

    pub(super) fn state_dir(&self) -> PathBuf {
        self.beginning.state_dir.clone()
    }

    pub(super) fn ca_file(&self) -> Option<PathBuf> {
        self.beginning.ca_file.clone()
    }

    pub(super) fn missing(&self) -> Option<&ConfigFault> {
        self.missing.as_ref()
    }

    /// Puts what is known in the place of what the example holds, and writes the file if that changed it.
    pub(super) fn complete(&mut self, given: &Given<'_>) -> anyhow::Result<()> {
        let text = fill(&self.text, given);
        self.missing = match Config::check_text(&text, &self.path) {
            Ok(()) => None,
            // What is left is for the person to say; anything else would be a file that does not start.
            Err(fault @ ConfigFault::Placeholders(_)) => Some(fault),
            Err(fault) => return Err(fault.into()),
        };
        if text == self.text && self.path.exists() {
            return Ok(());
        }
        let written = match self.path.parent() {
            Some(folder) => fs::create_dir_all(folder),
            None => Ok(()),
        };
        written
            .and_then(|()| files::replace(&self.path, text.as_bytes(), files::PUBLIC_MODE))
            .with_context(|| format!("writing {}", self.path.display()))?;
        self.text = text;
        Ok(())
    }
}
