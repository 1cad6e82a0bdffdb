//! Files inside the program.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

/// A file whose address changes with its content, so that it can be kept for ever.
struct Asset {
    content: &'static str,
    kind: &'static str,
    tag: String,
    address: String,
}

impl Asset {
    fn new(name: &str, kind: &'static str, content: &'static str) -> Self {
        let hash = desserte_signing::record_sha256(content.as_bytes());
        let short = &hash[..16];
        Self { content, kind, tag: format!("\"{short}\""), address: format!("/assets/{name}?v={short}") }
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

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style.css", "text/css; charset=utf-8", include_str!("../../assets/style.css"))
});

static TESTER: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("tester.js", "text/javascript; charset=utf-8", include_str!("../../assets/tester.js"))
});

static ZOOM: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("zoom.js", "text/javascript; charset=utf-8", include_str!("../../assets/zoom.js"))
});

pub(super) fn style_address() -> &'static str {
    &STYLE.address
}

pub(super) async fn style(headers: HeaderMap) -> Response {
    STYLE.answer(&headers)
}

pub(super) fn tester_address() -> &'static str {
    &TESTER.address
}

pub(super) async fn tester(headers: HeaderMap) -> Response {
    TESTER.answer(&headers)
}

pub(super) fn zoom_address() -> &'static str {
    &ZOOM.address
}

pub(super) async fn zoom(headers: HeaderMap) -> Response {
    ZOOM.answer(&headers)
}

/// There is no icon; saying so at once keeps browsers from a page of words.
pub(super) async fn icon() -> Response {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "public, max-age=86400")]).into_response()
}
