//! `desserte export`: open data of the history, as docs/spec/open-data.md tells.
//!
//! An export is a function of the state of the history, the territory, the declared places of probes, the options and the version
//! of this program: no clock goes into it, and the same give the same octets.

mod catalogue;
mod columns;
mod figures;
mod month;
mod place;
mod question;
mod release;
mod sheet;
mod written;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_collector::META_DEMONSTRATION;
use desserte_equity::{Parameters, RELEASE_RULES, ReleaseRules};
use desserte_lake::{History, LakeOptions, ROLLUP_METHOD, State};
use desserte_store::Store;
use desserte_territory::{OVERLAY_ROLE, Territory};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::arguments::DataArguments;
use crate::clock;
use crate::collector::TERRITORY_FILE;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, note, progress};
use crate::probe::open_existing;
use crate::territory::told;
use catalogue::{LICENCE, Whole};
use month::{Month, Summary};
use place::{MANIFEST, Place};
use written::{DataFile, Format};

/// Version of the layout.
const LAYOUT: &str = "desserte-open-data/1";

/// What `--territory` says for all of them.
const EVERY_DEPARTEMENT: &str = "departement";

/// Options of `desserte export`.
#[derive(Debug, Args)]
pub(crate) struct OpenDataArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Directory to write: new, empty, or an earlier export, which is replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// One month, such as 2026-10; by default every month that anything was measured in.
    #[arg(long, value_name = "YYYY-MM", value_parser = a_month, conflicts_with_all = ["from", "to"])]
    month: Option<String>,
    /// First month.
    #[arg(long, value_name = "YYYY-MM", value_parser = a_month)]
    from: Option<String>,
    /// Last month.
    #[arg(long, value_name = "YYYY-MM", value_parser = a_month)]
    to: Option<String>,
    /// Code of one département, or `departement`: each in a directory of its own.
    #[arg(long, value_name = "CODE|departement", default_value = EVERY_DEPARTEMENT)]
    territory: String,
    /// Format of the data.
    #[arg(long, value_enum, default_value_t = Format::All)]
    format: Format,
    /// Only rows up to this number, as an earlier export named it: the same octets as then. Where several collectors write, a number
    /// for each, with commas.
    #[arg(long, value_name = "NUMBER")]
    as_of: Option<State>,
    /// Territory file; by default the one in the store's directory.
    #[arg(long, value_name = "FILE")]
    territory_file: Option<PathBuf>,
    /// Who publishes, for the catalogue.
    #[arg(long, value_name = "NAME")]
    publisher: Option<String>,
    /// Address that the files will be published under, for the catalogue; by default addresses are relative to it.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

fn a_month(text: &str) -> Result<String, String> {
    match format!("{text}-01").parse::<jiff::civil::Date>() {
        Ok(first) if first.to_string() == format!("{text}-01") => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is no month such as 2026-10")),
    }
}

/// What every step of an export needs.
struct Export<'a> {
    arguments: &'a OpenDataArguments,
    history: &'a History,
    territory: &'a Territory,
    hosts: std::collections::BTreeMap<String, desserte_store::Host>,
    rules: ReleaseRules,
    statistics: Parameters,
    demonstration: bool,
    /// Last moment that a record of the state arrived at, microseconds since the Unix epoch.
    received_us: i64,
    /// Sources that outlines and names come from, a line each.
    sources: Vec<String>,
}

pub(crate) fn run(arguments: &OpenDataArguments) -> Outcome {
    let store = Arc::new(open_existing(&DataArguments { data: arguments.data.clone() })?);
    let file = arguments.territory_file.clone().unwrap_or_else(|| arguments.data.join(TERRITORY_FILE));
    let territory =
        Territory::open(&file).with_context(|| format!("cannot use territory {}", file.display()))?;
    let exportable = territory.exportable()?;
    let asked = &arguments.territory;
    if asked != EVERY_DEPARTEMENT && territory.departement(asked).is_none() {
        return Err(Failure::usage(anyhow!("{asked:?} is no département of this territory")));
    }
    let base = exportable.sources.iter().filter(|source| source.role != OVERLAY_ROLE);
    let sources = base.map(|source| told(source)).collect();
    let place = Place::begin(&arguments.out)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let history =
            History::open(&store, &arguments.data, &LakeOptions::default(), arguments.as_of.clone()).await?;
        let export = Export::prepare(arguments, &store, &history, &territory, sources).await?;
        export.write(place).await
    })
}

impl<'a> Export<'a> {
    async fn prepare(
        arguments: &'a OpenDataArguments,
        store: &Arc<Store>,
        history: &'a History,
        territory: &'a Territory,
        sources: Vec<String>,
    ) -> Result<Self, Failure> {
        let received = question::ask(history, question::RECEIVED).await?;
        let received_us = received.first().and_then(|row| row.whole("received"));
        let received_us =
            received_us.ok_or_else(|| Failure::no(anyhow!("nothing was ever measured here")))?;
        Ok(Self {
            arguments,
            history,
            territory,
            hosts: store.hosts()?,
            rules: ReleaseRules::built_in(),
            statistics: Parameters::built_in(),
            demonstration: store.meta(META_DEMONSTRATION)?.is_some() || territory.is_synthetic(),
            received_us,
            sources,
        })
    }

