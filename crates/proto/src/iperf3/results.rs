//! What the two ends tell each other of what they counted.

use desserte_model::{ByteSample, ServerId};
use serde_json::{Map, Value, json};

use super::spec;

/// The id of the stream that was opened as number `index`, from zero: 1, 3, 4, 5 and so on. The gap is the reference's,
/// kept by it on purpose.
#[must_use]
pub const fn stream_id(index: usize) -> u64 {
    if index == 0 { 1 } else { index as u64 + 2 }
}

/// What one end counted on one stream, the omitted time left out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StreamResult {
    /// Which stream.
    pub id: u64,
    /// Octets sent by the sender or received by the receiver.
    pub bytes: u64,
    /// Segments sent again, at the sender of a TCP stream whose system says so.
    pub retransmits: Option<u64>,
    /// Smoothed variation of the transit time, in seconds (RFC 3550, section 6.4.1).
    pub jitter_s: f64,
    /// Datagrams lost, the omitted time included.
    pub lost: u64,
    /// Datagrams up to the newest one, the omitted time included.
    pub packets: u64,
    /// Of these, in the omitted time: lost, and all.
    pub omitted: Option<(u64, u64)>,
    /// Length of what was counted, in seconds on this end's clock.
    pub seconds: f64,
}

/// What our server says of itself and of what it received; other makes say nothing of the kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeerReport {
    /// Its name.
    pub id: Option<ServerId>,
    /// Its program and version.
    pub software: Option<String>,
    /// Share of its admitted capacity in use when the test began, 0 to 1.
    pub load_ratio: Option<f64>,
    /// Readings of its counter of all streams together, when it received.
    pub readings: Vec<ByteSample>,
}

/// The results of one end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Results {
    /// Processor time over wall time in percent: all, user, system.
    pub cpu_percent: [f64; 3],
    /// Whether this end's system counts segments sent again; `None` at an end that only receives.
    pub counts_retransmits: Option<bool>,
    /// Congestion control of its TCP streams.
    pub congestion_control: Option<String>,
    /// Each stream.
    pub streams: Vec<StreamResult>,
    /// What only our server says.
    pub report: Option<PeerReport>,
}

/// Why a block of results is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableResults {
    /// Not JSON, or no object.
    #[error("not an object of JSON")]
    NotAnObject,
    /// A member that must be there is missing or of the wrong kind.
    #[error("no {key} in it")]
    Missing {
        /// The member.
        key: &'static str,
    },
    /// More streams than any test has.
    #[error("too many streams")]
    TooManyStreams,
}

impl Results {
    /// Octets of all streams that `wanted` picks by their id.
    #[must_use]
    pub fn bytes(&self, wanted: impl Fn(u64) -> bool) -> u64 {
        let streams = self.streams.iter().filter(|stream| wanted(stream.id));
        streams.fold(0, |sum, stream| sum.saturating_add(stream.bytes))
    }

    /// The longest time that one of those streams was counted for, in seconds; zero when the end did not say.
    #[must_use]
    pub fn seconds(&self, wanted: impl Fn(u64) -> bool) -> f64 {
        let streams = self.streams.iter().filter(|stream| wanted(stream.id));
        streams.fold(0.0, |longest, stream| stream.seconds.max(longest))
    }

