//! The octets of an HTTP/1.1 body: how long it is, and how much of what arrives is payload.
//!
//! RFC 9112, sections 6 and 7. Of transfer codings only `chunked` is understood; anything else is refused, since the
//! end of the body could not be found.

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many octets.
    Length(u64),
    /// After a last chunk of no octets.
    Chunked,
    /// With the connection; in answers only.
    UntilEnd,
}

/// Why the length of a body cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A length that is not a number, or two that differ.
    #[error("Content-Length is not one number")]
    Length,
    /// A transfer coding other than `chunked` alone.
    #[error("the transfer coding is not chunked")]
    Coding,
    /// Both a length and a coding: the two ends of a chain of servers might believe different ones.
    #[error("both Content-Length and Transfer-Encoding")]
    Both,
}

impl Framing {
    /// Tells the framing from the values of `Content-Length` and `Transfer-Encoding`, each split at its commas; `absent` is
    /// for when there is neither.
    ///
    /// # Errors
    /// When they contradict themselves or each other.
    pub fn read<'a>(
        lengths: impl Iterator<Item = &'a str>,
        mut codings: impl Iterator<Item = &'a str>,
        absent: Self,
    ) -> Result<Self, FramingError> {
        let mut length = None;
        for text in lengths {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let number = text.parse().ok().filter(|_| digits).ok_or(FramingError::Length)?;
            if length.is_some_and(|known| known != number) {
                return Err(FramingError::Length);
            }
            length = Some(number);
        }
        match (codings.next(), length) {
            (None, None) => Ok(absent),
            (None, Some(length)) => Ok(Self::Length(length)),
            (Some(_), Some(_)) => Err(FramingError::Both),
            (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") && codings.next().is_none() => {
                Ok(Self::Chunked)
            }
            (Some(_), None) => Err(FramingError::Coding),
        }
    }
}

/// Longest line with a chunk's length; extensions are skipped.
const LINE_MAX: usize = 1_024;
/// Octets of trailer fields at the most.
const TRAILER_MAX: usize = 8_192;
/// Digits of a chunk's length at the most: sixteen of them are all that a length can need.
const DIGITS_MAX: u32 = 15;

/// Why a body cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More payload than the reader of it allows.
    #[error("a body of more than {limit} octets")]
    TooLong {
        /// The limit.
        limit: u64,
    },
    /// Not as RFC 9112 has chunks.
    #[error("the chunks of the body are malformed")]
    Malformed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Payload of known length.
    Payload {
        left: u64,
    },
    /// A line with a chunk's length; `rest` once its digits are over.
    Size {
        value: u64,
        digits: u32,
        line: usize,
        rest: bool,
    },
    /// Payload of a chunk.
    Chunk {
        left: u64,
    },
    /// The line end after a chunk.
    ChunkEnd {
        cr: bool,
    },
    /// Trailer fields; `line` octets stand on the present line.
    Trailer {
        line: usize,
        all: usize,
    },
    /// Payload until the connection ends.
    UntilEnd,
    Complete,
}

const SIZE: State = State::Size { value: 0, digits: 0, line: 0, rest: false };

/// Reads one body and counts its payload.
#[derive(Debug, Clone)]
pub struct BodyReader {
    state: State,
    payload: u64,
    limit: u64,
}

impl BodyReader {
    /// A reader of a body of at most `limit` octets of payload.
    ///
    /// # Errors
    /// When the body says beforehand that it is longer.
    pub const fn new(framing: Framing, limit: u64) -> Result<Self, BodyError> {
        let state = match framing {
            Framing::Length(0) => State::Complete,
            Framing::Length(length) if length > limit => return Err(BodyError::TooLong { limit }),
            Framing::Length(left) => State::Payload { left },
            Framing::Chunked => SIZE,
            Framing::UntilEnd => State::UntilEnd,
        };
        Ok(Self { state, payload: 0, limit })
    }

    /// Octets of payload so far.
    #[must_use]
    pub const fn payload(&self) -> u64 {
        self.payload
    }

    /// Whether the body is over.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Whether the end of the connection is the end of the body too, rather than a body cut off.
    #[must_use]
    pub const fn may_end(&self) -> bool {
        matches!(self.state, State::Complete | State::UntilEnd)
    }

