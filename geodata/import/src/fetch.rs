//! Downloads a source file, goes on where an earlier download broke off, and keeps it only if its checksum is right.

mod download;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Manifest;
use download::Downloader;

/// How often a download that broke off goes on by itself, as long as each time brings something.
const MOST_RESUMPTIONS: usize = 5;

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
    /// The server began to answer and broke off.
    #[error(
        "downloading {url}: broken off after {octets} octets, which are kept; the same command goes on from there"
    )]
    BrokenOff {
        /// The address.
        url: String,
        /// What is there.
        octets: u64,
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
/// What has come is kept as `FILE.part` when the connection breaks, and the next attempt asks for the rest of it only.
///
/// # Errors
/// When there is no address, no network, no such file, another file, or no room.
pub async fn fetch(manifest: &Manifest, dir: &Path, base_url: Option<&str>) -> Result<PathBuf, FetchError> {
    let path = dir.join(&manifest.file);
    let Some(expected) = &manifest.sha256 else {
        return Err(FetchError::NoChecksum { title: manifest.title.clone(), url: manifest.url.clone() });
    };
    let right = |found: &str| found.eq_ignore_ascii_case(expected);
    if sha256(&path).is_ok_and(|found| right(&found)) {
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
    std::fs::create_dir_all(dir).map_err(|source| FetchError::Write { path: dir.to_owned(), source })?;
    let part = dir.join(format!("{}.part", manifest.file));
    let failed = |source| FetchError::Write { path: part.clone(), source };
    let downloader = Downloader::new(&url, &part)?;
    let resumed = complete(&downloader).await?;
    let mut found = sha256(&part).map_err(failed)?;
    if !right(&found) && resumed {
        // What was there may have been the beginning of another edition of the file.
        std::fs::remove_file(&part).map_err(failed)?;
        complete(&downloader).await?;
        found = sha256(&part).map_err(failed)?;
    }
    if !right(&found) {
        std::fs::remove_file(&part).map_err(failed)?;
        return Err(FetchError::WrongChecksum { url, found, expected: expected.clone() });
    }
    std::fs::rename(&part, &path).map_err(failed)?;
    Ok(path)
}

/// Downloads until the end, going on by itself where the connection breaks. Says whether anything was there before.
async fn complete(downloader: &Downloader<'_>) -> Result<bool, FetchError> {
    let resumed = downloader.octets_here() > 0;
    let mut broken = 0;
    loop {
        let before = downloader.octets_here();
        match downloader.go_on().await {
            Err(FetchError::BrokenOff { octets, .. }) if octets > before && broken < MOST_RESUMPTIONS => {
                broken += 1
            }
            Err(error) => return Err(error),
            Ok(()) => return Ok(resumed),
        }
    }
}

/// SHA-256 of a file, taken without holding it in memory.
fn sha256(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(sum.finalize())),
            read => sum.update(&buffer[..read]),
        }
    }
}
