//! The kernel's counters of a connection (Linux `TCP_INFO`).

use std::mem::{MaybeUninit, offset_of, size_of};
use std::os::fd::AsRawFd;

use desserte_model::TcpCounters;
use socket2::{Domain, Socket, Type};

/// The kernel's structure (`include/uapi/linux/tcp.h`, Linux 6.12); an older kernel fills only its beginning.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
struct RawTcpInfo {
    state: u8,
    ca_state: u8,
    retransmits: u8,
    probes: u8,
    backoff: u8,
    options: u8,
    wscale: u8,
    flags: u8,
    rto: u32,
    ato: u32,
    snd_mss: u32,
    rcv_mss: u32,
    unacked: u32,
    sacked: u32,
    lost: u32,
    retrans: u32,
    fackets: u32,
    last_data_sent: u32,
    last_ack_sent: u32,
    last_data_recv: u32,
    last_ack_recv: u32,
    pmtu: u32,
    rcv_ssthresh: u32,
    rtt: u32,
    rttvar: u32,
    snd_ssthresh: u32,
    snd_cwnd: u32,
    advmss: u32,
    reordering: u32,
    rcv_rtt: u32,
    rcv_space: u32,
    total_retrans: u32,
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    delivery_rate: u64,
    busy_time: u64,
    rwnd_limited: u64,
    sndbuf_limited: u64,
    delivered: u32,
    delivered_ce: u32,
    bytes_sent: u64,
    bytes_retrans: u64,
    dsack_dups: u32,
    reord_seen: u32,
    rcv_ooopack: u32,
    snd_wnd: u32,
    rcv_wnd: u32,
    rehash: u32,
}

/// Bit of `options` that says that every segment carries time stamps.
const OPTION_TIMESTAMPS: u8 = 1;

/// One reading of a connection's counters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TcpInfo {
    raw: RawTcpInfo,
    filled: usize,
}

