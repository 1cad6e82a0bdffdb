//! The data budget on disk: stored before anything is sent.

use std::io;
use std::path::Path;
use std::time::Duration;

use desserte_measure::{
    BudgetRules, Ledger, Purpose, Refused, Reservation, RulesTooLarge, Settled, affordable_runs_per_week,
};
use desserte_model::{Direction, IpFamily};
use desserte_net::FamilyChoice;
use desserte_units::{ByteCount, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigFault, Method, Target};
use crate::slots::{Held, Slots};

const FILE: &str = "budget";

/// The longest month.
const MONTH: Duration = Duration::from_secs(31 * 86_400);

/// Octets beside the records that one upload may cost: TCP and TLS handshakes with a chain of certificates, headers,
/// the receipt, and closing.
const UPLOAD_OVERHEAD: ByteCount = ByteCount::from_bytes(12_000);

/// Octets of one compressed record, estimated upwards from batches seen (minutes compress to about 350).
const RECORD_COMPRESSED: u64 = 600;

/// Octets that the link layer adds to a packet, as many interface counters do.
const LINK_HEADER: u64 = 18;

/// Echoes are charged for this long at once, so that a card is written once an hour rather than every minute.
const LATENCY_CHARGED_FOR: Duration = Duration::from_secs(3600);

/// What is kept on disk.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    ledger: Ledger,
    /// What complete runs cost of late, download then upload.
    #[serde(default)]
    last_run: [Option<ByteCount>; 2],
    /// The week that is planned, and its runs.
    #[serde(default)]
    planned: Option<(i64, u16)>,
}

/// The data budget of the probe.
#[derive(Debug)]
pub(crate) struct Book {
    file: Slots,
    rules: BudgetRules,
    kept: Kept,
    /// Octets of echoes charged and not yet sent.
    echo_allowance: Option<(Reservation, u64)>,
    /// Octets of echoes sent under it.
    echo_sent: u64,
}

