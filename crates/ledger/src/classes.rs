//! Classes of communes, read from the layers of a territory file.

mod read;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use desserte_territory::Territory;

use crate::Credit;
pub use rules::{ClassRule, From, FromKind, Rules, UnreadableRules, ValueRule};

/// Communes by classes: one column for each class that the territory can say.
#[derive(Debug, Clone, PartialEq)]
pub struct Classes {
    /// Name of the set of rules.
    pub set: String,
    /// The columns, in the order of the rules.
    pub columns: Vec<ClassColumn>,
    /// Classes of the rules that no layer of the territory speaks of.
    pub absent: Vec<String>,
}

/// A class of every commune.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassColumn {
    /// What it is.
    pub rule: ClassRule,
    /// The layer of the territory that it was read from; empty where the commune's code says it.
    pub layer: String,
    /// Where that comes from.
    pub credit: Credit,
    /// Whether the layer is not the class itself but stands in for it.
    pub stand_in: bool,
    /// What one should know, in French and in English.
    pub note: (String, String),
    /// The values, in the order of the rule, or of their texts where it has none.
    pub values: Vec<String>,
    /// For each commune of the territory, in its order, the place of its value; `None` where nothing is known.
    pub of: Vec<Option<u16>>,
    /// Texts of the layer that are no value of the class, with how often they stand there.
    pub unread: BTreeMap<String, usize>,
}

/// Why classes cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassesError {
    /// Two layers would fit.
    #[error("class {class} could be read from {}; say which with --take {class}=LAYER", layers.join(", "))]
    Several {
        /// The class.
        class: String,
        /// The layers.
        layers: Vec<String>,
    },
    /// The layer that was asked for is not there, or is of no use for the class.
    #[error(
        "class {class} cannot be read from {layer:?}: the territory has no such layer, or the class is not told by one like it"
    )]
    NoSuchLayer {
        /// The class.
        class: String,
        /// The layer.
        layer: String,
    },
    /// No class has this name.
    #[error("there is no class {0:?}")]
    NoSuchClass(String),
}

impl Classes {
    /// Reads all classes that the territory can say. `taken` names the layer of a class where several would fit.
    ///
    /// # Errors
    /// Several layers fit and none is named, or the one that is named does not.
    pub fn of(
        territory: &Territory,
        rules: &Rules,
        taken: &BTreeMap<String, String>,
    ) -> Result<Self, ClassesError> {
        if let Some(unknown) = taken.keys().find(|key| rules.class(key).is_none()) {
            return Err(ClassesError::NoSuchClass(unknown.clone()));
        }
        let (mut columns, mut absent) = (Vec::new(), Vec::new());
        for rule in &rules.classes {
            match read::column(territory, rule, taken.get(&rule.key).map(String::as_str))? {
                Some(column) => columns.push(column),
                None => absent.push(rule.key.clone()),
            }
        }
        Ok(Self { set: rules.set.clone(), columns, absent })
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, key: &str) -> Option<&ClassColumn> {
        self.columns.iter().find(|column| column.rule.key == key)
    }
}

impl ClassColumn {
    /// The value of the commune in this row of the territory.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<&str> {
        let place = (*self.of.get(row)?)?;
        self.values.get(usize::from(place)).map(String::as_str)
    }

    /// Communes of each value.
    #[must_use]
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.values.len()];
        self.of.iter().flatten().for_each(|place| counts[usize::from(*place)] += 1);
        counts
    }
}
