//! What, beside the line, held a run back.

use std::time::Duration;

use desserte_model::{Direction, LimitedBy, Medium, TcpCounters, Throughput};
use desserte_units::BitRate;

use crate::audit::sender_counters;
use crate::{Estimate, LIMITS, OTHERS};

/// Finds what held a run back beside the line, in the order of [`LimitedBy`], each once.
///
/// | tag | rule ([`LIMITS`]) |
/// | --- | --- |
/// | device | the probe's program kept a core busy, or goodput came near the loopback ceiling or the port's own rate |
/// | server | its admitted capacity was nearly used up when the run began |
/// | Wi-Fi | goodput above half the negotiated rate of the radio link, about the most that its protocol leaves to TCP |
/// | cross traffic | others on the site carried more than a hundredth of what the run did, and more than a site murmurs |
/// | sender window | the send buffer held the sender back, or its window did: all of it under way and no queue anywhere |
/// | receiver buffer | the receiver's window held the sender back |
///
/// The last two look at the time after the ramp only: slow start is bound by the window by its nature.
///
/// # Missing data
/// What was not watched tags nothing; an untagged run may still have been held back.
#[must_use]
pub fn limited_by(run: &Throughput) -> Vec<LimitedBy> {
    let estimate = Estimate::of(&run.samples);
    let goodput = estimate.steady.or(estimate.mean).map_or(0.0, BitRate::as_bits_per_second);
    let sender = Shares::after(sender_counters(run), estimate.ramp_up);
    let found = [
        (LimitedBy::Device, is_device(run, goodput)),
        (LimitedBy::Server, run.server.load_ratio.is_some_and(|load| load >= LIMITS.value.server_load_min)),
        (LimitedBy::WiFi, is_wifi(run, goodput)),
        (LimitedBy::CrossTraffic, is_cross_traffic(run)),
        (LimitedBy::SenderWindow, sender.is_some_and(|shares| shares.sender_bound())),
        (LimitedBy::ReceiverBuffer, sender.is_some_and(|shares| shares.receiver_bound())),
    ];
    found.into_iter().filter_map(|(tag, holds)| holds.then_some(tag)).collect()
}

/// Whether a run over one connection calls for another over several: its window or the receiver's buffer held it back, and
/// nothing else did that more connections cannot cure.
#[must_use]
pub fn calls_for_more_streams(limited_by: &[LimitedBy]) -> bool {
    let curable = |tag: &LimitedBy| matches!(tag, LimitedBy::SenderWindow | LimitedBy::ReceiverBuffer);
    !limited_by.is_empty() && limited_by.iter().all(curable)
}

#[expect(clippy::cast_precision_loss, reason = "rates below 2^53 bit/s")]
fn is_device(run: &Throughput, goodput: f64) -> bool {
    let near = |ceiling: u64| goodput >= ceiling as f64 * LIMITS.value.ceiling_share_min;
    let port = match run.medium {
        Medium::Wired { link_bits_per_second } => link_bits_per_second,
        _ => None,
    };
    let device = run.course.device.as_ref();
    device.is_some_and(|device| device.cpu_ratio >= LIMITS.value.cpu_min)
        || device.and_then(|device| device.ceiling_bits_per_second).is_some_and(near)
        || port.is_some_and(near)
}

