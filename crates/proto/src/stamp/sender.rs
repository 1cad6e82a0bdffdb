//! The end that asks.

use std::time::Duration;

use desserte_units::Monotonic;

use super::StampTime;
use super::packet::{BASE_LENGTH, ErrorEstimate, ReflectedPacket, TestPacket};

/// What a sender sets out to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderPlan {
    /// Packets.
    pub count: u32,
    /// Time from one to the next (RFC 3432, a periodic stream).
    pub interval: Duration,
    /// Octets of UDP payload in each, at least [`BASE_LENGTH`]; the rest is zero.
    pub packet_bytes: usize,
    /// Time that answers get after the last packet.
    pub patience: Duration,
    /// The number of this session.
    pub session: u16,
}

/// What came back for a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    /// The reflector's own number of its answer; the packet's number from one that keeps no state.
    pub reflector_sequence: u32,
    /// When the packet arrived there, on the reflector's clock.
    pub reflector_received: StampTime,
    /// When the answer left, on the reflector's clock.
    pub reflector_sent: StampTime,
    /// How good the reflector says that its clock is.
    pub reflector_error: ErrorEstimate,
    /// When the answer arrived, on the sender's clock.
    pub received: StampTime,
    /// The TTL or hop limit that the packet arrived with at the reflector.
    pub ttl_at_reflector: u8,
}

/// A packet and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// When it was sent, on the sender's clock, as the packet says.
    pub sent: StampTime,
    /// When it left by what the system noted, which no wait for the processor comes before; absent when it noted nothing.
    pub left: Option<StampTime>,
    /// The answer, absent when none came in time.
    pub echo: Option<Echo>,
}

impl Probe {
    /// When it left, as well as is known.
    #[must_use]
    pub fn departed(&self) -> StampTime {
        self.left.unwrap_or(self.sent)
    }
}

/// The sender's machine.
#[derive(Debug)]
pub struct Sender {
    plan: SenderPlan,
    origin: Monotonic,
    probes: Vec<Probe>,
    answered: usize,
    doubled: u64,
    last_sent: Monotonic,
}

impl Sender {
    /// A sender whose first packet is due at `now`.
    #[must_use]
    pub fn new(plan: SenderPlan, now: Monotonic) -> Self {
        Self { plan, origin: now, probes: Vec::new(), answered: 0, doubled: 0, last_sent: now }
    }

    /// The number of the packet that is due, to be sent and told with `sent`.
    #[must_use]
    pub fn due(&self, now: Monotonic) -> Option<u32> {
        let next = u32::try_from(self.probes.len()).ok().filter(|next| *next < self.plan.count)?;
        (now >= self.due_at(next)).then_some(next)
    }

    /// The octets of the packet that is due, stamped with `sent`, and notes that it leaves now.
    #[must_use]
    pub fn send(&mut self, sent: StampTime, error: ErrorEstimate, now: Monotonic) -> Vec<u8> {
        let sequence = u32::try_from(self.probes.len()).unwrap_or(u32::MAX);
        let packet = TestPacket { sequence, sent, error, session: self.plan.session };
        self.probes.push(Probe { sent, left: None, echo: None });
        self.last_sent = now;
        let mut octets = packet.to_octets().to_vec();
        octets.resize(self.plan.packet_bytes.max(BASE_LENGTH), 0);
        octets
    }

    /// Notes when the packet with this number left.
    pub fn left(&mut self, sequence: u32, at: StampTime) {
        let number = usize::try_from(sequence).ok();
        if let Some(probe) = number.and_then(|number| self.probes.get_mut(number)) {
            probe.left = Some(at);
        }
    }

    /// Takes in what arrived from the reflector. What is no answer to a packet of this session is left aside: too short,
    /// another session, a number that was not sent, or a time that was not sent with it. A second answer only counts as
    /// one.
    pub fn receive(&mut self, octets: &[u8], received: StampTime) {
        let Some(answer) = ReflectedPacket::read(octets).filter(|answer| answer.session == self.plan.session)
        else {
            return;
        };
        let probe =
            usize::try_from(answer.sender_sequence).ok().and_then(|number| self.probes.get_mut(number));
        let Some(probe) = probe.filter(|probe| probe.sent == answer.sender_sent) else { return };
        if probe.echo.is_some() {
            self.doubled += 1;
            return;
        }
        self.answered += 1;
        probe.echo = Some(Echo {
            reflector_sequence: answer.sequence,
            reflector_received: answer.received,
            reflector_sent: answer.sent,
            reflector_error: answer.error,
            received,
            ttl_at_reflector: answer.sender_ttl,
        });
    }

