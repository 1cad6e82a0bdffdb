//! Messages of generic netlink, as far as three of them go: what a family is called, a station asked for, a station told.
//!
//! # Source
//! Linux, `Documentation/userspace-api/netlink/intro.rst` and the published headers `linux/netlink.h`, `linux/genetlink.h` and
//! `linux/nl80211.h`, from which the numbers are.

use super::Station;

/// Type of a message of the family that tells the others' numbers.
pub(super) const CONTROL: u16 = 16;
/// An error, or the good end of a question without an answer.
const ERROR: u16 = 2;
/// The end of an answer in several messages.
const DONE: u16 = 3;
/// A question; all of its answers.
const REQUEST: u16 = 0x01;
pub(super) const DUMP: u16 = 0x300;

/// Of the control family: a family is asked for; its number and its name.
const GET_FAMILY: u8 = 3;
const FAMILY_NUMBER: u16 = 1;
const FAMILY_NAME: u16 = 2;

/// Of nl80211: stations are asked for.
const GET_STATION: u8 = 17;
/// Attributes of the question and of its answers: the interface, and what is known of the station.
const INTERFACE: u16 = 3;
const STATION: u16 = 21;
/// Within the station: signal and mean signal in dBm, and the rates towards it and from it.
const SIGNAL: u16 = 7;
const SIGNAL_MEAN: u16 = 13;
const SENT_RATE: u16 = 8;
const RECEIVED_RATE: u16 = 14;
/// Within a rate: hundreds of kbit/s in 16 and, for what does not fit, in 32 bits.
const RATE_16: u16 = 1;
const RATE_32: u16 = 5;

/// Octets of a message's head, and of the head of the generic message in it.
const HEAD: usize = 16;
const GENERIC_HEAD: usize = 4;
/// Octets of an attribute's head.
const ATTRIBUTE_HEAD: usize = 4;
/// The two highest bits of an attribute's type are flags.
const ATTRIBUTE_TYPE: u16 = 0x3fff;

/// A question for the number of a family.
pub(super) fn family_question(name: &str) -> Vec<u8> {
    let mut text = name.as_bytes().to_vec();
    text.push(0);
    question(CONTROL, 0, GET_FAMILY, FAMILY_NAME, &text)
}

/// A question for all stations of an interface: on a client's there is one, the access point.
pub(super) fn station_question(family: u16, interface: u32) -> Vec<u8> {
    question(family, DUMP, GET_STATION, INTERFACE, &interface.to_ne_bytes())
}

fn question(family: u16, flags: u16, command: u8, attribute: u16, value: &[u8]) -> Vec<u8> {
    let attribute_length = ATTRIBUTE_HEAD + value.len();
    let length = HEAD + GENERIC_HEAD + padded(attribute_length);
    let mut octets = Vec::with_capacity(length);
    octets.extend(u32::try_from(length).unwrap_or(u32::MAX).to_ne_bytes());
    octets.extend(family.to_ne_bytes());
    octets.extend((REQUEST | flags).to_ne_bytes());
    // Number of the question and of the one who asks: there is a single one on a socket of its own.
    octets.extend([0; 8]);
    // Version 1 of either family.
    octets.extend([command, 1, 0, 0]);
    octets.extend(u16::try_from(attribute_length).unwrap_or(u16::MAX).to_ne_bytes());
    octets.extend(attribute.to_ne_bytes());
    octets.extend(value);
    octets.resize(length, 0);
    octets
}

/// What a datagram from the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said<T> {
    /// What was asked for.
    Answer(T),
    /// Nothing yet; more datagrams come.
    More,
    /// There is no answer, or none that can be read.
    Nothing,
}

/// The number of a family.
pub(super) fn family(datagram: &[u8]) -> Said<u16> {
    read(datagram, |attributes| Some(u16::from_ne_bytes(find(attributes, FAMILY_NUMBER)?.try_into().ok()?)))
}

/// What is known of a station.
pub(super) fn station(datagram: &[u8]) -> Said<Station> {
    read(datagram, |attributes| {
        let known = find(attributes, STATION)?;
        let signal = find(known, SIGNAL).or_else(|| find(known, SIGNAL_MEAN)).and_then(|value| value.first());
        Some(Station {
            signal_dbm: signal.map(|octet| i16::from(i8::from_ne_bytes([*octet]))),
            receive_bits_per_second: find(known, RECEIVED_RATE).and_then(rate),
            transmit_bits_per_second: find(known, SENT_RATE).and_then(rate),
        })
    })
}

/// A rate in bit/s; the driver says zero while it does not know.
fn rate(value: &[u8]) -> Option<u64> {
    let long = || Some(u64::from(u32::from_ne_bytes(find(value, RATE_32)?.try_into().ok()?)));
    let short = || Some(u64::from(u16::from_ne_bytes(find(value, RATE_16)?.try_into().ok()?)));
    long().or_else(short).filter(|rate| *rate > 0).map(|rate| rate * 100_000)
}

