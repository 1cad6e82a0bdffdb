//! How services are spread over the sites that were measured.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;

use desserte_equity::verdict::{Evidence, Kind, Told, Verdict};
use desserte_equity::{Comparison, Distribution, Interval, ReleaseRules, Unit};
use desserte_ledger::{ClassColumn, Classes};
use desserte_model::CommuneCode;
use desserte_service::{Sets, SiteWeight};
use desserte_territory::Territory;
use serde::{Deserialize, Serialize};

use crate::figures::lack;
use crate::set::SpreadSet;
use crate::study::{Columns, Compared, Figure, Labels, Question, Study};

/// One number about a spread, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What is spread: `hours_possible` or `rate_p20_peak`.
    pub subject: String,
    /// Which use, or `download`.
    pub of: String,
    /// Unit of what is spread.
    pub unit: String,
    /// What is below this is in want.
    pub line: f64,
    /// No value counts above this; `None`: all count as they are.
    pub top_coded_at: Option<f64>,
    /// Class of communes between and within which is told; `None` for the whole.
    pub class: Option<String>,
    /// Group of that class; empty for what no class is known of.
    pub group: Option<String>,
    /// Group that it is compared with: the value is the difference, the first minus this one.
    pub versus: Option<String>,
    /// `mean`, `fgt0`, `gini`… as `desserte equity index` names them.
    pub figure: String,
    /// `enough`, `indicative` or `not_enough`.
    pub state: String,
    /// What is lacking.
    pub lacks: Vec<String>,
    /// The value; `None` where there is not enough.
    pub value: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Of a comparison: `ex_aequo`, `first_higher`, `second_higher` or `not_enough_data`.
    pub verdict: Option<String>,
}

/// What is spread, by site; `None` where a site's own figure may not be told.
struct Subject {
    name: &'static str,
    of: String,
    unit: &'static str,
    line: f64,
    top_code: Option<f64>,
    values: Vec<Option<Found>>,
}

/// A site's figure and what stands behind it.
#[derive(Clone, Copy)]
struct Found {
    value: f64,
    days: u32,
    known: f64,
}

/// What all questions share.
pub(crate) struct Spreading<'a> {
    pub(crate) sites: &'a [SiteWeight<'a>],
    pub(crate) sets: &'a Sets,
    pub(crate) spread: &'a SpreadSet,
    pub(crate) release: &'a ReleaseRules,
    pub(crate) territory: &'a Territory,
    pub(crate) classes: Option<&'a Classes>,
}

