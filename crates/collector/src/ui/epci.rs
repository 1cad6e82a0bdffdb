//! What the page of an intercommunality says beside its map and table.
//!
//! It tells communes one by one, with the figures of their own pages, and nothing that is not a function of those: EPCI cross
//! départements, so that sums over both could be subtracted from each other (ADR 39).

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::Commune;
use desserte_units::BitRate;

use super::address::Links;
use super::area::{Link, departements};
use super::lang::Lang;
use super::scale::Indicator;
use super::text;
use crate::figures::CommuneFigures;

/// What is said beside.
pub(super) struct EpciView {
    /// The départements that it has communes in.
    pub(super) departements: Vec<Link>,
    /// From which commune's median to which.
    pub(super) range: Option<String>,
}

impl EpciView {
    pub(super) fn new(
        communes: &BTreeMap<CommuneCode, &Commune>,
        figures: &BTreeMap<CommuneCode, CommuneFigures>,
        links: Links<'_>,
    ) -> Self {
        let territory = &links.shared.territory;
        let link = |code: &str| Link {
            label: territory.departement(code).map_or(code, |unit| unit.label()).to_owned(),
            address: links.departement(code, Indicator::default()),
            current: false,
        };
        Self {
            departements: departements(communes).into_iter().map(link).collect(),
            range: range(communes, figures, links.lang),
        }
    }
}

/// The lowest and the highest of the medians that the communes' own pages tell; nothing for fewer than two.
fn range(
    communes: &BTreeMap<CommuneCode, &Commune>,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    lang: Lang,
) -> Option<String> {
    let mut told: Vec<(BitRate, &str)> = figures
        .iter()
        .filter_map(|(code, figures)| {
            Some((figures.download.measured()?.median, communes.get(code)?.name.as_str()))
        })
        .collect();
    told.sort_by(|a, b| a.0.as_bits_per_second().total_cmp(&b.0.as_bits_per_second()));
    let ([(low, lowest), .., (high, highest)], count) = (told.as_slice(), told.len()) else { return None };
    let (low, high) = (text::rate(*low, lang), text::rate(*high, lang));
    Some(match lang {
        Lang::Fr => format!(
            "Le débit descendant médian est connu dans {count} communes\u{a0}: de {low} ({lowest}) à {high} ({highest})."
        ),
        Lang::En => {
            format!(
                "The median download is known in {count} communes: from {low} ({lowest}) to {high} ({highest})."
            )
        }
    })
}
