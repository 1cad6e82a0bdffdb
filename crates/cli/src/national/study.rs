//! All that is told of a ledger over a territory.

use std::collections::BTreeSet;

use anyhow::{Context as _, anyhow};
use desserte_equity::bootstrap::{Method, Of};
use desserte_equity::{
    Asked, Comparison, Distribution, Figures, Interval, Parameters, Prepared, Scratch, Split,
};
use desserte_indicators::study::figure_kind;
use desserte_ledger::ClassColumn;
use desserte_territory::Territory;

use super::accumulate::{Grouping, Limits};
use super::draws::{Draws, labels};
use super::subject::Subject;
use super::{Cluster, NationalArguments};
use crate::out::Failure;

/// Most groups of a class that are compared two and two: with more, some differ by chance alone.
const COMPARED_MAX: usize = 4;

/// Shares of the weight at which quantiles are told.
pub(super) const QUANTILES: [f64; 5] = [0.1, 0.2, 0.5, 0.8, 0.9];

/// A number that is told of each group, in the order of [`Grouping::fill`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measure {
    Mean,
    /// The mean with no value above the cap.
    Capped,
    Median,
    /// The share of inhabitants below a line.
    Below(f64),
}

/// A number with its interval.
pub(super) struct Told {
    /// `None` if it is not defined.
    pub(super) value: Option<f64>,
    pub(super) interval: Option<Interval>,
}

/// An index over everybody: as it is, and with the cap.
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) raw: Told,
    pub(super) capped: Told,
}

/// A class with its groups.
pub(super) struct ClassStudy<'a> {
    pub(super) column: &'a ClassColumn,
    pub(super) groups: Vec<Group>,
    /// What of Theil T lies between the groups, and within them.
    pub(super) between: Told,
    pub(super) within: Option<f64>,
    pub(super) differences: Vec<Difference>,
}

/// A group of communes.
pub(super) struct Group {
    /// Value of the class; `None` for the communes of which it is not known.
    pub(super) key: Option<String>,
    /// Communes with a number.
    pub(super) communes: usize,
    /// Its share of the inhabitants who have a number.
    pub(super) share: f64,
    /// In the order of [`Study::measures`].
    pub(super) measures: Vec<Told>,
    /// At [`QUANTILES`]; `None` for a group without a number, or of too few clusters.
    pub(super) quantiles: Option<[f64; 5]>,
    /// Gini within the group: as it is, and with the cap.
    pub(super) gini: [Option<f64>; 2],
    /// How many clusters of equal weight it rests on, for each kind.
    pub(super) worth: Vec<f64>,
}

/// Two groups by their places, and what may be said of them.
pub(super) struct Difference {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) measure: Measure,
    pub(super) observed: Option<f64>,
    /// For each kind of cluster, the main one first; `None` if there is not enough data.
    pub(super) intervals: Vec<Option<Interval>>,
}

/// The answer.
pub(super) struct Study<'a> {
    pub(super) arguments: &'a NationalArguments,
    pub(super) parameters: &'a Parameters,
    pub(super) subject: &'a Subject,
    pub(super) of: Distribution,
    /// Communes with a number, and all that are looked at.
    pub(super) communes: (usize, usize),
    pub(super) indices: Vec<Index>,
    pub(super) measures: Vec<Measure>,
    /// Everybody, as one group.
    pub(super) all: Group,
    pub(super) classes: Vec<ClassStudy<'a>>,
    /// Kinds of clusters, the main one first.
    pub(super) clusters: Vec<Drawing>,
}

/// What was drawn.
pub(super) struct Drawing {
    pub(super) cluster: Cluster,
    pub(super) count: usize,
    /// How many of equal weight they are worth.
    pub(super) worth: f64,
    /// `None` without draws.
    pub(super) method: Option<Method>,
}

/// What the statistics of a draw are computed from. They are, in this order: everybody's indices, the same with the cap, the numbers of
/// everybody as one group, those of each class.
struct Sources<'a> {
    of: &'a Distribution,
    sides: [Prepared<'a>; 2],
    limits: Limits,
    groupings: Vec<Grouping>,
}

const INDICES: [&str; 4] = ["gini", "theil_t", "fgt1", "fgt2"];

fn indices(found: &Figures) -> [Option<f64>; INDICES.len()] {
    [found.gini, found.theil_t, found.fgt.map(|fgt| fgt[1]), found.fgt.map(|fgt| fgt[2])]
}

