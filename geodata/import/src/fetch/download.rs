//! One file from one address into one place, whole or from where an earlier attempt left it (RFC 9110, section 14).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, RANGE};

use super::FetchError;

/// The largest file accepted: the biggest national layer in use has 150 MB.
const LARGEST_DOWNLOAD: u64 = 1024 * 1024 * 1024;
/// How long to wait for a connection: beyond, the network is as good as absent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long to wait for the next octets.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A download.
pub(super) struct Downloader<'a> {
    client: reqwest::Client,
    url: &'a str,
    part: &'a Path,
}

impl<'a> Downloader<'a> {
    pub(super) fn new(url: &'a str, part: &'a Path) -> Result<Self, FetchError> {
        // The TLS library has no default implementation of its primitives in this build; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|source| FetchError::Unreachable { url: url.to_owned(), source })?;
        Ok(Self { client, url, part })
    }

    /// How much is there.
    pub(super) fn octets_here(&self) -> u64 {
        std::fs::metadata(self.part).map_or(0, |metadata| metadata.len())
    }

    /// Asks for what is missing and adds it. A server that does not know ranges sends the whole again.
    pub(super) async fn go_on(&self) -> Result<(), FetchError> {
        let here = self.octets_here();
        let mut request = self.client.get(self.url);
        if here > 0 {
            request = request.header(RANGE, format!("bytes={here}-"));
        }
        let unreachable = |source| FetchError::Unreachable { url: self.url.to_owned(), source };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        if here > 0 && status == StatusCode::RANGE_NOT_SATISFIABLE {
            // Nothing comes after what is here: it is whole, or of another edition. The checksum tells.
            return Ok(());
        }
        if !status.is_success() {
            return Err(FetchError::Refused { url: self.url.to_owned(), status: status.as_u16() });
        }
        let goes_on = status == StatusCode::PARTIAL_CONTENT && begin_of(&answer) == Some(here);
        let file =
            if goes_on { OpenOptions::new().append(true).open(self.part) } else { File::create(self.part) };
        let file = file.map_err(|source| self.unwritten(source))?;
        self.keep(answer, file, if goes_on { here } else { 0 }).await
    }

    async fn keep(&self, mut answer: reqwest::Response, mut file: File, here: u64) -> Result<(), FetchError> {
        let mut octets = here;
        let broken =
            |octets| move |source| FetchError::BrokenOff { url: self.url.to_owned(), octets, source };
        while let Some(chunk) = answer.chunk().await.map_err(broken(octets))? {
            octets += chunk.len() as u64;
            if octets > LARGEST_DOWNLOAD {
                drop(file);
                std::fs::remove_file(self.part).map_err(|source| self.unwritten(source))?;
                return Err(FetchError::TooLarge { url: self.url.to_owned() });
            }
            file.write_all(&chunk).map_err(|source| self.unwritten(source))?;
        }
        file.sync_all().map_err(|source| self.unwritten(source))
    }

    fn unwritten(&self, source: std::io::Error) -> FetchError {
        FetchError::Write { path: self.part.to_owned(), source }
    }
}

/// Where the part that the server sends begins, as `bytes 10-42/43` says.
fn begin_of(answer: &reqwest::Response) -> Option<u64> {
    let text = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
