//! What service indicators read: minutes with their echoes, and runs with what the line is sold as.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::{at, batch, bench, download, minute, period, record};
use desserte_measure::MinuteState;
use desserte_model::{AccessLine, LineSource, Medium, Observation};
use desserte_store::{Scope, StoreOptions};
use desserte_units::BitRate;

#[test]
fn minutes_come_in_order_of_time_with_the_echoes_of_their_records() {
    let bench = bench(StoreOptions::default());
    let records = vec![record(0, Some(at(60)), minute(true)), record(1, Some(at(0)), minute(false))];
    bench.store.ingest(batch(records)).unwrap();
    let mut seen = Vec::new();
    bench.store.service_minutes(&Scope::All, period(3_600), |minute| seen.push(minute)).unwrap();
    assert_eq!(seen.iter().map(|minute| minute.stated.start).collect::<Vec<_>>(), [at(0), at(60)]);
    assert_eq!((seen[0].stated.state, seen[0].lost, seen[0].rtt_median_us), (MinuteState::Down, 6, None));
    assert_eq!((seen[1].stated.window, seen[1].rtt_median_us), (Duration::from_secs(60), Some(20_000)));
    assert_eq!(seen[1].echoes, vec![vec![Some(20_000); 3]; 2]);
}

#[test]
fn a_run_tells_what_the_line_is_sold_as_and_one_over_wifi_does_not_enter() {
    let bench = bench(StoreOptions::default());
    let sold = |mut run: Observation, wifi: bool| {
        let Observation::Throughput(run_of) = &mut run else { panic!("a download") };
        run_of.access_line = Some(AccessLine {
            operator: None,
            technology: None,
            subscribed_download_bits_per_second: BitRate::from_mbit_per_s(300.0),
            subscribed_upload_bits_per_second: None,
            source: LineSource::Declared,
        });
        if wifi {
            run_of.medium = Medium::Wifi {
                signal_dbm: None,
                receive_bits_per_second: None,
                transmit_bits_per_second: None,
            };
        }
        run
    };
    let records = vec![
        record(0, Some(at(0)), sold(download(20), false)),
        record(1, Some(at(60)), sold(download(20), true)),
        record(2, Some(at(120)), download(30)),
    ];
    bench.store.ingest(batch(records)).unwrap();
    let runs = bench.store.service_runs(&Scope::All, period(3_600)).unwrap();
    let megabits = |rate: Option<BitRate>| rate.map(|rate| rate.as_mbit_per_s().round());
    let told: Vec<_> = runs.iter().map(|run| (megabits(run.steady), megabits(run.subscribed))).collect();
    assert_eq!(told, [(Some(20.0), Some(300.0)), (Some(30.0), None)]);
}
