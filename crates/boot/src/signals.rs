//! The wish of the operating system or of a person that the program end.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGINT or SIGTERM and says which came.
///
/// # Errors
/// When the process may not listen to signals.
pub async fn shutdown() -> std::io::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok("SIGINT"),
        _ = terminate.recv() => Ok("SIGTERM"),
    }
}