impl Spreading<'_> {
    /// All that is told.
    pub(crate) fn measures(&self) -> Vec<Measure> {
        let mut found = Vec::new();
        for subject in self.subjects() {
            self.tell(&subject, None, &mut found);
            for column in self.columns() {
                self.tell(&subject, Some(column), &mut found);
            }
        }
        found
    }

    /// The classes that are compared and that the territory knows.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &ClassColumn> {
        let wanted = &self.spread.classes.value;
        wanted.iter().filter_map(|key| self.classes?.column(key))
    }

    fn subjects(&self) -> Vec<Subject> {
        let uses = self.sets.uses.uses.iter().enumerate().map(|(of, own)| {
            let values = self.sites.iter().map(|site| {
                let hours = told(&site.report.uses[of].minimum)?;
                Some(Found { value: hours.hours?, days: hours.days, known: hours.known_share()? })
            });
            // A use that is regularly possible is so for this share of its window.
            let line = self.sets.uses.regular * self.window_hours(of).unwrap_or(f64::NAN);
            Subject {
                name: "hours_possible",
                of: own.id.clone(),
                unit: "h a week",
                line,
                top_code: None,
                values: values.collect(),
            }
        });
        let rates = self.sites.iter().map(|site| {
            let rate = told(site.report.rates[0].p20_peak.as_ref()?)?;
            Some(Found { value: *rate, days: site.report.days, known: 1.0 })
        });
        let rates = Subject {
            name: "rate_p20_peak",
            of: "download".to_owned(),
            unit: "Mbit/s",
            line: self.spread.rate_line.value,
            top_code: Some(self.spread.rate_cap.value),
            values: rates.collect(),
        };
        uses.chain([rates]).filter(|subject| subject.line.is_finite()).collect()
    }

    /// Hours of a use's window in a week; `None` when no site's may be told.
    fn window_hours(&self, of: usize) -> Option<f64> {
        self.sites.iter().find_map(|site| Some(told(&site.report.uses[of].minimum)?.window_hours))
    }

    fn tell(&self, subject: &Subject, class: Option<&ClassColumn>, found: &mut Vec<Measure>) {
        // A site without a weight stands for nobody that is known: it enters nothing, as in a territory's figures.
        let kept: Vec<(usize, f64)> =
            self.sites.iter().enumerate().filter_map(|(at, site)| Some((at, site.weight?))).collect();
        let units: Vec<Unit> = kept
            .iter()
            .map(|(at, weight)| Unit { value: subject.values[*at].map(|found| found.value), weight: *weight })
            .collect();
        let Ok(distribution) = Distribution::new(&units) else { return };
        let labels = class.map(|class| Labels::new(&self.groups(&kept, class)));
        let question = Question {
            group: class.map(|class| class.rule.key.clone()),
            rank: None,
            poverty_line: Some(subject.line),
            top_code: subject.top_code.filter(|_| class.is_none()),
            bootstrap: Some(self.spread.draws.value),
            seed: Some(self.spread.seed.value),
            // Beside whatever else the machine does.
            threads: NonZeroUsize::new(1),
        };
        let clusters = self.clusters(&kept);
        let columns =
            Columns { rows: units.len(), groups: labels.as_ref(), ranks: None, clusters: Some(&clusters) };
        let Ok(study) = Study::new(&question, &columns, &distribution, &self.sets.statistics) else { return };
        let teller = Teller { subject, spreading: self, evidence: self.evidence(subject, &kept, &study) };
        match class {
            None => teller.whole(&study, found),
            Some(class) => teller.parts(&study, &class.rule.key, found),
        }
    }

    /// Communes are drawn again, and sites within.
    fn clusters(&self, kept: &[(usize, f64)]) -> Vec<(u32, u32)> {
        let mut numbers: BTreeMap<CommuneCode, u32> = BTreeMap::new();
        let mut labels = Vec::with_capacity(kept.len());
        for (place, (at, _)) in (0_u32..).zip(kept) {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let commune = self.sites[*at].report.site.commune;
            labels.push((*numbers.entry(commune).or_insert(next), place));
        }
        labels
    }

    fn groups(&self, kept: &[(usize, f64)], class: &ClassColumn) -> Vec<String> {
        let rows: HashMap<CommuneCode, usize> =
            self.territory.communes().enumerate().map(|(row, commune)| (commune.code, row)).collect();
        let of =
            |commune: &CommuneCode| rows.get(commune).and_then(|row| class.value(*row)).unwrap_or_default();
        kept.iter().map(|(at, _)| of(&self.sites[*at].report.site.commune).to_owned()).collect()
    }

    /// What stands behind all figures: of days the fewest that a site has, of slots the mean.
    fn evidence(&self, subject: &Subject, kept: &[(usize, f64)], study: &Study<'_>) -> Evidence {
        let behind = || kept.iter().filter_map(|(at, weight)| Some((*at, *weight, subject.values[*at]?)));
        let (known, weights) = behind().fold((0.0, 0.0), |(known, weights), (_, weight, found)| {
            (known + weight * found.known, weights + weight)
        });
        let class_a =
            behind().filter(|(at, ..)| self.sites[*at].report.declared.class_a == Some(true)).count();
        Evidence {
            effective_count: study.drawing.as_ref().map_or(0.0, |drawing| drawing.clusters_effective),
            class_a_probes: u32::try_from(class_a).unwrap_or(u32::MAX),
            days: behind().map(|(.., found)| found.days).min().unwrap_or(0),
            slots_share: known / weights,
        }
    }
}

