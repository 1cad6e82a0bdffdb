//! The two languages of the pages.

use http::Uri;
use serde::Deserialize;

/// Language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    /// The language that an address asks for, readable or not.
    pub(super) fn of(uri: &Uri) -> Self {
        let english = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "lang=en"));
        if english { Self::En } else { Self::Fr }
    }

    /// The text of this language out of the two.
    pub(super) const fn t<'a>(self, french: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Fr => french,
            Self::En => english,
        }
    }

    pub(super) const fn code(self) -> &'static str {
        self.t("fr", "en")
    }

    /// What an address needs to stay in this language, as its only parameter.
    pub(super) const fn query(self) -> &'static str {
        self.t("", "?lang=en")
    }
}
