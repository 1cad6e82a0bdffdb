//! What is on a disk, and what of it would be left if the power went now.
//!
//! A disk with a write cache promises one thing: what was written before a flush is there after the flush returned. Everything
//! written since the last flush may be there or not, in any order, and a long write may be there in part. That is the whole model.

use std::fmt;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Writes that may wait for a flush. A real cache is smaller; beyond this the oldest is on the disk.
const PENDING_MAX: usize = 65_536;

struct Write {
    offset: usize,
    octets: Vec<u8>,
}

/// A disk in memory.
pub(crate) struct Disk {
    /// What a reader sees.
    current: Vec<u8>,
    /// What is certain to survive.
    stable: Vec<u8>,
    /// Written since the last flush.
    pending: Vec<Write>,
    powered: bool,
    refuses: bool,
    /// After so many writes more the power goes, with this seed.
    armed: Option<(u64, u64)>,
    /// What that cut did. Until whoever armed it has seen it, nothing that was asked of the disk returns.
    hangs: Option<Cut>,
}

/// What a cut did to the writes since the last flush.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) kept: usize,
    pub(crate) lost: usize,
    pub(crate) torn: usize,
}

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cut kept {} lost {} torn {}", self.kept, self.lost, self.torn)
    }
}

/// The disk takes no writes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl Disk {
    /// A disk of `length` octets, all zero.
    pub(crate) fn new(length: usize) -> Self {
        let stable = vec![0; length];
        Self {
            current: stable.clone(),
            stable,
            pending: Vec::new(),
            powered: true,
            refuses: false,
            armed: None,
            hangs: None,
        }
    }

    /// Its length in octets.
    pub(crate) fn len(&self) -> usize {
        self.current.len()
    }

    /// What stands at `offset`, shorter at the end of the disk.
    pub(crate) fn read(&self, offset: usize, length: usize) -> &[u8] {
        let end = offset.saturating_add(length).min(self.current.len());
        self.current.get(offset..end).unwrap_or_default()
    }

    /// Writes, and gives how many octets fitted. Without power a write comes to nothing, and nobody is told: who wrote is dead too.
    pub(crate) fn write(&mut self, offset: usize, octets: &[u8]) -> Result<usize, Refused> {
        if self.refuses {
            return Err(Refused);
        }
        let fits = octets.len().min(self.current.len().saturating_sub(offset));
        let octets = &octets[..fits];
        self.current[offset..offset + fits].copy_from_slice(octets);
        if self.powered {
            if self.pending.len() == PENDING_MAX {
                let oldest = self.pending.remove(0);
                apply(&mut self.stable, &oldest);
            }
            self.pending.push(Write { offset, octets: octets.to_vec() });
            self.count_down();
        }
        Ok(fits)
    }

    /// Lets the power go in the middle of the `writes`th write from now.
    pub(crate) fn arm(&mut self, writes: u64, seed: u64) {
        self.armed = Some((writes, seed));
    }

    fn count_down(&mut self) {
        self.armed = match self.armed.take() {
            Some((writes, seed)) if writes <= 1 => {
                self.hangs = Some(self.cut(seed));
                None
            }
            Some((writes, seed)) => Some((writes - 1, seed)),
            None => None,
        };
    }

    /// Whether nothing returns any more, and what the cut did.
    pub(crate) fn hangs(&self) -> Option<Cut> {
        self.hangs
    }

    /// Lets return what hangs: whoever asked has been killed meanwhile.
    pub(crate) fn release(&mut self) {
        self.hangs = None;
    }

    /// Makes everything written so far certain.
    pub(crate) fn flush(&mut self) -> Result<(), Refused> {
        if self.refuses {
            return Err(Refused);
        }
        if self.powered {
            for write in self.pending.drain(..) {
                apply(&mut self.stable, &write);
            }
        }
        Ok(())
    }

    /// Takes the power away: of each write since the last flush, `seed` says whether it is kept, lost or torn between sectors.
    pub(crate) fn cut(&mut self, seed: u64) -> Cut {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut cut = Cut::default();
        self.powered = false;
        self.armed = None;
        for write in self.pending.drain(..) {
            match chance.u8(0..3) {
                0 => {
                    apply(&mut self.stable, &write);
                    cut.kept += 1;
                }
                1 => cut.lost += 1,
                _ => {
                    for (number, sector) in write.octets.chunks(SECTOR).enumerate() {
                        if chance.bool() {
                            let start = write.offset + number * SECTOR;
                            self.stable[start..start + sector.len()].copy_from_slice(sector);
                        }
                    }
                    cut.torn += 1;
                }
            }
        }
        cut
    }

    /// Gives the power back: the disk is what the cut left.
    pub(crate) fn on(&mut self) {
        self.current.clone_from(&self.stable);
        self.powered = true;
        self.refuses = false;
    }

    /// Refuses writes from now on, as a worn card does.
    pub(crate) fn refuse(&mut self) {
        self.refuses = true;
    }
}

fn apply(disk: &mut [u8], write: &Write) {
    disk[write.offset..write.offset + write.octets.len()].copy_from_slice(&write.octets);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_flushed_survives_every_cut() {
        for seed in 0..100 {
            let mut disk = Disk::new(4 * SECTOR);
            disk.write(0, &[1; SECTOR]).expect("written");
            disk.flush().expect("flushed");
            disk.write(SECTOR, &[2; 2 * SECTOR]).expect("written");
            let cut = disk.cut(seed);
            disk.write(0, &[9; SECTOR]).expect("nobody is told");
            disk.flush().expect("nobody is told");
            disk.on();
            assert_eq!(cut.kept + cut.lost + cut.torn, 1);
            assert_eq!(disk.read(0, SECTOR), [1; SECTOR]);
            assert!(
                disk.read(SECTOR, 2 * SECTOR).chunks(SECTOR).all(|s| s == [0; SECTOR] || s == [2; SECTOR])
            );
        }
    }

    #[test]
    fn the_same_seed_leaves_the_same_disk_and_all_three_ends_happen() {
        let left = |seed| {
            let mut disk = Disk::new(64 * SECTOR);
            for number in 0..32_u8 {
                disk.write(usize::from(number) * 2 * SECTOR, &[number + 1; 2 * SECTOR]).expect("written");
            }
            let cut = disk.cut(seed);
            disk.on();
            (cut, disk.read(0, disk.len()).to_vec())
        };
        assert_eq!(left(5), left(5));
        assert_ne!(left(5).1, left(6).1);
        let (cut, _) = left(5);
        assert!(cut.kept > 0 && cut.lost > 0 && cut.torn > 0, "{cut}");
    }

    #[test]
    fn the_power_goes_in_the_middle_of_the_write_that_was_named() {
        let mut disk = Disk::new(4 * SECTOR);
        disk.arm(2, 1);
        disk.write(0, &[1; SECTOR]).expect("written");
        assert_eq!(disk.hangs(), None);
        disk.write(SECTOR, &[2; SECTOR]).expect("written");
        let cut = disk.hangs().expect("the second write");
        assert_eq!(cut.kept + cut.lost + cut.torn, 2);
        disk.release();
        assert_eq!(disk.hangs(), None);
    }

    #[test]
    fn a_disk_that_refuses_keeps_what_it_had() {
        let mut disk = Disk::new(SECTOR);
        disk.refuse();
        assert_eq!(disk.write(0, &[1]), Err(Refused));
        assert_eq!(disk.flush(), Err(Refused));
        assert_eq!(disk.read(0, 9999), [0; SECTOR]);
    }
}
