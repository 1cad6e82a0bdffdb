//! A campaign: the same probe and collector through a number of rounds.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use crate::bench::{Bench, Calendar};
use crate::plan::{Fault, Round, rounds};
use crate::proxy::Line;

/// Three days, in seconds.
const THREE_DAYS_S: i64 = 3 * 86_400;

/// The moments of a month without network, in seconds before its end: just short of the age at which a probe gives records up.
const MONTH_S: [i64; 3] = [2_591_000, 1_300_000, 0];

/// What came of it all.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    pub(crate) faults: HashMap<Fault, u64>,
    /// Writes in a disk's cache when its power was cut: kept, lost, torn.
    pub(crate) writes: [u64; 3],
    pub(crate) acknowledged: u64,
    pub(crate) kept: u64,
    pub(crate) refused: u64,
    pub(crate) dropped: u64,
    pub(crate) again: u64,
    pub(crate) forks: u64,
    /// Places of records that died in the memory of a probe whose disk refused; none of them was acknowledged.
    pub(crate) forgotten: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        self.count_writes(other.writes);
        self.acknowledged += other.acknowledged;
        self.kept += other.kept;
        self.refused += other.refused;
        self.dropped += other.dropped;
        self.again += other.again;
        self.forks += other.forks;
        self.forgotten += other.forgotten;
    }

    fn count_writes(&mut self, writes: [u64; 3]) {
        for (sum, count) in self.writes.iter_mut().zip(writes) {
            *sum += count;
        }
    }
}

/// Runs `count` rounds of `seed`, and checks everything after each.
pub(crate) fn run(seed: u64, count: u64, ground: &Path, territory: &Path) -> Tally {
    let mut bench = Bench::new(ground, territory, &seed.to_string());
    let mut tally = Tally::default();
    // Records that were in the memory of a probe whose disk refused are lost with it, some perhaps after they were sent
    // (docs/adr/0006-probe-spool.md): only then may two records claim one place, or nobody know of one.
    let mut disk_refused = false;
    for (number, round) in (1..).zip(rounds(seed, count)) {
        std::thread::sleep(Duration::from_millis(round.before_ms));
        let mut writes = [0; 3];
        for fault in &round.faults {
            *tally.faults.entry(*fault).or_default() += 1;
            begin(&mut bench, *fault, &round, &mut writes);
        }
        std::thread::sleep(Duration::from_millis(round.lasts_ms));
        for fault in &round.faults {
            end(&mut bench, *fault, &round, &mut writes);
        }
        bench.heal();
        bench.wait_for_a_receipt();
        tally.count_writes(writes);
        let data = bench.data();
        let found = bench.proxy.books(|books| books.check(&data));
        let found = found.unwrap_or_else(|wrong| {
            panic!("seed {seed} round {number}: {round:?}: {wrong}\n{}", bench.logs())
        });
        let refuses = |fault: &Fault| matches!(fault, Fault::ProbeDiskFull | Fault::ProbeCardRefuses);
        disk_refused |= round.faults.iter().any(refuses);
        let words: Vec<_> = round.faults.iter().map(|fault| fault.words()).collect();
        eprintln!(
            "seed {seed} round {number}: {} | {} acknowledged, all there once and unchanged; {} kept, {} missing places, {} forks, \
             cut writes {writes:?}",
            words.join(" + "),
            found.acknowledged,
            found.kept,
            found.missing,
            found.forks
        );
        tally.rounds += 1;
    }
    tally.dropped = bench.drain();
    let data = bench.data();
    let found = bench.proxy.books(|books| books.check(&data)).unwrap();
    tally.forgotten = found.missing.saturating_sub(found.refused + tally.dropped);
    assert!(
        disk_refused || (tally.forgotten == 0 && found.forks == 0),
        "{found:?}, {} dropped",
        tally.dropped
    );
    bench.seal();
    tally.acknowledged = found.acknowledged;
    tally.kept = found.kept;
    tally.refused = found.refused;
    tally.forks = found.forks;
    tally.again = bench.proxy.books(|books| books.again);
    eprintln!(
        "seed {seed}: {count} rounds; at the end {found:?}, {} dropped, {} forgotten; every seal holds",
        tally.dropped, tally.forgotten
    );
    tally
}

fn begin(bench: &mut Bench, fault: Fault, round: &Round, writes: &mut [u64; 3]) {
    match fault {
        Fault::ProbeKilled => bench.kill_probe(),
        Fault::CollectorKilled => bench.kill_collector(),
        Fault::ProbePower => add(writes, bench.cut_probe(round.seed)),
        Fault::CollectorPower => add(writes, bench.cut_collector(round.seed)),
        Fault::Network => bench.proxy.set(Line::Down),
        Fault::RequestCut => bench.proxy.set(Line::Cuts),
        Fault::AnswerLost => bench.proxy.set(Line::LosesAnswers),
        Fault::Repeated => bench.proxy.set(Line::Repeats),
        Fault::Swapped => bench.proxy.set(Line::Swaps),
        Fault::ProbeDiskFull => bench.probe_disk.fill(),
        Fault::CollectorDiskFull => bench.collector_disk.fill(),
        Fault::ProbeCardRefuses => bench.probe_disk.refuse(),
        Fault::CollectorDiskRefuses => bench.collector_disk.refuse(),
        Fault::Clock1970 => restart_probe(bench, Calendar::In1970),
        Fault::ClockAhead => restart_probe(bench, Calendar::Off(THREE_DAYS_S)),
        Fault::ClockBehind => restart_probe(bench, Calendar::Off(-THREE_DAYS_S)),
        Fault::MonthOffline => {
            bench.proxy.set(Line::Down);
            for before in MONTH_S {
                restart_probe(bench, Calendar::Off(-before));
                std::thread::sleep(Duration::from_millis(round.lasts_ms));
            }
        }
    }
}

fn end(bench: &mut Bench, fault: Fault, round: &Round, writes: &mut [u64; 3]) {
    match fault {
        Fault::ProbeDiskFull => bench.probe_disk.empty(),
        Fault::CollectorDiskFull => {
            bench.collector_disk.empty();
            // It was asked to come back in five minutes, and would: only a start of its own makes it forget that.
            bench.kill_probe();
        }
        // Whoever finds such a card switches the device off and on.
        Fault::ProbeCardRefuses => add(writes, bench.cut_probe(round.seed)),
        Fault::CollectorDiskRefuses => add(writes, bench.cut_collector(round.seed)),
        Fault::Clock1970 | Fault::ClockAhead | Fault::ClockBehind => bench.kill_probe(),
        _ => {}
    }
}

fn restart_probe(bench: &mut Bench, calendar: Calendar) {
    bench.kill_probe();
    bench.next_boot();
    bench.start_probe(calendar);
}

fn add(sums: &mut [u64; 3], counts: [u64; 3]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}
