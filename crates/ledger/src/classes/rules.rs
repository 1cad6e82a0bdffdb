//! Which layer a class is read from: a versioned file of `crates/ledger/parameters`.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::Mark;
use serde::Deserialize;

/// A set of classes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Name of the set, with its version.
    pub set: String,
    /// Day since which it holds, ISO 8601.
    pub since: String,
    /// The classes, in the order in which they are told.
    #[serde(rename = "class")]
    pub classes: Vec<ClassRule>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// Name of the column.
    pub key: String,
    /// What it is, in French.
    pub fr: String,
    /// What it is, in English.
    pub en: String,
    /// Where the definition comes from.
    pub source: String,
    /// How well that source stands.
    pub mark: Mark,
    /// What the class binds in law; `none` where it is a statistic.
    pub legal: String,
    /// Its values; empty where they are those of the layer.
    pub values: Vec<ValueRule>,
    /// Where it is read from: the first that the territory has.
    pub from: Vec<From>,
}

/// One value of a class.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    /// As tables have it.
    pub key: String,
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

/// Where a class can be read from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// How the layer says it.
    pub kind: FromKind,
    /// The layer: its name, or the end of it after `_`.
    #[serde(default)]
    pub layer: String,
    /// Values of which the layer must have at least one to be taken; any layer is where there are none.
    #[serde(default)]
    pub only: BTreeSet<String>,
    /// From the layer's values to the class's; as they stand where it is empty.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Beginnings of codes of départements, to values.
    #[serde(default)]
    pub begins: BTreeMap<String, String>,
    /// The value of all other départements.
    #[serde(default)]
    pub otherwise: String,
    /// Whether this is not the class itself but the best that there is instead.
    #[serde(default)]
    pub stand_in: bool,
    /// What one should know, in French.
    #[serde(default)]
    pub note_fr: String,
    /// What one should know, in English.
    #[serde(default)]
    pub note_en: String,
}

/// How a layer says a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FromKind {
    /// A zoning has the value of each commune.
    Zoning,
    /// An overlay has areas inside communes: `oui` where one is.
    Overlay,
    /// The département says it.
    Departements,
    /// A figure, in fifths of the population.
    Fifths,
}

/// A file of rules that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the rules of classes")]
pub struct UnreadableRules(#[from] toml::de::Error);

impl Rules {
    /// The set that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../parameters/classes-1.toml")).expect("a test reads the built-in set")
    }

    /// Reads a set from the text of its file.
    ///
    /// # Errors
    /// A key is unknown or missing, or a value is of the wrong kind; the text names the line.
    pub fn parse(text: &str) -> Result<Self, UnreadableRules> {
        Ok(toml::from_str(text)?)
    }

    /// The class of this name.
    #[must_use]
    pub fn class(&self, key: &str) -> Option<&ClassRule> {
        self.classes.iter().find(|class| class.key == key)
    }
}

impl ClassRule {
    /// A value in words; as it stands where the rule has no words for it.
    #[must_use]
    pub fn value<'a>(&'a self, key: &'a str, french: bool) -> &'a str {
        let found = self.values.iter().find(|value| value.key == key);
        found.map_or(key, |value| if french { &value.fr } else { &value.en })
    }
}

impl From {
    /// Whether a layer of this name can be meant.
    pub(super) fn fits(&self, name: &str) -> bool {
        name.strip_suffix(self.layer.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_set_is_read_and_maps_to_values_that_it_has_words_for() {
        let rules = Rules::built_in();
        assert_eq!(rules.set, "classes-1");
        for class in &rules.classes {
            assert!(!class.from.is_empty(), "{}", class.key);
            let known: BTreeSet<&str> = class.values.iter().map(|value| value.key.as_str()).collect();
            for value in class.from.iter().flat_map(|from| from.map.values().chain(from.begins.values())) {
                assert!(known.contains(value.as_str()), "{}: {value}", class.key);
            }
        }
    }

    #[test]
    fn a_layer_is_known_by_its_name_or_the_end_of_it() {
        let rules = Rules::built_in();
        let fits =
            |class: &str, name: &str| rules.class(class).unwrap().from.iter().any(|from| from.fits(name));
        assert!(fits("initiative", "zone") && fits("initiative", "arcep2018_zone"));
        assert!(!fits("initiative", "ozone") && !fits("initiative", "zone_abc"));
        assert!(fits("revenu", "filosofi_med") && !fits("revenu", "filosofi_menages"));
    }

    #[test]
    fn an_unknown_key_is_named() {
        let text = include_str!("../../parameters/classes-1.toml").replace("otherwise =", "else =");
        let error = Rules::parse(&text).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("else"), "{error:?}");
    }
}
