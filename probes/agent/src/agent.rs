//! The agent: what its tasks share, and how they start and end together.

use std::cell::{Cell, RefCell};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desserte_measure::{MinuteState, Purpose};
use desserte_model::{ClockStamp, Health, Medium, Mobile, Observation, Position};
use desserte_net::TlsTrust;
use desserte_signing::ProbeKey;
use tokio::sync::watch;

use crate::aboard::{Aboard, Surroundings, Transfer};
use crate::board::{Board, BudgetSeen, Measured, Nameplate};
use crate::book::{self, Book};
use crate::clock::{Clock, Linux, Pretence};
use crate::collector::Collector;
use crate::config::Config;
use crate::echo::Echoer;
use crate::line::Line;
use crate::medium::{System, WayOut};
use crate::memory::Memory;
use crate::recorder::{Envelope, software};
use crate::resolver::{self, Resolver};
use crate::spool::{Spool, Stored};
use crate::tls::{self, CertificateClock};
use crate::{identity, reach, runs, uploads, watch as line_watch};

/// A sign of life goes into the records this often.
const HEALTH_EVERY: Duration = Duration::from_secs(3600);

/// What a last upload may delay the end by.
const LAST_UPLOAD_MAX: Duration = Duration::from_secs(5);

/// Name of the lock in the state folder.
const LOCK_FILE: &str = "lock";

