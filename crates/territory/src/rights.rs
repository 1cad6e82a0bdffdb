//! What of a territory may leave it.

use crate::{Overlay, Redistribution, Source, Territory};

/// What a source is used for that an overlay comes from: communes rest on no such source.
pub const OVERLAY_ROLE: &str = "overlay";

/// What an export may hold, beside communes, their names, outlines, units and populations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exportable<'a> {
    /// The names of the zonings that may be exported, in order.
    pub zonings: Vec<&'a str>,
    /// The names of the figures that may be exported, in order.
    pub figures: Vec<&'a str>,
    /// The names of the overlays that may be exported, in order.
    pub overlays: Vec<&'a str>,
    /// The sources that an export credits.
    pub sources: Vec<&'a Source>,
    /// The sources whose licence forbids it: nothing of theirs is in the lists above. An export says that it left
    /// them out.
    pub withheld: Vec<&'a Source>,
}

/// The refusal of any export: the communes themselves rest on a source that must not be passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "nothing of this territory may be exported: {title} ({role}) is under {licence}, which forbids passing it on; \
     import again without it"
)]
pub struct NotExportable {
    /// What the source was used for.
    pub role: String,
    /// Its title.
    pub title: String,
    /// Its licence.
    pub licence: String,
}

impl Source {
    /// Whether an export may hold what comes from this source.
    #[must_use]
    pub const fn may_be_exported(&self) -> bool {
        matches!(self.redistribution, Redistribution::Allowed)
    }
}

impl Territory {
    /// What an export may hold. Every export asks this first and writes no other layer.
    ///
    /// # Errors
    /// When a source of the communes themselves (outlines, lists, populations) must not be passed on: then nothing
    /// here may.
    pub fn exportable(&self) -> Result<Exportable<'_>, NotExportable> {
        let layers: Vec<usize> = self.layer_sources().collect();
        let is_base =
            |(number, source): &(usize, &Source)| source.role != OVERLAY_ROLE && !layers.contains(number);
        let mut base = self.sources().iter().enumerate().filter(is_base);
        if let Some((_, source)) = base.find(|(_, source)| !source.may_be_exported()) {
            return Err(NotExportable {
                role: source.role.clone(),
                title: source.title.clone(),
                licence: source.licence.clone().unwrap_or_else(|| "a licence of its own".to_owned()),
            });
        }
        let (sources, withheld) = self.sources().iter().partition(|source| source.may_be_exported());
        let may = |source: Option<&Source>| source.is_none_or(Source::may_be_exported);
        let zonings = self.zonings().filter(|name| may(self.zoning_source(name))).collect();
        let figures = self.figures().filter(|figure| may(figure.source)).map(|figure| figure.name).collect();
        let overlays =
            self.overlays().iter().filter(|overlay| may(overlay.source())).map(Overlay::name).collect();
        Ok(Exportable { zonings, figures, overlays, sources, withheld })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Zoning, synthetic};

    fn source(role: &str, redistribution: Redistribution) -> Source {
        Source {
            role: role.to_owned(),
            title: format!("made-up {role}"),
            publisher: None,
            licence: Some("CC BY-NC-SA 4.0".to_owned()),
            vintage: None,
            sha256: None,
            redistribution,
        }
    }

    fn with(sources: Vec<Source>, zonings: Vec<Zoning>) -> Territory {
        let mut contents = synthetic::territory(1).contents();
        contents.sources = sources;
        contents.zonings = zonings;
        let written = Territory::new(&contents).unwrap();
        let read = Territory::from_bytes(&written.to_bytes()).unwrap();
        assert_eq!(read.contents(), contents);
        read
    }

    fn zoning(name: &str, source: Option<u32>) -> Zoning {
        let values = vec![("99001".parse().unwrap(), "x".to_owned())];
        Zoning { name: name.to_owned(), title: None, vintage: None, source, values }
    }

    #[test]
    fn a_restricted_zoning_stays_here_and_the_rest_may_leave() {
        let sources = vec![
            source("communes", Redistribution::Allowed),
            source("zoning", Redistribution::Forbidden),
            source("zoning", Redistribution::Allowed),
        ];
        let zonings = vec![zoning("free", Some(2)), zoning("older", None), zoning("tied", Some(1))];
        let territory = with(sources, zonings);
        assert_eq!(territory.zone("tied", "99001".parse().unwrap()), Some("x"), "it may be looked at");
        let exportable = territory.exportable().unwrap();
        assert_eq!(exportable.zonings, ["free", "older"]);
        assert_eq!(exportable.sources.len(), 2);
        assert_eq!(exportable.withheld, [&territory.sources()[1]]);
    }

    #[test]
    fn restricted_outlines_or_populations_refuse_every_export() {
        for role in ["communes", "populations"] {
            let sources =
                vec![source(role, Redistribution::Forbidden), source("zoning", Redistribution::Allowed)];
            let refusal = with(sources, vec![zoning("free", Some(1))]).exportable().unwrap_err();
            assert_eq!(refusal.role, role);
            assert!(refusal.to_string().contains("CC BY-NC-SA"), "{refusal}");
        }
        assert_eq!(synthetic::territory(1).exportable().unwrap().withheld, Vec::<&Source>::new());
    }
}
