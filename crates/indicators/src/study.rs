//! What is told of a table: figures, their parts, and how sure they are.

mod draws;
pub mod json;

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;

use desserte_equity::bootstrap::{Method, Of, Resampling};
use desserte_equity::split::{self, Drawn};
use desserte_equity::{
    Asked, Comparison, Concentration, Distribution, Figures, Interval, Parameters, Prepared, Scratch, Split,
    Unusable, kish,
};

use draws::Draws;

/// Most groups that are compared with each other, two and two: with more, some differ by chance alone.
const COMPARED_MAX: usize = 12;

/// What is asked of a table.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Name of the column of groups.
    pub group: Option<String>,
    /// Name of the column that says how rows rank.
    pub rank: Option<String>,
    /// What is below this is in want.
    pub poverty_line: Option<f64>,
    /// Everything is told a second time with no value above this.
    pub top_code: Option<f64>,
    /// Draws; none without a seed.
    pub bootstrap: Option<u32>,
    /// Seed of the draws.
    pub seed: Option<u64>,
    /// Threads; as many as the machine runs at once where none are said.
    pub threads: Option<NonZeroUsize>,
}

/// Texts of a column as numbers.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// The texts in order.
    pub names: Vec<String>,
    /// For each row, the place of its text.
    pub of: Vec<u32>,
}

impl Labels {
    /// Numbers the texts of a column.
    #[must_use]
    pub fn new<T: AsRef<str>>(cells: &[T]) -> Self {
        let names: BTreeSet<&str> = cells.iter().map(AsRef::as_ref).collect();
        let places: HashMap<&str, u32> = names.iter().copied().zip(0..).collect();
        let of = cells.iter().map(|cell| places[cell.as_ref()]).collect();
        Self { names: names.into_iter().map(str::to_owned).collect(), of }
    }
}

/// The columns of a table beside values and weights, one entry a row in each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Columns<'a> {
    /// Rows.
    pub rows: usize,
    /// Groups; an empty text is a row without one.
    pub groups: Option<&'a Labels>,
    /// What rows are ranked by.
    pub ranks: Option<&'a [Option<f64>]>,
    /// Cluster and day, as places in their orders; rows are independent without them.
    pub clusters: Option<&'a [(u32, u32)]>,
}

/// A figure with its name in JSON.
pub struct Figure {
    /// Its name.
    pub name: String,
    /// `None` if it is not defined.
    pub value: Option<f64>,
    /// `None` if there is not enough data, or none was asked for.
    pub interval: Option<Interval>,
}

/// One group.
pub struct Group {
    /// `None` for the rows without one.
    pub name: Option<String>,
    /// Its part in the whole.
    pub part: split::ClassPart,
    /// Interval of its mean.
    pub mean_interval: Option<Interval>,
    /// Share below the line.
    pub poor: Option<f64>,
    /// Interval of that share.
    pub poor_interval: Option<Interval>,
}

/// Two groups, by their places, and what may be said of a figure of theirs.
pub struct Compared {
    /// Place of the first.
    pub first: usize,
    /// Place of the second.
    pub second: usize,
    /// Name of the figure in JSON.
    pub figure: &'static str,
    /// `None` if there is not enough data: one of them rests on too few clusters, or the draws do not tell.
    pub difference: Option<Interval>,
}

/// How the draws were made.
pub struct Drawing {
    /// How many.
    pub draws: u32,
    /// Their seed.
    pub seed: u64,
    /// Clusters.
    pub clusters: usize,
    /// `None` without draws.
    pub method: Option<Method>,
    /// How many of equal weight they are worth.
    pub clusters_effective: f64,
    /// Fewest clusters for intervals, where there are fewer.
    pub too_few: Option<f64>,
    /// Fewest clusters for intervals of indices of inequality, where there are fewer.
    pub too_few_for_indices: Option<f64>,
    /// Fewest clusters for intervals of Theil T, where there are fewer.
    pub too_few_for_theil_t: Option<f64>,
}

/// How what is spread goes with another column.
pub struct Ranking {
    /// Concentration; `None` if it is not defined.
    pub index: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Rows left out because they have no rank.
    pub unranked: usize,
}

/// All that is told.
pub struct Study<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// The set that it follows.
    pub parameters: &'a Parameters,
    /// What is spread.
    pub distribution: &'a Distribution,
    /// Rows, used or not.
    pub rows: usize,
    /// Figures by name.
    pub figures: Vec<Figure>,
    /// The same with no value above the cap, and how many rows have one above it.
    pub capped: Option<(Vec<Figure>, usize)>,
    /// Effective number of rows by their weights.
    pub kish: Option<f64>,
    /// How what is spread goes with a column, if one was named.
    pub ranking: Option<Ranking>,
    /// Parts of Theil's indices, if groups were named.
    pub split: Option<Split>,
    /// The same parts with intervals.
    pub between: Vec<Figure>,
    /// Groups in the order of their names.
    pub groups: Vec<Group>,
    /// Pairs of groups.
    pub compared: Vec<Compared>,
    /// The draws, if any were asked for.
    pub drawing: Option<Drawing>,
}

