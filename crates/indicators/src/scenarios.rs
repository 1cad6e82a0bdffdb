//! Answers of péréquation scenarios that an operator chose to publish: a ledger of declared and assumed numbers, in files apart from
//! what was measured.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::kept::{KeptError, read, replace};

/// Version of the file's form.
const FORMAT: u32 = 1;

/// Directory within a store's where answers are kept.
const DIRECTORY: &str = "perequation";

/// Most characters of a name.
const NAME_MAX: usize = 64;

/// Whether a text can be the name of a published scenario: small letters, digits and dashes.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// Keeps what `desserte perequation --json` tells of a scenario, in the place of what was kept under its name.
///
/// # Errors
/// The file cannot be written.
///
/// # Panics
/// If the name is none ([`is_name`]).
pub fn publish(data: &Path, name: &str, answer: &Value) -> Result<PathBuf, KeptError> {
    assert!(is_name(name), "names are checked where they come in");
    let path = data.join(DIRECTORY).join(format!("{name}.json"));
    let told = json!({ "format": FORMAT, "ledger": "declared_or_assumed", "name": name, "answer": answer });
    replace(&path, format!("{told}\n").as_bytes())?;
    Ok(path)
}

/// What was published under a name; `None` if nothing was.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn published(data: &Path, name: &str) -> Result<Option<Value>, KeptError> {
    if !is_name(name) {
        return Ok(None);
    }
    let path = data.join(DIRECTORY).join(format!("{name}.json"));
    let Some(text) = read(&path)? else { return Ok(None) };
    let told: Option<Value> = serde_json::from_str(&text).ok();
    let told = told.filter(|told| told["format"] == FORMAT);
    told.map(Some).ok_or(KeptError::Form { path })
}

/// The names of what was published, in their order.
///
/// # Errors
/// The directory cannot be read; none is no error.
pub fn names(data: &Path) -> Result<Vec<String>, KeptError> {
    let path = data.join(DIRECTORY);
    let wrong = |source| KeptError::File { path: path.clone(), source };
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(wrong)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".json"));
        found.extend(name.filter(|name| is_name(name)).map(str::to_owned));
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_published_under_its_name_and_nothing_else_is_read() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(names(data.path()).unwrap(), Vec::<String>::new());
        assert_eq!(published(data.path(), "senate-210").unwrap(), None);
        publish(data.path(), "senate-210", &json!({ "total_euros": "1.00" })).unwrap();
        let told = published(data.path(), "senate-210").unwrap().unwrap();
        assert_eq!(
            (&told["ledger"], &told["answer"]["total_euros"]),
            (&json!("declared_or_assumed"), &json!("1.00"))
        );
        assert_eq!(names(data.path()).unwrap(), ["senate-210"]);
        for wrong in ["", "../store", "A", "a/b", "a.b"] {
            assert!(!is_name(wrong));
            assert_eq!(published(data.path(), wrong).unwrap(), None);
        }
        std::fs::write(data.path().join("perequation/senate-210.json"), "{}").unwrap();
        assert!(published(data.path(), "senate-210").is_err());
    }
}
