//! A server that lets its clients wait for their turn.
//!
//! The reference serves one test at a time and turns everyone else away. Its client, though, waits without limit for the
//! server's first word, so a server may just as well say nothing until it is free. That is what this one does, within
//! limits of number and of time; beyond those it turns away as the reference does.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use desserte_model::{Direction, ServerId};
use desserte_proto::iperf3::{
    Action, ControlState, Ending, Limits, Mode, Parameters, PeerReport, Refusal, Results, Server, Transport,
    is_connect_request, spec,
};
use desserte_units::{BitRate, ByteCount};
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::load::{Load, Role, Socket};
use super::open::prepare;
use super::queue::{Arrival, Cookie, Expected, Queue};
use super::session::Control;
use crate::CongestionAlgorithm;
use crate::connect::pin_congestion;
use crate::drive::Clock;
use crate::ndt7::server::{Decision, Gate, Permit, SessionRequest};

/// Time that a new connection gets to say its cookie.
const COOKIE_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for a turn: a queue of ten tests of half a minute. Whoever is behind that is better told to go.
const WAIT_LIMIT: Duration = Duration::from_secs(300);
/// Time between two questions to the gate for a client whose turn it is.
const GATE_INTERVAL: Duration = Duration::from_millis(250);
/// Time between two looks at gaps.
const TICK: Duration = Duration::from_millis(10);

/// What all connections of a server share.
#[derive(Clone)]
pub struct ServerConfig {
    /// The server's name, told to clients of ours.
    pub id: ServerId,
    /// Program and version, told to clients of ours.
    pub software: String,
    /// Congestion control of clients that ask for none.
    pub congestion_control: CongestionAlgorithm,
    /// What a test may be.
    pub limits: Limits,
    /// Rate of all flows of a UDP test together at the most.
    pub udp_rate_max: BitRate,
    /// Who admits, beside the measurements of other protocols.
    pub gate: Arc<dyn Gate>,
    /// Tests that run at the same time; the others wait.
    pub tests_at_once: usize,
}

/// What became of a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionEnd {
    /// A test ran, or was refused.
    Test {
        /// How it ended.
        ending: Ending,
        /// What was asked for, once it was.
        parameters: Option<Box<Parameters>>,
        /// Octets of payload received, the omitted time left out.
        received: ByteCount,
        /// Octets of payload sent, likewise.
        sent: ByteCount,
        /// How long the client waited for its turn.
        waited: Duration,
    },
    /// It was one of a test's data connections.
    Stream,
    /// The client was told that there is no room.
    Denied,
    /// The client left while it waited.
    Left,
    /// It did not say what it wants.
    Silent,
}

/// A server's state that all its connections share.
pub struct Host {
    config: ServerConfig,
    queue: Arc<Queue>,
    turns: Arc<Semaphore>,
    arrivals: AtomicU64,
    draining: watch::Sender<bool>,
}

/// A connection that was accepted.
pub struct Visit {
    host: Arc<Host>,
    tcp: TcpStream,
    peer: SocketAddr,
    number: u64,
    seat: Option<Permit>,
}

impl Host {
    /// A server that nobody has come to.
    #[must_use]
    pub fn new(config: ServerConfig) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(config.tests_at_once.max(1)));
        let (draining, _) = watch::channel(false);
        Arc::new(Self { config, queue: Arc::default(), turns, arrivals: AtomicU64::new(0), draining })
    }

    /// Takes in a connection just accepted. To be called in the order of accepting: the order of data connections says
    /// which is which.
    pub fn visit(self: &Arc<Self>, tcp: TcpStream, peer: SocketAddr) -> Visit {
        let number = self.arrivals.fetch_add(1, Ordering::Relaxed);
        Visit { host: Arc::clone(self), tcp, peer, number, seat: None }
    }

    /// Clients that wait for their turn.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Turns away those who wait; tests that run go on.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }
}

impl Visit {
    /// Gives it something to hold until it has said what it wants.
    #[must_use]
    pub fn with_seat(self, seat: Permit) -> Self {
        Self { seat: Some(seat), ..self }
    }

