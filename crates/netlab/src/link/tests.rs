use super::*;
use desserte_units::BitRate;

fn mbit(rate: f64) -> BitRate {
    BitRate::from_mbit_per_s(rate).unwrap()
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Offers full packets back to back, as many as the queue takes, until `end`.
fn saturate(link: &mut Link, end: Duration) {
    let mut now = Duration::ZERO;
    while now < end {
        link.offer(now, 1500);
        now += Duration::from_micros(20);
    }
}

fn carried(config: &LinkConfig, from: u64, until: u64) -> f64 {
    let mut link = Link::new(config, 7);
    saturate(&mut link, ms(until));
    let octets = link.delivered().octets_between(ms(from), ms(until));
    octets as f64 * 8.0 / (ms(until) - ms(from)).as_secs_f64() / 1e6
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value}, not {expected}");
}

#[test]
fn a_saturated_link_carries_its_rate_and_no_more() {
    for rate in [0.5, 1.0, 33.3, 500.0] {
        let carried = carried(&LinkConfig::of(mbit(rate)), 1000, 3000);
        near(carried, rate, rate * 0.013_f64.min(0.013 / rate).max(1e-5));
    }
}

#[test]
fn framing_is_charged_and_not_counted() {
    let config = LinkConfig { framing_octets: 14, ..LinkConfig::of(mbit(100.0)) };
    near(carried(&config, 500, 1500), 100.0 * 1500.0 / 1514.0, 0.02);
}

#[test]
fn the_buffer_drops_at_its_tail() {
    let config = LinkConfig { queue_octets: 4500, ..LinkConfig::of(mbit(12.0)) };
    let mut link = Link::new(&config, 0);
    let fates: Vec<_> = (0..4).map(|_| link.offer(Duration::ZERO, 1500)).collect();
    assert_eq!(fates[2], Fate::Delivered(ms(3)));
    assert_eq!(fates[3], Fate::Dropped(DropCause::Queue));
    assert_eq!(link.queued_octets(Duration::ZERO), 4500);
    // After a millisecond one has left and another finds its place.
    assert_eq!(link.offer(ms(1), 1500), Fate::Delivered(ms(4)));
    let counters = link.counters();
    assert_eq!((counters.offered.packets, counters.delivered.packets), (5, 4));
    assert_eq!(counters.dropped_queue, Tally { packets: 1, octets: 1500 });
}

#[test]
fn steps_ramps_and_loops_carry_what_they_say() {
    let at = |seconds, rate| Step { at: Duration::from_secs(seconds), rate: mbit(rate) };
    let steps = Schedule::steps(vec![at(0, 10.0), at(1, 50.0), at(2, 20.0)]).unwrap();
    let config = LinkConfig { queue_octets: 15_000, ..LinkConfig::over(Capacity::Schedule(steps.clone())) };
    near(carried(&config, 100, 1000), 10.0, 0.05);
    near(carried(&config, 1000, 2000), 50.0, 0.1);
    near(carried(&config, 2100, 3000), 20.0, 0.05);
    let looped = steps.looping(Duration::from_secs(3)).unwrap();
    near(looped.mean_rate().as_mbit_per_s(), 80.0 / 3.0, 1e-9);
    let config = LinkConfig { queue_octets: 15_000, ..LinkConfig::over(Capacity::Schedule(looped)) };
    near(carried(&config, 3000, 6000), 80.0 / 3.0, 0.05);
    let ramp = Schedule::ramps(&[at(0, 10.0), at(2, 30.0)]).unwrap();
    let config = LinkConfig { queue_octets: 15_000, ..LinkConfig::over(Capacity::Schedule(ramp)) };
    near(carried(&config, 0, 2000), 20.0, 0.1);
}

#[test]
fn a_bucket_is_fast_until_it_is_empty() {
    let bucket = Bucket { rate: mbit(10.0), burst_octets: 10_000_000 };
    let config = LinkConfig { bucket: Some(bucket), ..LinkConfig::of(mbit(100.0)) };
    // 10 MB at a surplus of 90 Mbit/s last 0.89 s.
    near(carried(&config, 0, 800), 100.0, 0.2);
    near(carried(&config, 1000, 3000), 10.0, 0.1);
}

#[test]
fn loss_comes_as_often_as_told_and_in_bursts_if_told() {
    let bursts = Loss::GilbertElliott { to_bad: 0.01, to_good: 0.25, loss_good: 0.0, loss_bad: 1.0 };
    near(bursts.mean_ratio(), 0.01 / 0.26, 1e-12);
    for (loss, run) in [(Loss::Random(0.02), 1.02), (bursts, 4.0)] {
        let mut link = Link::new(&LinkConfig { loss, ..LinkConfig::over(Capacity::Unlimited) }, 3);
        let lost: Vec<bool> =
            (0..200_000).map(|_| link.offer(Duration::ZERO, 100) == Fate::Dropped(DropCause::Loss)).collect();
        let count = lost.iter().filter(|lost| **lost).count() as f64;
        let runs = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        near(count / 200_000.0, loss.mean_ratio(), 0.003);
        near(count / runs, run, run * 0.05);
    }
}

