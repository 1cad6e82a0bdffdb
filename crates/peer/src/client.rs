//! Whom an address stands for.

use std::net::{IpAddr, Ipv6Addr};

/// Bits of an IPv6 address that a provider gives to a line at the least; one subscriber has all addresses below them.
const IPV6_LINE_BITS: u32 = 64;

/// The address under which a client is known: its IPv4 address, or the line that its IPv6 address belongs to.
pub(crate) fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let line = address.to_bits() >> IPV6_LINE_BITS << IPV6_LINE_BITS;
            Ipv6Addr::from_bits(line).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_client_whatever_address_it_takes() {
        let client = |text: &str| client_of(text.parse().unwrap());
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1:2:3"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
    }
}
