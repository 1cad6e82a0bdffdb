//! Everything that breaks, again and again: a probe and a collector on disks whose power can be cut, over a line that loses, repeats
//! and swaps, with calendars that lie. What was acknowledged is there once, as it was sent (docs/adr/0047-chaos.md).
//!
//! `cargo xtask chaos` runs more rounds than a test should; the same seed deals the same faults at the same moments.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it did to whoever watches"
)]

mod bench;
mod books;
mod campaign;
mod disk;
mod plan;
mod proxy;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use desserte_e2e::{can, has_program, is_root, territory};

use campaign::Tally;

/// Rounds of one campaign: then a new probe and a new collector, so that checking everything after every round stays quick.
const ROUNDS_A_CAMPAIGN: u64 = 50;

/// A number that whoever runs this may set.
fn told(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn what_was_acknowledged_is_there_once_whatever_breaks() {
    let needs = [
        ("root, for disks of its own", is_root()),
        ("libfaketime", std::path::Path::new(bench::FAKETIME).is_file()),
        ("losetup, mkfs.ext4 and unshare", ["losetup", "mkfs.ext4", "unshare"].into_iter().all(found)),
        ("FUSE", std::path::Path::new("/dev/fuse").exists()),
    ];
    if !needs.into_iter().all(|(need, met)| can(need, met)) {
        return;
    }
    let rounds = told("DESSERTE_CHAOS_ROUNDS", 24);
    let seed = told("DESSERTE_CHAOS_SEED", 1);
    let at_once = told("DESSERTE_CHAOS_AT_ONCE", 1);
    let ground = disk::Ground::new();
    let territory = territory(ground.path());
    let campaigns = rounds.div_ceil(ROUNDS_A_CAMPAIGN);
    let next = AtomicU64::new(0);
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(campaigns) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= campaigns {
                        break;
                    }
                    let length = ROUNDS_A_CAMPAIGN.min(rounds - number * ROUNDS_A_CAMPAIGN);
                    let tally = campaign::run(seed * 1_000_000 + number, length, ground.path(), &territory);
                    total.lock().unwrap_or_else(PoisonError::into_inner).add(&tally);
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    tell(rounds, seed, &total);
    assert_eq!(total.rounds, rounds);
}

/// `mkfs.ext4` and `losetup` stand where the path of a person who is not root does not lead.
fn found(name: &str) -> bool {
    has_program(name) || ["/usr/sbin", "/sbin"].iter().any(|at| std::path::Path::new(at).join(name).is_file())
}

fn tell(rounds: u64, seed: u64, total: &Tally) {
    eprintln!("\n{rounds} rounds, seed {seed}");
    let faults: BTreeMap<_, _> = total.faults.iter().collect();
    for (fault, count) in faults {
        eprintln!("  {count:>5}  {}", fault.words());
    }
    eprintln!(
        "writes in the disks' caches at power cuts: {} kept, {} lost, {} torn",
        total.writes[0], total.writes[1], total.writes[2]
    );
    eprintln!(
        "records: {} acknowledged, {} kept, {} refused with their reason, {} places dropped and counted, {} sent again, {} forks, {} forgotten with a probe whose disk refused",
        total.acknowledged,
        total.kept,
        total.refused,
        total.dropped,
        total.again,
        total.forks,
        total.forgotten
    );
}
