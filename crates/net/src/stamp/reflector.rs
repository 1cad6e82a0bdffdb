//! The measurement server's end: answers, and nothing else.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use desserte_proto::stamp::{BASE_LENGTH, PORT, Reflector, ReflectorLimits, mark_extensions};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::socket;
use crate::drive::Clock;

/// How long what the system said of its clock is repeated before it is asked again.
const CLOCK_KEPT: Duration = Duration::from_secs(10);
/// Pause after an error of the socket.
const ERROR_PAUSE: Duration = Duration::from_millis(10);

/// What a reflector has done.
#[derive(Debug, Default)]
pub struct Tally {
    reflected: AtomicU64,
    left_unanswered: AtomicU64,
}

impl Tally {
    /// Packets answered.
    #[must_use]
    pub fn reflected(&self) -> u64 {
        self.reflected.load(Ordering::Relaxed)
    }

    /// Packets not answered: too short, too long, too many, or from a reflector's port.
    #[must_use]
    pub fn left_unanswered(&self) -> u64 {
        self.left_unanswered.load(Ordering::Relaxed)
    }
}

/// A reflector that listens.
///
/// Bound to no particular address of a machine that has several, it may answer from another one than was asked; bind one
/// for each then.
#[derive(Debug)]
pub struct StampReflector {
    udp: UdpSocket,
    limits: ReflectorLimits,
}

impl StampReflector {
    /// Listens at `address`.
    ///
    /// # Errors
    /// When the system does not let it.
    pub async fn bind(address: SocketAddr, limits: ReflectorLimits) -> io::Result<Self> {
        let udp = UdpSocket::bind(address).await?;
        socket::prepare(&udp)?;
        Ok(Self { udp, limits })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Answers for ever. May be dropped at any time.
    pub async fn run(self, tally: &Tally) {
        let clock = Clock::start();
        let mut reflector = Reflector::new(self.limits, clock.now());
        let mut octets = vec![0; self.limits.length_max + 1];
        let (mut error, mut asked) = (socket::clock_error(), Instant::now());
        // What comes from a reflector's port is an answer: whoever forges a first one would have two reflectors answer each
        // other for ever.
        let own = self.local_addr().map_or(PORT, |address| address.port());
        loop {
            let arrived = match socket::receive(&self.udp, &mut octets).await {
                Ok(arrived) => arrived,
                Err(error) => {
                    tracing::debug!(%error, "nothing could be received");
                    tokio::time::sleep(ERROR_PAUSE).await;
                    continue;
                }
            };
            if asked.elapsed() > CLOCK_KEPT {
                (error, asked) = (socket::clock_error(), Instant::now());
            }
            let Some(from) = arrived.from else { continue };
            if [own, PORT].contains(&from.port()) {
                tally.left_unanswered.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let packet = &mut octets[..arrived.length];
            let answer = reflector.receive(packet, from, arrived.ttl, arrived.received, error, clock.now());
            let Ok(mut answer) = answer else {
                tally.left_unanswered.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            mark_extensions(&mut packet[BASE_LENGTH..]);
            answer.sent = socket::now();
            answer.write(packet);
            // An answer that does not fit the queue is lost, as the line would lose it.
            match self.udp.try_send_to(packet, from) {
                Ok(_) => tally.reflected.fetch_add(1, Ordering::Relaxed),
                Err(_) => tally.left_unanswered.fetch_add(1, Ordering::Relaxed),
            };
        }
    }
}
