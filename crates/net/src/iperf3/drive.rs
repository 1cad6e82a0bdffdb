//! Runs a test of the client's to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use desserte_model::{End, StopReason};
use desserte_proto::iperf3::{Action, Client, Ending, Results, spec};
use desserte_units::{ByteCount, Monotonic};
use tokio::time::{Instant, sleep_until, timeout};

use super::RunConfig;
use super::client::Test;
use super::load::{Load, Role};
use super::open::open;
use super::session::{Control, READ_MAX};
use crate::charge::{OwnMeter, Tariff};
use crate::connect::ConnectPlan;
use crate::drive::Clock;
use crate::outbox::NoRandomness;
use crate::steer::STEERING_INTERVAL;
use crate::tcp::TcpInfo;
use crate::{OwnOctets, Steer};

/// Time between two looks at gaps, readings and the ceiling.
const TICK: Duration = Duration::from_millis(10);
/// Time between two readings of the kernel's counters, as in ndt7.
const COUNTERS_INTERVAL: Duration = Duration::from_millis(250);
/// Time that the other end's kernel gets to acknowledge the last of a test that octets end.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);
/// Time that its program then gets to read them, since the reference's server looks at the control connection first.
const DRAIN_SETTLING: Duration = Duration::from_millis(50);
/// Longest test without a length, from the moment at which the load flows.
const OCTETS_LIMIT: Duration = Duration::from_secs(60);
/// Octets of parameters and results that still cross the control connection when a ceiling ends the load.
const CONTROL_RESERVE: u64 = 16 * 1024;
/// Receive buffer of the control connection in a run with a ceiling: what an honest server says at once.
pub(super) const CONTROL_WINDOW: usize = 1 << 14;
/// A flow's headers: of Ethernet, IPv6 and UDP.
const DATAGRAM_HEADERS: u64 = 14 + 40 + 8;

/// A test under way.
pub(super) struct Drive<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) plan: ConnectPlan<'a>,
    pub(super) server: SocketAddr,
    pub(super) cookie: [u8; spec::COOKIE_LENGTH],
    pub(super) clock: Clock,
    pub(super) client: Client,
    pub(super) control: Control,
    pub(super) load: Option<Load>,
    /// Prices of the first connection, and of each other.
    pub(super) tariff: [Tariff; 2],
    pub(super) failed_before: u64,
    pub(super) receive_buffer: Option<usize>,
    /// What the kernel holds at the most of what comes in on the control connection of a run with a ceiling.
    pub(super) control_window: u64,
    pub(super) charged_before: u64,
    /// Readings that the steer has seen.
    pub(super) shown: usize,
    pub(super) next_counters: Instant,
    pub(super) next_question: Instant,
    /// The control connection's, then those of the data connections.
    pub(super) own_meters: Vec<OwnMeter>,
    pub(super) running_since: Option<Instant>,
}

