//! The receiver's counter as a curve over time.

use std::time::Duration;

use desserte_model::ByteSample;

/// Readings of a counter that never fell, with the origin (nothing at time zero) before them.
///
/// # Units
/// Seconds since the run's origin, octets since the run's origin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Curve {
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// Reads a run.
    ///
    /// # Missing data
    /// `None` if there is no reading, or if time or the counter ever falls, which no receiver's does.
    pub(crate) fn of(samples: &[ByteSample]) -> Option<Self> {
        if samples.is_empty() {
            return None;
        }
        let mut curve = Self { points: vec![(0.0, 0.0)] };
        for sample in samples {
            if !curve.push(sample) {
                return None;
            }
        }
        Some(curve)
    }

    /// Takes in one more reading; `false`, and nothing is kept, if it lies before the last one.
    pub(crate) fn push(&mut self, sample: &ByteSample) -> bool {
        let point = point(sample);
        if self.points.is_empty() {
            self.points.push((0.0, 0.0));
        }
        let last = self.points[self.points.len() - 1];
        if point.0 < last.0 || point.1 < last.1 {
            return false;
        }
        // Two readings of one moment: the later one counts.
        if point.0 > last.0 {
            self.points.push(point);
        } else if let Some(last) = self.points.last_mut() {
            last.1 = point.1;
        }
        true
    }

    /// Time of the last reading; zero before the first.
    pub(crate) fn end(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.0)
    }

    /// Readings, the origin among them.
    pub(crate) fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// Octets at a moment, on the straight line between the readings around it; after the last reading, that reading.
    pub(crate) fn bytes_at(&self, at: f64) -> f64 {
        let after = self.points.partition_point(|point| point.0 <= at);
        let Some(&(from, low)) = self.points.get(after.wrapping_sub(1)) else { return 0.0 };
        match self.points.get(after) {
            Some(&(to, high)) => low + (high - low) * ((at - from) / (to - from)),
            None => low,
        }
    }

    /// Octets per second between two moments, the first before the second.
    pub(crate) fn rate(&self, from: f64, to: f64) -> f64 {
        (self.bytes_at(to) - self.bytes_at(from)) / (to - from)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53 octets are exact in f64")]
fn point(sample: &ByteSample) -> (f64, f64) {
    (Duration::from_micros(sample.elapsed_us).as_secs_f64(), sample.bytes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_readings_the_curve_is_straight_and_after_the_last_it_is_flat() {
        let read = [
            ByteSample { elapsed_us: 500_000, bytes: 100 },
            ByteSample { elapsed_us: 1_000_000, bytes: 300 },
        ];
        let curve = Curve::of(&read).expect("a curve");
        for (at, bytes) in [(0.0, 0.0), (0.25, 50.0), (0.75, 200.0), (1.0, 300.0), (2.0, 300.0)] {
            assert!((curve.bytes_at(at) - bytes).abs() < 1e-9, "{at}");
        }
        assert!((curve.rate(0.25, 0.75) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn a_reading_before_the_last_is_refused() {
        let mut curve = Curve::default();
        assert!(curve.push(&ByteSample { elapsed_us: 10, bytes: 10 }));
        assert!(!curve.push(&ByteSample { elapsed_us: 9, bytes: 10 }));
        assert!(!curve.push(&ByteSample { elapsed_us: 11, bytes: 9 }));
        assert!((curve.end() - 10e-6).abs() < 1e-12);
    }
}
