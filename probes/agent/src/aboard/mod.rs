//! Those aboard: a modem that tells of its radio and a satellite receiver that tells the place, listened to around a run.
//!
//! What they say is evidence beside the run, never a condition of it: a modem that hangs or is not there costs the run nothing
//! but its radio (docs/spec/mobile.md).

#[cfg(feature = "mobile")]
mod modem;
#[cfg(not(feature = "mobile"))]
#[path = "no_modem.rs"]
mod modem;

mod gpsd;
mod seen;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use desserte_model::{ClockStamp, Mobile};
use desserte_units::Monotonic;
use tokio::sync::Mutex;

use modem::Modem;
use seen::Seen;

/// The longest that a run waits for those aboard to say something before it, and after it.
const WAIT_MAX: Duration = Duration::from_millis(2500);

/// What was said so long before the run's first moment, or after its last, still belongs to it.
const BESIDE: Duration = Duration::from_secs(5);

/// The longest that letting the modem rest may take.
const REST_MAX: Duration = Duration::from_secs(1);

/// Who is to be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// The modem, through ModemManager.
    pub(crate) modem: bool,
    /// The satellite receiver, through gpsd at this address.
    pub(crate) gpsd: Option<SocketAddr>,
}

/// Where those aboard learn the time and the interface of the run from.
pub(crate) struct Surroundings<'a> {
    pub(crate) now: &'a dyn Fn() -> ClockStamp,
    pub(crate) interface: &'a dyn Fn() -> Option<String>,
}

/// Those aboard.
#[derive(Debug, Default)]
pub(crate) struct Aboard {
    asked: Asked,
    seen: Seen,
    /// Held by whoever listens; one at a time does.
    modem: Mutex<Modem>,
}

/// A transfer, by this machine's own counter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transfer {
    pub(crate) began: Instant,
    pub(crate) lasted: Duration,
}

impl Aboard {
    pub(crate) fn new(asked: Asked) -> Self {
        Self { asked, ..Self::default() }
    }

    /// Makes a run with those aboard listened to from before it to after it. `run` gives its transfer, if there was one.
    pub(crate) async fn beside<T>(
        &self,
        around: &Surroundings<'_>,
        run: impl Future<Output = (T, Option<Transfer>)>,
    ) -> (T, Option<Mobile>) {
        if self.asked == Asked::default() {
            return (run.await.0, None);
        }
        let work = async {
            let from = (around.now)().monotonic_us;
            self.hear_after(from).await;
            let (result, transfer) = run.await;
            let over = (around.now)().monotonic_us;
            let transfer = transfer.map(|transfer| transfer.before(over));
            self.hear_after(over).await;
            (result, Some(self.mobile(from, (around.now)().monotonic_us, transfer)))
        };
        let done = tokio::select! {
            done = work => done,
            never = self.listen(around) => match never {},
        };
        self.rest().await;
        done
    }

    /// Listens, for as long as it is polled. A second listener only waits.
    pub(crate) async fn listen(&self, around: &Surroundings<'_>) -> Infallible {
        let Ok(mut modem) = self.modem.try_lock() else { return std::future::pending().await };
        let radio = async {
            if self.asked.modem {
                modem.listen(&self.seen, around.now, around.interface).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        let place = async {
            match self.asked.gpsd {
                Some(address) => gpsd::follow(address, &self.seen, around.now).await,
                None => std::future::pending().await,
            }
        };
        tokio::join!(radio, place);
        std::future::pending().await
    }

    /// Lets the modem rest, unless somebody still listens.
    pub(crate) async fn rest(&self) {
        if let Ok(mut modem) = self.modem.try_lock() {
            let _ = tokio::time::timeout(REST_MAX, modem.rest()).await;
        }
    }

    /// What was seen lately.
    #[cfg(feature = "mobile")]
    pub(crate) const fn seen(&self) -> &Seen {
        &self.seen
    }

    async fn hear_after(&self, moment: Monotonic) {
        let heard = self.seen.heard_after(moment, self.asked.modem, self.asked.gpsd.is_some());
        let _ = tokio::time::timeout(WAIT_MAX, heard).await;
    }

    fn mobile(&self, from: Monotonic, to: Monotonic, transfer: Option<(Monotonic, Monotonic)>) -> Mobile {
        let from = earlier(from, BESIDE);
        Mobile {
            began_us: transfer.map(|(began, _)| began),
            ended_us: transfer.map(|(_, ended)| ended),
            radio: self.asked.modem.then(|| self.seen.radio(from, to)),
            track: self.asked.gpsd.is_some().then(|| self.seen.track(from, to)),
        }
    }
}

impl Transfer {
    /// Its two ends by the clock that shows `now` at this moment.
    fn before(self, now: Monotonic) -> (Monotonic, Monotonic) {
        let began = earlier(now, self.began.elapsed());
        (began, began.after(self.lasted))
    }
}

fn earlier(moment: Monotonic, by: Duration) -> Monotonic {
    let by = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
    Monotonic::from_micros(moment.as_micros().saturating_sub(by))
}
