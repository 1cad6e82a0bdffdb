//! `desserte dossier`: a file about a place that others can check, and its check (docs/spec/dossier.md).

mod arguments;
mod brought;
mod check;
mod drawings;
mod evidence;
mod facts;
mod made_together;
mod make;
mod notice;
mod place;
mod public;
mod replay;
mod reply;
mod steps;
mod typeset;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use arguments::BuildArguments;
pub(crate) use arguments::DossierCommand;
use desserte_collector::META_DEMONSTRATION;
use desserte_custody::Hash;
use desserte_dossier::{
    Bundle, DeclaredProbe, Lang, PlaceKind, REQUEST_SCHEMA, Request, Territory as Named, limits, part,
};
use desserte_measure::METHOD_VERSION;
use desserte_service::Sets;
use desserte_signing::PublicKey;
use desserte_store::{Kept, Period, Store};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::arguments::{DataArguments, Lang as Asked};
use crate::collector::TERRITORY_FILE;
use crate::out::{Failure, Outcome, line, written_whole};
use crate::probe::open_existing;
use crate::service::sites;
use evidence::Evidence;
use public::Rule;
use steps::Steps;

/// The bundle's file.
const BUNDLE_FILE: &str = "dossier.zip";
/// The PDF beside it.
const PDF_FILE: &str = part::PDF;

/// Longest period in days: a year that leaps. Figures of longer ones would hide what changed.
const DAYS_MAX: i32 = 366;

/// Parts that are not batches: room for them within what a bundle may have.
const OTHER_PARTS: usize = 2_000;

/// Microseconds in a day: local days reach as far beyond those of UTC.
const DAY_US: i64 = 86_400_000_000;

pub(crate) fn run(command: &DossierCommand) -> Outcome {
    match command {
        DossierCommand::Build(arguments) => build(arguments),
        DossierCommand::Rebuild(arguments) => check::rebuild(arguments),
        DossierCommand::Verify(arguments) => check::verify(arguments),
        DossierCommand::ReplyText(arguments) => reply::text(arguments),
        DossierCommand::Notice(arguments) => notice::notice(arguments),
        DossierCommand::Reply(arguments) => reply::reply(arguments),
        DossierCommand::Retest(arguments) => made_together::retest(arguments),
    }
}

/// This program, as dossiers name it.
fn program() -> String {
    format!("desserte {}", env!("CARGO_PKG_VERSION"))
}

fn build(arguments: &BuildArguments) -> Outcome {
    if let Some(mib) = arguments.memory_mib {
        steps::bound_memory(mib).map_err(Failure::usage)?;
    }
    if arguments.background {
        steps::lower_priority()?;
    }
    let steps = Steps::of(arguments.background);
    let lang = if arguments.lang == Asked::Fr { Lang::Fr } else { Lang::En };
    let period = period(arguments.from, arguments.to)?;
    let sets = chosen_sets(arguments)?;
    facts::uses(&arguments.uses, &sets).map_err(Failure::usage)?;
    let declared = arguments.sites.as_ref().map(|path| sites::read(path, arguments.lang)).transpose()?;
    let path = arguments.territory.clone().unwrap_or_else(|| arguments.data.join(TERRITORY_FILE));
    let (territory, sha256) = open_territory(&path, None, lang)?;
    let store = open_existing(&DataArguments { data: arguments.data.clone() })?;
    let (kind, code) = asked(arguments);
    let found = place::find(&territory, kind, &code, lang)?;
    let verdicts = brought::read(arguments, &found, &territory, lang)?;
    let mut rule = arguments
        .public
        .then(|| Rule::new(&store, &territory, &found.place.code, lang))
        .transpose()
        .map_err(Failure::usage)?;
    steps.tell("gathering");
    let work = work_in(&arguments.making.out)?;
    let mut gathered = Gathered::new(Bundle::new(spool(&arguments.making.out)?), rule.as_mut());
    let limit = limits::PARTS_MAX - OTHER_PARTS;
    let mut kept = store
        .evidence(&found.scopes, found.probe.as_ref(), period, limit, &mut |kept| gathered.take(&kept))?;
    let (bundle, keys) = gathered.finish()?;
    if let Some(rule) = &rule {
        rule.check_any(!keys.is_empty())?;
        kept.notes.retain(|note| {
            let probe = note.event.as_ref().and_then(|event| event.probe.as_deref());
            probe.is_some_and(|probe| rule.allows(probe))
        });
        rule.check_notes(&kept.notes, period.start)?;
    }
    let probes = probes(&store, &keys, |probe| {
        declared
            .as_ref()
            .and_then(|declared| declared.get(probe).copied())
            .and_then(|declared| declared.class_a)
    })?;
    let stamps = store.stamps()?.into_iter().map(|stamp| (stamp.day.to_string(), stamp.response));
    // In the order of names, as a bundle gives them back.
    let parameters: BTreeMap<&str, &str> = sets.names().into_iter().zip(sets.texts()).collect();
    let parameters = parameters.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let evidence = Evidence {
        request: Request {
            schema: REQUEST_SCHEMA.to_owned(),
            program: program(),
            method: METHOD_VERSION.to_owned(),
            lang,
            kind,
            code: found.place.code.clone(),
            from: arguments.from.to_string(),
            to: arguments.to.to_string(),
            uses: arguments.uses.clone(),
            public: arguments.public,
            demonstration: store.meta(META_DEMONSTRATION)?.is_some() || territory.is_synthetic(),
            probes,
            territory: Named { sha256, vintage: territory.vintage().to_string() },
        },
        stamps: stamps.filter(|(day, _)| kept.seals.contains_key(day)).collect(),
        notes: kept.notes,
        seals: kept.seals,
        parameters,
        verdicts,
        notices: Vec::new(),
        replies: Vec::new(),
        retests: Vec::new(),
    };
    let typeset = arguments.making.typeset.as_deref();
    let tools = make::Tools { territory: &territory, work: &work, typeset, steps };
    let mut made = make::make(&evidence, bundle, &tools)?;
    steps.tell("writing");
    let octets = put(&mut made, &arguments.making.out)?;
    tell_made(&mut made, octets, &arguments.making.out, lang)
}

