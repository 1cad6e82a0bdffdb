//! In place of `modem` in a program that was built without the feature `mobile`: says so wherever the modem would speak.

use desserte_model::{ClockStamp, RadioFault};

use super::Seen;

#[derive(Debug, Default)]
pub(super) struct Modem;

impl Modem {
    pub(super) async fn listen(
        &mut self,
        seen: &Seen,
        now: &dyn Fn() -> ClockStamp,
        _interface: &dyn Fn() -> Option<String>,
    ) {
        seen.no_answer(RadioFault::NotBuilt, now().monotonic_us);
        std::future::pending().await
    }

    #[expect(clippy::unused_async, reason = "in place of one that asks")]
    pub(super) async fn rest(&mut self) {}
}
