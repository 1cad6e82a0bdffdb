//! Moves the payload of one UDP flow.

use std::io;
use std::sync::Arc;

use desserte_proto::iperf3::{Datagram, Pace};
use tokio::net::UdpSocket;
use tokio::sync::watch;

use super::meter::Meter;
use super::pump::{PACE_PAUSE, Phase, begun, goes_on};

/// Longest datagram there is.
const DATAGRAM_MAX: usize = 1 << 16;

/// What the datagrams of a flow are.
#[derive(Debug, Clone, Copy)]
pub(super) struct FlowPlan {
    pub(super) datagram_bytes: usize,
    pub(super) counters_64bit: bool,
    pub(super) bits_per_second: Option<u64>,
}

/// Counts what arrives.
pub(super) async fn receive(
    socket: Arc<UdpSocket>,
    stream: usize,
    meter: Arc<Meter>,
    mut phase: watch::Receiver<Phase>,
    plan: FlowPlan,
) {
    if !begun(&mut phase).await {
        return;
    }
    phase.mark_unchanged();
    let mut octets = vec![0; DATAGRAM_MAX];
    let mut calls = 0;
    loop {
        match socket.try_recv(&mut octets) {
            Ok(count) => {
                // Whatever is too short for a header belongs to the opening of the flow.
                if let Some(header) = Datagram::read(plan.counters_64bit, &octets[..count]) {
                    meter.datagram(stream, header, count as u64);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::select! {
                    ready = socket.readable() => if ready.is_err() { return },
                    _ = phase.changed() => return,
                }
            }
            // The other end is not there, or not yet: it may come.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(_) => return,
        }
        if !goes_on(&mut calls, &phase).await {
            return;
        }
    }
}

/// Sends datagrams at the rate, or as fast as the system takes them.
pub(super) async fn send(
    socket: Arc<UdpSocket>,
    stream: usize,
    meter: Arc<Meter>,
    mut phase: watch::Receiver<Phase>,
    block: &'static [u8],
    plan: FlowPlan,
) {
    if !begun(&mut phase).await {
        return;
    }
    phase.mark_unchanged();
    let origin = tokio::time::Instant::now();
    let mut pace = plan.bits_per_second.map(Pace::new);
    let mut octets: Vec<u8> = block.iter().copied().cycle().take(plan.datagram_bytes).collect();
    let length = plan.datagram_bytes as u64;
    let mut number = 0;
    let mut calls = 0;
    loop {
        let due = pace.as_mut().map_or(u64::MAX, |pace| pace.due(origin.elapsed()));
        // A datagram is sent whole or not at all.
        let taken = if due < length { 0 } else { meter.take(length) };
        if taken == 0 {
            tokio::select! {
                () = tokio::time::sleep(PACE_PAUSE) => continue,
                _ = phase.changed() => return,
            }
        }
        let now = origin.elapsed();
        let header = Datagram {
            sent_s: u32::try_from(now.as_secs()).unwrap_or(u32::MAX),
            sent_us: now.subsec_micros(),
            number: number + 1,
        };
        header.write(plan.counters_64bit, &mut octets);
        match socket.try_send(&octets) {
            Ok(_) => {
                number += 1;
                meter.sent(stream, taken, length);
                if let Some(pace) = &mut pace {
                    pace.sent(length);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                meter.sent(stream, taken, 0);
                tokio::select! {
                    ready = socket.writable() => if ready.is_err() { return },
                    _ = phase.changed() => return,
                }
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => meter.sent(stream, taken, 0),
            Err(_) => {
                meter.sent(stream, taken, 0);
                return;
            }
        }
        if !goes_on(&mut calls, &phase).await {
            return;
        }
    }
}
