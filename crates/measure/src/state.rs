//! The state of one minute, from what was seen in it.

use std::fmt;

use desserte_model::{LinkState, Minute, TargetEchoes};

use crate::{DEGRADED, OUTAGE};

/// What one minute says about the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MinuteState {
    /// The line answered.
    Up,
    /// The line answered, with losses beyond the tolerance.
    Degraded,
    /// The line did not answer, and nothing on the near side explains it.
    Down,
    /// Nothing can be said about the line; neither up nor down.
    Unknown(UnknownCause),
}

/// Why nothing can be said about the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownCause {
    /// The probe's own interface had no carrier, or the system did not tell.
    Link,
    /// The router on the site did not answer: the fault is before the line.
    Gateway,
    /// The probe sent nothing, or too few echoes to judge.
    Probe,
    /// Only one target was tried: its own failure cannot be told from the line's.
    SecondTarget,
}

impl MinuteState {
    /// The code used in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Whether the state of the line is known.
    #[must_use]
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

impl UnknownCause {
    /// Every cause, in the order of declaration.
    pub const ALL: [Self; 4] = [Self::Link, Self::Gateway, Self::Probe, Self::SecondTarget];

    /// The code used in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Gateway => "gateway",
            Self::Probe => "probe",
            Self::SecondTarget => "second_target",
        }
    }
}

impl fmt::Display for MinuteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(cause) => write!(f, "unknown ({})", cause.code()),
            known => f.write_str(known.code()),
        }
    }
}

/// Derives the state of one minute (docs/spec/minute-state.md).
///
/// An answer from any target shows that the line works, whatever the rest says. Without one, the minute is down only if
/// the link was up, the gateway did not fail, and at least two targets lost every one of several echoes.
///
/// # Missing data
/// A minute that does not hold enough to judge is [`MinuteState::Unknown`] with its cause, never down and never up.
#[must_use]
pub fn minute_state(minute: &Minute) -> MinuteState {
    let answering: Vec<&TargetEchoes> = minute.targets.iter().filter(|target| answers(target)).collect();
    if answering.is_empty() { unanswered(minute) } else { answered(&answering) }
}

fn answered(answering: &[&TargetEchoes]) -> MinuteState {
    // A target that never answers while another does is that target's fault, so its echoes do not count as loss.
    let echoes = || answering.iter().flat_map(|target| &target.rtt_us);
    let (sent, lost) = (echoes().count(), echoes().filter(|rtt| rtt.is_none()).count());
    let rule = DEGRADED.value;
    #[expect(clippy::cast_precision_loss, reason = "a minute holds few echoes")]
    let ratio = lost as f64 / sent as f64;
    if lost >= rule.lost_min as usize && ratio >= rule.loss_ratio_min {
        MinuteState::Degraded
    } else {
        MinuteState::Up
    }
}

fn unanswered(minute: &Minute) -> MinuteState {
    let link_up = match minute.link {
        LinkState::Up => true,
        LinkState::Down => false,
        LinkState::Unknown => minute.gateway_reachable == Some(true),
    };
    if !link_up {
        return MinuteState::Unknown(UnknownCause::Link);
    }
    if minute.gateway_reachable == Some(false) {
        return MinuteState::Unknown(UnknownCause::Gateway);
    }
    let mut tried: Vec<&str> = minute
        .targets
        .iter()
        .filter(|target| target.rtt_us.len() >= OUTAGE.value.echoes_min)
        .map(|target| target.target.as_str())
        .collect();
    tried.sort_unstable();
    tried.dedup();
    match tried.len() {
        0 => MinuteState::Unknown(UnknownCause::Probe),
        n if n < OUTAGE.value.targets_min => MinuteState::Unknown(UnknownCause::SecondTarget),
        _ => MinuteState::Down,
    }
}

fn answers(target: &TargetEchoes) -> bool {
    target.rtt_us.iter().any(Option::is_some)
}

#[cfg(test)]
mod tests {
    use desserte_model::{EchoMethod, IpFamily};

    use super::*;

    fn target(name: &str, rtt_us: &[Option<u32>]) -> TargetEchoes {
        TargetEchoes {
            target: name.parse().unwrap(),
            family: Some(IpFamily::Ipv4),
            method: EchoMethod::Icmp,
            rtt_us: rtt_us.to_vec(),
            timed_by_kernel: None,
            not_sent: None,
        }
    }

    fn check(link: LinkState, gateway: Option<bool>, targets: &[TargetEchoes], expected: MinuteState) {
        let minute =
            Minute { window_us: 60_000_000, link, gateway_reachable: gateway, targets: targets.to_vec() };
        assert_eq!(minute_state(&minute), expected, "{minute:?}");
    }

    const LOST: [Option<u32>; 3] = [None, None, None];
    const FINE: [Option<u32>; 3] = [Some(20_000), Some(21_000), Some(19_000)];

    #[test]
    fn two_silent_targets_behind_a_living_gateway_are_down() {
        let silent = [target("a", &LOST), target("b", &LOST)];
        for gateway in [Some(true), None] {
            check(LinkState::Up, gateway, &silent, MinuteState::Down);
        }
        check(LinkState::Unknown, Some(true), &silent, MinuteState::Down);
    }

    #[test]
    fn a_fault_on_the_near_side_is_unknown_with_its_cause() {
        let silent = [target("a", &LOST), target("b", &LOST)];
        check(LinkState::Down, None, &silent, MinuteState::Unknown(UnknownCause::Link));
        check(LinkState::Unknown, None, &silent, MinuteState::Unknown(UnknownCause::Link));
        check(LinkState::Up, Some(false), &silent, MinuteState::Unknown(UnknownCause::Gateway));
    }

    #[test]
    fn one_target_is_never_enough_to_call_the_line_down() {
        let cause = MinuteState::Unknown(UnknownCause::SecondTarget);
        check(LinkState::Up, Some(true), &[target("a", &LOST)], cause);
        check(LinkState::Up, Some(true), &[target("a", &LOST), target("b", &[])], cause);
        check(LinkState::Up, Some(true), &[target("a", &LOST), target("b", &[None])], cause);
        check(LinkState::Up, Some(true), &[target("a", &LOST), target("a", &LOST)], cause);
    }

    #[test]
    fn a_probe_that_sent_nothing_knows_nothing() {
        for targets in [vec![], vec![target("a", &[]), target("b", &[])]] {
            check(LinkState::Up, Some(true), &targets, MinuteState::Unknown(UnknownCause::Probe));
        }
    }

    #[test]
    fn one_answer_shows_that_the_line_works_whatever_the_rest_says() {
        let targets = [target("a", &LOST), target("b", &FINE)];
        for link in [LinkState::Up, LinkState::Down, LinkState::Unknown] {
            check(link, Some(false), &targets, MinuteState::Up);
        }
    }

    #[test]
    fn one_loss_of_six_is_up_and_two_are_degraded() {
        let one = [target("a", &FINE), target("b", &[Some(1), None, Some(1)])];
        check(LinkState::Up, Some(true), &one, MinuteState::Up);
        let two = [target("a", &[Some(1), Some(1), None]), target("b", &[Some(1), None, Some(1)])];
        check(LinkState::Up, Some(true), &two, MinuteState::Degraded);
    }
}
