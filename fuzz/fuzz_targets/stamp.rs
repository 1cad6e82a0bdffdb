//! STAMP: what a hostile sender sends to the reflector, and what a hostile reflector answers to the sender.
#![no_main]

use std::net::SocketAddr;
use std::time::Duration;

use desserte_proto::stamp::{
    BASE_LENGTH, ErrorEstimate, Figures, Reflector, ReflectorLimits, Sender, SenderPlan, StampTime,
    mark_extensions,
};
use desserte_units::Monotonic;
use libfuzzer_sys::fuzz_target;

const CLOCK: ErrorEstimate = ErrorEstimate { synchronised: true, ptp: false, scale: 0, multiplier: 1 };

fuzz_target!(|packets: Vec<(u8, u16, bool, &[u8])>| {
    let mut now = Monotonic::ORIGIN;
    let limits = ReflectorLimits { sources: 4, sessions_per_source: 2, ..ReflectorLimits::default() };
    let mut reflector = Reflector::new(limits, now);
    let plan = SenderPlan {
        count: 8,
        interval: Duration::from_millis(10),
        packet_bytes: 0,
        patience: Duration::from_secs(1),
        session: 0,
    };
    let mut sender = Sender::new(plan, now);
    for (from, ms, to_sender, octets) in packets {
        now = now.after(Duration::from_millis(u64::from(ms)));
        while sender.due(now).is_some() {
            let _ = sender.send(StampTime::from_bits(7), CLOCK, now);
        }
        let stamp = StampTime::from_bits(u64::from(ms) << 40 | u64::from(from));
        if to_sender {
            // An answer must echo the time that was sent; help it along so that more than that is reached.
            let mut answer = octets.to_vec();
            if answer.len() >= BASE_LENGTH {
                answer[14..16].fill(0);
                answer[24..27].fill(0);
                answer[28..36].copy_from_slice(&7_u64.to_be_bytes());
            }
            sender.receive(&answer, stamp);
        } else {
            let source = SocketAddr::from(([192, 0, 2, from], 862));
            if let Ok(answer) = reflector.receive(octets, source, from, stamp, CLOCK, now) {
                let mut reply = octets.to_vec();
                mark_extensions(&mut reply[BASE_LENGTH..]);
                answer.write(&mut reply);
                assert_eq!(reply.len(), octets.len());
            }
            assert!(reflector.sources() <= limits.sources);
        }
    }
    for known in [false, true] {
        let figures = Figures::of(sender.probes(), known, true);
        assert!(figures.answered <= figures.sent && figures.unattributed <= figures.sent);
        if let (Some(forward), Some(backward)) = (figures.loss_forward, figures.loss_backward) {
            assert_eq!(forward.lost + backward.lost + figures.answered + figures.unattributed, figures.sent);
        }
    }
});