    /// Takes octets from the front of `octets` until the body is over or they are; says how many of them were payload.
    ///
    /// # Errors
    /// When the body is malformed or too long; it must not be read on then.
    pub fn read(&mut self, octets: &mut &[u8]) -> Result<u64, BodyError> {
        let before = self.payload;
        while !octets.is_empty() && self.state != State::Complete {
            match self.state {
                State::Payload { left } => {
                    let left = left - self.take(octets, left)?;
                    self.state = if left == 0 { State::Complete } else { State::Payload { left } };
                }
                State::Chunk { left } => {
                    let left = left - self.take(octets, left)?;
                    self.state =
                        if left == 0 { State::ChunkEnd { cr: false } } else { State::Chunk { left } };
                }
                State::UntilEnd => {
                    self.take(octets, u64::MAX)?;
                }
                _ => {
                    let (first, rest) = (octets[0], &octets[1..]);
                    *octets = rest;
                    self.state = self.line(first)?;
                }
            }
        }
        Ok(self.payload - before)
    }

    /// Takes payload, at most `most` octets of it.
    fn take(&mut self, octets: &mut &[u8], most: u64) -> Result<u64, BodyError> {
        let count = octets.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        *octets = &octets[count..];
        self.payload += count as u64;
        if self.payload > self.limit {
            return Err(BodyError::TooLong { limit: self.limit });
        }
        Ok(count as u64)
    }

