//! Telling a position that is no number from a line that is no record.

use std::str;

/// Says what is wrong with the coordinates of a line that could not be read as a record, if they are the reason.
///
/// JSON has no NaN and no infinity; programs write them all the same, bare, quoted or as `null`.
pub(super) fn not_finite(line: &[u8]) -> Option<String> {
    let text = str::from_utf8(line).ok()?;
    let position = &text[text.find("\"position\"")?..];
    ["lon", "lat"].into_iter().find_map(|name| {
        let token = value_of(position, name)?;
        let bare = token.trim_matches('"');
        let not_a_number = bare == "null" || bare.parse::<f64>().is_ok_and(|number| !number.is_finite());
        not_a_number.then(|| format!("position.{name} is {bare}, not a finite number"))
    })
}

/// The text of a member's value, up to the next comma or brace.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let key = format!("\"{name}\"");
    let after = text[text.find(&key)? + key.len()..].trim_start().strip_prefix(':')?.trim_start();
    let end = after.find([',', '}'])?;
    Some(after[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::not_finite;

    proptest! {
        #[test]
        fn no_line_stops_the_reader(line in prop::collection::vec(any::<u8>(), 0..200), text in "[\\PC\"{}:,]{0,80}") {
            let _ = not_finite(&line);
            let _ = not_finite(format!("\"position\"{text}\"lon\"{text}").as_bytes());
        }
    }

    #[test]
    fn every_spelling_of_not_a_number_is_told() {
        for lon in ["NaN", "\"NaN\"", "null", "Infinity", "-Infinity", "1e999"] {
            let line = format!("{{\"position\": {{\"lon\" : {lon} , \"lat\": 46.1}}}}");
            assert!(not_finite(line.as_bytes()).is_some_and(|text| text.contains("position.lon")), "{lon}");
        }
    }

    #[test]
    fn other_faults_are_left_to_others() {
        for line in ["", "{}", "{\"position\":{\"lon\":1.5,\"lat\":46.1}}", "{\"position\":", "\u{e9}"] {
            assert_eq!(not_finite(line.as_bytes()), None, "{line}");
        }
    }
}