    /// Serves the connection to its end.
    pub async fn attend(self) -> ConnectionEnd {
        let Self { host, mut tcp, peer, number, seat } = self;
        let mut cookie: Cookie = [0; spec::COOKIE_LENGTH];
        let said = timeout(COOKIE_LIMIT, tcp.read_exact(&mut cookie)).await;
        if !matches!(said, Ok(Ok(_))) {
            return ConnectionEnd::Silent;
        }
        drop(seat);
        if let Some(test) = host.queue.expects(&cookie) {
            return match test.try_send(Arrival { number, tcp }) {
                Ok(()) => ConnectionEnd::Stream,
                Err(_) => ConnectionEnd::Denied,
            };
        }
        let client = line_of(peer.ip());
        let Some(place) = host.queue.enter(client) else { return deny(tcp).await };
        let begun = Instant::now();
        let mut draining = host.draining.subscribe();
        keep_alive(&tcp);
        let turn = tokio::select! {
            biased;
            () = hung_up(&tcp) => return ConnectionEnd::Left,
            _ = draining.wait_for(|draining| *draining) => None,
            turn = host.queue.turn(client, &host.turns, host.config.tests_at_once) => turn,
            () = sleep(WAIT_LIMIT) => None,
        };
        let Some(turn) = turn else { return deny(tcp).await };
        drop(place);
        let waited = begun.elapsed();
        let mut session = Session {
            host: &host,
            peer,
            cookie,
            clock: Clock::start(),
            server: Server::new(host.config.limits, desserte_units::Monotonic::ORIGIN),
            control: Control::new(tcp),
            load: None,
            admitted: None,
            load_ratio: None,
            expected: None,
            listener: None,
            wait_until: begun + WAIT_LIMIT,
            own: None,
        };
        let ending = session.finish().await;
        let (received, sent) = session.totals();
        let parameters = session.server.parameters().cloned().map(Box::new);
        drop(turn);
        ConnectionEnd::Test { ending, parameters, received, sent, waited }
    }
}

/// The address under which a client is known: a line of IPv6 has all addresses below 64 bits.
fn line_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

async fn deny(mut tcp: TcpStream) -> ConnectionEnd {
    let said = timeout(COOKIE_LIMIT, tcp.write_all(&[ControlState::AccessDenied.octet()])).await;
    if !matches!(said, Ok(Ok(()))) {
        tracing::debug!("a client that was turned away did not hear it");
    }
    ConnectionEnd::Denied
}

/// Lets a line that died be seen while nothing is sent.
fn keep_alive(tcp: &TcpStream) {
    let often =
        socket2::TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    if let Err(error) = SockRef::from(tcp).set_tcp_keepalive(&often) {
        tracing::debug!(%error, "keep-alive is not available");
    }
}

/// Ends when the client closes, or speaks although it is not its turn.
async fn hung_up(tcp: &TcpStream) {
    let mut octet = [0];
    let _ = tcp.peek(&mut octet).await;
}

struct Session<'a> {
    host: &'a Arc<Host>,
    peer: SocketAddr,
    cookie: Cookie,
    clock: Clock,
    server: Server,
    control: Control,
    load: Option<Load>,
    admitted: Option<Permit>,
    load_ratio: Option<f64>,
    expected: Option<Expected>,
    listener: Option<UdpSocket>,
    wait_until: Instant,
    own: Option<Results>,
}

