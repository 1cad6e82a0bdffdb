//! Values of the example file that were never replaced: with them a probe would measure nothing and report nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Domains kept for examples.
///
/// # Source
/// RFC 2606, section 3.
const EXAMPLE_DOMAINS: [&str; 3] = ["example.org", "example.com", "example.net"];

/// Addresses kept for documentation.
///
/// # Source
/// RFC 5737, section 3: 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24.
const EXAMPLE_IPV4: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];

/// Addresses kept for documentation.
///
/// # Source
/// RFC 3849, section 4: `2001:db8::/32`.
const EXAMPLE_IPV6: [u16; 2] = [0x2001, 0x0db8];

/// Positions, longitude first, that the example files have shown: the present one, and that of the first release.
const EXAMPLE_POSITIONS: [(f64, f64); 2] = [(0.0, 0.0), (1.8722, 46.1702)];

/// Whether the host of an address, or a bare host, is one of an example.
pub(super) fn is_example_host(address: &str) -> bool {
    let host = host(address);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => example_ipv4(address),
        Ok(IpAddr::V6(address)) => example_ipv6(address),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            EXAMPLE_DOMAINS.iter().any(|domain| {
                name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        }
    }
}

/// Whether a position is one that the example files show.
pub(super) fn is_example_position(lon: f64, lat: f64) -> bool {
    /// Less than the last digit shown.
    const SAME: f64 = 1e-6;
    EXAMPLE_POSITIONS.iter().any(|(x, y)| (lon - x).abs() < SAME && (lat - y).abs() < SAME)
}

fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if let Some(bracketed) = authority.strip_prefix('[') {
        return bracketed.split(']').next().unwrap_or(bracketed);
    }
    match authority.split_once(':') {
        // More than one colon is an address of IPv6 without brackets.
        Some((host, port)) if !port.contains(':') => host,
        _ => authority,
    }
}

fn example_ipv4(address: Ipv4Addr) -> bool {
    EXAMPLE_IPV4.iter().any(|network| address.octets().starts_with(network))
}

fn example_ipv6(address: Ipv6Addr) -> bool {
    address.segments().starts_with(&EXAMPLE_IPV6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_recognised_and_laboratories_are_not() {
        for example in [
            "https://desserte.example.org",
            "wss://mesure.example.org:4443",
            "https://EXAMPLE.com/path",
            "192.0.2.1",
            "198.51.100.1",
            "ws://203.0.113.9:80",
            "2001:db8::1",
            "wss://[2001:db8::1]:4443",
        ] {
            assert!(is_example_host(example), "{example}");
        }
        for real in [
            "http://127.0.0.1:8080",
            "198.18.0.1",
            "ws://198.19.3.2:80",
            "notexample.org",
            "https://collecteur.test",
            "::1",
            "fd00::1",
        ] {
            assert!(!is_example_host(real), "{real}");
        }
        assert!(is_example_position(0.0, 0.0) && is_example_position(1.8722, 46.1702));
        assert!(!is_example_position(1.8723, 46.1702));
    }
}