/// Why the agent cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("the state folder {} cannot be used{}", path.display(), crate::rights::hint(path, source))]
    StateFolder {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("another desserte-probe is already running with the state folder {}", path.display())]
    AlreadyRunning { path: PathBuf },
    #[error("the data budget in {} is unreadable; move the file away to start the month afresh", path.display())]
    Budget {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Config(#[from] crate::config::ConfigFault),
    #[error("the clock cannot be read")]
    Clock(#[source] io::Error),
    #[error(transparent)]
    Key(#[from] identity::KeyError),
    #[error(transparent)]
    Spool(#[from] crate::spool::SpoolError),
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error(transparent)]
    Collector(#[from] crate::collector::Trouble),
}

/// What the tasks share. They run in one thread and hold no borrow across a wait.
pub(crate) struct Agent {
    pub(crate) config: Config,
    pub(crate) key: ProbeKey,
    pub(crate) clock: RefCell<Clock>,
    pub(crate) spool: RefCell<Spool>,
    pub(crate) book: RefCell<Book>,
    pub(crate) memory: RefCell<Memory>,
    pub(crate) board: RefCell<Board>,
    pub(crate) line: Line,
    pub(crate) aboard: Aboard,
    pub(crate) echoer: Echoer,
    pub(crate) system: System,
    /// Asked by the watch; absent when there is no resolver or no name to ask for.
    pub(crate) resolver: Option<Resolver>,
    /// The system's resolver of names.
    pub(crate) resolver_address: Option<SocketAddr>,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) collector: Collector,
    pub(crate) certificates: Arc<CertificateClock>,
    pub(crate) trust: TlsTrust,
    pub(crate) acknowledged_log: Option<PathBuf>,
    /// Records that a batch may hold; less after the collector, or a proxy before it, found one too long.
    pub(crate) records_a_batch: Cell<usize>,
    pub(crate) last_state: Cell<Option<MinuteState>>,
    /// The gateway that has answered an echo; many never do.
    pub(crate) answering_gateway: Cell<Option<IpAddr>>,
    envelope: Envelope,
    interface: RefCell<Option<String>>,
    last_health: Cell<Option<desserte_units::Monotonic>>,
    stop: watch::Sender<bool>,
    _lock: File,
}

impl Agent {
    /// Opens everything the agent needs, in an order that leaves nothing half made.
    pub(crate) fn start(
        config: Config,
        acknowledged_log: Option<PathBuf>,
        pretence: Option<Pretence>,
    ) -> Result<Self, StartError> {
        let state_dir = config.state_dir.clone();
        let lock = lock(&state_dir)?;
        let rules = book::rules(&config)?;
        let key = identity::load_or_create(&state_dir)?;
        let machine = Linux::open(pretence).map_err(StartError::Clock)?;
        let clock = Clock::open(Box::new(machine), &state_dir);
        let unreadable = |source| StartError::Budget { path: state_dir.clone(), source };
        let book = Book::open(&state_dir, rules).map_err(unreadable)?;
        let (spool, damage) = Spool::open(&state_dir.join("spool"), config.spool)?;
        for part in &damage {
            let (file, octets) = (part.file.display(), part.octets.len());
            tracing::warn!(%file, offset = part.offset, octets, "damaged part of the spool set aside");
        }
        let certificates = Arc::new(CertificateClock::default());
        certificates.set(clock.for_certificates());
        let ca = tls::read_ca(config.ca_file.as_deref())?;
        let authority = config.ca_file.as_deref().zip(ca.as_deref());
        let tls = tls::client_config(authority, &certificates)?;
        let trust = TlsTrust::from_client_config(tls.clone());
        let shared_tls = Arc::new(tls.clone());
        let resolver_address = System::running().resolver().map(|ip| SocketAddr::new(ip, resolver::PORT));
        let collector = Collector::new(&config.collector, tls)?;
        let now = clock.now();
        let mut board = Board::new(nameplate(&config, &key), now);
        if let Ok(Some(earlier)) = Board::read(&state_dir) {
            board.inherit(earlier);
        }
        board.spool.damaged = u64::try_from(damage.len()).unwrap_or(u64::MAX);
        Ok(Self {
            envelope: Envelope::new(key.id(), &config.site),
            key,
            clock: RefCell::new(clock),
            spool: RefCell::new(spool),
            book: RefCell::new(book),
            memory: RefCell::new(Memory::open(&state_dir)),
            board: RefCell::new(board),
            line: Line::new(),
            aboard: Aboard::new(config.aboard),
            echoer: Echoer::default(),
            resolver: Resolver::of(resolver_address, config.resolve.as_deref()),
            resolver_address,
            tls: shared_tls,
            system: System::running(),
            collector,
            certificates,
            trust,
            acknowledged_log,
            records_a_batch: Cell::new(usize::MAX),
            last_state: Cell::new(None),
            answering_gateway: Cell::new(None),
            interface: RefCell::new(config.interface.clone()),
            last_health: Cell::new(None),
            stop: watch::Sender::new(false),
            _lock: lock,
            config,
        })
    }

    /// Works until a signal comes, then finishes what is under way.
    pub(crate) async fn run(&self) -> io::Result<()> {
        tracing::info!(probe = %self.key.id(), site = %self.config.site.name, "the probe starts");
        self.every_minute();
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let signal = {
            let work = async {
                tokio::join!(
                    line_watch::keep_watching(self),
                    self.until_stopped(runs::keep_schedule(self)),
                    self.until_stopped(uploads::keep_sending(self)),
                    self.until_stopped(reach::keep_trying(self)),
                    self.until_stopped(feed_watchdog()),
                );
            };
            let stop = async {
                let signal = desserte_boot::signals::shutdown().await;
                self.stop.send_replace(true);
                signal
            };
            let ((), signal) = tokio::join!(work, stop);
            signal?
        };
        tracing::info!(signal, "the probe stops");
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        self.end().await;
        Ok(())
    }

    /// Sends what waits, as far as that goes at once, and leaves everything as the next start should find it.
    pub(crate) async fn end(&self) {
        let _ = tokio::time::timeout(LAST_UPLOAD_MAX, uploads::send_last(self)).await;
        self.aboard.rest().await;
        self.book.borrow_mut().settle_echoes();
        self.store_clock();
        self.board.borrow_mut().next_run_in(None);
        self.publish();
    }

    async fn until_stopped(&self, work: impl Future<Output = ()>) {
        tokio::select! {
            () = work => {}
            () = self.stopped() => {}
        }
    }

    /// Waits for the wish to stop.
    pub(crate) async fn stopped(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Stores an observation made where the probe stands; a probe that cannot goes on measuring and says so.
    pub(crate) fn record(&self, stamp: ClockStamp, observation: Observation) {
        self.record_at(stamp, self.envelope.position(), observation);
    }

    /// Stores an observation made somewhere.
    pub(crate) fn record_at(&self, stamp: ClockStamp, position: Position, observation: Observation) {
        let stored = self.envelope.record(&mut self.spool.borrow_mut(), stamp, position, observation);
        let fault = match stored {
            Ok(Stored::Durable) => None,
            Ok(Stored::InMemory(error)) => Some(error.to_string()),
            Err(error) => {
                tracing::error!(%error, "an observation is lost");
                Some(error.to_string())
            }
        };
        let mut board = self.board.borrow_mut();
        if fault.is_some() && fault != board.spool.disk_fault {
            tracing::error!(fault, "records cannot be stored on disk; they wait in memory");
        }
        board.spool.disk_fault = fault;
    }

    /// What is due once a window: the month, old records, a sign of life, the shown status.
    pub(crate) fn every_minute(&self) {
        let now = self.clock.borrow().now();
        self.certificates.set(self.clock.borrow().for_certificates());
        self.book.borrow_mut().turn(now.utc_us);
        let due = self.last_health.get().is_none_or(|last| now.monotonic_us.since(last) >= HEALTH_EVERY);
        if due {
            self.last_health.set(Some(now.monotonic_us));
            self.spool.borrow_mut().expire(now.utc_us.map(desserte_units::Timestamp::as_unix_secs));
            self.record(now, Observation::Health(self.health(now)));
            self.store_clock();
        }
        self.publish();
    }

    /// Rewrites the shown status.
    pub(crate) fn publish(&self) {
        let now = self.clock.borrow().now();
        let stats = self.spool.borrow().stats();
        let mut board = self.board.borrow_mut();
        board.spool.records = stats.records;
        board.spool.bytes = stats.bytes;
        board.spool.memory_records = stats.memory_records;
        board.spool.dropped_records = stats.dropped_records;
        board.budget = self.budget_seen();
        if let Err(error) = board.write(&self.config.state_dir, now) {
            tracing::warn!(%error, "the status cannot be written");
        }
    }

    /// Keeps the clock's knowledge for the next start.
    pub(crate) fn store_clock(&self) {
        if let Err(error) = self.clock.borrow_mut().store() {
            tracing::warn!(%error, "the time cannot be stored");
        }
    }

    /// The way out of the site; its interface is remembered for when the route is gone.
    pub(crate) fn way_out(&self) -> Option<WayOut> {
        let way = self.system.way_out(self.config.interface.as_deref());
        if let Some(way) = &way {
            if self.interface.borrow().as_ref() != Some(&way.interface) {
                self.interface.replace(Some(way.interface.clone()));
            }
        }
        way
    }

    /// The interface that led out last.
    pub(crate) fn last_interface(&self) -> Option<String> {
        self.interface.borrow().clone()
    }

    /// How the probe is attached now.
    pub(crate) fn medium(&self) -> Medium {
        let interface = self.way_out().map(|way| way.interface).or_else(|| self.last_interface());
        interface.map_or(Medium::Unknown, |interface| self.system.medium(&interface))
    }

    /// Makes a run with those aboard listened to.
    pub(crate) async fn beside<T>(
        &self,
        run: impl Future<Output = (T, Option<Transfer>)>,
    ) -> (T, Option<Mobile>) {
        let (now, interface) = (|| self.clock.borrow().now(), || self.modem_interface());
        self.aboard.beside(&Surroundings { now: &now, interface: &interface }, run).await
    }

    /// Listens to those aboard for as long as it is polled.
    #[cfg(feature = "mobile")]
    pub(crate) async fn listen(&self) -> std::convert::Infallible {
        let (now, interface) = (|| self.clock.borrow().now(), || self.modem_interface());
        self.aboard.listen(&Surroundings { now: &now, interface: &interface }).await
    }

    fn modem_interface(&self) -> Option<String> {
        self.way_out().map(|way| way.interface).or_else(|| self.last_interface())
    }

    /// What makes the moments of this probe its own.
    pub(crate) fn seed(&self) -> u64 {
        let own = || u64::from_str_radix(&self.key.id().as_str()[..16], 16).unwrap_or(0);
        self.config.schedule.seed.unwrap_or_else(own)
    }

    fn health(&self, now: ClockStamp) -> Health {
        let stats = self.spool.borrow().stats();
        let budget = self.budget_seen();
        let uptime = now.monotonic_us.as_micros().saturating_sub(self.board.borrow().started.monotonic_us);
        Health {
            uptime_us: uptime,
            spool_records: stats.records,
            spool_bytes: stats.bytes,
            spool_dropped_records: stats.dropped_records,
            budget_used_bytes: budget.used_bytes,
            budget_limit_bytes: Some(budget.limit_bytes),
            budget_month: budget.month,
            cpu_us: crate::clock::processor_us(),
            device: self.config.device,
        }
    }

    fn budget_seen(&self) -> BudgetSeen {
        let book = self.book.borrow();
        BudgetSeen {
            month: book.month(),
            used_bytes: book.used().as_bytes(),
            limit_bytes: book.rules().limit.as_bytes(),
            throughput_left_bytes: book.left(Purpose::Throughput).as_bytes(),
        }
    }
}

fn nameplate(config: &Config, key: &ProbeKey) -> Nameplate {
    Nameplate {
        version: software().version,
        site: config.site.name.clone(),
        collector: config.collector.clone(),
        probe: key.id().to_string(),
        public_key: key.public().to_string(),
        measured: Measured {
            servers: config.servers.iter().map(|server| server.url.authority()).collect(),
            targets: config.targets.len(),
        },
    }
}

/// Tells systemd that the loop turns, at half the interval it asks for.
async fn feed_watchdog() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    loop {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        tokio::time::sleep(limit / 2).await;
    }
}

/// One agent a state folder: two would fork the chain of records.
fn lock(state_dir: &Path) -> Result<File, StartError> {
    let unusable = |source| StartError::StateFolder { path: state_dir.to_owned(), source };
    fs::create_dir_all(state_dir).map_err(unusable)?;
    let path = state_dir.join(LOCK_FILE);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StartError::AlreadyRunning { path: state_dir.to_owned() }),
        Err(error) => Err(unusable(error.into())),
    }
}

/// Whether an agent holds the lock of this state folder.
pub(crate) fn is_running(state_dir: &Path) -> bool {
    let Ok(file) = File::open(state_dir.join(LOCK_FILE)) else { return false };
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockShared).is_err()
}
