//! What the kernel says of the calendar clock.

use std::time::Duration;

/// The state of the kernel's calendar clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KernelClock {
    /// Whether a time service disciplines it.
    pub synchronised: bool,
    /// The largest error that the time service admits.
    pub error_max: Duration,
}

/// Asks the kernel whether a time service disciplines its clock (`adjtimex`, changing nothing).
///
/// # Missing data
/// `None` when the kernel does not tell.
#[must_use]
pub fn kernel_clock() -> Option<KernelClock> {
    // SAFETY: `timex` is plain numbers, for which all zeroes are a value; `modes` zero asks without setting.
    #[expect(unsafe_code, reason = "the standard library does not wrap adjtimex")]
    let (state, answer) = unsafe {
        let mut answer: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut answer), answer)
    };
    (state >= 0).then(|| KernelClock {
        synchronised: state != libc::TIME_ERROR && answer.status & libc::STA_UNSYNC == 0,
        error_max: Duration::from_micros(u64::try_from(answer.maxerror).unwrap_or(u64::MAX)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_without_rights() {
        assert!(kernel_clock().is_some());
    }
}
