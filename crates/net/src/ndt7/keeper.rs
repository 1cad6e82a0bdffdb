//! What is kept of a run while it goes on, and what ends it before its time: its ceiling, or whoever steers it.

use std::time::Duration;

use desserte_model::{
    ByteSample, CountedBy, CountingLayer, Direction, End, StopReason, TcpCounters, Throughput,
};
use desserte_proto::ndt7::{Client, Reading, spec};
use desserte_units::{ByteCount, Monotonic};

use super::{Progress, RunConfig};
use crate::Steer;
use crate::channel::Channel;
use crate::charge::{OwnMeter, Tariff, UPLOAD_STEP};
use crate::drive::Watcher;
use crate::steer::STEERING_INTERVAL;
use crate::tcp::{TcpInfo, counters_and_unread};

/// Readings that tell how fast the line is now, for what is still under way from a server that does not let go by itself.
const RECENT_READINGS: usize = 5;

/// A sender in slow start has twice as much under way as came in during the last round trip, and a queue may grow
/// meanwhile by as much again.
const UNDER_WAY_FACTOR: f64 = 3.0;

/// A burst that no reading has shown yet.
const UNDER_WAY_LEAST: u64 = 1 << 16;

/// What a run with a ceiling watches.
pub(super) struct Ceiling {
    pub(super) bytes: u64,
    /// Payload after which a server that keeps the plan sends no more.
    pub(super) payload_asked_for: Option<u64>,
    /// What the kernel holds at the most of what comes in an upload or from a server that keeps no plan.
    pub(super) window_most: u64,
    /// Octets that may be read at once.
    pub(super) read_at_most: u64,
    /// Octets still to move before the kernel is asked again.
    pub(super) unwatched: u64,
    /// What the run is charged if the ceiling ended it, what may still come in included.
    pub(super) stopped_at: Option<u64>,
}

impl Ceiling {
    /// Least that moves between two questions to the kernel, each of which costs about as much as copying 16 KiB.
    fn unwatched_least(&self) -> u64 {
        self.read_at_most.min(1 << 14)
    }

    /// Whether the run has to stop here.
    fn reached(&mut self, config: &RunConfig, tariff: Tariff, channel: &Channel, octets: u64) -> bool {
        if self.stopped_at.is_some() || octets < self.unwatched {
            self.unwatched = self.unwatched.saturating_sub(octets);
            return false;
        }
        let Some((info, ahead)) = counters_and_unread(channel.wire().tcp()) else { return false };
        let charged = tariff.charged(&info);
        // What comes in or leaves if the run stops here, and what more might if it goes on until the next look.
        let (pending, more) = match (config.direction, self.payload_asked_for) {
            // What the kernel has may leave until the connection is reset, and the server may fill the window meanwhile.
            (Direction::Upload, _) => {
                // What has come in and was not read yet is charged already.
                let window = self.window_most.saturating_sub(ahead);
                (tariff.still_to_come(window + info.bytes_unsent()), 2 * octets.max(UPLOAD_STEP))
            }
            // A server that breaks its word ends the run; it may still fill the window that its word got it.
            (Direction::Download, Some(payload)) if Tariff::breaks_plan(payload, info.bytes_received()) => {
                (tariff.still_to_come(info.window_open()), self.bytes)
            }
            // No more will come than was asked for.
            (Direction::Download, Some(payload)) => {
                let unsent = Tariff::with_framing(payload).saturating_sub(info.bytes_received());
                (tariff.still_to_come(unsent.min(info.window_open())), 0)
            }
            // The sender can get no further ahead of our reading than the buffer holds.
            (Direction::Download, None) => {
                let more = self.unwatched_least() + self.read_at_most;
                (tariff.still_to_come(self.window_most.saturating_sub(ahead)), tariff.still_to_come(more))
            }
        };
        let left = self.bytes.saturating_sub(charged + pending + more);
        self.unwatched = (left / 4).max(self.unwatched_least());
        let over = left == 0;
        if over {
            self.stopped_at = Some(charged + pending);
        }
        over
    }
}

/// A leave taken of a server that hears it.
#[derive(Debug, Clone, Copy)]
struct Leave {
    /// Octets that the kernel will have received at the most if the server keeps its word.
    received_most: u64,
}

