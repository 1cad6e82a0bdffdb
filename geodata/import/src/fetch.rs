//! Downloads a source file and keeps it only if its checksum is right.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::Manifest;

/// The largest file accepted: the biggest national layer in use has 150 MB.
const LARGEST_DOWNLOAD: u64 = 1024 * 1024 * 1024;
/// How long to wait for a connection: beyond, the network is as good as absent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long to wait for the next octets.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a file is not there now.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The manifest gives no address.
    #[error("{title} has no download address; {}", notes.as_deref().unwrap_or("see its publisher"))]
    NoAddress {
        /// Title of the source.
        title: String,
        /// What its manifest says.
        notes: Option<String>,
    },
    /// The manifest knows no checksum, so nothing would tell a whole file from a damaged or another one.
    #[error("{title} has no known checksum; download it by hand{}", url.as_deref().map(|url| format!(" from {url}")).unwrap_or_default())]
    NoChecksum {
        /// Title of the source.
        title: String,
        /// Its address, if known.
        url: Option<String>,
    },
    /// There is no way to the server.
    #[error(
        "downloading {url}: the server cannot be reached; check the network, or download the file on another machine, \
         copy it here and give it to `desserte-geodata import --communes`"
    )]
    Unreachable {
        /// The address.
        url: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// The server refused.
    #[error("downloading {url}: the server answers {status}; the file may have moved, see its publisher")]
    Refused {
        /// The address.
        url: String,
        /// The answer.
        status: u16,
    },
    /// The file is larger than anything expected.
    #[error("downloading {url}: the file is larger than 1 GiB and was given up")]
    TooLarge {
        /// The address.
        url: String,
    },
    /// The file is not the one described.
    #[error(
        "downloading {url}: the checksum is {found}, expected {expected}; the file was changed or cut on the way and is \
         not kept; try again, and if it happens again tell the maintainers"
    )]
    WrongChecksum {
        /// The address.
        url: String,
        /// What came.
        found: String,
        /// What the manifest says.
        expected: String,
    },
    /// The file cannot be written.
    #[error("writing {}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Downloads the file of a manifest into a folder and returns its path. A file that is there already with the right
/// checksum is not downloaded again. `base_url` replaces the folder part of the address, for a mirror.
///
/// # Errors
/// When there is no address, no network, no such file, another file, or no room.
pub async fn fetch(manifest: &Manifest, dir: &Path, base_url: Option<&str>) -> Result<PathBuf, FetchError> {
    let path = dir.join(&manifest.file);
    let Some(expected) = &manifest.sha256 else {
        return Err(FetchError::NoChecksum { title: manifest.title.clone(), url: manifest.url.clone() });
    };
    if std::fs::read(&path).is_ok_and(|octets| sha256(&octets).eq_ignore_ascii_case(expected)) {
        return Ok(path);
    }
    let url = match (base_url, &manifest.url) {
        (Some(base), _) => format!("{}/{}", base.trim_end_matches('/'), manifest.file),
        (None, Some(url)) => url.clone(),
        (None, None) => {
            return Err(FetchError::NoAddress {
                title: manifest.title.clone(),
                notes: manifest.notes.clone(),
            });
        }
    };
    let octets = download(&url).await?;
    let found = sha256(&octets);
    if !found.eq_ignore_ascii_case(expected) {
        return Err(FetchError::WrongChecksum { url, found, expected: expected.clone() });
    }
    let part = dir.join(format!("{}.part", manifest.file));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| FetchError::Write { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    std::fs::write(&part, octets).map_err(failed(&part))?;
    std::fs::rename(&part, &path).map_err(failed(&path))?;
    Ok(path)
}

async fn download(url: &str) -> Result<Vec<u8>, FetchError> {
    // The TLS library has no default implementation of its primitives in this build; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let unreachable = |source| FetchError::Unreachable { url: url.to_owned(), source };
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .build()
        .map_err(unreachable)?;
    let mut answer = client.get(url).send().await.map_err(unreachable)?;
    if !answer.status().is_success() {
        return Err(FetchError::Refused { url: url.to_owned(), status: answer.status().as_u16() });
    }
    let mut octets = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if octets.len() as u64 + chunk.len() as u64 > LARGEST_DOWNLOAD {
            return Err(FetchError::TooLarge { url: url.to_owned() });
        }
        octets.extend_from_slice(&chunk);
    }
    Ok(octets)
}

fn sha256(octets: &[u8]) -> String {
    hex::encode(Sha256::digest(octets))
}
