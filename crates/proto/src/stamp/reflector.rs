//! The end that answers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use desserte_units::Monotonic;

use super::StampTime;
use super::packet::{ErrorEstimate, ReflectedPacket, TestPacket};

/// What a reflector lets its senders do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReflectorLimits {
    /// Packets that one source (an IPv4 address, or a /64 of IPv6) may send in a second, on average.
    pub packets_per_second: u32,
    /// Packets of all sources in a second, on average.
    pub packets_per_second_total: u32,
    /// Sources that are remembered.
    pub sources: usize,
    /// Sessions of one source that are remembered.
    pub sessions_per_source: usize,
    /// Time after its last packet at which a session is forgotten.
    pub forget_after: Duration,
    /// Longest packet that is answered.
    pub length_max: usize,
}

impl Default for ReflectorLimits {
    /// For one source a hundred sessions of ten packets a second, or ten of a hundred, and sixteen at a time; fifty such
    /// sources at once. A session is forgotten after a minute, as no sender pauses that long. No packet longer than
    /// Ethernet carries.
    fn default() -> Self {
        Self {
            packets_per_second: 1_000,
            packets_per_second_total: 50_000,
            sources: 4_096,
            sessions_per_source: 16,
            forget_after: Duration::from_secs(60),
            length_max: 1_500,
        }
    }
}

/// Why a packet gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It is shorter than the answer would be.
    TooShort,
    /// It is longer than any honest one.
    TooLong,
    /// Its source, or all together, send too much.
    TooMany,
    /// There is no place for another source or session.
    Full,
}

/// Tokens that come in at a rate and are kept for a second.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    micro_tokens: u64,
    at: Monotonic,
}

impl Bucket {
    const fn full(rate: u32, now: Monotonic) -> Self {
        Self { micro_tokens: rate as u64 * 1_000_000, at: now }
    }

    fn take(&mut self, rate: u32, now: Monotonic) -> bool {
        let elapsed = u64::try_from(now.since(self.at).as_micros()).unwrap_or(u64::MAX);
        let more = elapsed.saturating_mul(u64::from(rate));
        self.micro_tokens = self.micro_tokens.saturating_add(more).min(u64::from(rate) * 1_000_000);
        self.at = self.at.max(now);
        let enough = self.micro_tokens >= 1_000_000;
        if enough {
            self.micro_tokens -= 1_000_000;
        }
        enough
    }
}

#[derive(Debug)]
struct Session {
    port: u16,
    id: u16,
    next: u32,
    last: Monotonic,
}

#[derive(Debug)]
struct Source {
    bucket: Bucket,
    last: Monotonic,
    sessions: Vec<Session>,
}

/// A stateful reflector: it numbers its answers in each session, so that a sender can tell in which direction a packet
/// was lost. It says nothing of its own accord, and no answer is longer than what it answers.
#[derive(Debug)]
pub struct Reflector {
    limits: ReflectorLimits,
    total: Bucket,
    sources: HashMap<IpAddr, Source>,
    /// When the sources were last looked through for ones to forget.
    tidied: Monotonic,
}

impl Reflector {
    /// A reflector that nobody has sent to.
    #[must_use]
    pub fn new(limits: ReflectorLimits, now: Monotonic) -> Self {
        let total = Bucket::full(limits.packets_per_second_total, now);
        Self { limits, total, sources: HashMap::new(), tidied: now }
    }

    /// Sources that are remembered.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Takes in a packet and gives back the answer, of which only `sent` is left to be filled in, as late as possible.
    ///
    /// The driver writes it over the front of what arrived and marks the extensions behind it, so that the answer is
    /// exactly as long as the packet.
    ///
    /// # Errors
    /// Why there is no answer. It is no failure: a reflector that is asked for too much, or by no one, keeps still.
    pub fn receive(
        &mut self,
        octets: &[u8],
        from: SocketAddr,
        ttl: u8,
        received: StampTime,
        error: ErrorEstimate,
        now: Monotonic,
    ) -> Result<ReflectedPacket, Silence> {
        let packet = TestPacket::read(octets).ok_or(Silence::TooShort)?;
        if octets.len() > self.limits.length_max {
            return Err(Silence::TooLong);
        }
        let limits = self.limits;
        let source = self.source(line_of(from.ip()), now)?;
        source.last = now;
        if !source.bucket.take(limits.packets_per_second, now) {
            return Err(Silence::TooMany);
        }
        let sequence = source.number(from.port(), packet.session, &limits, now)?;
        if !self.total.take(limits.packets_per_second_total, now) {
            return Err(Silence::TooMany);
        }
        Ok(ReflectedPacket {
            sequence,
            sent: StampTime::default(),
            error,
            session: packet.session,
            received,
            sender_sequence: packet.sequence,
            sender_sent: packet.sent,
            sender_error: packet.error,
            sender_ttl: ttl,
        })
    }

    fn source(&mut self, line: IpAddr, now: Monotonic) -> Result<&mut Source, Silence> {
        let full = self.sources.len() >= self.limits.sources && !self.sources.contains_key(&line);
        if full {
            // Looking through all of them for every packet of a flood would be its very aim.
            if now.since(self.tidied) < Duration::from_secs(1) {
                return Err(Silence::Full);
            }
            self.tidied = now;
            let forget = self.limits.forget_after;
            self.sources.retain(|_, source| now.since(source.last) < forget);
            if self.sources.len() >= self.limits.sources {
                return Err(Silence::Full);
            }
        }
        let rate = self.limits.packets_per_second;
        let new = || Source { bucket: Bucket::full(rate, now), last: now, sessions: Vec::new() };
        Ok(self.sources.entry(line).or_insert_with(new))
    }
}

