//! Zonings, figures, overlays and mobile sites: read with the other inputs, put to the communes once these are joined.

use std::path::Path;

use desserte_territory::{
    Contents, Figure, InvalidContents, OVERLAY_ROLE, OverlayContents, Source, Territory, Zoning,
};

use super::{ImportError, Run};
use crate::layers::{
    Here, RawFigure, RawZoning, place_figure, place_zoning, read_figures, read_zonings, site_figures,
};
use crate::outlines::{AreasAsked, read_areas};
use crate::sites::{Site, read_sites};
use crate::{Finding, NamedFile};

/// A layer and where it came from.
struct Given<T> {
    /// The source's place in the list of sources.
    source: usize,
    /// The year of the list of communes that its codes belong to, if its manifest says so.
    year: Option<u16>,
    layer: T,
}

/// All layers that were given.
#[derive(Default)]
pub(super) struct Layers {
    zonings: Vec<Given<RawZoning>>,
    figures: Vec<Given<RawFigure>>,
    overlays: Vec<OverlayContents>,
    sites: Vec<Given<(String, Vec<Site>)>>,
}

impl Run<'_> {
    pub(super) fn layers(&mut self) -> Result<Layers, ImportError> {
        let plan = self.plan;
        let mut layers = Layers::default();
        for NamedFile { name, path } in &plan.zonings {
            let octets = self.read("zoning", path)?;
            let before = self.findings.len();
            let read = read_zonings(name, path, octets, &mut self.findings)?;
            name_file(&mut self.findings[before..], path);
            for layer in read {
                let given = self.given(path, layer);
                distinct(layers.zonings.iter().map(|known| &known.layer.name), &given.layer.name)?;
                layers.zonings.push(given);
            }
        }
        for NamedFile { name, path } in &plan.figures {
            let octets = self.read("figures", path)?;
            let before = self.findings.len();
            let read = read_figures(name, path, octets, &mut self.findings)?;
            name_file(&mut self.findings[before..], path);
            for layer in read {
                let given = self.given(path, layer);
                distinct(layers.figures.iter().map(|known| &known.layer.name), &given.layer.name)?;
                layers.figures.push(given);
            }
        }
        for NamedFile { name, path } in &plan.sites {
            let octets = self.read("sites", path)?;
            let sites = read_sites(path, octets, &mut self.findings)?;
            let given = self.given(path, (name.clone(), sites));
            layers.sites.push(given);
        }
        for NamedFile { name, path } in &plan.overlays {
            drop(self.read(OVERLAY_ROLE, path)?);
            let source = self.sources[self.sources.len() - 1].clone();
            let asked = AreasAsked { name, path, layer: None, crs: None, encoding: None };
            let overlay = read_areas(asked, source, &mut self.findings)?;
            distinct(layers.overlays.iter().map(|known| &known.name), name)?;
            layers.overlays.push(overlay);
        }
        layers.overlays.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(layers)
    }

    /// A layer of the input that was read last.
    fn given<T>(&self, path: &Path, layer: T) -> Given<T> {
        let manifest = self.known.iter().find(|(file, _)| file == path).map(|(_, manifest)| manifest);
        let year = manifest.and_then(|manifest| manifest.cog_vintage);
        Given { source: self.sources.len() - 1, year, layer }
    }
}

/// Says of which file findings with lines speak.
fn name_file(findings: &mut [Finding], path: &Path) {
    let Some(file) = path.file_name() else { return };
    for finding in findings {
        finding.detail = format!("{}, {}", finding.detail, file.to_string_lossy());
    }
}

/// Refuses a second layer of one name.
fn distinct<'a>(mut known: impl Iterator<Item = &'a String>, name: &str) -> Result<(), ImportError> {
    match known.any(|known| known == name) {
        true => Err(ImportError::TwoLayers { name: name.to_owned() }),
        false => Ok(()),
    }
}

/// The source of a layer, if a manifest describes it; any other is known by the name of its file, which is no title.
fn credited(sources: &[Source], number: usize) -> Option<&Source> {
    sources.get(number).filter(|source| source.publisher.is_some())
}

impl Layers {
    /// Puts zonings, figures and overlays to the communes.
    pub(super) fn put_into(
        &self,
        contents: &mut Contents,
        findings: &mut Vec<Finding>,
    ) -> Result<(), InvalidContents> {
        let communes = contents.communes.iter().map(|row| row.commune.code);
        let here = Here::new(communes, &contents.lineage, contents.vintage.as_year())?;
        for Given { source, year, layer } in &self.zonings {
            let credit = credited(&contents.sources, *source);
            contents.zonings.push(Zoning {
                name: layer.name.clone(),
                title: credit.map(|source| source.title.clone()),
                vintage: credit.and_then(|source| source.vintage.clone()),
                source: u32::try_from(*source).ok(),
                values: place_zoning(layer, *year, &here, findings).into_iter().collect(),
            });
        }
        for Given { source, year, layer } in &self.figures {
            let values = place_figure(layer, *year, &here, findings);
            contents.figures.push(figure(layer, *source, values, &contents.sources));
        }
        contents.overlays.clone_from(&self.overlays);
        contents.zonings.sort_by(|a, b| a.name.cmp(&b.name));
        contents.figures.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Counts mobile sites by commune, which takes the index; whether there were any.
    pub(super) fn count_sites(
        &self,
        territory: &Territory,
        contents: &mut Contents,
        findings: &mut Vec<Finding>,
    ) -> bool {
        for Given { source, layer: (name, sites), .. } in &self.sites {
            for layer in site_figures(name, sites, territory, findings) {
                let values = layer.values.clone();
                contents.figures.push(figure(&layer, *source, values, &contents.sources));
            }
        }
        contents.figures.sort_by(|a, b| a.name.cmp(&b.name));
        !self.sites.is_empty()
    }
}

fn figure(
    layer: &RawFigure,
    source: usize,
    values: impl IntoIterator<Item = (desserte_model::CommuneCode, desserte_territory::FigureValue)>,
    sources: &[Source],
) -> Figure {
    let credit = credited(sources, source);
    Figure {
        name: layer.name.clone(),
        title: credit.map(|source| source.title.clone()),
        unit: layer.unit.clone(),
        period: layer.period.clone().or_else(|| credit?.vintage.clone()),
        source: u32::try_from(source).ok(),
        values: values.into_iter().collect(),
    }
}
