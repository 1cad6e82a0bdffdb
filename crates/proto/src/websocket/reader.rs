//! Splits a stream of octets into messages, counting the payload of binary ones instead of keeping it.

use super::frame::{FrameError, FrameHeader, MAX_CONTROL_PAYLOAD, MAX_HEADER, Opcode, apply_mask};

/// A frame with less payload than this is light: every control frame is, and no message of a measurement.
const LIGHT_FRAME: u64 = 128;
/// Light frames that are always allowed: thirteen seconds of texts and pings, fifty a second, and some more.
const LIGHT_FRAMES_FREE: u64 = 1_000;
/// Payload in other frames that allows one more light frame: the shortest binary message, which a library that sends a
/// message in parts may end with an empty frame.
const PAYLOAD_PER_LIGHT_FRAME: u64 = 1 << 10;

/// Which end sends the octets that a reader is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A client, which masks every frame.
    Client,
    /// A server, which masks none.
    Server,
}

/// What a run of octets amounted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Octets of a binary message arrived; the message may still go on.
    Payload {
        /// How many.
        bytes: u64,
    },
    /// A whole text message.
    Text(String),
    /// A text message too long to be of use; it was skipped, not kept.
    SkippedText {
        /// Its length.
        bytes: u64,
    },
    /// A ping and its payload.
    Ping(Vec<u8>),
    /// A pong and its payload.
    Pong(Vec<u8>),
    /// The closing handshake, with the status code if one was given.
    Close {
        /// RFC 6455, section 7.4.
        code: Option<u16>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    Binary,
    Text,
}

#[derive(Debug)]
enum State {
    Header { octets: [u8; MAX_HEADER], len: usize },
    Data { left: u64, mask: Option<[u8; 4]>, offset: u64, fin: bool },
    Control { opcode: Opcode, left: usize, mask: Option<[u8; 4]>, octets: Vec<u8> },
}

const START: State = State::Header { octets: [0; MAX_HEADER], len: 0 };

/// Reads what one end sends.
#[derive(Debug)]
pub struct FrameReader {
    sender: Sender,
    /// Longest message; a longer one is an error as soon as its header tells.
    max_message: u64,
    /// Longest text that is kept.
    max_text: usize,
    state: State,
    /// The data message under way: kind, octets so far.
    message: Option<(Message, u64)>,
    text: Vec<u8>,
    /// Light frames so far.
    light: u64,
    /// Payload in other frames, as their headers say.
    payload: u64,
}

impl FrameReader {
    /// A reader of what `sender` sends.
    #[must_use]
    pub const fn new(sender: Sender, max_message: u64, max_text: usize) -> Self {
        Self {
            sender,
            max_message,
            max_text,
            state: START,
            message: None,
            text: Vec::new(),
            light: 0,
            payload: 0,
        }
    }

    /// Octets of binary payload that must come before anything else can; a driver may throw them away unseen and
    /// report them with [`FrameReader::skipped`].
    #[must_use]
    pub fn payload_ahead(&self) -> u64 {
        match (&self.state, self.message) {
            (State::Data { left, .. }, Some((Message::Binary, _))) => *left,
            _ => 0,
        }
    }

    /// Notes that `bytes` octets of payload were taken from the stream without being read.
    ///
    /// # Panics
    /// If `bytes` exceeds [`FrameReader::payload_ahead`].
    pub fn skipped(&mut self, bytes: u64) {
        assert!(bytes <= self.payload_ahead(), "only octets known to be payload may be skipped");
        if let State::Data { left, .. } = &mut self.state {
            *left -= bytes;
        }
        self.end_frame_if_done();
    }

