//! Pages without a network: the page on which a reader has them kept on the own device, the service worker that keeps them, and
//! the manifest by which a browser installs the site.
//!
//! Nothing is kept unasked, and only `/hors-ligne` has a script: every other page says that none may run.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::json;

use super::assets;
use super::lang::Lang;
use super::page::{Frame, PageParams, problem, render};
use crate::api::blocking;
use crate::problem::ApiError;
use crate::state::Shared;

/// What is done on the device; the two lines before it are made here.
const WORKER: &str = include_str!("../../assets/service-worker.js");

/// What the page may run: its own script, and the service worker.
const POLICY: &str = "default-src 'self'; script-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// The address of the page.
const PAGE: &str = "/hors-ligne";

/// Colour of an installed window's bar: that of the icon.
const THEME: &str = "#0b57a4";

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(default)]
    lang: Lang,
}

#[derive(Template)]
#[template(path = "offline.html")]
struct View {
    frame: Frame,
    script: &'static str,
}

impl View {
    fn new(shared: &Shared, lang: Lang) -> Self {
        let title = lang.t("Lire sans réseau", "Read without a network").to_owned();
        Self { frame: Frame::new(shared, lang, title, PAGE), script: assets::OFFLINE.address() }
    }
}

pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    PageParams(query): PageParams<Query>,
) -> Response {
    match render(&View::new(&shared, query.lang)) {
        Ok(mut page) => {
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            page
        }
        Err(error) => problem(error, query.lang),
    }
}

/// The service worker. It is another one as soon as anything in its shell is, so that browsers take the new one.
pub(super) async fn worker(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let text = blocking(move || service_worker(&shared)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        // Browsers ask again at each visit; an old one would keep its readers with old files.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, text).into_response())
}

fn service_worker(shared: &Shared) -> Result<String, ApiError> {
    let english = format!("{PAGE}{}", Lang::En.query());
    let shell = [PAGE, &english, assets::STYLE.address(), assets::OFFLINE.address(), assets::ICON.address()];
    let mut hashed = WORKER.to_owned();
    hashed.push_str(&shell.join("\n"));
    for lang in [Lang::Fr, Lang::En] {
        hashed.push_str(&View::new(shared, lang).render().map_err(ApiError::internal)?);
    }
    let hash = desserte_signing::record_sha256(hashed.as_bytes());
    let version = &hash[..16];
    Ok(format!("const VERSION = '{version}';\nconst SHELL = {};\n{WORKER}", json!(shell)))
}

/// The web app manifest, one for each language.
pub(super) async fn manifest(PageParams(query): PageParams<Query>) -> Response {
    let lang = query.lang;
    let icon = |asset: &assets::Asset, sizes: &str, kind: &str, purpose: &str| json!({ "src": asset.address(), "sizes": sizes, "type": kind, "purpose": purpose });
    let manifest = json!({
        "id": "/",
        "name": lang.t("Desserte : ce que donnent vraiment les réseaux", "Desserte: what networks really give"),
        "short_name": "Desserte",
        "description": lang.t(
            "Débits, latences et coupures mesurés, commune par commune.",
            "Rates, latencies and outages as measured, commune by commune.",
        ),
        "lang": lang.code(),
        "dir": "ltr",
        "start_url": format!("/{}", lang.query()),
        "scope": "/",
        "display": "minimal-ui",
        "theme_color": THEME,
        "background_color": "#ffffff",
        "icons": [
            icon(&assets::ICON, "any", "image/svg+xml", "any"),
            icon(&assets::ICON_192, "192x192", "image/png", "any"),
            icon(&assets::ICON_512, "512x512", "image/png", "any"),
            // What matters lies within the circle that every mask leaves.
            icon(&assets::ICON_512, "512x512", "image/png", "maskable"),
        ],
    });
    let headers = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, manifest.to_string()).into_response()
}
