//! Which columns hold the position, and which are added.

use crate::arguments::LocateArguments;

/// Delimiters that tables come with, the first of equally frequent ones.
const DELIMITERS: [u8; 3] = *b",;\t";

/// The columns of a table of positions.
pub(super) struct Columns {
    pub(super) lon: usize,
    pub(super) lat: usize,
}

/// The delimiter that the first line has most often.
pub(crate) fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|octet| **octet == delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// The place of a column by its name. The text of a refusal says what there is and what to do.
pub(crate) fn column(names: &[String], wanted: &str, option: &str) -> Result<usize, String> {
    let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (Some(_), Some(_)) => Err(format!("two columns are named {wanted:?}; rename one")),
        (None, _) => Err(format!(
            "no column is named {wanted:?}; there are {}; name the right one with {option}",
            names.join(", ")
        )),
    }
}

/// The names of the columns that are added, those of overlays last.
pub(super) fn names_added<'a>(
    arguments: &LocateArguments,
    overlays: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let mut added = vec!["commune", "status", "distance_m"];
    if arguments.error > 0.0 {
        added.push("candidates");
    }
    added.into_iter().chain(overlays).map(|name| format!("{}{name}", arguments.prefix)).collect()
}

impl Columns {
    /// Finds the columns by name. The text of a refusal says what there is and what to do.
    pub(super) fn find(
        names: impl Iterator<Item = String>,
        arguments: &LocateArguments,
        added: &[String],
    ) -> Result<Self, String> {
        let mut names: Vec<String> = names.collect();
        if let Some(first) = names.first_mut() {
            *first = first.trim_start_matches('\u{feff}').to_owned();
        }
        let lon = column(&names, &arguments.lon, "--lon")?;
        let lat = column(&names, &arguments.lat, "--lat")?;
        if let Some(taken) = added.iter().find(|name| names.contains(name)) {
            return Err(format!("it has a column {taken:?} already; name the new ones with --prefix"));
        }
        if let Some((_, name)) = added.iter().enumerate().find(|(at, name)| added[..*at].contains(name)) {
            let advice = "ask for each overlay once, and name its column as in --overlay NAME=FILE";
            return Err(format!("two of the added columns would be named {name:?}; {advice}"));
        }
        Ok(Self { lon, lat })
    }
}

#[cfg(test)]
mod tests {
    use super::delimiter;

    #[test]
    fn the_delimiter_is_the_one_that_the_header_uses() {
        assert_eq!(delimiter(b"id,lon,lat\n1;2;3;4;5;6\n"), b',');
        assert_eq!(delimiter(b"id;lon;lat\n1;2,5;3,4\n"), b';');
        assert_eq!(delimiter(b"id\tlon\tlat\n"), b'\t');
        assert_eq!(delimiter(b"lon\n"), b',');
    }
}
