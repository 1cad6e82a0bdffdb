//! The code by which a contributor, and nobody else, can erase.

use std::fmt;
use std::str::FromStr;

use desserte_store::Contributor;
use sha2::{Digest as _, Sha256};

/// Octets of a code: 128 bits cannot be guessed.
const OCTETS: usize = 16;

/// Characters between two hyphens.
const GROUP: usize = 4;

/// Characters read of what was typed: a code with its hyphens takes 39.
const TYPED_CHARS_MAX: usize = 64;

/// A contributor's code, written as eight groups of four hexadecimal digits. The collector keeps its SHA-256 alone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code([u8; OCTETS]);

/// What was typed is no code.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has eight groups of four digits or letters from a to f")]
pub(crate) struct NoCode;

impl Code {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut octets = [0; OCTETS];
        getrandom::fill(&mut octets)?;
        Ok(Self(octets))
    }

    /// What is kept of it.
    pub(crate) fn contributor(&self) -> Contributor {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pair) in self.0.chunks(GROUP / 2).enumerate() {
            let hyphen = if at == 0 { "" } else { "-" };
            write!(f, "{hyphen}{:02x}{:02x}", pair[0], pair[1])?;
        }
        Ok(())
    }
}

/// Codes are secrets.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl FromStr for Code {
    type Err = NoCode;

    fn from_str(typed: &str) -> Result<Self, NoCode> {
        if typed.chars().count() > TYPED_CHARS_MAX {
            return Err(NoCode);
        }
        let mut digits = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_digit(16));
        let mut octets = [0; OCTETS];
        for octet in &mut octets {
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
                return Err(NoCode);
            };
            *octet = u8::try_from(high * 16 + low).map_err(|_| NoCode)?;
        }
        if digits.next().is_some() { Err(NoCode) } else { Ok(Self(octets)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_written_and_as_typed() {
        let code = Code::new().unwrap();
        let text = code.to_string();
        assert_eq!(text.len(), 39);
        assert!(text.parse::<Code>() == Ok(code.clone()));
        let typed = format!("  {} ", text.to_uppercase().replace('-', " "));
        assert!(typed.parse::<Code>() == Ok(code.clone()));
        assert_ne!(code.contributor(), Code::new().unwrap().contributor());
        assert!(!format!("{code:?}").contains(&text[..4]));
    }

    #[test]
    fn anything_else_is_no_code() {
        let text = Code([7; OCTETS]).to_string();
        for wrong in ["", "é", &text[1..], &format!("{text}0"), &text.replace('7', "g"), &"0 ".repeat(5_000)]
        {
            assert!(wrong.parse::<Code>().is_err(), "{wrong}");
        }
    }
}
