//! Which connections of a client belong to one measurement.
//!
//! The web client opens six connections for one download and says nothing that would tie them together. The server's gate
//! admits measurements, not connections: so those of one address in one direction share a place.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use desserte_model::Direction;
use desserte_proto::librespeed::{Asked, Base, spec};
use desserte_units::BitRate;
use tokio::time::Instant;

use crate::ndt7::server::{Decision, Gate, Permit, SessionRequest};

/// The addresses that a server answers at, and who is being measured there.
#[derive(Debug)]
pub struct Desk {
    base: Base,
    sessions: Mutex<HashMap<(IpAddr, Direction), Weak<Session>>>,
}

/// A place that some connections of a client share; given back when the last of them lets go.
pub(super) struct Session {
    until: Instant,
    load_ratio: f64,
    _permit: Permit,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Session {
    /// When the measurement has to be over.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    /// Share of the server's capacity in use when it began.
    pub(super) const fn load_ratio(&self) -> f64 {
        self.load_ratio
    }
}

impl Desk {
    /// A desk below a base path.
    #[must_use]
    pub fn new(base: Base) -> Arc<Self> {
        Arc::new(Self { base, sessions: Mutex::default() })
    }

    /// Whether something stands at `path`.
    pub(crate) fn serves(&self, path: &str) -> bool {
        Asked::is_path(&self.base, path)
    }

    /// The base path.
    pub(super) const fn base(&self) -> &Base {
        &self.base
    }

    /// Lets a client's connection join the measurement that its others belong to, or asks the gate for a new one.
    pub(super) fn join(
        &self,
        client: IpAddr,
        direction: Direction,
        expected: Option<BitRate>,
        gate: &dyn Gate,
    ) -> Result<Arc<Session>, Duration> {
        // Every change to what is held is a single insertion or a retain, so it stays true whoever panicked beside it.
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (client.to_canonical(), direction);
        let own = sessions.get(&key).and_then(Weak::upgrade);
        let now = Instant::now();
        // The one just upgraded counts too.
        let has_room = |session: &Arc<Session>| Arc::strong_count(session) <= spec::STREAMS_PER_SESSION;
        if let Some(session) = own.filter(|session| session.until > now && has_room(session)) {
            return Ok(session);
        }
        let request = SessionRequest { client, direction, duration: spec::SESSION_MAX, expected };
        match gate.admit(&request) {
            Decision::Admit { load_ratio, permit } => {
                let session =
                    Arc::new(Session { until: now + spec::SESSION_MAX, load_ratio, _permit: permit });
                sessions.retain(|_, session| session.strong_count() > 0);
                sessions.insert(key, Arc::downgrade(&session));
                Ok(session)
            }
            Decision::Busy { retry_after } => Err(retry_after),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::ndt7::server::Health;

    #[derive(Default)]
    struct Counting(AtomicU32);

    impl Gate for Counting {
        fn admit(&self, _: &SessionRequest) -> Decision {
            let admitted = self.0.fetch_add(1, Ordering::Relaxed);
            if admitted < 3 {
                Decision::Admit { load_ratio: 0.0, permit: Box::new(()) }
            } else {
                Decision::Busy { retry_after: Duration::from_secs(9) }
            }
        }

        fn health(&self) -> Health {
            Health { ok: true, text: String::new() }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connections_of_one_client_and_direction_share_a_place_for_a_time() {
        let (desk, gate) = (Desk::new(Base::default()), Counting::default());
        let client = IpAddr::from([192, 0, 2, 1]);
        let join = |direction| desk.join(client, direction, None, &gate);
        let admitted = || gate.0.load(Ordering::Relaxed);
        let streams: Vec<_> =
            (0..spec::STREAMS_PER_SESSION).map(|_| join(Direction::Download).unwrap()).collect();
        assert_eq!(admitted(), 1);
        let one_more = join(Direction::Download).unwrap();
        assert_eq!(admitted(), 2);
        drop(streams);
        // Later ones join the latest place, until its time is over.
        let again = join(Direction::Download).unwrap();
        assert_eq!(admitted(), 2);
        tokio::time::advance(spec::SESSION_MAX).await;
        let other = join(Direction::Upload).unwrap();
        assert_eq!(admitted(), 3);
        assert_eq!(join(Direction::Download).unwrap_err(), Duration::from_secs(9));
        drop((one_more, again, other));
        assert_eq!(admitted(), 4);
    }
}