impl TcpInfo {
    /// Asks the kernel.
    ///
    /// # Missing data
    /// `None` when the kernel does not answer.
    #[expect(unsafe_code, reason = "no safe wrapper of getsockopt(TCP_INFO) among our libraries")]
    pub(crate) fn read(socket: &impl AsRawFd) -> Option<Self> {
        let mut raw = MaybeUninit::<RawTcpInfo>::zeroed();
        let mut filled = libc::socklen_t::try_from(size_of::<RawTcpInfo>()).ok()?;
        // SAFETY: the pointer and the length describe one writable RawTcpInfo; the kernel writes `filled` octets at most.
        let status = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                raw.as_mut_ptr().cast(),
                &raw mut filled,
            )
        };
        // SAFETY: every bit pattern is a RawTcpInfo, and whatever the kernel left alone is zero.
        let raw = unsafe { raw.assume_init() };
        let filled = usize::try_from(filled).ok()?;
        (status == 0).then_some(Self { raw, filled })
    }

    /// Whether the counters that charges rest on are among what the kernel tells: those of Linux 4.6 and later are.
    fn counts_octets(&self) -> bool {
        self.filled >= offset_of!(RawTcpInfo, data_segs_out) + size_of::<u32>()
    }

    /// A field, unless the kernel is older than it.
    fn field<T: Into<u64>>(&self, value: T, offset: usize) -> Option<u64> {
        (offset + size_of::<T>() <= self.filled).then(|| value.into())
    }

    /// The counters that are recorded. `elapsed_us` is left at zero for whoever knows the origin.
    pub(crate) fn counters(&self) -> TcpCounters {
        let raw = &self.raw;
        macro_rules! field {
            ($name:ident) => {
                self.field(raw.$name, offset_of!(RawTcpInfo, $name))
            };
        }
        TcpCounters {
            elapsed_us: 0,
            rtt_us: field!(rtt),
            rtt_var_us: field!(rttvar),
            // The kernel's "never measured" is the largest number.
            rtt_min_us: field!(min_rtt).filter(|rtt| *rtt != u64::from(u32::MAX)),
            bytes_acked: field!(bytes_acked),
            bytes_received: field!(bytes_received),
            bytes_sent: field!(bytes_sent),
            bytes_retransmitted: field!(bytes_retrans),
            segments_retransmitted: field!(total_retrans),
            busy_us: field!(busy_time),
            receive_window_limited_us: field!(rwnd_limited),
            send_buffer_limited_us: field!(sndbuf_limited),
            congestion_window_segments: field!(snd_cwnd),
            segment_bytes: field!(snd_mss),
            delivery_rate_bytes_per_second: field!(delivery_rate),
        }
    }

    /// Octets of TCP payload sent, retransmissions included; on old kernels the acknowledged ones with a margin.
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.field(self.raw.bytes_sent, offset_of!(RawTcpInfo, bytes_sent)).unwrap_or_else(|| {
            // Kernels before 4.19 lack the field: what was acknowledged, and every retransmission as a full segment.
            let again = u64::from(self.raw.total_retrans) * u64::from(self.raw.snd_mss);
            let under_way = u64::from(self.raw.unacked) * u64::from(self.raw.snd_mss);
            self.raw.bytes_acked + again + under_way
        })
    }

    /// Octets handed to the kernel that it has not sent once.
    pub(crate) fn bytes_unsent(&self) -> u64 {
        self.field(self.raw.notsent_bytes, offset_of!(RawTcpInfo, notsent_bytes)).unwrap_or(0)
    }

    /// Octets that the other end's kernel has acknowledged: that it has received in order.
    pub(crate) const fn bytes_acked(&self) -> u64 {
        self.raw.bytes_acked
    }

    /// Whether the other end's kernel holds octets behind a gap, as its selective acknowledgements say.
    pub(crate) const fn peer_has_gap(&self) -> bool {
        self.raw.sacked > 0
    }

    /// Octets of TCP payload received in order.
    pub(crate) const fn bytes_received(&self) -> u64 {
        self.raw.bytes_received
    }

    /// Segments that came out of order: later ones of them, or ones that came twice.
    pub(crate) fn segments_out_of_order(&self) -> u64 {
        self.field(self.raw.rcv_ooopack, offset_of!(RawTcpInfo, rcv_ooopack)).unwrap_or(0)
    }

    /// Octets of TCP payload received, those that came twice included, estimated upwards. The kernel does not count what
    /// comes twice: it can be no more than full segments in all, and is taken to be no more than the segments out of
    /// order and one in [`Self::TWICE_SHARE`] besides.
    pub(crate) fn bytes_arrived(&self) -> u64 {
        let segment = u64::from(self.raw.rcv_mss);
        let segments = u64::from(self.raw.data_segs_in);
        let needless = (segments / Self::TWICE_SHARE + 4) * segment.min(Self::SEGMENT_OF_A_LINE);
        let twice = self.segments_out_of_order() * segment + needless;
        self.raw.bytes_received + twice.min((segments * segment).saturating_sub(self.raw.bytes_received))
    }

    /// Needless repetitions by the sender, such as its probes for lost tails, are rarer than this.
    const TWICE_SHARE: u64 = 256;

    /// Payload of a full segment on Ethernet; only the loopback interface has longer ones, and repeats none.
    const SEGMENT_OF_A_LINE: u64 = 1460;

    /// Segments in both directions.
    pub(crate) fn segments(&self) -> u64 {
        u64::from(self.raw.segs_in) + u64::from(self.raw.segs_out)
    }

    /// Segments received.
    pub(crate) fn segments_in(&self) -> u64 {
        u64::from(self.raw.segs_in)
    }

    /// Segments sent.
    pub(crate) fn segments_out(&self) -> u64 {
        u64::from(self.raw.segs_out)
    }

    /// Segments received that carried payload, whatever their order.
    pub(crate) fn data_segments_in(&self) -> u64 {
        u64::from(self.raw.data_segs_in)
    }

    /// Segments sent that no one has acknowledged yet.
    pub(crate) fn segments_under_way(&self) -> u64 {
        u64::from(self.raw.unacked)
    }

    /// The longest round trip that the kernel has in mind, from either end's view; under load, if there is any.
    pub(crate) fn round_trip(&self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::from(self.raw.rtt.max(self.raw.rcv_rtt)))
    }

    /// Whether the other end has let go of the connection, one way or another: nothing more will come in.
    pub(crate) const fn is_let_go(&self) -> bool {
        /// States of `include/net/tcp_states.h` in which the other end's end has not been seen.
        const ESTABLISHED: u8 = 1;
        const FIN_WAIT_1: u8 = 4;
        const FIN_WAIT_2: u8 = 5;
        !matches!(self.raw.state, ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2)
    }

    /// Whether every segment carries time stamps.
    pub(crate) const fn has_timestamps(&self) -> bool {
        self.raw.options & OPTION_TIMESTAMPS != 0
    }

    /// Octets that the other end may still send without hearing from us; an upper bound where the kernel does not say.
    pub(crate) fn window_open(&self) -> u64 {
        self.field(self.raw.rcv_wnd, offset_of!(RawTcpInfo, rcv_wnd))
            .unwrap_or_else(|| u64::from(self.raw.rcv_ssthresh.max(self.raw.rcv_space)))
    }
}

/// Whether this system counts the octets of its connections. Where it does not, everything would seem to have cost nothing, and no data
/// budget could be kept: old kernels, and emulators that pass on only the beginning of what the kernel says.
#[must_use]
pub fn octets_are_counted() -> bool {
    // A socket that was never connected is asked: the length of the answer is the same.
    let Ok(socket) = Socket::new(Domain::IPV4, Type::STREAM, None) else {
        // Without a socket nothing can be measured, and that is said where it is tried.
        return true;
    };
    TcpInfo::read(&socket).is_some_and(|info| info.counts_octets())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_kernel_counts_what_was_sent_and_received() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        near.write_all(&[7; 1000]).unwrap();
        far.read_exact(&mut [0; 1000]).unwrap();
        assert_eq!(TcpInfo::read(&near).unwrap().bytes_sent(), 1000);
        let far = TcpInfo::read(&far).unwrap();
        assert_eq!(far.counters().bytes_received, Some(1000));
        assert!(far.segments() >= 2 && far.window_open() > 0);
        assert!(TcpInfo::read(&listener).is_some());
        assert!(octets_are_counted());
    }

    #[test]
    fn a_kernel_that_tells_the_beginning_only_does_not_count() {
        let told = |filled| TcpInfo { raw: RawTcpInfo::default(), filled };
        assert!(!told(4).counts_octets(), "an emulator in user mode");
        assert!(!told(offset_of!(RawTcpInfo, segs_out)).counts_octets(), "Linux 4.1");
        assert!(told(offset_of!(RawTcpInfo, delivery_rate)).counts_octets(), "Linux 4.8");
    }
}
