//! All that can be said of one site over a period, each with how sure it is.

use std::time::Duration;

use desserte_equity::verdict::{Evidence, Kind, Verdict};
use desserte_equity::{Interval, wilson};
use desserte_measure::{StatedMinute, outages};
use desserte_model::Direction;
use jiff::civil::Date;

use crate::hours::{Hours, Judge, hours, share};
use crate::iqb::{Measured, Percentiles};
use crate::rates::{Parted, Rates, part};
use crate::records::{Declared, Records, SiteId};
use crate::sample::{effective, quantile};
use crate::session::{Sessions, sessions};
use crate::sets::Sets;
use crate::slot::{Grid, Slot};
use crate::voice::opinion;

/// A use at its two levels.
#[derive(Debug, Clone, PartialEq)]
pub struct UseFigure {
    /// Place of the use in the set.
    pub of: usize,
    /// What it takes at least.
    pub minimum: Verdict<Hours>,
    /// What makes it comfortable.
    pub comfortable: Verdict<Hours>,
    /// Its sessions, for a use that has some.
    pub sessions: Option<Verdict<SessionFigure>>,
}

/// Sessions with the share lost.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionFigure {
    /// Counts.
    pub counts: Sessions,
    /// Share of the known ones that was lost.
    pub lost_share: f64,
    /// Wilson's interval of it.
    pub interval: Option<Interval>,
}

/// Rates of one direction, Mbit/s.
#[derive(Debug, Clone, PartialEq)]
pub struct RateFigures {
    /// The way of the payload.
    pub direction: Direction,
    /// Runs with a rate.
    pub runs: usize,
    /// Of those at peak.
    pub runs_at_peak: usize,
    /// Half of the runs reached this; `None` without a run.
    pub p50: Option<Verdict<f64>>,
    /// Four in five runs at peak reached this; `None` without one.
    pub p20_peak: Option<Verdict<f64>>,
    /// The rate that four in five runs at peak reach over the one that half of them do.
    pub stability: Option<Verdict<f64>>,
    /// Median at peak over median off peak.
    pub peak_ratio: Option<Verdict<f64>>,
    /// Rate that the line was last declared to be sold as.
    pub subscribed: Option<f64>,
    /// Median over that rate.
    pub of_subscribed: Option<Verdict<f64>>,
    /// Share of runs that reach each step of the sets of thresholds.
    pub thresholds: Vec<ThresholdFigure>,
}

/// How many runs reach a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdFigure {
    /// Identifier of the set.
    pub set: String,
    /// Step, Mbit/s.
    pub step: f64,
    /// Share and its interval.
    pub share: Verdict<(f64, Option<Interval>)>,
}

/// The barometer at two conventions.
#[derive(Debug, Clone, PartialEq)]
pub struct IqbFigures {
    /// At its authors' percentiles, all hours: the typical best.
    pub original: Option<Verdict<f64>>,
    /// At peak, what four in five reach.
    pub evidence: Option<Verdict<f64>>,
}

/// Estimated voice quality, by a planning model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceFigure {
    /// Rating that half of the slots reach.
    pub r_p50: f64,
    /// Rating that four in five slots reach.
    pub r_p20: f64,
    /// Opinion score that goes with it.
    pub mos_p20: f64,
}

/// Outages inferred from minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct OutageFigure {
    /// How many.
    pub count: usize,
    /// Their sum.
    pub total: Duration,
    /// Median time to restore; `None` without an outage.
    pub median: Option<Duration>,
    /// Longest time to restore; `None` without an outage.
    pub longest: Option<Duration>,
    /// Share of the period that is not known.
    pub unknown_share: f64,
    /// Share of the known time without outage.
    pub availability: Option<f64>,
}

/// All that can be said of one site.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteReport {
    /// Which.
    pub site: SiteId,
    /// What is declared of it.
    pub declared: Declared,
    /// Days with a run or a known minute.
    pub days: u32,
    /// Name of its time zone.
    pub zone: String,
    /// Uses, in the order of the set.
    pub uses: Vec<UseFigure>,
    /// Download and upload.
    pub rates: [RateFigures; 2],
    /// Internet Quality Barometer.
    pub iqb: IqbFigures,
    /// Estimated voice quality; `None` when no slot has what the model takes.
    pub voice: Option<Verdict<VoiceFigure>>,
    /// Outages; `None` when no minute is known.
    pub outages: Option<Verdict<OutageFigure>>,
}

