//! Whom something is owed to, of when, and whether it may be passed on.

use desserte_territory::{Redistribution, Source};
use serde::Serialize;

/// Where a column comes from, as it is told beside the column wherever that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// Title of the data set; the file's name when nothing describes the file.
    pub title: String,
    /// Who publishes it, if known.
    pub publisher: Option<String>,
    /// The date, quarter or year that it describes, if known.
    pub vintage: Option<String>,
    /// The licence, if known.
    pub licence: Option<String>,
    /// Whether the licence forbids that it is passed on.
    pub withheld: bool,
}

impl Credit {
    /// The credit of an input of a territory file. A layer whose source the file does not say has a title alone: its own name.
    #[must_use]
    pub fn of(source: Option<&Source>, layer: &str) -> Self {
        source.map_or_else(
            || Self {
                title: layer.to_owned(),
                publisher: None,
                vintage: None,
                licence: None,
                withheld: false,
            },
            |source| Self {
                title: source.title.clone(),
                publisher: source.publisher.clone(),
                vintage: source.vintage.clone(),
                licence: source.licence.clone(),
                withheld: source.redistribution == Redistribution::Forbidden,
            },
        )
    }

    /// In one line: title, publisher, vintage, licence.
    #[must_use]
    pub fn told(&self) -> String {
        let parts = [
            Some(self.title.as_str()),
            self.publisher.as_deref(),
            self.vintage.as_deref(),
            Some(self.licence.as_deref().unwrap_or("licence inconnue")),
            self.withheld.then_some("ne pas rediffuser / not to be passed on"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ; ")
    }
}
