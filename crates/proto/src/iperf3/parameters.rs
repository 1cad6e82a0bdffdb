//! What a client asks for.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::spec;

/// What carries the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The client (an upload).
    Forward,
    /// The server (a download).
    Reverse,
    /// Both, each on connections of its own.
    Bidirectional,
}

impl Mode {
    /// Whether the client sends.
    #[must_use]
    pub const fn client_sends(self) -> bool {
        !matches!(self, Self::Reverse)
    }

    /// Whether the server sends.
    #[must_use]
    pub const fn server_sends(self) -> bool {
        !matches!(self, Self::Forward)
    }
}

/// The parameters of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// What carries the load.
    pub transport: Transport,
    /// Who sends.
    pub mode: Mode,
    /// Streams in each direction.
    pub streams: u16,
    /// Length of the test after the omitted time; `None` when octets or blocks end it.
    pub duration: Option<Duration>,
    /// Time at the beginning that is left out of the results.
    pub omit: Duration,
    /// Octets of all streams that end the test.
    pub bytes: Option<u64>,
    /// Blocks of all streams that end the test.
    pub blocks: Option<u64>,
    /// Octets written at once, or of a datagram.
    pub block_bytes: u32,
    /// Buffer of every socket, in octets, if not the system's own.
    pub window_bytes: Option<u32>,
    /// Largest segment, if not the path's.
    pub segment_bytes: Option<u16>,
    /// Whether small segments leave at once.
    pub no_delay: bool,
    /// Rate of each stream, bit/s; `None` as fast as it goes.
    pub bits_per_second: Option<u64>,
    /// The TOS octet of IPv4 or traffic class of IPv6.
    pub type_of_service: Option<u8>,
    /// Congestion control asked of both ends.
    pub congestion_control: Option<String>,
    /// Whether the counters of datagrams have 64 bits.
    pub counters_64bit: bool,
    /// The client's program.
    pub client_version: Option<String>,
    /// Whether the client reads what our server adds to its results.
    pub reads_extension: bool,
}

/// Why a block of parameters is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableParameters {
    /// Not JSON, or no object.
    #[error("not an object of JSON")]
    NotAnObject,
    /// SCTP.
    #[error("only TCP and UDP are served")]
    Transport,
    /// A number that is none, or is out of all bounds.
    #[error("{key} cannot be {value}")]
    BadValue {
        /// The key.
        key: &'static str,
        /// The value, cut to 64 characters.
        value: String,
    },
}

impl UnreadableParameters {
    /// What a server answers.
    #[must_use]
    pub const fn refusal(&self) -> Refusal {
        match self {
            Self::Transport => Refusal::Transport,
            Self::NotAnObject | Self::BadValue { .. } => Refusal::Unreadable,
        }
    }
}

/// What a server lets a test be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Streams in each direction.
    pub streams: u16,
    /// Length, the omitted time included.
    pub duration: Duration,
    /// Buffer of a socket, in octets.
    pub window_bytes: u32,
}

impl Default for Limits {
    /// 32 streams, one minute, 64 MiB: twice a line of 1 Gbit/s and 250 ms.
    fn default() -> Self {
        Self { streams: 32, duration: Duration::from_secs(60), window_bytes: 64 << 20 }
    }
}

/// What a server cannot do, by the reference's own numbers, so that its client says the right thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The test would be too long (`IEDURATION`).
    #[error("the test is too long for this server")]
    Duration,
    /// Too many streams (`IENUMSTREAMS`).
    #[error("too many streams")]
    Streams,
    /// A block out of bounds (`IEBLOCKSIZE`).
    #[error("block size out of bounds")]
    BlockSize,
    /// A datagram out of bounds (`IEUDPBLOCKSIZE`).
    #[error("datagram size out of bounds")]
    DatagramSize,
    /// A buffer out of bounds (`IEBUFSIZE`).
    #[error("window out of bounds")]
    Window,
    /// No such transport (`IENOSCTP`).
    #[error("only TCP and UDP are served")]
    Transport,
    /// Neither time nor octets nor blocks end it (`IEENDCONDITIONS`).
    #[error("nothing would end the test")]
    Endless,
    /// The parameters cannot be read (`IERECVPARAMS`).
    #[error("the parameters cannot be read")]
    Unreadable,
    /// The data connections did not come about (`IESTREAMACCEPT`).
    #[error("the data connections did not come about")]
    StreamAccept,
}