impl Session<'_> {
    async fn finish(&mut self) -> Ending {
        loop {
            let wake_at = loop {
                match self.server.next_action() {
                    Action::WakeAt(at) => break at,
                    Action::Finish(ending) => {
                        if let Some(load) = &mut self.load {
                            load.stop().await;
                        }
                        return ending;
                    }
                    action => self.act(action).await,
                }
            };
            let next = self.clock.instant(wake_at);
            let next = if self.load.is_some() { next.min(Instant::now() + TICK) } else { next };
            tokio::select! {
                read = self.control.read() => {
                    let now = self.clock.now();
                    match read {
                        Ok(octets) if !octets.is_empty() => {
                            if let Err(violation) = self.server.receive(octets, now) {
                                tracing::debug!(%violation, "the client broke the protocol");
                            }
                        }
                        _ => self.server.ended(now),
                    }
                }
                () = sleep_until(next) => {}
            }
            if let Some(load) = &self.load {
                load.tick();
            }
            let now = self.clock.now();
            self.server.wake(now);
        }
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Send(octets) => {
                if let Err(error) = self.control.send(&octets).await {
                    tracing::debug!(%error, "the control connection broke");
                    self.server.ended(self.clock.now());
                }
            }
            Action::Admit(parameters) => self.admit(&parameters).await,
            Action::OpenStreams => self.open().await,
            Action::Start => {
                if let Some(load) = &mut self.load {
                    load.start();
                }
            }
            Action::EndOmit => {
                if let Some(load) = &mut self.load {
                    load.end_omit();
                }
            }
            Action::Stop => {
                let mut results = Results::default();
                if let Some(load) = &mut self.load {
                    results = load.stop().await;
                    load.end_sending();
                }
                if self.server.parameters().is_some_and(|parameters| parameters.reads_extension) {
                    results.report = Some(PeerReport {
                        id: Some(self.host.config.id.clone()),
                        software: Some(self.host.config.software.clone()),
                        load_ratio: self.load_ratio,
                        readings: self.load.as_ref().map(|load| load.readings(0)).unwrap_or_default(),
                    });
                }
                self.own = Some(results.clone());
                self.server.stopped(results, self.clock.now());
            }
            Action::WakeAt(_) | Action::Finish(_) => {}
        }
    }

    /// Asks the gate until it admits, the client leaves, or it has waited for too long.
    async fn admit(&mut self, parameters: &Parameters) {
        #[expect(clippy::cast_precision_loss, reason = "an expectation need not be exact")]
        let expected = parameters
            .bits_per_second
            .and_then(|rate| BitRate::from_bits_per_second(rate as f64 * f64::from(parameters.streams)));
        let request = SessionRequest {
            client: self.peer.ip(),
            direction: if parameters.mode == Mode::Forward { Direction::Upload } else { Direction::Download },
            duration: parameters
                .duration
                .map_or(self.host.config.limits.duration, |time| time + parameters.omit),
            expected,
        };
        let mut draining = self.host.draining.subscribe();
        loop {
            if let Decision::Admit { load_ratio, permit } = self.host.config.gate.admit(&request) {
                self.admitted = Some(permit);
                self.load_ratio = Some(load_ratio);
                // The client may open its data connections as soon as it is told to.
                match parameters.transport {
                    Transport::Tcp => {
                        self.expected = Some(self.host.queue.expect(self.cookie, streams(parameters)));
                    }
                    Transport::Udp => match self.control.tcp.local_addr().and_then(listen) {
                        Ok(listener) => self.listener = Some(listener),
                        Err(error) => {
                            tracing::error!(%error, "UDP cannot be listened on");
                            self.server.refuse(Refusal::StreamAccept, self.clock.now());
                            return;
                        }
                    },
                }
                self.server.admitted(self.clock.now());
                return;
            }
            if Instant::now() >= self.wait_until || *draining.borrow() {
                self.server.deny(self.clock.now());
                return;
            }
            tokio::select! {
                () = hung_up(&self.control.tcp) => {
                    self.server.ended(self.clock.now());
                    return;
                }
                _ = draining.changed() => {}
                () = sleep(GATE_INTERVAL) => {}
            }
        }
    }

    async fn open(&mut self) {
        let Some(mut parameters) = self.server.parameters().cloned() else { return };
        let config = &self.host.config;
        let opening = async {
            match (self.expected.as_mut(), self.listener.take()) {
                (Some(expected), _) => accept_streams(expected, &parameters, config.congestion_control).await,
                (None, Some(listener)) => {
                    parameters.bits_per_second = Some(udp_rate(&parameters, config.udp_rate_max));
                    accept_flows(listener, self.peer.ip(), &parameters).await
                }
                (None, None) => Ok(Vec::new()),
            }
        };
        let opened = tokio::select! {
            opened = timeout(spec::STEP_LIMIT, opening) => opened,
            // A client has nothing to say here; one that left gives its turn back.
            () = hung_up(&self.control.tcp) => return self.server.ended(self.clock.now()),
        };
        self.expected = None;
        let sockets = match opened {
            Ok(Ok(sockets)) => sockets,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the data connections did not come about");
                return self.server.refuse(Refusal::StreamAccept, self.clock.now());
            }
            // The machine has the same limit and says so.
            Err(_) => return self.server.wake(self.clock.now()),
        };
        match Load::new(Role::Server, &parameters, sockets) {
            Ok(load) => {
                self.load = Some(load);
                self.server.streams_open(self.clock.now());
            }
            Err(error) => {
                tracing::error!(%error, "a test could not be served");
                self.server.terminate(self.clock.now());
            }
        }
    }

    /// Octets received and sent.
    fn totals(&self) -> (ByteCount, ByteCount) {
        let (Some(own), Some(load)) = (&self.own, &self.load) else {
            return (ByteCount::ZERO, ByteCount::ZERO);
        };
        let (mut received, mut sent) = (0_u64, 0_u64);
        for (index, stream) in own.streams.iter().enumerate() {
            let sum = if load.sends(index) { &mut sent } else { &mut received };
            *sum = sum.saturating_add(stream.bytes);
        }
        (ByteCount::from_bytes(received), ByteCount::from_bytes(sent))
    }
}