/// A figure that has a number.
fn told<T>(verdict: &Verdict<T>) -> Option<&T> {
    match verdict.told() {
        Told::Enough(figure) | Told::Indicative(figure, _) => Some(figure),
        Told::NotEnough(_) => None,
    }
}

struct Teller<'a> {
    subject: &'a Subject,
    spreading: &'a Spreading<'a>,
    evidence: Evidence,
}

impl Teller<'_> {
    /// A number with its state. These figures speak for more places than were measured: without an interval they have no number.
    fn measure(&self, figure: &str, value: Option<f64>, interval: Option<Interval>) -> Measure {
        let spreading = self.spreading;
        let coarse = |number: f64| spreading.release.coarse(number);
        let parameters = &spreading.sets.statistics;
        let verdict = Verdict::new((), Kind::Median, &self.evidence, parameters);
        let lacks = |lacks: &[_]| lacks.iter().map(|one| lack(one).to_owned()).collect();
        let (state, lacks, ends): (_, Vec<String>, _) = match (verdict.told(), value.zip(interval)) {
            (Told::Enough(()), Some(ends)) => ("enough", Vec::new(), Some(ends)),
            (Told::Indicative((), lacking), Some(ends)) => ("indicative", lacks(lacking), Some(ends)),
            (Told::NotEnough(lacking), _) => ("not_enough", lacks(lacking), None),
            (_, None) => ("not_enough", vec!["observations".to_owned()], None),
        };
        let subject = self.subject;
        Measure {
            subject: subject.name.to_owned(),
            of: subject.of.clone(),
            unit: subject.unit.to_owned(),
            line: subject.line,
            top_coded_at: None,
            class: None,
            group: None,
            versus: None,
            figure: figure.to_owned(),
            state: state.to_owned(),
            lacks,
            value: ends.map(|(value, _)| coarse(value)),
            low: ends.map(|(_, interval)| coarse(interval.low)),
            high: ends.map(|(_, interval)| coarse(interval.high)),
            verdict: None,
        }
    }

    fn whole(&self, study: &Study<'_>, found: &mut Vec<Measure>) {
        let of = |figure: &Figure| self.measure(&figure.name, figure.value, figure.interval);
        found.extend(study.figures.iter().map(of));
        if let Some((figures, _)) = &study.capped {
            let top_coded_at = self.subject.top_code;
            found.extend(figures.iter().map(|figure| Measure { top_coded_at, ..of(figure) }));
        }
    }

    fn parts(&self, study: &Study<'_>, class: &str, found: &mut Vec<Measure>) {
        let class = Some(class.to_owned());
        let of = |figure: &Figure| Measure {
            class: class.clone(),
            ..self.measure(&figure.name, figure.value, figure.interval)
        };
        found.extend(study.between.iter().map(of));
        for group in &study.groups {
            let name = Some(group.name.clone().unwrap_or_default());
            for (figure, value, interval) in
                [("mean", group.part.mean, group.mean_interval), ("fgt0", group.poor, group.poor_interval)]
            {
                let told = self.measure(figure, value, interval);
                found.push(Measure { class: class.clone(), group: name.clone(), ..told });
            }
        }
        found.extend(study.compared.iter().map(|pair| self.compared(study, class.clone(), pair)));
    }

    fn compared(&self, study: &Study<'_>, class: Option<String>, pair: &Compared) -> Measure {
        let [first, second] = [pair.first, pair.second].map(|at| &study.groups[at]);
        let name = |group: &crate::study::Group| Some(group.name.clone().unwrap_or_default());
        let difference = match pair.figure {
            "mean" => first.part.mean.zip(second.part.mean),
            _ => first.poor.zip(second.poor),
        };
        let told =
            self.measure(pair.figure, difference.map(|(first, second)| first - second), pair.difference);
        let verdict = match pair.difference.filter(|_| told.value.is_some()).map(|ends| ends.compared()) {
            Some(Comparison::Tie) => "ex_aequo",
            Some(Comparison::Higher) => "first_higher",
            Some(Comparison::Lower) => "second_higher",
            None => "not_enough_data",
        };
        Measure { class, group: name(first), versus: name(second), verdict: Some(verdict.to_owned()), ..told }
    }
}

