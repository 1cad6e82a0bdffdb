//! What is told of a table: figures, their parts, and how sure they are.

use std::thread;

use desserte_equity::bootstrap::{Bootstrap, Method, Resampling, Rule, draws};
use desserte_equity::split::{self, Drawn};
use desserte_equity::{
    Asked, Comparison, Concentration, Distribution, Figures, Interval, Parameters, Prepared, Scratch, Split,
    kish,
};

use super::IndexArguments;
use super::strata::Strata;
use super::table::Table;
use crate::out::Failure;

/// Most groups that are compared with each other, two and two: with more, some differ by chance alone.
const COMPARED_MAX: usize = 12;

/// A figure with its name in JSON.
pub(super) struct Figure {
    pub(super) name: String,
    /// `None` if it is not defined.
    pub(super) value: Option<f64>,
    pub(super) interval: Option<Interval>,
}

/// One group.
pub(super) struct Group {
    /// `None` for the rows without one.
    pub(super) name: Option<String>,
    pub(super) part: split::ClassPart,
    pub(super) mean_interval: Option<Interval>,
    /// Share below the line.
    pub(super) poor: Option<f64>,
    pub(super) poor_interval: Option<Interval>,
}

/// Two groups, by their places, and what may be said of a figure of theirs.
pub(super) struct Compared {
    pub(super) first: usize,
    pub(super) second: usize,
    /// Name of the figure in JSON.
    pub(super) figure: &'static str,
    /// `None` if there is not enough data: one of them rests on too few clusters, or the draws do not tell.
    pub(super) difference: Option<Interval>,
}

/// How the draws were made.
pub(super) struct Drawing {
    pub(super) draws: u32,
    pub(super) seed: u64,
    pub(super) clusters: usize,
    /// `None` without draws.
    pub(super) method: Option<Method>,
    /// How many of equal weight they are worth.
    pub(super) clusters_effective: f64,
    /// Fewest clusters for intervals, where there are fewer.
    pub(super) too_few: Option<f64>,
    /// Fewest clusters for intervals of indices of inequality, where there are fewer.
    pub(super) too_few_for_indices: Option<f64>,
}

/// How what is spread goes with another column.
pub(super) struct Ranking {
    pub(super) index: Option<f64>,
    pub(super) interval: Option<Interval>,
    /// Rows left out because they have no rank.
    pub(super) unranked: usize,
}

/// All that is told.
pub(super) struct Study<'a> {
    pub(super) arguments: &'a IndexArguments,
    pub(super) parameters: &'a Parameters,
    pub(super) distribution: &'a Distribution,
    pub(super) rows: usize,
    pub(super) strata: Option<&'a Strata>,
    pub(super) figures: Vec<Figure>,
    /// The same with no value above the cap, and how many rows have one above it.
    pub(super) capped: Option<(Vec<Figure>, usize)>,
    pub(super) kish: Option<f64>,
    pub(super) ranking: Option<Ranking>,
    pub(super) split: Option<Split>,
    pub(super) between: Vec<Figure>,
    pub(super) groups: Vec<Group>,
    pub(super) compared: Vec<Compared>,
    pub(super) drawing: Option<Drawing>,
}

