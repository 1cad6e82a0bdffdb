//! The code of an invitation: what a person types, and the key that grows from it.
//!
//! A code is eleven symbols of chance (55 bits) and one of check, in three groups of four. The collector keeps the public
//! half of the key that grows from it and nothing else: who reads the store can neither find the code nor use the
//! invitation, and the code never travels. Why 55 bits are enough is reckoned in docs/spec/enrolment.md.

use std::fmt;
use std::num::NonZeroU32;

use ring::pbkdf2;

use crate::ProbeKey;

/// Letters and digits that nobody takes for one another: no I, O, 0 or 1.
const SYMBOLS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Symbols of chance.
const CHANCE: usize = 11;

/// Symbols between two dashes.
const GROUP: usize = 4;

/// Rounds of PBKDF2: below a second on the slowest probe, and 10^5 times the work for whoever tries codes against a
/// stolen store.
const ROUNDS: NonZeroU32 = NonZeroU32::new(100_000).expect("it is not zero");

/// Keeps these keys apart from any other use of the same text.
const SALT: &[u8] = b"desserte-invitation/1";

/// Where the address of an invitation leads, for whoever follows it with a telephone.
const PAGE: &str = "/enroler";

/// A one-time code. Only [`Self::to_text`] shows it: `Debug` does not, so that no log can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InvitationCode([u8; CHANCE]);

/// Why a text is no invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedInvitation {
    /// Too few or too many symbols.
    #[error("a code has 12 letters and digits, such as ABCD-EFGH-JK23; this one has {0}")]
    Length(usize),
    /// A character that no code has.
    #[error("{0:?} stands in no code: a code has letters and the digits 2 to 9, without I and O")]
    Symbol(char),
    /// The last symbol does not go with the others.
    #[error("the code has a typing error: compare it with the sheet, symbol by symbol")]
    Check,
    /// The address does not begin as one of a collector does.
    #[error("the address of an invitation begins with https:// or http:// and ends with # and the code")]
    Address,
}

impl InvitationCode {
    /// The code that grows from random octets, of which 55 bits are used.
    #[must_use]
    pub fn from_octets(octets: [u8; 7]) -> Self {
        let bits = octets.iter().fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
        let mut symbols = [0; CHANCE];
        for (place, symbol) in symbols.iter_mut().enumerate() {
            // Five bits: below the number of symbols.
            *symbol = u8::try_from(bits >> (5 * place) & 31).unwrap_or_default();
        }
        Self(symbols)
    }

    /// Reads what a person typed: case, spaces and dashes do not matter.
    ///
    /// # Errors
    /// When it has another length, a character that no code has, or a typing error.
    pub fn parse(text: &str) -> Result<Self, MalformedInvitation> {
        let mut found = Vec::with_capacity(CHANCE + 1);
        for character in
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '\u{2011}'))
        {
            let upper = character.to_ascii_uppercase();
            let place = SYMBOLS.iter().position(|symbol| char::from(*symbol) == upper);
            let place = place.ok_or(MalformedInvitation::Symbol(character))?;
            if found.len() > CHANCE {
                return Err(MalformedInvitation::Length(
                    text.chars().filter(char::is_ascii_alphanumeric).count(),
                ));
            }
            found.push(u8::try_from(place).unwrap_or_default());
        }
        let Some((check, symbols)) = found.split_last() else { return Err(MalformedInvitation::Length(0)) };
        let symbols = symbols.try_into().map_err(|_| MalformedInvitation::Length(found.len()))?;
        if *check == check_symbol(&symbols) { Ok(Self(symbols)) } else { Err(MalformedInvitation::Check) }
    }

    /// The code as it is printed: it is a secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(CHANCE + 3);
        for (place, symbol) in self.0.iter().copied().chain([check_symbol(&self.0)]).enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(SYMBOLS[usize::from(symbol) % SYMBOLS.len()]));
        }
        text
    }

    /// The key pair that grows from it. Takes a tenth of a second or more, on purpose.
    ///
    /// # Source
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2).
    #[must_use]
    pub fn key(&self) -> ProbeKey {
        let mut seed = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, SALT, self.to_text().as_bytes(), &mut seed);
        ProbeKey::from_seed(seed)
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(…)")
    }
}

/// The symbol that goes with the others: it finds every wrong symbol, and nearly every two that were exchanged.
///
/// # Source
/// Luhn's formula modulo the number of symbols (ISO/IEC 7812-1, annex B, for any even base).
fn check_symbol(symbols: &[u8; CHANCE]) -> u8 {
    let sum: u8 = symbols
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &symbol)| {
            let weighted = if place % 2 == 0 { 2 * symbol } else { symbol };
            weighted / 32 + weighted % 32
        })
        .fold(0, |sum, part| (sum + part) % 32);
    (32 - sum) % 32
}

/// A code with the collector that it is for, as one address. The code stands behind `#`: whoever follows the address
/// sends it to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationLink {
    /// The collector's address, without a stroke at its end; absent when the code came alone.
    pub collector: Option<String>,
    /// The code.
    pub code: InvitationCode,
}

