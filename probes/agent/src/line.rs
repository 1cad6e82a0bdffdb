//! Who uses the line now: what is called idle must be idle.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

/// Time for echoes under way to come back before the line is loaded.
const SETTLE: Duration = Duration::from_millis(500);

/// What the probe itself does with the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Idle,
    Upload,
    Run,
}

/// The line as the agent's tasks share it: one upload or one run at a time, echoes between.
#[derive(Debug)]
pub(crate) struct Line {
    turn: Mutex<()>,
    now: watch::Sender<Use>,
}

/// The right to load the line; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    line: &'a Line,
    _turn: MutexGuard<'a, ()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.line.now.send_replace(Use::Idle);
    }
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { turn: Mutex::new(()), now: watch::Sender::new(Use::Idle) }
    }

    /// Waits for the line, then marks it used.
    pub(crate) async fn load(&self, purpose: Use) -> Turn<'_> {
        let turn = self.turn.lock().await;
        self.now.send_replace(purpose);
        let turn = Turn { line: self, _turn: turn };
        tokio::time::sleep(SETTLE).await;
        turn
    }

    /// Follows what the line is used for.
    pub(crate) fn uses(&self) -> watch::Receiver<Use> {
        self.now.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_uses_the_line_and_others_can_follow() {
        let line = Line::new();
        let uses = line.uses();
        let run = line.load(Use::Run).await;
        assert_eq!(*uses.borrow(), Use::Run);
        let second = tokio::time::timeout(Duration::from_secs(60), line.load(Use::Upload)).await;
        assert!(second.is_err(), "the run still has the line");
        drop(run);
        assert_eq!(*uses.borrow(), Use::Idle);
        drop(line.load(Use::Upload).await);
        assert_eq!(*uses.borrow(), Use::Idle);
    }
}