impl<'a> Study<'a> {
    pub(super) fn new(
        arguments: &'a IndexArguments,
        table: &'a Table,
        distribution: &'a Distribution,
        parameters: &'a Parameters,
    ) -> Result<Self, Failure> {
        let asked = Asked::by(parameters, arguments.poverty_line);
        let capped = arguments.top_code.map(|cap| distribution.top_coded(cap)).transpose()?;
        let groups = table.groups.as_ref();
        let classes = groups.map(|groups| distribution.rows().map(|row| groups.of[row]).collect());
        let sources = Sources {
            raw: Prepared::new(distribution, &asked),
            capped: capped.as_ref().map(|capped| Prepared::new(capped, &asked)),
            of: distribution,
            classes: classes.unwrap_or_default(),
            groups: groups.map_or(0, |groups| groups.names.len()),
            line: arguments.poverty_line.unwrap_or(0.0),
            ranks: table.ranks.as_ref().map(|ranks| Ranks::new(distribution, ranks)),
            figures: 4 + asked.aversions.len() + 1 + if arguments.poverty_line.is_some() { 3 } else { 0 },
        };
        let drawn = Draws::of(arguments, table, &sources, parameters);
        let interval = |at: usize| drawn.interval(|row| row[at]);
        let aversions = &asked.aversions;
        let named = |found: &Figures, from: usize| -> Vec<Figure> {
            let values = names(aversions).into_iter().zip(values(found)).enumerate();
            let figure = |(at, (name, value)): (usize, (String, Option<f64>))| {
                let found =
                    if is_index(&name) { drawn.of_index(|row| row[from + at]) } else { interval(from + at) };
                let interval = found.map(|ends| ends.within(0.0, highest(&name)));
                Figure { name, value, interval }
            };
            values.map(figure).collect()
        };
        let split = (sources.groups > 0).then(|| Split::new(distribution, &sources.classes, sources.groups));
        let between = split.as_ref().map_or_else(Vec::new, |split| sources.between(split, &drawn));
        let mut study = Self {
            arguments,
            parameters,
            distribution,
            rows: table.units.len(),
            strata: table.strata.as_ref(),
            figures: named(&sources.raw.figures(), 0),
            capped: sources.capped.as_ref().zip(arguments.top_code).map(|(capped, cap)| {
                let above = distribution.values().iter().filter(|value| **value > cap).count();
                (named(&capped.figures(), sources.figures), above)
            }),
            kish: kish(distribution.weights()),
            ranking: sources.ranks.as_ref().map(|ranks| Ranking {
                index: ranks.index(&vec![1; distribution.len()]),
                interval: drawn.of_index(|row| row[sources.width() - 1]).map(|ends| ends.within(-1.0, 1.0)),
                unranked: ranks.unranked,
            }),
            split,
            between,
            groups: Vec::new(),
            compared: Vec::new(),
            drawing: drawn.drawing(arguments),
        };
        if let Some(labels) = groups {
            study.add_groups(&labels.names, &sources, &drawn);
        }
        Ok(study)
    }

    fn add_groups(&mut self, names: &[String], sources: &Sources<'_>, drawn: &Draws) {
        let Some(split) = &self.split else { return };
        let mut sums = vec![Drawn::default(); sources.groups];
        split::drawn(sources.of, &sources.classes, &vec![1; sources.of.len()], sources.line, &mut sums);
        let has_line = self.arguments.poverty_line.is_some();
        let (mean, poor) = (sources.means(), sources.means() + sources.groups);
        // A group can be empty: all its rows are without a value.
        let kept = |at: &usize| split.classes[*at].units > 0;
        for at in 0..names.len() {
            let empty = !kept(&at);
            self.groups.push(Group {
                name: (!names[at].is_empty()).then(|| names[at].clone()),
                part: split.classes[at],
                mean_interval: drawn
                    .of_group(at, |row| row[mean + at])
                    .map(|ends| ends.within(0.0, f64::INFINITY)),
                poor: (has_line && !empty).then(|| sums[at].poor_share()),
                poor_interval: drawn
                    .of_group(at, |row| row[poor + at])
                    .filter(|_| has_line)
                    .map(|ends| ends.within(0.0, 1.0)),
            });
        }
        if names.len() > COMPARED_MAX || drawn.bootstrap.is_none() {
            return;
        }
        for [first, second] in pairs(names.len()) {
            for (figure, from, told) in [("fgt0", poor, has_line), ("mean", mean, true)] {
                if told {
                    let difference = drawn.difference([first, second], from);
                    self.compared.push(Compared { first, second, figure, difference });
                }
            }
        }
    }
}

/// Ranks of the units that have one, and their places among those of the distribution.
struct Ranks {
    of: Concentration,
    places: Vec<usize>,
    unranked: usize,
}

impl Ranks {
    fn new(of: &Distribution, ranks: &[Option<f64>]) -> Self {
        let units = of.values().iter().zip(of.weights()).zip(of.rows()).enumerate();
        let (places, ranked): (Vec<usize>, Vec<_>) = units
            .filter_map(|(place, ((value, weight), row))| Some((place, (*value, ranks[row]?, *weight))))
            .unzip();
        Self { of: Concentration::new(&ranked), unranked: of.len() - places.len(), places }
    }

    fn index(&self, counts: &[u32]) -> Option<f64> {
        self.of.index(|at| f64::from(counts[self.places[at]]))
    }
}

/// The names of figures, in the order of [`values`].
fn names(aversions: &[f64]) -> Vec<String> {
    let mut names: Vec<String> = ["mean", "gini", "theil_t", "theil_l"].map(str::to_owned).to_vec();
    names.extend(aversions.iter().map(|aversion| format!("atkinson_{aversion}")));
    names.extend(["palma", "fgt0", "fgt1", "fgt2"].map(str::to_owned));
    names
}