impl Sources<'_> {
    /// Where the numbers of a grouping begin; `indices` says whether indices come before them.
    fn start(&self, grouping: usize, with_indices: bool) -> usize {
        let before: usize = self.groupings[..grouping].iter().map(|of| of.width(&self.limits)).sum();
        before + if with_indices { 2 * INDICES.len() } else { 0 }
    }

    fn width(&self, with_indices: bool) -> usize {
        self.start(self.groupings.len(), with_indices)
    }

    fn statistics(&self, with_indices: bool) -> impl FnMut(&[u32], &mut [f64]) {
        let mut scratch = Scratch::default();
        move |counts, row| {
            if with_indices {
                for (prepared, part) in self.sides.iter().zip(row.chunks_mut(INDICES.len())) {
                    let Some(found) = prepared.figures_of(counts, &mut scratch) else { continue };
                    for (place, value) in part.iter_mut().zip(indices(&found)) {
                        *place = value.unwrap_or(f64::NAN);
                    }
                }
            }
            for (at, grouping) in self.groupings.iter().enumerate() {
                let start = self.start(at, with_indices);
                grouping.fill(
                    self.of,
                    &self.limits,
                    counts,
                    &mut row[start..self.start(at + 1, with_indices)],
                );
            }
        }
    }
}

impl<'a> Study<'a> {
    pub(super) fn new(
        arguments: &'a NationalArguments,
        territory: &Territory,
        subject: &'a Subject,
        columns: &[&'a ClassColumn],
        parameters: &'a Parameters,
    ) -> Result<Self, Failure> {
        let of = Distribution::new(&subject.units).with_context(|| subject.name.clone())?;
        let capped = of.top_coded(arguments.top_code)?;
        let lines = sorted(&arguments.poverty_line);
        // The indices have no use for aversions here.
        let asked =
            Asked { aversions: Vec::new(), ..Asked::by(parameters, arguments.poverty_line.first().copied()) };
        let whole = Grouping { of: vec![0; of.len()], groups: 1 };
        let of_columns = columns.iter().map(|column| grouping(column, &of, subject));
        let sources = Sources {
            of: &of,
            sides: [Prepared::new(&of, &asked), Prepared::new(&capped, &asked)],
            limits: Limits::new(&of, arguments.top_code, &lines),
            groupings: std::iter::once(whole).chain(of_columns).collect(),
        };
        let mut kinds = vec![arguments.cluster];
        kinds.extend(arguments.also_cluster.iter().filter(|also| **also != arguments.cluster));
        let drawn: Vec<Draws> = kinds
            .iter()
            .enumerate()
            .map(|(at, cluster)| {
                let labels = labels(*cluster, &of, subject, territory);
                let with_indices = at == 0;
                let width = sources.width(with_indices);
                let statistics = || sources.statistics(with_indices);
                Draws::new(arguments, parameters, (*cluster, &labels), of.weights(), width, statistics)
            })
            .collect();
        let worth: Vec<f64> = drawn.iter().map(|draws| draws.worth(of.weights())).collect();
        if !drawn[0].allows(worth[0]) {
            let said = "données insuffisantes / not enough data";
            let (clusters, key, fewest) =
                (drawn[0].clusters, arguments.cluster.key(), parameters.clusters_min.value);
            let worth = worth[0];
            return Err(Failure::no(anyhow!(
                "{said}: {clusters} {key}, worth {worth:.1} of equal weight, {fewest}"
            )));
        }
        let found = [sources.sides[0].figures(), sources.sides[1].figures()].map(|found| indices(&found));
        let index = |(at, name): (usize, &'static str)| {
            let told = |side: usize| Told {
                value: found[side][at],
                interval: drawn[0]
                    .interval(figure_kind(name), worth[0], |row| row[side * INDICES.len() + at])
                    // No index of inequality is negative.
                    .map(|ends| ends.within(0.0, f64::INFINITY)),
            };
            Index { name, raw: told(0), capped: told(1) }
        };
        let measures: Vec<Measure> = [Measure::Mean, Measure::Capped, Measure::Median]
            .into_iter()
            .chain(lines.iter().copied().map(Measure::Below))
            .collect();
        let grouped = Grouped {
            sources: &sources,
            drawn: &drawn,
            subject,
            measures: &measures,
            capped: &capped,
            asked: &asked,
        };
        let mut everybody = grouped.groups(0, &[None]);
        let classes = columns.iter().zip(1..).map(|(column, at)| grouped.class(at, column)).collect();
        Ok(Self {
            communes: (communes(&of, subject).len(), subject.rows.iter().collect::<BTreeSet<_>>().len()),
            indices: INDICES.into_iter().enumerate().map(index).collect(),
            all: everybody.remove(0),
            classes,
            clusters: drawn
                .iter()
                .zip(worth)
                .map(|(draws, worth)| Drawing {
                    cluster: draws.cluster,
                    count: draws.clusters,
                    worth,
                    method: draws.method(),
                })
                .collect(),
            measures,
            arguments,
            parameters,
            subject,
            of: of.clone(),
        })
    }
}

fn sorted(lines: &[f64]) -> Vec<f64> {
    let mut lines = lines.to_vec();
    lines.sort_by(f64::total_cmp);
    lines.dedup();
    lines
}

fn communes(of: &Distribution, subject: &Subject) -> BTreeSet<usize> {
    of.rows().map(|unit| subject.rows[unit]).collect()
}

/// The groups of a class; those of which it is not known come last.
fn grouping(column: &ClassColumn, of: &Distribution, subject: &Subject) -> Grouping {
    let unknown = u32::try_from(column.values.len()).expect("a class has few values");
    let group = |unit: usize| column.of[subject.rows[unit]].map_or(unknown, u32::from);
    Grouping { of: of.rows().map(group).collect(), groups: column.values.len() + 1 }
}

struct Grouped<'a, 'b> {
    sources: &'b Sources<'a>,
    drawn: &'b [Draws],
    subject: &'b Subject,
    measures: &'b [Measure],
    capped: &'b Distribution,
    asked: &'b Asked,
}

impl Grouped<'_, '_> {
    fn row(&self, at: usize) -> Vec<f64> {
        let (of, grouping) = (self.sources.of, &self.sources.groupings[at]);
        let mut row = vec![f64::NAN; grouping.width(&self.sources.limits)];
        grouping.fill(of, &self.sources.limits, &vec![1; of.len()], &mut row);
        row
    }

