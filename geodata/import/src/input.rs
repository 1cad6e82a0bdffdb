//! Input files: read once, named by checksum.

use std::path::{Path, PathBuf};

use desserte_territory::{Redistribution, Source};
use sha2::{Digest, Sha256};

use crate::Manifest;

/// One input and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) role: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    /// The checksum of what a gzip file holds: publishers often offer the same file packed and not.
    unpacked_sha256: Option<String>,
}

/// An input that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("reading {}", path.display())]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: std::io::Error,
}

impl Input {
    /// Reads a file whole and takes its checksum.
    pub(crate) fn read(role: &'static str, path: &Path) -> Result<(Self, Vec<u8>), Unreadable> {
        let octets = std::fs::read(path).map_err(|source| Unreadable { path: path.to_owned(), source })?;
        let sha256 = hex::encode(Sha256::digest(&octets));
        let unpacked_sha256 = gzip_sha256(&octets);
        Ok((Self { role, path: path.to_owned(), sha256, unpacked_sha256 }, octets))
    }

    /// The manifest that describes this file, packed or not: by its checksum, else by its name if the manifest knows
    /// no checksum.
    pub(crate) fn manifest<'a>(&self, manifests: &'a [Manifest]) -> Option<&'a Manifest> {
        let sums = [Some(&self.sha256), self.unpacked_sha256.as_ref()];
        let same = |manifest: &&Manifest| {
            let stated = manifest.sha256.as_deref();
            sums.iter().flatten().any(|sum| stated.is_some_and(|stated| sum.eq_ignore_ascii_case(stated)))
        };
        let name = self.file_name();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let named = |manifest: &&Manifest| manifest.sha256.is_none() && manifest.file == name;
        manifests.iter().find(same).or_else(|| manifests.iter().find(named))
    }

    /// The file's name without its folder, which is nobody's business.
    pub(crate) fn file_name(&self) -> String {
        self.path
            .file_name()
            .map_or_else(|| self.path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// The credit of this input, from the manifest with the same checksum if there is one.
    pub(crate) fn source(&self, manifests: &[Manifest]) -> Source {
        let known = self.manifest(manifests);
        Source {
            role: self.role.to_owned(),
            title: known.map_or_else(|| self.file_name(), |manifest| manifest.title.clone()),
            publisher: known.map(|manifest| manifest.publisher.clone()),
            licence: known.map(|manifest| manifest.licence.clone()),
            vintage: known.map(|manifest| manifest.vintage.clone()),
            sha256: Some(self.sha256.clone()),
            redistribution: known
                .map_or_else(Redistribution::default, |manifest| manifest.redistribution.into()),
        }
    }
}

/// SHA-256 of the contents of a sound gzip file, taken without keeping them.
fn gzip_sha256(octets: &[u8]) -> Option<String> {
    if !octets.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    let mut unpacked = flate2::read::MultiGzDecoder::new(octets);
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match std::io::Read::read(&mut unpacked, &mut buffer).ok()? {
            0 => return Some(hex::encode(sum.finalize())),
            read => sum.update(&buffer[..read]),
        }
    }
}
