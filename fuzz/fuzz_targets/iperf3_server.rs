//! The control connection of iperf3 as a hostile client would use it.
#![no_main]

use std::time::Duration;

use desserte_proto::iperf3::{Action, Limits, Parameters, Results, Server};
use desserte_units::Monotonic;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<(u16, &[u8])>| {
    let limits = Limits::default();
    let mut now = Monotonic::ORIGIN;
    let mut server = Server::new(limits, now);
    let mut steps = steps.into_iter();
    for _ in 0..10_000 {
        match server.next_action() {
            Action::Finish(_) => return,
            Action::Admit(parameters) => {
                assert_eq!(parameters.check(&limits), Ok(()));
                let again =
                    Parameters::read(parameters.to_text().as_bytes()).expect("what we write can be read");
                assert_eq!(parameters.streams, again.streams);
                server.admitted(now);
            }
            Action::OpenStreams => server.streams_open(now),
            Action::Stop => server.stopped(Results::default(), now),
            Action::WakeAt(at) => match steps.next() {
                Some((ms, octets)) => {
                    now = now.after(Duration::from_millis(u64::from(ms)));
                    let _ = server.receive(octets, now);
                    server.wake(now);
                }
                None => {
                    now = at.max(now.after(Duration::from_micros(1)));
                    server.wake(now);
                }
            },
            Action::Send(_) | Action::Start | Action::EndOmit => {}
        }
    }
    panic!("it never ends");
});
