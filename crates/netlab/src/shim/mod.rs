//! Carries real packets through [links](crate::link) in real time.
//!
//! Two TUN devices, each with a way out to the other: what the kernel sends into one is read packet by packet, handed to
//! the link of its direction, held until the time that the link names, and written into the other. One thread for each
//! direction. Packets come as they would on a wire: the devices offer no segmentation offload, so the kernel cuts before
//! they are read.
//!
//! The link decides by the times at which packets were read, so that a thread that comes late (the machine has other
//! work) delivers late but never changes the rate. How late is counted: [`Report::late_max`] says whether a run can be
//! trusted.

mod device;
mod mover;
mod report;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use desserte_units::Monotonic;

pub(crate) use device::Device;
pub use report::Report;

use crate::link::{Link, LinkConfig};
use mover::{Lane, Mover};

/// Two links between two devices, carried until dropped.
#[derive(Debug)]
pub struct Shim {
    stop: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
    lanes: [Arc<Mutex<Lane>>; 2],
    threads: Vec<JoinHandle<()>>,
    origin: Duration,
}

impl Shim {
    /// Starts to carry between `far` and `house`: `download` towards the house, `upload` from it. Both links are at their
    /// origin when this returns.
    pub(crate) fn start(
        far: Device,
        house: Device,
        download: &LinkConfig,
        upload: &LinkConfig,
        seed: u64,
    ) -> std::io::Result<Self> {
        let (far, house) = (Arc::new(far), Arc::new(house));
        let (stop, cut) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let origin = clock();
        let mut shim = Self {
            stop: Arc::clone(&stop),
            cut: Arc::clone(&cut),
            lanes: [
                Arc::new(Mutex::new(Lane::new(Link::new(download, seed)))),
                Arc::new(Mutex::new(Lane::new(Link::new(upload, seed.wrapping_add(UPLOAD_SEED))))),
            ],
            threads: Vec::new(),
            origin,
        };
        let ways = [(Arc::clone(&far), Arc::clone(&house)), (house, far)];
        for (lane, (from, to)) in shim.lanes.iter().zip(ways) {
            let mover = Mover {
                from,
                to,
                lane: Arc::clone(lane),
                stop: Arc::clone(&stop),
                cut: Arc::clone(&cut),
                origin,
            };
            let thread =
                std::thread::Builder::new().name("netlab".to_owned()).spawn(move || mover.carry())?;
            shim.threads.push(thread);
        }
        Ok(shim)
    }

    /// When the links began, on the system's monotonic clock (`CLOCK_MONOTONIC`), which other processes can read too.
    #[must_use]
    pub fn origin(&self) -> Monotonic {
        Monotonic::ORIGIN.after(self.origin)
    }

    /// Time since the links began.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        clock().saturating_sub(self.origin)
    }

    /// What the way to the house did so far.
    #[must_use]
    pub fn download(&self) -> Report {
        report(&self.lanes[0])
    }

    /// What the way from the house did so far.
    #[must_use]
    pub fn upload(&self) -> Report {
        report(&self.lanes[1])
    }

    /// Loses everything that is sent from now on, both ways, until told otherwise.
    pub fn set_cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }

    /// Puts fresh links in place; their time begins where the old ones' did, their counters at zero. What is on its way
    /// still arrives.
    pub fn replace(&self, download: &LinkConfig, upload: &LinkConfig, seed: u64) {
        for (lane, (config, seed)) in
            self.lanes.iter().zip([(download, seed), (upload, seed.wrapping_add(UPLOAD_SEED))])
        {
            lane.lock().unwrap_or_else(PoisonError::into_inner).replace(Link::new(config, seed));
        }
    }
}

/// The two ways draw from seeds of their own.
const UPLOAD_SEED: u64 = 0x5EED;

fn report(lane: &Mutex<Lane>) -> Report {
    lane.lock().unwrap_or_else(PoisonError::into_inner).report()
}

impl Drop for Shim {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The system's monotonic clock.
pub(crate) fn clock() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}
