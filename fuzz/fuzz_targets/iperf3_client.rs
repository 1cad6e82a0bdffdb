//! The control connection of iperf3 as a hostile server would use it: whatever it says, however it is cut and whenever it
//! comes, the client ends, and takes no memory for what was only promised.
#![no_main]

use std::time::Duration;

use desserte_proto::iperf3::{Action, Client, Mode, Parameters, Results, Transport, spec};
use desserte_units::Monotonic;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|steps: Vec<(u16, &[u8])>| {
    let mut now = Monotonic::ORIGIN;
    let parameters = Parameters::new(Transport::Tcp, Mode::Bidirectional);
    let mut client = Client::new(parameters, &[b'a'; spec::COOKIE_LENGTH], Duration::from_secs(60), now);
    let mut steps = steps.into_iter();
    // A test lasts a few minutes at the most, whatever happens; each round either acts or lets time pass.
    for _ in 0..10_000 {
        match client.next_action() {
            Action::Finish(_) => {
                if let Some(results) = client.peer() {
                    Results::read(results.to_text().as_bytes()).expect("what we write can be read");
                }
                return;
            }
            Action::OpenStreams => client.streams_open(now),
            Action::Stop => client.stopped(Results::default(), now),
            Action::WakeAt(at) => match steps.next() {
                Some((ms, octets)) => {
                    now = now.after(Duration::from_millis(u64::from(ms)));
                    let _ = client.receive(octets, now);
                    client.wake(now);
                }
                None => {
                    now = at.max(now.after(Duration::from_micros(1)));
                    client.wake(now);
                }
            },
            Action::Send(_) | Action::Start | Action::EndOmit | Action::Admit(_) => {}
        }
    }
    panic!("it never ends");
});
