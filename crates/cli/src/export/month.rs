//! One month: what was given, what may leave of it, and its tables département by département.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::anyhow;
use desserte_lake::arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use desserte_model::CommuneCode;
use desserte_store::Host;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::Export;
use super::columns::Table;
use super::figures::{Telling, Value, withheld};
use super::place::Place;
use super::question::{self, CELLS, Grain, Row};
use super::release::{self, Contribution, Decision, Fate, Parents, Place as Commune, Zone};
use super::sheet::Sheet;
use super::written::{self, DataFile};

/// Directory of communes that the territory does not know.
const UNKNOWN: &str = "inconnu";

/// Rows of a question by cell and day; those of a month have no day.
type ByCell = BTreeMap<(i64, String), Row>;

/// One month with all that its tables are made of.
pub(super) struct Month {
    name: String,
    /// Whether records of the state arrived after its end.
    complete: bool,
    contributions: Vec<Contribution>,
    /// The département of each commune that anything was measured in.
    departements: BTreeMap<Commune, String>,
    decision: Decision,
    /// The cells in the order of their numbers.
    zones: Vec<Zone>,
    month: Answers,
    days: Answers,
}

/// What the history answered about cells: sums, and rates of download and upload.
struct Answers {
    sums: ByCell,
    rates: [ByCell; 2],
}

/// What became of a month and département.
pub(super) struct Summary {
    month: String,
    departement: String,
    complete: bool,
    released: usize,
    partly: usize,
    withheld: usize,
    zones: usize,
    without_outline: usize,
}

impl Month {
    /// Reads a month and decides what may leave.
    pub(super) async fn read(export: &Export<'_>, name: &str) -> anyhow::Result<Self> {
        let rows = question::ask(export.history, &question::contributions(name)).await?;
        let contributions: Vec<Contribution> =
            rows.iter().map(|row| contribution(export, row)).collect::<anyhow::Result<_>>()?;
        let above = |commune: &Commune| parents(export, commune);
        let decision = release::decide(&contributions, above, &export.rules);
        let departement =
            |commune: &Commune| above(commune).departement.unwrap_or_else(|| UNKNOWN.to_owned());
        let departements =
            decision.communes.keys().map(|commune| (commune.clone(), departement(commune))).collect();
        export.history.put_table(CELLS, cells(&contributions, &decision)?)?;
        let [_, last] = ends(name)?;
        let end = last.parse::<Date>()?.tomorrow()?.to_zoned(jiff::tz::TimeZone::UTC)?;
        Ok(Self {
            name: name.to_owned(),
            complete: export.received_us >= end.timestamp().as_microsecond(),
            zones: decision.cells.keys().cloned().collect(),
            contributions,
            departements,
            decision,
            month: Answers::ask(export, name, Grain::Month).await?,
            days: Answers::ask(export, name, Grain::Day).await?,
        })
    }

    /// The départements that anything was measured in.
    pub(super) fn departements(&self) -> BTreeSet<&str> {
        self.departements.values().map(String::as_str).collect()
    }

    /// Writes the tables of one département.
    pub(super) fn write(
        &self,
        export: &Export<'_>,
        place: &Place,
        departement: &str,
    ) -> anyhow::Result<(Vec<DataFile>, Summary)> {
        let here = |commune: &Commune| self.departements.get(commune).is_some_and(|code| code == departement);
        let mut summary = Summary {
            month: self.name.clone(),
            departement: departement.to_owned(),
            complete: self.complete,
            released: 0,
            partly: 0,
            withheld: 0,
            zones: 0,
            without_outline: 0,
        };
        let about = self.about(export, departement);
        let sheet = |table: Table, rows, communes| Sheet {
            table,
            columns: table.columns(),
            rows,
            communes,
            territory: export.territory,
            about: about.clone(),
        };
        let (mut rows, mut outlined, mut codes) = (Vec::new(), Vec::new(), Vec::new());
        for (commune, fate) in self.decision.communes.iter().filter(|(commune, _)| here(commune)) {
            match fate {
                Fate::Released => summary.released += 1,
                Fate::Partly(_) => summary.partly += 1,
                Fate::Withheld(_) => summary.withheld += 1,
            }
            let row = self.commune_row(export, commune, fate);
            match commune
                .commune
                .parse::<CommuneCode>()
                .ok()
                .filter(|&code| has_outline(export, commune, code))
            {
                Some(code) => {
                    outlined.push(row.clone());
                    codes.push(code);
                }
                None => summary.without_outline += 1,
            }
            rows.push(row);
        }
        let zones = self.zone_rows(export, departement);
        summary.zones = zones.len();
        let days = self.day_rows(export, here);
        let names = [self.name.as_str(), departement];
        let format = export.arguments.format;
        let mapped = sheet(Table::Communes, outlined, codes);
        let mapped = (!mapped.rows.is_empty()).then_some(&mapped);
        let mut files =
            written::write(place, &sheet(Table::Communes, rows, Vec::new()), mapped, names, format)?;
        for (table, rows) in [(Table::Zones, zones), (Table::Days, days)] {
            if !rows.is_empty() {
                files.extend(written::write(place, &sheet(table, rows, Vec::new()), None, names, format)?);
            }
        }
        Ok((files, summary))
    }

