//! The draws of a study, on several threads, and the intervals that they give.

use std::thread;

use desserte_equity::bootstrap::{Bootstrap, Of, Resampling, Rule, draws};
use desserte_equity::{Interval, Parameters};

use super::{Columns, Drawing, Question, Sources};

/// The draws, if any were asked for.
pub(super) struct Draws {
    pub(super) bootstrap: Option<Bootstrap>,
    parameters: Parameters,
    clusters: usize,
    /// What clusters are worth, all of them and those of each group.
    effective: f64,
    groups: Vec<f64>,
}

impl Draws {
    pub(super) fn of(
        question: &Question,
        columns: &Columns<'_>,
        sources: &Sources<'_>,
        parameters: &Parameters,
    ) -> Self {
        let parameters = parameters.clone();
        let none = Self { bootstrap: None, parameters, clusters: 0, effective: 0.0, groups: Vec::new() };
        let (Some(count), Some(seed)) = (question.bootstrap, question.seed) else { return none };
        let resampling = match columns.clusters {
            None => Resampling::of_units(sources.of.len()),
            Some(labels) => {
                let labels: Vec<(u32, u32)> = sources.of.rows().map(|row| labels[row]).collect();
                Resampling::of_clusters(&labels)
            }
        };
        let resampling = resampling.weighed(sources.of.weights());
        let drawn = Self {
            clusters: resampling.clusters(),
            effective: resampling.effective_clusters(sources.of.weights()),
            groups: sources.effective_clusters(&resampling),
            ..none
        };
        if !drawn.rule(Of::Mean).allows(drawn.effective) {
            return drawn;
        }
        let threads = question.threads.or_else(|| thread::available_parallelism().ok()).map_or(1, Into::into);
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

    fn rule(&self, of: Of) -> Rule {
        Rule::of(of, &self.parameters)
    }

    /// The interval of a statistic that rests on all clusters.
    pub(super) fn interval(&self, kind: Of, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        self.bootstrap.as_ref()?.interval(&self.rule(kind), self.effective, of)
    }

    /// The interval of what lies between groups that are not told apart, whose upper end alone is of use. Zero is below all draws: it
    /// falls short of nothing, like a share.
    pub(super) fn one_sided(&self, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        let fewest = self.rule(Of::Index);
        let rule = Rule { clusters_min: fewest.clusters_min, ..self.rule(Of::Share) }.one_sided();
        self.bootstrap.as_ref()?.interval(&rule, self.effective, of)
    }

    /// The interval of a statistic that rests on those of a group.
    pub(super) fn of_group(&self, kind: Of, group: usize, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        self.bootstrap.as_ref()?.interval(&self.rule(kind), self.groups[group], of)
    }

    /// The interval of the difference of two groups, whose statistics begin at a place.
    pub(super) fn difference(&self, kind: Of, [first, second]: [usize; 2], from: usize) -> Option<Interval> {
        let bootstrap = self.bootstrap.as_ref()?;
        let clusters = [self.groups[first], self.groups[second]];
        bootstrap.difference(&self.rule(kind), clusters, |row| row[from + first], |row| row[from + second])
    }

    pub(super) fn drawing(&self, question: &Question) -> Option<Drawing> {
        let (draws, seed) = (question.bootstrap?, question.seed?);
        let wanted = |of: Of| {
            let rule = self.rule(of);
            (!rule.allows(self.effective)).then_some(rule.clusters_min)
        };
        let method = self.bootstrap.as_ref().map(Bootstrap::method);
        let clusters_effective = self.effective;
        Some(Drawing {
            draws,
            seed,
            clusters: self.clusters,
            method,
            clusters_effective,
            too_few: wanted(Of::Mean),
            too_few_for_indices: wanted(Of::Index),
            too_few_for_theil_t: wanted(Of::TheilT),
        })
    }
}
