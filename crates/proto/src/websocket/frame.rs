//! The header that stands before every frame.

/// Octets of the longest header: two, eight of extended length, four of mask.
pub const MAX_HEADER: usize = 14;

/// Octets that a control frame may carry (RFC 6455, section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A further part of the message before.
    Continuation,
    /// UTF-8 text.
    Text,
    /// Octets.
    Binary,
    /// The start of the closing handshake, or the answer to it.
    Close,
    /// A request for a [`Opcode::Pong`] with the same payload.
    Ping,
    /// The answer to a [`Opcode::Ping`].
    Pong,
}

impl Opcode {
    /// Whether this is a control frame, which is short and never fragmented.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    const fn code(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }
}

/// Octets that are not WebSocket frames as the other end may send them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A reserved bit is set although no extension was agreed on.
    #[error("a reserved bit of a frame is set")]
    ReservedBit,
    /// An opcode that RFC 6455 does not define.
    #[error("frame of unknown opcode {code:#x}")]
    UnknownOpcode {
        /// What stood there.
        code: u8,
    },
    /// A control frame that is fragmented or longer than 125 octets.
    #[error("control frame that is fragmented or too long")]
    BadControlFrame,
    /// A client must mask and a server must not.
    #[error("frame with the mask of the wrong end")]
    WrongMasking,
    /// A continuation of nothing, or a new message inside another.
    #[error("message fragments out of order")]
    FragmentOrder,
    /// A message longer than the protocol allows.
    #[error("message of more than {limit} octets")]
    MessageTooLong {
        /// The limit.
        limit: u64,
    },
    /// Far more frames that carry next to nothing than any measurement has.
    #[error("too many frames that carry next to nothing")]
    TooManyLightFrames,
    /// Text that is not UTF-8.
    #[error("text message that is not UTF-8")]
    NotUtf8,
}

/// The header of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether the message ends with this frame.
    pub fin: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// The mask of a frame from the client.
    pub mask: Option<[u8; 4]>,
    /// Octets of payload that follow.
    pub payload: u64,
}

impl FrameHeader {
    /// The header of an unfragmented message.
    #[must_use]
    pub const fn whole(opcode: Opcode, payload: u64, mask: Option<[u8; 4]>) -> Self {
        Self { fin: true, opcode, mask, payload }
    }

    /// Appends the header in its shortest form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mask_bit = if self.mask.is_some() { 0x80 } else { 0 };
        out.push(if self.fin { 0x80 } else { 0 } | self.opcode.code());
        if let Some(short) = u8::try_from(self.payload).ok().filter(|short| *short < 126) {
            out.push(mask_bit | short);
        } else if let Ok(medium) = u16::try_from(self.payload) {
            out.push(mask_bit | 126);
            out.extend_from_slice(&medium.to_be_bytes());
        } else {
            out.push(mask_bit | 127);
            out.extend_from_slice(&self.payload.to_be_bytes());
        }
        if let Some(mask) = self.mask {
            out.extend_from_slice(&mask);
        }
    }

    /// Reads a header from the front of `bytes`; also says how many octets it took.
    ///
    /// # Missing data
    /// `None` while `bytes` ends inside the header.
    ///
    /// # Errors
    /// When no continuation of `bytes` could be a header.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        if first & 0x70 != 0 {
            return Err(FrameError::ReservedBit);
        }
        let code = first & 0x0F;
        let opcode = Opcode::from_code(code).ok_or(FrameError::UnknownOpcode { code })?;
        let fin = first & 0x80 != 0;
        let short = second & 0x7F;
        if opcode.is_control() && (!fin || usize::from(short) > MAX_CONTROL_PAYLOAD) {
            return Err(FrameError::BadControlFrame);
        }
        let (payload, length_octets) = match short {
            126 => match rest.first_chunk::<2>() {
                Some(octets) => (u64::from(u16::from_be_bytes(*octets)), 2),
                None => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(octets) => (u64::from_be_bytes(*octets), 8),
                None => return Ok(None),
            },
            short => (u64::from(short), 0),
        };
        let masked = second & 0x80 != 0;
        let mask = if masked {
            match rest.get(length_octets..).and_then(|rest| rest.first_chunk::<4>()) {
                Some(mask) => Some(*mask),
                None => return Ok(None),
            }
        } else {
            None
        };
        let taken = 2 + length_octets + if masked { 4 } else { 0 };
        Ok(Some((Self { fin, opcode, mask, payload }, taken)))
    }
}

/// Masks or unmasks octets that begin `offset` octets into their frame (RFC 6455, section 5.3).
pub fn apply_mask(bytes: &mut [u8], mask: [u8; 4], offset: u64) {
    for (octet, index) in bytes.iter_mut().zip(offset..) {
        *octet ^= mask[usize::from(index.to_le_bytes()[0] & 3)];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> impl Strategy<Value = FrameHeader> {
        let data = prop_oneof![Just(Opcode::Continuation), Just(Opcode::Text), Just(Opcode::Binary)];
        let control = prop_oneof![Just(Opcode::Close), Just(Opcode::Ping), Just(Opcode::Pong)];
        let lengths = prop_oneof![0_u64..130, 65_000_u64..66_000, any::<u64>()];
        prop_oneof![
            (any::<bool>(), data, any::<Option<[u8; 4]>>(), lengths),
            (Just(true), control, any::<Option<[u8; 4]>>(), 0_u64..=125),
        ]
        .prop_map(|(fin, opcode, mask, payload)| FrameHeader { fin, opcode, mask, payload })
    }

    proptest! {
        #[test]
        fn a_header_reads_back_as_written_and_never_from_a_part(header in header()) {
            let mut octets = Vec::new();
            header.encode(&mut octets);
            prop_assert!(octets.len() <= MAX_HEADER);
            for cut in 0..octets.len() {
                prop_assert_eq!(FrameHeader::decode(&octets[..cut]), Ok(None));
            }
            prop_assert_eq!(FrameHeader::decode(&octets), Ok(Some((header, octets.len()))));
        }

        #[test]
        fn foreign_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..20)) {
            let _ = FrameHeader::decode(&octets);
        }
    }

    #[test]
    fn the_masked_hello_of_the_rfc_reads_as_hello() {
        // RFC 6455, section 5.7: a single-frame masked text message.
        let octets = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let (header, taken) = FrameHeader::decode(&octets).unwrap().unwrap();
        assert_eq!(header, FrameHeader::whole(Opcode::Text, 5, Some([0x37, 0xfa, 0x21, 0x3d])));
        let mut text = octets[taken..].to_vec();
        apply_mask(&mut text, header.mask.unwrap(), 0);
        assert_eq!(text, b"Hello");
    }
}
