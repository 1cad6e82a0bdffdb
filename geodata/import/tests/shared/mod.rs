//! Real French data beside the checkout, for tests that compare with published figures.

use std::io::Read;
use std::path::{Path, PathBuf};

/// The folder of real data: `DESSERTE_SHARED`, else `../shared/geodata` beside the checkout. `None`, said loudly,
/// where it is absent; in continuous integration its absence is an error.
pub(crate) fn geodata() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/geodata");
    let given = std::env::var_os("DESSERTE_SHARED").map_or_else(beside, PathBuf::from);
    let dir = if given.join("geodata").is_dir() { given.join("geodata") } else { given };
    if dir.join("boundaries").is_dir() {
        return Some(dir);
    }
    assert!(std::env::var_os("CI").is_none(), "no real data at {}; set DESSERTE_SHARED", dir.display());
    eprintln!("SKIPPED: no real data at {}; set DESSERTE_SHARED", dir.display());
    None
}

/// The rows of a table, packed or not, by column name.
pub(crate) fn table(path: &Path, delimiter: u8) -> Vec<std::collections::HashMap<String, String>> {
    let octets = std::fs::read(path).unwrap();
    let mut text = String::new();
    if octets.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(octets.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(octets).unwrap();
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}
