//! Blocks of a file, each compared with its checksum when something in it is first relied on.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::sections::{BLOCK, SUMS};
use super::*;

/// The checksums of blocks, and which blocks were found to be right.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The octets that have checksums: from the first section up to the list of checksums.
    covered: Range<usize>,
    sums: Vec<u32>,
    right: Vec<AtomicBool>,
}

impl Blocks {
    /// Finds the list of checksums, and compares it with its own; `None` in a file from before there was one.
    pub(super) fn find(image: &Image, sections: &Sections) -> Result<Option<Self>, FormatError> {
        let Some(list) = sections.checked(image.octets(), SUMS)? else { return Ok(None) };
        let covered = sections.begin()..list.start;
        let sums: Vec<u32> = image.array(&list).to_vec();
        if sums.len() != covered.len().div_ceil(BLOCK) {
            return Err(FormatError::Malformed("its blocks and their checksums differ in number".to_owned()));
        }
        let right = sums.iter().map(|_| AtomicBool::new(false)).collect();
        Ok(Some(Self { covered, sums, right }))
    }

    /// Makes sure that some octets are those that were written.
    ///
    /// Every block that they touch is compared with its checksum, if that was not done before, and handed to `check`
    /// if it is right. Several threads may do so at the same time, with the same result.
    #[inline]
    pub(super) fn rely_on(
        &self,
        image: &Image,
        octets: Range<usize>,
        check: impl Fn(Range<usize>) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        if octets.start < self.covered.start || octets.end > self.covered.end || octets.is_empty() {
            return Err(FormatError::Malformed("something lies where no checksum covers it".to_owned()));
        }
        let number = |at: usize| (at - self.covered.start) / BLOCK;
        for number in number(octets.start)..=number(octets.end - 1) {
            if !self.right[number].load(Ordering::Acquire) {
                check(self.compare(image, number)?)?;
                self.right[number].store(true, Ordering::Release);
            }
        }
        Ok(())
    }

    /// Compares all blocks with their checksums.
    pub(super) fn check(&self, image: &Image) -> Result<(), FormatError> {
        (0..self.sums.len()).try_for_each(|number| self.compare(image, number).map(drop))
    }

    /// Compares a block with its checksum and says where it is.
    #[cold]
    fn compare(&self, image: &Image, number: usize) -> Result<Range<usize>, FormatError> {
        let start = self.covered.start + number * BLOCK;
        let block = start..(start + BLOCK).min(self.covered.end);
        let right = image
            .octets()
            .get(block.clone())
            .is_some_and(|octets| crc32c::crc32c(octets) == self.sums[number]);
        if right { Ok(block) } else { Err(FormatError::Damaged) }
    }
}