/// Batches on their way from the store into a bundle.
struct Gathered<'a, 't> {
    bundle: Bundle<File>,
    rule: Option<&'a mut Rule<'t>>,
    keys: BTreeSet<String>,
    number: usize,
    failed: Option<Failure>,
}

impl<'a, 't> Gathered<'a, 't> {
    fn new(bundle: Bundle<File>, rule: Option<&'a mut Rule<'t>>) -> Self {
        Self { bundle, rule, keys: BTreeSet::new(), number: 0, failed: None }
    }

    fn take(&mut self, kept: &Kept) -> ControlFlow<()> {
        match self.put(kept) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failed = Some(failure);
                ControlFlow::Break(())
            }
        }
    }

    fn put(&mut self, kept: &Kept) -> Result<(), Failure> {
        let Some(batch) = kept.batch() else { return Ok(()) };
        if let Some(rule) = &mut self.rule {
            let key: PublicKey =
                batch.public_key.parse().map_err(|error| anyhow!("batch {}: {error}", batch.batch))?;
            if !rule.allows(key.id().as_str()) {
                return Ok(());
            }
            rule.check(batch)?;
        }
        if !self.keys.contains(&batch.public_key) {
            self.keys.insert(batch.public_key.clone());
        }
        self.number += 1;
        evidence::put_batch(&mut self.bundle, self.number, kept).map_err(Failure::usage)
    }

    /// The bundle, and the keys of its probes.
    fn finish(self) -> Result<(Bundle<File>, BTreeSet<String>), Failure> {
        self.failed.map_or(Ok((self.bundle, self.keys)), Err)
    }
}

fn asked(arguments: &BuildArguments) -> (PlaceKind, String) {
    let BuildArguments { commune, epci, departement, site, .. } = arguments;
    let site = site.as_ref().map(ToString::to_string);
    let named = [
        (PlaceKind::Commune, commune.as_ref().map(|code| code.trim().to_ascii_uppercase())),
        (PlaceKind::Epci, epci.clone()),
        (PlaceKind::Departement, departement.clone()),
        (PlaceKind::Site, site),
    ];
    // The command line wants exactly one of them.
    named.into_iter().find_map(|(kind, code)| Some((kind, code?))).unwrap_or((PlaceKind::Site, String::new()))
}

/// The period, a day more on both ends.
fn period(from: Date, to: Date) -> Result<Period, Failure> {
    let days = from.until(to).map_or(0, |span| span.get_days());
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Failure::usage(anyhow!(
            "a dossier covers from 1 to {DAYS_MAX} days; from {from} to {to} are {days}"
        )));
    }
    let midnight = |day: Date, more: i64| {
        let start = day.to_zoned(TimeZone::UTC).map(|day| day.timestamp().as_second());
        Ok::<_, anyhow::Error>(Timestamp::from_unix_secs(start?).saturating_add_micros(more))
    };
    Ok(Period { start: midnight(from, -DAY_US)?, end: midnight(to, DAY_US)? })
}

