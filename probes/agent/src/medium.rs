//! How the probe is attached, as the system shows it below `/sys` and `/proc`.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use desserte_model::{LinkState, Medium};

use crate::radio::{self, Station};

/// The system's files; tests hand in a folder of their own.
#[derive(Debug, Clone)]
pub(crate) struct System {
    root: PathBuf,
    /// Asks for the access point of the interface with a number.
    station: fn(u32) -> Option<Station>,
}

/// The way out of the site: the interface of the default route, and the router there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WayOut {
    pub(crate) interface: String,
    /// Absent on a line without a router, such as PPP.
    pub(crate) gateway: Option<IpAddr>,
}

impl System {
    /// The running system.
    pub(crate) fn running() -> Self {
        Self { root: PathBuf::from("/"), station: radio::station }
    }

    /// The default route of least metric, over IPv4 if there is one, else over IPv6; of `interface` if named.
    pub(crate) fn way_out(&self, interface: Option<&str>) -> Option<WayOut> {
        let wanted = |name: &str| interface.is_none_or(|wanted| wanted == name);
        self.routes_v4().or_else(|| self.routes_v6()).filter(|way| wanted(&way.interface)).or_else(|| {
            let name = interface?;
            self.routes_v4_of(name).or_else(|| self.routes_v6_of(name))
        })
    }

    /// Whether the interface has a carrier.
    pub(crate) fn link(&self, interface: &str) -> LinkState {
        let folder = self.interface(interface);
        if !folder.exists() {
            return LinkState::Unknown;
        }
        // Reading `carrier` fails while the interface is switched off.
        match fs::read_to_string(folder.join("carrier")) {
            Ok(text) if text.trim() == "1" => LinkState::Up,
            _ => LinkState::Down,
        }
    }

    /// The first resolver of names that the system uses; the one behind a local stub, where the system tells.
    pub(crate) fn resolver(&self) -> Option<IpAddr> {
        ["run/systemd/resolve/resolv.conf", "etc/resolv.conf"].iter().find_map(|file| {
            let text = fs::read_to_string(self.root.join(file)).ok()?;
            text.lines().find_map(|line| line.strip_prefix("nameserver")?.trim().parse().ok())
        })
    }

    /// The number that the kernel gives the interface.
    pub(crate) fn interface_number(&self, interface: &str) -> Option<u32> {
        fs::read_to_string(self.interface(interface).join("ifindex")).ok()?.trim().parse().ok()
    }

    /// What kind of interface it is.
    pub(crate) fn medium(&self, interface: &str) -> Medium {
        let folder = self.interface(interface);
        if !folder.exists() || interface == "lo" {
            return Medium::Unknown;
        }
        if folder.join("wireless").exists() || folder.join("phy80211").exists() {
            let station = self.interface_number(interface).and_then(self.station).unwrap_or_default();
            return Medium::Wifi {
                // Older drivers tell their signal in the old place only.
                signal_dbm: station.signal_dbm.or_else(|| self.signal(interface)),
                receive_bits_per_second: station.receive_bits_per_second,
                transmit_bits_per_second: station.transmit_bits_per_second,
            };
        }
        let kind = fs::read_to_string(folder.join("uevent")).unwrap_or_default();
        if kind.lines().any(|line| line == "DEVTYPE=wwan") || interface.starts_with("ppp") {
            return Medium::Mobile;
        }
        // The driver says -1 while it does not know.
        let megabits =
            fs::read_to_string(folder.join("speed")).ok().and_then(|text| text.trim().parse().ok());
        let link =
            megabits.filter(|megabits: &i64| *megabits > 0).and_then(|megabits| u64::try_from(megabits).ok());
        Medium::Wired { link_bits_per_second: link.map(|megabits| megabits * 1_000_000) }
    }

    fn interface(&self, name: &str) -> PathBuf {
        self.root.join("sys/class/net").join(Path::new(name).file_name().unwrap_or_default())
    }

    fn proc_net(&self, file: &str) -> String {
        fs::read_to_string(self.root.join("proc/net").join(file)).unwrap_or_default()
    }

    /// Signal level in dBm: the fourth column of the interface's line.
    fn signal(&self, interface: &str) -> Option<i16> {
        let text = self.proc_net("wireless");
        let line = text.lines().find_map(|line| line.trim().strip_prefix(interface)?.strip_prefix(':'))?;
        line.split_whitespace().nth(2)?.trim_end_matches('.').parse().ok()
    }

    fn routes_v4(&self) -> Option<WayOut> {
        self.least_v4(|_| true)
    }

    fn routes_v4_of(&self, name: &str) -> Option<WayOut> {
        self.least_v4(|interface| interface == name)
    }

