//! Recorded links, read from the formats in which they are published.
//!
//! All readers take the file's octets, plain or gzip; the caller knows where they are kept and under which licence.

use std::borrow::Cow;
use std::io::Read as _;
use std::time::Duration;

use desserte_units::BitRate;

use super::{Opportunities, Schedule, ScheduleError, Step};

/// Why a file is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It begins like gzip and does not go on so.
    #[error("unpacking a trace")]
    Gzip(#[source] std::io::Error),
    /// It is larger than any trace.
    #[error("a trace of more than {TRACE_OCTETS_MAX} octets")]
    TooLarge,
    /// A line that cannot be read.
    #[error("line {line} is not {expected}")]
    Line {
        /// Number of the line, from one.
        line: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The lines make no schedule.
    #[error("the lines of a trace make no schedule")]
    Schedule(#[from] ScheduleError),
    /// No chance in it, or times that fall.
    #[error("a trace without chances, or whose times fall")]
    NoOpportunities,
}

/// Far more than the longest published trace unpacked; keeps a wrong file from filling the memory.
const TRACE_OCTETS_MAX: u64 = 256 << 20;

/// Reads a Mahimahi trace: one integer a line, milliseconds since the start, each a chance to send 1500 octets.
///
/// # Errors
/// When a line is no number, times fall, or there is no line.
pub fn mahimahi(octets: &[u8]) -> Result<Opportunities, TraceError> {
    let text = plain(octets)?;
    let millis = lines(&text)
        .map(|(line, text)| {
            text.parse().map_err(|_| TraceError::Line { line, expected: "a whole number of milliseconds" })
        })
        .collect::<Result<Vec<u32>, _>>()?;
    Opportunities::new(millis).ok_or(TraceError::NoOpportunities)
}

/// Reads a "cooked" trace: `seconds Mbit/s` a line. It loops; its last line lasts as long as the one before.
///
/// # Errors
/// When a line is not two numbers, times do not rise, or there is no line.
pub fn cooked(octets: &[u8]) -> Result<Schedule, TraceError> {
    let text = plain(octets)?;
    let steps = lines(&text)
        .map(|(line, text)| {
            let wrong = TraceError::Line { line, expected: "seconds and Mbit/s" };
            let mut words = text.split_whitespace().map(str::parse::<f64>);
            let (Some(Ok(seconds)), Some(Ok(rate))) = (words.next(), words.next()) else { return Err(wrong) };
            let at = Duration::try_from_secs_f64(seconds);
            match (at, BitRate::from_mbit_per_s(rate)) {
                (Ok(at), Some(rate)) => Ok(Step { at, rate }),
                _ => Err(wrong),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    repeated(steps)
}

/// Reads one direction of the Irish 5G data set: one line a second, rates in kbit/s; `-` leaves the rate as it was.
///
/// The time stamps repeat and skip; lines are taken as consecutive seconds, which is how they were recorded.
///
/// # Errors
/// When the header lacks the column, a value is no number, or there is no line.
pub fn irish_5g(octets: &[u8], upload: bool) -> Result<Schedule, TraceError> {
    let text = plain(octets)?;
    let mut rows = lines(&text);
    let name = if upload { "UL_bitrate" } else { "DL_bitrate" };
    let column = rows
        .next()
        .and_then(|(_, header)| header.split(',').position(|column| column == name))
        .ok_or(TraceError::Line { line: 1, expected: "a header with the rates" })?;
    let mut steps = Vec::new();
    let mut before = BitRate::default();
    for (second, (line, row)) in (0_u64..).zip(rows) {
        let wrong = TraceError::Line { line, expected: "a rate in kbit/s or a dash" };
        let rate = match row.split(',').nth(column) {
            Some("-" | "") => before,
            Some(value) => value
                .parse::<f64>()
                .ok()
                .and_then(|kilobits| BitRate::from_bits_per_second(kilobits * 1e3))
                .ok_or(wrong)?,
            None => return Err(wrong),
        };
        before = rate;
        steps.push(Step { at: Duration::from_secs(second), rate });
    }
    repeated(steps)
}

fn repeated(steps: Vec<Step>) -> Result<Schedule, TraceError> {
    let last = steps.last().map(|step| step.at).unwrap_or_default();
    let width = match steps.as_slice() {
        [.., before, last] => last.at.saturating_sub(before.at),
        _ => Duration::from_secs(1),
    };
    Ok(Schedule::steps(steps)?.looping(last + width)?)
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty())
}

fn plain(octets: &[u8]) -> Result<Cow<'_, str>, TraceError> {
    const GZIP: [u8; 2] = [0x1F, 0x8B];
    if !octets.starts_with(&GZIP) {
        return Ok(String::from_utf8_lossy(octets));
    }
    let mut text = Vec::new();
    let mut unpacked = flate2::read::MultiGzDecoder::new(octets).take(TRACE_OCTETS_MAX + 1);
    unpacked.read_to_end(&mut text).map_err(TraceError::Gzip)?;
    if text.len() as u64 > TRACE_OCTETS_MAX {
        return Err(TraceError::TooLarge);
    }
    Ok(Cow::Owned(String::from_utf8_lossy(&text).into_owned()))
}
