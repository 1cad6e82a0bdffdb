//! An external ledger: one number for each commune that somebody else measured or declared.

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::{FigureValue, Territory};

use crate::Credit;

/// How others came to their numbers. Ours are neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Measured by others, with means that we do not know.
    Measured,
    /// Declared by operators or administrations.
    Declared,
}

/// A number for each commune, under its own label.
///
/// # Missing data
/// A commune of which the source says nothing, or whose number it withholds, is not here. Zero is a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    name: String,
    unit: String,
    nature: Nature,
    credit: Credit,
    values: BTreeMap<CommuneCode, f64>,
}

/// A ledger that may be passed on: what writes for others takes these.
#[derive(Debug, Clone, Copy)]
pub struct Shareable<'a>(&'a Ledger);

/// The refusal to pass a ledger on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} must not be passed on: {title} is under {licence}; it can be compared here, on screen")]
pub struct Withheld {
    /// The ledger's name.
    pub name: String,
    /// What it comes from.
    pub title: String,
    /// Its licence.
    pub licence: String,
}

/// A figure that no ledger can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the territory has no figure {name:?}; it has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
pub struct NoSuchFigure {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

impl Ledger {
    pub(crate) fn new(
        name: String,
        unit: &str,
        nature: Nature,
        credit: Credit,
        values: BTreeMap<CommuneCode, f64>,
    ) -> Self {
        Self { name, unit: unit.to_owned(), nature, credit, values }
    }

    /// A figure of a territory file as a declared ledger: the figure itself, or with `over` its quotient by another one of the same
    /// source's making, in percent.
    ///
    /// # Missing data
    /// A commune is left out where either number is not known, or where the divisor is zero: a share of nothing is no share.
    ///
    /// # Errors
    /// The territory has no such figure.
    pub fn of_figure(territory: &Territory, name: &str, over: Option<&str>) -> Result<Self, NoSuchFigure> {
        let find = |name: &str| {
            territory.figures().find(|figure| figure.name == name).ok_or_else(|| NoSuchFigure {
                name: name.to_owned(),
                known: territory.figures().map(|figure| figure.name.to_owned()).collect(),
            })
        };
        let figure = find(name)?;
        let number = |name: &str, code| territory.figure(name, code).and_then(FigureValue::known);
        let mut credit = Credit::of(figure.source, name);
        let (named, unit) = match over {
            None => (name.to_owned(), figure.unit.to_owned()),
            Some(over) => {
                let other = Credit::of(find(over)?.source, over);
                if other.title != credit.title {
                    credit.title = format!("{} ; {}", credit.title, other.title);
                    credit.withheld |= other.withheld;
                }
                (format!("{name}/{over}"), "%".to_owned())
            }
        };
        let value = |code: CommuneCode| match over {
            None => number(name, code),
            Some(over) => {
                let whole = number(over, code).filter(|whole| *whole > 0.0)?;
                Some(100.0 * number(name, code)? / whole)
            }
        };
        let values = territory.communes().filter_map(|commune| Some((commune.code, value(commune.code)?)));
        let values = values.collect();
        Ok(Self { name: named, unit, nature: Nature::Declared, credit, values })
    }

    /// What its column is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The unit in words.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// How its numbers came about.
    #[must_use]
    pub const fn nature(&self) -> Nature {
        self.nature
    }

    /// Whom it is owed to.
    #[must_use]
    pub const fn credit(&self) -> &Credit {
        &self.credit
    }

    /// The number of a commune, to be looked at beside others.
    #[must_use]
    pub fn value(&self, code: CommuneCode) -> Option<f64> {
        self.values.get(&code).copied()
    }

    /// Communes with a number.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no commune has a number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The ledger as it may be written for others.
    ///
    /// # Errors
    /// Its licence forbids that it is passed on.
    pub fn shareable(&self) -> Result<Shareable<'_>, Withheld> {
        if self.credit.withheld {
            return Err(Withheld {
                name: self.name.clone(),
                title: self.credit.title.clone(),
                licence: self.credit.licence.clone().unwrap_or_else(|| "a licence of its own".to_owned()),
            });
        }
        Ok(Shareable(self))
    }
}

impl<'a> Shareable<'a> {
    /// The ledger.
    #[must_use]
    pub const fn ledger(self) -> &'a Ledger {
        self.0
    }
}
