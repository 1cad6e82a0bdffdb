//! What crosses the control connection: states, blocks of JSON, and the two numbers of an error.

/// A state, one signed octet on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlState {
    /// The server has all data connections.
    TestStart,
    /// Load may flow.
    TestRunning,
    /// The client is done.
    TestEnd,
    /// The server waits for the client's parameters.
    ParameterExchange,
    /// The server waits for the data connections.
    CreateStreams,
    /// The server gives up.
    ServerTerminate,
    /// The client gives up.
    ClientTerminate,
    /// The server waits for the client's results.
    ExchangeResults,
    /// Both have them.
    DisplayResults,
    /// The client goes.
    Done,
    /// The server has no room.
    AccessDenied,
    /// The server failed; two numbers follow.
    ServerError,
}

const CODES: [(ControlState, i8); 12] = [
    (ControlState::TestStart, 1),
    (ControlState::TestRunning, 2),
    (ControlState::TestEnd, 4),
    (ControlState::ParameterExchange, 9),
    (ControlState::CreateStreams, 10),
    (ControlState::ServerTerminate, 11),
    (ControlState::ClientTerminate, 12),
    (ControlState::ExchangeResults, 13),
    (ControlState::DisplayResults, 14),
    (ControlState::Done, 16),
    (ControlState::AccessDenied, -1),
    (ControlState::ServerError, -2),
];

impl ControlState {
    /// The octet on the wire.
    #[must_use]
    pub fn octet(self) -> u8 {
        let found = CODES.iter().find(|(state, _)| *state == self);
        found.map_or(0, |(_, code)| code.to_be_bytes()[0])
    }

    /// The state of an octet; `None` for one that has no meaning between two ends.
    #[must_use]
    pub fn from_octet(octet: u8) -> Option<Self> {
        let code = i8::from_be_bytes([octet]);
        CODES.iter().find(|(_, known)| *known == code).map(|(state, _)| *state)
    }
}

/// A block of JSON as it is sent: its length, most significant octet first, then its text.
#[must_use]
pub(super) fn block(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut octets = Vec::with_capacity(text.len() + 4);
    octets.extend_from_slice(&length.to_be_bytes());
    octets.extend_from_slice(text.as_bytes());
    octets
}

/// What the other end did that no end may do. The connection must be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An octet that is no state.
    #[error("octet {octet} is no state of the control connection")]
    UnknownState {
        /// The octet.
        octet: u8,
    },
    /// A state that may not come here.
    #[error("state {state:?} may not come here")]
    UnexpectedState {
        /// The state.
        state: ControlState,
    },
    /// A block longer than any honest one.
    #[error("a block of {length} octets where {most} are allowed")]
    BlockTooLong {
        /// As its header says.
        length: u32,
        /// The limit.
        most: usize,
    },
    /// A block that is not what must come here.
    #[error("{what} that cannot be read: {reason}")]
    UnreadableBlock {
        /// Parameters or results.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Octets although it was our turn.
    #[error("octets while it was our turn")]
    OutOfTurn,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A state.
    State(ControlState),
    /// The octets of a block.
    Block(Vec<u8>),
    /// The numbers after [`ControlState::ServerError`].
    Error {
        /// The reference's number.
        code: i32,
        /// The system's.
        system_code: i32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    State,
    Length { most: usize },
    Text { length: usize },
    Error,
}

/// Splits the octets of a control connection. What comes next depends on the state of the test, so the reader is told.
#[derive(Debug)]
pub struct ControlReader {
    expect: Expect,
    octets: Vec<u8>,
}

impl Default for ControlReader {
    fn default() -> Self {
        Self { expect: Expect::State, octets: Vec::new() }
    }
}

impl ControlReader {
    /// A block of at most `most` octets comes next; after it, states again.
    pub fn expect_block(&mut self, most: usize) {
        self.expect = Expect::Length { most };
    }

    /// Takes octets from the front of `input` until something is whole.
    ///
    /// Memory is taken for octets that have arrived, never for those that a length promises.
    ///
    /// # Errors
    /// When it is no state, or a block that is too long.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Heard>, Violation> {
        loop {
            let wanted = match self.expect {
                Expect::State => 1,
                Expect::Length { .. } => 4,
                Expect::Text { length } => length,
                Expect::Error => 8,
            };
            let taken = (wanted - self.octets.len()).min(input.len());
            let (now, rest) = input.split_at(taken);
            self.octets.extend_from_slice(now);
            *input = rest;
            if self.octets.len() < wanted {
                return Ok(None);
            }
            let octets = std::mem::take(&mut self.octets);
            match self.expect {
                Expect::State => {
                    let octet = octets[0];
                    let state = ControlState::from_octet(octet).ok_or(Violation::UnknownState { octet })?;
                    if state == ControlState::ServerError {
                        self.expect = Expect::Error;
                        continue;
                    }
                    return Ok(Some(Heard::State(state)));
                }
                Expect::Length { most } => {
                    let length = u32::from_be_bytes(number(&octets).to_be_bytes());
                    match usize::try_from(length) {
                        Ok(length) if length <= most => self.expect = Expect::Text { length },
                        _ => return Err(Violation::BlockTooLong { length, most }),
                    }
                }
                Expect::Text { .. } => {
                    self.expect = Expect::State;
                    return Ok(Some(Heard::Block(octets)));
                }
                Expect::Error => {
                    self.expect = Expect::State;
                    let (code, system_code) = (number(&octets[..4]), number(&octets[4..]));
                    return Ok(Some(Heard::Error { code, system_code }));
                }
            }
        }
    }
}

fn number(octets: &[u8]) -> i32 {
    octets.iter().take(4).fold(0, |sum, octet| (sum << 8) | i32::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_octet() {
        for (state, code) in CODES {
            assert_eq!(ControlState::from_octet(state.octet()), Some(state));
            assert_eq!(i8::from_be_bytes([state.octet()]), code);
        }
        assert_eq!(ControlState::from_octet(3), None);
    }

    #[test]
    fn octets_may_be_cut_anywhere() {
        let mut wire = vec![9];
        wire.extend(block("{\"a\":1}"));
        wire.extend([254, 0, 0, 0, 121, 0, 0, 0, 11]);
        for step in 1..wire.len() {
            let mut reader = ControlReader::default();
            let mut heard = Vec::new();
            for mut chunk in wire.chunks(step) {
                while let Some(item) = reader.read(&mut chunk).unwrap() {
                    if item == Heard::State(ControlState::ParameterExchange) {
                        reader.expect_block(100);
                    }
                    heard.push(item);
                }
            }
            let expected = [
                Heard::State(ControlState::ParameterExchange),
                Heard::Block(b"{\"a\":1}".to_vec()),
                Heard::Error { code: 121, system_code: 11 },
            ];
            assert_eq!(heard, expected, "{step}");
        }
    }

    #[test]
    fn a_length_that_promises_too_much_is_refused_before_it_comes() {
        let mut reader = ControlReader::default();
        reader.expect_block(8192);
        let read = reader.read(&mut &[0xff, 0xff, 0xff, 0xff][..]);
        assert_eq!(read, Err(Violation::BlockTooLong { length: u32::MAX, most: 8192 }));
    }

    #[test]
    fn an_empty_block_is_a_block() {
        let mut reader = ControlReader::default();
        reader.expect_block(8);
        assert_eq!(reader.read(&mut &[0, 0, 0, 0][..]), Ok(Some(Heard::Block(Vec::new()))));
    }
}
