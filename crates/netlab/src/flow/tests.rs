use super::*;
use crate::link::{Bucket, Jitter, Loss, Outage};

fn mbit(rate: f64) -> BitRate {
    BitRate::from_mbit_per_s(rate).unwrap()
}

/// A symmetric line with its delay halved between the ways, and a queue of the larger of 100 ms and one round trip.
fn line(rate: f64, rtt_ms: u64) -> LinkConfig {
    let rtt = Duration::from_millis(rtt_ms);
    let queue_octets = LinkConfig::queue_for(mbit(rate), rtt.max(Duration::from_millis(100)));
    LinkConfig { delay: rtt / 2, queue_octets, ..LinkConfig::of(mbit(rate)) }
}

fn goodput(run: &BulkRun, from_ms: u64) -> f64 {
    let first = run.samples.iter().find(|sample| sample.elapsed_us >= from_ms * 1_000).unwrap();
    let last = run.samples.last().unwrap();
    (last.bytes - first.bytes) as f64 * 8.0 / (last.elapsed_us - first.elapsed_us) as f64
}

#[test]
fn a_transfer_fills_the_line_and_never_more() {
    for algorithm in [Algorithm::Cubic, Algorithm::Bbr] {
        for (rate, rtt) in [(0.5, 20), (2.0, 1), (10.0, 100), (50.0, 20), (100.0, 20)] {
            let config = BulkConfig { algorithm, ..BulkConfig::download(line(rate, rtt), line(rate, rtt)) };
            let result = run(&config, 1);
            let ratio = goodput(&result, 3_000) / (rate * config.payload_share());
            assert!((0.9..1.005).contains(&ratio), "{algorithm:?} {rate} Mbit/s {rtt} ms: {ratio}");
        }
    }
}

#[test]
fn what_the_receiver_read_is_what_the_link_delivered() {
    let lossy = LinkConfig {
        loss: Loss::Random(0.002),
        jitter: Some(Jitter::of(Duration::from_millis(5))),
        ..line(20.0, 40)
    };
    let config = BulkConfig::upload(lossy, line(5.0, 40));
    let result = run(&config, 2);
    let last = result.samples.last().unwrap();
    let delivered = result.delivered_between(Duration::ZERO, Duration::from_micros(last.elapsed_us)) as f64;
    let ratio = last.bytes as f64 / (delivered * config.payload_share());
    assert!((0.99..=1.0001).contains(&ratio), "{ratio}");
    let sender = result.sender[0].last().unwrap();
    assert!(sender.segments_retransmitted.unwrap() > 10);
    assert!(sender.rtt_min_us.unwrap() >= 40_000);
    assert!(result.sent_until(Duration::from_secs(10)) >= last.bytes);
}

#[test]
fn a_long_way_with_a_small_window_is_limited_by_the_window() {
    let config =
        BulkConfig { window_octets: 1 << 20, ..BulkConfig::download(line(100.0, 200), line(100.0, 200)) };
    let result = run(&config, 3);
    let expected = f64::from(1 << 20) * 8.0 / 0.2 / 1e6;
    let measured = goodput(&result, 5_000);
    assert!((measured / expected - 1.0).abs() < 0.03, "{measured} Mbit/s");
    let limited = result.sender[0].last().unwrap().receive_window_limited_us.unwrap();
    assert!(limited > 5_000_000, "{limited}");
}

#[test]
fn an_outage_is_survived() {
    let outages = vec![Outage::cut(Duration::from_secs(3), Duration::from_secs(5))];
    let config = BulkConfig::download(LinkConfig { outages, ..line(10.0, 40) }, line(10.0, 40));
    let result = run(&config, 4);
    let in_outage: Vec<_> =
        result.samples.iter().filter(|sample| (3_300_000..5_000_000).contains(&sample.elapsed_us)).collect();
    assert!(in_outage.windows(2).all(|pair| pair[0].bytes == pair[1].bytes));
    assert!(goodput(&result, 8_000) > 8.0, "{}", goodput(&result, 8_000));
}

#[test]
fn several_connections_share_the_line_with_others() {
    let cross =
        CrossTraffic { from: Duration::from_secs(4), until: Duration::from_secs(20), rate: mbit(20.0) };
    let config = BulkConfig {
        streams: 4,
        cross_traffic: vec![cross],
        record_octets: Some(16_384),
        ..BulkConfig::download(line(50.0, 20), line(50.0, 20))
    };
    let result = run(&config, 5);
    let left = goodput(&result, 6_000);
    let expected = 30.0 * config.payload_share();
    assert!((left / expected - 1.0).abs() < 0.05, "{left} of {expected}");
    assert_eq!(result.sender.len(), 4);
}

#[test]
fn a_bucket_shows_as_a_burst_and_a_throttle() {
    let bucket = Some(Bucket { rate: mbit(10.0), burst_octets: 20_000_000 });
    let config = BulkConfig::download(LinkConfig { bucket, ..line(80.0, 20) }, line(80.0, 20));
    let result = run(&config, 6);
    let at = |ms: u64| result.samples.iter().rfind(|sample| sample.elapsed_us <= ms * 1_000).unwrap().bytes;
    assert!((at(2_000) - at(1_000)) as f64 * 8.0 / 1e6 > 60.0);
    let throttled = (at(9_000) - at(6_000)) as f64 * 8.0 / 3e6;
    assert!((9.0..10.0).contains(&throttled), "{throttled}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let lossy = LinkConfig { loss: Loss::Random(0.01), ..line(10.0, 40) };
    let config = BulkConfig::download(lossy.clone(), line(10.0, 40));
    assert_eq!(run(&config, 7).samples, run(&config, 7).samples);
    assert_ne!(run(&config, 7).samples, run(&config, 8).samples);
}

#[test]
fn without_its_early_exit_slow_start_fills_the_queue_and_loses() {
    let early = BulkConfig::download(line(50.0, 100), line(50.0, 100));
    let late = BulkConfig { early_exit: false, ..early.clone() };
    let [early, late] = [early, late].map(|config| run(&config, 8));
    let lost = |run: &BulkRun| run.sender[0].last().unwrap().segments_retransmitted.unwrap();
    assert_eq!(lost(&early), 0);
    assert!(lost(&late) > 100, "{}", lost(&late));
    assert!(goodput(&late, 3_000) > goodput(&early, 3_000));
}
