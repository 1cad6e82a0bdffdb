//! The congestion controls that a run may be pinned to.

use std::fmt;
use std::str::FromStr;

/// A congestion control, by the name that the Linux kernel gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CongestionAlgorithm {
    /// RFC 9438; the default (docs/adr/0004-congestion-control.md).
    #[default]
    Cubic,
    /// BBR, as the kernel implements it.
    Bbr,
    /// RFC 5681.
    Reno,
}

/// The refusal of a congestion control that is not among the supported ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not one of cubic, bbr, reno")]
pub struct UnknownCongestionAlgorithm {
    /// What stood there, cut to 32 characters.
    pub name: String,
}

impl CongestionAlgorithm {
    /// The kernel's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cubic => "cubic",
            Self::Bbr => "bbr",
            Self::Reno => "reno",
        }
    }
}

impl fmt::Display for CongestionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CongestionAlgorithm {
    type Err = UnknownCongestionAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownCongestionAlgorithm> {
        match name {
            "cubic" => Ok(Self::Cubic),
            "bbr" => Ok(Self::Bbr),
            "reno" => Ok(Self::Reno),
            _ => Err(UnknownCongestionAlgorithm { name: name.chars().take(32).collect() }),
        }
    }
}
