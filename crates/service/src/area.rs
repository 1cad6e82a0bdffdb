//! From sites to a territory: what holds for those who were measured, and how sure it is for the others.

use std::collections::BTreeMap;

use desserte_equity::bootstrap::{Bootstrap, Of, Resampling, Rule, draws};
use desserte_equity::verdict::{Evidence, Kind, Told, Verdict};
use desserte_equity::{Distribution, Interval, Unit, effective_count, intraclass_correlation, kish, wilson};
use desserte_model::CommuneCode;

use crate::hours::Hours;
use crate::sets::Sets;
use crate::site::SiteReport;

/// Seed of the draws behind intervals; any would do, the same always gives the same octets.
pub const INTERVAL_SEED: u64 = 33;

/// A site and how many inhabitants it stands for.
#[derive(Debug, Clone, Copy)]
pub struct SiteWeight<'a> {
    /// What is known of it.
    pub report: &'a SiteReport,
    /// Inhabitants of its commune over the sites in it; `None` when not known: the site enters no territory's figure.
    pub weight: Option<f64>,
}

/// A use over a territory.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaUse {
    /// Place of the use in the set.
    pub of: usize,
    /// Sites whose own figure may be told; only they enter.
    pub sites: usize,
    /// Effective number of independent sites.
    pub effective_count: f64,
    /// Hours of a week, weighted mean over sites; `None` when no site enters.
    pub hours: Option<Verdict<AreaHours>>,
    /// Weighted share of sites where the use is regularly possible, with Wilson's interval.
    pub regular: Option<Verdict<(f64, Option<Interval>)>>,
}

/// Hours of a week over a territory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AreaHours {
    /// Hours of the window.
    pub window_hours: f64,
    /// Weighted mean of the sites' estimates.
    pub hours: f64,
    /// Weighted mean of their lower bounds.
    pub hours_low: f64,
    /// Weighted mean of their upper bounds.
    pub hours_high: f64,
    /// Interval of the mean by drawing communes again, and sites within; `None` with too few communes.
    pub interval: Option<Interval>,
}

/// What can be said of a territory.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaReport {
    /// Sites in it.
    pub sites: usize,
    /// Communes with a site.
    pub communes: usize,
    /// Sites without a weight: they enter nothing.
    pub unweighted: usize,
    /// Sites declared to stand in a public building, and those of which nobody said.
    pub public_buildings: (usize, usize),
    /// Sites may over-represent centres: too many stand in public buildings, or nobody said where they stand.
    pub may_be_biased: bool,
    /// Uses, in the order of the set.
    pub uses: Vec<AreaUse>,
    /// Download that four in five sites reach four times in five at peak, Mbit/s; `None` when no site's may be told.
    pub consistent_down: Option<Verdict<f64>>,
    /// The same for upload.
    pub consistent_up: Option<Verdict<f64>>,
}

/// A site's figure with its weight, its commune and what stands behind it.
struct Entry<T> {
    figure: T,
    weight: f64,
    commune: CommuneCode,
    days: u32,
    class_a: bool,
    slots_share: f64,
}

