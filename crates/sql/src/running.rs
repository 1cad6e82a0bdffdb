//! The server on threads of its own, which give way to everything else.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::config::SqlConfig;
use crate::server::{Source, SqlError, SqlServer};

/// How far threads that answer questions give way: the collector takes in records first, whatever is asked.
const NICENESS: i32 = 10;

/// A server that runs until this is dropped.
pub struct Running {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// Starts to serve the history.
///
/// # Errors
/// When the configuration does not allow it, an address, a certificate or the engine cannot be used, or no thread can be had.
pub fn start(config: SqlConfig, source: Source) -> Result<Running, SqlError> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name("sql")
        // A thread that may not give way works all the same.
        .on_thread_start(|| {
            let _ = rustix::process::nice(NICENESS);
        })
        .build()
        .map_err(SqlError::Thread)?;
    let server = runtime.block_on(SqlServer::bind(config, source))?;
    let addresses = server.addresses().map_err(SqlError::Thread)?;
    let (stop, stopped) = watch::channel(false);
    let thread = std::thread::Builder::new()
        .name("sql".to_owned())
        .spawn(move || {
            runtime.block_on(server.run(stopped));
            // Questions under way compute for themselves alone.
            runtime.shutdown_background();
        })
        .map_err(SqlError::Thread)?;
    Ok(Running { addresses, stop, thread: Some(thread) })
}

impl Running {
    /// The addresses listened on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // It has told its own panic.
            let _ = thread.join();
        }
    }
}
