//! The Domain Name System as far as a probe speaks it: a question for the address of a name, and the addresses in an answer.
//!
//! # Source
//! RFC 1035, section 4. Questions have no extensions (RFC 6891), so that answers over UDP stay within 512 octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use desserte_model::ReachFailure;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

/// A question for the IPv4 address of a name.
///
/// # Errors
/// When the text is not a name, in words.
pub fn question(name: &str, number: u16) -> Result<Vec<u8>, String> {
    let name = Name::new(name).map_err(|error| error.to_string())?;
    let mut packet = Packet::new_query(number);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(name, QTYPE::TYPE(TYPE::A), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(|error| error.to_string())
}

/// Whether these octets answer the question of this number.
#[must_use]
pub fn answers(octets: &[u8], number: u16) -> bool {
    simple_dns::header_buffer::id(octets).is_ok_and(|id| id == number)
}

/// The addresses in an answer, in its order; at least one.
///
/// # Errors
/// When the octets are no answer, the name is unknown, or nothing was found for it.
pub fn addresses(octets: &[u8]) -> Result<Vec<IpAddr>, ReachFailure> {
    let packet = Packet::parse(octets).map_err(|_| ReachFailure::Nonsense)?;
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Err(ReachFailure::NameUnknown),
        _ => return Err(ReachFailure::NameFailed),
    }
    let found: Vec<IpAddr> = packet
        .answers
        .iter()
        .filter_map(|answer| match &answer.rdata {
            RData::A(a) => Some(IpAddr::V4(Ipv4Addr::from(a.address))),
            RData::AAAA(aaaa) => Some(IpAddr::V6(Ipv6Addr::from(aaaa.address))),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(ReachFailure::NameFailed) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_is_as_the_protocol_has_it() {
        // RFC 1035, section 4.1: header, then the name in labels, type A, class IN.
        let expected =
            [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1][..], b"a", &[4], b"test", &[0, 0, 1, 0, 1]].concat();
        assert_eq!(question("a.test", 7).unwrap(), expected);
    }

    #[test]
    fn answers_tell_addresses_of_both_kinds_or_why_there_are_none() {
        // RFC 1035, section 4.1: the question repeated, then records whose name points back at it (section 4.1.4).
        let answer = |flags: u8, records: &[&[u8]]| {
            let mut octets = question("a.test", 7).unwrap();
            octets[2] |= 0x80;
            octets[3] = flags;
            octets[7] = u8::try_from(records.len()).unwrap();
            for record in records {
                octets.extend([0xc0, 12]);
                octets.extend(*record);
            }
            octets
        };
        let v4: &[u8] = &[0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
        let v6 = [&[0, 28, 0, 1, 0, 0, 0, 60, 0, 16][..], &Ipv6Addr::LOCALHOST.octets()].concat();
        let both: [IpAddr; 2] = [Ipv4Addr::new(192, 0, 2, 1).into(), Ipv6Addr::LOCALHOST.into()];
        assert_eq!(addresses(&answer(0, &[v4, &v6])).unwrap(), both);
        assert_eq!(addresses(&answer(3, &[])), Err(ReachFailure::NameUnknown));
        assert_eq!(addresses(&answer(2, &[])), Err(ReachFailure::NameFailed));
        assert_eq!(addresses(&answer(0, &[])), Err(ReachFailure::NameFailed));
        assert_eq!(addresses(&answer(0, &[&v4[..11]])), Err(ReachFailure::Nonsense));
        assert!(answers(&answer(0, &[]), 7) && !answers(&answer(0, &[]), 8) && !answers(&[0], 0));
    }

    proptest! {
        #[test]
        fn foreign_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = addresses(&octets);
        }
    }
}