    /// When something is to be done next if nothing arrives; `None` once nothing is.
    #[must_use]
    pub fn next_wake(&self, now: Monotonic) -> Option<Monotonic> {
        match u32::try_from(self.probes.len()).ok().filter(|next| *next < self.plan.count) {
            Some(next) => Some(self.due_at(next)),
            None if self.answered == self.probes.len() => None,
            None => Some(self.last_sent.after(self.plan.patience)).filter(|end| *end > now),
        }
    }

    /// Every packet sent and what became of it, in order of sending.
    #[must_use]
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// Answers that came again.
    #[must_use]
    pub const fn doubled(&self) -> u64 {
        self.doubled
    }

    fn due_at(&self, number: u32) -> Monotonic {
        self.origin.after(self.plan.interval.saturating_mul(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: ErrorEstimate = ErrorEstimate { synchronised: false, ptp: false, scale: 0, multiplier: 1 };

    fn at(ms: u64) -> Monotonic {
        Monotonic::ORIGIN.after(Duration::from_millis(ms))
    }

    fn stamp(ms: u64) -> StampTime {
        StampTime::from_unix_nanos(i128::from(ms) * 1_000_000)
    }

    fn plan() -> SenderPlan {
        SenderPlan {
            count: 2,
            interval: Duration::from_millis(100),
            packet_bytes: 60,
            patience: Duration::from_secs(1),
            session: 3,
        }
    }

    fn answer(octets: &[u8], change: impl FnOnce(&mut ReflectedPacket)) -> Vec<u8> {
        let packet = TestPacket::read(octets).unwrap();
        let mut answer = ReflectedPacket {
            sequence: 0,
            sent: stamp(2),
            error: CLOCK,
            session: packet.session,
            received: stamp(1),
            sender_sequence: packet.sequence,
            sender_sent: packet.sent,
            sender_error: packet.error,
            sender_ttl: 9,
        };
        change(&mut answer);
        let mut octets = octets.to_vec();
        answer.write(&mut octets);
        octets
    }

    #[test]
    fn packets_leave_at_their_time_and_answers_are_awaited() {
        let mut sender = Sender::new(plan(), at(0));
        assert_eq!(sender.due(at(0)), Some(0));
        let first = sender.send(stamp(0), CLOCK, at(0));
        assert_eq!(first.len(), 60);
        assert_eq!((sender.due(at(99)), sender.next_wake(at(99))), (None, Some(at(100))));
        let second = sender.send(stamp(100), CLOCK, at(100));
        assert_eq!(sender.next_wake(at(100)), Some(at(1_100)));
        sender.receive(&answer(&second, |_| {}), stamp(120));
        assert_eq!(sender.next_wake(at(1_100)), None);
        sender.receive(&answer(&first, |_| {}), stamp(130));
        sender.receive(&answer(&first, |_| {}), stamp(131));
        assert_eq!((sender.next_wake(at(200)), sender.doubled()), (None, 1));
        assert_eq!(sender.probes()[0].echo.unwrap().received, stamp(130));
    }

    #[test]
    fn what_answers_nothing_of_ours_is_left_aside() {
        let mut sender = Sender::new(plan(), at(0));
        let octets = sender.send(stamp(0), CLOCK, at(0));
        sender.receive(&answer(&octets, |answer| answer.session = 4), stamp(1));
        sender.receive(&answer(&octets, |answer| answer.sender_sequence = 1), stamp(1));
        sender.receive(&answer(&octets, |answer| answer.sender_sent = stamp(5)), stamp(1));
        sender.receive(&octets[..43], stamp(1));
        assert_eq!(sender.probes(), [Probe { sent: stamp(0), left: None, echo: None }]);
    }
}
