//! The measurement protocols, and what each of them cannot do.

use clap::ValueEnum;
use desserte_model::Direction;

use super::MeasureArgs;
use crate::status::Language;

/// The measurement protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// M-Lab's ndt7, over WebSocket: ws://host:port or wss://host:port; with the http(s) address of a Locate service, the
    /// nearest server.
    Ndt7,
    /// LibreSpeed, over HTTP: http://host/ or https://host/.
    #[value(name = "librespeed")]
    LibreSpeed,
    /// iperf3 over TCP: iperf3://host:port or host, port 5201 by default.
    Iperf3,
    /// Loss and delay variation each way, not throughput (RFC 8762): stamp://host:port or host, port 862 by default.
    Stamp,
}

impl Protocol {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ndt7 => "ndt7",
            Self::LibreSpeed => "librespeed",
            Self::Iperf3 => "iperf3",
            Self::Stamp => "stamp",
        }
    }

    /// Connections of a first run when the person leaves them to us, and whether more are tried where they were too few.
    pub(super) const fn streams(self, direction: Direction) -> (u16, bool) {
        match (self, direction) {
            // As LibreSpeed's own client.
            (Self::LibreSpeed, Direction::Download) => (6, false),
            (Self::LibreSpeed, Direction::Upload) => (3, false),
            _ => (1, true),
        }
    }
}

/// A flag that the protocol cannot obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    flag: &'static str,
    french: &'static str,
    english: &'static str,
}

impl Refusal {
    /// The first of the flags given that the protocol cannot obey.
    pub(super) fn of(args: &MeasureArgs) -> Option<Self> {
        match args.protocol {
            Protocol::LibreSpeed => None,
            Protocol::Ndt7 if args.service().is_some() && args.streams.is_some_and(|streams| streams > 1) => {
                Some(Self {
                    flag: "--streams",
                    french: "les serveurs que donne un service Locate se mesurent avec une seule connexion",
                    english: "servers that a Locate service names are measured with over one connection",
                })
            }
            Protocol::Ndt7 => None,
            Protocol::Iperf3 if args.ca.is_some() => Some(Self {
                flag: "--ca",
                french: "iperf3 ne chiffre pas ses connexions",
                english: "iperf3 does not encrypt its connections",
            }),
            Protocol::Iperf3
                if args.threshold.is_some() && args.directions().contains(&Direction::Upload) =>
            {
                Some(Self {
                    flag: "--threshold",
                    french: "en émission, un serveur iperf3 ne dit ce qu’il a reçu qu’à la fin ; ajoutez --direction download",
                    english: "in an upload an iperf3 server says only in the end what it received; add --direction download",
                })
            }
            Protocol::Iperf3 => None,
            Protocol::Stamp => args.flag_of_throughput().map(|flag| Self {
                flag,
                french: "STAMP mesure pertes et délais, pas un débit",
                english: "STAMP measures loss and delay, not throughput",
            }),
        }
    }

    pub(super) fn describe(self, language: Language) -> String {
        let (colon, why) = (language.choose(" :", ":"), language.choose(self.french, self.english));
        format!("{}{colon} {why}", self.flag)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn refused(words: &str) -> Option<String> {
        let cli =
            Cli::try_parse_from(["desserte-probe", "measure"].into_iter().chain(words.split(' '))).unwrap();
        let Command::Measure(args) = cli.command else { unreachable!("measure was asked for") };
        Refusal::of(&args).map(|refusal| refusal.describe(Language::Fr))
    }

    #[test]
    fn what_a_protocol_cannot_do_is_refused_with_its_reason() {
        for (words, start) in [
            ("iperf3 a --ca x", "--ca : iperf3"),
            ("iperf3 a --threshold 30", "--threshold : en émission"),
            ("stamp a --direction both", "--direction : STAMP"),
            ("stamp a --max-bytes 9", "--max-bytes : STAMP"),
            ("ndt7 https://locate.example --streams 4", "--streams : les serveurs"),
        ] {
            let said = refused(words).unwrap_or_else(|| panic!("{words} is accepted"));
            assert!(said.starts_with(start), "{said}");
        }
    }

    #[test]
    fn what_it_can_do_is_not() {
        for words in [
            "ndt7 wss://a.example --streams 4 --threshold 30",
            "ndt7 https://locate.example --streams 1",
            "librespeed https://a.example --ca x --streams 2 --max-bytes 100000",
            "iperf3 a --threshold 30 --direction download",
            "stamp a --ipv6 --json",
        ] {
            assert_eq!(refused(words), None, "{words}");
        }
    }
}
