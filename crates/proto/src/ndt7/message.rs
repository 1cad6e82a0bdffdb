//! The measurement message: JSON text that either end may send.
//!
//! Written as a superset of the specification: every object it names, and ours under `Desserte`. Read leniently: a
//! value of the wrong kind is as good as absent, an unknown key is no matter.

use desserte_model::{ByteSample, Direction, ServerId, TcpCounters};
use serde_json::{Map, Value, json};

use super::spec;

/// A count at the application layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppInfo {
    /// Microseconds since the end of the handshake.
    pub elapsed_us: u64,
    /// Octets of payload sent, or received, since then.
    pub bytes: u64,
}

/// The two ends of the connection as the server sees them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionInfo {
    /// The client, as `address:port`, IPv6 in brackets.
    pub client: String,
    /// The server, likewise.
    pub server: String,
    /// When the test began, RFC 3339.
    pub start_time: String,
}

/// What our server says of itself and of what it received; other servers say nothing of the kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeerReport {
    /// Its name.
    pub id: Option<ServerId>,
    /// Its program and version.
    pub software: Option<String>,
    /// Share of its admitted capacity in use when the run began, 0 to 1.
    pub load_ratio: Option<f64>,
    /// Its congestion control on this connection.
    pub congestion_control: Option<String>,
    /// Readings of its counter of payload since the message before, when it is the receiver.
    pub readings: Vec<ByteSample>,
    /// Whether this is the last message of the run.
    pub last: bool,
}

/// One measurement message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measurement {
    /// The count at the application layer.
    pub app: Option<AppInfo>,
    /// The two ends.
    pub connection: Option<ConnectionInfo>,
    /// Which end measured: `client` or `server`.
    pub origin: Option<String>,
    /// The running test.
    pub test: Option<Direction>,
    /// The kernel's counters at the end that measured.
    pub tcp: Option<TcpCounters>,
    /// Our extension.
    pub peer: Option<PeerReport>,
}

/// The refusal of a text that is not a measurement at all.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableMeasurement {
    /// Longer than anything that is read.
    #[error("text of more than {} octets", spec::TEXT_MAX)]
    TooLong,
    /// Not JSON.
    #[error("text that is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("JSON that is not an object")]
    NotAnObject,
}

impl Measurement {
    /// Reads a text message.
    ///
    /// # Errors
    /// When the text is no JSON object or too long. A receiver may ignore such a text.
    pub fn read(text: &str) -> Result<Self, UnreadableMeasurement> {
        if text.len() > spec::TEXT_MAX {
            return Err(UnreadableMeasurement::TooLong);
        }
        let value: Value = serde_json::from_str(text).map_err(UnreadableMeasurement::NotJson)?;
        let object = value.as_object().ok_or(UnreadableMeasurement::NotAnObject)?;
        let part = |key: &str| object.get(key).and_then(Value::as_object);
        Ok(Self {
            app: part("AppInfo").and_then(read_app),
            connection: part("ConnectionInfo").map(|part| ConnectionInfo {
                client: text_of(part, "Client").unwrap_or_default(),
                server: text_of(part, "Server").unwrap_or_default(),
                start_time: text_of(part, "StartTime").unwrap_or_default(),
            }),
            origin: text_of(object, "Origin"),
            test: match object.get("Test").and_then(Value::as_str) {
                Some("download") => Some(Direction::Download),
                Some("upload") => Some(Direction::Upload),
                _ => None,
            },
            tcp: part("TCPInfo").map(read_tcp),
            peer: part("Desserte").map(read_peer),
        })
    }

    /// Writes the message in its shortest form; what is absent is left out.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut object = Map::new();
        if let Some(app) = self.app {
            object.insert("AppInfo".into(), json!({"ElapsedTime": app.elapsed_us, "NumBytes": app.bytes}));
        }
        if let Some(ends) = &self.connection {
            let part = json!({"Client": ends.client, "Server": ends.server, "StartTime": ends.start_time});
            object.insert("ConnectionInfo".into(), part);
        }
        if let Some(origin) = &self.origin {
            object.insert("Origin".into(), json!(origin));
        }
        if let Some(test) = self.test {
            object.insert("Test".into(), json!(test.code()));
        }
        if let Some(tcp) = &self.tcp {
            object.insert("TCPInfo".into(), write_tcp(tcp));
        }
        if let Some(peer) = &self.peer {
            object.insert("Desserte".into(), write_peer(peer));
        }
        Value::Object(object).to_string()
    }
}

