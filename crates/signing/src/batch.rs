//! The text of a batch: a header line, then one line for each record.

use desserte_model::{BATCH_SCHEMA, BatchHeader};

/// Why a body is not a batch.
#[derive(Debug, thiserror::Error)]
pub enum BatchTextError {
    /// There is no first line.
    #[error("the body is empty; a batch starts with its header line")]
    Empty,
    /// The first line is not a header.
    #[error("line 1 is not a batch header: {0}")]
    Header(#[source] serde_json::Error),
    /// The header holds more than any probe needs.
    #[error("the batch header is too large: {0}")]
    HeaderTooLarge(String),
    /// The header is of a version that this program does not read.
    #[error("the batch says schema {found:?}; this collector reads {BATCH_SCHEMA:?}")]
    Schema {
        /// The schema stated.
        found: String,
    },
}

/// Octets of the header line at the most: sixty-four anchors take about 15 kB.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// Boots whose records can still wait on a probe; its own list of anchors is no longer.
const ANCHORS_MAX: usize = 64;

/// Characters of a program's name or version.
const SOFTWARE_CHARS_MAX: usize = 64;

/// One record line of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLine<'a> {
    /// Line number in the body, the header being 1.
    pub number: u64,
    /// The record's octets, without the line feed.
    pub octets: &'a [u8],
}

/// Writes a batch. Record octets pass unchanged; they hold no line feed.
///
/// # Errors
/// Only if the header could not be written as JSON.
pub fn encode_batch<'a>(
    header: &BatchHeader,
    records: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = serde_json::to_vec(header)?;
    body.push(b'\n');
    for record in records {
        debug_assert!(!record.contains(&b'\n'), "a record is one line");
        body.extend_from_slice(record);
        body.push(b'\n');
    }
    Ok(body)
}

/// Reads the header of a batch and finds its record lines. The lines themselves are not read here: a bad one must not
/// stop the others.
///
/// # Errors
/// When there is no readable header of this version.
pub fn split_batch(
    body: &[u8],
) -> Result<(BatchHeader, impl Iterator<Item = BatchLine<'_>>), BatchTextError> {
    let mut lines = (1_u64..).zip(body.split(|&octet| octet == b'\n'));
    let (_, first) = lines.next().filter(|(_, line)| !line.is_empty()).ok_or(BatchTextError::Empty)?;
    if first.len() > HEADER_BYTES_MAX {
        return Err(BatchTextError::HeaderTooLarge(format!(
            "{} octets, at most {HEADER_BYTES_MAX}",
            first.len()
        )));
    }
    let header: BatchHeader = serde_json::from_slice(first).map_err(BatchTextError::Header)?;
    if header.schema != BATCH_SCHEMA {
        return Err(BatchTextError::Schema { found: header.schema.chars().take(64).collect() });
    }
    if header.anchors.len() > ANCHORS_MAX {
        let found = header.anchors.len();
        return Err(BatchTextError::HeaderTooLarge(format!("{found} anchors, at most {ANCHORS_MAX}")));
    }
    let software = [&header.software.name, &header.software.version];
    if software.iter().any(|text| text.chars().count() > SOFTWARE_CHARS_MAX) {
        let limit = format!("a name or version of software has at most {SOFTWARE_CHARS_MAX} characters");
        return Err(BatchTextError::HeaderTooLarge(limit));
    }
    let lines =
        lines.filter(|(_, octets)| !octets.is_empty()).map(|(number, octets)| BatchLine { number, octets });
    Ok((header, lines))
}

#[cfg(test)]
mod tests {
    use desserte_model::{BatchId, Software};

    use super::*;

    fn header() -> BatchHeader {
        BatchHeader {
            schema: BATCH_SCHEMA.to_owned(),
            batch: "01890a5d-ac96-774b-bcce-b302099a8057".parse::<BatchId>().unwrap(),
            probe: "00112233445566778899aabbccddeeff".parse().unwrap(),
            anchors: vec![],
            software: Software { name: "desserte-probe".to_owned(), version: "0.1.0".to_owned() },
        }
    }

    #[test]
    fn octets_of_records_pass_unchanged_and_keep_their_line_numbers() {
        let records: [&[u8]; 3] = [b"{\"a\": 1}", b"not json", b"{\"b\":2.50}"];
        let body = encode_batch(&header(), records).unwrap();
        let (read, lines) = split_batch(&body).unwrap();
        assert_eq!(read, header());
        let lines: Vec<_> = lines.map(|line| (line.number, line.octets)).collect();
        assert_eq!(lines, [(2, records[0]), (3, records[1]), (4, records[2])]);
    }

    #[test]
    fn bodies_that_are_no_batch_say_why() {
        assert!(matches!(split_batch(b"").err(), Some(BatchTextError::Empty)));
        assert!(matches!(split_batch(b"{}\n").err(), Some(BatchTextError::Header(_))));
        let mut crowded = header();
        let anchor = desserte_model::BootAnchor {
            boot: desserte_model::BootId::from_uuid(header().batch.as_uuid()),
            monotonic_us: desserte_units::Monotonic::ORIGIN,
            utc_us: desserte_units::Timestamp::from_unix_secs(1_800_000_000),
            source: desserte_model::ClockSource::System,
            uncertainty_us: 0,
        };
        crowded.anchors = vec![anchor; 65];
        let body = encode_batch(&crowded, []).unwrap();
        assert!(matches!(split_batch(&body).err(), Some(BatchTextError::HeaderTooLarge(_))));
        let mut wordy = header();
        wordy.software.version = "1".repeat(65);
        let body = encode_batch(&wordy, []).unwrap();
        assert!(matches!(split_batch(&body).err(), Some(BatchTextError::HeaderTooLarge(_))));
        let mut later = header();
        later.schema = "desserte-batch/2".to_owned();
        let body = encode_batch(&later, []).unwrap();
        assert!(matches!(split_batch(&body).err(), Some(BatchTextError::Schema { .. })));
    }
}