/// Whether a figure is an index of inequality, whose interval asks for more clusters than that of a mean or a share.
fn is_index(name: &str) -> bool {
    ["gini", "theil", "atkinson", "palma"].iter().any(|of| name.starts_with(of))
}

/// The highest that a figure can be; none can be below zero.
fn highest(name: &str) -> f64 {
    let share = ["gini", "atkinson", "fgt"].iter().any(|of| name.starts_with(of));
    if share { 1.0 } else { f64::INFINITY }
}

fn values(of: &Figures) -> Vec<Option<f64>> {
    let mut values = vec![Some(of.mean), of.gini, of.theil_t, of.theil_l];
    values.extend(&of.atkinson);
    values.push(of.palma);
    values.extend(of.fgt.into_iter().flatten().map(Some));
    values
}

/// What the statistics of a draw are computed from. They are, in this order: the figures, those of the capped values, what lies
/// between groups of Theil T and L, the groups' means, the groups' shares below the line, concentration.
struct Sources<'a> {
    raw: Prepared<'a>,
    capped: Option<Prepared<'a>>,
    of: &'a Distribution,
    classes: Vec<u32>,
    groups: usize,
    line: f64,
    /// Number of figures.
    figures: usize,
    ranks: Option<Ranks>,
}

impl Sources<'_> {
    fn width(&self) -> usize {
        let grouped = if self.groups > 0 { self.means() + 2 * self.groups } else { self.betweens() };
        grouped + usize::from(self.ranks.is_some())
    }

    /// Where what lies between groups begins.
    fn betweens(&self) -> usize {
        self.figures * (1 + usize::from(self.capped.is_some()))
    }

    /// Where the groups' means begin.
    fn means(&self) -> usize {
        self.betweens() + 2
    }

    /// A function that computes the statistics of draws, with memory of its own.
    fn statistics(&self) -> impl FnMut(&[u32], &mut [f64]) {
        let (mut scratch, mut sums) = (Scratch::default(), vec![Drawn::default(); self.groups]);
        move |counts, row| {
            let sides = std::iter::once(&self.raw).chain(&self.capped);
            for (prepared, part) in sides.zip(row.chunks_exact_mut(self.figures)) {
                let Some(found) = prepared.figures_of(counts, &mut scratch) else { continue };
                for (place, value) in part.iter_mut().zip(values(&found)) {
                    *place = value.unwrap_or(f64::NAN);
                }
            }
            if let (Some(ranks), Some(last)) = (&self.ranks, row.last_mut()) {
                *last = ranks.index(counts).unwrap_or(f64::NAN);
            }
            if self.groups > 0 {
                split::drawn(self.of, &self.classes, counts, self.line, &mut sums);
                let rest = &mut row[self.betweens()..];
                (rest[0], rest[1]) = split::between(&sums);
                for (at, sum) in sums.iter().enumerate() {
                    (rest[2 + at], rest[2 + self.groups + at]) = (sum.mean(), sum.poor_share());
                }
            }
        }
    }

    /// What the clusters of each group are worth.
    fn effective_clusters(&self, resampling: &Resampling) -> Vec<f64> {
        let own = |group: usize| {
            let units = self.of.weights().iter().zip(&self.classes);
            let weights: Vec<f64> =
                units.map(|(weight, class)| if *class as usize == group { *weight } else { 0.0 }).collect();
            resampling.effective_clusters(&weights)
        };
        (0..self.groups).map(own).collect()
    }

    /// The parts of Theil's indices with their intervals.
    ///
    /// What lies between groups is never below zero, so that no draw says that it is zero: where no two groups have means that are
    /// told apart, its interval begins there. Where groups are too many to be compared it has none.
    fn between(&self, split: &Split, drawn: &Draws) -> Vec<Figure> {
        let (at, mut found) = (self.betweens(), Vec::new());
        let few = self.groups <= COMPARED_MAX;
        let differ = few
            && pairs(self.groups).any(|pair| {
                drawn.difference(pair, self.means()).is_some_and(|ends| ends.compared() != Comparison::Tie)
            });
        let some = |interval: Option<Interval>| {
            let interval = interval.filter(|_| few)?.within(0.0, f64::INFINITY);
            Some(if differ { interval } else { interval.down_to_zero() })
        };
        // Places of Theil T and L among the figures are 2 and 3.
        for (name, parts, whole, between) in
            [("theil_t", split.theil_t, 2, at), ("theil_l", split.theil_l, 3, at + 1)]
        {
            found.push(Figure {
                name: format!("{name}_between"),
                value: parts.map(|parts| parts.between),
                interval: some(drawn.of_index(|row| row[between])),
            });
            let within = drawn.of_index(|row| row[whole] - row[between]);
            found.push(Figure {
                name: format!("{name}_within"),
                value: parts.map(|parts| parts.within),
                interval: within.map(|ends| ends.within(0.0, f64::INFINITY)),
            });
        }
        found
    }
}

