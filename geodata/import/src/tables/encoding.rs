//! From octets to text: gzip, UTF-8 with or without mark, Windows-1252.

use std::io::Read;

/// The largest table accepted once unpacked: the biggest official one is 4 MB; a gzip bomb is not.
const LARGEST_TABLE: u64 = 512 * 1024 * 1024;

/// Unpacks gzip, recognised by its first octets rather than by the file's name.
pub(super) fn unpacked(octets: Vec<u8>) -> std::io::Result<Vec<u8>> {
    if !octets.starts_with(&[0x1f, 0x8b]) {
        return Ok(octets);
    }
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(octets.as_slice()).take(LARGEST_TABLE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST_TABLE {
        return Err(std::io::Error::other("the table is larger than 512 MiB once unpacked"));
    }
    Ok(text)
}

/// Decodes UTF-8, and Windows-1252 where the octets are not UTF-8, as older official files are.
pub(super) fn decoded(octets: Vec<u8>) -> String {
    let text = match String::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => error.as_bytes().iter().map(|octet| windows_1252(*octet)).collect(),
    };
    text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)
}

/// The characters 0x80 to 0x9f, where Windows-1252 differs from Latin-1 (WHATWG Encoding, index windows-1252).
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(octet: u8) -> char {
    match octet {
        0x80..=0x9f => UPPER[usize::from(octet - 0x80)],
        _ => char::from(octet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_either_encoding_and_without_its_mark() {
        assert_eq!(decoded(b"R\xe9gion;\x9cuvre".to_vec()), "Région;œuvre");
        assert_eq!(decoded("\u{feff}Région".into()), "Région");
    }
}
