//! Degrees from text.

/// A number and how exactly it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Digits after the decimal point; many for a number with an exponent.
    pub(crate) decimals: usize,
}

/// Reads a number; with `decimal_comma`, one comma may stand for the point. Not-a-number and infinities are none.
pub(crate) fn parse(text: &[u8], decimal_comma: bool) -> Option<Number> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let commas = text.bytes().filter(|octet| *octet == b',').count();
    if commas == 1 && decimal_comma && !text.contains('.') {
        return read(&text.replace(',', "."));
    }
    if commas == 0 { read(text) } else { None }
}

fn read(text: &str) -> Option<Number> {
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    let decimals = match text.split_once('.') {
        _ if text.contains(['e', 'E']) => usize::MAX,
        Some((_, decimals)) => decimals.len(),
        None => 0,
    };
    Some(Number { value, decimals })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_commas_are_read_only_where_they_cannot_separate_cells() {
        let number = |value, decimals| Some(Number { value, decimals });
        assert_eq!(parse(b"2.3522", false), number(2.3522, 4));
        assert_eq!(parse(b" -61,5 ", true), number(-61.5, 1));
        assert_eq!(parse(b"-61,5", false), None);
        assert_eq!(parse(b"1,234.5", true), None);
        assert_eq!(parse(b"48", true), number(48.0, 0));
        for nothing in [&b""[..], b"NaN", b"inf", b"#N/A", b"2.3.4", b"\xff"] {
            assert_eq!(parse(nothing, true), None, "{nothing:?}");
        }
    }
}
