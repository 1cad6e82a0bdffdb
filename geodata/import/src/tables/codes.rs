//! Commune and département codes as files write them.

use std::ops::RangeInclusive;

use desserte_model::CommuneCode;

/// What a text says of a commune code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CodeReading {
    /// Five characters, as they should be.
    Sound(CommuneCode),
    /// Restored with certainty: a spreadsheet had eaten the leading zero, or turned the number into a decimal one.
    Restored(CommuneCode),
    /// Nothing that can be a code.
    Unreadable,
}

impl CodeReading {
    pub(crate) fn code(&self) -> Option<CommuneCode> {
        match self {
            Self::Sound(code) | Self::Restored(code) => Some(*code),
            Self::Unreadable => None,
        }
    }
}

/// Reads a commune code.
///
/// Four digits can only be a code of départements 01 to 09 that lost its zero, since every code has five characters.
/// Fewer digits could come from more than one code and are not guessed.
pub(crate) fn read_code(text: &str) -> CodeReading {
    let text = text.trim();
    if let Ok(code) = text.parse() {
        return CodeReading::Sound(code);
    }
    let whole = text.strip_suffix(".0").unwrap_or(text);
    let restored = if whole.len() == 4 && whole.bytes().all(|b| b.is_ascii_digit()) && !whole.starts_with('0')
    {
        format!("0{whole}")
    } else {
        whole.to_ascii_uppercase()
    };
    restored.parse().map_or(CodeReading::Unreadable, CodeReading::Restored)
}

/// Reads a département's code, restoring a lost zero: `1` is `01`; `2a` is `2A`.
pub(crate) fn read_departement(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        1 if digits => Some(format!("0{text}")),
        2 if digits || text == "2A" || text == "2B" => Some(text),
        3 if digits && (text.starts_with("97") || text.starts_with("98")) => Some(text),
        _ => None,
    }
}

/// A commune that has municipal arrondissements.
struct City {
    /// Its own code.
    code: &'static str,
    name: &'static str,
    /// The codes of its arrondissements (COG, TYPECOM `ARM`).
    arrondissements: RangeInclusive<u32>,
}

const CITIES: [City; 3] = [
    City { code: "75056", name: "Paris", arrondissements: 75_101..=75_120 },
    City { code: "69123", name: "Lyon", arrondissements: 69_381..=69_389 },
    City { code: "13055", name: "Marseille", arrondissements: 13_201..=13_216 },
];

/// The commune of a municipal arrondissement of Paris, Lyon or Marseille; `None` for the code of a commune.
pub(crate) fn parent_of_arrondissement(code: CommuneCode) -> Option<CommuneCode> {
    let number: u32 = code.as_str().parse().ok()?;
    CITIES.iter().find(|city| city.arrondissements.contains(&number)).and_then(|city| city.code.parse().ok())
}

/// The name of a commune that has arrondissements, and how many it has.
pub(crate) fn city_of_arrondissements(code: CommuneCode) -> Option<(&'static str, usize)> {
    let city = CITIES.iter().find(|city| city.code == code.as_str())?;
    Some((city.name, city.arrondissements.clone().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_zero_comes_back_only_where_it_is_certain() {
        let restored = |text: &str| CodeReading::Restored(text.parse().unwrap());
        assert_eq!(read_code("01004"), CodeReading::Sound("01004".parse().unwrap()));
        assert_eq!(read_code("1004"), restored("01004"));
        assert_eq!(read_code("1004.0"), restored("01004"));
        assert_eq!(read_code("23096.0"), restored("23096"));
        assert_eq!(read_code("2a004"), restored("2A004"));
        for unclear in ["", "104", "0104", "A1004", "ZZZZZ", "231000"] {
            assert_eq!(read_code(unclear), CodeReading::Unreadable, "{unclear}");
        }
    }

    #[test]
    fn departements_have_two_or_three_characters() {
        let cases = [
            ("1", Some("01")),
            ("23", Some("23")),
            ("2a", Some("2A")),
            ("974", Some("974")),
            ("123", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_departement(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn arrondissements_know_their_commune() {
        for (code, parent) in [
            ("75101", Some("75056")),
            ("75120", Some("75056")),
            ("69389", Some("69123")),
            ("13216", Some("13055")),
            ("75056", None),
            ("13201", Some("13055")),
            ("2A004", None),
            ("69390", None),
        ] {
            let found = parent_of_arrondissement(code.parse().unwrap());
            assert_eq!(found.map(|code| code.as_str().to_owned()).as_deref(), parent, "{code}");
        }
    }
}
