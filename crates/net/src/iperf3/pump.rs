//! Moves the payload of one TCP data connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use desserte_proto::iperf3::Pace;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::meter::Meter;
use crate::tcp::limit_unsent;

/// What the data connections do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing yet.
    Waiting,
    /// They move payload.
    Running,
    /// No more.
    Stopped,
}

/// Octets taken from the kernel at once.
const TAKE_MAX: usize = 1 << 20;
/// Calls after which others get their turn.
const CALLS_IN_A_ROW: u32 = 32;
/// Least and most that the kernel is let hold of what it cannot send yet, as in ndt7.
const UNSENT_MIN: u64 = 1 << 14;
const UNSENT_MAX: u64 = 1 << 20;
/// Pause of a sender that keeps a pace; the reference's `pacing_timer`.
pub(super) const PACE_PAUSE: Duration = Duration::from_millis(1);

/// Waits until payload may move; `false` if it never will.
pub(super) async fn begun(phase: &mut watch::Receiver<Phase>) -> bool {
    phase.wait_for(|phase| *phase != Phase::Waiting).await.is_ok_and(|phase| *phase == Phase::Running)
}

/// Lets others have their turn after a number of calls in a row; `false` when the phase is over.
pub(super) async fn goes_on(calls: &mut u32, phase: &watch::Receiver<Phase>) -> bool {
    *calls += 1;
    if *calls % CALLS_IN_A_ROW != 0 {
        return true;
    }
    tokio::task::yield_now().await;
    !phase.has_changed().unwrap_or(true)
}

/// Counts what arrives and throws it away.
pub(super) async fn receive(
    socket: Arc<TcpStream>,
    stream: usize,
    meter: Arc<Meter>,
    mut phase: watch::Receiver<Phase>,
) {
    if !begun(&mut phase).await {
        return;
    }
    phase.mark_unchanged();
    // Never written to: the kernel is asked to count the octets and to throw them away (`MSG_TRUNC`, tcp(7)), so that a
    // weak processor does not become the narrow place.
    let mut nowhere = Vec::<u8>::with_capacity(TAKE_MAX);
    let mut calls = 0;
    loop {
        let taken = socket.try_io(Interest::READABLE, || {
            SockRef::from(&*socket).recv_with_flags(nowhere.spare_capacity_mut(), libc::MSG_TRUNC)
        });
        match taken {
            Ok(0) => return,
            Ok(count) => meter.received(stream, count as u64),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::select! {
                    ready = socket.readable() => if ready.is_err() { return },
                    _ = phase.changed() => return,
                }
            }
            Err(_) => return,
        }
        if !goes_on(&mut calls, &phase).await {
            return;
        }
    }
}

/// Sends random octets, `block` at once, at the rate if there is one.
pub(super) async fn send(
    socket: Arc<TcpStream>,
    stream: usize,
    meter: Arc<Meter>,
    mut phase: watch::Receiver<Phase>,
    block: &'static [u8],
    bits_per_second: Option<u64>,
) {
    if !begun(&mut phase).await {
        return;
    }
    phase.mark_unchanged();
    let origin = tokio::time::Instant::now();
    let mut pace = bits_per_second.map(Pace::new);
    let mut unsent = UNSENT_MIN;
    limit_unsent(&*socket, u32::try_from(unsent).unwrap_or(u32::MAX));
    let mut calls = 0;
    let mut sent_all = 0_u64;
    loop {
        let due = pace.as_mut().map_or(u64::MAX, |pace| pace.due(origin.elapsed()));
        let wanted = meter.take(due.min(block.len() as u64));
        if wanted == 0 {
            // Nothing is due yet, or nothing will be; a budget may be given back by a stream that sent less.
            tokio::select! {
                () = tokio::time::sleep(PACE_PAUSE) => continue,
                _ = phase.changed() => return,
            }
        }
        let wanted_now = usize::try_from(wanted).map_or(block.len(), |wanted| wanted.min(block.len()));
        match socket.try_write(&block[..wanted_now]) {
            Ok(count) => {
                meter.sent(stream, wanted, count as u64);
                sent_all += count as u64;
                if let Some(pace) = &mut pace {
                    pace.sent(count as u64);
                }
                let fit = (sent_all / 16).clamp(UNSENT_MIN, UNSENT_MAX);
                if fit >= 2 * unsent {
                    unsent = fit;
                    limit_unsent(&*socket, u32::try_from(unsent).unwrap_or(u32::MAX));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                meter.sent(stream, wanted, 0);
                tokio::select! {
                    ready = socket.writable() => if ready.is_err() { return },
                    _ = phase.changed() => return,
                }
            }
            Err(_) => {
                meter.sent(stream, wanted, 0);
                return;
            }
        }
        if !goes_on(&mut calls, &phase).await {
            return;
        }
    }
}