#[expect(clippy::cast_precision_loss, reason = "rates below 2^53 bit/s")]
fn is_wifi(run: &Throughput, goodput: f64) -> bool {
    let Medium::Wifi { receive_bits_per_second, transmit_bits_per_second, .. } = run.medium else {
        return false;
    };
    let link = match run.direction {
        Direction::Download => receive_bits_per_second,
        Direction::Upload => transmit_bits_per_second,
    };
    link.is_some_and(|link| goodput >= link as f64 * LIMITS.value.wifi_share_min)
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53 octets")]
fn is_cross_traffic(run: &Throughput) -> bool {
    let (Some(others), Some(last)) = (run.course.others_traffic.as_ref(), run.samples.last()) else {
        return false;
    };
    let murmur = OTHERS.value.murmur_bytes_per_second * Duration::from_micros(last.elapsed_us).as_secs_f64();
    others.during_bytes as f64 > murmur.max(last.bytes as f64 * LIMITS.value.others_share_min)
}

/// Shares of the sender's busy time after the ramp.
#[derive(Debug, Clone, Copy)]
struct Shares {
    send_buffer: f64,
    receive_window: f64,
    /// Share of readings with the whole window under way and no queue.
    window: f64,
}

impl Shares {
    /// `None` without two readings after the ramp that tell the busy time.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run")]
    fn after(counters: &[TcpCounters], ramp: Duration) -> Option<Self> {
        let from = counters.partition_point(|read| Duration::from_micros(read.elapsed_us) < ramp);
        let steady = &counters[from..];
        let (first, last) = (steady.first()?, steady.last()?);
        let grown = |of: fn(&TcpCounters) -> Option<u64>| Some(of(last)?.saturating_sub(of(first)?) as f64);
        let busy = grown(|read| read.busy_us).filter(|busy| *busy > 0.0)?;
        let share = |part: Option<f64>| part.map_or(0.0, |part| part / busy);
        let bound = steady.windows(2).filter(|pair| is_window_bound(&pair[0], &pair[1])).count();
        Some(Self {
            send_buffer: share(grown(|read| read.send_buffer_limited_us)),
            receive_window: share(grown(|read| read.receive_window_limited_us)),
            window: bound as f64 / (steady.len() - 1).max(1) as f64,
        })
    }

    fn sender_bound(self) -> bool {
        self.send_buffer >= LIMITS.value.buffer_share_min || self.window >= LIMITS.value.window_share_min
    }

    fn receiver_bound(self) -> bool {
        self.receive_window >= LIMITS.value.buffer_share_min
    }
}

/// As the stop rule sees it, from the sender's counters alone.
#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^53 octets")]
fn is_window_bound(before: &TcpCounters, after: &TcpCounters) -> bool {
    let rule = &crate::LINE_FILLED.value;
    let told = || {
        let (smallest, rtt) = (after.rtt_min_us?, after.rtt_us?);
        let window = after.congestion_window_segments?.saturating_mul(after.segment_bytes?);
        let acked = after.bytes_acked?.checked_sub(before.bytes_acked?)?;
        let time = after.elapsed_us.checked_sub(before.elapsed_us).filter(|time| *time > 0)?;
        let (smallest, rtt) = (Duration::from_micros(smallest), Duration::from_micros(rtt));
        let standing = rule.queue_min.max(smallest.mul_f64(rule.queue_share_min));
        let under_way = acked as f64 / Duration::from_micros(time).as_secs_f64() * rtt.as_secs_f64();
        Some(rtt.saturating_sub(smallest) < standing && under_way >= window as f64 * rule.window_used_min)
    };
    told().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use desserte_model::{
        ByteSample, CongestionControl, Connection, Course, DeviceLoad, OthersTraffic, Protocol, RunOutcome,
        Server,
    };

    use super::*;

    /// A clean download of 80 Mbit/s for ten seconds, with a queue before the line.
    fn clean() -> Throughput {
        let counters = |second: u64| TcpCounters {
            elapsed_us: second * 1_000_000,
            rtt_us: Some(60_000),
            rtt_min_us: Some(20_000),
            bytes_acked: Some(second * 10_000_000),
            busy_us: Some(second * 1_000_000),
            receive_window_limited_us: Some(0),
            send_buffer_limited_us: Some(0),
            congestion_window_segments: Some(414),
            segment_bytes: Some(1448),
            ..TcpCounters::default()
        };
        Throughput {
            direction: Direction::Download,
            protocol: Protocol { name: "ndt7".to_owned(), version: "0.11.0".to_owned() },
            outcome: RunOutcome::Complete,
            counted_by: None,
            samples: (1..=100)
                .map(|tenth| ByteSample { elapsed_us: tenth * 100_000, bytes: tenth * 1_000_000 })
                .collect(),
            probe_tcp: Vec::new(),
            server_tcp: (0..=10).map(counters).collect(),
            congestion_control: CongestionControl::default(),
            connection: Connection { family: None, tls: None, bytes_charged: 0 },
            server: Server {
                id: None,
                host: "localhost:1".to_owned(),
                load_ratio: Some(0.2),
                software: None,
            },
            medium: Medium::Wired { link_bits_per_second: Some(1_000_000_000) },
            access_line: None,
            course: Course::default(),
        }
    }

    fn check(change: impl FnOnce(&mut Throughput), expected: &[LimitedBy]) {
        let mut run = clean();
        change(&mut run);
        assert_eq!(limited_by(&run), expected);
    }

    #[test]
    fn a_run_that_filled_the_line_is_not_tagged() {
        check(|_| {}, &[]);
    }

    #[test]
    fn each_limit_has_its_tag() {
        let device = |cpu_ratio, ceiling| Some(DeviceLoad { cpu_ratio, ceiling_bits_per_second: ceiling });
        check(|run| run.course.device = device(0.86, None), &[LimitedBy::Device]);
        check(|run| run.course.device = device(0.84, Some(88_000_000)), &[LimitedBy::Device]);
        check(|run| run.course.device = device(0.84, Some(90_000_000)), &[]);
        check(
            |run| run.medium = Medium::Wired { link_bits_per_second: Some(85_000_000) },
            &[LimitedBy::Device],
        );
        check(|run| run.server.load_ratio = Some(0.95), &[LimitedBy::Server]);
        let radio = |receive, transmit| Medium::Wifi {
            signal_dbm: None,
            receive_bits_per_second: receive,
            transmit_bits_per_second: transmit,
        };
        check(|run| run.medium = radio(Some(150_000_000), None), &[LimitedBy::WiFi]);
        check(|run| run.medium = radio(Some(170_000_000), Some(1_000_000)), &[]);
        check(|run| run.medium = radio(None, Some(1_000_000)), &[]);
        let others = |during_bytes| Some(OthersTraffic { before_us: 0, before_bytes: 0, during_bytes });
        check(|run| run.course.others_traffic = others(2_000_000), &[LimitedBy::CrossTraffic]);
        check(|run| run.course.others_traffic = others(900_000), &[]);
    }

    #[test]
    fn windows_and_buffers_are_told_from_the_senders_counters_after_the_ramp() {
        let each =
            |run: &mut Throughput, change: fn(&mut TcpCounters)| run.server_tcp.iter_mut().for_each(change);
        check(
            |run| each(run, |read| read.receive_window_limited_us = Some(read.elapsed_us / 2)),
            &[LimitedBy::ReceiverBuffer],
        );
        check(
            |run| each(run, |read| read.send_buffer_limited_us = Some(read.elapsed_us / 4)),
            &[LimitedBy::SenderWindow],
        );
        check(
            |run| {
                each(run, |read| {
                    read.rtt_us = Some(20_500);
                    read.congestion_window_segments = Some(142);
                });
            },
            &[LimitedBy::SenderWindow],
        );
        // BBR keeps half its window unused: it is not the window that binds.
        check(
            |run| {
                each(run, |read| {
                    read.rtt_us = Some(20_500);
                    read.congestion_window_segments = Some(284);
                });
            },
            &[],
        );
        // Bound in slow start only.
        check(
            |run| each(run, |read| read.receive_window_limited_us = Some(read.elapsed_us.min(1_500_000))),
            &[],
        );
    }

    #[test]
    fn more_streams_are_called_for_when_they_can_help() {
        assert!(calls_for_more_streams(&[LimitedBy::ReceiverBuffer]));
        assert!(calls_for_more_streams(&[LimitedBy::SenderWindow, LimitedBy::ReceiverBuffer]));
        assert!(!calls_for_more_streams(&[]));
        assert!(!calls_for_more_streams(&[LimitedBy::Device, LimitedBy::SenderWindow]));
    }
}