impl<'a> Study<'a> {
    /// Says what there is to say of a table.
    ///
    /// # Errors
    /// Nothing can be capped at what is asked for.
    pub fn new(
        question: &'a Question,
        columns: &Columns<'_>,
        distribution: &'a Distribution,
        parameters: &'a Parameters,
    ) -> Result<Self, Unusable> {
        let asked = Asked::by(parameters, question.poverty_line);
        let capped = question.top_code.map(|cap| distribution.top_coded(cap)).transpose()?;
        let groups = columns.groups;
        let classes = groups.map(|groups| distribution.rows().map(|row| groups.of[row]).collect());
        let sources = Sources {
            raw: Prepared::new(distribution, &asked),
            capped: capped.as_ref().map(|capped| Prepared::new(capped, &asked)),
            of: distribution,
            classes: classes.unwrap_or_default(),
            groups: groups.map_or(0, |groups| groups.names.len()),
            line: question.poverty_line.unwrap_or(0.0),
            ranks: columns.ranks.map(|ranks| Ranks::new(distribution, ranks)),
            figures: 4 + asked.aversions.len() + 1 + if question.poverty_line.is_some() { 3 } else { 0 },
        };
        let drawn = Draws::of(question, columns, &sources, parameters);
        let aversions = &asked.aversions;
        let named = |found: &Figures, from: usize| -> Vec<Figure> {
            let values = names(aversions).into_iter().zip(values(found)).enumerate();
            let figure = |(at, (name, value)): (usize, (String, Option<f64>))| {
                let found = drawn.interval(figure_kind(&name), |row| row[from + at]);
                let interval = found.map(|ends| ends.within(0.0, highest(&name)));
                Figure { name, value, interval }
            };
            values.map(figure).collect()
        };
        let split = (sources.groups > 0).then(|| Split::new(distribution, &sources.classes, sources.groups));
        let between = split.as_ref().map_or_else(Vec::new, |split| sources.between(split, &drawn));
        let mut study = Self {
            question,
            parameters,
            distribution,
            rows: columns.rows,
            figures: named(&sources.raw.figures(), 0),
            capped: sources.capped.as_ref().zip(question.top_code).map(|(capped, cap)| {
                let above = distribution.values().iter().filter(|value| **value > cap).count();
                (named(&capped.figures(), sources.figures), above)
            }),
            kish: kish(distribution.weights()),
            ranking: sources.ranks.as_ref().map(|ranks| Ranking {
                index: ranks.index(&vec![1; distribution.len()]),
                interval: drawn
                    .interval(Of::Index, |row| row[sources.width() - 1])
                    .map(|ends| ends.within(-1.0, 1.0)),
                unranked: ranks.unranked,
            }),
            split,
            between,
            groups: Vec::new(),
            compared: Vec::new(),
            drawing: drawn.drawing(question),
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
        let has_line = self.question.poverty_line.is_some();
        let (mean, poor) = (sources.means(), sources.means() + sources.groups);
        // A group can be empty: all its rows are without a value.
        let kept = |at: &usize| split.classes[*at].units > 0;
        for at in 0..names.len() {
            let empty = !kept(&at);
            self.groups.push(Group {
                name: (!names[at].is_empty()).then(|| names[at].clone()),
                part: split.classes[at],
                mean_interval: drawn
                    .of_group(Of::Mean, at, |row| row[mean + at])
                    .map(|ends| ends.within(0.0, f64::INFINITY)),
                poor: (has_line && !empty).then(|| sums[at].poor_share()),
                poor_interval: drawn
                    .of_group(Of::Share, at, |row| row[poor + at])
                    .filter(|_| has_line)
                    .map(|ends| ends.within(0.0, 1.0)),
            });
        }
        if names.len() > COMPARED_MAX || drawn.bootstrap.is_none() {
            return;
        }
        for [first, second] in pairs(names.len()) {
            for (figure, kind, from, told) in
                [("fgt0", Of::Share, poor, has_line), ("mean", Of::Mean, mean, true)]
            {
                if told {
                    let difference = drawn.difference(kind, [first, second], from);
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

/// What a figure is, for its interval.
#[must_use]
pub fn figure_kind(name: &str) -> Of {
    match name {
        "mean" => Of::Mean,
        "fgt0" => Of::Share,
        depth if depth.starts_with("fgt") => Of::Depth,
        "theil_t" => Of::TheilT,
        _ => Of::Index,
    }
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
                drawn
                    .difference(Of::Mean, pair, self.means())
                    .is_some_and(|ends| ends.compared() != Comparison::Tie)
            });
        // Where it may be zero the interval has one end only.
        let some = |place: usize| {
            let interval = if differ {
                drawn.interval(Of::Index, |row| row[place])?
            } else {
                drawn.one_sided(|row| row[place])?.down_to_zero()
            };
            few.then_some(interval.within(0.0, f64::INFINITY))
        };
        // Places of Theil T and L among the figures are 2 and 3.
        for (name, kind, parts, whole, between) in
            [("theil_t", Of::TheilT, split.theil_t, 2, at), ("theil_l", Of::Index, split.theil_l, 3, at + 1)]
        {
            found.push(Figure {
                name: format!("{name}_between"),
                value: parts.map(|parts| parts.between),
                interval: some(between),
            });
            let within = drawn.interval(kind, |row| row[whole] - row[between]);
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