    /// How many clusters of equal weight each kind has in a group.
    fn worth(&self, at: usize, group: usize) -> Vec<f64> {
        let (of, grouping) = (self.sources.of, &self.sources.groupings[at]);
        let own = |other: &u32| usize::try_from(*other).is_ok_and(|other| other == group);
        let weights = of.weights().iter().zip(&grouping.of);
        let weights: Vec<f64> =
            weights.map(|(weight, other)| if own(other) { *weight } else { 0.0 }).collect();
        self.drawn.iter().map(|draws| draws.worth(&weights)).collect()
    }

    fn groups(&self, at: usize, keys: &[Option<String>]) -> Vec<Group> {
        let (of, grouping) = (self.sources.of, &self.sources.groupings[at]);
        let (row, start) = (self.row(at), self.sources.start(at, true));
        let measures = self.measures.len();
        let group = |(number, key): (usize, &Option<String>)| {
            let own = |other: &u32| usize::try_from(*other).is_ok_and(|other| other == number);
            let part = |of: &Distribution| of_group(of, &grouping.of, own);
            let alone = part(of);
            let worth = self.worth(at, number);
            // A group of a few clusters says nothing of others, and would tell of single communes.
            let told = self.drawn[0].allows(worth[0]);
            let gini = |part: &Option<Distribution>| {
                part.as_ref().and_then(|part| Prepared::new(part, self.asked).figures().gini)
            };
            let measure = |measure: usize| {
                let (place, own) = (number * measures + measure, self.measures[measure]);
                let (lowest, highest) = own.attainable(of);
                Told {
                    value: Some(row[place]).filter(|value| told && value.is_finite()),
                    interval: self.drawn[0]
                        .interval(own.kind(), worth[0], |row| row[start + place])
                        .map(|ends| ends.within(lowest, highest)),
                }
            };
            let held = of.rows().zip(&grouping.of).filter(|(_, other)| own(other));
            let rows: BTreeSet<usize> = held.map(|(unit, _)| self.subject.rows[unit]).collect();
            Group {
                key: key.clone(),
                communes: rows.len(),
                share: alone.as_ref().map_or(0.0, |part| part.weight() / of.weight()),
                measures: (0..measures).map(measure).collect(),
                quantiles: alone.as_ref().filter(|_| told).map(|part| QUANTILES.map(|p| part.quantile(p))),
                gini: [gini(&alone), gini(&part(self.capped))].map(|gini| gini.filter(|_| told)),
                worth,
            }
        };
        keys.iter().enumerate().map(group).collect()
    }

