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
use pmtiles::{AsyncPmTilesReader, Compression, HashMapCache, MmapBackend, TileCoord, TileType};
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
const TILE_OCTETS_MAX: usize = 16 * 1024 * 1024;

/// How long a tile may be kept without asking again: its address carries the archive's fingerprint.
const TILE_CACHE: &str = "public, max-age=2592000, immutable";

/// The same of the library.
const LIBRARY_CACHE: &str = "public, max-age=31536000, immutable";

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
    /// Directories below the first are unpacked once. France to zoom 11 has none; with two zooms more each tile would unpack one.
    tiles: AsyncPmTilesReader<MmapBackend, HashMapCache>,
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
        let reader = AsyncPmTilesReader::new_with_cached_path(HashMapCache::default(), tiles).await;
        let reader = reader.map_err(|error| wrong(error.to_string()))?;
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

    /// How long an answer may be kept. A page of before a change of files asks by their fingerprint and gets today's, which nobody may keep
    /// under that address.
    fn cache_of(&self, asked: &str, cache: &'static str) -> &'static str {
        if asked == self.fingerprint { cache } else { "no-store" }
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
    Segments((asked, z, x, y)): Segments<(String, u8, u32, u32)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found("no such tile");
    let map = shared.map_files.as_ref().ok_or_else(missing)?;
    let place = TileCoord::new(z, x, y).map_err(|_| missing())?;
    // A tile of the sea is no error: maps ask for it as for any other.
    let found = map.tiles.get_tile(place).await.map_err(ApiError::internal)?;
    let common =
        [(header::CACHE_CONTROL, map.cache_of(&asked, TILE_CACHE)), (header::VARY, "accept-encoding")];
    let Some(octets) = found else { return Ok((StatusCode::NO_CONTENT, common).into_response()) };
    let kind = (header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile");
    if takes_gzip(&headers) {
        return Ok((common, [kind, (header::CONTENT_ENCODING, "gzip")], octets).into_response());
    }
    let plain = unpacked(&octets, TILE_OCTETS_MAX).await.map_err(ApiError::internal)?;
    let plain = plain.ok_or_else(|| {
        let detail = format!(
            "without compression this tile has more than {TILE_OCTETS_MAX} octets; ask with Accept-Encoding: gzip"
        );
        let title = "The tile is sent compressed only";
        ApiError::new(StatusCode::NOT_ACCEPTABLE, "tile-too-large", title, detail)
    })?;
    Ok((common, [kind], plain).into_response())
}

/// Whether the client takes gzip; `gzip;q=0` says that it does not.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let takes = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    takes.flat_map(|value| value.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// A tile without its compression; `None` if it has more octets than `most`: part of a tile would be drawn as the whole.
async fn unpacked(octets: &[u8], most: usize) -> std::io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    let one_more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    GzipDecoder::new(octets).take(one_more).read_to_end(&mut plain).await?;
    Ok((plain.len() <= most).then_some(plain))
}

async fn library(
    State(shared): State<Arc<Shared>>,
    Segments((asked, name)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let missing = || ApiError::not_found("no such file");
    let map = shared.map_files.as_ref().ok_or_else(missing)?;
    let (_, kind, octets) = map.library.iter().find(|file| file.0 == name).ok_or_else(missing)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(map.cache_of(&asked, LIBRARY_CACHE)));
    Ok((headers, octets.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[tokio::test]
    async fn a_tile_is_unpacked_whole_or_not_at_all() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&[7; 1_000]).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(unpacked(&packed, 1_000).await.unwrap(), Some(vec![7; 1_000]));
        assert_eq!(unpacked(&packed, 999).await.unwrap(), None);
        assert!(unpacked(&packed[..10], 1_000).await.is_err(), "a tile that ends too soon");
    }

    #[test]
    fn gzip_is_taken_by_name_and_weight() {
        let takes = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        assert!(takes("gzip, deflate, br") && takes("br;q=1.0, gzip;q=0.8") && takes("GZIP"));
        assert!(!takes("identity") && !takes("br, gzip;q=0") && !takes("x-gzip-no"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