    fn least_v4(&self, wanted: impl Fn(&str) -> bool) -> Option<WayOut> {
        let text = self.proc_net("route");
        let routes = text.lines().skip(1).filter_map(|line| {
            let column: Vec<&str> = line.split_whitespace().collect();
            let (destination, mask) = (column.get(1)?, column.get(7)?);
            let is_default = *destination == "00000000" && *mask == "00000000" && wanted(column[0]);
            let address = u32::from_str_radix(column.get(2)?, 16).ok()?;
            let gateway = Ipv4Addr::from(address.swap_bytes());
            let gateway = (!gateway.is_unspecified()).then_some(IpAddr::V4(gateway));
            let metric: u32 = column.get(6)?.parse().ok()?;
            is_default.then(|| (metric, WayOut { interface: column[0].to_owned(), gateway }))
        });
        routes.min_by_key(|(metric, _)| *metric).map(|(_, way)| way)
    }

    fn routes_v6(&self) -> Option<WayOut> {
        self.least_v6(|_| true)
    }

    fn routes_v6_of(&self, name: &str) -> Option<WayOut> {
        self.least_v6(|interface| interface == name)
    }

    fn least_v6(&self, wanted: impl Fn(&str) -> bool) -> Option<WayOut> {
        let text = self.proc_net("ipv6_route");
        let routes = text.lines().filter_map(|line| {
            let column: Vec<&str> = line.split_whitespace().collect();
            let interface = *column.get(9)?;
            // Every table holds an unreachable default of the loopback interface.
            let is_default = column[0].bytes().all(|b| b == b'0') && column[1] == "00" && interface != "lo";
            let gateway = Ipv6Addr::from(u128::from_str_radix(column.get(4)?, 16).ok()?);
            let gateway = (!gateway.is_unspecified()).then_some(IpAddr::V6(gateway));
            let metric = u32::from_str_radix(column.get(5)?, 16).ok()?;
            (is_default && wanted(interface))
                .then(|| (metric, WayOut { interface: interface.to_owned(), gateway }))
        });
        routes.min_by_key(|(metric, _)| *metric).map(|(_, way)| way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(files: &[(&str, &str)]) -> (tempfile::TempDir, System) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = folder.path().to_owned();
        (folder, System { root, station: |number| (number == 7).then_some(STATION) })
    }

    const STATION: Station = Station {
        signal_dbm: Some(-61),
        receive_bits_per_second: Some(144_400_000),
        transmit_bits_per_second: Some(72_200_000),
    };

    const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
        eth0\t00000000\tFE01A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
        eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";

    #[test]
    fn the_way_out_is_the_default_route_of_least_metric() {
        let (_folder, system) = system(&[("proc/net/route", ROUTES)]);
        let way = system.way_out(None).unwrap();
        assert_eq!((way.interface.as_str(), way.gateway), ("eth0", Some([192, 168, 1, 254].into())));
        let way = system.way_out(Some("wlan0")).unwrap();
        assert_eq!(way.gateway, Some([192, 168, 1, 1].into()));
        assert_eq!(system.way_out(Some("usb0")), None);
    }

    #[test]
    fn a_site_of_ipv6_alone_has_a_way_out_too() {
        let routes = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
             fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n\
             00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
             00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
        let (_folder, system) = system(&[("proc/net/ipv6_route", routes)]);
        let way = system.way_out(None).unwrap();
        assert_eq!((way.interface.as_str(), way.gateway), ("eth0", Some("fe80::1".parse().unwrap())));
    }

    #[test]
    fn a_cable_says_its_rate_and_a_radio_its_signal_and_rates() {
        let wireless = "Inter-| sta-|   Quality        |\n face | tus | link level noise |\n \
                        wlan0: 0000   54.  -56.  -256        0\n";
        let (_folder, system) = system(&[
            ("sys/class/net/eth0/speed", "1000\n"),
            ("sys/class/net/eth0/carrier", "1\n"),
            ("sys/class/net/eth1/speed", "-1\n"),
            ("sys/class/net/wlan0/wireless/beacon", ""),
            ("sys/class/net/wlan0/carrier", "0\n"),
            ("sys/class/net/wlan1/phy80211/index", "1\n"),
            ("sys/class/net/wlan1/ifindex", "7\n"),
            ("sys/class/net/wwan0/uevent", "DEVTYPE=wwan\nINTERFACE=wwan0\n"),
            ("proc/net/wireless", wireless),
        ]);
        assert_eq!(system.medium("eth0"), Medium::Wired { link_bits_per_second: Some(1_000_000_000) });
        assert_eq!(system.medium("eth1"), Medium::Wired { link_bits_per_second: None });
        let wifi = |signal_dbm, receive_bits_per_second, transmit_bits_per_second| Medium::Wifi {
            signal_dbm: Some(signal_dbm),
            receive_bits_per_second,
            transmit_bits_per_second,
        };
        assert_eq!(system.medium("wlan0"), wifi(-56, None, None));
        assert_eq!(system.medium("wlan1"), wifi(-61, Some(144_400_000), Some(72_200_000)));
        assert_eq!(system.medium("wwan0"), Medium::Mobile);
        assert_eq!(system.medium("gone0"), Medium::Unknown);
        assert_eq!(system.link("eth0"), LinkState::Up);
        assert_eq!(system.link("wlan0"), LinkState::Down);
        assert_eq!(system.link("eth1"), LinkState::Down);
        assert_eq!(system.link("gone0"), LinkState::Unknown);
    }
}
