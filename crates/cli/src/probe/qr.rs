//! Codes that telephones read, on a terminal.

use anyhow::Context as _;
use qrcode::QrCode;
use qrcode::render::unicode;

/// The code for a terminal, two rows of squares to a line; light on dark, as most terminals are.
pub(super) fn terminal(text: &str) -> anyhow::Result<String> {
    Ok(QrCode::new(text)
        .context("the address is too long for a QR code")?
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build())
}
