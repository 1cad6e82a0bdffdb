//! What a zoomable map needs: vector tiles of the territory, and the library that draws them, both files of the operator.
//!
//! Tiles are those of `desserte territory tiles` (one PMTiles file, mapped into memory); the library is MapLibre GL JS, as
//! `cargo xtask map-library` brings it. Nothing of either is asked of another origin. Without them there is no such map, and
//! every page says the same without it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_compression::tokio::bufread::GzipDecoder;
use axum::Router;
use axum::extract::{Path as Segments, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pmtiles::{AsyncPmTilesReader, Compression, MmapBackend, TileCoord, TileType};
use tokio::io::AsyncReadExt as _;

use crate::problem::ApiError;
use crate::state::Shared;

/// The library's files, as its package names them, and their types.
const LIBRARY: [(&str, &str); 3] = [
    ("maplibre-gl.mjs", "text/javascript; charset=utf-8"),
    ("maplibre-gl-worker.mjs", "text/javascript; charset=utf-8"),
    ("maplibre-gl.css", "text/css; charset=utf-8"),
];

/// Octets of a file of the library: four times what the largest has.
const LIBRARY_FILE_MAX: u64 = 4 * 1024 * 1024;

/// Octets of a tile without its compression: ten times what the largest tile of France has.
const TILE_OCTETS_MAX: u64 = 16 * 1024 * 1024;

/// How long a tile may be kept without asking again: its address carries the archive's fingerprint.
const TILE_CACHE: &str = "public, max-age=2592000, immutable";

/// Why the map's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The archive is not there, or is no archive.
    #[error("[map] tiles = {}: {message}; `desserte territory tiles FILE --out …` makes it", path.display())]
    Tiles {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file of the library is not there.
    #[error("[map] library: {}: {message}; `cargo xtask map-library FOLDER` brings it", path.display())]
    Library {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// One of the two is missing.
    #[error("[map] needs both `tiles` and `library`, or neither")]
    Half,
}

/// A zoomable map's files.
pub(crate) struct MapFiles {
    tiles: AsyncPmTilesReader<MmapBackend>,
    library: Vec<(&'static str, &'static str, Bytes)>,
    /// Changes with the files, and is part of their addresses.
    pub(crate) fingerprint: String,
    /// First and last zoom.
    pub(crate) zooms: (u8, u8),
    /// West, south, east and north, in degrees.
    pub(crate) bounds: [f64; 4],
}

impl std::fmt::Debug for MapFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MapFiles").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl MapFiles {
    /// Opens what the configuration names; `None` if it names nothing.
    ///
    /// # Errors
    /// When a file is missing or not what it should be.
    pub(crate) async fn open(tiles: &Path, library: &Path) -> Result<Option<Self>, MapError> {
        match (tiles.as_os_str().is_empty(), library.as_os_str().is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(MapError::Half),
        }
        let wrong = |message: String| MapError::Tiles { path: tiles.to_owned(), message };
        let reader =
            AsyncPmTilesReader::new_with_path(tiles).await.map_err(|error| wrong(error.to_string()))?;
        let found = reader.get_header();
        if found.tile_type != TileType::Mvt || found.tile_compression != Compression::Gzip {
            return Err(wrong("not an archive of vector tiles compressed with gzip".to_owned()));
        }
        let zooms = (found.min_zoom, found.max_zoom);
        let bounds =
            [found.min_longitude, found.min_latitude, found.max_longitude, found.max_latitude].map(f64::from);
        let mut files = Vec::new();
        for (name, kind) in LIBRARY {
            let path = library.join(name);
            files.push((name, kind, read(&path).map_err(|message| MapError::Library { path, message })?));
        }
        let about = std::fs::metadata(tiles).and_then(|about| Ok((about.len(), about.modified()?)));
        let about = about.map_err(|error| wrong(error.to_string()))?;
        let mut fingerprint = desserte_signing::record_sha256(
            format!("{about:?} {:?}", files.iter().map(|f| f.2.len()).collect::<Vec<_>>()).as_bytes(),
        );
        fingerprint.truncate(16);
        Ok(Some(Self { tiles: reader, library: files, fingerprint, zooms, bounds }))
    }
}

fn read(path: &Path) -> Result<Bytes, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if about.len() > LIBRARY_FILE_MAX {
        return Err(format!("has more than {LIBRARY_FILE_MAX} octets"));
    }
    std::fs::read(path).map(Bytes::from).map_err(|error| error.to_string())
}

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/tuiles/{fingerprint}/{z}/{x}/{y}", get(tile))
        .route("/assets/maplibre/{fingerprint}/{name}", get(library))
}

async fn tile(
    State(shared): State<Arc<Shared>>,
    Segments((_, z, x, y)): Segments<(String, u8, u32, u32)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found("no such tile");
    let map = shared.map_files.as_ref().ok_or_else(missing)?;
    let place = TileCoord::new(z, x, y).map_err(|_| missing())?;
    // A tile of the sea is no error: maps ask for it as for any other.
    let found = map.tiles.get_tile(place).await.map_err(ApiError::internal)?;
    let common = [(header::CACHE_CONTROL, TILE_CACHE), (header::VARY, "accept-encoding")];
    let Some(octets) = found else { return Ok((StatusCode::NO_CONTENT, common).into_response()) };
    let kind = (header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile");
    let takes = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if takes.is_some_and(|takes| takes.contains("gzip")) {
        return Ok((common, [kind, (header::CONTENT_ENCODING, "gzip")], octets).into_response());
    }
    let mut plain = Vec::new();
    GzipDecoder::new(octets.as_ref())
        .take(TILE_OCTETS_MAX)
        .read_to_end(&mut plain)
        .await
        .map_err(ApiError::internal)?;
    Ok((common, [kind], plain).into_response())
}

async fn library(
    State(shared): State<Arc<Shared>>,
    Segments((_, name)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let files = shared.map_files.as_ref().map(|map| &map.library);
    let found = files.and_then(|files| files.iter().find(|file| file.0 == name));
    let (_, kind, octets) = found.ok_or_else(|| ApiError::not_found("no such file"))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok((headers, octets.clone()).into_response())
}