/// Says what there is to say of a territory from its sites.
#[must_use]
pub fn area_report(sites: &[SiteWeight<'_>], sets: &Sets) -> AreaReport {
    let communes: std::collections::BTreeSet<CommuneCode> =
        sites.iter().map(|site| site.report.site.commune).collect();
    let count = |wanted: Option<bool>| {
        sites.iter().filter(|site| site.report.declared.public_building == wanted).count()
    };
    let (public, unsaid) = (count(Some(true)), count(None));
    let share = crate::hours::share(public, sites.len());
    AreaReport {
        sites: sites.len(),
        communes: communes.len(),
        unweighted: sites.iter().filter(|site| site.weight.is_none()).count(),
        public_buildings: (public, unsaid),
        may_be_biased: unsaid > 0 || share.is_some_and(|share| share >= sets.uses.public_buildings),
        uses: (0..sets.uses.uses.len()).map(|of| area_use(sites, of, sets)).collect(),
        consistent_down: consistent(sites, 0, sets),
        consistent_up: consistent(sites, 1, sets),
    }
}

fn area_use(sites: &[SiteWeight<'_>], of: usize, sets: &Sets) -> AreaUse {
    let entries: Vec<Entry<Hours>> = sites
        .iter()
        .filter_map(|site| {
            let told = told(&site.report.uses[of].minimum)?;
            entry(site, *told, told.days, told.known_share())
        })
        .collect();
    let shares: Vec<f64> = entries.iter().filter_map(|entry| entry.figure.share()).collect();
    let effective = effective_sites(&entries, &shares);
    let statistics = &sets.statistics;
    let evidence = evidence(&entries, effective);
    let mean = |of: fn(&Hours) -> f64| {
        let sum: f64 = entries.iter().map(|entry| entry.weight * of(&entry.figure)).sum();
        sum / entries.iter().map(|entry| entry.weight).sum::<f64>()
    };
    let hours = entries.first().map(|first| {
        let figure = AreaHours {
            window_hours: first.figure.window_hours,
            hours: mean(|hours| hours.hours.unwrap_or(f64::NAN)),
            hours_low: mean(|hours| hours.hours_low),
            hours_high: mean(|hours| hours.hours_high),
            interval: interval(&entries, sets),
        };
        Verdict::new(figure, Kind::Median, &evidence, statistics)
    });
    let regular = (!entries.is_empty()).then(|| {
        let at_least = |share: f64| f64::from(u8::from(share >= sets.uses.regular));
        let weights: f64 = entries.iter().map(|entry| entry.weight).sum();
        let share: f64 =
            entries.iter().zip(&shares).map(|(entry, share)| entry.weight * at_least(*share)).sum::<f64>()
                / weights;
        let interval = wilson(share * effective, effective, statistics.confidence_level.value);
        Verdict::new((share, interval), Kind::ProportionTenPoints, &evidence, statistics)
    });
    AreaUse { of, sites: entries.len(), effective_count: effective, hours, regular }
}

/// The rate that four in five sites reach four times in five at peak.
fn consistent(sites: &[SiteWeight<'_>], direction: usize, sets: &Sets) -> Option<Verdict<f64>> {
    let entries: Vec<Entry<f64>> = sites
        .iter()
        .filter_map(|site| {
            let rate = told(site.report.rates[direction].p20_peak.as_ref()?)?;
            entry(site, *rate, site.report.days, Some(1.0))
        })
        .collect();
    let units: Vec<Unit> =
        entries.iter().map(|entry| Unit { value: Some(entry.figure), weight: entry.weight }).collect();
    let rate = Distribution::new(&units).ok()?.quantile(sets.uses.area_quantile);
    let rates: Vec<f64> = entries.iter().map(|entry| entry.figure).collect();
    let evidence = evidence(&entries, effective_sites(&entries, &rates));
    Some(Verdict::new(rate, Kind::P20, &evidence, &sets.statistics))
}

fn entry<T>(site: &SiteWeight<'_>, figure: T, days: u32, slots_share: Option<f64>) -> Option<Entry<T>> {
    Some(Entry {
        figure,
        weight: site.weight.filter(|weight| *weight > 0.0)?,
        commune: site.report.site.commune,
        days,
        class_a: site.report.declared.class_a == Some(true),
        slots_share: slots_share.unwrap_or(0.0),
    })
}

/// A figure that has a number.
fn told<T>(verdict: &Verdict<T>) -> Option<&T> {
    match verdict.told() {
        Told::Enough(figure) | Told::Indicative(figure, _) => Some(figure),
        Told::NotEnough(_) => None,
    }
}

/// What stands behind a territory's figure: of days the fewest that a site has, of slots the mean.
fn evidence<T>(entries: &[Entry<T>], effective: f64) -> Evidence {
    let weights: f64 = entries.iter().map(|entry| entry.weight).sum();
    Evidence {
        effective_count: effective,
        class_a_probes: u32::try_from(entries.iter().filter(|entry| entry.class_a).count())
            .unwrap_or(u32::MAX),
        days: entries.iter().map(|entry| entry.days).min().unwrap_or(0),
        slots_share: entries.iter().map(|entry| entry.weight * entry.slots_share).sum::<f64>() / weights,
    }
}

/// Kish's number of sites by their weights, less for sites of one commune that are alike.
fn effective_sites<T>(entries: &[Entry<T>], values: &[f64]) -> f64 {
    let weights: Vec<f64> = entries.iter().map(|entry| entry.weight).collect();
    let mut communes: BTreeMap<CommuneCode, Vec<f64>> = BTreeMap::new();
    for (entry, value) in entries.iter().zip(values) {
        communes.entry(entry.commune).or_default().push(*value);
    }
    let Some(sites) = kish(&weights) else { return 0.0 };
    let clusters: Vec<&[f64]> = communes.values().map(Vec::as_slice).collect();
    let sizes: Vec<f64> = clusters.iter().map(|own| own.iter().map(|_| 1.0).sum()).collect();
    let typical = kish(&sizes).map_or(1.0, |worth| sizes.iter().sum::<f64>() / worth);
    let rho = intraclass_correlation(&clusters).unwrap_or(1.0);
    // The share of its count that a commune's sites are worth, applied to all.
    effective_count(typical, rho).map_or(sites, |each| sites * each / typical)
}

/// The interval of the weighted mean, by drawing communes again, and the sites within a commune.
fn interval(entries: &[Entry<Hours>], sets: &Sets) -> Option<Interval> {
    let statistics = &sets.statistics;
    let mut numbers: BTreeMap<CommuneCode, u32> = BTreeMap::new();
    let mut labels = Vec::with_capacity(entries.len());
    for (place, entry) in (0_u32..).zip(entries) {
        let next = u32::try_from(numbers.len()).ok()?;
        labels.push((*numbers.entry(entry.commune).or_insert(next), place));
    }
    let own: Vec<f64> = entries.iter().map(|entry| entry.weight).collect();
    let resampling = Resampling::of_clusters(&labels).weighed(&own);
    let statistic = |counts: &[u32], found: &mut [f64]| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (count, entry) in counts.iter().zip(entries) {
            let weight = f64::from(*count) * entry.weight;
            weights += weight;
            sum += weight * entry.figure.hours.unwrap_or(f64::NAN);
        }
        found[0] = sum / weights;
    };
    let made = draws(&resampling, INTERVAL_SEED, 0..u64::from(statistics.draws_min.value), 1, statistic);
    // Communes that stand for many inhabitants count for more: fewer of them are worth as much.
    let mut weights: BTreeMap<CommuneCode, f64> = BTreeMap::new();
    for entry in entries {
        *weights.entry(entry.commune).or_default() += entry.weight;
    }
    let clusters = kish(&weights.into_values().collect::<Vec<_>>())?;
    let found = Bootstrap::new(&resampling, made, 1, statistic);
    let Interval { low, high, level } =
        found.interval(&Rule::of(Of::Mean, statistics), clusters, |of| of[0])?;
    // No window has fewer hours than none, or more than its own.
    let most = entries.first()?.figure.window_hours;
    Some(Interval { low: low.clamp(0.0, most), high: high.clamp(0.0, most), level })
}