    fn about(&self, export: &Export<'_>, departement: &str) -> Vec<(&'static str, Json)> {
        vec![
            ("month", json!(self.name)),
            ("departement", json!(departement)),
            ("complete", json!(self.complete)),
            ("demonstration", json!(export.demonstration)),
            ("generation", json!(export.history.generation())),
            ("number", super::numbers(export.history.cited())),
            ("release", json!(export.rules.set)),
            ("licence", json!(super::LICENCE)),
            ("fingerprint", json!(export.territory.fingerprint())),
            ("sources", json!(export.sources)),
        ]
    }

    fn commune_row(&self, export: &Export<'_>, commune: &Commune, fate: &Fate) -> Vec<Option<Value>> {
        let code = commune.commune.parse::<CommuneCode>().ok();
        let known = code.and_then(|code| export.territory.commune(code));
        let (release, moved) = match fate {
            Fate::Released => ("released", None),
            Fate::Partly(zone) => ("partly", zone.as_ref()),
            Fate::Withheld(zone) => ("withheld", zone.as_ref()),
        };
        let moved = moved.map(|zone| {
            let (kind, code) = named(zone);
            Value::Text(format!("{kind}:{code}"))
        });
        let mut row = vec![
            text(&self.name),
            text(&commune.commune),
            year(commune.vintage),
            known.and_then(|known| text(&known.name)),
            known.and_then(|known| text(&known.departement)),
            known.and_then(|known| text(known.epci.as_deref()?)),
            text(release),
            moved,
        ];
        row.extend(
            self.told(export, &Zone::Commune(commune.clone()), &self.month, "").unwrap_or_else(withheld),
        );
        row
    }

    /// Homes told of together; a zone that lies in several départements stands with the first of its communes.
    fn zone_rows(&self, export: &Export<'_>, departement: &str) -> Vec<Vec<Option<Value>>> {
        let mut rows = Vec::new();
        for (zone, cell) in self.decision.cells.iter().filter(|(zone, _)| !matches!(zone, Zone::Commune(_))) {
            let communes: BTreeSet<&Commune> =
                cell.members.iter().map(|&member| &self.contributions[member].place).collect();
            let first = communes.first().and_then(|commune| self.departements.get(commune));
            if first.is_none_or(|code| code != departement) {
                continue;
            }
            let (kind, code) = named(zone);
            let name = match zone {
                Zone::Epci(_) => export.territory.epci(code).and_then(|epci| epci.name.clone()),
                _ => export.territory.departement(code).and_then(|departement| departement.name.clone()),
            };
            let count = u32::try_from(communes.len()).unwrap_or(u32::MAX);
            let mut row = vec![
                text(&self.name),
                text(kind),
                text(code),
                name.map(Value::Text),
                Some(Value::Count(count)),
            ];
            row.extend(self.told(export, zone, &self.month, "").unwrap_or_else(withheld));
            rows.push(row);
        }
        rows
    }

    /// Public buildings day by day. Homes are told by month only: of a day there may be too few, and a month less all its
    /// other days would tell of it.
    fn day_rows(&self, export: &Export<'_>, here: impl Fn(&Commune) -> bool) -> Vec<Vec<Option<Value>>> {
        let mut rows = Vec::new();
        for (number, day) in self.days.sums.keys() {
            let Some(zone @ Zone::Commune(commune)) = self.zone(*number) else { continue };
            if self.decision.cells[zone].protected || !here(commune) {
                continue;
            }
            let mut row = vec![text(day), text(&commune.commune), year(commune.vintage)];
            row.extend(self.told(export, zone, &self.days, day).unwrap_or_else(withheld));
            rows.push(row);
        }
        rows.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        rows
    }

    fn zone(&self, number: i64) -> Option<&Zone> {
        self.zones.get(usize::try_from(number).ok()?)
    }

    /// The figures of a zone; `None` when none are released.
    fn told(
        &self,
        export: &Export<'_>,
        zone: &Zone,
        answers: &Answers,
        day: &str,
    ) -> Option<Vec<Option<Value>>> {
        let number = self.zones.binary_search(zone).ok().and_then(|number| i64::try_from(number).ok())?;
        let telling = Telling {
            rules: &export.rules,
            counts_min: export.statistics.counts_min.value,
            protected: self.decision.cells[zone].protected,
        };
        let key = (number, day.to_owned());
        let rates = [0, 1].map(|direction: usize| answers.rates[direction].get(&key));
        Some(telling.figures(answers.sums.get(&key)?, rates))
    }
}