fn chosen_sets(arguments: &BuildArguments) -> Result<Sets, Failure> {
    let mut sets = Sets::built_in();
    for path in &arguments.parameters {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(Failure::usage)?;
        sets.replace(&text).with_context(|| path.display().to_string()).map_err(Failure::usage)?;
    }
    Ok(sets)
}

/// A territory and the digest of its file, which is the one wanted if one is.
fn open_territory(path: &Path, wanted: Option<Hash>, lang: Lang) -> Result<(Territory, Hash), Failure> {
    let file = path.display();
    let octets = std::fs::read(path).map_err(|error| {
        Failure::usage(match lang {
            Lang::Fr => anyhow!("pas de fichier de territoire en {file} ({error}) : faites-en un avec « desserte-geodata import », ou nommez-le avec --territory"),
            Lang::En => anyhow!("there is no territory file at {file} ({error}): make one with `desserte-geodata import`, or name it with --territory"),
        })
    })?;
    let sha256 = Hash::of(&octets);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != sha256) {
        return Err(Failure::usage(match lang {
            Lang::Fr => anyhow!(
                "{file} n’est pas le territoire du dossier : son SHA-256 est {sha256}, le dossier nomme {wanted}"
            ),
            Lang::En => anyhow!(
                "{file} is not the territory of the dossier: its SHA-256 is {sha256}, the dossier names {wanted}"
            ),
        }));
    }
    drop(octets);
    let territory = Territory::open(path).with_context(|| format!("cannot use territory {file}"))?;
    Ok((territory, sha256))
}

/// The probes of some keys, with what is declared of them.
fn probes(
    store: &Store,
    keys: &BTreeSet<String>,
    class_a: impl Fn(&desserte_model::ProbeId) -> Option<bool>,
) -> Result<Vec<DeclaredProbe>, Failure> {
    let hosts = store.hosts()?;
    let mut probes = Vec::new();
    for public_key in keys {
        let key: PublicKey = public_key.parse().map_err(|error| anyhow!("key {public_key}: {error}"))?;
        let id = key.id();
        let host = hosts.get(id.as_str()).map(|host| match host {
            desserte_store::Host::PublicBuilding => "public".to_owned(),
            desserte_store::Host::Person => "person".to_owned(),
        });
        let (probe, public_key) = (id.to_string(), public_key.clone());
        probes.push(DeclaredProbe { class_a: class_a(&id), probe, public_key, host });
    }
    probes.sort_by(|one, other| one.probe.cmp(&other.probe));
    Ok(probes)
}

/// Where the store of the batches is made while a dossier is.
fn work_in(out: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    Ok(out.join(".building"))
}

/// Where parts wait for the archive: a file without a name, so that nothing is left of it whatever happens.
fn spool(out: &Path) -> anyhow::Result<File> {
    let path = out.join(".parts");
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.with_context(|| format!("cannot create {}", path.display()))?;
    std::fs::remove_file(&path).with_context(|| format!("cannot tidy up {}", path.display()))?;
    Ok(file)
}

/// Writes both files and gives the archive's octets.
fn put(bundle: &mut Bundle<File>, out: &Path) -> Result<u64, Failure> {
    let pdf = contents(bundle, part::PDF)?;
    written_whole(&out.join(PDF_FILE), |file| Ok(file.write_all(&pdf)?))?;
    let mut octets = 0;
    written_whole(&out.join(BUNDLE_FILE), |mut file| {
        octets = bundle.archive(&mut file)?;
        Ok(())
    })?;
    Ok(octets)
}

fn contents(bundle: &mut Bundle<File>, name: &str) -> anyhow::Result<Vec<u8>> {
    bundle.get(name)?.with_context(|| format!("{name} was not made"))
}

fn tell_made(bundle: &mut Bundle<File>, archive: u64, out: &Path, lang: Lang) -> Outcome {
    let case: desserte_dossier::Case =
        serde_json::from_slice(&contents(bundle, part::CASE)?).context("cannot read the facts again")?;
    let path = |name: &str| out.join(name).display().to_string();
    let made = words::Made {
        files: [path(PDF_FILE), path(BUNDLE_FILE)],
        octets: [contents(bundle, part::PDF)?.len() as u64, archive],
        sites: case.sites.len(),
        unsealed: case.custody.unsealed,
        fingerprint: bundle.fingerprint().to_string(),
    };
    words::made(&made, lang == Lang::Fr).iter().try_for_each(|text| line(text))
}