    /// Reads from the front of `input`, moves it past what was read, and returns the next piece.
    ///
    /// # Missing data
    /// `None` when `input` is used up without a whole piece; the rest is remembered.
    ///
    /// # Errors
    /// When the octets are not frames that `sender` may send. The reader must not be used after that.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Piece>, FrameError> {
        loop {
            if input.is_empty() {
                return Ok(None);
            }
            let piece = match &mut self.state {
                State::Header { octets, len } => {
                    if let Some((header, taken)) = gather_header(octets, len, input)? {
                        *input = &input[taken..];
                        self.begin_frame(header)?
                    } else {
                        None
                    }
                }
                State::Data { .. } => self.read_data(input),
                State::Control { .. } => self.read_control(input),
            };
            let ended = self.end_frame_if_done();
            match (piece, ended) {
                (Some(piece), _) => return Ok(Some(piece)),
                (None, Some(ended)) => return ended.map(Some),
                (None, None) => {}
            }
        }
    }

    fn begin_frame(&mut self, header: FrameHeader) -> Result<Option<Piece>, FrameError> {
        if header.mask.is_some() != (self.sender == Sender::Client) {
            return Err(FrameError::WrongMasking);
        }
        self.weigh(header.payload)?;
        if header.opcode.is_control() {
            let left = usize::try_from(header.payload).map_err(|_| FrameError::BadControlFrame)?;
            let octets = Vec::with_capacity(left);
            self.state = State::Control { opcode: header.opcode, left, mask: header.mask, octets };
            return Ok(None);
        }
        let (kind, so_far) = match (header.opcode, self.message) {
            (Opcode::Continuation, Some(message)) => message,
            (Opcode::Text, None) => (Message::Text, 0),
            (Opcode::Binary, None) => (Message::Binary, 0),
            _ => return Err(FrameError::FragmentOrder),
        };
        let total = so_far.saturating_add(header.payload);
        if total > self.max_message {
            return Err(FrameError::MessageTooLong { limit: self.max_message });
        }
        self.message = Some((kind, total));
        self.state = State::Data { left: header.payload, mask: header.mask, offset: 0, fin: header.fin };
        Ok(None)
    }

    /// Ends the conversation when its frames are mostly nothing: reading them costs this end time and its line octets.
    fn weigh(&mut self, payload: u64) -> Result<(), FrameError> {
        if payload >= LIGHT_FRAME {
            self.payload = self.payload.saturating_add(payload);
            return Ok(());
        }
        self.light += 1;
        let allowed = LIGHT_FRAMES_FREE + self.payload / PAYLOAD_PER_LIGHT_FRAME;
        if self.light > allowed { Err(FrameError::TooManyLightFrames) } else { Ok(()) }
    }

    fn read_data(&mut self, input: &mut &[u8]) -> Option<Piece> {
        let State::Data { left, mask, offset, .. } = &mut self.state else { return None };
        let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
        let (now, later) = input.split_at(taken);
        *input = later;
        let bytes = taken as u64;
        *left -= bytes;
        match self.message {
            Some((Message::Binary, _)) => (bytes > 0).then_some(Piece::Payload { bytes }),
            _ => {
                let room = self.max_text.saturating_add(1).saturating_sub(self.text.len());
                let start = self.text.len();
                self.text.extend_from_slice(&now[..now.len().min(room)]);
                if let Some(mask) = mask {
                    apply_mask(&mut self.text[start..], *mask, *offset);
                }
                *offset += bytes;
                None
            }
        }
    }

    fn read_control(&mut self, input: &mut &[u8]) -> Option<Piece> {
        let State::Control { left, octets, .. } = &mut self.state else { return None };
        let taken = (*left).min(input.len());
        octets.extend_from_slice(&input[..taken]);
        *input = &input[taken..];
        *left -= taken;
        None
    }

    /// Returns to the header when the frame is through; the piece it completes, if any.
    fn end_frame_if_done(&mut self) -> Option<Result<Piece, FrameError>> {
        match &mut self.state {
            State::Data { left: 0, fin, .. } => {
                let fin = *fin;
                self.state = START;
                if !fin {
                    return None;
                }
                let (kind, bytes) = self.message.take()?;
                (kind == Message::Text).then(|| self.take_text(bytes))
            }
            State::Control { opcode, left: 0, mask, octets } => {
                let mut octets = std::mem::take(octets);
                assert!(octets.len() <= MAX_CONTROL_PAYLOAD);
                if let Some(mask) = mask {
                    apply_mask(&mut octets, *mask, 0);
                }
                let piece = match opcode {
                    Opcode::Ping => Piece::Ping(octets),
                    Opcode::Pong => Piece::Pong(octets),
                    _ => {
                        Piece::Close { code: octets.first_chunk::<2>().map(|code| u16::from_be_bytes(*code)) }
                    }
                };
                self.state = START;
                Some(Ok(piece))
            }
            _ => None,
        }
    }

    fn take_text(&mut self, bytes: u64) -> Result<Piece, FrameError> {
        let octets = std::mem::take(&mut self.text);
        if octets.len() > self.max_text {
            return Ok(Piece::SkippedText { bytes });
        }
        String::from_utf8(octets).map(Piece::Text).map_err(|_| FrameError::NotUtf8)
    }
}

