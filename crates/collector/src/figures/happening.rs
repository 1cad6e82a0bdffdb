//! Interruptions by cause, time of unknown state by cause, and whether public services could be reached.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use desserte_measure::UnknownCause;
use desserte_model::{InterruptionCause, ReachFailure};
use desserte_store::{InterruptionRow, ReachEnd, ReachTotal, UnknownTotal};

use super::OutageFigure;
use crate::config::Publication;

/// Services told apart in one commune: more than any list of a configuration, and a bound for what a probe makes up.
const SERVICES_MAX: usize = 50;

/// Characters of a service's name: those of the longest name that the DNS knows.
const NAME_CHARS_MAX: usize = 253;

/// The name under which services are counted that have none, so that no address leaves the collector.
const BY_ADDRESS: &str = "(address)";

/// Interruptions that the probes' watches recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum InterruptionFigure {
    /// None was recorded: nobody watched, or nothing happened; the records do not tell which.
    #[default]
    NotMeasured,
    /// Some were, by probes that knew the state of their line for too short a time.
    NotEnough,
    /// Every cause, in the order of declaration, all probes together.
    Measured(Vec<(InterruptionCause, CauseNumbers)>),
}

/// The interruptions of one cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CauseNumbers {
    pub(crate) count: u64,
    /// Of those, the ones of which an edge was not seen: their length is in no sum.
    pub(crate) without_length: u64,
    pub(crate) total: Duration,
    pub(crate) longest: Option<Duration>,
}

impl CauseNumbers {
    /// The sum of the lengths that are known; `None` when none is, although there were interruptions.
    pub(crate) fn known_total(&self) -> Option<Duration> {
        (self.count == 0 || self.without_length < self.count).then_some(self.total)
    }
}

/// Attempts to reach one service, or all of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ReachFigure {
    /// Attempts that were made.
    pub(crate) tried: u64,
    /// Of those, the ones in which the page came.
    pub(crate) reached: u64,
    /// Attempts that the budget kept from being made: no failure of anyone.
    pub(crate) not_tried: u64,
    pub(crate) failures: BTreeMap<ReachFailure, u64>,
}

impl ReachFigure {
    fn add(&mut self, end: ReachEnd, attempts: u64) {
        match end {
            ReachEnd::NotTried => self.not_tried += attempts,
            ReachEnd::Reached => {
                self.tried += attempts;
                self.reached += attempts;
            }
            ReachEnd::Failed(failure) => {
                self.tried += attempts;
                *self.failures.entry(failure).or_default() += attempts;
            }
        }
    }

    /// Share of the attempts in which the page came, if there were as many as a median wants of runs.
    pub(crate) fn ratio(&self, rules: &Publication) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of attempts are far below 2^52")]
        let ratio = self.reached as f64 / self.tried as f64;
        (self.tried > 0 && self.tried >= rules.minimum_runs).then_some(ratio)
    }
}

/// What happened in one commune.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Happenings {
    pub(crate) interruptions: InterruptionFigure,
    /// Recorded time of unknown state, all probes together; a cause that was not seen is not there.
    pub(crate) unknown: Vec<(UnknownCause, Duration)>,
    /// Attempts to reach services, all together.
    pub(crate) reach: ReachFigure,
    /// The same by the service's name, by name.
    pub(crate) services: Vec<(String, ReachFigure)>,
}

impl Happenings {
    /// Whether nothing was recorded.
    pub(crate) fn is_empty(&self) -> bool {
        self.interruptions == InterruptionFigure::NotMeasured
            && self.unknown.is_empty()
            && self.services.is_empty()
    }
}

/// Reads them off the rows of one commune.
pub(crate) fn happenings(
    interruptions: &[InterruptionRow],
    unknown: &[UnknownTotal],
    attempts: &[ReachTotal],
    outage: &OutageFigure,
) -> Happenings {
    let mut reach = ReachFigure::default();
    let mut services: BTreeMap<String, ReachFigure> = BTreeMap::new();
    for row in attempts {
        reach.add(row.end, row.attempts);
        let name = name(&row.url);
        if services.len() < SERVICES_MAX || services.contains_key(&name) {
            services.entry(name).or_default().add(row.end, row.attempts);
        }
    }
    Happenings {
        interruptions: by_cause(interruptions, outage),
        unknown: unknown.iter().map(|row| (row.cause, row.time)).collect(),
        reach,
        services: services.into_iter().collect(),
    }
}

fn by_cause(rows: &[InterruptionRow], outage: &OutageFigure) -> InterruptionFigure {
    if rows.is_empty() {
        return InterruptionFigure::NotMeasured;
    }
    if outage.measured().is_none() {
        return InterruptionFigure::NotEnough;
    }
    let mut causes: BTreeMap<InterruptionCause, CauseNumbers> = BTreeMap::new();
    for row in rows {
        let numbers = causes.entry(row.cause).or_default();
        numbers.count += 1;
        numbers.without_length += u64::from(row.duration.is_none());
        numbers.total += row.duration.unwrap_or_default();
        numbers.longest = numbers.longest.max(row.duration);
    }
    let of = |cause| (cause, causes.get(&cause).copied().unwrap_or_default());
    InterruptionFigure::Measured(InterruptionCause::ALL.map(of).to_vec())
}

