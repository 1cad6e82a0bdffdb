//! Cells as publishers write them, each to what it means.

use crate::tables::folded;

/// What a cell says of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// A value.
    Value(String),
    /// A value that a spreadsheet had damaged, restored with certainty.
    Restored(String),
    /// Some of several values that a commune may have, with a space between them: its rows add up.
    Several(String),
    /// Nothing: the zone of this commune stays unknown.
    Absent,
    /// Text that cannot be a value here.
    Unreadable,
}

impl Zone {
    fn value(text: impl Into<String>) -> Self {
        Self::Value(text.into())
    }
}

/// A reading of the cells of one row, in the order in which the layout lists their columns.
pub(super) type Reading = fn(&[Option<&str>]) -> Zone;

fn first<'a>(cells: &[Option<&'a str>]) -> Option<&'a str> {
    cells.first().copied().flatten()
}

/// The text as it stands.
pub(super) fn as_it_stands(cells: &[Option<&str>]) -> Zone {
    first(cells).map_or(Zone::Absent, Zone::value)
}

/// A code of so many digits at least, zeros that a spreadsheet ate put back. Codes of overseas zones may be longer or
/// hold letters and stay as they are.
fn digits(cells: &[Option<&str>], width: usize) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if whole.len() < width && whole.bytes().all(|b| b.is_ascii_digit()) {
        Zone::Restored(format!("{whole:0>width$}"))
    } else {
        Zone::value(whole)
    }
}

/// Postcodes of five digits, however they are separated; a zero that a spreadsheet ate is put back.
pub(super) fn postcodes(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let codes: Vec<String> = words.map(|word| format!("{word:0>5}")).collect();
    let right = |code: &String| code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit());
    match codes.as_slice() {
        [] => Zone::Absent,
        codes if codes.iter().all(right) => Zone::Several(codes.join(" ")),
        _ => Zone::Unreadable,
    }
}

/// A code of two digits (category of a commune in an attraction area).
pub(super) fn two_digits(cells: &[Option<&str>]) -> Zone {
    digits(cells, 2)
}

/// A code of three digits (attraction area).
pub(super) fn three_digits(cells: &[Option<&str>]) -> Zone {
    digits(cells, 3)
}

/// A code of four digits (canton-ville, employment zone).
pub(super) fn four_digits(cells: &[Option<&str>]) -> Zone {
    digits(cells, 4)
}

/// A code of five digits (urban unit, living basin).
pub(super) fn five_digits(cells: &[Option<&str>]) -> Zone {
    digits(cells, 5)
}

/// A level of the density grid, at most `highest`.
fn level(cells: &[Option<&str>], highest: u8) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let whole = text.strip_suffix(".0").unwrap_or(text);
    match whole.parse::<u8>() {
        Ok(level) if (1..=highest).contains(&level) => Zone::value(whole),
        _ => Zone::Unreadable,
    }
}

/// A level of the density grid with three levels.
pub(super) fn level_of_3(cells: &[Option<&str>]) -> Zone {
    level(cells, 3)
}

/// A level of the density grid with seven levels.
pub(super) fn level_of_7(cells: &[Option<&str>]) -> Zone {
    level(cells, 7)
}

/// The status in the rural revitalisation zones, official table: `C - Classée en ZRR`, `P - … partiellement …`, `NC - …`,
/// with or without the dash.
pub(super) fn zrr(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    match text.split(|letter: char| !letter.is_ascii_alphabetic()).next() {
        Some("C") => Zone::value("classee"),
        Some("P") => Zone::value("partielle"),
        Some("NC") => Zone::value("non-classee"),
        _ => Zone::Unreadable,
    }
}

/// The status in the list of August 2019, whose label "Partiellement classée" stands at ordinary classified communes
/// (geodata/sources/zrr-2019.toml); the two labels of communes that left the zones are right.
pub(super) fn zrr_2019(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let label = folded(text);
    if label.starts_with("sortante") {
        Zone::value(if label.contains("montagne") { "sortante-montagne" } else { "sortante" })
    } else if label.contains("classee") {
        Zone::value("classee")
    } else {
        Zone::Unreadable
    }
}

/// The status in France ruralités revitalisation: `socle`, `plus`, `partielle`, `beneficiaire` (left the older zones and
/// keeps the effects), `beneficiaire-partielle`, `non-classee`, or `classee` where the table only says that much.
pub(super) fn frr(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let label = folded(text);
    let says = |word: &str| label.contains(word);
    if says("beneficiaire") {
        Zone::value(if says("partiel") { "beneficiaire-partielle" } else { "beneficiaire" })
    } else if says("non") || label == "nc" {
        Zone::value("non-classee")
    } else if says("partiel") || label == "p" {
        Zone::value("partielle")
    } else if says("plus") || says("+") {
        Zone::value("plus")
    } else if says("socle") {
        Zone::value("socle")
    } else if says("class") || says("frr") || matches!(label.as_str(), "1" | "oui" | "c") {
        Zone::value("classee")
    } else {
        Zone::Unreadable
    }
}