impl Refusal {
    /// The reference's number (`src/iperf_api.h`).
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Duration => 5,
            Self::Streams => 6,
            Self::BlockSize => 7,
            Self::Window => 8,
            Self::Endless => 16,
            Self::Transport => 18,
            Self::DatagramSize => 20,
            Self::Unreadable => 114,
            Self::StreamAccept => 204,
        }
    }
}

impl Parameters {
    /// A test of ten seconds as the reference would run it.
    #[must_use]
    pub const fn new(transport: Transport, mode: Mode) -> Self {
        let udp = matches!(transport, Transport::Udp);
        Self {
            transport,
            mode,
            streams: 1,
            duration: Some(spec::DURATION),
            omit: Duration::ZERO,
            bytes: None,
            blocks: None,
            block_bytes: if udp { spec::UDP_BLOCK } else { spec::TCP_BLOCK },
            window_bytes: None,
            segment_bytes: None,
            no_delay: false,
            bits_per_second: if udp { Some(spec::UDP_RATE) } else { None },
            type_of_service: None,
            congestion_control: None,
            counters_64bit: udp,
            client_version: None,
            reads_extension: true,
        }
    }

    /// Reads the block.
    ///
    /// Keys that are not understood are left unread, as the reference does; a switch is on when its key is there,
    /// whatever its value. Numbers may be written with a fraction (`cJSON` writes large ones so).
    ///
    /// # Errors
    /// When it is no object of JSON, asks for SCTP, or a number makes no sense.
    pub fn read(block: &[u8]) -> Result<Self, UnreadableParameters> {
        let object: Map<String, Value> =
            serde_json::from_slice(block).map_err(|_| UnreadableParameters::NotAnObject)?;
        let transport = match (object.contains_key("tcp"), object.contains_key("udp")) {
            _ if object.contains_key("sctp") => return Err(UnreadableParameters::Transport),
            (_, true) => Transport::Udp,
            (_, false) => Transport::Tcp,
        };
        let reverse = object.get("reverse").is_some_and(|value| *value != Value::Bool(false));
        let bidirectional = object.get("bidirectional").is_some_and(|value| *value != Value::Bool(false));
        let mode = match (reverse, bidirectional) {
            (_, true) => Mode::Bidirectional,
            (true, false) => Mode::Reverse,
            (false, false) => Mode::Forward,
        };
        let number = |key: &'static str, most: u64| number(&object, key, most);
        let seconds = |key| Ok(number(key, 1 << 32)?.map(Duration::from_secs));
        let small =
            |key, most: u32| Ok(number(key, u64::from(most))?.and_then(|value| u32::try_from(value).ok()));
        let default_block = if transport == Transport::Udp { spec::UDP_BLOCK } else { spec::TCP_BLOCK };
        let word = |key: &str| {
            let text = object.get(key)?.as_str()?;
            Some(text.chars().filter(|c| !c.is_control()).take(64).collect::<String>())
        };
        Ok(Self {
            transport,
            mode,
            streams: u16::try_from(number("parallel", u64::from(u16::MAX))?.unwrap_or(1)).unwrap_or(u16::MAX),
            duration: seconds("time")?.filter(|time| !time.is_zero()),
            omit: seconds("omit")?.unwrap_or_default(),
            bytes: number("num", u64::MAX)?.filter(|bytes| *bytes > 0),
            blocks: number("blockcount", u64::MAX)?.filter(|blocks| *blocks > 0),
            block_bytes: small("len", u32::MAX)?.filter(|length| *length > 0).unwrap_or(default_block),
            window_bytes: small("window", u32::MAX)?.filter(|window| *window > 0),
            segment_bytes: number("MSS", u64::from(u16::MAX))?
                .and_then(|size| u16::try_from(size).ok())
                .filter(|size| *size > 0),
            no_delay: object.contains_key("nodelay"),
            bits_per_second: number("bandwidth", u64::MAX)?.filter(|rate| *rate > 0),
            type_of_service: number("TOS", 255)?.and_then(|value| u8::try_from(value).ok()),
            congestion_control: word("congestion").filter(|name| is_congestion_name(name)),
            counters_64bit: object.contains_key("udp_counters_64bit"),
            client_version: word("client_version"),
            reads_extension: object.contains_key(spec::EXTENSION),
        })
    }