/// Gathers a header that may come in parts; when it is whole, also says how many octets of `input` belong to it.
fn gather_header(
    octets: &mut [u8; MAX_HEADER],
    len: &mut usize,
    input: &mut &[u8],
) -> Result<Option<(FrameHeader, usize)>, FrameError> {
    let held = *len;
    let added = input.len().min(MAX_HEADER - held);
    octets[held..held + added].copy_from_slice(&input[..added]);
    match FrameHeader::decode(&octets[..held + added])? {
        Some((header, taken)) => {
            assert!(taken > held, "a header that was whole before would have been read before");
            Ok(Some((header, taken - held)))
        }
        None => {
            assert!(held + added < MAX_HEADER, "no header is longer");
            *len = held + added;
            *input = &input[added..];
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];

    fn frame(fin: bool, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let mut octets = Vec::new();
        FrameHeader { fin, opcode, mask, payload: payload.len() as u64 }.encode(&mut octets);
        let start = octets.len();
        octets.extend_from_slice(payload);
        if let Some(mask) = mask {
            apply_mask(&mut octets[start..], mask, 0);
        }
        octets
    }

    fn read_all(reader: &mut FrameReader, mut input: &[u8]) -> Result<Vec<Piece>, FrameError> {
        let mut pieces = Vec::new();
        while let Some(piece) = reader.read(&mut input)? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut out: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (out.last_mut(), piece) {
                (Some(Piece::Payload { bytes }), Piece::Payload { bytes: more }) => *bytes += more,
                (_, piece) => out.push(piece),
            }
        }
        out
    }

    fn conversation(mask: Option<[u8; 4]>) -> (Vec<u8>, Vec<Piece>) {
        let mut octets = frame(false, Opcode::Binary, &[7; 300], mask);
        octets.extend(frame(true, Opcode::Ping, b"tick", mask));
        octets.extend(frame(false, Opcode::Continuation, &[], mask));
        octets.extend(frame(true, Opcode::Continuation, &[9; 70_000], mask));
        octets.extend(frame(false, Opcode::Text, "{\"é".as_bytes(), mask));
        octets.extend(frame(true, Opcode::Continuation, b"\":1}", mask));
        octets.extend(frame(true, Opcode::Text, b"", mask));
        octets.extend(frame(true, Opcode::Pong, b"", mask));
        octets.extend(frame(true, Opcode::Text, &[b'x'; 101], mask));
        octets.extend(frame(true, Opcode::Close, &1000_u16.to_be_bytes(), mask));
        let pieces = vec![
            Piece::Payload { bytes: 300 },
            Piece::Ping(b"tick".to_vec()),
            Piece::Payload { bytes: 70_000 },
            Piece::Text("{\"é\":1}".to_owned()),
            Piece::Text(String::new()),
            Piece::Pong(Vec::new()),
            Piece::SkippedText { bytes: 101 },
            Piece::Close { code: Some(1000) },
        ];
        (octets, pieces)
    }

    proptest! {
        #[test]
        fn however_the_octets_are_cut_the_pieces_are_the_same(cuts in proptest::collection::vec(1_usize..5_000, 1..40), masked: bool) {
            let (octets, expected) = conversation(masked.then_some(MASK));
            let sender = if masked { Sender::Client } else { Sender::Server };
            let mut reader = FrameReader::new(sender, 1 << 24, 100);
            let mut pieces = Vec::new();
            let (mut at, mut cuts) = (0, cuts.into_iter().cycle());
            while at < octets.len() {
                let end = octets.len().min(at + cuts.next().unwrap_or(1));
                pieces.extend(read_all(&mut reader, &octets[at..end]).unwrap());
                at = end;
            }
            prop_assert_eq!(merged(pieces), expected);
        }

        #[test]
        fn foreign_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut reader = FrameReader::new(Sender::Client, 1 << 24, 100);
            let _ = read_all(&mut reader, &octets);
        }
    }

    #[test]
    fn payload_thrown_away_unseen_is_accounted_for() {
        let mut octets = frame(true, Opcode::Binary, &[0; 1000], None);
        octets.extend(frame(true, Opcode::Text, b"{}", None));
        let mut reader = FrameReader::new(Sender::Server, 1 << 24, 100);
        assert_eq!(reader.payload_ahead(), 0);
        assert_eq!(read_all(&mut reader, &octets[..104]).unwrap(), [Piece::Payload { bytes: 100 }]);
        assert_eq!(reader.payload_ahead(), 900);
        reader.skipped(900);
        assert_eq!(reader.payload_ahead(), 0);
        assert_eq!(read_all(&mut reader, &octets[1004..]).unwrap(), [Piece::Text("{}".to_owned())]);
    }

    #[test]
    fn a_flood_of_frames_that_carry_nothing_is_an_error() {
        for light in [
            frame(true, Opcode::Binary, b"", None),
            frame(true, Opcode::Text, b"{}", None),
            frame(true, Opcode::Ping, &[b'a'; 125], None),
            frame(true, Opcode::Pong, b"", None),
        ] {
            let mut reader = FrameReader::new(Sender::Server, 1 << 24, 100);
            read_all(&mut reader, &light.repeat(1_000)).unwrap();
            // A message of 10 KiB may have ten more beside it.
            read_all(&mut reader, &frame(true, Opcode::Binary, &[0; 10 << 10], None)).unwrap();
            read_all(&mut reader, &light.repeat(10)).unwrap();
            assert_eq!(read_all(&mut reader, &light), Err(FrameError::TooManyLightFrames));
        }
    }

    #[test]
    fn frames_that_the_sender_may_not_send_are_errors() {
        let check = |sender, octets: Vec<u8>, expected| {
            assert_eq!(read_all(&mut FrameReader::new(sender, 1 << 10, 100), &octets), Err(expected));
        };
        check(Sender::Client, frame(true, Opcode::Binary, b"x", None), FrameError::WrongMasking);
        check(Sender::Server, frame(true, Opcode::Binary, b"x", Some(MASK)), FrameError::WrongMasking);
        check(Sender::Server, frame(true, Opcode::Continuation, b"x", None), FrameError::FragmentOrder);
        check(Sender::Server, frame(true, Opcode::Text, &[0xff], None), FrameError::NotUtf8);
        check(Sender::Server, frame(false, Opcode::Ping, b"", None), FrameError::BadControlFrame);
        check(Sender::Server, vec![0xC2, 0], FrameError::ReservedBit);
        check(Sender::Server, vec![0x83, 0], FrameError::UnknownOpcode { code: 3 });
        check(
            Sender::Server,
            frame(true, Opcode::Binary, &[0; 1025], None),
            FrameError::MessageTooLong { limit: 1024 },
        );
        let mut nested = frame(false, Opcode::Binary, b"x", None);
        nested.extend(frame(true, Opcode::Text, b"x", None));
        check(Sender::Server, nested, FrameError::FragmentOrder);
    }
}
