//! Codes that telephones read.

use qrcode::QrCode;
use qrcode::render::svg;
use qrcode::types::QrError;

/// Side of the drawing on a sheet, in CSS pixels: three centimetres or more on paper.
const SIDE_PX: u32 = 240;

/// The address of an invitation as one SVG file.
///
/// # Errors
/// When it is too long for a QR code.
pub fn invitation_qr(address: &str) -> Result<String, QrError> {
    Ok(QrCode::new(address)?.render::<svg::Color<'_>>().min_dimensions(SIDE_PX, SIDE_PX).build())
}
