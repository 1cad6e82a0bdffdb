//! The watch over the line: sends what the machine of `desserte-measure` asks for, and records what it finds.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use desserte_measure::{Action, Ask, Fate, Found, Watch, WatchSettings, Witness};
use desserte_model::{ClockStamp, IpFamily, LinkState, Observation};
use desserte_units::Monotonic;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use crate::agent::Agent;
use crate::book::{echo_cost, family_of, hour_of_echoes};
use crate::config::Method;
use crate::echo::{Destination, Echo};
use crate::line::Use;
use crate::medium::WayOut;
use crate::minutes::{DURING_RUN, Windows};
use crate::{resolver, sign};

/// The state of the interface is read this often at the most: it is a few files below `/proc` and `/sys`.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// An upload that takes longer is stuck: it sends next to nothing, and what is measured beside it counts.
const UPLOAD_DISTURBS_MAX: Duration = Duration::from_secs(5);

/// What became of one echo.
struct Done {
    ask: Ask,
    family: Option<IpFamily>,
    gateway: Option<IpAddr>,
    echo: Echo,
    no_way: bool,
}

type Echoes<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = Done> + 'a>>>;

/// The watch with everything it needs.
struct Driver<'a> {
    agent: &'a Agent,
    watch: Watch,
    windows: Windows,
    echoes: Echoes<'a>,
    patience: Duration,
    way: Option<WayOut>,
    link: LinkState,
    looked: Option<Instant>,
    uploading: Option<Instant>,
    signs: sign::Signs,
}

/// Watches until the agent stops.
pub(crate) async fn keep_watching(agent: &Agent) {
    let settings = settings(agent);
    let targets = agent.config.targets.iter().map(|target| target.id.clone()).collect();
    let now = agent.clock.borrow().monotonic();
    let signs = sign::Signs::open(agent);
    let mut driver = Driver {
        agent,
        watch: Watch::new(settings, targets, agent.resolver.is_some(), now),
        windows: Windows::new(agent, settings.patience),
        echoes: FuturesUnordered::new(),
        patience: settings.patience,
        way: None,
        link: LinkState::Unknown,
        looked: None,
        uploading: None,
        signs,
    };
    driver.run().await;
}

/// The settings that the configuration asks for, with a pace that gives each window the echoes it needs.
fn settings(agent: &Agent) -> WatchSettings {
    let config = &agent.config;
    let settings = WatchSettings::of(config.watch);
    let least = config.period();
    let off_site = agent.resolver.as_ref().is_some_and(|resolver| !resolver.is_on_site());
    WatchSettings {
        period: least,
        // On the site a question costs the line nothing; elsewhere it costs three times an echo.
        dns_period: if off_site { resolver::OFF_SITE_EVERY.max(least) } else { settings.period },
        patience: settings.patience.min(config.window / 3),
        ..settings
    }
}

impl<'a> Driver<'a> {
    async fn run(&mut self) {
        let mut uses = self.agent.line.uses();
        loop {
            let now = self.now();
            self.look();
            self.follow_line(*uses.borrow_and_update(), now);
            self.watch.link(self.link, now);
            self.watch.wake(now);
            let wake = self.act();
            self.windows.turn(self.agent, self.now());
            self.signs.turn(self.agent);
            let mut wake = wake.min(self.windows.due()).min(self.signs.due());
            if self.link == LinkState::Down {
                wake = wake.min(now.after(LOOK_EVERY));
            }
            let pause = wake.since(self.now());
            tokio::select! {
                Some(done) = self.echoes.next(), if !self.echoes.is_empty() => self.take(done),
                () = tokio::time::sleep(pause) => {}
                // The sender lives as long as the agent.
                _ = uses.changed() => {}
                () = self.agent.stopped() => break,
            }
        }
        let now = self.now();
        self.echoes.clear();
        self.watch.finish(now);
        self.act();
        self.windows.finish(self.agent, now);
        self.signs.stop(self.agent);
    }

    fn now(&self) -> Monotonic {
        self.agent.clock.borrow().monotonic()
    }

    /// Does what the machine wants; returns when it wants to be woken.
    fn act(&mut self) -> Monotonic {
        loop {
            match self.watch.next_action() {
                Action::Wait(wake) => return wake,
                Action::Found(found) => self.keep(found),
                Action::Ask(ask) => self.ask(ask),
            }
        }
    }

    fn keep(&self, found: Found) {
        let seen = &found.interruption;
        tracing::info!(
            cause = seen.cause.code(),
            target = seen.target.as_ref().map(tracing::field::display),
            duration_us = seen.duration_us(),
            uncertainty_us = seen.uncertainty_us(),
            "interruption"
        );
        let stamp = earlier(self.agent.clock.borrow().now(), found.since);
        self.agent.record(stamp, Observation::Interruption(found.interruption));
    }

