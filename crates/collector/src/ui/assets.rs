//! Files inside the program.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

const STYLE: &str = include_str!("../../assets/style.css");

/// Entity tag and versioned address of the style sheet.
static STYLE_NAMES: LazyLock<(String, String)> = LazyLock::new(|| {
    let hash = desserte_signing::record_sha256(STYLE.as_bytes());
    let short = &hash[..16];
    (format!("\"{short}\""), format!("/assets/style.css?v={short}"))
});

/// The address changes with the content, so that it can be kept for ever.
pub(super) fn style_address() -> &'static str {
    &STYLE_NAMES.1
}

pub(super) async fn style(headers: HeaderMap) -> Response {
    let tag = STYLE_NAMES.0.as_str();
    let common = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, tag),
    ];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        (StatusCode::NOT_MODIFIED, common).into_response()
    } else {
        (common, STYLE).into_response()
    }
}

/// There is no icon; saying so at once keeps browsers from a page of words.
pub(super) async fn icon() -> Response {
    (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "public, max-age=86400")]).into_response()
}