    /// Writes the block.
    #[must_use]
    pub fn to_text(&self) -> String {
        let transport = match self.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        };
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put(transport, json!(true));
        put("omit", json!(self.omit.as_secs()));
        put("time", json!(self.duration.map_or(0, |time| time.as_secs().max(1))));
        put("num", json!(self.bytes.unwrap_or(0)));
        put("blockcount", json!(self.blocks.unwrap_or(0)));
        if let Some(size) = self.segment_bytes {
            put("MSS", json!(size));
        }
        if self.no_delay {
            put("nodelay", json!(true));
        }
        put("parallel", json!(self.streams));
        match self.mode {
            Mode::Forward => {}
            Mode::Reverse => {
                put("reverse", json!(true));
            }
            Mode::Bidirectional => {
                put("bidirectional", json!(true));
            }
        }
        if let Some(window) = self.window_bytes {
            put("window", json!(window));
        }
        put("len", json!(self.block_bytes));
        if let Some(rate) = self.bits_per_second {
            put("bandwidth", json!(rate));
        }
        if let Some(value) = self.type_of_service {
            put("TOS", json!(value));
        }
        if let Some(name) = &self.congestion_control {
            put("congestion", json!(name));
        }
        if self.counters_64bit {
            put("udp_counters_64bit", json!(1));
        }
        if let Some(version) = &self.client_version {
            put("client_version", json!(version));
        }
        if self.reads_extension {
            put(spec::EXTENSION, json!(1));
        }
        Value::Object(object).to_string()
    }

    /// Whether a server of these limits can run the test.
    ///
    /// # Errors
    /// What it cannot do.
    pub fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        if self.streams == 0 || self.streams > limits.streams {
            return Err(Refusal::Streams);
        }
        if self.duration.is_none() && self.bytes.is_none() && self.blocks.is_none() {
            return Err(Refusal::Endless);
        }
        if self.omit.saturating_add(self.duration.unwrap_or_default()) > limits.duration {
            return Err(Refusal::Duration);
        }
        let lengths = match self.transport {
            Transport::Tcp => 1..=spec::TCP_BLOCK_MAX,
            Transport::Udp => spec::UDP_BLOCK_MIN..=spec::UDP_BLOCK_MAX,
        };
        if !lengths.contains(&self.block_bytes) {
            return Err(match self.transport {
                Transport::Tcp => Refusal::BlockSize,
                Transport::Udp => Refusal::DatagramSize,
            });
        }
        if self.window_bytes.is_some_and(|window| window > limits.window_bytes) {
            return Err(Refusal::Window);
        }
        Ok(())
    }
}

/// Longest name of a congestion control in the Linux kernel (`TCP_CA_NAME_MAX`, with its final zero).
const CONGESTION_NAME_MAX: usize = 15;

fn is_congestion_name(name: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_';
    !name.is_empty() && name.len() <= CONGESTION_NAME_MAX && name.bytes().all(plain)
}

