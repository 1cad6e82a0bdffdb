//! Open data as `desserte export` wrote it, and nothing else: what `SHA256SUMS` lists, with the sum as entity tag.

use std::collections::HashMap;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use tokio_util::io::ReaderStream;

use crate::api::blocking;
use crate::problem::ApiError;
use crate::state::Shared;

/// The list of files, which is one of them.
const SUMS: &str = "SHA256SUMS";

/// How long a file may be kept without asking again. An export is replaced now and then, under the same names.
const CACHE: &str = "public, max-age=300";

/// The directory of an export.
#[derive(Debug, Default)]
pub(crate) struct OpenData {
    directory: Option<PathBuf>,
    listed: Mutex<Option<Listed>>,
}

#[derive(Debug, Clone)]
struct Listed {
    changed: SystemTime,
    tags: Arc<HashMap<String, String>>,
}

impl OpenData {
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self { directory, listed: Mutex::default() }
    }

    /// Where a file lies and its entity tag; `None` when it is not of the export.
    fn find(&self, path: &str) -> io::Result<Option<(PathBuf, String)>> {
        let Some(directory) = &self.directory else { return Ok(None) };
        let tags = match self.tags(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            tags => tags?,
        };
        Ok(tags.get(path).map(|tag| (directory.join(path), tag.clone())))
    }

    /// Every file of the export, by path; empty when there is none.
    pub(crate) fn paths(&self) -> io::Result<Vec<String>> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let tags = match self.tags(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            tags => tags?,
        };
        let mut paths: Vec<String> = tags.keys().cloned().collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// Octets of a file of the export; `None` when it went in the meantime.
    pub(crate) fn octets(&self, path: &str) -> Option<u64> {
        let (place, _) = self.find(path).ok()??;
        std::fs::metadata(place).ok().map(|about| about.len())
    }

    /// The files that there are, read again when the list changed.
    fn tags(&self, directory: &FilePath) -> io::Result<Arc<HashMap<String, String>>> {
        let list = directory.join(SUMS);
        let changed = std::fs::metadata(&list)?.modified()?;
        // A reader that panicked left the list as it was.
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = listed.as_ref().filter(|known| known.changed == changed) {
            return Ok(Arc::clone(&known.tags));
        }
        let text = std::fs::read_to_string(&list)?;
        let lines = text.lines().filter_map(|line| line.split_once("  "));
        // The body may be compressed on its way: the tag is of what it says, not of its octets.
        let mut tags: HashMap<String, String> =
            lines.map(|(sum, path)| (path.to_owned(), format!("W/\"{sum}\""))).collect();
        let own = desserte_signing::record_sha256(text.as_bytes());
        tags.insert(SUMS.to_owned(), format!("W/\"{own}\""));
        let tags = Arc::new(tags);
        *listed = Some(Listed { changed, tags: Arc::clone(&tags) });
        Ok(tags)
    }
}

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/open-data/{*path}", get(file))
}

async fn file(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let kind = media_type(&path);
    let found = blocking(move || shared.open_data.find(&path).map_err(ApiError::internal)).await?;
    let (place, tag) = found.ok_or_else(|| ApiError::not_found("no such file of open data"))?;
    let common = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, CACHE), (header::ETAG, tag.as_str())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if known.is_some_and(|known| known.split(',').any(|one| opaque(one) == opaque(&tag))) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let file = tokio::fs::File::open(&place).await.map_err(ApiError::internal)?;
    Ok((common, Body::from_stream(ReaderStream::new(file))).into_response())
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "csv" => "text/csv; charset=utf-8",
        "parquet" => "application/vnd.apache.parquet",
        "geojson" => "application/geo+json",
        "json" => "application/json",
        "jsonld" => "application/ld+json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_list_names_is_found_and_a_new_list_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let data = OpenData::new(Some(dir.path().to_owned()));
        assert_eq!(data.find("a.csv").unwrap(), None, "nothing was exported yet");
        std::fs::write(dir.path().join("secret.txt"), "").unwrap();
        std::fs::write(dir.path().join(SUMS), "00ff  2026-10/23/a.csv\n").unwrap();
        let (place, tag) = data.find("2026-10/23/a.csv").unwrap().unwrap();
        assert_eq!((place, tag.as_str()), (dir.path().join("2026-10/23/a.csv"), "W/\"00ff\""));
        for other in ["secret.txt", "../a.csv", "2026-10/23/../23/a.csv", "/etc/passwd", ""] {
            assert_eq!(data.find(other).unwrap(), None, "{other}");
        }
        assert!(data.find(SUMS).unwrap().is_some());
        assert_eq!(data.paths().unwrap(), ["2026-10/23/a.csv", SUMS]);
        assert_eq!((data.octets(SUMS), data.octets("2026-10/23/a.csv")), (Some(23), None));
        std::fs::write(dir.path().join(SUMS), "11ff  b.csv\n").unwrap();
        let list = std::fs::File::options().write(true).open(dir.path().join(SUMS)).unwrap();
        list.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(data.find("2026-10/23/a.csv").unwrap(), None);
        assert!(data.find("b.csv").unwrap().is_some());
        assert_eq!(OpenData::new(None).find("b.csv").unwrap(), None);
        assert!(OpenData::new(None).paths().unwrap().is_empty());
    }
}
