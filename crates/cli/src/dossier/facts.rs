//! From signed batches, put into a store of their own, to the facts of a dossier.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use desserte_dossier::{
    Boundary, CASE_SCHEMA, Case, Class, Custody, DeclaredProbe, Exclusion, Figure, KeptNote, Lang, Line,
    OutageFact, Sealed, Site, Span, Told, UseFact, Verdicts,
};
use desserte_indicators::figures::{of_area, of_site};
use desserte_indicators::sites::{records, weights};
use desserte_measure::{MinuteState, StatedMinute, outages};
use desserte_service::{
    Calendar, Declared, INTERVAL_SEED, Records, Sets, SiteReport, SiteWeight, area_report, site_report,
};
use desserte_store::{Period, RunRow, Scope};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::drawings::Gallery;
use super::evidence::Evidence;
use super::place::Found;
use super::replay::Replayed;

/// What a site's figures are made with.
struct Scene<'a> {
    evidence: &'a Evidence,
    replayed: &'a Replayed,
    sets: &'a Sets,
    days: (Date, Date),
}

pub(super) fn facts(
    evidence: &Evidence,
    replayed: &Replayed,
    territory: &Territory,
    found: &Found,
    sets: &Sets,
) -> anyhow::Result<(Case, BTreeMap<String, String>)> {
    let request = &evidence.request;
    let day = |text: &str| text.parse::<Date>().with_context(|| format!("{text:?} is no day"));
    let days = (day(&request.from)?, day(&request.to)?);
    let scene = Scene { evidence, replayed, sets, days };
    let mut gallery = Gallery::new(request, days, sets);
    let (mut reports, mut sites, mut excluded) = (Vec::new(), Vec::new(), BTreeMap::new());
    // One commune's records are held at a time.
    for scope in by_commune(&found.scopes, territory) {
        let runs = scene.all_runs(&scope)?;
        for (site, records) in records(&replayed.store, &[scope], found.probe.as_ref(), days)? {
            let declared = declared(request.probes.iter().find(|probe| probe.probe == site.probe.as_str()));
            let report =
                site_report(site, declared, &records, days, sets).context("the period is no period")?;
            let calendar = sets.calendars.of(report.site.commune);
            // A day more is read on both ends: a probe may have nothing within.
            if report.days == 0 && !records.runs.iter().any(|run| within(run.at, &calendar, days)) {
                continue;
            }
            let own = Own { report: &report, records: &records, runs: &runs };
            let site = scene.site(sites.len() + 1, &own, territory, &mut excluded);
            gallery.site(&site.label, report.site.commune, &records);
            sites.push(site);
            reports.push(report);
        }
    }
    let weighed: Vec<SiteWeight<'_>> = reports
        .iter()
        .zip(weights(&reports, territory))
        .map(|(report, weight)| SiteWeight { report, weight })
        .collect();
    let area = area_report(&weighed, sets);
    let told: Vec<usize> = uses(&request.uses, sets)?;
    excluded.insert("records_refused", replayed.refused);
    let last = days.1.yesterday().context("the period ends at the calendar's beginning")?;
    let mut case = Case {
        schema: CASE_SCHEMA.to_owned(),
        lang: request.lang,
        public: request.public,
        demonstration: request.demonstration,
        program: request.program.clone(),
        method: request.method.clone(),
        place: found.place.clone(),
        period: Span {
            from: request.from.clone(),
            last: last.to_string(),
            days: u32::try_from(days.0.until(days.1)?.get_days()).unwrap_or(0),
        },
        uses: told.into_iter().map(|of| use_fact(of, sets, request.lang)).collect(),
        area: of_area(&area, sets).into_iter().map(figure).collect(),
        may_over_represent_centres: area.may_be_biased,
        sites,
        exclusions: excluded
            .into_iter()
            .map(|(reason, count)| Exclusion { reason: reason.to_owned(), count })
            .collect(),
        custody: custody(evidence, replayed)?,
        parameters: evidence
            .parameters
            .iter()
            .map(|(name, text)| (name.clone(), hex::encode(Sha256::digest(text))))
            .collect(),
        boundary: boundary(evidence, territory),
        seed: INTERVAL_SEED,
        drawings: Vec::new(),
        verdicts: Verdicts::default(),
        notices: evidence.notices.clone(),
        replies: evidence.replies.clone(),
        retests: evidence.retests.clone(),
    };
    case.verdicts = super::brought::told(&evidence.verdicts, &case, territory)?;
    let (drawings, files) = gallery.finish(&case, found, territory);
    case.drawings = drawings;
    Ok((case, files))
}

