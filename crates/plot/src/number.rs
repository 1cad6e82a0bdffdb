//! Numbers and languages as people read them.

/// A language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// French.
    Fr,
    /// English.
    En,
}

/// Space that no line is broken at, as French puts it between thousands and before units.
pub(crate) const THIN: char = '\u{202f}';

/// The minus sign; a hyphen is too short to be seen.
const MINUS: char = '\u{2212}';

impl Lang {
    /// One of two texts.
    pub(crate) const fn pick<'a>(self, french: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Fr => french,
            Self::En => english,
        }
    }

    /// The code that documents name it by.
    pub(crate) const fn code(self) -> &'static str {
        self.pick("fr", "en")
    }

    /// A number with so many decimals, thousands apart; a rounded zero has no sign.
    pub(crate) fn number(self, value: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut told = String::new();
        if value < 0.0 && text.bytes().any(|octet| (b'1'..=b'9').contains(&octet)) {
            told.push(MINUS);
        }
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                told.push(if self == Self::Fr { THIN } else { ',' });
            }
            told.push(digit);
        }
        if !fraction.is_empty() {
            told.push(if self == Self::Fr { ',' } else { '.' });
            told.push_str(fraction);
        }
        told
    }

    /// A number with about three digits that count.
    pub(crate) fn short(self, value: f64) -> String {
        let decimals = match value.abs() {
            size if !(f64::MIN_POSITIVE..100.0).contains(&size) => 0,
            size if size >= 10.0 => 1,
            size if size >= 1.0 => 2,
            _ => 3,
        };
        self.number(value, decimals)
    }

    /// What stands where nothing is known.
    pub(crate) const fn unknown(self) -> &'static str {
        self.pick("non connu", "not known")
    }

    /// A short number, or the words for none.
    pub(crate) fn maybe(self, value: Option<f64>) -> String {
        value.map_or_else(|| self.unknown().to_owned(), |value| self.short(value))
    }

    /// What stands between a word and what it introduces.
    pub(crate) const fn colon(self) -> &'static str {
        self.pick("\u{a0}: ", ": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_each_language_does() {
        assert_eq!(Lang::Fr.number(1_234_567.891, 2), "1\u{202f}234\u{202f}567,89");
        assert_eq!(Lang::En.number(-1_234.5, 1), "\u{2212}1,234.5");
        assert_eq!(Lang::Fr.number(-0.004, 2), "0,00");
        assert_eq!((Lang::Fr.short(0.0), Lang::Fr.short(0.5)), ("0".to_owned(), "0,500".to_owned()));
        assert_eq!((Lang::En.short(250.4), Lang::En.short(30.25)), ("250".to_owned(), "30.2".to_owned()));
        assert_eq!(Lang::Fr.maybe(None), "non connu");
    }
}
