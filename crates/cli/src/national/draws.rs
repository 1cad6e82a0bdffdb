//! Draws of clusters on several threads.

use std::thread;

use desserte_equity::bootstrap::{Bootstrap, Method, Of, Resampling, Rule, draws};
use desserte_equity::{Distribution, Interval, Parameters};
use desserte_territory::Territory;

use super::subject::Subject;
use super::{Cluster, NationalArguments};

/// The draws of one kind of cluster.
pub(super) struct Draws {
    pub(super) cluster: Cluster,
    pub(super) clusters: usize,
    resampling: Resampling,
    parameters: Parameters,
    /// `None` if there are too few clusters.
    bootstrap: Option<Bootstrap>,
}

impl Draws {
    /// Draws clusters; `statistics` makes a function with memory of its own for each thread, which fills `width` numbers.
    pub(super) fn new<S: FnMut(&[u32], &mut [f64])>(
        arguments: &NationalArguments,
        parameters: &Parameters,
        (cluster, labels): (Cluster, &[(u32, u32)]),
        weights: &[f64],
        width: usize,
        statistics: impl Fn() -> S + Sync,
    ) -> Self {
        let resampling = Resampling::of_clusters(labels).weighed(weights);
        let clusters = resampling.clusters();
        let parameters = parameters.clone();
        if clusters < parameters.clusters_min.value as usize {
            return Self { cluster, clusters, resampling, parameters, bootstrap: None };
        }
        let threads = arguments.threads.or_else(|| thread::available_parallelism().ok());
        let count = u64::from(arguments.bootstrap);
        let each = count.div_ceil(threads.map_or(1, |threads| threads.get() as u64));
        let found = thread::scope(|scope| {
            let parts: Vec<_> = (0..count.div_ceil(each))
                .map(|part| {
                    let numbers = part * each..((part + 1) * each).min(count);
                    let (resampling, statistics) = (&resampling, &statistics);
                    scope.spawn(move || draws(resampling, arguments.seed, numbers, width, statistics()))
                })
                .collect();
            parts.into_iter().flat_map(|part| part.join().expect("a draw does not panic")).collect()
        });
        let bootstrap = Some(Bootstrap::new(&resampling, found, width, statistics()));
        Self { cluster, clusters, resampling, parameters, bootstrap }
    }

    /// How many clusters of equal weight those of units with these weights are worth.
    pub(super) fn worth(&self, weights: &[f64]) -> f64 {
        self.resampling.effective_clusters(weights)
    }

    /// How ends of intervals are found; `None` without draws.
    pub(super) fn method(&self) -> Option<Method> {
        self.bootstrap.as_ref().map(Bootstrap::method)
    }

    /// Whether so many clusters of equal weight are enough for a mean or a share.
    pub(super) fn allows(&self, worth: f64) -> bool {
        self.rule(Of::Mean).allows(worth)
    }

    fn rule(&self, of: Of) -> Rule {
        Rule::of(of, &self.parameters)
    }

    /// The interval of a figure that rests on clusters worth so many.
    pub(super) fn interval(&self, kind: Of, worth: f64, of: impl Fn(&[f64]) -> f64) -> Option<Interval> {
        self.bootstrap.as_ref()?.interval(&self.rule(kind), worth, of)
    }

    /// The interval of the difference of two groups whose numbers stand at these places.
    pub(super) fn difference(
        &self,
        kind: Of,
        worth: [f64; 2],
        [first, second]: [usize; 2],
    ) -> Option<Interval> {
        self.bootstrap.as_ref()?.difference(&self.rule(kind), worth, |row| row[first], |row| row[second])
    }
}

/// The cluster of each unit that the distribution kept, in its order.
pub(super) fn labels(
    cluster: Cluster,
    of: &Distribution,
    subject: &Subject,
    territory: &Territory,
) -> Vec<(u32, u32)> {
    let place = |row: usize| u32::try_from(row).expect("a territory has no more communes");
    // Units without the larger unit are clusters by themselves, after all that have one.
    let alone = |row: usize| place(territory.epcis().len() + territory.departements().len()) + place(row);
    let of_row = |row: usize| {
        let Some(commune) = territory.commune_at(row) else { return alone(row) };
        let found = match cluster {
            Cluster::Commune => None,
            Cluster::Epci => commune
                .epci
                .as_ref()
                .and_then(|siren| territory.epcis().binary_search_by(|epci| epci.siren.cmp(siren)).ok()),
            Cluster::Departement => {
                territory.departements().binary_search_by(|unit| unit.code.cmp(&commune.departement)).ok()
            }
        };
        found.map_or_else(|| alone(row), place)
    };
    of.rows().map(|unit| (of_row(subject.rows[unit]), 0)).collect()
}
