//! The messages of remote write 1.0, as far as they are used, and how they are packed.

use prost::Message as _;

use crate::Series;

/// A name and a value.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Label {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// A value at a time, milliseconds since the Unix epoch.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
}

/// The body of a request: one block of snappy, not its framed form.
pub(crate) fn body(series: &[Series]) -> Result<Vec<u8>, snap::Error> {
    let request = WriteRequest { timeseries: series.iter().map(Series::message).collect() };
    snap::raw::Encoder::new().compress_vec(&request.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Octets worked out by hand from the specification's message definitions.
    #[test]
    fn a_request_has_the_octets_of_the_specification() {
        let mut series = Series::new("up", []).unwrap();
        series.push(3, 1.0).unwrap();
        let unpacked = snap::raw::Decoder::new().decompress_vec(&body(&[series]).unwrap()).unwrap();
        let label = b"\x0a\x0e\x0a\x08__name__\x12\x02up";
        let sample = b"\x12\x0b\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x03";
        let expected = [&[0x0a, 29][..], label, sample].concat();
        assert_eq!(unpacked, expected);
    }
}