/// Waits for the data connections and puts them in the order in which they were opened: a cookie may be late.
async fn accept_streams(
    expected: &mut Expected,
    parameters: &Parameters,
    unless_asked: CongestionAlgorithm,
) -> std::io::Result<Vec<Socket>> {
    let mut arrivals: Vec<Arrival> = Vec::new();
    while arrivals.len() < streams(parameters) {
        let Some(arrival) = expected.arrivals.recv().await else { break };
        arrivals.push(arrival);
    }
    arrivals.sort_by_key(|arrival| arrival.number);
    let asked = parameters.congestion_control.as_deref().and_then(|name| name.parse().ok());
    let congestion: CongestionAlgorithm = asked.unwrap_or(unless_asked);
    let socket = |arrival: Arrival| {
        pin_congestion(&arrival.tcp, congestion.name());
        prepare(&SockRef::from(&arrival.tcp), parameters);
        Socket::Tcp(Arc::new(arrival.tcp))
    };
    Ok(arrivals.into_iter().map(socket).collect())
}

/// Waits for the flows. Each takes the listening socket over and a new one listens. Only datagrams from the address that
/// holds the control connection open a flow: whoever can be made to send from elsewhere is no target of ours.
async fn accept_flows(
    mut listener: UdpSocket,
    client: IpAddr,
    parameters: &Parameters,
) -> std::io::Result<Vec<Socket>> {
    let local = listener.local_addr()?;
    let mut flows = Vec::new();
    let mut octets = [0; 64];
    while flows.len() < streams(parameters) {
        let (count, from) = listener.recv_from(&mut octets).await?;
        if from.ip() != client || !is_connect_request(&octets[..count]) {
            continue;
        }
        listener.connect(from).await?;
        prepare(&SockRef::from(&listener), parameters);
        let flow = std::mem::replace(&mut listener, listen(local)?);
        flow.send(&spec::UDP_REPLY).await?;
        flows.push(Socket::Udp(Arc::new(flow)));
    }
    Ok(flows)
}

/// The rate of each flow, within what all of them together may have.
fn udp_rate(parameters: &Parameters, most: BitRate) -> u64 {
    let most = most.as_bits_per_second() / f64::from(parameters.streams.max(1));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is not negative")]
    let most = (most as u64).max(1);
    parameters.bits_per_second.map_or(most, |rate| rate.min(most))
}

/// Data connections of a test in both directions.
fn streams(parameters: &Parameters) -> usize {
    let both = parameters.mode == Mode::Bidirectional;
    usize::from(parameters.streams) * if both { 2 } else { 1 }
}

/// A socket on the address that the client's control connection came to, beside flows that are connected already.
fn listen(local: SocketAddr) -> std::io::Result<UdpSocket> {
    let domain = socket2::Domain::for_address(local);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    UdpSocket::from_std(socket.into())
}
