//! Files inside the program.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::problem::ApiError;

/// A file whose address changes with its content, so that it can be kept for ever.
pub(super) struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
    tag: String,
    address: String,
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, content: &'static [u8]) -> Self {
        let hash = desserte_signing::record_sha256(content);
        let short = &hash[..16];
        Self {
            name,
            kind,
            content,
            tag: format!("\"{short}\""),
            address: format!("/assets/{name}?v={short}"),
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let tag = self.tag.as_str();
        let common = [
            (header::CONTENT_TYPE, self.kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::ETAG, tag),
        ];
        let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
            (StatusCode::NOT_MODIFIED, common).into_response()
        } else {
            (common, self.content).into_response()
        }
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        LazyLock::new(|| Asset::new($name, $kind, include_bytes!(concat!("../../assets/", $name))))
    };
}

pub(super) static STYLE: LazyLock<Asset> = asset!("style.css", "text/css; charset=utf-8");
pub(super) static TESTER: LazyLock<Asset> = asset!("tester.js", SCRIPT);
pub(super) static ZOOM: LazyLock<Asset> = asset!("zoom.js", SCRIPT);
pub(super) static OFFLINE: LazyLock<Asset> = asset!("offline.js", SCRIPT);
pub(super) static ICON: LazyLock<Asset> = asset!("icon.svg", "image/svg+xml");
pub(super) static ICON_192: LazyLock<Asset> = asset!("icon-192.png", "image/png");
pub(super) static ICON_512: LazyLock<Asset> = asset!("icon-512.png", "image/png");

static ALL: [&LazyLock<Asset>; 7] = [&STYLE, &TESTER, &ZOOM, &OFFLINE, &ICON, &ICON_192, &ICON_512];

pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let found = ALL.iter().find(|asset| asset.name == name);
    found.map(|asset| asset.answer(&headers)).ok_or_else(|| ApiError::not_found("no such file"))
}

/// Pages name their icon; saying so at once keeps programs that ask for this one from a page of words.
pub(super) async fn no_icon() -> Response {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "public, max-age=86400")]).into_response()
}