/// Reads the messages of a datagram up to the first that answers.
fn read<T>(mut datagram: &[u8], answer: impl Fn(&[u8]) -> Option<T>) -> Said<T> {
    while datagram.len() >= HEAD {
        let number = |from: usize| datagram.get(from..from + 2)?.try_into().ok().map(u16::from_ne_bytes);
        let length = u32::from_ne_bytes([datagram[0], datagram[1], datagram[2], datagram[3]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < HEAD || length > datagram.len() || matches!(number(4), Some(ERROR | DONE) | None) {
            return Said::Nothing;
        }
        if let Some(told) = datagram.get(HEAD + GENERIC_HEAD..length).and_then(&answer) {
            return Said::Answer(told);
        }
        datagram = &datagram[padded(length).min(datagram.len())..];
    }
    Said::More
}

/// The value of the first attribute of a type.
fn find(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let head: [u8; ATTRIBUTE_HEAD] = attributes.get(..ATTRIBUTE_HEAD)?.try_into().ok()?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        let value = attributes.get(ATTRIBUTE_HEAD..length)?;
        if u16::from_ne_bytes([head[2], head[3]]) & ATTRIBUTE_TYPE == wanted {
            return Some(value);
        }
        attributes = attributes.get(padded(length)..)?;
    }
}

/// Messages and attributes begin at multiples of four octets.
const fn padded(length: usize) -> usize {
    length.div_ceil(4) * 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(ATTRIBUTE_HEAD + value.len()).unwrap();
        let mut octets = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        octets.extend(value);
        octets.resize(padded(octets.len()), 0);
        octets
    }

    fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEAD + payload.len()).unwrap();
        let mut octets = length.to_ne_bytes().to_vec();
        octets.extend(kind.to_ne_bytes());
        octets.extend([0; HEAD - 6]);
        octets.extend(payload);
        octets
    }

    /// What the kernel answers of an access point, in its order: the interface, the station's address, what is known of it.
    fn told(known: &[Vec<u8>]) -> Vec<u8> {
        let nested = attribute(STATION | 0x8000, &known.concat());
        let attributes =
            [attribute(INTERFACE, &3_u32.to_ne_bytes()), attribute(6, &[2, 0, 0, 0, 0, 1]), nested];
        message(28, &[&[19, 1, 0, 0][..], &attributes.concat()].concat())
    }

    #[test]
    fn signal_and_rates_are_read_and_what_is_not_told_is_absent() {
        let rate = |kind: u16, short: u16, long: Option<u32>| {
            let long = long.map(|long| attribute(RATE_32, &long.to_ne_bytes())).unwrap_or_default();
            // Also the index into the standard's table of rates, which comes after.
            attribute(kind, &[attribute(RATE_16, &short.to_ne_bytes()), long, attribute(2, &[7])].concat())
        };
        let signal = attribute(SIGNAL, &[0xc8]);
        let octets = told(&[signal.clone(), rate(SENT_RATE, 722, None), rate(RECEIVED_RATE, 1, Some(8_667))]);
        let station = Station {
            signal_dbm: Some(-56),
            receive_bits_per_second: Some(866_700_000),
            transmit_bits_per_second: Some(72_200_000),
        };
        assert_eq!(super::station(&octets), Said::Answer(station));
        let bare = Station { signal_dbm: Some(-56), ..Station::default() };
        assert_eq!(super::station(&told(&[signal, rate(SENT_RATE, 0, None)])), Said::Answer(bare));
        let mean = told(&[attribute(SIGNAL_MEAN, &[0xb0])]);
        let weak = Station { signal_dbm: Some(-80), ..Station::default() };
        assert_eq!(super::station(&mean), Said::Answer(weak));
    }

    #[test]
    fn an_end_is_told_from_more_to_come() {
        assert_eq!(station(&message(DONE, &[0; 4])), Said::Nothing);
        assert_eq!(station(&message(ERROR, &[0; 20])), Said::Nothing);
        assert_eq!(station(&message(28, &[19, 1, 0, 0])), Said::More);
        let number = message(CONTROL, &[&[1, 2, 0, 0][..], &attribute(FAMILY_NUMBER, &[28, 0])].concat());
        assert_eq!(family(&number), Said::Answer(u16::from_ne_bytes([28, 0])));
        // A message that is not ours, and then the answer, in one datagram.
        let both = [message(28, &[19, 1, 0, 0]), told(&[])].concat();
        assert_eq!(station(&both), Said::Answer(Station::default()));
    }

    #[test]
    fn questions_are_as_the_headers_have_them() {
        let octets = station_question(28, 3);
        let expected: Vec<u8> = [
            &28_u32.to_ne_bytes()[..],
            &28_u16.to_ne_bytes(),
            &0x301_u16.to_ne_bytes(),
            &[0; 8],
            &[17, 1, 0, 0],
            &8_u16.to_ne_bytes(),
            &3_u16.to_ne_bytes(),
            &3_u32.to_ne_bytes(),
        ]
        .concat();
        assert_eq!(octets, expected);
        assert_eq!(family_question("nl80211").len(), 32);
    }

    proptest! {
        #[test]
        fn foreign_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (station(&octets), family(&octets), station(&told(std::slice::from_ref(&octets))));
        }
    }
}