impl Source {
    /// The next number of a session, which begins at zero when it is new or was forgotten.
    fn number(
        &mut self,
        port: u16,
        id: u16,
        limits: &ReflectorLimits,
        now: Monotonic,
    ) -> Result<u32, Silence> {
        self.sessions.retain(|session| now.since(session.last) < limits.forget_after);
        if let Some(session) =
            self.sessions.iter_mut().find(|session| (session.port, session.id) == (port, id))
        {
            session.last = now;
            let number = session.next;
            session.next = number.wrapping_add(1);
            return Ok(number);
        }
        if self.sessions.len() >= limits.sessions_per_source {
            return Err(Silence::Full);
        }
        self.sessions.push(Session { port, id, next: 1, last: now });
        Ok(0)
    }
}

/// Whom an address stands for: a line of IPv6 has all addresses below 64 bits.
fn line_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::BASE_LENGTH;

    const CLOCK: ErrorEstimate = ErrorEstimate { synchronised: false, ptp: false, scale: 0, multiplier: 1 };

    fn ask(reflector: &mut Reflector, from: &str, session: u16, ms: u64) -> Result<u32, Silence> {
        let packet = TestPacket { sequence: 7, sent: StampTime::from_bits(9), error: CLOCK, session };
        let now = Monotonic::ORIGIN.after(Duration::from_millis(ms));
        let answer = reflector.receive(
            &packet.to_octets(),
            from.parse().unwrap(),
            60,
            StampTime::from_bits(11),
            CLOCK,
            now,
        )?;
        assert_eq!(
            (answer.sender_sequence, answer.sender_sent, answer.sender_ttl),
            (7, StampTime::from_bits(9), 60)
        );
        assert_eq!((answer.session, answer.received), (session, StampTime::from_bits(11)));
        Ok(answer.sequence)
    }

    fn reflector(limits: ReflectorLimits) -> Reflector {
        Reflector::new(limits, Monotonic::ORIGIN)
    }

    #[test]
    fn every_session_is_numbered_from_zero() {
        let mut reflector = reflector(ReflectorLimits::default());
        let mut ask = |from: &str, session, ms| ask(&mut reflector, from, session, ms);
        assert_eq!(ask("192.0.2.1:1", 0, 0), Ok(0));
        assert_eq!(ask("192.0.2.1:1", 0, 10), Ok(1));
        assert_eq!(ask("192.0.2.1:2", 0, 10), Ok(0));
        assert_eq!(ask("192.0.2.1:1", 5, 10), Ok(0));
        assert_eq!(ask("192.0.2.2:1", 0, 10), Ok(0));
        assert_eq!(ask("192.0.2.1:1", 0, 59_000), Ok(2));
        assert_eq!(ask("192.0.2.1:1", 0, 120_000), Ok(0));
    }

    #[test]
    fn whoever_sends_too_much_hears_nothing_until_it_slows_down() {
        let mut reflector =
            reflector(ReflectorLimits { packets_per_second: 10, ..ReflectorLimits::default() });
        let answered = (0..100).filter(|_| ask(&mut reflector, "192.0.2.1:1", 0, 0).is_ok()).count();
        assert_eq!(answered, 10);
        assert_eq!(ask(&mut reflector, "192.0.2.1:9", 0, 50), Err(Silence::TooMany));
        assert_eq!(ask(&mut reflector, "192.0.2.2:1", 0, 50), Ok(0));
        assert_eq!(ask(&mut reflector, "192.0.2.1:1", 0, 100), Ok(10));
        // Addresses of one line of IPv6 are one source.
        let many =
            (0..100).filter(|n| ask(&mut reflector, &format!("[2001:db8::{n:x}]:1"), 0, 200).is_ok()).count();
        assert_eq!(many, 10);
    }

    #[test]
    fn memory_is_bounded_and_places_are_given_back() {
        let limits = ReflectorLimits { sources: 3, sessions_per_source: 2, ..ReflectorLimits::default() };
        let mut reflector = reflector(limits);
        for n in 1..=3 {
            assert_eq!(ask(&mut reflector, &format!("192.0.2.{n}:1"), 0, 0), Ok(0));
        }
        assert_eq!(ask(&mut reflector, "192.0.2.4:1", 0, 2_000), Err(Silence::Full));
        assert_eq!(ask(&mut reflector, "192.0.2.1:2", 0, 2_000), Ok(0));
        assert_eq!(ask(&mut reflector, "192.0.2.1:3", 0, 2_000), Err(Silence::Full));
        assert_eq!(ask(&mut reflector, "192.0.2.4:1", 0, 70_000), Ok(0));
        assert_eq!(reflector.sources(), 1);
    }

    #[test]
    fn what_the_answer_would_be_longer_than_is_not_answered() {
        let mut reflector = reflector(ReflectorLimits::default());
        let from = "192.0.2.1:1".parse().unwrap();
        let mut ask = |octets: &[u8]| {
            reflector.receive(octets, from, 60, StampTime::default(), CLOCK, Monotonic::ORIGIN).err()
        };
        assert_eq!(ask(&[0; BASE_LENGTH - 1]), Some(Silence::TooShort));
        assert_eq!(ask(&[0; BASE_LENGTH]), None);
        assert_eq!(ask(&[0; 1_500]), None);
        assert_eq!(ask(&[0; 1_501]), Some(Silence::TooLong));
    }
}