/// Keeps the readings, and ends the run when it has to.
pub(super) struct Keeper<'a> {
    config: &'a RunConfig,
    tariff: Tariff,
    pub(super) ceiling: Option<Ceiling>,
    steer: &'a mut dyn Steer,
    server_keeps_plan: bool,
    /// What whoever steers asked for and was not done yet.
    asked: Option<StopReason>,
    /// Why the run was ended, if it was.
    ended_for: Option<StopReason>,
    next_question: Monotonic,
    leave: Option<Leave>,
    own_meter: OwnMeter,
    /// What the run is charged if its connection has to be reset, what may still come in included.
    reset_at: Option<u64>,
    received: Vec<ByteSample>,
    received_by_kernel: Vec<ByteSample>,
    own: Vec<TcpCounters>,
    peer: Vec<TcpCounters>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        config: &'a RunConfig,
        tariff: Tariff,
        ceiling: Option<Ceiling>,
        server_keeps_plan: bool,
        steer: &'a mut dyn Steer,
    ) -> Self {
        Self {
            config,
            tariff,
            ceiling,
            steer,
            server_keeps_plan,
            asked: None,
            ended_for: None,
            next_question: Monotonic::ORIGIN,
            leave: None,
            own_meter: OwnMeter::default(),
            reset_at: None,
            received: Vec::new(),
            received_by_kernel: Vec::new(),
            own: Vec::new(),
            peer: Vec::new(),
        }
    }

    /// What the run is charged if its connection has to be reset, which is the case if there is an answer.
    pub(super) fn reset_charge(&self, channel: &Channel) -> Option<u64> {
        let by_ceiling = self.ceiling.as_ref().and_then(|ceiling| ceiling.stopped_at);
        if by_ceiling.is_some() || self.reset_at.is_some() {
            return by_ceiling.max(self.reset_at);
        }
        self.leave?;
        let info = TcpInfo::read(channel.wire().tcp())?;
        (!info.is_let_go()).then(|| self.charge_with_window(&info))
    }

    /// Whether the run has ended a connection that the other end has let go of.
    pub(super) const fn has_left(&self) -> bool {
        self.leave.is_some()
    }

    /// Why a run that went as planned ended.
    pub(super) fn stop_reason(&self, record: &Throughput, payload_bytes: Option<u64>) -> StopReason {
        let stopped = self.ceiling.as_ref().is_some_and(|ceiling| ceiling.stopped_at.is_some());
        let received = record.samples.last().map_or(0, |sample| sample.bytes);
        // A sender stops as soon as no message that the protocol allows has room any more.
        let filled = payload_bytes.is_some_and(|payload| received + spec::MESSAGE_MIN > payload);
        match self.ended_for {
            Some(reason) => reason,
            None if stopped || filled => StopReason::ByteCeiling,
            None => StopReason::PlannedEnd,
        }
    }

    pub(super) fn fill(&mut self, record: &mut Throughput, client: &Client) {
        let end = match record.direction {
            Direction::Download => End::Probe,
            Direction::Upload => End::Server,
        };
        let (samples, layer) = if self.received.is_empty() {
            (std::mem::take(&mut self.received_by_kernel), CountingLayer::Kernel)
        } else {
            (std::mem::take(&mut self.received), CountingLayer::Application)
        };
        record.counted_by = (!samples.is_empty()).then_some(CountedBy { end, layer });
        record.samples = samples;
        record.probe_tcp = std::mem::take(&mut self.own);
        record.server_tcp = std::mem::take(&mut self.peer);
        let said = client.peer();
        record.congestion_control.server.clone_from(&said.congestion_control);
        record.server.id.clone_from(&said.id);
        record.server.load_ratio = said.load_ratio;
        record.server.software.clone_from(&said.software);
    }

    /// Ends the run in the way that puts the fewest octets on the line.
    ///
    /// An upload is reset: the rest of a message and what the kernel holds of it stay here. A download from a server that
    /// lets go when it is told is told so: it throws away what it has not sent, and what comes in meanwhile is counted. Of
    /// another server, which would first send all that it holds, the connection is reset.
    fn end(&mut self, reason: StopReason, client: &mut Client, channel: &Channel, now: Monotonic) {
        self.ended_for = Some(reason);
        let info = TcpInfo::read(channel.wire().tcp());
        match (self.config.direction, info) {
            (_, None) => client.stop(now),
            (Direction::Upload, Some(info)) => {
                self.reset_at = Some(self.tariff.charged(&info) + self.tariff.after_reset(&info));
                client.stop(now);
            }
            (Direction::Download, Some(info)) if self.server_keeps_plan => {
                let received_most = info.bytes_received() + info.window_open() + UNDER_WAY_LEAST;
                self.leave = Some(Leave { received_most });
                client.take_leave(now);
            }
            (Direction::Download, Some(info)) => {
                let under_way = self.under_way(&info).min(info.window_open());
                self.reset_at = Some(self.tariff.charged(&info) + self.tariff.still_to_come(under_way));
                client.stop(now);
            }
        }
    }

    /// Octets that a foreign server may have under way, estimated upwards; at the most it is the window.
    fn under_way(&self, info: &TcpInfo) -> u64 {
        let recent = &self.received[self.received.len().saturating_sub(RECENT_READINGS)..];
        #[expect(clippy::cast_precision_loss, reason = "an estimate need not be exact")]
        let fastest = recent
            .windows(2)
            .map(|pair| {
                let octets = pair[1].bytes.saturating_sub(pair[0].bytes) as f64;
                octets / Duration::from_micros(pair[1].elapsed_us - pair[0].elapsed_us).as_secs_f64()
            })
            .fold(0.0, f64::max);
        let octets = UNDER_WAY_FACTOR * fastest * info.round_trip().as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the conversion saturates and nothing here is negative"
        )]
        let octets = octets as u64;
        octets + UNDER_WAY_LEAST
    }

    fn charge_with_window(&self, info: &TcpInfo) -> u64 {
        self.tariff.charged(info) + self.tariff.still_to_come(info.window_open())
    }

    /// Resets a connection whose server goes on although it was told, once it has sent more than can have been under way.
    fn watch_leave(&mut self, client: &mut Client, channel: &Channel, now: Monotonic) {
        let (Some(leave), None) = (self.leave, self.reset_at) else { return };
        let Some(info) = TcpInfo::read(channel.wire().tcp()) else { return };
        if info.bytes_received() > leave.received_most {
            self.reset_at = Some(self.charge_with_window(&info));
            client.stop(now);
        }
    }

    fn show_own(&mut self, channel: &Channel) {
        let Some(info) = TcpInfo::read(channel.wire().tcp()) else { return };
        self.steer.own(self.own_meter.read(self.tariff, &info));
    }

    fn show(&mut self, sample: ByteSample) {
        if self.asked.is_none() && self.ended_for.is_none() {
            self.asked = self.steer.reading(sample);
        }
        if let Some(progress) = &self.config.progress {
            progress.send_replace(Progress {
                elapsed: Duration::from_micros(sample.elapsed_us),
                received: ByteCount::from_bytes(sample.bytes),
            });
        }
    }
}