    fn ask(&mut self, ask: Ask) {
        let (agent, patience) = (self.agent, self.patience);
        let done = move |family, gateway, echo| Done { ask, family, gateway, echo, no_way: false };
        let no_way = self.link == LinkState::Down || self.way.is_none();
        match ask.witness {
            Witness::Target(place) => {
                if ask.regular {
                    self.windows.ask(ask.number, place);
                }
                self.echoes.push(Box::pin(async move {
                    let (family, echo) = ask_target(agent, place, patience).await;
                    let no_way = no_way && !matches!(echo, Echo::Answered(_));
                    Done { no_way, ..done(family, None, echo) }
                }));
            }
            Witness::Gateway => {
                let to = self.way.as_ref().and_then(|way| destination(agent, way));
                let Some(to) = to else { return self.answer(ask, Fate::NotSent) };
                self.echoes.push(Box::pin(async move {
                    // The gateway is on the site: asking it costs the line nothing.
                    let echo = agent.echoer.send(Method::Icmp, to, patience).await;
                    done(None, Some(to.address), echo)
                }));
            }
            Witness::Dns => {
                let Some(resolver) = &agent.resolver else { return self.answer(ask, Fate::NotSent) };
                self.echoes.push(Box::pin(async move {
                    let echo = match resolver.charge(agent) {
                        Ok(()) => resolver.ask(patience).await,
                        Err(reason) => Echo::NotSent(reason),
                    };
                    done(None, None, echo)
                }));
            }
        }
    }

    fn take(&mut self, done: Done) {
        let Done { ask, family, gateway, echo, no_way } = done;
        if let Some(gateway) = gateway {
            self.windows.take_gateway(self.agent, gateway, matches!(echo, Echo::Answered(_)));
        }
        let fate = match &echo {
            _ if no_way => Fate::NoWay,
            Echo::Answered(trip) => Fate::Answered(trip.time),
            Echo::Lost => Fate::Lost,
            Echo::NotSent(_) => Fate::NotSent,
        };
        if ask.regular && matches!(ask.witness, Witness::Target(_)) {
            let loaded = self.uploading.is_some_and(|since| since.elapsed() < UPLOAD_DISTURBS_MAX);
            let echo = if loaded { Echo::NotSent("upload".to_owned()) } else { echo };
            self.windows.take(ask.number, family, echo);
        }
        self.answer(ask, fate);
    }

    fn answer(&mut self, ask: Ask, fate: Fate) {
        let now = self.now();
        self.watch.answer(ask.number, fate, now);
    }

    fn look(&mut self) {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        self.way = self.agent.way_out();
        let interface =
            self.way.as_ref().map(|way| way.interface.clone()).or_else(|| self.agent.last_interface());
        self.link = interface.map_or(LinkState::Unknown, |interface| self.agent.system.link(&interface));
        self.windows.look_at_link(self.link);
    }

    /// Keeps away from the probe's own runs, and notes its uploads.
    fn follow_line(&mut self, now_used: Use, now: Monotonic) {
        self.uploading = match now_used {
            Use::Upload => self.uploading.or_else(|| Some(Instant::now())),
            Use::Idle | Use::Run => None,
        };
        if now_used == Use::Run && !self.watch.is_paused() {
            self.watch.pause(now);
            if self.watch.is_paused() {
                self.echoes.clear();
                self.windows.interrupt(DURING_RUN);
            }
        } else if now_used != Use::Run && self.watch.is_paused() {
            self.watch.resume(now);
        }
    }
}

/// One echo to a target, charged first.
async fn ask_target(agent: &Agent, place: usize, patience: Duration) -> (Option<IpFamily>, Echo) {
    let target = &agent.config.targets[place];
    let Some(address) = agent.echoer.address(target).await else {
        return (None, Echo::NotSent("no address".to_owned()));
    };
    let family = Some(family_of(address));
    let cost = echo_cost(target, family);
    let utc = agent.clock.borrow().utc();
    let charged = agent.book.borrow_mut().charge_echoes(utc, cost, hour_of_echoes(&agent.config));
    if let Err(denied) = charged {
        return (family, Echo::NotSent(denied.to_string()));
    }
    (family, agent.echoer.send(target.method, Destination { address, scope: 0 }, patience).await)
}

fn destination(agent: &Agent, way: &WayOut) -> Option<Destination> {
    let address = way.gateway?;
    let scope = match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => agent.system.interface_number(&way.interface)?,
        _ => 0,
    };
    Some(Destination { address, scope })
}

/// The stamp of an earlier moment of this boot.
fn earlier(now: ClockStamp, moment: Monotonic) -> ClockStamp {
    let ago = i64::try_from(now.monotonic_us.since(moment).as_micros()).unwrap_or(i64::MAX);
    ClockStamp { monotonic_us: moment, utc_us: now.utc_us.map(|utc| utc.saturating_add_micros(-ago)), ..now }
}
