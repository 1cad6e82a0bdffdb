//! Plays every transcript of a folder.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// One end of a conversation, held to what a transcript says of it.
pub(crate) trait Play {
    /// The machine that `end …` describes.
    fn begin(words: &str) -> Self;
    /// Does or expects what a line says; panics when it is otherwise.
    fn line(&mut self, line: &str);
}

/// Plays all of `tests/transcripts/{protocol}` and tells every line that was not held.
pub(crate) fn play_all<P: Play>(protocol: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts").join(protocol);
    let mut failed = Vec::new();
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut play: Option<P> = None;
        for (number, line) in
            (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#') && !line.is_empty())
        {
            let step = || match line.strip_prefix("end ") {
                Some(words) => play = Some(P::begin(words)),
                None => play.as_mut().expect("an end first").line(line),
            };
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(step)).is_err() {
                failed.push(format!("{}:{number}: {line}", path.display()));
                break;
            }
        }
        played += 1;
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(played >= 20, "only {played} transcripts were found");
}

/// Whether `text` has every member of `expected`; a list, every element at its place.
pub(crate) fn holds(text: &Value, expected: &Value) -> bool {
    match (text, expected) {
        (Value::Object(text), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| text.get(key).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(text), Value::Array(expected)) => expected
            .iter()
            .enumerate()
            .all(|(at, value)| text.get(at).is_some_and(|found| holds(found, value))),
        (text, expected) => {
            text.as_f64().map_or(text == expected, |number| Some(number) == expected.as_f64())
        }
    }
}
