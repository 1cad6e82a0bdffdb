//! The watch against scripted interruptions in virtual time. `cargo run --example outage_suite` prints the whole table.

#![expect(dead_code, reason = "the program uses more of the simulation than the tests")]

#[path = "../examples/outage_suite/score.rs"]
mod score;
#[path = "../examples/outage_suite/sim.rs"]
mod sim;

use std::time::Duration;

use desserte_measure::{WatchSettings, Watchfulness};
use score::{quantile, score};
use sim::{Case, run};

const RTT: Duration = Duration::from_millis(40);

#[test]
fn every_gap_of_five_seconds_or_more_is_found_with_its_cause_and_its_edges() {
    for (seed, loss) in [(1, 0.0), (2, 0.01), (3, 0.05)] {
        let mut all = score(seed, usize::MAX, loss, RTT, WatchSettings::of(Watchfulness::Fine));
        assert_eq!((all.found, all.invented), (all.gaps, 0), "loss {loss}: {all:?}");
        assert!(all.right_cause * 100 >= all.gaps * 95, "loss {loss}: {all:?}");
        assert!(quantile(&mut all.edges_ms, 1.0) <= Some(1_000), "loss {loss}: {all:?}");
        assert!(quantile(&mut all.target_edges_ms, 1.0) <= Some(1_950), "loss {loss}: {all:?}");
        if loss == 0.0 {
            assert_eq!(all.outside, 0, "an edge outside of what was stated as possible: {all:?}");
        }
    }
}

#[test]
fn the_frugal_watch_finds_what_lasts_six_seconds_and_says_how_little_it_knows_of_the_edges() {
    let mut all = score(4, usize::MAX, 0.01, RTT, WatchSettings::of(Watchfulness::Frugal));
    assert!(all.found + 7 >= all.gaps, "only gaps of five seconds may be missed: {all:?}");
    assert_eq!(all.invented, 0, "{all:?}");
    assert!(quantile(&mut all.edges_ms, 1.0) <= Some(2_550), "{all:?}");
}

#[test]
fn a_day_with_one_percent_of_random_loss_shows_no_interruption() {
    for watchfulness in Watchfulness::ALL {
        let settings = WatchSettings::of(watchfulness);
        let length = Duration::from_secs(86_400);
        let signs = Duration::from_secs(60);
        let jitter = Duration::from_millis(10);
        let case = Case { seed: 5, length, gaps: Vec::new(), loss: 0.01, rtt: RTT, jitter, settings, signs };
        let outcome = run(&case);
        assert_eq!(outcome.found, []);
        let expected = length.as_micros() / settings.period.as_micros();
        let octets = u128::from(outcome.regular_octets);
        assert!(octets <= expected * 2 * u128::from(sim::ECHO_OCTETS) + 200, "{octets}");
        assert!(outcome.quick_octets * 10 <= outcome.regular_octets, "suspicions cost less than a tenth");
    }
}