    /// The state after one octet of a line.
    fn line(&self, octet: u8) -> Result<State, BodyError> {
        match self.state {
            State::Size { line: LINE_MAX, .. } => Err(BodyError::Malformed),
            State::Size { digits: 0, .. } if !octet.is_ascii_hexdigit() => Err(BodyError::Malformed),
            State::Size { value, .. } if octet == b'\n' => match value {
                0 => Ok(State::Trailer { line: 0, all: 0 }),
                left if left > self.limit.saturating_sub(self.payload) => {
                    Err(BodyError::TooLong { limit: self.limit })
                }
                left => Ok(State::Chunk { left }),
            },
            State::Size { value, digits, line, rest } => {
                let digit = char::from(octet).to_digit(16).filter(|_| !rest);
                match digit {
                    Some(_) if digits == DIGITS_MAX => Err(BodyError::Malformed),
                    Some(digit) => {
                        let value = value * 16 + u64::from(digit);
                        Ok(State::Size { value, digits: digits + 1, line: line + 1, rest })
                    }
                    None if rest || matches!(octet, b'\r' | b';' | b' ' | b'\t') => {
                        Ok(State::Size { value, digits, line: line + 1, rest: true })
                    }
                    None => Err(BodyError::Malformed),
                }
            }
            State::ChunkEnd { cr: false } if octet == b'\r' => Ok(State::ChunkEnd { cr: true }),
            State::ChunkEnd { .. } if octet == b'\n' => Ok(SIZE),
            State::Trailer { all: TRAILER_MAX, .. } => Err(BodyError::Malformed),
            State::Trailer { line: 0, .. } if octet == b'\n' => Ok(State::Complete),
            State::Trailer { all, .. } if octet == b'\n' => Ok(State::Trailer { line: 0, all: all + 1 }),
            State::Trailer { line, all } if octet == b'\r' => Ok(State::Trailer { line, all: all + 1 }),
            State::Trailer { line, all } => Ok(State::Trailer { line: line + 1, all: all + 1 }),
            _ => Err(BodyError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framing(lengths: &[&str], codings: &[&str]) -> Result<Framing, FramingError> {
        Framing::read(lengths.iter().copied(), codings.iter().copied(), Framing::UntilEnd)
    }

    #[test]
    fn a_body_has_one_length_or_chunks_and_not_both() {
        assert_eq!(framing(&["5", "5"], &[]), Ok(Framing::Length(5)));
        assert_eq!(framing(&[], &["Chunked"]), Ok(Framing::Chunked));
        assert_eq!(framing(&[], &[]), Ok(Framing::UntilEnd));
        for bad in ["", "+5", "-1", "5 ", "0x5", "99999999999999999999"] {
            assert_eq!(framing(&[bad], &[]), Err(FramingError::Length), "{bad}");
        }
        assert_eq!(framing(&["5", "6"], &[]), Err(FramingError::Length));
        assert_eq!(framing(&["5"], &["chunked"]), Err(FramingError::Both));
        assert_eq!(framing(&[], &["gzip", "chunked"]), Err(FramingError::Coding));
        assert_eq!(framing(&[], &["gzip"]), Err(FramingError::Coding));
    }

    fn read(framing: Framing, limit: u64, mut octets: &[u8]) -> Result<(u64, bool, usize), BodyError> {
        let mut reader = BodyReader::new(framing, limit)?;
        let payload = reader.read(&mut octets)?;
        Ok((payload, reader.is_complete(), octets.len()))
    }

    #[test]
    fn what_follows_a_body_is_left() {
        assert_eq!(read(Framing::Length(3), 10, b"abcGET"), Ok((3, true, 3)));
        assert_eq!(read(Framing::Length(0), 10, b"GET"), Ok((0, true, 3)));
        let chunked = b"3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
        assert_eq!(read(Framing::Chunked, 100, chunked), Ok((13, true, 3)));
        assert_eq!(read(Framing::Chunked, 100, b"3\nabc\n0\n\n"), Ok((3, true, 0)));
        assert_eq!(read(Framing::UntilEnd, 100, b"abc"), Ok((3, false, 0)));
    }

    #[test]
    fn long_and_malformed_bodies_are_refused_as_soon_as_they_show() {
        let too_long = Err(BodyError::TooLong { limit: 10 });
        assert_eq!(read(Framing::Length(11), 10, b""), too_long);
        assert_eq!(read(Framing::Chunked, 10, b"b\r\n"), too_long);
        assert_eq!(read(Framing::Chunked, 10, b"6\r\nabcdef\r\n5\r\n"), too_long);
        assert_eq!(read(Framing::UntilEnd, 10, b"abcdefghijk"), too_long);
        for bad in [
            &b"\r\n"[..],
            b"x",
            b"3\r\nabcd",
            b"-1\r\n",
            b"3g\r\n",
            b"0000000000000001",
            b"ffffffffffffffffff",
        ] {
            assert_eq!(read(Framing::Chunked, u64::MAX, bad), Err(BodyError::Malformed), "{bad:?}");
        }
        let extension = [b"1;".as_slice(), &[b'x'; 2_000]].concat();
        assert_eq!(read(Framing::Chunked, 10, &extension), Err(BodyError::Malformed));
        let trailer = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(2_000)].concat();
        assert_eq!(read(Framing::Chunked, 10, &trailer), Err(BodyError::Malformed));
    }

    proptest! {
        #[test]
        fn chunks_are_counted_alike_however_they_arrive(
            sizes in proptest::collection::vec(1_usize..300, 0..20), cuts in proptest::collection::vec(1_usize..50, 1..9),
        ) {
            let mut text = Vec::new();
            for size in &sizes {
                text.extend_from_slice(format!("{size:x}\r\n").as_bytes());
                text.extend(std::iter::repeat_n(b'7', *size));
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            let mut reader = BodyReader::new(Framing::Chunked, 1 << 20).unwrap();
            let (mut rest, mut payload) = (text.as_slice(), 0);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (mut now, later) = rest.split_at(rest.len().min(*cut));
                payload += reader.read(&mut now).unwrap();
                prop_assert!(now.is_empty());
                rest = later;
            }
            prop_assert!(reader.is_complete());
            prop_assert_eq!(payload, sizes.iter().sum::<usize>() as u64);
        }

        #[test]
        fn foreign_octets_never_panic_and_never_count_more_than_there_were(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            for framing in [Framing::Chunked, Framing::UntilEnd, Framing::Length(50)] {
                let mut reader = BodyReader::new(framing, 100).unwrap();
                let mut rest = octets.as_slice();
                let _ = reader.read(&mut rest);
                prop_assert!(reader.payload() <= octets.len() as u64);
            }
        }
    }
}