#[cfg(test)]
mod tests {
    use desserte_model::{Direction, ProbeId};
    use desserte_service::{Declared, Records, Run, SiteId, SiteReport, site_report};
    use desserte_territory::synthetic;
    use desserte_units::{BitRate, Timestamp};
    use jiff::civil::date;

    use super::*;

    /// Midnight of 1 October 2026 in Paris.
    const START: i64 = 1_790_805_600;

    /// A line that reaches `rate` Mbit/s, tried four times every evening of a month.
    fn site(commune: CommuneCode, number: usize, rate: f64, sets: &Sets) -> SiteReport {
        let probe: ProbeId = format!("{number:032x}").parse().unwrap();
        let run = |at: i64| Run {
            at: Timestamp::from_unix_secs(START + at),
            direction: Direction::Download,
            rate: BitRate::from_mbit_per_s(rate),
            subscribed: None,
        };
        let runs =
            (0..31).flat_map(|day| (0..4).map(move |hour| day * 86_400 + (18 * 60 + 30 + hour * 60) * 60));
        let records = Records { runs: runs.map(run).collect(), ..Records::default() };
        let declared = Declared { class_a: Some(true), public_building: Some(false) };
        let days = (date(2026, 10, 1), date(2026, 11, 1));
        site_report(SiteId { commune, probe }, declared, &records, days, sets).unwrap()
    }

    #[test]
    fn a_number_is_told_only_with_an_interval_and_everyone_named_with_what_lacks() {
        let (sets, territory) = (Sets::built_in(), synthetic::territory(1));
        let reports: Vec<SiteReport> = territory
            .communes()
            .take(30)
            .enumerate()
            .map(|(number, commune)| {
                site(commune.code, number, if number % 3 == 0 { 12.0 } else { 90.0 }, &sets)
            })
            .collect();
        assert_eq!(reports.len(), 30);
        let sites: Vec<SiteWeight<'_>> =
            reports.iter().map(|report| SiteWeight { report, weight: Some(100.0) }).collect();
        let classes = Classes::of(&territory, &desserte_ledger::Rules::built_in(), &BTreeMap::new()).unwrap();
        let measures = Spreading {
            sites: &sites,
            sets: &sets,
            spread: &SpreadSet::built_in(),
            release: &ReleaseRules::built_in(),
            territory: &territory,
            classes: Some(&classes),
        }
        .measures();
        let find = |figure: &str| {
            let raw = |measure: &&Measure| measure.class.is_none() && measure.top_coded_at.is_none();
            let found = measures.iter().filter(raw).find(|measure| measure.figure == figure);
            found.unwrap_or_else(|| panic!("{figure} in {measures:?}"))
        };
        let mean = find("mean");
        assert_eq!((mean.state.as_str(), mean.value), ("enough", Some(64.0)));
        assert!(mean.low.unwrap() < 64.0 && mean.high.unwrap() > 64.0);
        let poor = find("fgt0");
        assert!((poor.value.unwrap() - 0.333).abs() < 1e-9, "three digits: {poor:?}");
        // Thirty communes are too few for an index.
        let gini = find("gini");
        assert_eq!((gini.state.as_str(), gini.value, gini.low), ("not_enough", None, None));
        assert_eq!(gini.lacks, ["observations"]);
        for measure in &measures {
            assert_eq!(measure.value.is_some(), measure.state != "not_enough", "{measure:?}");
            assert_eq!(
                measure.value.is_some(),
                measure.low.is_some() && measure.high.is_some(),
                "{measure:?}"
            );
        }
    }
}