fn number(
    object: &Map<String, Value>,
    key: &'static str,
    most: u64,
) -> Result<Option<u64>, UnreadableParameters> {
    let Some(value) = object.get(key) else { return Ok(None) };
    let whole = value.as_u64().or_else(|| {
        // Beyond 2^53 a number with a fraction or an exponent has no exact value; no honest client comes near.
        let number = value.as_f64().filter(|number| (0.0..=9_007_199_254_740_992.0).contains(number))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just checked"
        )]
        let whole = number as u64;
        Some(whole)
    });
    match whole {
        Some(number) if number <= most => Ok(Some(number)),
        _ => Err(UnreadableParameters::BadValue { key, value: value.to_string().chars().take(64).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_debians_client_sends_is_understood() {
        // What `iperf3 -c … -u -b 5M -R -P 2 -t 1 -d` of Debian's 3.12 said that it sent.
        let block = br#"{"udp":true,"omit":0,"time":1,"num":0,"blockcount":0,"parallel":2,"reverse":true,"len":32768,"bandwidth":5000000,"pacing_timer":1000,"client_version":"3.12"}"#;
        let parameters = Parameters::read(block).unwrap();
        let expected = Parameters {
            streams: 2,
            duration: Some(Duration::from_secs(1)),
            block_bytes: 32_768,
            counters_64bit: false,
            bits_per_second: Some(5_000_000),
            client_version: Some("3.12".to_owned()),
            reads_extension: false,
            ..Parameters::new(Transport::Udp, Mode::Reverse)
        };
        assert_eq!(parameters, expected);
        assert_eq!(parameters.check(&Limits::default()), Ok(()));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let mut parameters = Parameters::new(Transport::Tcp, Mode::Bidirectional);
        parameters.omit = Duration::from_secs(2);
        parameters.bytes = Some(1 << 40);
        parameters.window_bytes = Some(65_536);
        parameters.segment_bytes = Some(1_000);
        parameters.no_delay = true;
        parameters.type_of_service = Some(0x20);
        parameters.congestion_control = Some("bbr".to_owned());
        assert_eq!(Parameters::read(parameters.to_text().as_bytes()), Ok(parameters));
    }

    #[test]
    fn what_no_server_can_do_is_refused_by_the_references_number() {
        let tcp = |text: &str| Parameters::read(format!("{{\"tcp\":true,\"time\":1{text}}}").as_bytes());
        let refused = |text: &str| match tcp(text) {
            Ok(parameters) => parameters.check(&Limits::default()).unwrap_err(),
            Err(error) => error.refusal(),
        };
        assert_eq!(refused(",\"parallel\":33"), Refusal::Streams);
        assert_eq!(refused(",\"parallel\":0"), Refusal::Streams);
        assert_eq!(refused(",\"omit\":60"), Refusal::Duration);
        assert_eq!(refused(",\"len\":1048577"), Refusal::BlockSize);
        assert_eq!(refused(",\"udp\":1,\"len\":15"), Refusal::DatagramSize);
        assert_eq!(refused(",\"window\":536870912"), Refusal::Window);
        assert_eq!(refused(",\"sctp\":true"), Refusal::Transport);
        let endless = Parameters::read(b"{\"tcp\":true,\"time\":0,\"num\":0}").unwrap();
        assert_eq!(endless.check(&Limits::default()), Err(Refusal::Endless));
    }

    #[test]
    fn what_makes_no_sense_cannot_be_read() {
        for block in ["", "[]", "{\"time\":-1}", "{\"time\":\"x\"}", "{\"num\":1e300}", "{\"TOS\":256}"] {
            assert!(Parameters::read(block.as_bytes()).is_err(), "{block}");
        }
        assert!(Parameters::read("[".repeat(4_000).as_bytes()).is_err());
        let strange = Parameters::read(b"{\"congestion\":\"../x\",\"num\":1e9}").unwrap();
        assert_eq!((strange.congestion_control, strange.bytes), (None, Some(1_000_000_000)));
    }
}
