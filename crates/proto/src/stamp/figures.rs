//! What can be said of a session afterwards.

use super::sender::Probe;

/// Packets that were lost in one direction, up to the last answer that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectionLoss {
    /// Packets that went that way.
    pub sent: u64,
    /// Of these, the ones that did not arrive.
    pub lost: u64,
}

impl DirectionLoss {
    /// Share that was lost (RFC 7680).
    ///
    /// # Missing data
    /// `None` when nothing went that way.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of packets are small")]
    pub fn ratio(&self) -> Option<f64> {
        (self.sent > 0).then(|| self.lost as f64 / self.sent as f64)
    }
}

/// How the delay of one direction varied. No clock needs to be right for it, only steady: the offset between the two falls
/// out.
///
/// # Units
/// Nanoseconds.
///
/// # Source
/// `pdv_…`: packet delay variation, the delay of each packet less the smallest one (RFC 5481, section 4.2), of which the
/// nearest-rank quantile is given: the smallest value that at least so many do not exceed. `smoothed_ns`: the smoothed
/// mean difference of neighbours (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DelayVariation {
    /// Half of the packets were no later than this.
    pub pdv_median_ns: u64,
    /// 95 in 100 were no later than this.
    pub pdv_p95_ns: u64,
    /// The latest.
    pub pdv_max_ns: u64,
    /// Smoothed mean difference of neighbours.
    pub smoothed_ns: f64,
}

/// The figures of one session.
///
/// # Missing data
/// A figure is absent when nothing says it: no answer, or, for loss by direction, a reflector of which it is not known
/// that it keeps state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Packets sent.
    pub sent: u64,
    /// Answers that came, each once.
    pub answered: u64,
    /// Packets lost on the way to the reflector.
    pub loss_forward: Option<DirectionLoss>,
    /// Answers lost on the way back.
    pub loss_backward: Option<DirectionLoss>,
    /// Packets sent after the last one that was answered: lost in one direction or the other, nobody can tell.
    pub unattributed: u64,
    /// Smallest round-trip time, without the time that the reflector took; nanoseconds.
    pub rtt_min_ns: Option<u64>,
    /// Nearest-rank median of the same.
    pub rtt_median_ns: Option<u64>,
    /// How the delay to the reflector varied.
    pub variation_forward: Option<DelayVariation>,
    /// How the delay back varied.
    pub variation_backward: Option<DelayVariation>,
    /// Smallest one-way delay to the reflector and back, nanoseconds, when both clocks say that they follow an outside
    /// source; never better than the errors of these clocks, and below zero when they are worse than they say.
    pub one_way_delay_min_ns: Option<(i64, i64)>,
}

impl Figures {
    /// Works them out. `reflector_is_stateful` says what is known of the reflector; when it is not known (`false`), loss
    /// is given by direction only if the answers' numbers show that it keeps state, or nothing was lost at all.
    /// `sender_is_synchronised` says whether the sender's own clock follows an outside source.
    #[must_use]
    pub fn of(probes: &[Probe], reflector_is_stateful: bool, sender_is_synchronised: bool) -> Self {
        let echoes = || probes.iter().filter_map(|probe| Some((probe, probe.echo.as_ref()?)));
        let answered = echoes().count() as u64;
        let last = probes.iter().rposition(|probe| probe.echo.is_some());
        let reached = last.map_or(0, |last| last as u64 + 1);
        let numbers_differ = (0_u64..).zip(probes).any(|(number, probe)| {
            probe.echo.is_some_and(|echo| u64::from(echo.reflector_sequence) != number)
        });
        let can_tell = reflector_is_stateful || numbers_differ || answered == reached;
        let (forward, backward) = split(
            reached,
            answered,
            echoes().map(|(_, echo)| echo.reflector_sequence).max().filter(|_| can_tell),
        );
        let mut rtts: Vec<u64> = echoes()
            .filter_map(|(probe, echo)| {
                let whole = echo.received.nanos_since(probe.departed());
                let there = echo.reflector_sent.nanos_since(echo.reflector_received);
                // A reflector that claims to have taken longer than the whole says nothing.
                u64::try_from(whole.checked_sub(there.max(0))?).ok()
            })
            .collect();
        rtts.sort_unstable();
        let ahead: Vec<i64> =
            echoes().map(|(probe, echo)| echo.reflector_received.nanos_since(probe.departed())).collect();
        let back: Vec<i64> =
            echoes().map(|(_, echo)| echo.received.nanos_since(echo.reflector_sent)).collect();
        let synchronised =
            sender_is_synchronised && echoes().all(|(_, echo)| echo.reflector_error.synchronised);
        Self {
            sent: probes.len() as u64,
            answered,
            loss_forward: forward,
            loss_backward: backward,
            unattributed: probes.len() as u64 - reached,
            rtt_min_ns: rtts.first().copied(),
            rtt_median_ns: quantile(&rtts, 50),
            variation_forward: variation(&ahead),
            variation_backward: variation(&back),
            one_way_delay_min_ns: ahead
                .iter()
                .min()
                .copied()
                .zip(back.iter().min().copied())
                .filter(|_| synchronised),
        }
    }
}

/// Losses of each direction among the first `reached` packets, from the reflector's highest number.
fn split(
    reached: u64,
    answered: u64,
    highest: Option<u32>,
) -> (Option<DirectionLoss>, Option<DirectionLoss>) {
    let Some(reflected) = highest.map(|highest| u64::from(highest) + 1) else { return (None, None) };
    // A reflector that has numbered more than was sent, or less than came back, has a session of its own in mind.
    if reflected > reached || answered > reflected {
        return (None, None);
    }
    let forward = DirectionLoss { sent: reached, lost: reached - reflected };
    (Some(forward), Some(DirectionLoss { sent: reflected, lost: reflected - answered }))
}

