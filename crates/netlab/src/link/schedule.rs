//! A rate that follows a plan.

use std::time::Duration;

use desserte_units::BitRate;

/// Rate from `at` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Time since the link's origin.
    pub at: Duration,
    /// Rate in IP octets (and framing, where the link charges it) until the next step; zero stops the line.
    pub rate: BitRate,
}

/// Why a list of steps is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Nothing in it.
    #[error("a schedule needs at least one step")]
    Empty,
    /// Times fall or repeat.
    #[error("step {index} is not later than the one before")]
    NotRising {
        /// Number of the step, from zero.
        index: usize,
    },
    /// A schedule that loops must last longer than its last step begins.
    #[error("the period ends before the last step begins")]
    PeriodTooShort,
    /// A loop in which nothing is ever sent.
    #[error("no step has a rate above zero")]
    NoRate,
}

/// A rate that changes in steps, once or over and over.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    steps: Vec<Step>,
    period: Option<Duration>,
}

/// Width of the steps that make up a ramp: at a tenth of the usual sampling step nobody tells them from a slope.
const RAMP_STEP: Duration = Duration::from_millis(10);

impl Schedule {
    /// The same rate for ever.
    #[must_use]
    pub fn constant(rate: BitRate) -> Self {
        Self { steps: vec![Step { at: Duration::ZERO, rate }], period: None }
    }

    /// A rate that changes at each step; the first holds from the origin whatever its time, the last for ever.
    ///
    /// # Errors
    /// When there is no step, times do not rise or no rate is above zero.
    pub fn steps(mut steps: Vec<Step>) -> Result<Self, ScheduleError> {
        let first = steps.first_mut().ok_or(ScheduleError::Empty)?;
        first.at = Duration::ZERO;
        if let Some(before) = steps.windows(2).position(|pair| pair[1].at <= pair[0].at) {
            return Err(ScheduleError::NotRising { index: before + 1 });
        }
        if !steps.iter().any(|step| step.rate.as_bits_per_second() >= 1.0) {
            return Err(ScheduleError::NoRate);
        }
        Ok(Self { steps, period: None })
    }

    /// A rate that runs in straight lines from point to point, in steps of 10 ms; the last holds for ever.
    ///
    /// # Errors
    /// As [`Schedule::steps`].
    pub fn ramps(points: &[Step]) -> Result<Self, ScheduleError> {
        let last = points.last().ok_or(ScheduleError::Empty)?;
        let mut steps = Vec::new();
        for (index, pair) in points.windows(2).enumerate() {
            let length =
                pair[1].at.checked_sub(pair[0].at).ok_or(ScheduleError::NotRising { index: index + 1 })?;
            let (from, to) = (pair[0].rate.as_bits_per_second(), pair[1].rate.as_bits_per_second());
            let mut into = Duration::ZERO;
            while into < length {
                // The rate in the middle of the step, so that the ramp carries what the slope would.
                let share =
                    (into + RAMP_STEP / 2).as_secs_f64().min(length.as_secs_f64()) / length.as_secs_f64();
                let rate = BitRate::from_bits_per_second(from + (to - from) * share).unwrap_or_default();
                steps.push(Step { at: pair[0].at + into, rate });
                into += RAMP_STEP;
            }
        }
        steps.push(*last);
        Self::steps(steps)
    }

    /// The same, over and over.
    ///
    /// # Errors
    /// When the period ends before the last step begins.
    pub fn looping(self, period: Duration) -> Result<Self, ScheduleError> {
        if self.steps.last().is_none_or(|last| last.at >= period) {
            return Err(ScheduleError::PeriodTooShort);
        }
        Ok(Self { period: Some(period), ..self })
    }

    /// The steps, the first at the origin, and the period if they loop.
    #[must_use]
    pub fn as_steps(&self) -> (&[Step], Option<Duration>) {
        (&self.steps, self.period)
    }

    /// Mean rate over one period; over the time to the last step where nothing loops.
    #[must_use]
    pub fn mean_rate(&self) -> BitRate {
        let end = self.period.or_else(|| self.steps.last().map(|last| last.at)).unwrap_or_default();
        if end.is_zero() {
            return self.steps[0].rate;
        }
        let ends = self.steps.iter().skip(1).map(|step| step.at).chain([end]);
        let bits: f64 = self
            .steps
            .iter()
            .zip(ends)
            .map(|(step, until)| step.rate.as_bits_per_second() * until.saturating_sub(step.at).as_secs_f64())
            .sum();
        BitRate::from_bits_per_second(bits / end.as_secs_f64()).unwrap_or_default()
    }
}
