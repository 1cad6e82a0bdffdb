//! Quantiles that add up: counts by size, from which any quantile is read within 1/128 of its value.
//!
//! Each doubling has 64 bins of equal width, found from the number's own bits: no logarithm, whose last digit differs between
//! machines. Two sketches of the same values are the same octets, however they were put together.
//!
//! An answer may be built from them for many groups at once; a claim is built from exact quantiles.

pub(crate) mod function;

use std::collections::BTreeMap;

/// Version of the octets, their first one.
const VERSION: u8 = 1;

/// Bits of a double below those that name its bin: 52 of its fraction less 6 for 64 bins.
const BELOW: u32 = 46;

/// Counts of values by bin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// By bin, which rises with the value; bin 0 begins with zero.
    counts: BTreeMap<u32, u64>,
}

/// A value that is negative or not a number.
#[derive(Debug, PartialEq)]
pub(crate) struct NotCounted(pub(crate) f64);

/// Octets that are no sketch of a version that is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotASketch;

impl Sketch {
    pub(crate) fn add(&mut self, value: f64) -> Result<(), NotCounted> {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(NotCounted(value));
        }
        // Adding zero makes the negative zero the positive one.
        let bin = u32::try_from((value + 0.0).to_bits() >> BELOW).unwrap_or(u32::MAX);
        *self.counts.entry(bin).or_default() += 1;
        Ok(())
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, count) in &other.counts {
            let sum = self.counts.entry(*bin).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The value below or at which a share `p` of the values lies: of the values in order, the one at `p` times their number,
    /// rounded up (definition 1 of Hyndman and Fan, 1996), as the middle of its bin.
    ///
    /// # Missing data
    /// `None` without any value, and for a share that is not one.
    pub(crate) fn quantile(&self, p: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        let count = self.count();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank beyond 2^53 is off by less than a bin"
        )]
        let rank = ((p * count as f64).ceil() as u64).max(1);
        let mut below = 0_u64;
        self.counts.iter().find_map(|(bin, count)| {
            below = below.saturating_add(*count);
            (below >= rank).then(|| middle(*bin))
        })
    }

    /// Version, then for each bin its distance from the one before and its count, as LEB128.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut octets = vec![VERSION];
        let mut before = 0;
        for (bin, count) in &self.counts {
            push(&mut octets, u64::from(bin - before));
            push(&mut octets, *count);
            before = *bin;
        }
        octets
    }

    pub(crate) fn from_bytes(octets: &[u8]) -> Result<Self, NotASketch> {
        let mut rest = octets.strip_prefix(&[VERSION]).ok_or(NotASketch)?;
        let mut counts = BTreeMap::new();
        let mut bin = 0_u32;
        while !rest.is_empty() {
            let step = u32::try_from(pull(&mut rest)?).map_err(|_| NotASketch)?;
            bin = bin.checked_add(step).ok_or(NotASketch)?;
            if counts.insert(bin, pull(&mut rest)?).is_some() {
                return Err(NotASketch);
            }
        }
        Ok(Self { counts })
    }

    pub(crate) fn size(&self) -> usize {
        // A node of the map holds eleven entries and is half full at worst.
        size_of::<Self>() + self.counts.len() * 2 * size_of::<(u32, u64)>()
    }
}

fn middle(bin: u32) -> f64 {
    if bin == 0 {
        return 0.0;
    }
    let edge = |bin: u64| f64::from_bits(bin << BELOW);
    f64::midpoint(edge(u64::from(bin)), edge(u64::from(bin) + 1))
}

fn push(octets: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        octets.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    octets.push((value & 0x7f) as u8);
}

fn pull(octets: &mut &[u8]) -> Result<u64, NotASketch> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&octet, rest) = octets.split_first().ok_or(NotASketch)?;
        *octets = rest;
        value |= u64::from(octet & 0x7f) << shift;
        if octet < 0x80 {
            return Ok(value);
        }
    }
    Err(NotASketch)
}