impl Answers {
    async fn ask(export: &Export<'_>, month: &str, grain: Grain) -> anyhow::Result<Self> {
        let key = |row: &Row| {
            let day = row.text("day_of").unwrap_or_default().to_owned();
            row.whole("cell").map(|cell| (cell, day)).ok_or_else(|| anyhow!("a row belongs to no cell"))
        };
        let mut sums = ByCell::new();
        for row in question::ask(export.history, &question::sums(month, grain)).await? {
            sums.insert(key(&row)?, row);
        }
        let mut rates = [ByCell::new(), ByCell::new()];
        for row in question::ask(export.history, &question::rates(month, grain)).await? {
            let direction = usize::from(row.text("direction") == Some("upload"));
            rates[direction].insert(key(&row)?, row);
        }
        Ok(Self { sums, rates })
    }
}

impl Summary {
    pub(super) fn told(&self) -> Json {
        json!({
            "month": self.month,
            "departement": self.departement,
            "complete": self.complete,
            "communes": { "released": self.released, "partly": self.partly, "withheld": self.withheld },
            "zones": self.zones,
            "communes_without_outline": self.without_outline,
        })
    }

    /// For those who run the export.
    pub(super) fn line(&self) -> String {
        let Self { month, departement, released, partly, withheld, zones, .. } = self;
        let open = if self.complete { "" } else { ", month not over" };
        let lost = match self.without_outline {
            0 => String::new(),
            count => format!(", {count} in no map because the territory does not know them"),
        };
        format!(
            "{month} {departement}: {released} communes released, {partly} in part, {withheld} withheld, {zones} wider zones{lost}{open}"
        )
    }
}

/// The first and the last day of a month.
pub(super) fn ends(month: &str) -> anyhow::Result<[String; 2]> {
    let first: Date = format!("{month}-01").parse()?;
    Ok([first.to_string(), first.last_of_month().to_string()])
}

fn contribution(export: &Export<'_>, row: &Row) -> anyhow::Result<Contribution> {
    let probe = row.text("probe").ok_or_else(|| anyhow!("a row has no probe"))?.to_owned();
    let commune = row.text("commune").ok_or_else(|| anyhow!("a row has no commune"))?.to_owned();
    let vintage = row.whole("vintage").and_then(|year| i32::try_from(year).ok()).unwrap_or_default();
    Ok(Contribution {
        public: export.hosts.get(&probe) == Some(&Host::PublicBuilding),
        probe,
        place: Commune { commune, vintage },
        minutes: row.count("minutes"),
        runs: row.count("runs"),
    })
}

fn parents(export: &Export<'_>, commune: &Commune) -> Parents {
    let known = commune.commune.parse().ok().and_then(|code| export.territory.commune(code));
    known.map_or_else(Parents::default, |known| Parents {
        epci: known.epci.clone(),
        departement: Some(known.departement.clone()),
    })
}

/// Whether the territory has the outline of a commune as the list of its year has it.
fn has_outline(export: &Export<'_>, commune: &Commune, code: CommuneCode) -> bool {
    i32::from(export.territory.vintage().as_year()) == commune.vintage
        && export.territory.commune(code).is_some()
}

/// Which contribution is in which cell, as a table.
fn cells(contributions: &[Contribution], decision: &Decision) -> anyhow::Result<RecordBatch> {
    let (mut numbers, mut members) = (Vec::new(), Vec::new());
    for (number, cell) in (0_i32..).zip(decision.cells.values()) {
        numbers.extend(std::iter::repeat_n(number, cell.members.len()));
        members.extend(cell.members.iter().map(|&member| &contributions[member]));
    }
    let text = |of: fn(&Contribution) -> &str| -> ArrayRef {
        Arc::new(members.iter().map(|member| Some(of(member))).collect::<StringArray>())
    };
    let vintages: Int32Array = members.iter().map(|member| Some(member.place.vintage)).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("cell", Arc::new(Int32Array::from(numbers))),
        ("probe", text(|member| &member.probe)),
        ("commune", text(|member| &member.place.commune)),
        ("vintage", Arc::new(vintages)),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

const fn named(zone: &Zone) -> (&'static str, &str) {
    match zone {
        Zone::Commune(commune) => ("commune", commune.commune.as_str()),
        Zone::Epci(code) => ("epci", code.as_str()),
        Zone::Departement(code) => ("departement", code.as_str()),
    }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn year(year: i32) -> Option<Value> {
    u32::try_from(year).ok().map(Value::Count)
}

/// Commune, then day.
fn sort_key(row: &[Option<Value>]) -> [&str; 2] {
    [1, 0].map(|at: usize| match row.get(at) {
        Some(Some(Value::Text(text))) => text.as_str(),
        _ => "",
    })
}