    /// Writes the block.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut object = Map::new();
        let [all, user, system] = self.cpu_percent;
        object.insert("cpu_util_total".to_owned(), json!(all));
        object.insert("cpu_util_user".to_owned(), json!(user));
        object.insert("cpu_util_system".to_owned(), json!(system));
        let counts = self.counts_retransmits.map_or(-1, i32::from);
        object.insert("sender_has_retransmits".to_owned(), json!(counts));
        if let Some(name) = &self.congestion_control {
            object.insert("congestion_used".to_owned(), json!(name));
        }
        let streams: Vec<Value> = self.streams.iter().map(stream_object).collect();
        object.insert("streams".to_owned(), Value::Array(streams));
        if let Some(report) = &self.report {
            let readings: Vec<_> =
                report.readings.iter().map(|reading| [reading.elapsed_us, reading.bytes]).collect();
            let ours = json!({
                "server": report.id.as_ref().map(ServerId::as_str),
                "software": report.software,
                "load_ratio": report.load_ratio,
                "readings": readings,
            });
            object.insert(spec::EXTENSION.to_owned(), ours);
        }
        Value::Object(object).to_string()
    }

    /// Reads the block. Times that are not there, as in releases before 3.2, are zero; what is ours is read leniently.
    ///
    /// # Errors
    /// When one of the members is missing that every release has sent.
    pub fn read(block: &[u8]) -> Result<Self, UnreadableResults> {
        let object: Map<String, Value> =
            serde_json::from_slice(block).map_err(|_| UnreadableResults::NotAnObject)?;
        let percent = |key| real(&object, key).ok_or(UnreadableResults::Missing { key });
        let cpu_percent =
            [percent("cpu_util_total")?, percent("cpu_util_user")?, percent("cpu_util_system")?];
        let key = "sender_has_retransmits";
        let counts = signed(object.get(key)).ok_or(UnreadableResults::Missing { key })?;
        let key = "streams";
        let streams = object.get(key).and_then(Value::as_array).ok_or(UnreadableResults::Missing { key })?;
        if streams.len() > 2 * usize::from(spec::STREAMS_MAX) {
            return Err(UnreadableResults::TooManyStreams);
        }
        let congestion_control = object.get("congestion_used").and_then(Value::as_str);
        Ok(Self {
            cpu_percent,
            counts_retransmits: (counts >= 0).then_some(counts > 0),
            congestion_control: congestion_control
                .map(|name| name.chars().filter(|c| !c.is_control()).take(16).collect()),
            streams: streams.iter().map(read_stream).collect::<Result<_, _>>()?,
            report: object.get(spec::EXTENSION).map(read_report),
        })
    }
}

fn stream_object(stream: &StreamResult) -> Value {
    let mut object = json!({
        "id": stream.id,
        "bytes": stream.bytes,
        "retransmits": stream.retransmits.map_or(json!(-1), |number| json!(number)),
        "jitter": stream.jitter_s,
        "errors": stream.lost,
        "packets": stream.packets,
        "start_time": 0,
        "end_time": stream.seconds,
    });
    if let (Some((lost, packets)), Some(object)) = (stream.omitted, object.as_object_mut()) {
        object.insert("omitted_errors".to_owned(), json!(lost));
        object.insert("omitted_packets".to_owned(), json!(packets));
    }
    object
}

fn read_stream(value: &Value) -> Result<StreamResult, UnreadableResults> {
    let count = |key: &'static str| whole(value.get(key)).ok_or(UnreadableResults::Missing { key });
    let time = |key: &str| value.get(key).and_then(Value::as_f64).filter(|time| time.is_finite());
    let key = "retransmits";
    let retransmits = signed(value.get(key)).ok_or(UnreadableResults::Missing { key })?;
    let key = "jitter";
    let jitter_s = value.get(key).and_then(Value::as_f64).ok_or(UnreadableResults::Missing { key })?;
    let omitted = whole(value.get("omitted_errors")).zip(whole(value.get("omitted_packets")));
    Ok(StreamResult {
        id: count("id")?,
        bytes: count("bytes")?,
        retransmits: u64::try_from(retransmits).ok(),
        jitter_s,
        // The reference counts losses in a signed number, which late datagrams can bring below zero.
        lost: u64::try_from(signed(value.get("errors")).ok_or(UnreadableResults::Missing { key: "errors" })?)
            .unwrap_or(0),
        packets: count("packets")?,
        omitted,
        seconds: (time("end_time").unwrap_or(0.0) - time("start_time").unwrap_or(0.0)).max(0.0),
    })
}

fn read_report(value: &Value) -> PeerReport {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let reading = |pair: &Value| {
        let pair = pair.as_array()?;
        Some(ByteSample { elapsed_us: whole(pair.first())?, bytes: whole(pair.get(1))? })
    };
    let all = value.get("readings").and_then(Value::as_array);
    let mut readings: Vec<ByteSample> =
        all.into_iter().flatten().take(spec::READINGS_MAX).filter_map(reading).collect();
    let rises =
        |pair: &[ByteSample]| pair[1].elapsed_us > pair[0].elapsed_us && pair[1].bytes >= pair[0].bytes;
    if !readings.windows(2).all(rises) {
        readings.clear();
    }
    PeerReport {
        id: text("server").and_then(|id| id.parse().ok()),
        software: text("software").map(|text| text.chars().filter(|c| !c.is_control()).take(128).collect()),
        load_ratio: value
            .get("load_ratio")
            .and_then(Value::as_f64)
            .filter(|ratio| (0.0..=1.0).contains(ratio)),
        readings,
    }
}

