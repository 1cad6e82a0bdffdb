//! Addresses of pages: a page's state is all in its address, and addresses leave out what is usual.

use desserte_model::CommuneCode;

use super::lang::Lang;
use super::scale::Indicator;
use crate::figures::Window;
use crate::state::Shared;

/// What links of a page have in common.
#[derive(Clone, Copy)]
pub(super) struct Links<'a> {
    pub(super) shared: &'a Shared,
    pub(super) window: &'a Window,
    pub(super) lang: Lang,
}

impl Links<'_> {
    /// A page over the same period, in the same language.
    pub(super) fn to(self, path: &str, first: &[(&str, &str)]) -> String {
        let mut address = path.to_owned();
        let mut add = |name: &str, value: &str| {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(name);
            address.push('=');
            address.push_str(value);
        };
        first.iter().for_each(|(name, value)| add(name, value));
        if self.window.days != self.shared.config.publication.period_days {
            add("jours", &self.window.days.to_string());
        }
        if self.window.fixed {
            add("au", &self.window.end_text());
        }
        if self.lang == Lang::En {
            add("lang", "en");
        }
        address
    }

    pub(super) fn commune(self, code: CommuneCode) -> String {
        self.to(&format!("/commune/{code}"), &[])
    }

    pub(super) fn departement(self, code: &str, indicator: Indicator) -> String {
        let path = format!("/departement/{code}");
        if indicator == Indicator::default() {
            self.to(&path, &[])
        } else {
            self.to(&path, &[("indicateur", indicator.code())])
        }
    }

    /// The page at a period that stays where it is.
    pub(super) fn permalink(self, path: &str, first: &[(&str, &str)]) -> String {
        let window = Window { fixed: true, ..*self.window };
        let days = window.days.to_string();
        let usual = window.days == self.shared.config.publication.period_days;
        // What is usual may change; the link says it.
        let first = if usual { [first, &[("jours", days.as_str())]].concat() } else { first.to_vec() };
        Links { window: &window, ..self }.to(path, &first)
    }

    /// The same data for programs.
    pub(super) fn data(self, path: &str) -> String {
        Links { lang: Lang::Fr, ..self }.to(&format!("/api/v1{path}"), &[])
    }

    /// The page's own address without its language.
    pub(super) fn without_language(self, path: &str, first: &[(&str, &str)]) -> String {
        Links { lang: Lang::Fr, ..self }.to(path, first)
    }
}

/// Puts what a reader typed into an address.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            byte => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_reader_typed_stays_one_value() {
        assert_eq!(super::escaped("Évaux & Cie"), "%C3%89vaux%20%26%20Cie");
    }
}