/// The tension of housing: `Zone A bis`, `Zone Abis` and `A bis` are the same.
pub(super) fn abc(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let letters: String = folded(text).chars().filter(|letter| !letter.is_whitespace()).collect();
    match letters.strip_prefix("zone").unwrap_or(&letters) {
        "abis" => Zone::value("A bis"),
        "a" => Zone::value("A"),
        "b1" => Zone::value("B1"),
        "b2" => Zone::value("B2"),
        "c" => Zone::value("C"),
        _ => Zone::Unreadable,
    }
}

/// A column of `1` and `-`, where the dash says that the commune is not among those listed.
pub(super) fn one_or_dash(cells: &[Option<&str>]) -> Zone {
    match first(cells) {
        None => Zone::Absent,
        Some("1") => Zone::value("oui"),
        Some("-" | "0") => Zone::value("non"),
        Some(_) => Zone::Unreadable,
    }
}

/// The zone of fibre roll-out in the observatory of 2018, from three columns: very dense (1 or -), operators with a
/// commitment under article L. 33-13, other private intention (1 or -).
///
/// The file does not tell an AMII commitment from an AMEL one, both of which come under L. 33-13.
pub(super) fn ftth_zone_2018(cells: &[Option<&str>]) -> Zone {
    let [very_dense, commitment, intention] = cells else { return Zone::Unreadable };
    let given = |cell: &Option<&str>| cell.is_some_and(|text| text != "-");
    if very_dense.is_none() || commitment.is_none() || intention.is_none() {
        return Zone::Absent;
    }
    Zone::value(match (given(very_dense), given(commitment), given(intention)) {
        (true, ..) => "ZTD",
        (_, true, _) => "L33-13",
        (.., true) => "intention-privee",
        _ => "sans-engagement-prive",
    })
}

/// The operators that committed themselves, such as `FRTE` or `FRTE-SFR0`; nothing for a dash.
pub(super) fn operator_or_dash(cells: &[Option<&str>]) -> Zone {
    match first(cells) {
        None | Some("-") => Zone::Absent,
        Some(text) => Zone::value(text),
    }
}

/// The class of coverage: the lower bound of its percentages (0, 5, 10, 25, 50, 80).
pub(super) fn coverage_class(cells: &[Option<&str>]) -> Zone {
    match first(cells) {
        None => Zone::Absent,
        Some(text) if ["0", "5", "10", "25", "50", "80"].contains(&text) => Zone::value(text),
        Some(_) => Zone::Unreadable,
    }
}

/// Arcep's zone of a commune: `zipu` (public initiative), `zipri` (private initiative), `ZTD`, `AMII`, `AMEL`, `RIP`.
pub(super) fn arcep_zone(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let zone = text.to_ascii_uppercase();
    if ["ZIPU", "ZIPRI", "ZTD", "AMII", "AMEL", "RIP"].contains(&zone.as_str()) {
        Zone::Value(zone)
    } else {
        Zone::Unreadable
    }
}

/// What becomes of the copper network: `ferme`, `prevu`, `non-prevu`, from a letter (f, p, n) or free text.
pub(super) fn copper_status(cells: &[Option<&str>]) -> Zone {
    let Some(text) = first(cells) else { return Zone::Absent };
    let label = folded(text);
    if label == "f" || label.contains("deja") || label.starts_with("ferme") {
        Zone::value("ferme")
    } else if label == "n" || label.contains("pas encore") || label.contains("non prevu") {
        Zone::value("non-prevu")
    } else if label == "p" || label.contains("prevu") || day(&label).is_some() {
        Zone::value("prevu")
    } else {
        Zone::Unreadable
    }
}

/// A day, written as `2027-01-31`.
pub(super) fn date(cells: &[Option<&str>]) -> Zone {
    match first(cells) {
        None => Zone::Absent,
        Some(text) => day(&folded(text)).map_or(Zone::Unreadable, Zone::Value),
    }
}

/// The day that a text names; `None` if it names none.
pub(crate) fn day_in(text: &str) -> Option<String> {
    day(&folded(text))
}

/// The months in small letters without accents.
const MONTHS: [&str; 12] = [
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
];

