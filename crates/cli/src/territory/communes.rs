//! Communes with all that is known of them, as rows.

use anyhow::anyhow;
use desserte_territory::geometry::MultiPolygon;
use desserte_territory::{Commune, Exportable, FigureValue, OVERLAY_ROLE, Source, Territory};
use serde_json::{Value, json};

use super::features::{Cell, Column, Features, Kind, RESERVED, about};

/// The columns of text that every export has, in this order; zonings follow under their own names.
const TEXTS: [&str; 10] = [
    "code",
    "nom",
    "departement",
    "departement_nom",
    "region",
    "region_nom",
    "arrondissement",
    "arrondissement_nom",
    "epci",
    "epci_nom",
];

/// INSEE's municipal population.
const POPULATION: &str = "population";

/// What the name of a figure's second column ends with: why a commune has no number.
const ABSENCE: &str = "_absence";

/// The reasons for which a commune has no number.
const SECRET: &str = "secret";
const UNAVAILABLE: &str = "indisponible";
const NOT_SAID: &str = "non_dit";

/// Communes with the layers that may leave the territory.
pub(super) struct Communes<'a> {
    territory: &'a Territory,
    exportable: &'a Exportable<'a>,
    columns: Vec<Column>,
    /// How wrong outlines may be, in degrees; zero is exact.
    degrees: f64,
}

impl<'a> Communes<'a> {
    /// All communes; refuses layers whose columns would have one name.
    pub(super) fn of(
        territory: &'a Territory,
        exportable: &'a Exportable<'a>,
        degrees: f64,
    ) -> anyhow::Result<Self> {
        let texts = TEXTS.into_iter().chain(exportable.zonings.iter().copied());
        let mut columns: Vec<Column> = texts.map(|name| Column::new(name, Kind::Text)).collect();
        columns.push(Column::new(POPULATION, Kind::Count));
        for name in &exportable.figures {
            columns.push(Column::new(*name, Kind::Number));
            columns.push(Column::new(format!("{name}{ABSENCE}"), Kind::Text));
        }
        let twice = |(at, column): &(usize, &Column)| {
            let mut taken = columns[..*at].iter().map(|before| before.name.as_str()).chain(RESERVED);
            taken.any(|name| name == column.name)
        };
        if let Some((_, Column { name, .. })) = columns.iter().enumerate().find(twice) {
            let advice = "import the layer again under another name, as in --zoning NAME=FILE";
            return Err(anyhow!("two columns would be named {name:?}; {advice}"));
        }
        Ok(Self { territory, exportable, columns, degrees })
    }

    fn texts<'b>(&'b self, commune: &'b Commune) -> [Option<&'b str>; TEXTS.len()] {
        let territory = self.territory;
        let departement = territory.departement(&commune.departement);
        let region = commune.region.as_deref();
        let epci = commune.epci.as_deref();
        let arrondissement = commune.arrondissement.as_deref();
        let listed =
            arrondissement.and_then(|code| territory.arrondissements().iter().find(|unit| unit.code == code));
        [
            Some(commune.code.as_str()),
            Some(commune.name.as_str()),
            Some(commune.departement.as_str()),
            departement.and_then(|unit| unit.name.as_deref()),
            region,
            region.and_then(|code| territory.region(code)?.name.as_deref()),
            arrondissement,
            listed.and_then(|unit| unit.name.as_deref()),
            epci,
            epci.and_then(|siren| territory.epci(siren)?.name.as_deref()),
        ]
    }
}

/// A figure's number and, without one, the reason.
fn figure(value: Option<FigureValue>) -> [Option<Cell<'static>>; 2] {
    let absent = |reason| [None, Some(Cell::Text(reason))];
    match value {
        Some(FigureValue::Known(number)) => [Some(Cell::Number(number)), None],
        Some(FigureValue::Secret) => absent(SECRET),
        Some(FigureValue::Unavailable) => absent(UNAVAILABLE),
        None => absent(NOT_SAID),
    }
}

impl Features for Communes<'_> {
    fn name(&self) -> &'static str {
        "communes"
    }

    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn len(&self) -> usize {
        self.territory.communes().len()
    }

    fn cells(&self, row: usize) -> Vec<Option<Cell<'_>>> {
        let (territory, layers) = (self.territory, self.exportable);
        let Some(commune) = territory.commune_at(row) else { return vec![None; self.columns.len()] };
        let code = commune.code;
        let zones = layers.zonings.iter().map(|zoning| territory.zone(zoning, code));
        let texts = self.texts(commune).into_iter().chain(zones).map(|text| text.map(Cell::Text));
        let figures = layers.figures.iter().flat_map(|name| figure(territory.figure(name, code)));
        texts.chain([commune.population.map(Cell::Count)]).chain(figures).collect()
    }

    fn outline(&self, row: usize) -> anyhow::Result<MultiPolygon<f64>> {
        let code = self.territory.code_at(row).ok_or_else(|| anyhow!("no commune {row}"))?;
        let outline = if self.degrees > 0.0 {
            self.territory.drawn_outline(code, self.degrees)
        } else {
            self.territory.outline(code).map(|outline| outline.as_multi_polygon().clone())
        };
        outline.ok_or_else(|| anyhow!("{code} has no outline"))
    }

    fn about(&self) -> Vec<(&'static str, Value)> {
        let title = |source: Option<&Source>| source.map(|source| source.title.clone());
        let zonings = self.exportable.zonings.iter().map(|name| {
            let source = self.territory.zoning_source(name);
            json!({ "name": name, "vintage": source.and_then(|source| source.vintage.as_deref()), "source": title(source) })
        });
        let may_leave = |name: &str| self.exportable.figures.contains(&name);
        let figures = self.territory.figures().filter(|figure| may_leave(figure.name)).map(|figure| {
            json!({ "name": figure.name, "unit": figure.unit, "period": figure.period, "source": title(figure.source) })
        });
        let sources = self.exportable.sources.iter().copied().filter(|source| source.role != OVERLAY_ROLE);
        let mut about = about(self.territory, sources);
        about.push(("zonings", zonings.collect()));
        about.push(("figures", figures.collect()));
        about
    }
}
