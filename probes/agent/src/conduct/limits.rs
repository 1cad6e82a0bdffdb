//! What, beside the line, held a run back.

use desserte_measure::Estimate;
use desserte_model::{DeviceLoad, Direction, LimitedBy, RunOutcome, TcpCounters, Throughput};

/// Share of one core, or of the device's ceiling, from which the device is said to have held the run back: the rest goes
/// to the system and to whatever else runs on it.
const DEVICE_SHARE: f64 = 0.85;

/// Share of its admitted capacity from which a server is said to have held the run back.
const SERVER_SHARE: f64 = 0.95;

/// Share of the time it was sending in which the sender was kept waiting, from which that is said to have held it back.
const WAITING_SHARE: f64 = 0.3;

/// What held the run back, in order, each once.
pub(crate) fn limited_by(record: &Throughput, device: &DeviceLoad, others: bool) -> Vec<LimitedBy> {
    let mut limits = Vec::new();
    if record.outcome != RunOutcome::Complete {
        return limits;
    }
    let goodput = Estimate::of(&record.samples).steady.map(|rate| rate.as_bits_per_second());
    #[expect(clippy::cast_precision_loss, reason = "no device comes near 2^53 bit/s")]
    let near_ceiling = goodput
        .zip(device.ceiling_bits_per_second)
        .is_some_and(|(goodput, ceiling)| goodput >= DEVICE_SHARE * ceiling as f64);
    let windows = window_limits(record);
    let candidates = [
        (LimitedBy::Device, device.cpu_ratio >= DEVICE_SHARE || near_ceiling),
        (LimitedBy::Server, record.server.load_ratio.is_some_and(|load| load >= SERVER_SHARE)),
        (LimitedBy::CrossTraffic, others),
        (LimitedBy::SenderWindow, windows.sender),
        (LimitedBy::ReceiverBuffer, windows.receiver),
    ];
    limits.extend(candidates.into_iter().filter(|(_, holds)| *holds).map(|(limit, _)| limit));
    limits
}

/// What the sender's kernel says that it waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct WindowLimits {
    sender: bool,
    receiver: bool,
}

/// Reads it off the last counters of the sending end (Linux counts the time busy, and within it the time limited by the
/// receiver's window and by the send buffer).
fn window_limits(record: &Throughput) -> WindowLimits {
    let sender = match record.direction {
        Direction::Download => &record.server_tcp,
        Direction::Upload => &record.probe_tcp,
    };
    let Some(TcpCounters { busy_us: Some(busy), receive_window_limited_us, send_buffer_limited_us, .. }) =
        sender.last()
    else {
        return WindowLimits::default();
    };
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run are far below 2^52")]
    let much = |limited: &Option<u64>| {
        limited.is_some_and(|limited| *busy > 0 && limited as f64 >= WAITING_SHARE * *busy as f64)
    };
    WindowLimits { sender: much(send_buffer_limited_us), receiver: much(receive_window_limited_us) }
}

/// Whether more connections at once might carry more.
pub(crate) fn calls_for_more_streams(limits: &[LimitedBy]) -> bool {
    let window = |limit: &LimitedBy| matches!(limit, LimitedBy::SenderWindow | LimitedBy::ReceiverBuffer);
    limits.iter().any(window)
        && !limits
            .iter()
            .any(|limit| matches!(limit, LimitedBy::Device | LimitedBy::Server | LimitedBy::CrossTraffic))
}