impl InvitationLink {
    /// Reads an address, or a code alone.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, MalformedInvitation> {
        let text = text.trim();
        let Some((address, code)) = text.split_once('#') else {
            if text.contains("://") {
                return Err(MalformedInvitation::Address);
            }
            return Ok(Self { collector: None, code: InvitationCode::parse(text)? });
        };
        let known = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        if known.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '@', ' ', '"'])) {
            return Err(MalformedInvitation::Address);
        }
        let collector = address.strip_suffix(PAGE).unwrap_or(address).trim_end_matches('/').to_owned();
        Ok(Self { collector: Some(collector), code: InvitationCode::parse(code)? })
    }

    /// The address to print: it holds the secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.collector {
            Some(collector) => format!("{}{PAGE}#{}", collector.trim_end_matches('/'), self.code.to_text()),
            None => self.code.to_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> InvitationCode {
        InvitationCode::from_octets([0xa5, 1, 2, 3, 0xf0, 9, 77])
    }

    #[test]
    fn a_code_survives_how_people_write_it() {
        let text = code().to_text();
        assert_eq!(text.len(), 14);
        for written in [
            text.clone(),
            text.to_lowercase(),
            text.replace('-', " "),
            format!(" {}\n", text.replace('-', "")),
        ] {
            assert_eq!(InvitationCode::parse(&written), Ok(code()), "{written}");
        }
    }

    #[test]
    fn every_wrong_symbol_is_found_before_it_is_tried() {
        let text: Vec<char> = code().to_text().chars().collect();
        let (mut tried, mut swapped) = (0, 0);
        for place in (0..text.len()).filter(|&place| text[place] != '-') {
            for symbol in
                SYMBOLS.iter().map(|&symbol| char::from(symbol)).filter(|&symbol| symbol != text[place])
            {
                let mut wrong = text.clone();
                wrong[place] = symbol;
                let wrong: String = wrong.into_iter().collect();
                assert_eq!(InvitationCode::parse(&wrong), Err(MalformedInvitation::Check), "{wrong}");
                tried += 1;
            }
            let mut wrong = text.clone();
            let next = place + 1;
            if next < text.len() && text[next] != '-' && text[next] != text[place] {
                wrong.swap(place, next);
                let wrong: String = wrong.into_iter().collect();
                swapped += usize::from(InvitationCode::parse(&wrong).is_err());
            }
        }
        assert_eq!(tried, 12 * 31);
        assert!(swapped >= 8, "{swapped}");
    }

    #[test]
    fn what_is_no_code_is_told_apart() {
        let of = InvitationCode::parse;
        assert_eq!(of(""), Err(MalformedInvitation::Length(0)));
        assert_eq!(of("ABCD"), Err(MalformedInvitation::Length(4)));
        assert_eq!(of(&format!("{}A", code().to_text())), Err(MalformedInvitation::Length(13)));
        assert_eq!(of("ABCD-EFGH-JKL0"), Err(MalformedInvitation::Symbol('0')));
        assert_eq!(of("ABCD-ÉFGH-JKLM"), Err(MalformedInvitation::Symbol('É')));
    }

    #[test]
    fn an_address_carries_the_collector_and_the_code_behind_the_number_sign() {
        let link = InvitationLink { collector: Some("https://c.example/x".to_owned()), code: code() };
        let text = link.to_text();
        assert!(text.starts_with("https://c.example/x/enroler#"), "{text}");
        assert_eq!(InvitationLink::parse(&text), Ok(link.clone()));
        assert_eq!(InvitationLink::parse(&format!("https://c.example/x/#{}", code().to_text())), Ok(link));
        assert_eq!(InvitationLink::parse(&code().to_text()).unwrap().collector, None);
        for wrong in
            ["ftp://c.example/enroler#", "https://#", "https://c.example/enroler", "https://u@c.example#A"]
        {
            let text =
                format!("{wrong}{}", if wrong.contains('#') { code().to_text() } else { String::new() });
            assert_eq!(InvitationLink::parse(&text), Err(MalformedInvitation::Address), "{text}");
        }
    }

    #[test]
    fn the_key_is_the_same_each_time_another_for_each_code_and_shows_nothing() {
        assert_eq!(code().key().public(), code().key().public());
        assert_ne!(InvitationCode::from_octets([0; 7]).key().public(), code().key().public());
        assert_eq!(format!("{:?}", code()), "InvitationCode(…)");
    }

    #[test]
    fn keys_of_codes_never_change() {
        // From Python: hashlib.pbkdf2_hmac("sha256", b"AAAA-AAAA-AAAA", b"desserte-invitation/1", 100_000), the seed of an
        // Ed25519 key of the package `cryptography`.
        let zero = InvitationCode::from_octets([0; 7]);
        assert_eq!(zero.to_text(), "AAAA-AAAA-AAAA");
        assert_eq!(zero.key().public().to_string(), "ZDahKoR0fco635KQtXQ4k+3OIRqTGbLsVyl6qgTtzoY=");
    }
}