/// Why nothing may be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Denied {
    #[error(transparent)]
    Budget(#[from] Refused),
    /// Sending without having noted it could exceed the month's limit after a crash.
    #[error("the data budget cannot be stored")]
    Unstorable(#[source] io::Error),
}

impl Book {
    /// Opens the budget. What was under way when the agent ended counts as sent.
    ///
    /// A damaged file is refused rather than forgotten: forgetting would give the month's data a second time. For the same
    /// reason an emptied one counts as a month whose share for throughput is spent: the watch and the reports go on with
    /// what is kept for them, and the next month begins afresh.
    pub(crate) fn open(state_dir: &Path, rules: BudgetRules) -> io::Result<Self> {
        let (file, held) = Slots::open(&state_dir.join(FILE))?;
        let mut kept: Kept = match held {
            Held::State(state) => serde_json::from_slice(&state)?,
            Held::Nothing => Kept::default(),
            Held::Emptied => spent(&rules),
            Held::Damaged => return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is damaged")),
        };
        kept.ledger.recover();
        let mut book = Self { file, rules, kept, echo_allowance: None, echo_sent: 0 };
        // From here on a file without a state was emptied by someone.
        book.store()?;
        Ok(book)
    }

    /// Charges before sending, on disk too.
    pub(crate) fn charge(
        &mut self,
        calendar: Option<Timestamp>,
        purpose: Purpose,
        bound: ByteCount,
    ) -> Result<Reservation, Denied> {
        self.kept.ledger.turn(calendar);
        let reservation = self.kept.ledger.charge(&self.rules, purpose, bound)?;
        match self.store() {
            Ok(()) => Ok(reservation),
            Err(error) => {
                self.kept.ledger.settle(reservation, ByteCount::ZERO);
                Err(Denied::Unstorable(error))
            }
        }
    }

    /// Settles; what was sent beyond the bound is booked too. If that cannot be stored, the disk goes on holding the larger charge, which is safe.
    pub(crate) fn settle(&mut self, reservation: Reservation, actual: ByteCount) -> Settled {
        let settled = self.kept.ledger.settle(reservation, actual);
        if settled.overrun > ByteCount::ZERO {
            tracing::warn!(overrun_bytes = settled.overrun.as_bytes(), "more was sent than was reserved");
        }
        if let Err(error) = self.store() {
            tracing::warn!(%error, "the data budget cannot be stored");
        }
        settled
    }

    /// Takes the octets of some echoes out of an allowance that is charged for an hour at a time.
    pub(crate) fn charge_echoes(
        &mut self,
        calendar: Option<Timestamp>,
        bytes: u64,
        hour: u64,
    ) -> Result<(), Denied> {
        let fits =
            self.echo_allowance.as_ref().is_some_and(|(_, allowance)| self.echo_sent + bytes <= *allowance);
        if !fits {
            self.settle_echoes();
            let bound = ByteCount::from_bytes(hour.max(bytes));
            let charged = self.charge(calendar, Purpose::Latency, bound);
            // At the end of the budget an hour no longer fits, but these echoes may.
            let reservation = match charged {
                Err(Denied::Budget(_)) if hour > bytes => {
                    self.charge(calendar, Purpose::Latency, ByteCount::from_bytes(bytes))
                }
                other => other,
            }?;
            let allowance = reservation.bound().as_bytes();
            self.echo_allowance = Some((reservation, allowance));
        }
        self.echo_sent += bytes;
        Ok(())
    }

    /// Gives back what is left of the echoes' allowance.
    pub(crate) fn settle_echoes(&mut self) {
        if let Some((reservation, _)) = self.echo_allowance.take() {
            self.settle(reservation, ByteCount::from_bytes(self.echo_sent));
        }
        self.echo_sent = 0;
    }

    /// Notes what a complete run cost, to plan the next: runs that stop when they know enough cost now more, now less.
    pub(crate) fn note_run(&mut self, direction: Direction, cost: ByteCount) {
        let learnt = &mut self.kept.last_run[place(direction)];
        *learnt = Some(desserte_measure::learn_cost(*learnt, cost));
    }

    /// Runs (pairs) in the week of this moment: decided once a week, so that a week keeps its moments.
    pub(crate) fn runs_a_week(&mut self, config: &Config, local: Timestamp) -> u16 {
        let week = desserte_measure::week_of(local);
        if let Some((_, runs)) = self.kept.planned.filter(|(planned, _)| *planned == week) {
            return runs;
        }
        let cost = self
            .expected_run(config, Direction::Download)
            .saturating_add(self.expected_run(config, Direction::Upload));
        let runs = affordable_runs_per_week(self.rules.throughput_share(), cost);
        self.kept.planned = Some((week, runs));
        runs
    }

    /// The most that one run may put on the line.
    pub(crate) fn run_ceiling(&self, config: &Config) -> ByteCount {
        run_ceiling(&self.rules, config)
    }

    /// What a run in this direction is expected to cost: as the last one, else as the subscription says, else its
    /// ceiling.
    pub(crate) fn expected_run(&self, config: &Config, direction: Direction) -> ByteCount {
        let subscribed = config.access.as_ref().and_then(|line| match direction {
            Direction::Download => line.subscribed_download_bits_per_second,
            Direction::Upload => line.subscribed_upload_bits_per_second,
        });
        let subscribed = subscribed.map(|rate| rate.bytes_in(config.run.duration));
        let ceiling = self.run_ceiling(config);
        self.kept.last_run[place(direction)].or(subscribed).unwrap_or(ceiling).min(ceiling)
    }

    /// Turns the page of the month, if a new one has begun.
    pub(crate) fn turn(&mut self, calendar: Option<Timestamp>) {
        if self.kept.ledger.turn(calendar) {
            tracing::info!(month = ?self.month(), "a new month of the data budget begins");
        }
    }

    pub(crate) fn left(&self, purpose: Purpose) -> ByteCount {
        self.kept.ledger.left(&self.rules, purpose)
    }

    pub(crate) fn used(&self) -> ByteCount {
        self.kept.ledger.used()
    }

    pub(crate) fn rules(&self) -> &BudgetRules {
        &self.rules
    }

    /// The month counted, as `2026-11`.
    pub(crate) fn month(&self) -> Option<String> {
        self.kept.ledger.month().map(|month| month.to_string())
    }

    fn store(&mut self) -> io::Result<()> {
        self.file.store(&serde_json::to_vec(&self.kept)?)
    }
}

/// What is assumed when nobody knows what was spent.
fn spent(rules: &BudgetRules) -> Kept {
    let mut kept = Kept::default();
    let share = rules.throughput_share();
    if let Ok(reservation) = kept.ledger.charge(rules, Purpose::Throughput, share) {
        kept.ledger.settle(reservation, share);
    }
    tracing::warn!(
        bytes = share.as_bytes(),
        "the data budget's file was emptied: this month's share for throughput counts as spent"
    );
    kept
}

const fn place(direction: Direction) -> usize {
    match direction {
        Direction::Download => 0,
        Direction::Upload => 1,
    }
}

/// The rules that a configuration sets: what a month of echoes and of uploads needs is reserved for them.
pub(crate) fn rules(config: &Config) -> Result<BudgetRules, ConfigFault> {
    let windows = windows_in(config, MONTH);
    let latency = month_of_echoes(config);
    let uploads = MONTH.as_secs() / config.upload_every.as_secs().max(1) + 1;
    let control = uploads
        .saturating_mul(UPLOAD_OVERHEAD.as_bytes())
        .saturating_add(windows.saturating_mul(RECORD_COMPRESSED));
    let rules = BudgetRules {
        limit: config.budget,
        latency_reserve: ByteCount::from_bytes(latency),
        control_reserve: ByteCount::from_bytes(control),
    };
    let megabytes = |bytes: ByteCount| bytes.as_bytes().div_ceil(1_000_000);
    rules.check().map(|()| rules).map_err(|RulesTooLarge { reserves, limit }| ConfigFault::BudgetTooSmall {
        given_mb: limit.as_bytes() / 1_000_000,
        echoes_mb: megabytes(rules.latency_reserve),
        reports_mb: megabytes(rules.control_reserve),
        least_mb: megabytes(reserves),
    })
}

/// The most that one run may put on the line: as configured, but so that a small budget makes runs shorter rather than
/// impossible.
pub(crate) fn run_ceiling(rules: &BudgetRules, config: &Config) -> ByteCount {
    desserte_measure::run_ceiling(rules.throughput_share(), config.run.max_bytes)
}

/// Most octets that the echoes of an hour cost.
pub(crate) fn hour_of_echoes(config: &Config) -> u64 {
    echoes_in(config, LATENCY_CHARGED_FOR)
}

/// What a month of the even pace costs, in octets; suspicions come on top.
pub(crate) fn month_of_echoes(config: &Config) -> u64 {
    echoes_in(config, MONTH)
}

/// Octets that one echo to a target costs, both ways, estimated upwards.
pub(crate) fn echo_cost(target: &Target, family: Option<IpFamily>) -> u64 {
    /// Segments of a connection that is opened and closed at once, both ways.
    const CONNECT_SEGMENTS: u64 = 8;
    /// Without options IPv4 has 20 octets, TCP at most 60.
    const TCP_HEADER: u64 = 60;
    const ICMP_HEADER: u64 = 8;
    let ip = match (family, target.family) {
        (Some(IpFamily::Ipv4), _) | (None, FamilyChoice::Only(IpFamily::Ipv4)) => 20,
        _ => 40,
    };
    match target.method {
        // An echo has no payload: its header alone carries what an answer is known by.
        Method::Icmp => 2 * (ip + ICMP_HEADER + LINK_HEADER),
        Method::Tcp(_) => CONNECT_SEGMENTS * (ip + TCP_HEADER + LINK_HEADER),
    }
}

fn windows_in(config: &Config, time: Duration) -> u64 {
    u64::try_from(time.as_millis() / config.window.as_millis().max(1)).unwrap_or(u64::MAX).saturating_add(1)
}

/// Targets are asked in turn, so that an echo costs as much as their mean.
fn echoes_in(config: &Config, time: Duration) -> u64 {
    let family = |target: &Target| target.host.parse::<std::net::IpAddr>().ok().map(family_of);
    let round: u64 = config.targets.iter().map(|target| echo_cost(target, family(target))).sum();
    let targets = u64::try_from(config.targets.len()).unwrap_or(u64::MAX).max(1);
    let echoes = u64::try_from(time.as_millis() / config.period().as_millis().max(1)).unwrap_or(u64::MAX);
    echoes.saturating_add(targets).saturating_mul(round) / targets
}

/// The version of IP of an address.
pub(crate) fn family_of(address: std::net::IpAddr) -> IpFamily {
    if address.is_ipv4() { IpFamily::Ipv4 } else { IpFamily::Ipv6 }
}

#[cfg(test)]
mod tests {
    use desserte_measure::Watchfulness;

    use super::*;
    use crate::config::filled_template;

    const NOW: Option<Timestamp> = Some(Timestamp::from_unix_secs(1_796_000_000));

    fn book(folder: &Path) -> Book {
        let rules = BudgetRules {
            limit: ByteCount::from_bytes(1000),
            latency_reserve: ByteCount::from_bytes(100),
            control_reserve: ByteCount::from_bytes(100),
        };
        Book::open(folder, rules).unwrap()
    }

    #[test]
    fn the_watch_is_as_close_as_a_tenth_of_the_budget_allows() {
        for (budget, watch, charged_mb) in [
            (20_000, Watchfulness::Fine, 130),
            (500, Watchfulness::Frugal, 50),
            (300, Watchfulness::Sparse, 25),
        ] {
            let text = filled_template().replace("megabytes = 20000", &format!("megabytes = {budget}"));
            let config = Config::parse(&text).unwrap();
            assert_eq!(config.watch, watch, "{budget} MB");
            let reserve = rules(&config).unwrap().latency_reserve.as_bytes();
            assert_eq!(reserve.div_ceil(1_000_000), charged_mb, "{budget} MB");
        }
        // Without the octets of the link layer, which a data plan does not count.
        let frugal =
            Config::parse(&filled_template().replace("megabytes = 20000", "megabytes = 500")).unwrap();
        let echoes = month_of_echoes(&frugal) / echo_cost(&frugal.targets[0], Some(IpFamily::Ipv4));
        assert!(echoes * 2 * 28 <= 30_000_000, "{echoes} echoes of 28 octets each way");
    }

    #[test]
    fn a_small_budget_makes_runs_shorter_rather_than_impossible() {
        let text = filled_template().replace("megabytes = 20000", "megabytes = 200");
        let config = Config::parse(&text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(folder.path(), rules(&config).unwrap()).unwrap();
        let run = book.expected_run(&config, Direction::Download);
        assert_eq!(run, book.run_ceiling(&config));
        let pair = run.saturating_add(run);
        assert_eq!(desserte_measure::affordable_runs_per_week(book.rules().throughput_share(), pair), 1);
    }

    #[test]
    fn what_is_charged_is_on_the_disk_before_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = book(folder.path());
        let lost = first.charge(NOW, Purpose::Throughput, ByteCount::from_bytes(300)).unwrap();
        drop((first, lost));
        assert_eq!(book(folder.path()).used().as_bytes(), 300, "a crash keeps the whole bound");
    }

    #[test]
    fn what_the_collector_sent_beyond_the_bound_is_charged_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = book(folder.path());
        for (actual, used) in [(30, 30), (70, 100), (5000, 5100)] {
            let upload = book.charge(NOW, Purpose::Control, ByteCount::from_bytes(50)).unwrap();
            book.settle(upload, ByteCount::from_bytes(actual));
            assert_eq!(book.used().as_bytes(), used);
        }
    }

    #[test]
    fn echoes_write_once_an_hour_and_give_back_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = book(folder.path());
        for _ in 0..3 {
            book.charge_echoes(NOW, 10, 60).unwrap();
        }
        assert_eq!(book.used().as_bytes(), 60);
        book.settle_echoes();
        assert_eq!(book.used().as_bytes(), 30);
    }

    #[test]
    fn the_last_echoes_of_the_month_are_not_lost_to_the_hour() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = book(folder.path());
        let run = book.charge(NOW, Purpose::Throughput, ByteCount::from_bytes(800)).unwrap();
        book.settle(run, ByteCount::from_bytes(800));
        book.charge_echoes(NOW, 10, 500).unwrap();
        assert_eq!(book.used().as_bytes(), 810);
    }

    #[test]
    fn an_emptied_budget_leaves_the_watch_and_the_reports_and_no_runs_until_the_next_month() {
        let folder = tempfile::tempdir().unwrap();
        drop(book(folder.path()));
        std::fs::write(folder.path().join(FILE), b"").unwrap();
        let mut emptied = book(folder.path());
        assert_eq!(emptied.left(Purpose::Throughput), ByteCount::ZERO);
        emptied.charge_echoes(NOW, 10, 60).unwrap();
        emptied.settle_echoes();
        emptied.turn(NOW.map(|now| now.saturating_add_micros(20 * 86_400_000_000)));
        drop(emptied);
        let mut next = book(folder.path());
        next.turn(NOW.map(|now| now.saturating_add_micros(30 * 86_400_000_000)));
        assert_eq!(next.left(Purpose::Throughput), ByteCount::from_bytes(800));
    }

    #[test]
    fn a_damaged_budget_is_refused_rather_than_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"{\"ledger\":").unwrap();
        let rules = *book(tempfile::tempdir().unwrap().path()).rules();
        assert!(Book::open(folder.path(), rules).is_err());
    }
}
