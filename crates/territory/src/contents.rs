//! What a territory is made of, before it is indexed.

use std::collections::BTreeSet;

use desserte_model::{CogVintage, CommuneCode};

use crate::file::MOST_OVERLAYS;
use crate::{
    Arrondissement, Commune, Departement, Epci, Figure, FigureValue, InvalidOverlay, Lineage, Outline,
    OverlayContents, Region,
};

/// Everything that a territory file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// The year of the list of communes that the codes belong to.
    pub vintage: CogVintage,
    /// Whether the territory is made up; every page that shows it must then say so.
    pub synthetic: bool,
    /// The program that put the contents together, with its version.
    pub made_by: String,
    /// What the contents were made from, in the order given to the import.
    pub sources: Vec<Source>,
    /// Regions, in the order of their codes.
    pub regions: Vec<Region>,
    /// Départements, in the order of their codes.
    pub departements: Vec<Departement>,
    /// EPCI, in the order of their SIREN numbers.
    pub epcis: Vec<Epci>,
    /// Arrondissements, in the order of their codes; empty when no input speaks of them.
    pub arrondissements: Vec<Arrondissement>,
    /// Zonings by commune, in the order of their names.
    pub zonings: Vec<Zoning>,
    /// What became of commune codes; empty when no input speaks of it.
    pub lineage: Lineage,
    /// Figures by commune, in the order of their names.
    pub figures: Vec<Figure>,
    /// Overlays, in the order of their names.
    pub overlays: Vec<OverlayContents>,
    /// Communes, in the order of their codes.
    pub communes: Vec<OutlinedCommune>,
}

/// A classification of communes: mountain, rurality, urban unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zoning {
    /// The name it is asked for by, such as `zrr` or `densite`.
    pub name: String,
    /// The title of the source, to be credited.
    pub title: Option<String>,
    /// The date or year that it describes, if known.
    pub vintage: Option<String>,
    /// Where it comes from: the place in the list of sources; `None` where the file does not say.
    pub source: Option<u32>,
    /// The value of each commune that has one, by commune code in order. A commune that is not here has no known value.
    pub values: Vec<(CommuneCode, String)>,
}

/// A commune and its outline.
#[derive(Debug, Clone, PartialEq)]
pub struct OutlinedCommune {
    /// What is known of it.
    pub commune: Commune,
    /// Where it lies.
    pub outline: Outline,
}

/// One input of a territory, as it is to be credited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it was used for: `communes`, `populations`, `cog`, `movements`, `epci`, `departements`, `regions`,
    /// `arrondissements`, `zoning`.
    pub role: String,
    /// The title of the data set; the file's name when no manifest knows the file.
    pub title: String,
    /// Who publishes it, if known.
    pub publisher: Option<String>,
    /// The licence, if known.
    pub licence: Option<String>,
    /// The date or year that the data describe, if known.
    pub vintage: Option<String>,
    /// SHA-256 of the input file, 64 lower-case hexadecimal digits; absent for made-up data.
    pub sha256: Option<String>,
    /// Whether it may be passed on.
    pub redistribution: Redistribution,
}

/// Whether what comes from a source may be passed on, by the source's licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redistribution {
    /// Nothing says that it must not: credit, and whatever else the licence asks for, stays due.
    #[default]
    Allowed,
    /// Its licence forbids that it is mixed into what is published (CC BY-NC-SA for instance): it can be looked at
    /// here, and no export holds it.
    Forbidden,
}

/// The refusal of contents that contradict themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContents {
    /// There is no commune.
    #[error("there is no commune")]
    Empty,
    /// Two communes carry one code, or the codes do not rise.
    #[error("commune {0} appears twice or out of order")]
    CommuneOrder(CommuneCode),
    /// Codes of a list do not rise.
    #[error("the list of {list} is not in the order of its codes at {code}")]
    ListOrder {
        /// Which list.
        list: &'static str,
        /// The code at fault.
        code: String,
    },
    /// A figure holds what is no number.
    #[error("figure {figure} of {commune} is {number}")]
    NotANumber {
        /// The figure's name.
        figure: String,
        /// The commune.
        commune: CommuneCode,
        /// What it holds.
        number: String,
    },
    /// More overlays than a file can hold.
    #[error("{0} overlays; a territory file holds {MOST_OVERLAYS}, others go into files of their own")]
    TooManyOverlays(usize),
    /// An overlay contradicts itself.
    #[error(transparent)]
    Overlay(#[from] InvalidOverlay),
    /// A layer names a source that is not listed.
    #[error("{layer} comes from source {source_number}, which is not in the list")]
    UnknownSource {
        /// The layer's name.
        layer: String,
        /// Its source's place in the list.
        source_number: u32,
    },
    /// A commune names a unit that its list does not hold.
    #[error("commune {commune} names {list} {code}, which is not in the list")]
    UnknownUnit {
        /// The commune.
        commune: CommuneCode,
        /// Which list.
        list: &'static str,
        /// The code that is not there.
        code: String,
    },
}

