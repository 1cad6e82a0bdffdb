//! The table of everything that is kept.

use desserte_equity::{Parameter, UnreadableParameters};
use serde::Deserialize;

/// What is kept, and the terms.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Name of the set, with its version.
    pub set: String,
    /// For how long.
    pub terms: Terms,
    /// What, each column once.
    pub field: Vec<Field>,
}

/// Whole months by the calendar.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What probes at homes sent, and each row made of one of their records.
    pub raw: Parameter<u16>,
    /// Sums by hour of probes at homes.
    pub hourly: Parameter<u16>,
    /// Who asked what of the administration; what was needed to let a probe in.
    pub log: Parameter<u16>,
    /// Tests that residents gave.
    pub given: Parameter<u16>,
}

/// Columns that are kept for the same reason and as long as each other.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// In which of the collector's files.
    pub place: Place,
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Whether it can tell something of a person.
    pub person: bool,
    /// How long.
    pub keep: Keep,
    /// What for.
    pub purpose: Words,
}

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// The collector's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The store, `collector.sqlite`.
    Store,
    /// Tables of the history, `lake`.
    History,
    /// What is added up of them.
    Rollup,
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// [`Terms::raw`] after it was received where a probe stands in a home or nobody said where; as long as the collector where it
    /// stands in a public building.
    Raw,
    /// As [`Keep::Raw`], with [`Terms::hourly`].
    Hourly,
    /// While the probe is in service, and [`Terms::raw`] after.
    Service,
    /// [`Terms::log`] after it was written or has lost its use.
    Log,
    /// [`Terms::given`] after it came, or until its giver erases it.
    Given,
    /// Until the history has it.
    Waits,
    /// Until its room is needed, or what it tells of is erased.
    Room,
    /// As long as the collector: it tells nothing of a person, or nothing could be proven without it.
    Always,
}

impl Retention {
    /// The set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../parameters/retention-1.toml")).expect("a test reads the built-in set")
    }

    /// Reads a set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableParameters> {
        Ok(toml::from_str(text)?)
    }

    /// Every column of a place with its table, in order; one that stands twice is there twice.
    #[must_use]
    pub fn columns(&self, place: Place) -> Vec<(&str, &str)> {
        let of_place = self.field.iter().filter(|field| field.place == place);
        let mut columns: Vec<_> = of_place
            .flat_map(|field| field.columns.iter().map(|column| (field.table.as_str(), column.as_str())))
            .collect();
        columns.sort_unstable();
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_set_is_read_and_names_each_column_once() {
        let set = Retention::built_in();
        for place in [Place::Store, Place::History, Place::Rollup] {
            let columns = set.columns(place);
            assert!(!columns.is_empty());
            for pair in columns.windows(2) {
                assert_ne!(pair[0], pair[1]);
            }
        }
        assert!(set.terms.raw.value < set.terms.hourly.value, "what is finer goes first");
    }

    #[test]
    fn what_can_tell_of_a_person_is_not_kept_for_ever_without_a_reason() {
        for field in Retention::built_in().field {
            assert!(
                !(field.person && field.keep == Keep::Always) || field.purpose.en.contains("proof"),
                "{}: {:?}",
                field.table,
                field.columns
            );
        }
    }
}
