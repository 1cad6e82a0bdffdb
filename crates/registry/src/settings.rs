//! `registry.toml` of a data directory: the database that the register stands in.
//!
//! It lies beside the store for the reason that `history.toml` does: the collector, a command line and a timer must mean the same one.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::{RegistryError, Tls};

/// The file's name in a data directory.
pub const REGISTRY_FILE: &str = "registry.toml";

/// Longest file that is read, and longest password: both are a few lines.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Longest time for a connection: a server that is there answers at once.
const CONNECT: Duration = Duration::from_secs(5);

/// What the server is told to hold to: a change waits for the one before it and takes milliseconds; one whose collector went away in the
/// middle must not hold up the others; and what decided on a code must be on the disk.
const OPTIONS: &str = "-c statement_timeout=5s -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s -c synchronous_commit=on \
                       -c default_transaction_isolation=read\\ committed";

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    connection: String,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

/// How the database is reached.
pub(crate) struct Reached {
    pub(crate) config: Config,
    /// `None` on this machine, where nothing goes over a network.
    pub(crate) tls: Option<Tls>,
    /// As messages name it.
    pub(crate) told: String,
}

/// What a data directory names; `None` when it names nothing.
pub(crate) fn read(data: &Path) -> Result<Option<Reached>, RegistryError> {
    let path = data.join(REGISTRY_FILE);
    let wrong = |said: String| RegistryError::Settings { path: path.clone(), said };
    let text = match text_of(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(said) => return Err(wrong(said)),
    };
    // Without the source, which would show lines of the file: someone may have written a password into it.
    let settings: Settings = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
    reached(&settings, data).map(Some).map_err(wrong)
}

fn reached(settings: &Settings, data: &Path) -> Result<Reached, String> {
    // The library's error may hold a part of the text.
    let mut config: Config = settings.connection.parse().map_err(|_| {
        "connection is none such as \"host=db.exemple.fr user=desserte dbname=desserte\"".to_owned()
    })?;
    if config.get_password().is_some() {
        return Err(
            "connection holds a password: write it into a file, and name that as password_file".to_owned()
        );
    }
    if config.get_hosts().is_empty() || config.get_user().is_none() || config.get_dbname().is_none() {
        return Err("connection is to name host, user and dbname".to_owned());
    }
    if let Some(file) = &settings.password_file {
        let file = data.join(file);
        let password = text_of(&file)?.ok_or_else(|| format!("there is no {}", file.display()))?;
        match password.trim() {
            "" => return Err(format!("{} is empty", file.display())),
            password => config.password(password),
        };
    }
    let local = config.get_hosts().iter().all(here);
    let tls = if local && config.get_ssl_mode() != SslMode::Require {
        config.ssl_mode(SslMode::Disable);
        None
    } else {
        // Names of probes and places are in it: nobody on the way reads them, whatever the text says.
        config.ssl_mode(SslMode::Require);
        let ca = settings.ca_file.as_ref().map(|file| data.join(file));
        Some(Tls::new(ca.as_deref()).map_err(|error| error.to_string())?)
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(name).collect();
    let told = format!("{} ({})", config.get_dbname().unwrap_or_default(), hosts.join(", "));
    config.connect_timeout(CONNECT).options(OPTIONS).application_name("desserte");
    Ok(Reached { config, tls, told })
}

/// A file's text; `None` when there is no such file.
fn text_of(path: &Path) -> Result<Option<String>, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            return Err(format!("{} is longer than {FILE_BYTES_MAX} bytes", path.display()));
        }
        Ok(_) => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(cannot)
}

/// Whether a host is this machine.
fn here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Option<(String, SslMode)>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "secret\n").unwrap();
        std::fs::write(folder.path().join(REGISTRY_FILE), text).unwrap();
        read(folder.path())
            .map(|found| found.map(|reached| (reached.told, reached.config.get_ssl_mode())))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted_whatever_the_file_says() {
        let of = |connection: &str| {
            read_text(&format!("connection = \"{connection} user=u dbname=d\"")).unwrap().unwrap()
        };
        assert_eq!(of("host=/run/postgresql"), ("d (/run/postgresql)".to_owned(), SslMode::Disable));
        assert_eq!(of("host=127.0.0.1").1, SslMode::Disable);
        assert_eq!(of("host=::1").1, SslMode::Disable);
        assert_eq!(of("host=localhost sslmode=require").1, SslMode::Require);
        assert_eq!(of("host=db.exemple.fr sslmode=disable").1, SslMode::Require);
        assert_eq!(of("host=127.0.0.1,db.exemple.fr").1, SslMode::Require);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why_and_shows_no_password() {
        for (text, expected) in [
            ("connection = \"host=h user=u dbname=d password=hunter2\"", "password_file"),
            ("connection = \"postgresql://u:hunter2@h/d\"", "password_file"),
            ("connection = \"host=h password='hunter2\"", "is none such as"),
            ("connection = \"host=h user=u\"", "host, user and dbname"),
            ("connection = \"host=/run user=u dbname=d\"\npassword_file = \"none\"", "there is no"),
            ("connection = 5", "invalid type"),
            ("hunter2 = 5", "unknown field"),
        ] {
            let said = read_text(text).unwrap_err();
            assert!(
                said.contains(expected) && !said.contains("hunter2 =") && !said.contains("=hunter2"),
                "{said}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
    }
}
