//! The report in words, French first.

use std::fmt::Write;

use desserte_territory::Territory;

use crate::{Counts, Report};

/// The language of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// French.
    #[default]
    French,
    /// English.
    English,
}

/// How many codes a line of findings shows before it says how many more there are.
const EXAMPLES: usize = 6;

/// The report of an import in words.
#[must_use]
pub fn import_summary(report: &Report, territory: &Territory, language: Language) -> String {
    let mut text = territory_summary(territory, language);
    let rows = number(report.counts.rows_read, language);
    let heading = match language {
        Language::French => {
            format!("Lignes de contours lues : {rows}\nMillésime : {}\nConstats :\n", report.vintage_from)
        }
        Language::English => {
            format!("Outline rows read: {rows}\nVintage: {}\nFindings:\n", report.vintage_from)
        }
    };
    text.push_str(&heading);
    if report.findings.is_empty() {
        text.push_str(match language {
            Language::French => "  aucun\n",
            Language::English => "  none\n",
        });
    }
    for (kind, count) in &report.findings_by_kind {
        let label = match language {
            Language::French => format!("{} :", kind.french()),
            Language::English => format!("{}:", kind.english()),
        };
        let examples: Vec<&str> = report.codes(*kind).take(EXAMPLES).collect();
        let more = if *count > examples.len() { ", …" } else { "" };
        line(
            &mut text,
            format_args!("  {label} {} ({}{more})", number(*count, language), examples.join(", ")),
        );
    }
    text
}

/// What a territory holds, in words.
#[must_use]
pub fn territory_summary(territory: &Territory, language: Language) -> String {
    let counts = Counts::of(territory, 0);
    let n = |count: usize| number(count, language);
    let inhabitants =
        counts.inhabitants.map(|count| number(usize::try_from(count).unwrap_or(usize::MAX), language));
    let mut text = String::new();
    match language {
        Language::French => {
            if territory.is_synthetic() {
                line(&mut text, format_args!("TERRITOIRE FICTIF : données inventées"));
            }
            line(
                &mut text,
                format_args!(
                    "Communes : {} (COG {}) ; départements : {} ; régions : {} ; EPCI : {}",
                    n(counts.communes),
                    territory.vintage(),
                    n(counts.departements),
                    n(counts.regions),
                    n(counts.epcis)
                ),
            );
            line(
                &mut text,
                format_args!(
                    "Population municipale : {} ; communes sans chiffre : {} ; communes sans habitant : {} ; sans EPCI connu : {}",
                    inhabitants.as_deref().unwrap_or("inconnue"),
                    n(counts.communes_without_population),
                    n(counts.communes_without_inhabitant),
                    n(counts.communes_without_epci)
                ),
            );
            line(
                &mut text,
                format_args!(
                    "Contours : {} polygones, {} trous, {} points",
                    n(counts.polygons),
                    n(counts.holes),
                    n(counts.positions)
                ),
            );
            line(&mut text, format_args!("Empreinte : {}", territory.fingerprint()));
            line(&mut text, format_args!("Sources :"));
        }
        Language::English => {
            if territory.is_synthetic() {
                line(&mut text, format_args!("MADE-UP TERRITORY: invented data"));
            }
            line(
                &mut text,
                format_args!(
                    "Communes: {} (COG {}); départements: {}; regions: {}; EPCI: {}",
                    n(counts.communes),
                    territory.vintage(),
                    n(counts.departements),
                    n(counts.regions),
                    n(counts.epcis)
                ),
            );
            line(
                &mut text,
                format_args!(
                    "Municipal population: {}; communes without a figure: {}; without inhabitants: {}; without a known EPCI: {}",
                    inhabitants.as_deref().unwrap_or("unknown"),
                    n(counts.communes_without_population),
                    n(counts.communes_without_inhabitant),
                    n(counts.communes_without_epci)
                ),
            );
            line(
                &mut text,
                format_args!(
                    "Outlines: {} polygons, {} holes, {} positions",
                    n(counts.polygons),
                    n(counts.holes),
                    n(counts.positions)
                ),
            );
            line(&mut text, format_args!("Fingerprint: {}", territory.fingerprint()));
            line(&mut text, format_args!("Sources:"));
        }
    }
    let unknown = match language {
        Language::French => "licence non connue",
        Language::English => "licence not known",
    };
    for source in territory.sources() {
        let licence = source.licence.as_deref().unwrap_or(unknown);
        let publisher =
            source.publisher.as_deref().map_or_else(String::new, |publisher| format!(" ; {publisher}"));
        let sum = source
            .sha256
            .as_deref()
            .map_or_else(String::new, |sum| format!(" ; sha256 {}…", sum.get(..12).unwrap_or(sum)));
        line(&mut text, format_args!("  {} : {}{publisher} ; {licence}{sum}", source.role, source.title));
    }
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string does not fail");
    text.push('\n');
}

/// A number in groups of three.
fn number(value: usize, language: Language) -> String {
    let separator = match language {
        Language::French => '\u{202f}',
        Language::English => ',',
    };
    let digits = value.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_made_up_data_say_so() {
        assert_eq!(number(68_094_280, Language::French), "68\u{202f}094\u{202f}280");
        assert_eq!(number(255, Language::English), "255");
        let territory = desserte_territory::synthetic::territory(1);
        assert!(territory_summary(&territory, Language::French).starts_with("TERRITOIRE FICTIF"));
        assert!(territory_summary(&territory, Language::English).starts_with("MADE-UP"));
    }
}