impl Drive<'_> {
    pub(super) async fn finish(
        &mut self,
        test: &mut Test,
        steer: &mut dyn Steer,
    ) -> Result<Ending, NoRandomness> {
        loop {
            let wake_at = loop {
                match self.act(test).await? {
                    Step::Go => {}
                    Step::Wait(at) => break at,
                    Step::End(ending) => return Ok(ending),
                }
            };
            let next = self.clock.instant(wake_at);
            let next = if self.running_since.is_some() { next.min(Instant::now() + TICK) } else { next };
            let meter = self.load.as_ref().map(|load| Arc::clone(&load.meter));
            let through = async {
                match &meter {
                    Some(meter) => meter.through.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = self.control.read() => {
                    let now = self.clock.now();
                    match read {
                        Ok(octets) if !octets.is_empty() => {
                            if let Err(violation) = self.client.receive(octets, now) {
                                tracing::debug!(%violation, "the server broke the protocol");
                            }
                        }
                        Ok(_) => self.client.ended(now),
                        Err(error) => {
                            tracing::debug!(%error, "the control connection broke");
                            self.client.ended(now);
                        }
                    }
                }
                () = through => {
                    self.drain().await;
                    test.stop_reason.get_or_insert(StopReason::PlannedEnd);
                    self.client.stop(self.clock.now());
                }
                () = sleep_until(next) => {}
            }
            self.watch(test, steer);
            let now = self.clock.now();
            self.client.wake(now);
        }
    }

    async fn act(&mut self, test: &mut Test) -> Result<Step, NoRandomness> {
        match self.client.next_action() {
            Action::Send(octets) => {
                if let Err(error) = self.control.send(&octets).await {
                    tracing::debug!(%error, "the control connection broke");
                    self.client.ended(self.clock.now());
                }
            }
            Action::OpenStreams => {
                let mut sockets = Vec::new();
                let opening = open(
                    &self.plan,
                    self.server,
                    &test.parameters,
                    &self.cookie,
                    self.receive_buffer,
                    &mut sockets,
                );
                let opened = timeout(spec::STEP_LIMIT, opening).await;
                // Also those that came about before one did not: they were used, and have to be charged.
                self.load = Some(Load::new(Role::Client, &test.parameters, sockets)?);
                let now = self.clock.now();
                match opened {
                    Ok(Ok(())) => self.client.streams_open(now),
                    Ok(Err(error)) => self.client.fail(&error.to_string(), now),
                    Err(_) => self.client.fail("the data connections took too long", now),
                }
            }
            Action::Start => {
                self.running_since = Some(Instant::now());
                if let Some(load) = &mut self.load {
                    load.start();
                }
            }
            Action::EndOmit => {
                if let Some(load) = &mut self.load {
                    load.end_omit();
                }
                self.shown = 0;
                test.counters.clear();
            }
            Action::Stop => {
                self.counters(test, None);
                let results = match &mut self.load {
                    Some(load) => load.stop().await,
                    None => Results::default(),
                };
                test.sent = self.load.as_ref().map_or(0, Load::sent);
                test.stop_reason.get_or_insert(StopReason::PlannedEnd);
                test.readings = self.load.as_ref().map(|load| load.readings(0)).unwrap_or_default();
                test.own = Some(results.clone());
                self.client.stopped(results, self.clock.now());
            }
            Action::WakeAt(at) => return Ok(Step::Wait(at)),
            Action::Finish(ending) => {
                if let Some(load) = self.load.as_mut().filter(|_| test.own.is_none()) {
                    load.stop().await;
                    test.readings = load.readings(0);
                }
                return Ok(Step::End(ending));
            }
            Action::Admit(_) => {}
        }
        Ok(Step::Go)
    }

    /// Waits until the server's program has most likely read the last octets.
    async fn drain(&self) {
        let Some(load) = &self.load else { return };
        if !self.client_sends() {
            return;
        }
        let limit = Instant::now() + DRAIN_LIMIT;
        while !load.is_drained() && Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(DRAIN_SETTLING).await;
    }

    fn client_sends(&self) -> bool {
        self.load.as_ref().is_some_and(|load| load.sends(0))
    }

    /// Looks at everything that may end the load early.
    fn watch(&mut self, test: &mut Test, steer: &mut dyn Steer) {
        let Some(since) = self.running_since.filter(|_| test.own.is_none()) else {
            return self.watch_control();
        };
        let Some(load) = self.load.as_mut() else { return };
        let elapsed = load.tick();
        let now = self.clock.now();
        if load.is_broken() {
            self.client.fail("the data connections broke", now);
            return;
        }
        let mut asked = None;
        let readings = load.readings(self.shown);
        self.shown += readings.len();
        for reading in readings {
            asked = asked.or(steer.reading(reading));
        }
        if Instant::now() >= self.next_question {
            self.next_question = Instant::now() + STEERING_INTERVAL;
            if let Some(own) = self.own() {
                steer.own(own);
            }
            asked = asked.or(steer.tick(elapsed));
        }
        if Instant::now() >= self.next_counters {
            self.next_counters = Instant::now() + COUNTERS_INTERVAL;
            self.counters(test, Some(steer));
        }
        if let Some(ceiling) = self.config.max_bytes.map(ByteCount::as_bytes) {
            asked = asked.or(self.reaches(ceiling).then_some(StopReason::ByteCeiling));
        }
        if test.parameters.duration.is_none() && since.elapsed() > OCTETS_LIMIT {
            self.client.fail("the octets took too long", now);
        }
        if let Some(reason) = asked {
            test.stop_reason = Some(reason);
            self.client.stop(now);
        }
    }

    /// Looks at the ceiling before the load and after it, when nothing should come in but a few words.
    fn watch_control(&mut self) {
        let Some(ceiling) = self.config.max_bytes.map(ByteCount::as_bytes) else { return };
        // As much as is read at once makes room for as much again.
        let open = TcpInfo::read(&self.control.tcp).map_or(0, |info| info.window_open()) + READ_MAX as u64;
        if self.charged() + self.tariff[0].still_to_come(open) >= ceiling {
            self.client.fail("the server says more than the ceiling has room for", self.clock.now());
        }
    }

    /// What all connections have put on the interface; `None` with flows of UDP, of which the kernel counts nothing.
    fn own(&mut self) -> Option<OwnOctets> {
        let Self { own_meters, load, control, tariff, .. } = self;
        let load = load.as_ref().filter(|load| load.is_tcp())?;
        let data = load.tcp().map(|(_, socket)| (TcpInfo::read(socket), tariff[1]));
        let all: Vec<_> = std::iter::once((TcpInfo::read(&control.tcp), tariff[0])).chain(data).collect();
        own_meters.resize_with(all.len(), OwnMeter::default);
        let each = own_meters.iter_mut().zip(all);
        Some(each.filter_map(|(meter, (info, tariff))| Some(meter.read(tariff, &info?))).sum())
    }

    /// Reads the counters of the first data connection.
    fn counters(&mut self, test: &mut Test, steer: Option<&mut dyn Steer>) {
        let Some(load) = &self.load else { return };
        let Some((_, socket)) = load.tcp().next() else { return };
        let Some(mut counters) = TcpInfo::read(socket).map(|info| info.counters()) else { return };
        counters.elapsed_us = u64::try_from(load.meter.wake(None).as_micros()).unwrap_or(u64::MAX);
        if let Some(steer) = steer {
            steer.counters(End::Probe, &counters);
        }
        let rises = test.counters.last().is_none_or(|last| last.elapsed_us < counters.elapsed_us);
        if rises && test.counters.len() < spec::READINGS_MAX {
            test.counters.push(counters);
        }
    }

    /// Whether the run has to stop here so that what is still under way stays below the ceiling.
    fn reaches(&mut self, ceiling: u64) -> bool {
        let (charged, pending) = self.charged_and_pending();
        // As much again may cross until the next look, and as much until the server hears of the end.
        let growth = 2 * charged.saturating_sub(self.charged_before);
        self.charged_before = charged;
        let control = self.tariff[1].still_to_come(CONTROL_RESERVE + self.control_window + READ_MAX as u64);
        charged + growth + pending + control >= ceiling
    }

    /// Octets on the interface so far.
    pub(super) fn charged(&self) -> u64 {
        self.charged_and_pending().0
    }

    /// Octets on the interface so far, and those that may still come of the data connections once they are let go of. Both of one look at each
    /// connection: what moves between two would be in neither.
    pub(super) fn charged_and_pending(&self) -> (u64, u64) {
        let control = TcpInfo::read(&self.control.tcp).map_or(0, |info| self.tariff[0].charged(&info));
        let datagrams: u64 = self.load.as_ref().map_or(0, |load| load.datagrams(DATAGRAM_HEADERS));
        let (mut charged, mut pending) = (self.failed_before + control + datagrams, 0);
        if let Some(load) = &self.load {
            for (index, socket) in load.tcp() {
                let Some(info) = TcpInfo::read(socket) else { continue };
                let octets = if load.sends(index) { info.bytes_unsent() } else { info.window_open() };
                charged += self.tariff[1].charged(&info);
                pending += self.tariff[1].still_to_come(octets);
            }
        }
        (charged, pending)
    }
}

enum Step {
    Go,
    Wait(Monotonic),
    End(Ending),
}
