//! What runs of every protocol say that they put on the interface themselves, held against what their receivers counted.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::{TestServer, iperf3_server, run_config};
use desserte_model::{ByteSample, Direction, RunOutcome, StopReason, Throughput};
use desserte_net::{OwnOctets, Steer, iperf3, librespeed, ndt7};

/// Holds each telling against the reading before it.
#[derive(Default)]
struct Listener {
    read: u64,
    told: Vec<OwnOctets>,
    asked: usize,
}

impl Steer for Listener {
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        self.read = sample.bytes;
        None
    }

    fn own(&mut self, octets: OwnOctets) {
        assert!(octets.received.max(octets.sent) >= self.read, "{octets:?} but {} were received", self.read);
        self.told.push(octets);
    }

    fn tick(&mut self, _: Duration) -> Option<StopReason> {
        self.asked += 1;
        assert_eq!(self.told.len(), self.asked, "it is told right before it is asked");
        None
    }
}

impl Listener {
    fn check(&self, what: &str, record: &Throughput) {
        assert_eq!(record.outcome, RunOutcome::Complete, "{what}");
        // Twenty times a second for a second, on a machine that may be busy elsewhere; never so often that a rule that wants
        // two looks to agree would see the same moment twice.
        assert!((5..=25).contains(&self.asked), "{what}: asked {} times", self.asked);
        let rises = |pair: &[OwnOctets]| pair[0].received <= pair[1].received && pair[0].sent <= pair[1].sent;
        assert!(self.told.windows(2).all(rises), "{what}: {:?}", self.told);
        let last = self.told.last().unwrap();
        let all = last.received + last.sent;
        assert!(
            all <= record.connection.bytes_charged,
            "{what}: {all} of {}",
            record.connection.bytes_charged
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_run_tells_what_it_puts_on_the_interface() {
    let server = TestServer::start("127.0.0.1:0", None).await;
    let (_host, address) = iperf3_server().await;
    let second = Duration::from_secs(1);
    for direction in [Direction::Download, Direction::Upload] {
        let mut steer = Listener::default();
        let mut config = run_config(&server.url("127.0.0.1"), direction);
        config.duration = second;
        let record = ndt7::run_steered(&config, &mut steer).await;
        steer.check("ndt7", &record);

        let mut steer = Listener::default();
        let url = format!("http://{}/", server.address()).parse().unwrap();
        let mut config = librespeed::RunConfig::new(url, direction, config.software);
        (config.duration, config.streams) = (second, 3);
        let record = librespeed::run_steered(&config, &mut steer).await;
        steer.check("librespeed", &record);

        let mut steer = Listener::default();
        let mut config = iperf3::RunConfig::new(address.to_string().parse().unwrap(), direction);
        (config.duration, config.streams) = (second, 2);
        let record = iperf3::run(&config, &mut steer).await;
        steer.check("iperf3", &record);
    }
}
