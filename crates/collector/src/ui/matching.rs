//! Finding communes, intercommunalities and départements by what people type: accents, case and hyphens do not count, small errors are forgiven.

use std::cmp::Reverse;

use desserte_model::CommuneCode;
use desserte_territory::Territory;

use super::text;

/// Characters of a question that are looked at: the longest name of a commune has 45.
pub(super) const QUESTION_CHARS_MAX: usize = 64;

/// Answers given at most: more say nothing to a reader.
pub(super) const FOUND_MAX: usize = 40;

/// Letters of a question for each error forgiven in it.
const LETTERS_PER_ERROR: usize = 4;

/// The zoning in which an import may give the postcodes of each commune, separated by spaces or commas.
const POSTCODES: &str = "code_postal";

/// A place that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Commune(CommuneCode),
    Departement(String),
    /// By its SIREN number.
    Epci(String),
}

/// What a question leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Best first.
    pub(super) places: Vec<Place>,
    /// Whether the first is what was asked for, beyond doubt.
    pub(super) sure: bool,
    /// Whether the question looks like a postcode that nothing here knows.
    pub(super) unknown_postcode: bool,
}

/// Names of a territory as they are compared.
pub(crate) struct Index {
    entries: Vec<Entry>,
    postcodes: Vec<(String, CommuneCode)>,
}

struct Entry {
    key: String,
    place: Place,
    /// Of two names equally near, that of more people comes first.
    people: u32,
}

/// How well a name fits; the smaller the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Same,
    Begins,
    Words,
    Errors(usize),
}

impl Index {
    pub(crate) fn new(territory: &Territory) -> Self {
        let communes = territory.communes().map(|commune| Entry {
            key: key(&commune.name),
            place: Place::Commune(commune.code),
            people: commune.population.unwrap_or(0),
        });
        let departements = territory.departements().iter().map(|departement| Entry {
            key: key(departement.label()),
            place: Place::Departement(departement.code.clone()),
            people: u32::MAX,
        });
        let epcis = territory.epcis().iter().map(|epci| Entry {
            key: key(epci.label()),
            place: Place::Epci(epci.siren.clone()),
            // A commune of nearly the same name is what most people ask for.
            people: 0,
        });
        let has_postcodes = territory.zonings().any(|zoning| zoning == POSTCODES);
        let postcodes = territory.communes().filter(|_| has_postcodes).flat_map(|commune| {
            let codes = territory.zone(POSTCODES, commune.code).unwrap_or_default();
            let codes = codes.split([' ', ',', ';', '|']).filter(|code| !code.is_empty());
            codes.map(|code| (code.to_owned(), commune.code)).collect::<Vec<_>>()
        });
        Self { postcodes: postcodes.collect(), entries: communes.chain(departements).chain(epcis).collect() }
    }

    /// Whether postcodes are known here.
    pub(super) fn has_postcodes(&self) -> bool {
        !self.postcodes.is_empty()
    }

    /// Answers a question: a code, a postcode, or a name.
    pub(super) fn find(&self, territory: &Territory, question: &str) -> Found {
        let question: String = question.trim().chars().take(QUESTION_CHARS_MAX).collect();
        let only = |places: Vec<Place>| Found { sure: places.len() == 1, places, unknown_postcode: false };
        let code = question.to_ascii_uppercase();
        if territory.departement(&code).is_some() {
            return only(vec![Place::Departement(code)]);
        }
        if territory.epci(&code).is_some() {
            return only(vec![Place::Epci(code)]);
        }
        // A name may have five letters, too: what is no code of a commune goes on.
        let coded = code.parse::<CommuneCode>().map_or_else(|_| Vec::new(), |code| of_code(territory, code));
        let is_number = question.len() == 5 && question.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            // One commune's code is often another's postcode: whoever asks is shown both.
            let posted = self.postcodes.iter().filter(|(postcode, _)| *postcode == question);
            let mut posted: Vec<CommuneCode> =
                posted.map(|(_, commune)| *commune).filter(|commune| !coded.contains(commune)).collect();
            posted
                .sort_by_key(|code| Reverse(territory.commune(*code).and_then(|commune| commune.population)));
            // Paris before the commune that had the code 75001 until 1968.
            let (own, former): (Vec<_>, Vec<_>) =
                coded.into_iter().partition(|commune| commune.as_str() == question);
            let places: Vec<Place> =
                own.into_iter().chain(posted).chain(former).map(Place::Commune).collect();
            let unknown_postcode = places.is_empty();
            return Found { unknown_postcode, ..only(places) };
        }
        if !coded.is_empty() {
            return only(coded.into_iter().map(Place::Commune).collect());
        }
        self.by_name(&key(&question))
    }

    fn by_name(&self, wanted: &str) -> Found {
        if wanted.is_empty() {
            return Found { places: Vec::new(), sure: false, unknown_postcode: false };
        }
        let mut fits: Vec<(Fit, &Entry)> =
            self.entries.iter().filter_map(|entry| Some((fit(wanted, &entry.key)?, entry))).collect();
        // Errors are not looked for where a name was spelt right.
        if fits.iter().any(|(fit, _)| *fit < Fit::Errors(0)) {
            fits.retain(|(fit, _)| *fit < Fit::Errors(0));
        }
        fits.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.people.cmp(&a.1.people)).then(a.1.key.cmp(&b.1.key)));
        let same = fits.iter().filter(|(fit, _)| *fit == Fit::Same).count();
        let sure = same == 1;
        let places = fits.into_iter().take(FOUND_MAX).map(|(_, entry)| entry.place.clone()).collect();
        Found { places, sure, unknown_postcode: false }
    }
}

