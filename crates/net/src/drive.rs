//! Runs one machine over one channel to its end.

use std::time::Duration;

use desserte_model::TcpCounters;
use desserte_proto::ndt7::{Action, Client, Ending, Incoming, Reading, Server, Violation};
use desserte_proto::websocket::{Opcode, Piece};
use desserte_units::Monotonic;
use tokio::time::Instant;

use crate::channel::{Channel, Happened};
use crate::outbox::NoRandomness;
use crate::tcp::{TcpInfo, has_gap};

/// Least that the kernel is let hold of what it cannot send yet: enough to never run dry below 10 Mbit/s, and drained
/// within a quarter of a second at 0.5 Mbit/s.
pub(crate) const UNSENT_MIN: u64 = 1 << 14;
/// Most of it: a millisecond's worth at 8 Gbit/s.
pub(crate) const UNSENT_MAX: u64 = 1 << 20;
/// Time between two questions about gaps: a tenth of the time between two readings.
pub(crate) const GAP_INTERVAL: Duration = Duration::from_millis(10);
/// Status code of an orderly close and the reference server's words for it (RFC 6455, section 7.4.1).
const CLOSE_PAYLOAD: &[u8] = b"\x03\xe8Done sending";

/// What both machines have in common.
pub(crate) trait Machine {
    fn receive(&mut self, incoming: Incoming<'_>, now: Monotonic) -> Result<(), Violation>;
    fn bulk_sent(&mut self, now: Monotonic);
    fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic);
    fn wake(&mut self, now: Monotonic);
    fn next_action(&mut self) -> Action;
}

macro_rules! machine {
    ($machine:ty) => {
        impl Machine for $machine {
            fn receive(&mut self, incoming: Incoming<'_>, now: Monotonic) -> Result<(), Violation> {
                self.receive(incoming, now)
            }
            fn bulk_sent(&mut self, now: Monotonic) {
                self.bulk_sent(now);
            }
            fn counters(&mut self, counters: Option<TcpCounters>, now: Monotonic) {
                self.counters(counters, now);
            }
            fn wake(&mut self, now: Monotonic) {
                self.wake(now);
            }
            fn next_action(&mut self) -> Action {
                self.next_action()
            }
        }
    };
}
machine!(Client);
machine!(Server);

/// Readings of this process's monotonic clock from one origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Monotonic {
        Monotonic::from_micros(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn instant(self, at: Monotonic) -> Instant {
        self.0 + at.since(Monotonic::ORIGIN)
    }
}

/// What a driver does beside the machine.
pub(crate) trait Watcher<M> {
    /// Keeps a reading.
    fn record(&mut self, reading: Reading);
    /// Looks at the connection after so many octets have crossed it, either way and of whatever kind; may stop the
    /// machine.
    fn moved(&mut self, machine: &mut M, channel: &Channel, octets: u64, now: Monotonic);
    /// Asked whenever the machine has nothing more to do, and at the moment it named last: may stop the machine. Answers
    /// when to ask again at the latest; `None` is never.
    fn steer(&mut self, _machine: &mut M, _channel: &Channel, _now: Monotonic) -> Option<Monotonic> {
        None
    }
}

/// Runs `machine` until it finishes.
///
/// # Errors
/// When the system has no random octets for a mask: nothing can be sent then.
pub(crate) async fn drive<M: Machine, W: Watcher<M>>(
    machine: &mut M,
    channel: &mut Channel,
    clock: Clock,
    watcher: &mut W,
) -> Result<Ending, NoRandomness> {
    let mut happened = Happened::default();
    let mut bulk_sent_total = 0;
    let mut unsent_limit = 0;
    let (mut gap_open, mut gap_asked) = (false, Monotonic::ORIGIN);
    loop {
        let mut steered_next = None;
        let mut steered = false;
        let wake_at = loop {
            match machine.next_action() {
                Action::SendBulk { bytes } => {
                    channel.send_bulk(bytes)?;
                    bulk_sent_total += bytes;
                    let wanted = (bulk_sent_total / 16).clamp(UNSENT_MIN, UNSENT_MAX).next_power_of_two();
                    if wanted != unsent_limit {
                        unsent_limit = wanted;
                        channel.limit_unsent(wanted);
                    }
                }
                Action::SendText(text) => channel.send(Opcode::Text, text.as_bytes())?,
                Action::SendPong(payload) => channel.send(Opcode::Pong, &payload)?,
                Action::SendClose => channel.send(Opcode::Close, CLOSE_PAYLOAD)?,
                Action::ReadCounters => {
                    let counters = TcpInfo::read(channel.wire().tcp()).map(|info| info.counters());
                    machine.counters(counters, clock.now());
                }
                Action::Record(reading) => watcher.record(reading),
                // What was just recorded may be reason enough to stop, and that gives the machine more to do.
                Action::WakeAt(_) if !steered => {
                    steered = true;
                    steered_next = watcher.steer(machine, channel, clock.now());
                }
                Action::WakeAt(at) => break at,
                Action::Finish(ending) => return Ok(ending),
            }
        };
        let mut step_until = steered_next.map_or(wake_at, |next| wake_at.min(next));
        if channel.receives() {
            // Behind a gap nothing becomes readable: only a look in time tells that silence from an idle line, and that what comes
            // next is a lump.
            step_until = step_until.min(clock.now().after(GAP_INTERVAL));
        }
        channel.step(clock.instant(step_until), &mut happened).await;
        let now = clock.now();
        if channel.receives() && (gap_open || now.since(gap_asked) >= GAP_INTERVAL) {
            gap_asked = now;
            let open = has_gap(channel.wire().tcp());
            if open || gap_open {
                // News of a gap breaks no rule of the protocol, so the answer carries nothing.
                let _ = machine.receive(Incoming::Gap { open }, now);
            }
            gap_open = open;
        }
        feed(machine, &happened, now);
        if happened.moved > 0 {
            watcher.moved(machine, channel, happened.moved, now);
        }
        if now >= wake_at {
            machine.wake(now);
        }
    }
}

/// Tells the machine what happened.
fn feed<M: Machine>(machine: &mut M, happened: &Happened, now: Monotonic) {
    if happened.bulk_sent {
        machine.bulk_sent(now);
    }
    for piece in &happened.pieces {
        let incoming = match piece {
            Piece::Payload { bytes } => Incoming::Payload { bytes: *bytes },
            Piece::Text(text) => Incoming::Text(text),
            Piece::SkippedText { bytes } => Incoming::SkippedText { bytes: *bytes },
            Piece::Ping(payload) => Incoming::Ping(payload),
            Piece::Pong(_) => Incoming::Pong,
            Piece::Close { .. } => Incoming::Close,
        };
        if let Err(violation) = machine.receive(incoming, now) {
            // The machine has already ended the run; nothing that follows matters.
            tracing::debug!(%violation, "the other end broke the protocol");
            return;
        }
    }
    let ended = match (&happened.malformed, &happened.ended) {
        (Some(error), _) => {
            tracing::debug!(%error, "the other end sent no WebSocket frames");
            true
        }
        (None, Some(Err(error))) => {
            tracing::debug!(%error, "the connection broke");
            true
        }
        (None, Some(Ok(()))) => true,
        (None, None) => false,
    };
    if ended {
        // An end breaks no rule of the protocol, so the answer carries nothing.
        let _ = machine.receive(Incoming::Ended, now);
    }
}