    async fn write(&self, place: Place) -> Outcome {
        let months = self.months().await?;
        let bar = progress("months");
        bar.set_length(months.len() as u64);
        let (mut files, mut summaries) = (Vec::new(), Vec::new());
        for name in &months {
            bar.set_message(name.clone());
            let month = Month::read(self, name).await?;
            for departement in month.departements() {
                if [EVERY_DEPARTEMENT, departement].contains(&self.arguments.territory.as_str()) {
                    let (written, summary) = month.write(self, &place, departement)?;
                    files.extend(written);
                    summaries.push(summary);
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if files.is_empty() {
            return Err(Failure::no(anyhow!("nothing was measured in that time and territory")));
        }
        self.describe(&place, &months, &files, &summaries)?;
        place.finish()?;
        self.tell(&files, &summaries)
    }

    /// The months asked for that anything was measured in.
    async fn months(&self) -> anyhow::Result<Vec<String>> {
        let rows = question::ask(self.history, question::MONTHS).await?;
        let OpenDataArguments { month, from, to, .. } = self.arguments;
        let (from, to) = (month.as_ref().or(from.as_ref()), month.as_ref().or(to.as_ref()));
        let asked = |month: &String| from.is_none_or(|from| month >= from) && to.is_none_or(|to| month <= to);
        Ok(rows.iter().filter_map(|row| row.text("month").map(str::to_owned)).filter(asked).collect())
    }

    /// Writes what stands beside the data.
    fn describe(
        &self,
        place: &Place,
        months: &[String],
        files: &[DataFile],
        summaries: &[Summary],
    ) -> anyhow::Result<()> {
        let modified = clock::text(desserte_units::Timestamp::from_unix_micros(self.received_us));
        let ends = |month: Option<&String>| month.map(|month| month::ends(month)).transpose();
        let first = ends(months.first())?.map(|[first, _]| first).unwrap_or_default();
        let last = ends(months.last())?.map(|[_, last]| last).unwrap_or_default();
        let departements: BTreeSet<String> = files
            .iter()
            .map(|file| file.departement.clone())
            .filter(|_| !self.territory.is_synthetic())
            .collect();
        let whole = Whole {
            publisher: self.arguments.publisher.as_deref(),
            base: self.arguments.base_url.as_deref(),
            modified: &modified,
            days: [first, last],
            demonstration: self.demonstration,
            departements: departements.into_iter().collect(),
            sources: self.sources.clone(),
        };
        let mut sums: Vec<place::Written> = files.iter().map(|file| file.written.clone()).collect();
        let mut keep = |path: &str, octets: &[u8]| {
            sums.push(place.write(path, |file| Ok(file.write_all(octets)?))?);
            anyhow::Ok(())
        };
        keep("LICENCE.txt", catalogue::licence(&whole).as_bytes())?;
        keep("dictionary.csv", &catalogue::dictionary_csv()?)?;
        keep("dictionary.json", &pretty(&catalogue::dictionary_json())?)?;
        keep("catalogue.jsonld", &pretty(&catalogue::catalogue(&whole, files))?)?;
        keep("release-rules.toml", RELEASE_RULES.as_bytes())?;
        keep(MANIFEST, &pretty(&self.manifest(&modified, files, summaries)?)?)?;
        sums.sort_by(|a, b| a.path.cmp(&b.path));
        let sums: String = sums.iter().map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
        place.write("SHA256SUMS", |file| Ok(file.write_all(sums.as_bytes())?))?;
        Ok(())
    }

    fn manifest(&self, modified: &str, files: &[DataFile], summaries: &[Summary]) -> anyhow::Result<Value> {
        let territory = self.territory;
        Ok(json!({
            "format": LAYOUT,
            "program": concat!("desserte ", env!("CARGO_PKG_VERSION")),
            "demonstration": self.demonstration,
            "licence": LICENCE,
            "publisher": self.arguments.publisher,
            "state": {
                "generation": self.history.generation(),
                "number": numbers(self.history.cited()),
                "received_until": modified,
                "hosts_sha256": self.hosts_digest(),
            },
            "territory": {
                "fingerprint": territory.fingerprint(),
                "vintage": territory.vintage().as_year(),
                "synthetic": territory.is_synthetic(),
                "sources": self.sources,
            },
            "parameters": {
                "release": self.rules.set,
                "release_rules": toml::from_str::<Value>(RELEASE_RULES)?,
                "statistics": self.statistics.set,
                "values_min": {
                    "median": self.statistics.counts_min.value.median,
                    "p20": self.statistics.counts_min.value.p20,
                },
                "rollup": ROLLUP_METHOD,
            },
            "months": summaries.iter().map(Summary::told).collect::<Vec<_>>(),
            "files": files.iter().map(DataFile::told).collect::<Vec<_>>(),
        }))
    }

    /// Stands for the declarations of where probes stand, which are no part of the history, without telling them.
    fn hosts_digest(&self) -> String {
        let mut hash = Sha256::new();
        for (probe, host) in &self.hosts {
            hash.update(format!("{probe} {host:?}\n"));
        }
        hex::encode(hash.finalize())
    }

    fn tell(&self, files: &[DataFile], summaries: &[Summary]) -> Outcome {
        for summary in summaries {
            note(&summary.line());
        }
        note(&format!(
            "generation {}, as of number {}: --as-of {} gives the same octets again",
            self.history.generation(),
            self.history.cited(),
            self.history.cited()
        ));
        line(&format!("{} files of data in {}", files.len(), self.arguments.out.display()))
    }
}

/// One number as it is; those of several collectors as text.
pub(crate) fn numbers(state: &State) -> Value {
    let text = state.to_string();
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}

fn pretty(value: &Value) -> anyhow::Result<Vec<u8>> {
    let mut octets = serde_json::to_vec_pretty(value)?;
    octets.push(b'\n');
    Ok(octets)
}
