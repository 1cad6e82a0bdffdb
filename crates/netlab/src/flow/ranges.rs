//! A set of numbers kept as ranges.

use std::collections::BTreeMap;

/// Ranges, closed at their start and open at their end, that neither overlap nor touch.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranges {
    ends: BTreeMap<u64, u64>,
}

impl Ranges {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a range; gives what was not in the set before.
    pub(super) fn insert(&mut self, from: u64, until: u64) -> Vec<(u64, u64)> {
        let mut fresh = Vec::new();
        let mut merged = (from, until);
        let mut reached = from;
        // The range that may begin before ours, then those that begin within it or at its end.
        let first = self.ends.range(..=from).next_back().filter(|(_, end)| **end >= from);
        let touched: Vec<(u64, u64)> = first
            .into_iter()
            .chain(self.ends.range(from + 1..=until))
            .map(|(start, end)| (*start, *end))
            .collect();
        for (start, end) in touched {
            if start > reached {
                fresh.push((reached, start));
            }
            reached = reached.max(end);
            merged = (merged.0.min(start), merged.1.max(end));
            self.ends.remove(&start);
        }
        if reached < until {
            fresh.push((reached, until));
        }
        self.ends.insert(merged.0, merged.1);
        fresh
    }

    /// The range that holds a number.
    pub(super) fn around(&self, number: u64) -> Option<(u64, u64)> {
        let (start, end) = self.ends.range(..=number).next_back()?;
        (number < *end).then_some((*start, *end))
    }

    /// The largest number.
    pub(super) fn last(&self) -> Option<u64> {
        self.ends.last_key_value().map(|(_, end)| end - 1)
    }

    /// Takes the first range out if it begins at or before `number`, and gives its end.
    pub(super) fn take_from(&mut self, number: u64) -> Option<u64> {
        let (start, end) = self.ends.first_key_value()?;
        let (start, end) = (*start, *end);
        if start > number {
            return None;
        }
        self.ends.remove(&start);
        Some(end)
    }

    /// Forgets everything below `number`.
    pub(super) fn forget_below(&mut self, number: u64) {
        while let Some((start, end)) = self.ends.first_key_value().map(|(start, end)| (*start, *end)) {
            if start >= number {
                return;
            }
            self.ends.remove(&start);
            if end > number {
                self.ends.insert(number, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_told_and_neighbours_merge() {
        let mut ranges = Ranges::default();
        assert_eq!(ranges.insert(5, 7), [(5, 7)]);
        assert_eq!(ranges.insert(9, 10), [(9, 10)]);
        assert_eq!(ranges.insert(4, 12), [(4, 5), (7, 9), (10, 12)]);
        assert_eq!(ranges.insert(4, 12), []);
        assert_eq!(ranges.insert(12, 13), [(12, 13)]);
        assert_eq!((ranges.around(4), ranges.around(13), ranges.last()), (Some((4, 13)), None, Some(12)));
        ranges.forget_below(6);
        assert_eq!((ranges.take_from(5), ranges.take_from(6)), (None, Some(13)));
        assert!(ranges.is_empty());
    }
}