/// The commune of an official code, or those that it was split into or merged with since.
fn of_code(territory: &Territory, code: CommuneCode) -> Vec<CommuneCode> {
    if territory.commune(code).is_some() {
        vec![code]
    } else {
        territory.translate(code, None, None).communes
    }
}

/// A name as it is compared: small letters without accents, words apart, `st` written out.
fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in text::sort_key(name).split(|letter: char| !letter.is_alphanumeric()) {
        let word = match word {
            "" => continue,
            "st" => "saint",
            "ste" => "sainte",
            word => word,
        };
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key
}

fn fit(wanted: &str, name: &str) -> Option<Fit> {
    if wanted == name {
        return Some(Fit::Same);
    }
    if name.starts_with(wanted) {
        return Some(Fit::Begins);
    }
    let begins_a_word = |word: &str| name.split(' ').any(|own| own.starts_with(word));
    if wanted.len() > 1 && wanted.split(' ').all(begins_a_word) {
        return Some(Fit::Words);
    }
    let wanted: Vec<char> = wanted.chars().collect();
    let most = wanted.len() / LETTERS_PER_ERROR;
    if most == 0 {
        return None;
    }
    let name: Vec<char> = name.chars().collect();
    errors(&wanted, &name, most).map(Fit::Errors)
}

/// Letters wrong, missing, too many or two in each other's place, if they are `most` at most.
///
/// # Source
/// Damerau, Communications of the ACM 7, 1964; each letter is touched once (optimal string alignment).
fn errors(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let changed = last[j] + usize::from(letter != other);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        if row.iter().all(|errors| *errors > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|errors| *errors <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn names_are_compared_without_accents_case_and_hyphens() {
        assert_eq!(key("Saint-Étienne-de-Fursac"), "saint etienne de fursac");
        assert_eq!(key("ST  Etienne de Fursac"), "saint etienne de fursac");
        assert_eq!(key("L’Haÿ-les-Roses"), "l hay les roses");
    }

    /// Expected counts: by hand, from the definition.
    #[test]
    fn errors_are_counted_letter_by_letter() {
        let count = |a: &str, b: &str, most| errors(&letters(a), &letters(b), most);
        assert_eq!(count("gueret", "gueret", 1), Some(0));
        assert_eq!(count("geuret", "gueret", 1), Some(1), "two letters in each other's place");
        assert_eq!(count("guret", "gueret", 1), Some(1));
        assert_eq!(count("guerret", "gueret", 1), Some(1));
        assert_eq!(count("aubuson", "gueret", 2), None);
        assert_eq!(count("abcd", "dcba", 4), Some(3), "a changed, b and c in each other's place, d changed");
    }

    #[test]
    fn the_nearest_name_comes_first_and_a_short_question_forgives_nothing() {
        assert_eq!(fit("gueret", "gueret"), Some(Fit::Same));
        assert_eq!(fit("gue", "gueret"), Some(Fit::Begins));
        assert_eq!(fit("fursac", "saint etienne de fursac"), Some(Fit::Words));
        assert_eq!(fit("guerrett", "gueret"), Some(Fit::Errors(2)));
        assert_eq!(fit("gux", "gueret"), None);
        assert!(Fit::Words < Fit::Errors(0) && Fit::Errors(1) < Fit::Errors(2));
    }

    #[test]
    fn a_code_leads_to_its_place_and_a_postcode_that_nobody_knows_says_so() {
        let territory = desserte_territory::synthetic::territory(7);
        let index = Index::new(&territory);
        let first = territory.communes().next().unwrap();
        let found = index.find(&territory, first.code.as_str());
        assert_eq!((found.places, found.sure), (vec![Place::Commune(first.code)], true));
        let found = index.find(&territory, "12345");
        assert!(found.places.is_empty() && found.unknown_postcode);
        let found = index.find(&territory, &first.name.to_uppercase());
        assert_eq!(found.places.first(), Some(&Place::Commune(first.code)));
        assert!(index.find(&territory, "  ").places.is_empty());
        assert!(index.find(&territory, &"é".repeat(5_000)).places.is_empty());
    }

    /// The made-up territory with postcodes: of its first three communes, of which the third has two, one of them the first one's own code.
    fn with_postcodes() -> Territory {
        let mut contents = desserte_territory::synthetic::territory(7).contents();
        let codes: Vec<CommuneCode> = contents.communes.iter().map(|row| row.commune.code).collect();
        let values = ["01234".to_owned(), "01234".to_owned(), format!("01235 {}", codes[0])];
        contents.zonings.push(desserte_territory::Zoning {
            name: POSTCODES.to_owned(),
            title: None,
            vintage: None,
            source: None,
            values: codes.into_iter().zip(values).collect(),
        });
        Territory::new(&contents).unwrap()
    }

    #[test]
    fn a_postcode_leads_to_its_communes_and_one_that_is_also_a_code_to_both() {
        let territory = with_postcodes();
        let index = Index::new(&territory);
        let codes: Vec<CommuneCode> = territory.communes().take(3).map(|commune| commune.code).collect();
        let found = |question: &str| {
            let found = index.find(&territory, question);
            (found.places, found.sure)
        };
        assert_eq!(found("01235"), (vec![Place::Commune(codes[2])], true));
        let (several, sure) = found("01234");
        assert_eq!((several.len(), sure), (2, false));
        assert!(several.contains(&Place::Commune(codes[0])) && several.contains(&Place::Commune(codes[1])));
        assert_eq!(
            found(codes[0].as_str()),
            (vec![Place::Commune(codes[0]), Place::Commune(codes[2])], false)
        );
        assert!(index.find(&territory, "01236").unknown_postcode);
    }
}