fn variation(delays: &[i64]) -> Option<DelayVariation> {
    let least = *delays.iter().min()?;
    let mut above: Vec<u64> = delays.iter().map(|delay| delay.abs_diff(least)).collect();
    above.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "differences of delays are far below 2^53 ns")]
    let smoothed_ns = delays
        .windows(2)
        .fold(0.0, |smoothed: f64, pair| smoothed + (pair[1].abs_diff(pair[0]) as f64 - smoothed) / 16.0);
    Some(DelayVariation {
        pdv_median_ns: quantile(&above, 50)?,
        pdv_p95_ns: quantile(&above, 95)?,
        pdv_max_ns: *above.last()?,
        smoothed_ns,
    })
}

/// The smallest of the sorted values that at least `percent` in a hundred of them do not exceed.
fn quantile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::{Echo, ErrorEstimate, StampTime};

    const CLOCK: ErrorEstimate = ErrorEstimate { synchronised: true, ptp: false, scale: 0, multiplier: 1 };

    fn ms(ms: i64) -> StampTime {
        StampTime::from_unix_nanos(i128::from(ms) * 1_000_000)
    }

    /// A packet that took `ahead` ms there and `back` ms back, by a reflector whose clock is 5 s ahead and that takes 3 ms.
    fn probe(number: i64, reflector: Option<u32>, ahead: i64, back: i64) -> Probe {
        let sent = number * 100;
        let echo = reflector.map(|reflector_sequence| Echo {
            reflector_sequence,
            reflector_received: ms(sent + ahead + 5_000),
            reflector_sent: ms(sent + ahead + 3 + 5_000),
            reflector_error: CLOCK,
            received: ms(sent + ahead + 3 + back),
            ttl_at_reflector: 60,
        });
        Probe { sent: ms(sent), left: None, echo }
    }

    fn near(nanos: u64, millis: u64) -> bool {
        nanos.abs_diff(millis * 1_000_000) < 10
    }

    #[test]
    fn loss_is_told_by_direction() {
        // Number 1 was lost on the way there, the answer to 3 on the way back, of 5 nothing is known.
        let probes = [
            probe(0, Some(0), 10, 20),
            probe(1, None, 0, 0),
            probe(2, Some(1), 10, 20),
            probe(3, None, 0, 0),
            probe(4, Some(3), 10, 20),
            probe(5, None, 0, 0),
        ];
        let figures = Figures::of(&probes, false, false);
        assert_eq!((figures.sent, figures.answered, figures.unattributed), (6, 3, 1));
        assert_eq!(figures.loss_forward, Some(DirectionLoss { sent: 5, lost: 1 }));
        assert_eq!(figures.loss_backward, Some(DirectionLoss { sent: 4, lost: 1 }));
        assert_eq!(figures.one_way_delay_min_ns, None);
    }

    #[test]
    fn a_reflector_without_state_tells_no_direction() {
        let probes = [probe(0, Some(0), 1, 1), probe(1, None, 0, 0), probe(2, Some(2), 1, 1)];
        let figures = Figures::of(&probes, false, false);
        assert_eq!((figures.loss_forward, figures.loss_backward), (None, None));
        // A reflector known to keep state says with the same numbers that the answer was lost.
        let figures = Figures::of(&probes, true, false);
        assert_eq!(figures.loss_backward, Some(DirectionLoss { sent: 3, lost: 1 }));
    }

    #[test]
    fn round_trips_leave_the_reflectors_time_out_and_variation_leaves_the_clocks_out() {
        let probes = [probe(0, Some(0), 10, 20), probe(1, Some(1), 14, 20), probe(2, Some(2), 10, 28)];
        let figures = Figures::of(&probes, true, true);
        assert!(near(figures.rtt_min_ns.unwrap(), 30) && near(figures.rtt_median_ns.unwrap(), 34));
        let (ahead, back) = (figures.variation_forward.unwrap(), figures.variation_backward.unwrap());
        assert!(near(ahead.pdv_max_ns, 4) && near(ahead.pdv_median_ns, 0) && near(ahead.pdv_p95_ns, 4));
        assert!(near(back.pdv_max_ns, 8) && near(back.pdv_median_ns, 0));
        // |4| then |-4|: (4/16) and then 4/16 + (4 - 4/16)/16.
        let expected = 0.25 + (4.0 - 0.25) / 16.0;
        assert!((ahead.smoothed_ns / 1e6 - expected).abs() < 1e-5, "{}", ahead.smoothed_ns);
        // Both say that their clocks are right, so the 5 s are believed.
        let (there, home) = figures.one_way_delay_min_ns.unwrap();
        assert!((there - 5_010_000_000).abs() < 10 && (home + 4_980_000_000).abs() < 10, "{there} {home}");
    }

    #[test]
    fn without_answers_nothing_is_said() {
        let figures = Figures::of(&[probe(0, None, 0, 0)], true, true);
        assert_eq!((figures.answered, figures.unattributed), (0, 1));
        assert_eq!((figures.loss_forward, figures.rtt_min_ns, figures.variation_forward), (None, None, None));
        assert_eq!(figures.one_way_delay_min_ns, None);
        assert_eq!(Figures::of(&[], true, true).sent, 0);
    }

    #[test]
    fn a_reflector_that_goes_on_counting_is_not_believed() {
        let probes = [probe(0, Some(1_000), 1, 1), probe(1, Some(1_001), 1, 1)];
        let figures = Figures::of(&probes, true, false);
        assert_eq!((figures.loss_forward, figures.loss_backward), (None, None));
    }
}