impl Contents {
    /// Checks what lookups rely on: order, uniqueness, and that every unit that a commune names is listed.
    pub(crate) fn check(&self) -> Result<(), InvalidContents> {
        if self.communes.is_empty() {
            return Err(InvalidContents::Empty);
        }
        if let Some(pair) = self.communes.windows(2).find(|pair| pair[0].commune.code >= pair[1].commune.code)
        {
            return Err(InvalidContents::CommuneOrder(pair[1].commune.code));
        }
        let regions = rising("regions", self.regions.iter().map(|r| r.code.as_str()))?;
        let departements = rising("departements", self.departements.iter().map(|d| d.code.as_str()))?;
        let epcis = rising("epcis", self.epcis.iter().map(|e| e.siren.as_str()))?;
        let arrondissements =
            rising("arrondissements", self.arrondissements.iter().map(|unit| unit.code.as_str()))?;
        rising("zonings", self.zonings.iter().map(|zoning| zoning.name.as_str()))?;
        for zoning in &self.zonings {
            rising("communes of a zoning", zoning.values.iter().map(|(code, _)| code.as_str()))?;
            self.check_source(&zoning.name, zoning.source)?;
        }
        self.lineage.check()?;
        self.check_figures()?;
        rising("overlays", self.overlays.iter().map(|overlay| overlay.name.as_str()))?;
        self.overlays.iter().try_for_each(OverlayContents::check)?;
        if self.overlays.len() > MOST_OVERLAYS {
            return Err(InvalidContents::TooManyOverlays(self.overlays.len()));
        }
        for OutlinedCommune { commune, .. } in &self.communes {
            let units = [
                ("departements", &departements, Some(&commune.departement)),
                ("regions", &regions, commune.region.as_ref()),
                ("epcis", &epcis, commune.epci.as_ref()),
                ("arrondissements", &arrondissements, commune.arrondissement.as_ref()),
            ];
            for (list, known, code) in units {
                if let Some(code) = code.filter(|code| !known.contains(code.as_str())) {
                    return Err(InvalidContents::UnknownUnit {
                        commune: commune.code,
                        list,
                        code: code.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn check_figures(&self) -> Result<(), InvalidContents> {
        rising("figures", self.figures.iter().map(|figure| figure.name.as_str()))?;
        for figure in &self.figures {
            rising("communes of a figure", figure.values.iter().map(|(code, _)| code.as_str()))?;
            self.check_source(&figure.name, figure.source)?;
            let wrong =
                |(_, value): &&(CommuneCode, FigureValue)| value.known().is_some_and(|n| !n.is_finite());
            if let Some((commune, value)) = figure.values.iter().find(wrong) {
                return Err(InvalidContents::NotANumber {
                    figure: figure.name.clone(),
                    commune: *commune,
                    number: format!("{value:?}"),
                });
            }
        }
        Ok(())
    }

    fn check_source(&self, layer: &str, source: Option<u32>) -> Result<(), InvalidContents> {
        match source.filter(|source| *source as usize >= self.sources.len()) {
            Some(source_number) => {
                Err(InvalidContents::UnknownSource { layer: layer.to_owned(), source_number })
            }
            None => Ok(()),
        }
    }
}

fn rising<'a>(
    list: &'static str,
    codes: impl Iterator<Item = &'a str>,
) -> Result<BTreeSet<&'a str>, InvalidContents> {
    let mut seen = BTreeSet::new();
    for code in codes {
        if seen.last().is_some_and(|last| *last >= code) {
            return Err(InvalidContents::ListOrder { list, code: code.to_owned() });
        }
        seen.insert(code);
    }
    Ok(seen)
}