/// All pairs of places below a count.
fn pairs(count: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..count).flat_map(move |first| (first + 1..count).map(move |second| [first, second]))
}

/// The draws, if any were asked for.
struct Draws {
    bootstrap: Option<Bootstrap>,
    rule: Rule,
    index_rule: Rule,
    clusters: usize,
    /// What clusters are worth, all of them and those of each group.
    effective: f64,
    groups: Vec<f64>,
}

impl Draws {
    fn of(arguments: &IndexArguments, table: &Table, sources: &Sources<'_>, parameters: &Parameters) -> Self {
        let rule = Rule::by(parameters);
        let index_rule = Rule::for_indices(parameters);
        let none =
            Self { bootstrap: None, rule, index_rule, clusters: 0, effective: 0.0, groups: Vec::new() };
        let (Some(count), Some(seed)) = (arguments.bootstrap, arguments.seed) else { return none };
        let resampling = match &table.clusters {
            None => Resampling::of_units(sources.of.len()),
            Some(labels) => {
                let labels: Vec<(u32, u32)> = sources.of.rows().map(|row| labels[row]).collect();
                Resampling::of_clusters(&labels)
            }
        };
        let drawn = Self {
            clusters: resampling.clusters(),
            effective: resampling.effective_clusters(sources.of.weights()),
            groups: sources.effective_clusters(&resampling),
            ..none
        };
        if !rule.allows(drawn.effective) {
            return drawn;
        }
        let threads =
            arguments.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, Into::into);
        let (width, count) = (sources.width(), u64::from(count));
        let each = count.div_ceil(threads as u64);
        let found = thread::scope(|scope| {
            let (resampling, sources) = (&resampling, &sources);
            let parts: Vec<_> = (0..count)
                .step_by(usize::try_from(each).unwrap_or(usize::MAX))
                .map(|from| {
                    let numbers = from..(from + each).min(count);
                    scope.spawn(move || draws(resampling, seed, numbers, width, sources.statistics()))
                })
                .collect();
            let joined = parts.into_iter().map(|part| part.join().expect("a draw does not panic"));
            joined.flatten().collect()
        });
        let bootstrap = Some(Bootstrap::new(&resampling, found, width, sources.statistics()));
        Self { bootstrap, ..drawn }
    }

    /// The interval of a statistic that rests on all clusters.
    fn interval(&self, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        self.bootstrap.as_ref()?.interval(&self.rule, self.effective, of)
    }

    /// The interval of an index of inequality, which asks for more of them.
    fn of_index(&self, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        self.bootstrap.as_ref()?.interval(&self.index_rule, self.effective, of)
    }

    /// The interval of a statistic that rests on those of a group.
    fn of_group(&self, group: usize, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        self.bootstrap.as_ref()?.interval(&self.rule, self.groups[group], of)
    }

    /// The interval of the difference of two groups, whose statistics begin at a place.
    fn difference(&self, [first, second]: [usize; 2], from: usize) -> Option<Interval> {
        let bootstrap = self.bootstrap.as_ref()?;
        let clusters = [self.groups[first], self.groups[second]];
        bootstrap.difference(&self.rule, clusters, |row| row[from + first], |row| row[from + second])
    }

    fn drawing(&self, arguments: &IndexArguments) -> Option<Drawing> {
        let (draws, seed) = (arguments.bootstrap?, arguments.seed?);
        let fewest = self.rule.clusters_min;
        let too_few = (!self.rule.allows(self.effective)).then_some(fewest);
        let too_few_for_indices =
            (!self.index_rule.allows(self.effective)).then_some(self.index_rule.clusters_min);
        let method = self.bootstrap.as_ref().map(Bootstrap::method);
        let clusters_effective = self.effective;
        Some(Drawing {
            draws,
            seed,
            clusters: self.clusters,
            method,
            clusters_effective,
            too_few,
            too_few_for_indices,
        })
    }
}
