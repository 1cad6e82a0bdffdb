//! Numbers by commune: income, premises, sites.

use desserte_model::CommuneCode;

use crate::{Source, Territory};

/// A number for each commune.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The name it is asked for by, such as `filosofi_med`.
    pub name: String,
    /// The title of the source, to be credited.
    pub title: Option<String>,
    /// The unit in words: `EUR par an`, `%`, `locaux`.
    pub unit: String,
    /// The year, quarter or day that it describes, if known.
    pub period: Option<String>,
    /// Where it comes from: the place in the list of sources.
    pub source: Option<u32>,
    /// What the source says of each commune, by code in order. It says nothing of a commune that is not here.
    pub values: Vec<(CommuneCode, FigureValue)>,
}

/// What a source says of a commune's number.
///
/// # Missing data
/// Zero is a number. A commune of which the source says nothing has no such value at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FigureValue {
    /// The number, finite, in the figure's unit.
    Known(f64),
    /// Withheld because it could tell who is meant (statistical secret).
    Secret,
    /// The source says that it has none.
    Unavailable,
}

impl FigureValue {
    /// The number, if there is one.
    #[must_use]
    pub const fn known(self) -> Option<f64> {
        match self {
            Self::Known(number) => Some(number),
            Self::Secret | Self::Unavailable => None,
        }
    }
}

/// A figure of a territory, without its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FigureInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// The title of the source.
    pub title: Option<&'a str>,
    /// The unit in words.
    pub unit: &'a str,
    /// The year, quarter or day that it describes, if known.
    pub period: Option<&'a str>,
    /// Where it comes from, if known.
    pub source: Option<&'a Source>,
    /// Communes here with a number.
    pub known: usize,
    /// Communes here whose number is withheld.
    pub secret: usize,
    /// Communes here for which the source has none. Of all others it says nothing.
    pub unavailable: usize,
}

impl Territory {
    /// The figures, in the order of their names.
    pub fn figures(&self) -> impl ExactSizeIterator<Item = FigureInfo<'_>> {
        (0..self.figure_count()).map(|number| self.figure_info(number))
    }

    /// What a figure's source says of a commune; `None` if it says nothing, or the figure is not known here.
    #[must_use]
    pub fn figure(&self, name: &str, code: CommuneCode) -> Option<FigureValue> {
        self.figure_value(self.figure_number(name)?, code)
    }
}