/// Says what there is to say of a site over the days `[from, to)` of its own calendar.
///
/// # Missing data
/// `None` if the days are none: in the wrong order, or beyond the calendar. Without a record every figure says that it has nothing.
#[must_use]
pub fn site_report(
    site: SiteId,
    declared: Declared,
    records: &Records,
    days: (Date, Date),
    sets: &Sets,
) -> Option<SiteReport> {
    let calendar = sets.calendars.of(site.commune);
    let grid = Grid::new(records, &calendar, days, &sets.uses.slot, sets.uses.reach)?;
    let teller = Teller { grid: &grid, records, declared, sets };
    let down = part(&grid, records, Direction::Download, &sets.uses.peak().rule.value);
    let up = part(&grid, records, Direction::Upload, &sets.uses.peak().rule.value);
    Some(SiteReport {
        days: teller.days(),
        zone: calendar.zone().to_owned(),
        uses: (0..sets.uses.uses.len()).map(|of| teller.of_use(of)).collect(),
        iqb: IqbFigures {
            original: teller.iqb(&sets.iqb.original.value, &down.all, &up.all, None, Kind::P5),
            evidence: teller.iqb(
                &sets.iqb.evidence.value,
                &down.peak,
                &up.peak,
                Some(sets.uses.peak),
                Kind::P20,
            ),
        },
        rates: [teller.rates(Direction::Download, &down), teller.rates(Direction::Upload, &up)],
        voice: teller.voice(),
        outages: teller.outages(),
        site,
        declared,
    })
}

struct Teller<'a> {
    grid: &'a Grid,
    records: &'a Records,
    declared: Declared,
    sets: &'a Sets,
}

