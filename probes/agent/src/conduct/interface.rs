//! What an interface has carried, as the kernel counts it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use desserte_model::Direction;

/// Longest number of 64 bits and its end of line.
const NUMBER_MAX: usize = 24;

/// The counters of one interface, kept open: they are read twenty times a second.
#[derive(Debug)]
pub(crate) struct InterfaceCounters {
    received: File,
    sent: File,
}

/// One look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Carried {
    pub(crate) fn towards(self, direction: Direction) -> u64 {
        match direction {
            Direction::Download => self.received,
            Direction::Upload => self.sent,
        }
    }
}

impl InterfaceCounters {
    /// Opens the counters of an interface.
    ///
    /// # Missing data
    /// `None` when the system shows none: no such interface, or no `/sys`.
    pub(crate) fn open(interface: &str) -> Option<Self> {
        Self::open_below(Path::new("/sys/class/net"), interface)
    }

    fn open_below(root: &Path, interface: &str) -> Option<Self> {
        let folder = root.join(Path::new(interface).file_name()?).join("statistics");
        let open = |name: &str| File::open(folder.join(name)).ok();
        Some(Self { received: open("rx_bytes")?, sent: open("tx_bytes")? })
    }

    /// Looks at them.
    ///
    /// # Missing data
    /// `None` when the interface has gone.
    pub(crate) fn read(&self) -> Option<Carried> {
        Some(Carried { received: number(&self.received)?, sent: number(&self.sent)? })
    }
}

fn number(file: &File) -> Option<u64> {
    let mut text = [0; NUMBER_MAX];
    let length = file.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(&text[..length]).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_again_from_the_same_files() {
        let folder = tempfile::tempdir().unwrap();
        let statistics = folder.path().join("eth7/statistics");
        std::fs::create_dir_all(&statistics).unwrap();
        std::fs::write(statistics.join("rx_bytes"), "18446744073709551615\n").unwrap();
        std::fs::write(statistics.join("tx_bytes"), "5\n").unwrap();
        let counters = InterfaceCounters::open_below(folder.path(), "eth7").unwrap();
        let seen = counters.read().unwrap();
        assert_eq!((seen.towards(Direction::Download), seen.towards(Direction::Upload)), (u64::MAX, 5));
        std::fs::write(statistics.join("tx_bytes"), "17\n").unwrap();
        assert_eq!(counters.read().unwrap().sent, 17);
        assert!(InterfaceCounters::open_below(folder.path(), "../eth8").is_none());
    }
}
