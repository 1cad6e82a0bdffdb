//! What this program is.

/// Name and version of a program, as it says them in records, answers and `--version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildInfo {
    /// Name of the program.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The build information of the crate that calls it.
#[macro_export]
macro_rules! build_info {
    ($name:expr) => {
        $crate::build::BuildInfo { name: $name, version: env!("CARGO_PKG_VERSION") }
    };
}