fn real(object: &Map<String, Value>, key: &str) -> Option<f64> {
    object.get(key).and_then(Value::as_f64).filter(|number| number.is_finite())
}

/// A number that may be below zero, which some builds of the reference then write as if it had no sign: Debian's 3.12 has
/// 18446744073709551615 for -1.
fn signed(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    let unsigned = || value.as_u64().map(|number| i64::from_ne_bytes(number.to_ne_bytes()));
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and no honest number comes near")]
    let real = || value.as_f64().map(|number| number as i64);
    value.as_i64().or_else(unsigned).or_else(real)
}

/// A count, which `cJSON` may have written with a fraction or an exponent.
fn whole(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..=9_007_199_254_740_992.0).contains(number))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just checked"
        )]
        let whole = number as u64;
        Some(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_ids_have_the_gap_of_the_reference() {
        let ids: Vec<u64> = (0..5).map(stream_id).collect();
        assert_eq!(ids, [1, 3, 4, 5, 6]);
    }

    #[test]
    fn what_debians_server_sends_is_understood() {
        // What `iperf3 -s -d` of Debian's 3.12 said that it sent.
        let block = br#"{"cpu_util_total":34.992463590493742,"cpu_util_user":2.523733512559859,"cpu_util_system":32.468828916091347,"sender_has_retransmits":18446744073709551615,"congestion_used":"bbr","streams":[{"id":1,"bytes":1648885760,"retransmits":18446744073709551615,"jitter":0,"errors":0,"packets":0,"start_time":0,"end_time":1.011753}]}"#;
        let results = Results::read(block).unwrap();
        assert_eq!(results.bytes(|id| id == 1), 1_648_885_760);
        assert!((results.seconds(|_| true) - 1.011_753).abs() < 1e-9);
        assert_eq!((results.counts_retransmits, results.streams[0].retransmits), (None, None));
        assert_eq!(results.congestion_control.as_deref(), Some("bbr"));
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let stream = StreamResult {
            id: 3,
            bytes: 1 << 50,
            retransmits: Some(7),
            jitter_s: 0.000_25,
            lost: 4,
            packets: 1_000,
            omitted: Some((1, 100)),
            seconds: 1.5,
        };
        let report = PeerReport {
            id: Some("a-1".parse().unwrap()),
            software: Some("x".to_owned()),
            load_ratio: Some(0.25),
            readings: vec![ByteSample { elapsed_us: 0, bytes: 0 }, ByteSample { elapsed_us: 9, bytes: 5 }],
        };
        let results = Results {
            cpu_percent: [3.0, 2.0, 1.0],
            counts_retransmits: Some(true),
            congestion_control: Some("bbr".to_owned()),
            streams: vec![stream],
            report: Some(report),
        };
        assert_eq!(Results::read(results.to_text().as_bytes()), Ok(results));
    }

    #[test]
    fn readings_that_do_not_rise_are_not_believed() {
        let text = |readings: &str| {
            format!(
                r#"{{"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":-1,"streams":[],"desserte":{{"readings":{readings},"load_ratio":7}}}}"#
            )
        };
        for readings in ["[[0,0],[0,1]]", "[[0,5],[1,4]]", "[[1,0],[0,0]]"] {
            let report = Results::read(text(readings).as_bytes()).unwrap().report.unwrap();
            assert_eq!((report.readings, report.load_ratio), (Vec::new(), None), "{readings}");
        }
    }

    #[test]
    fn what_lacks_a_member_cannot_be_read() {
        for block in [
            "",
            "[]",
            "{}",
            r#"{"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":1}"#,
            r#"{"cpu_util_total":0,"cpu_util_user":0,"cpu_util_system":0,"sender_has_retransmits":1,"streams":[{"id":1}]}"#,
        ] {
            assert!(Results::read(block.as_bytes()).is_err(), "{block}");
        }
    }
}