/// Integers are exact in every JSON reader up to here; what is larger, negative or not a number is absent.
const MAX_INTEGER: u64 = 1 << 53;

/// Longest text of another end that is kept.
const MAX_TEXT_VALUE: usize = 256;

fn integer(object: &Map<String, Value>, key: &str) -> Option<u64> {
    object.get(key).and_then(integer_value)
}

fn integer_value(value: &Value) -> Option<u64> {
    let whole = value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| (0.0..=9_007_199_254_740_992.0).contains(float))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
        Some(float as u64)
    })?;
    (whole <= MAX_INTEGER).then_some(whole)
}

fn text_of(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(|text| text.chars().take(MAX_TEXT_VALUE).collect())
}

fn read_app(part: &Map<String, Value>) -> Option<AppInfo> {
    Some(AppInfo { elapsed_us: integer(part, "ElapsedTime")?, bytes: integer(part, "NumBytes")? })
}

/// The names that reference servers give the kernel's fields, beside ours.
type TcpField = (&'static str, fn(&mut TcpCounters) -> &mut Option<u64>);
const TCP_FIELDS: [TcpField; 14] = [
    ("RTT", |tcp| &mut tcp.rtt_us),
    ("RTTVar", |tcp| &mut tcp.rtt_var_us),
    ("MinRTT", |tcp| &mut tcp.rtt_min_us),
    ("BytesAcked", |tcp| &mut tcp.bytes_acked),
    ("BytesReceived", |tcp| &mut tcp.bytes_received),
    ("BytesSent", |tcp| &mut tcp.bytes_sent),
    ("BytesRetrans", |tcp| &mut tcp.bytes_retransmitted),
    ("TotalRetrans", |tcp| &mut tcp.segments_retransmitted),
    ("BusyTime", |tcp| &mut tcp.busy_us),
    ("RWndLimited", |tcp| &mut tcp.receive_window_limited_us),
    ("SndBufLimited", |tcp| &mut tcp.send_buffer_limited_us),
    ("SndCwnd", |tcp| &mut tcp.congestion_window_segments),
    ("SndMSS", |tcp| &mut tcp.segment_bytes),
    ("DeliveryRate", |tcp| &mut tcp.delivery_rate_bytes_per_second),
];

fn read_tcp(part: &Map<String, Value>) -> TcpCounters {
    let mut tcp =
        TcpCounters { elapsed_us: integer(part, "ElapsedTime").unwrap_or(0), ..TcpCounters::default() };
    for (key, field) in TCP_FIELDS {
        *field(&mut tcp) = integer(part, key);
    }
    tcp
}

fn write_tcp(tcp: &TcpCounters) -> Value {
    let mut tcp = tcp.clone();
    let mut part = Map::new();
    part.insert("ElapsedTime".into(), json!(tcp.elapsed_us.min(MAX_INTEGER)));
    for (key, field) in TCP_FIELDS {
        if let Some(value) = *field(&mut tcp) {
            part.insert(key.into(), json!(value.min(MAX_INTEGER)));
        }
    }
    Value::Object(part)
}

fn read_peer(part: &Map<String, Value>) -> PeerReport {
    let readings = part.get("Readings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    PeerReport {
        id: text_of(part, "Server").and_then(|id| id.parse().ok()),
        software: text_of(part, "Software"),
        load_ratio: part.get("LoadRatio").and_then(Value::as_f64).filter(|ratio| (0.0..=1.0).contains(ratio)),
        congestion_control: text_of(part, "CongestionControl"),
        readings: readings.iter().take(spec::READINGS_PER_MESSAGE_MAX).map_while(read_reading).collect(),
        last: part.get("Last").and_then(Value::as_bool).unwrap_or(false),
    }
}

fn read_reading(value: &Value) -> Option<ByteSample> {
    match value.as_array()?.as_slice() {
        [elapsed, bytes] => {
            Some(ByteSample { elapsed_us: integer_value(elapsed)?, bytes: integer_value(bytes)? })
        }
        _ => None,
    }
}

fn write_peer(peer: &PeerReport) -> Value {
    let mut part = Map::new();
    if let Some(id) = &peer.id {
        part.insert("Server".into(), json!(id.as_str()));
    }
    if let Some(software) = &peer.software {
        part.insert("Software".into(), json!(software));
    }
    if let Some(ratio) = peer.load_ratio {
        part.insert("LoadRatio".into(), json!(ratio));
    }
    if let Some(name) = &peer.congestion_control {
        part.insert("CongestionControl".into(), json!(name));
    }
    if !peer.readings.is_empty() {
        let pairs: Vec<Value> = peer.readings.iter().map(|s| json!([s.elapsed_us, s.bytes])).collect();
        part.insert("Readings".into(), Value::Array(pairs));
    }
    if peer.last {
        part.insert("Last".into(), json!(true));
    }
    Value::Object(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_of_a_reference_server_is_read() {
        // Shape and key names from the specification's example; figures made up.
        let text = r#"{"ConnectionInfo":{"Client":"1.2.3.4:5678","Server":"[::1]:2345","UUID":"x"},
            "BBRInfo":{"BW":1,"MinRTT":2},
            "TCPInfo":{"State":1,"BytesReceived":1234,"ElapsedTime":250000,"MinRTT":-1,"RTT":"fast","BusyTime":2.0}}"#;
        let read = Measurement::read(text).unwrap();
        let tcp = read.tcp.unwrap();
        assert_eq!((tcp.elapsed_us, tcp.bytes_received), (250_000, Some(1234)));
        assert_eq!((tcp.rtt_min_us, tcp.rtt_us, tcp.busy_us), (None, None, Some(2)));
        assert_eq!(read.connection.unwrap().server, "[::1]:2345");
        assert_eq!((read.app, read.peer), (None, None));
    }

    #[test]
    fn what_is_no_object_is_refused_and_what_is_wrong_inside_is_absent() {
        for text in ["", "{", "[]", "1", "null"] {
            assert!(Measurement::read(text).is_err(), "{text}");
        }
        assert!(Measurement::read(&format!("\"{}\"", "x".repeat(spec::TEXT_MAX))).is_err());
        for text in
            ["{}", r#"{"AppInfo":1,"TCPInfo":[],"Desserte":null}"#, r#"{"AppInfo":{"NumBytes":1e300}}"#]
        {
            assert_eq!(Measurement::read(text).unwrap(), Measurement::default(), "{text}");
        }
    }

    #[test]
    fn our_message_reads_back_as_written() {
        let message = Measurement {
            app: Some(AppInfo { elapsed_us: 1, bytes: 2 }),
            connection: Some(ConnectionInfo {
                client: "[::1]:1".into(),
                server: "[::1]:2".into(),
                start_time: "t".into(),
            }),
            origin: Some("server".into()),
            test: Some(Direction::Upload),
            tcp: Some(TcpCounters {
                elapsed_us: 3,
                rtt_us: Some(4),
                bytes_received: Some(5),
                ..TcpCounters::default()
            }),
            peer: Some(PeerReport {
                id: Some("paris-1".parse().unwrap()),
                software: Some("desserte-server 0.1.0".into()),
                load_ratio: Some(0.25),
                congestion_control: Some("cubic".into()),
                readings: vec![
                    ByteSample { elapsed_us: 0, bytes: 0 },
                    ByteSample { elapsed_us: 100_000, bytes: 9 },
                ],
                last: true,
            }),
        };
        assert_eq!(Measurement::read(&message.to_text()).unwrap(), message);
    }

    proptest! {
        #[test]
        fn foreign_text_never_panics(text in "\\PC{0,200}") {
            let _ = Measurement::read(&text);
        }
    }
}
