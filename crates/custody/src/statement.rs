//! What is published of a sealed day.

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::tree::Hash;

/// First line of a statement: names the form of the lines that follow.
const HEADING: &str = "desserte-custody-seal/1";

/// Octets of a statement at the most: its four lines have less than 200.
const STATEMENT_BYTES_MAX: usize = 1_024;

/// The seal of a day: what is published, printed, time-stamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The day.
    pub day: Day,
    /// How many leaves its tree has.
    pub size: u64,
    /// The root of its tree.
    pub root: Hash,
}

/// The text is no statement of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no seal: one has four lines, of which the first is \"desserte-custody-seal/1\", then day, size and root"
)]
pub struct MalformedStatement;

impl Statement {
    /// The octets that a time-stamp is over: lines of a name, a space and a value, each ended by a line feed.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { day, size, root } = self;
        format!("{HEADING}\nday {day}\nsize {size}\nroot {root}\n")
    }

    /// Reads a statement from its octets.
    ///
    /// # Errors
    /// When they are not exactly what [`Self::text`] writes.
    pub fn read(text: &str) -> Result<Self, MalformedStatement> {
        if text.len() > STATEMENT_BYTES_MAX {
            return Err(MalformedStatement);
        }
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let read = || {
            Some(Self {
                day: value("day")?.parse().ok()?,
                size: value("size")?.parse().ok()?,
                root: value("root")?.to_owned().try_into().ok()?,
            })
        };
        // The same octets again, or it was another text.
        read().filter(|statement| statement.text() == text).ok_or(MalformedStatement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_from_its_own_octets_and_no_others() {
        let statement = Statement { day: "2026-11-22".parse().unwrap(), size: 12, root: Hash([0xab; 32]) };
        let text = statement.text();
        assert_eq!(Statement::read(&text), Ok(statement));
        for other in
            [text.replace("12", "012"), text.to_uppercase(), text.replace('\n', "\r\n"), format!("{text}\n")]
        {
            assert_eq!(Statement::read(&other), Err(MalformedStatement), "{other:?}");
        }
    }
}
