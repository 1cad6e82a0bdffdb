//! Who uses the line now: what is called idle must be idle.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

/// The longest that an echo waits for an upload. One that takes longer is stuck, which leaves the line idle again.
const ECHO_WAITS_MAX: Duration = Duration::from_secs(5);

/// An echo never waits for more than this part of its window.
const ECHO_WAITS_SHARE: u32 = 12;

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

    /// Whether an echo would find the line free of our own load; waits for a short upload to end.
    pub(crate) async fn idle_for_echoes(&self, window: Duration) -> bool {
        let mut now = self.now.subscribe();
        let idle = now.wait_for(|now| *now != Use::Upload);
        match tokio::time::timeout(ECHO_WAITS_MAX.min(window / ECHO_WAITS_SHARE), idle).await {
            Ok(Ok(now)) => *now == Use::Idle,
            // Still uploading after so long: the upload gets no answer and sends next to nothing.
            Err(_) => true,
            Ok(Err(_)) => false,
        }
    }

    /// Whether a run is loading the line.
    pub(crate) fn is_running(&self) -> bool {
        *self.now.borrow() == Use::Run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn echoes_wait_for_an_upload_and_stay_away_from_a_run() {
        let line = Line::new();
        assert!(line.idle_for_echoes(Duration::from_secs(60)).await);
        let run = line.load(Use::Run).await;
        assert!(!line.idle_for_echoes(Duration::from_secs(60)).await);
        drop(run);
        let upload = line.load(Use::Upload).await;
        let (idle, ()) = tokio::join!(line.idle_for_echoes(Duration::from_secs(60)), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(upload);
        });
        assert!(idle);
        let _stuck = line.load(Use::Upload).await;
        assert!(
            line.idle_for_echoes(Duration::from_secs(60)).await,
            "a stuck upload does not blind the probe"
        );
    }
}
