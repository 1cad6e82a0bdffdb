//! Counts as tables write them.

/// Reads a count of people.
///
/// # Missing data
/// `Ok(None)` for an empty cell and the usual marks of absence (`s` statistical secret, `nd` not available, a dash):
/// they are not zero. `Err` for text that is neither.
pub(crate) fn read_count(text: &str) -> Result<Option<u32>, ()> {
    let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let whole = digits.strip_suffix(".0").or_else(|| digits.strip_suffix(",0")).unwrap_or(&digits);
    match whole.to_ascii_lowercase().as_str() {
        "" | "-" | "s" | "nd" | "na" | "n/a" | "nr" | "nc" | "null" => Ok(None),
        number if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::read_count;

    #[test]
    fn absence_is_not_zero_and_nonsense_is_neither() {
        for (text, expected) in [
            ("860", Ok(Some(860))),
            ("1 234", Ok(Some(1_234))),
            ("1\u{202f}234", Ok(Some(1_234))),
            ("12.0", Ok(Some(12))),
            ("0", Ok(Some(0))),
            ("", Ok(None)),
            ("s", Ok(None)),
            ("nd", Ok(None)),
            ("-", Ok(None)),
            ("-5", Err(())),
            ("12.5", Err(())),
            ("abc", Err(())),
            ("99999999999", Err(())),
        ] {
            assert_eq!(read_count(text), expected, "{text:?}");
        }
    }
}