impl Teller<'_> {
    fn evidence(&self, effective_count: f64, days: u32, slots_share: Option<f64>) -> Evidence {
        Evidence {
            effective_count,
            class_a_probes: u32::from(self.declared.class_a == Some(true)),
            days,
            slots_share: slots_share.unwrap_or(0.0),
        }
    }

    fn verdict<T>(&self, figure: T, kind: Kind, evidence: &Evidence) -> Verdict<T> {
        Verdict::new(figure, kind, evidence, &self.sets.statistics)
    }

    /// Shares of the time of one site are means over its days: days are what is observed, and as many are wanted as for a median.
    fn of_use(&self, of: usize) -> UseFigure {
        let (uses, own) = (&self.sets.uses, &self.sets.uses.uses[of]);
        let window = &uses.windows[own.window].rule.value;
        let level = |needs| {
            let found = hours(self.grid, window, Judge { needs, rule: &uses.slot, voice: &self.sets.voice });
            let effective = if found.hours.is_some() { found.effective_count } else { 0.0 };
            self.verdict(found, Kind::Median, &self.evidence(effective, found.days, found.known_share()))
        };
        let level_of = self.sets.statistics.confidence_level.value;
        let sessions = own.sessions.then(|| {
            let counts = sessions(self.grid, window, &uses.session);
            let known = counts.held + counts.lost;
            let lost_share = share(counts.lost, known).unwrap_or(0.0);
            let interval = wilson(lost_share * counts.effective_count, counts.effective_count, level_of);
            let evidence =
                self.evidence(counts.effective_count, counts.days, share(known, known + counts.unknown));
            self.verdict(SessionFigure { counts, lost_share, interval }, Kind::Median, &evidence)
        });
        UseFigure { of, minimum: level(&own.minimum), comfortable: level(&own.comfortable), sessions }
    }

    fn rates(&self, direction: Direction, parted: &Parted) -> RateFigures {
        let Parted { all, peak, off_peak, subscribed } = parted;
        let near = |slot: &Slot| match direction {
            Direction::Download => slot.down,
            Direction::Upload => slot.up,
        };
        let slots = self.grid.slots.iter().filter(|slot| near(slot).is_some()).count();
        let filled = share(slots, self.grid.slots.len());
        let of_all = self.evidence(all.effective_count(), all.days(), filled);
        let at_peak = self.evidence(peak.effective_count(), peak.days(), filled);
        let (p50, p20_peak, p50_peak) = (all.quantile(0.5), peak.quantile(0.2), peak.quantile(0.5));
        let ratio = |a: Option<f64>, b: Option<f64>| {
            a.zip(b).filter(|(_, under)| *under > 0.0).map(|(over, under)| over / under)
        };
        let fewer = self.evidence(
            peak.effective_count().min(off_peak.effective_count()),
            peak.days().min(off_peak.days()),
            filled,
        );
        let level = self.sets.statistics.confidence_level.value;
        let steps = self.sets.thresholds.sets.iter().flat_map(|set| {
            let steps = match direction {
                Direction::Download => &set.down,
                Direction::Upload => &set.up,
            };
            steps.iter().flat_map(|steps| &steps.value).map(|step| (set.id.clone(), step.get()))
        });
        let thresholds = steps.filter(|_| !all.all().is_empty()).map(|(set, step)| {
            let reached = all.all().iter().filter(|rate| **rate >= step).count();
            let reached = share(reached, all.all().len()).unwrap_or(0.0);
            let effective = all.effective_count_reaching(step);
            let interval = wilson(reached * effective, effective, level);
            let evidence = self.evidence(effective, all.days(), filled);
            ThresholdFigure { set, step, share: self.verdict((reached, interval), Kind::Median, &evidence) }
        });
        RateFigures {
            direction,
            runs: all.all().len(),
            runs_at_peak: peak.all().len(),
            p50: p50.map(|p50| self.verdict(p50, Kind::Median, &of_all)),
            p20_peak: p20_peak.map(|p20| self.verdict(p20, Kind::P20, &at_peak)),
            stability: ratio(p20_peak, p50_peak).map(|ratio| self.verdict(ratio, Kind::P20, &at_peak)),
            peak_ratio: ratio(p50_peak, off_peak.quantile(0.5))
                .map(|ratio| self.verdict(ratio, Kind::Median, &fewer)),
            subscribed: *subscribed,
            of_subscribed: ratio(p50, *subscribed).map(|ratio| self.verdict(ratio, Kind::Median, &of_all)),
            thresholds: thresholds.collect(),
        }
    }

    fn iqb(
        &self,
        at: &Percentiles,
        down: &Rates,
        up: &Rates,
        window: Option<usize>,
        kind: Kind,
    ) -> Option<Verdict<f64>> {
        let window = window.map(|window| &self.sets.uses.windows[window].rule.value);
        let inside =
            |slot: &&Slot| window.is_none_or(|window| window.holds(slot.weekday, slot.minute, slot.holiday));
        let slots: Vec<&Slot> = self.grid.slots.iter().filter(inside).collect();
        let of = |metric: fn(&Slot) -> Option<f64>| {
            slots.iter().filter_map(|slot| metric(slot)).collect::<Vec<_>>()
        };
        let (rtts, losses) = (of(|slot| slot.rtt), of(|slot| slot.loss));
        let measured = Measured {
            down: down.quantile(at.rate.get())?,
            up: up.quantile(at.rate.get())?,
            rtt: quantile(&rtts, at.rtt.get())?,
            loss: quantile(&losses, at.loss.get())?,
        };
        let effective = down.effective_count().min(up.effective_count());
        let evidence = self.evidence(effective, down.days().min(up.days()), share(losses.len(), slots.len()));
        Some(self.verdict(self.sets.iqb.score(&measured), kind, &evidence))
    }

    fn voice(&self) -> Option<Verdict<VoiceFigure>> {
        let model = &self.sets.voice;
        let rated = self.grid.slots.iter().filter_map(|slot| {
            let (rtt, loss) = slot.rtt.zip(slot.loss)?;
            // A distribution holds no value below zero, and R below zero is as bad as zero.
            Some((slot.day, model.rating(model.one_way_ms(rtt), loss).max(0.0)))
        });
        let mut by_day: std::collections::BTreeMap<i64, Vec<f64>> = std::collections::BTreeMap::new();
        for (day, rating) in rated {
            by_day.entry(day).or_default().push(rating);
        }
        let all: Vec<f64> = by_day.values().flatten().copied().collect();
        let (r_p50, r_p20) = quantile(&all, 0.5).zip(quantile(&all, 0.2))?;
        let days = u32::try_from(by_day.len()).unwrap_or(u32::MAX);
        let evidence =
            self.evidence(effective(by_day.values()), days, share(all.len(), self.grid.slots.len()));
        Some(self.verdict(VoiceFigure { r_p50, r_p20, mos_p20: opinion(r_p20) }, Kind::P20, &evidence))
    }

    fn outages(&self) -> Option<Verdict<OutageFigure>> {
        let stated: Vec<StatedMinute> = self.records.minutes.iter().map(|minute| minute.stated).collect();
        let found = outages(&stated, self.grid.period);
        let unknown_share = found.unknown_ratio.map_or(1.0, desserte_units::Ratio::as_f64);
        if found.known.is_zero() {
            return None;
        }
        let days = self.days();
        let evidence = self.evidence(f64::from(days), days, Some(1.0 - unknown_share));
        let figure = OutageFigure {
            count: found.count(),
            total: found.total,
            median: found.median,
            longest: found.longest,
            unknown_share,
            availability: found.availability_ratio.map(desserte_units::Ratio::as_f64),
        };
        Some(self.verdict(figure, Kind::Median, &evidence))
    }

    /// Days with anything known.
    fn days(&self) -> u32 {
        let known = self.grid.slots.iter().filter(|slot| slot.known > 0).map(|slot| slot.day);
        let days: std::collections::BTreeSet<i64> = known.collect();
        u32::try_from(days.len()).unwrap_or(u32::MAX)
    }
}
