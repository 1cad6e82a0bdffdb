//! Signs of life on the disk, from which the next start tells a power cut from a restart.

use desserte_measure::{LastSign, absence};
use desserte_model::Observation;
use desserte_units::Monotonic;

use crate::agent::Agent;
use crate::slots::{Held, Slots};

const FILE: &str = "sign";

/// Writes a sign at an even pace.
#[derive(Debug)]
pub(crate) struct Signs {
    file: Option<Slots>,
    due: Monotonic,
}

impl Signs {
    /// Opens the file and records what the time since the last sign was. A file that cannot be used is no obstacle: then the
    /// next start knows nothing.
    pub(crate) fn open(agent: &Agent) -> Self {
        let now = agent.clock.borrow().now();
        let opened = Slots::open(&agent.config.state_dir.join(FILE));
        let (file, held) = match opened {
            Ok((file, held)) => (Some(file), held),
            Err(error) => {
                tracing::warn!(%error, "signs of life cannot be kept");
                (None, Held::Nothing)
            }
        };
        if let Held::State(state) = held {
            let last = serde_json::from_slice::<LastSign>(&state).ok();
            if let Some((last, seen)) = last.and_then(|last| Some((last, absence(&last, &now)?))) {
                let (cause, duration_us) = (seen.cause.code(), seen.duration_us());
                tracing::info!(cause, duration_us, "the probe was away");
                agent.record(last.at, Observation::Interruption(seen));
            }
        }
        let mut signs = Self { file, due: now.monotonic_us };
        signs.turn(agent);
        signs
    }

    /// When the next is due.
    pub(crate) const fn due(&self) -> Monotonic {
        self.due
    }

    /// Writes one when it is due.
    pub(crate) fn turn(&mut self, agent: &Agent) {
        let now = agent.clock.borrow().monotonic();
        if now >= self.due {
            self.due = now.after(agent.config.sign_every);
            self.write(agent, false);
        }
    }

    /// Writes the last one, in order.
    pub(crate) fn stop(&mut self, agent: &Agent) {
        self.write(agent, true);
    }

    fn write(&mut self, agent: &Agent, stopped: bool) {
        let at = agent.clock.borrow().now();
        let every_us = u64::try_from(agent.config.sign_every.as_micros()).unwrap_or(u64::MAX);
        let Some(file) = &mut self.file else { return };
        let stored = serde_json::to_vec(&LastSign { at, every_us, stopped })
            .map_err(std::io::Error::from)
            .and_then(|state| file.store(&state));
        if let Err(error) = stored {
            tracing::debug!(%error, "a sign of life cannot be written");
        }
    }
}