/// A département's communes one by one; other scopes as they are.
fn by_commune(scopes: &[Scope], territory: &Territory) -> Vec<Scope> {
    let parts = |scope: &Scope| match scope {
        Scope::Departement(code) => {
            territory.communes_of_departement(code).map(|commune| Scope::Commune(commune.code)).collect()
        }
        scope => vec![scope.clone()],
    };
    scopes.iter().flat_map(parts).collect()
}

/// What one site's facts are made from.
struct Own<'a> {
    report: &'a SiteReport,
    records: &'a Records,
    /// Every run of the commune.
    runs: &'a [RunRow],
}

/// Whether a moment lies within days of the place's own calendar.
fn within(at: Timestamp, calendar: &Calendar, (from, to): (Date, Date)) -> bool {
    calendar.midnight(from).is_some_and(|from| at >= from) && calendar.midnight(to).is_some_and(|to| at < to)
}

fn declared(probe: Option<&DeclaredProbe>) -> Declared {
    Declared {
        class_a: probe.and_then(|probe| probe.class_a),
        public_building: probe.and_then(|probe| probe.host.as_deref()).map(|host| host == "public"),
    }
}

/// Places in the set of the uses that were asked for; all of them if none was named.
pub(super) fn uses(asked: &[String], sets: &Sets) -> anyhow::Result<Vec<usize>> {
    let all = &sets.uses.uses;
    if asked.is_empty() {
        return Ok((0..all.len()).collect());
    }
    let place = |id: &String| {
        all.iter().position(|own| own.id == *id).ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|own| own.id.as_str()).collect();
            anyhow!("{id:?} is no use of {}: {}", sets.uses.set, known.join(", "))
        })
    };
    asked.iter().map(place).collect()
}

fn use_fact(of: usize, sets: &Sets, lang: Lang) -> UseFact {
    let own = &sets.uses.uses[of];
    let window = &sets.uses.windows[own.window];
    let pick = |fr: &String, en: &String| if lang == Lang::Fr { fr.clone() } else { en.clone() };
    UseFact {
        id: own.id.clone(),
        name: pick(&own.fr, &own.en),
        window: pick(&window.fr, &window.en),
        window_hours: window.rule.value.hours_per_week(),
    }
}

fn figure(figure: desserte_indicators::figures::Figure) -> Figure {
    Figure {
        state: match figure.state.as_str() {
            "enough" => Told::Enough,
            "indicative" => Told::Indicative,
            "not_enough" => Told::NotEnough,
            "observed" => Told::Observed,
            _ => Told::NotMeasured,
        },
        indicator: figure.indicator,
        of: figure.of,
        unit: figure.unit,
        lacks: figure.lacks,
        value: figure.value,
        low: figure.low,
        high: figure.high,
    }
}

