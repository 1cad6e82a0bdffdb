//! What can be asked for: a commune and a whole month.

use desserte_indicators::Month;
use desserte_model::CommuneCode;

/// A dossier that was asked for. The same commune, month and language are the same dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) commune: CommuneCode,
    pub(crate) month: Month,
    pub(crate) english: bool,
}

impl Asked {
    pub(crate) const fn lang(self) -> &'static str {
        if self.english { "en" } else { "fr" }
    }

    /// Name of its directory.
    pub(super) fn name(self) -> String {
        format!("{}-{}-{}", self.commune, self.month, self.lang())
    }
}