    fn class<'c>(&self, at: usize, column: &'c ClassColumn) -> ClassStudy<'c> {
        let keys: Vec<Option<String>> = column.values.iter().cloned().map(Some).chain([None]).collect();
        let (sources, groups) = (self.sources, self.groups(at, &keys));
        let grouping = &sources.groupings[at];
        let split = Split::new(sources.of, &grouping.of, grouping.groups);
        let place = sources.start(at + 1, true) - 1;
        let between = Told {
            value: split.theil_t.map(|parts| parts.between),
            interval: self.drawn[0]
                .interval(Of::Index, self.drawn[0].worth(sources.of.weights()), |row| row[place]),
        };
        let mut study = ClassStudy {
            column,
            between,
            within: split.theil_t.map(|parts| parts.within),
            differences: Vec::new(),
            groups,
        };
        let known = column.values.len();
        if known <= COMPARED_MAX {
            for first in 0..known {
                for second in first + 1..known {
                    let found = self.differences(at, (first, second), &study.groups);
                    study.differences.extend(found);
                }
            }
        }
        study
    }

    fn differences(&self, at: usize, (first, second): (usize, usize), groups: &[Group]) -> Vec<Difference> {
        let (row, measures) = (self.row(at), self.measures.len());
        let pair = [first, second];
        let told = pair.iter().all(|group| groups[*group].quantiles.is_some());
        let difference = |(place, measure): (usize, &Measure)| {
            let places = |start: usize| pair.map(|group| start + group * measures + place);
            let interval = |(cluster, draws): (usize, &Draws)| {
                let worth = pair.map(|group| groups[group].worth[cluster]);
                let places = places(self.sources.start(at, cluster == 0));
                draws.difference(measure.kind(), worth, places).filter(|_| told)
            };
            let [one, other] = places(0).map(|place| row[place]);
            Difference {
                first,
                second,
                measure: *measure,
                observed: Some(one - other).filter(|value| told && value.is_finite()),
                intervals: self.drawn.iter().enumerate().map(interval).collect(),
            }
        };
        self.measures.iter().enumerate().map(difference).collect()
    }
}

/// The units of one group as a distribution of their own; `None` if there is none. Values of both distributions have one order, since a
/// cap moves none past another.
fn of_group(of: &Distribution, groups: &[u32], own: impl Fn(&u32) -> bool) -> Option<Distribution> {
    let units = of.values().iter().zip(of.weights()).zip(groups).filter(|(_, group)| own(group));
    let units: Vec<desserte_equity::Unit> = units
        .map(|((value, weight), _)| desserte_equity::Unit { value: Some(*value), weight: *weight })
        .collect();
    Distribution::new(&units).ok()
}

impl Difference {
    /// What the interval of the main clusters allows to say; `None` if there is not enough data.
    pub(super) fn verdict(&self) -> Option<Comparison> {
        self.intervals.first().copied().flatten().map(|interval| interval.compared())
    }
}

impl Measure {
    /// As JSON has it.
    pub(super) fn key(self) -> String {
        match self {
            Self::Mean => "mean".to_owned(),
            Self::Capped => "mean_top_coded".to_owned(),
            Self::Median => "median".to_owned(),
            Self::Below(line) => format!("below_{line}"),
        }
    }

    /// What it is, for its interval.
    pub(super) const fn kind(self) -> Of {
        if self.is_share() { Of::Share } else { Of::Mean }
    }

    /// Where it can lie at all: an interval that is found by the spread of draws does not know that nobody receives less than
    /// nothing. A mean or a median lies between the smallest and the largest value there is.
    fn attainable(self, of: &Distribution) -> (f64, f64) {
        if self.is_share() {
            return (0.0, 1.0);
        }
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        of.values().iter().fold(ends, |(low, high), value| (low.min(*value), high.max(*value)))
    }

    /// Whether it is a share of inhabitants rather than in the ledger's unit.
    pub(super) const fn is_share(self) -> bool {
        matches!(self, Self::Below(_))
    }
}