#[test]
fn jitter_stays_in_its_spread_and_keeps_the_order() {
    for (interval, reorder) in [(ms(20), false), (Duration::ZERO, false), (Duration::ZERO, true)] {
        let jitter = Some(Jitter { spread: ms(10), interval, reorder });
        let mut link =
            Link::new(&LinkConfig { delay: ms(30), jitter, ..LinkConfig::over(Capacity::Unlimited) }, 5);
        let (mut before, mut turned, mut most) = (Duration::ZERO, 0, Duration::ZERO);
        for millis in 0..10_000 {
            let Fate::Delivered(at) = link.offer(ms(millis), 100) else { panic!("lost") };
            let extra = at - ms(millis + 30);
            most = most.max(extra);
            assert!(extra <= ms(10));
            turned += u32::from(at < before);
            before = at;
        }
        assert!(most > ms(9), "{most:?}");
        assert_eq!(turned > 0, reorder);
    }
}

#[test]
fn an_outage_loses_or_holds() {
    let outage = Outage::cut(ms(100), ms(200));
    let rate = mbit(12.0);
    let mut link = Link::new(&LinkConfig { outages: vec![outage], ..LinkConfig::of(rate) }, 0);
    assert_eq!(link.offer(ms(99), 1500), Fate::Dropped(DropCause::Outage), "leaves within the outage");
    assert_eq!(link.offer(ms(150), 1500), Fate::Dropped(DropCause::Outage));
    assert_eq!(link.offer(ms(200), 1500), Fate::Delivered(ms(201)));
    let held = Outage { kind: OutageKind::Hold, ..outage };
    let longer = Outage { from: ms(140), until: ms(180), ..held };
    let mut link = Link::new(&LinkConfig { outages: vec![longer, held], ..LinkConfig::of(rate) }, 0);
    assert_eq!(link.offer(ms(150), 1500), Fate::Delivered(ms(201)));
    assert_eq!(link.offer(ms(150), 1500), Fate::Delivered(ms(202)));
}

#[test]
fn the_same_seed_gives_the_same_fates() {
    let config =
        LinkConfig { loss: Loss::Random(0.1), jitter: Some(Jitter::of(ms(5))), ..LinkConfig::of(mbit(10.0)) };
    let fates = |seed| {
        let mut link = Link::new(&config, seed);
        (0..1000).map(|millis| link.offer(ms(millis), 1200)).collect::<Vec<_>>()
    };
    assert_eq!(fates(1), fates(1));
    assert_ne!(fates(1), fates(2));
}

#[test]
fn a_mahimahi_trace_gives_its_chances_and_loops() {
    let trace = mahimahi(b"1\n1\n3\n5\n").unwrap();
    let config = LinkConfig { queue_octets: 1 << 20, ..LinkConfig::over(Capacity::Opportunities(trace)) };
    let mut link = Link::new(&config, 0);
    let arrivals: Vec<_> = (0..7).map(|_| link.offer(Duration::ZERO, 1500)).collect();
    let expected = [1, 1, 3, 5, 6, 6, 8].map(|at| Fate::Delivered(ms(at)));
    assert_eq!(arrivals, expected);
    // Two small packets share a chance; one that comes later waits for the next.
    let mut link = Link::new(&config, 0);
    assert_eq!(link.offer(Duration::ZERO, 700), Fate::Delivered(ms(1)));
    assert_eq!(link.offer(Duration::ZERO, 700), Fate::Delivered(ms(1)));
    assert_eq!(link.offer(ms(2), 700), Fate::Delivered(ms(3)));
    assert_eq!(link.offer(ms(1000), 700), Fate::Delivered(ms(1000)));
}

#[test]
fn traces_that_are_none_are_refused() {
    assert!(matches!(mahimahi(b"1\nx\n"), Err(TraceError::Line { line: 2, .. })));
    assert!(matches!(mahimahi(b"3\n1\n"), Err(TraceError::NoOpportunities)));
    assert!(matches!(mahimahi(b""), Err(TraceError::NoOpportunities)));
    assert!(matches!(
        cooked(b"0 1\n0 2\n"),
        Err(TraceError::Schedule(ScheduleError::NotRising { index: 1 }))
    ));
    assert!(matches!(cooked(b"0 0\n1 0\n"), Err(TraceError::Schedule(ScheduleError::NoRate))));
    assert!(matches!(cooked(b"0 -1\n"), Err(TraceError::Line { line: 1, .. })));
    assert!(matches!(irish_5g(b"a,b\n1,2\n", false), Err(TraceError::Line { line: 1, .. })));
}

#[test]
fn tables_of_rates_become_schedules() {
    let schedule = cooked(b"0.0\t4.0\n0.5\t2.0\n").unwrap();
    near(schedule.mean_rate().as_mbit_per_s(), 3.0, 1e-9);
    let csv = b"Timestamp,DL_bitrate,UL_bitrate\nx,1000,10\nx,-,20\nx,4000,-\n";
    near(irish_5g(csv, false).unwrap().mean_rate().as_mbit_per_s(), 2.0, 1e-9);
    near(irish_5g(csv, true).unwrap().mean_rate().as_mbit_per_s(), 0.05 / 3.0, 1e-9);
}
