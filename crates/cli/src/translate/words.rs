//! Answers in words.

use desserte_model::CommuneCode;
use desserte_territory::{Day, PartKind, Reading, Relation, Territory, Translation};

use crate::arguments::Lang;

/// The word of a relation in tables and JSON.
pub(super) const fn status(relation: Relation) -> &'static str {
    match relation {
        Relation::Same => "same",
        Relation::Renumbered => "renumbered",
        Relation::Within => "within",
        Relation::Ambiguous => "ambiguous",
        Relation::Gone(_) => "gone",
        Relation::NotYet(_) => "not_yet",
        Relation::Unknown => "unknown",
    }
}

/// The word of a reading in JSON.
pub(super) const fn reading(reading: Reading) -> &'static str {
    match reading {
        Reading::Commune => "commune",
        Reading::GivenUp(_) => "given_up",
        Reading::Part(PartKind::Delegated, _) => "delegated",
        Reading::Part(PartKind::Associated, _) => "associated",
        Reading::Part(PartKind::Arrondissement, _) => "arrondissement",
        Reading::Passed(_) => "passed",
        Reading::NotBefore(_) => "not_before",
        Reading::Unknown => "unknown",
    }
}

/// What is said of invented data.
pub(super) const fn made_up(lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => "TERRITOIRE FICTIF : données inventées",
        Lang::En => "MADE-UP TERRITORY: invented data",
    }
}

/// The answer in a line, and a line for each change on the way.
pub(super) fn sentences(territory: &Territory, found: &Translation, lang: Lang) -> Vec<String> {
    let names = |day| Names { territory, day };
    let (before, after) = (names(found.from), names(found.to));
    let asked = match found.reading {
        // The name of a part is in the list of parts, that of the day may be another commune's.
        Reading::Part(..) => part_named(territory, found.code),
        _ => before.of(found.code),
    };
    let read = match lang {
        Lang::Fr => read_fr(found.reading, &before),
        Lang::En => read_en(found.reading, &before),
    };
    let answer = match lang {
        Lang::Fr => answer_fr(found, &after),
        Lang::En => answer_en(found, &after),
    };
    let colon = if lang == Lang::Fr { " : " } else { ": " };
    let mut lines = vec![format!("{asked}, {}{read}{colon}{answer}", found.from)];
    for step in &found.steps {
        let (from, to) = (names(step.effective.previous()).of(step.from), names(step.effective).of(step.to));
        lines.push(format!("  {} {from} → {to}", step.effective));
    }
    lines
}

/// Codes with the names of a day.
struct Names<'a> {
    territory: &'a Territory,
    day: Day,
}

impl Names<'_> {
    fn of(&self, code: CommuneCode) -> String {
        self.territory
            .name_on(code, self.day)
            .map_or_else(|| code.to_string(), |name| format!("{code} {name}"))
    }

    fn all(&self, codes: &[CommuneCode]) -> String {
        codes.iter().map(|code| self.of(*code)).collect::<Vec<_>>().join(", ")
    }
}

fn part_named(territory: &Territory, code: CommuneCode) -> String {
    territory.history().part(code).map_or_else(|| code.to_string(), |part| format!("{code} {}", part.name))
}

fn read_fr(reading: Reading, names: &Names<'_>) -> String {
    match reading {
        Reading::Commune | Reading::Unknown => String::new(),
        Reading::GivenUp(day) => format!(" (code abandonné le {day})"),
        Reading::Part(PartKind::Delegated, commune) => {
            format!(" (commune déléguée de {})", names.of(commune))
        }
        Reading::Part(PartKind::Associated, commune) => {
            format!(" (commune associée de {})", names.of(commune))
        }
        Reading::Part(PartKind::Arrondissement, commune) => {
            format!(" (arrondissement municipal de {})", names.of(commune))
        }
        Reading::Passed(day) => format!(" (code donné et repris le {day})"),
        Reading::NotBefore(day) => format!(" (code donné seulement le {day})"),
    }
}

fn read_en(reading: Reading, names: &Names<'_>) -> String {
    match reading {
        Reading::Commune | Reading::Unknown => String::new(),
        Reading::GivenUp(day) => format!(" (code given up on {day})"),
        Reading::Part(PartKind::Delegated, commune) => {
            format!(" (delegated commune of {})", names.of(commune))
        }
        Reading::Part(PartKind::Associated, commune) => {
            format!(" (associated commune of {})", names.of(commune))
        }
        Reading::Part(PartKind::Arrondissement, commune) => {
            format!(" (municipal arrondissement of {})", names.of(commune))
        }
        Reading::Passed(day) => format!(" (code given and taken back on {day})"),
        Reading::NotBefore(day) => format!(" (code not given before {day})"),
    }
}

fn answer_fr(found: &Translation, names: &Names<'_>) -> String {
    let (communes, to) = (names.all(&found.communes), found.to);
    let forward = found.to >= found.from;
    let since = |day: Day| if forward { format!(", depuis le {day}") } else { format!(", jusqu'au {day}") };
    let since = found.effective().map_or_else(String::new, since);
    match found.relation {
        Relation::Same if found.steps.is_empty() => format!("même code au {to}"),
        Relation::Same => format!("même code et même étendue au {to}{since}"),
        Relation::Renumbered => format!("{communes} au {to}, même étendue{since}"),
        Relation::Within => format!("dans {communes} au {to}, plus étendue{since}"),
        Relation::Ambiguous if forward => format!("ambigu au {to}, partagée{since} : {communes}"),
        Relation::Ambiguous => format!("ambigu au {to}, plusieurs communes{since} : {communes}"),
        Relation::Gone(day) => format!("plus aucune commune de la liste au {to}, depuis le {day}"),
        Relation::NotYet(day) => format!("aucune commune de la liste au {to}, avant le {day}"),
        Relation::Unknown => "code inconnu".to_owned(),
    }
}

fn answer_en(found: &Translation, names: &Names<'_>) -> String {
    let (communes, to) = (names.all(&found.communes), found.to);
    let forward = found.to >= found.from;
    let since = |day: Day| if forward { format!(", since {day}") } else { format!(", until {day}") };
    let since = found.effective().map_or_else(String::new, since);
    match found.relation {
        Relation::Same if found.steps.is_empty() => format!("same code on {to}"),
        Relation::Same => format!("same code and same ground on {to}{since}"),
        Relation::Renumbered => format!("{communes} on {to}, same ground{since}"),
        Relation::Within => format!("within {communes} on {to}, which is larger{since}"),
        Relation::Ambiguous if forward => format!("ambiguous on {to}, split{since}: {communes}"),
        Relation::Ambiguous => format!("ambiguous on {to}, several communes{since}: {communes}"),
        Relation::Gone(day) => format!("no commune of the list on {to}, since {day}"),
        Relation::NotYet(day) => format!("no commune of the list on {to}, before {day}"),
        Relation::Unknown => "unknown code".to_owned(),
    }
}
