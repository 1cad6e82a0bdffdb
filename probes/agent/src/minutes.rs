//! Every minute: idle echoes to the targets and to the gateway, and the state of the link.

use std::net::IpAddr;
use std::time::Duration;

use desserte_measure::{MinuteState, minute_state};
use desserte_model::{EchoMethod, LinkState, Minute, Observation, TargetEchoes};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::agent::Agent;
use crate::book::{echo_cost, family_of, hour_of_echoes};
use crate::chance::chance;
use crate::config::{Method, Target};
use crate::echo::{Destination, Echo};
use crate::medium::WayOut;

/// How long an answer may take: beyond any path that still serves, a geostationary one with a full queue included.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a target was sent nothing although it could have been.
const DURING_RUN: &str = "throughput run";

/// What one window has seen so far.
struct Window {
    targets: Vec<TargetEchoes>,
    gateway: Option<bool>,
    link: LinkState,
}

/// Measures windows until the agent stops, and records each, the last one shorter.
pub(crate) async fn measure(agent: &Agent) {
    loop {
        let stamp = agent.clock.borrow().now();
        let begun = Instant::now();
        let mut window = Window::new(&agent.config.targets);
        let stopped = tokio::select! {
            () = fill(agent, &mut window, begun) => false,
            () = agent.stopped() => true,
        };
        let minute = window.close(begun.elapsed());
        let state = minute_state(&minute);
        tracing::debug!(state = %state, "window measured");
        agent.board.borrow_mut().note_minute(stamp, &minute, state);
        agent.record(stamp, Observation::Minute(minute));
        agent.every_minute();
        if stopped {
            return;
        }
        report_change(agent, state);
    }
}

fn report_change(agent: &Agent, state: MinuteState) {
    if agent.last_state.replace(Some(state)) != Some(state) {
        tracing::info!(state = %state, "state of the line");
    }
}

/// Sends the rounds of a window at moments spread over it at random, and waits for its end.
async fn fill(agent: &Agent, window: &mut Window, begun: Instant) {
    let length = agent.config.window;
    let rounds = agent.config.echoes;
    let patience = PATIENCE.min(length / 3);
    let stretch = (length - patience) / rounds;
    for round in 0..rounds {
        tokio::time::sleep_until(begun + stretch * round + stretch.mul_f64(chance())).await;
        send_round(agent, window, patience).await;
    }
    tokio::time::sleep_until(begun + length).await;
}

/// One echo to each target and to the gateway, at once.
async fn send_round(agent: &Agent, window: &mut Window, patience: Duration) {
    let way = agent.way_out();
    window.look_at_link(agent, way.as_ref());
    if !agent.line.idle_for_echoes(agent.config.window).await {
        for target in &mut window.targets {
            target.skip(DURING_RUN);
        }
        return;
    }
    let echoer = &agent.echoer;
    let mut echoes = Vec::new();
    for (place, target) in agent.config.targets.iter().enumerate() {
        let seen = &mut window.targets[place];
        let Some(address) = echoer.address(target).await else {
            seen.skip("no address");
            continue;
        };
        seen.family = Some(family_of(address));
        let cost = echo_cost(target, seen.family);
        let hour = hour_of_echoes(&agent.config);
        let utc = agent.clock.borrow().utc();
        if let Err(denied) = agent.book.borrow_mut().charge_echoes(utc, cost, hour) {
            seen.skip(&denied.to_string());
            continue;
        }
        echoes.push((place, target.method, Destination { address, scope: 0 }));
    }
    let targets = join_all(echoes.iter().map(|(_, method, to)| echoer.send(*method, *to, patience)));
    let gateway = async {
        // The gateway is on the site: asking it costs the line nothing.
        let to = gateway_destination(agent, way.as_ref()?)?;
        Some((to.address, echoer.send(Method::Icmp, to, patience).await))
    };
    let (answers, gateway) = tokio::join!(targets, gateway);
    // A run that began meanwhile would have delayed them.
    let disturbed = agent.line.is_running();
    for ((place, ..), echo) in echoes.iter().zip(answers) {
        if disturbed {
            window.targets[*place].skip(DURING_RUN);
        } else {
            window.take(*place, echo);
        }
    }
    window.take_gateway(agent, gateway);
}

fn gateway_destination(agent: &Agent, way: &WayOut) -> Option<Destination> {
    let address = way.gateway?;
    let scope = match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => agent.system.interface_number(&way.interface)?,
        _ => 0,
    };
    Some(Destination { address, scope })
}

impl Window {
    fn new(targets: &[Target]) -> Self {
        let targets = targets.iter().map(|target| TargetEchoes {
            target: target.id.clone(),
            family: None,
            method: match target.method {
                Method::Icmp => EchoMethod::Icmp,
                Method::Tcp(_) => EchoMethod::TcpConnect,
            },
            rtt_us: Vec::new(),
            not_sent: None,
        });
        Self { targets: targets.collect(), gateway: None, link: LinkState::Unknown }
    }

    /// A carrier that was gone once in the window was gone.
    fn look_at_link(&mut self, agent: &Agent, way: Option<&WayOut>) {
        let interface = way.map(|way| way.interface.clone()).or_else(|| agent.last_interface());
        let seen = interface.map_or(LinkState::Unknown, |interface| agent.system.link(&interface));
        if self.link != LinkState::Down && seen != LinkState::Unknown {
            self.link = seen;
        }
    }

    fn take(&mut self, place: usize, echo: Echo) {
        let target = &mut self.targets[place];
        match echo {
            Echo::Answered(rtt) => target.rtt_us.push(Some(rtt)),
            Echo::Lost => target.rtt_us.push(None),
            Echo::NotSent(reason) => target.skip(&reason),
        }
    }

    /// The gateway counts as silent only if the same one has answered before: many never do.
    fn take_gateway(&mut self, agent: &Agent, asked: Option<(IpAddr, Echo)>) {
        match asked {
            Some((gateway, Echo::Answered(_))) => {
                agent.answering_gateway.set(Some(gateway));
                self.gateway = Some(true);
            }
            Some((gateway, _)) if agent.answering_gateway.get() == Some(gateway) => {
                self.gateway.get_or_insert(false);
            }
            _ => {}
        }
    }

    fn close(mut self, window: Duration) -> Minute {
        for target in &mut self.targets {
            if !target.rtt_us.is_empty() {
                target.not_sent = None;
            } else if target.not_sent.is_none() {
                target.not_sent = Some("the window was cut short".to_owned());
            }
        }
        Minute {
            window_us: u64::try_from(window.as_micros()).unwrap_or(u64::MAX),
            link: self.link,
            gateway_reachable: self.gateway,
            targets: self.targets,
        }
    }
}

trait Skip {
    fn skip(&mut self, reason: &str);
}

impl Skip for TargetEchoes {
    /// Keeps the first reason of the window.
    fn skip(&mut self, reason: &str) {
        if self.not_sent.is_none() {
            self.not_sent = Some(reason.to_owned());
        }
    }
}