impl Watcher<Client> for Keeper<'_> {
    fn record(&mut self, reading: Reading) {
        match reading {
            Reading::Received(sample) => {
                self.received.push(sample);
                self.show(sample);
            }
            Reading::ReceivedByKernel(sample) => {
                self.received_by_kernel.push(sample);
                if self.received.is_empty() {
                    self.show(sample);
                }
            }
            Reading::OwnCounters(counters) => {
                self.steer.counters(End::Probe, &counters);
                self.own.push(counters);
            }
            Reading::PeerCounters(counters) => {
                self.steer.counters(End::Server, &counters);
                self.peer.push(counters);
            }
        }
    }

    fn moved(&mut self, client: &mut Client, channel: &Channel, octets: u64, now: Monotonic) {
        let ceiling = self.ceiling.as_mut();
        if ceiling.is_some_and(|ceiling| ceiling.reached(self.config, self.tariff, channel, octets)) {
            client.stop(now);
        }
        self.watch_leave(client, channel, now);
    }

    fn steer(&mut self, client: &mut Client, channel: &Channel, now: Monotonic) -> Option<Monotonic> {
        if self.ended_for.is_some() {
            return None;
        }
        if self.asked.is_none() && now >= self.next_question {
            self.next_question = now.after(STEERING_INTERVAL);
            self.show_own(channel);
            self.asked = self.steer.tick(now.since(Monotonic::ORIGIN));
        }
        match self.asked.take() {
            Some(reason) => {
                self.end(reason, client, channel, now);
                None
            }
            None => Some(self.next_question),
        }
    }
}