/// The host of an address, without user, port and path.
fn name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let bare = host.trim_start_matches('[').split(']').next().unwrap_or_default();
    let named = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    if host.starts_with('[') || bare.parse::<IpAddr>().is_ok() || named.parse::<IpAddr>().is_ok() {
        return BY_ADDRESS.to_owned();
    }
    named.chars().take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::super::OutageNumbers;
    use super::*;

    fn interruption(cause: InterruptionCause, seconds: Option<u64>) -> InterruptionRow {
        let duration = seconds.map(Duration::from_secs);
        InterruptionRow { commune: "23096".parse().unwrap(), cause, duration }
    }

    fn attempts(url: &str, end: ReachEnd, attempts: u64) -> ReachTotal {
        ReachTotal { commune: "23096".parse().unwrap(), url: url.to_owned(), end, attempts }
    }

    fn measured() -> OutageFigure {
        OutageFigure::Measured(OutageNumbers {
            mean: Duration::ZERO,
            count: 0,
            longest: None,
            known_ratio: 1.0,
            availability_ratio: 1.0,
            lost_ratio: 0.0,
            known: Duration::from_secs(86_400),
            probes: 1,
            probes_left_out: 0,
        })
    }

    #[test]
    fn a_length_that_is_not_known_is_in_no_sum_and_no_record_is_no_zero() {
        use InterruptionCause::{Beyond, Link, Power};
        let rows = [
            interruption(Beyond, Some(60)),
            interruption(Beyond, None),
            interruption(Beyond, Some(30)),
            interruption(Power, None),
        ];
        let InterruptionFigure::Measured(causes) = by_cause(&rows, &measured()) else { panic!() };
        let of = |cause| causes.iter().find(|(one, _)| *one == cause).unwrap().1;
        let beyond = of(Beyond);
        assert_eq!((beyond.count, beyond.without_length), (3, 1));
        assert_eq!(beyond.known_total(), Some(Duration::from_secs(90)));
        assert_eq!(beyond.longest, Some(Duration::from_secs(60)));
        assert_eq!((of(Power).count, of(Power).known_total()), (1, None));
        assert_eq!((of(Link).count, of(Link).known_total()), (0, Some(Duration::ZERO)));
        assert_eq!(by_cause(&[], &measured()), InterruptionFigure::NotMeasured);
        let little = OutageFigure::NotEnough { known: Duration::ZERO };
        assert_eq!(by_cause(&rows, &little), InterruptionFigure::NotEnough);
    }

    #[test]
    fn what_was_not_tried_is_no_failure_and_few_attempts_are_no_share() {
        let rows = [
            attempts("https://www.service-public.fr/a", ReachEnd::Reached, 5),
            attempts("https://WWW.service-public.fr:443/b?c", ReachEnd::Failed(ReachFailure::Timeout), 1),
            attempts("https://www.service-public.fr/", ReachEnd::NotTried, 9),
            attempts("https://autre.example/", ReachEnd::NotTried, 2),
        ];
        let seen = happenings(&[], &[], &rows, &measured());
        let rules = Publication::default();
        assert_eq!(seen.services.len(), 2);
        let (name, figure) = &seen.services[1];
        assert_eq!(name, "www.service-public.fr");
        assert_eq!((figure.tried, figure.reached, figure.not_tried), (6, 5, 9));
        assert!((figure.ratio(&rules).unwrap() - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(seen.services[0].1.ratio(&rules), None, "nothing was tried");
        assert_eq!((seen.reach.tried, seen.reach.not_tried), (6, 11));
        let few = happenings(&[], &[], &rows[..1], &measured());
        assert_eq!(few.reach.ratio(&rules), None, "five are too few");
    }

    #[test]
    fn services_are_told_by_name_and_never_by_address() {
        for (url, expected) in [
            ("https://user:secret@Example.org.:8443/x", "example.org"),
            ("https://192.0.2.7/x", BY_ADDRESS),
            ("https://192.0.2.7:8443/", BY_ADDRESS),
            ("http://[2001:db8::1]:80/", BY_ADDRESS),
            ("2001:db8::1", BY_ADDRESS),
            ("example.org", "example.org"),
            ("", ""),
        ] {
            assert_eq!(name(url), expected, "{url}");
        }
        let many: Vec<_> =
            (0..90).map(|n| attempts(&format!("https://s{n}.example"), ReachEnd::Reached, 1)).collect();
        let seen = happenings(&[], &[], &many, &measured());
        assert_eq!((seen.services.len(), seen.reach.tried), (SERVICES_MAX, 90));
    }
}