/// `2027-01-31`, `31/01/2027` or `31 janvier 2027` within a text, as the first of these.
pub(super) fn day(folded: &str) -> Option<String> {
    let words: Vec<&str> = folded
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(3).find_map(|three| {
        let number = |word: &str| word.trim_end_matches("er").parse::<u16>().ok();
        let month = |word: &str| {
            let named = (1..).zip(MONTHS).find(|(_, name)| *name == word).map(|(number, _)| number);
            named.or_else(|| number(word))
        };
        let (year, month, day) = match three {
            [year, month_word, day] if year.len() == 4 => (number(year)?, month(month_word)?, number(day)?),
            [day, month_word, year] if year.len() == 4 => (number(year)?, month(month_word)?, number(day)?),
            _ => return None,
        };
        let sound = (1900..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        sound.then(|| format!("{year:04}-{month:02}-{day:02}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reading: Reading, cases: &[(&str, Zone)]) {
        for (text, expected) in cases {
            assert_eq!(&reading(&[Some(*text)]), expected, "{text}");
        }
        assert_eq!(reading(&[None]), Zone::Absent);
    }

    fn value(text: &str) -> Zone {
        Zone::Value(text.to_owned())
    }

    #[test]
    fn postcodes_are_read_whatever_is_between_them() {
        let several = |text: &str| Zone::Several(text.to_owned());
        check(
            postcodes,
            &[
                ("23000", several("23000")),
                ("1400", several("01400")),
                ("20000|20090|20167", several("20000 20090 20167")),
                ("75001, 75002 ; 75116", several("75001 75002 75116")),
                ("néant", Zone::Unreadable),
                (" ", Zone::Absent),
            ],
        );
    }

    #[test]
    fn codes_of_zones_get_their_zeros_back() {
        check(
            four_digits,
            &[
                ("51", Zone::Restored("0051".into())),
                ("8405", value("8405")),
                ("8405.0", value("8405")),
                ("97101", value("97101")),
            ],
        );
        check(three_digits, &[("2", Zone::Restored("002".into())), ("9A1", value("9A1"))]);
        check(level_of_3, &[("3", value("3")), ("3.0", value("3")), ("4", Zone::Unreadable)]);
    }

    #[test]
    fn labels_of_rural_zones_are_read_in_all_their_spellings() {
        check(
            zrr,
            &[
                ("C - Classée en ZRR", value("classee")),
                ("P  Commune partiellement classée en ZRR", value("partielle")),
                ("NC - Commune non classée", value("non-classee")),
                ("?", Zone::Unreadable),
            ],
        );
        check(
            zrr_2019,
            &[
                ("Partiellement classée", value("classee")),
                ("Sortante en 2017 continuant de bénéficier", value("sortante")),
                ("Sortante en 2017 classée en zone de montagne", value("sortante-montagne")),
            ],
        );
        check(
            frr,
            &[
                ("FRR socle", value("socle")),
                ("FRR +", value("plus")),
                ("FRR+", value("plus")),
                ("Zone FRR plus", value("plus")),
                ("Commune partiellement classée", value("partielle")),
                ("Bénéficiaire", value("beneficiaire")),
                ("Bénéficiaire (partiel)", value("beneficiaire-partielle")),
                ("Non classée", value("non-classee")),
                ("Classée", value("classee")),
                ("?", Zone::Unreadable),
            ],
        );
    }

    #[test]
    fn housing_tension_and_arcep_zones_have_one_spelling() {
        check(
            abc,
            &[
                ("Zone Abis", value("A bis")),
                ("A bis", value("A bis")),
                ("b2", value("B2")),
                ("D", Zone::Unreadable),
            ],
        );
        check(arcep_zone, &[("zipu", value("ZIPU")), ("Zipri", value("ZIPRI")), ("?", Zone::Unreadable)]);
        let zone = |cells: [&str; 3]| ftth_zone_2018(&cells.map(Some));
        assert_eq!(zone(["1", "-", "-"]), value("ZTD"));
        assert_eq!(zone(["-", "FRTE", "-"]), value("L33-13"));
        assert_eq!(zone(["-", "-", "1"]), value("intention-privee"));
        assert_eq!(zone(["-", "-", "-"]), value("sans-engagement-prive"));
        assert_eq!(ftth_zone_2018(&[None, Some("-"), Some("-")]), Zone::Absent, "not said is not no");
    }

    #[test]
    fn copper_closure_is_read_from_letters_dates_and_free_text() {
        check(
            copper_status,
            &[
                ("f", value("ferme")),
                ("déjà fermé", value("ferme")),
                ("Le réseau fermera le 31 janvier 2027", value("prevu")),
                ("pas encore prévu", value("non-prevu")),
                ("n", value("non-prevu")),
                ("xyz", Zone::Unreadable),
            ],
        );
        check(
            date,
            &[
                ("2029-01-31", value("2029-01-31")),
                ("31/01/2027", value("2027-01-31")),
                ("31 janvier 2027", value("2027-01-31")),
                ("1er août 2028", value("2028-08-01")),
                ("2027", Zone::Unreadable),
                ("31/13/2027", Zone::Unreadable),
            ],
        );
    }
}
