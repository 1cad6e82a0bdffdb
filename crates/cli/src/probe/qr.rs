//! Codes that telephones read.

use anyhow::Context as _;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};

/// Side of the drawing on a sheet, in CSS pixels: three centimetres or more on paper.
const SVG_PX: u32 = 240;

/// The code as one SVG file.
pub(super) fn svg(text: &str) -> anyhow::Result<String> {
    Ok(code(text)?.render::<svg::Color<'_>>().min_dimensions(SVG_PX, SVG_PX).build())
}

/// The code for a terminal, two rows of squares to a line; light on dark, as most terminals are.
pub(super) fn terminal(text: &str) -> anyhow::Result<String> {
    let code = code(text)?;
    Ok(code
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build())
}

fn code(text: &str) -> anyhow::Result<QrCode> {
    QrCode::new(text).context("the address is too long for a QR code")
}
