//! Datagrams of iperf3: a header reads as it was written, and no numbers or times upset the counts.
#![no_main]

use desserte_proto::iperf3::{Datagram, FlowCounter, Pace, is_connect_reply, is_connect_request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, u64, Vec<(i64, &[u8])>)| {
    let (counters_64bit, rate, datagrams) = input;
    let mut flow = FlowCounter::default();
    let mut pace = Pace::new(rate);
    for (arrival, octets) in datagrams {
        let _ = is_connect_request(octets) | is_connect_reply(octets);
        let Some(header) = Datagram::read(counters_64bit, octets) else { continue };
        let mut again = vec![0; octets.len()];
        header.write(counters_64bit, &mut again);
        let length = Datagram::length(counters_64bit);
        assert_eq!(again[..length], octets[..length]);
        flow.arrived(header, octets.len() as u64, arrival);
        assert!(flow.lost() <= flow.highest() && flow.late() <= flow.received());
        assert!(flow.jitter_us().is_finite() && flow.jitter_us() >= 0.0);
        let due = pace.due(std::time::Duration::from_micros(header.number >> 8));
        pace.sent(due);
    }
});