impl Scene<'_> {
    /// Every run of a scope, those that enter no figure included; a day more on both ends.
    fn all_runs(&self, scope: &Scope) -> anyhow::Result<Vec<RunRow>> {
        const DAY_US: i64 = 86_400_000_000;
        let calendar = self.sets.calendars.of("23096".parse().context("a commune's code")?);
        let midnight = |day, more| {
            calendar
                .midnight(day)
                .map(|at| at.saturating_add_micros(more))
                .context("a day beyond the calendar")
        };
        let period = Period { start: midnight(self.days.0, -DAY_US)?, end: midnight(self.days.1, DAY_US)? };
        Ok(self.replayed.store.runs(scope, period)?)
    }

    fn site(
        &self,
        number: usize,
        own: &Own<'_>,
        territory: &Territory,
        excluded: &mut BTreeMap<&'static str, u64>,
    ) -> Site {
        let &Own { report, records, runs } = own;
        let commune = report.site.commune;
        let calendar = self.sets.calendars.of(commune);
        let probe = report.site.probe.as_str();
        let declared = self.evidence.request.probes.iter().find(|declared| declared.probe == probe);
        let host = declared.and_then(|declared| declared.host.clone());
        let runs: Vec<&RunRow> = runs
            .iter()
            .filter(|run| run.commune == commune && run.probe.as_str() == probe)
            .filter(|run| within(run.event, &calendar, self.days))
            .collect();
        for run in &runs {
            if let Some(reason) = exclusion(run) {
                *excluded.entry(reason).or_insert(0) += 1;
            }
        }
        let unknown = records.minutes.iter().filter(|minute| {
            matches!(minute.stated.state, MinuteState::Unknown(_))
                && within(minute.stated.start, &calendar, self.days)
        });
        *excluded.entry("minutes_unknown").or_insert(0) += unknown.count() as u64;
        let chain = self.replayed.chains.get(probe);
        let figures: Vec<Figure> = of_site(report, self.sets).into_iter().map(figure).collect();
        // What is not told as a number is not told one by one either.
        let told = Figure::find(&figures, "outages", None).is_some_and(|figure| figure.value.is_some());
        Site {
            label: format!("P{number}"),
            probe: probe.to_owned(),
            commune: commune.to_string(),
            name: territory.commune(commune).map_or_else(String::new, |found| found.name.clone()),
            class: match (declared.and_then(|declared| declared.class_a), host.as_deref()) {
                (Some(true), _) => Class::A,
                (_, Some("person")) => Class::C,
                _ => Class::B,
            },
            class_a_declared: declared.and_then(|declared| declared.class_a),
            host,
            days: report.days,
            zone: report.zone.clone(),
            line: line(
                &runs,
                chain.map(|chain| chain.software.iter().cloned().collect()).unwrap_or_default(),
            ),
            notes: self.notes(probe),
            missing_records: chain.map_or(0, super::replay::Chain::missing),
            chain_faults: chain.map_or(0, |chain| chain.faults),
            figures,
            outages: if told { self.outages(records, &calendar) } else { Vec::new() },
        }
    }

    /// Notes about a probe that happened before the period's end.
    fn notes(&self, probe: &str) -> Vec<KeptNote> {
        let events = self.evidence.notes.iter().filter_map(|proof| proof.event.as_ref());
        events
            .filter(|event| event.probe.as_deref() == Some(probe))
            .map(|event| KeptNote {
                kind: event.kind.clone(),
                happened: crate::clock::text(event.happened_us),
                text: event.text.clone(),
            })
            .filter(|note| note.happened.as_str() < self.evidence.request.to.as_str())
            .collect()
    }

    fn outages(&self, records: &Records, calendar: &Calendar) -> Vec<OutageFact> {
        let (from, to) = self.days;
        let Some((start, end)) = calendar.midnight(from).zip(calendar.midnight(to)) else {
            return Vec::new();
        };
        let stated: Vec<StatedMinute> = records.minutes.iter().map(|minute| minute.stated).collect();
        let found = outages(&stated, desserte_measure::Period { start, end });
        let shown = |at| {
            calendar.shown(at).map_or_else(String::new, |time| time.strftime("%Y-%m-%d %H:%M").to_string())
        };
        let fact = |outage: &desserte_measure::Outage| OutageFact {
            from: shown(outage.start),
            seconds: outage.length().as_secs(),
        };
        found.outages.iter().map(fact).collect()
    }
}

/// Why a run enters no figure of rates; `None` if it does.
fn exclusion(run: &RunRow) -> Option<&'static str> {
    match run {
        run if run.outcome != "complete" => Some("run_incomplete"),
        run if run.medium == "wifi" => Some("run_wifi"),
        run if run.layer.as_deref() != Some("application") => Some("run_other_layer"),
        run if run.steady.is_none() => Some("run_without_rate"),
        _ => None,
    }
}

fn line(runs: &[&RunRow], software: Vec<String>) -> Line {
    let count = |of: fn(&RunRow) -> Option<&str>| {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        runs.iter().filter_map(|run| of(run)).for_each(|value| *counts.entry(value).or_insert(0) += 1);
        let mut counts: Vec<(String, u64)> =
            counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
        counts.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), value.clone()));
        counts
    };
    Line {
        media: count(|run| Some(&run.medium)),
        operators: count(|run| run.operator.as_deref()),
        technologies: count(|run| run.technology.as_deref()),
        servers: count(|run| run.server.as_deref()),
        software,
    }
}

fn custody(evidence: &Evidence, replayed: &Replayed) -> anyhow::Result<Custody> {
    let mut seals = Vec::new();
    for (day, seal) in &evidence.seals {
        let stamps = evidence.stamps.iter().filter(|(of, _)| of == day);
        seals.push(Sealed {
            day: day.clone(),
            size: seal.size,
            root: seal.root.to_string(),
            stamps: stamps
                .map(|(_, answer)| {
                    let stamped = desserte_custody::read_stamp(seal, None, answer)
                        .with_context(|| format!("the time-stamp of {day}"))?;
                    Ok(crate::clock::text(stamped.time))
                })
                .collect::<anyhow::Result<_>>()?,
        });
    }
    let (proven, unsealed) = replayed.batches;
    Ok(Custody { proven, unsealed, records: replayed.records, seals })
}

fn boundary(evidence: &Evidence, territory: &Territory) -> Boundary {
    let source = |source: &desserte_territory::Source| {
        let parts = [
            Some(source.title.as_str()),
            source.publisher.as_deref(),
            source.vintage.as_deref(),
            source.licence.as_deref(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    let mut sources: Vec<String> = territory.sources().iter().map(source).collect();
    sources.dedup();
    Boundary {
        sha256: evidence.request.territory.sha256.to_string(),
        vintage: evidence.request.territory.vintage.clone(),
        sources,
    }
}
