//! The line on the terminal while a run goes on.

use std::io::Write as _;
use std::time::Duration;

use desserte_model::Direction;
use tokio::sync::watch;

use crate::conduct::Live;
use crate::status::{Language, decimal};

/// Cells of the bar.
const CELLS: u32 = 20;

/// Time between two lines: often enough to be seen moving.
const EVERY: Duration = Duration::from_millis(200);

/// Shows the run until dropped.
pub(super) async fn show(
    direction: Direction,
    planned: Duration,
    mut seen: watch::Receiver<Live>,
    language: Language,
) {
    loop {
        let live = *seen.borrow_and_update();
        let mut terminal = std::io::stderr().lock();
        // A terminal that has gone away needs no progress.
        let _ = write!(terminal, "\r\x1b[K{}", line(direction, planned, live, language));
        let _ = terminal.flush();
        drop(terminal);
        tokio::time::sleep(EVERY).await;
    }
}

/// Leaves the line empty for what follows.
pub(super) fn clear() {
    let mut terminal = std::io::stderr().lock();
    let _ = write!(terminal, "\r\x1b[K");
    let _ = terminal.flush();
}

fn line(direction: Direction, planned: Duration, live: Live, language: Language) -> String {
    let name = match direction {
        Direction::Download => language.choose("Réception", "Download"),
        Direction::Upload => language.choose("Émission ", "Upload  "),
    };
    if live == Live::default() {
        return format!("{name}  {}", language.choose("préparation…", "getting ready…"));
    }
    let share = live.elapsed.as_secs_f64() / planned.as_secs_f64().max(0.1);
    let full = (0..CELLS).filter(|cell| f64::from(*cell) < share * f64::from(CELLS)).count();
    let bar: String = (0..CELLS as usize).map(|cell| if cell < full { '█' } else { '░' }).collect();
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let (rate, megabytes) = (live.bits_per_second as f64 / 1e6, live.bytes as f64 / 1e6);
    format!(
        "{name}  {bar}  {:>6} Mbit/s  {:>4} s  {} {}",
        decimal(rate, language),
        decimal(live.elapsed.as_secs_f64(), language),
        decimal(megabytes, language),
        language.choose("Mo", "MB"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_with_the_planned_time() {
        let live = Live { elapsed: Duration::from_secs(5), bytes: 31_250_000, bits_per_second: 50_000_000 };
        let shown = line(Direction::Download, Duration::from_secs(10), live, Language::Fr);
        assert_eq!(shown, "Réception  ██████████░░░░░░░░░░    50,0 Mbit/s   5,0 s  31,2 Mo");
        let none = line(Direction::Upload, Duration::from_secs(10), Live::default(), Language::En);
        assert_eq!(none, "Upload    getting ready…");
    }
}
