//! Probes and one-time codes, where several collectors share them: PostgreSQL decides, then the own store follows (docs/spec/registry.md).
//!
//! Without a register every change is the store's alone, so that who changes something asks here in either case.

mod error;
mod follow;

use std::path::Path;

use desserte_model::{ProbeId, SharedInvitation, SharedProbe};
use desserte_registry::{CollectorSeen, Edit, Registry, RegistryError, Take, TakeRefusal};
use desserte_store::{
    AuditEntry, Enrolment, EnrolmentRefusal, Host, Invitation, NewInvitation, NewProbe, OPEN_INVITATIONS_MAX,
    RegisterNews, Store, StoreError,
};
use desserte_units::Timestamp;
use tokio::runtime::Handle;

pub use self::error::RegisterError;
pub(crate) use self::follow::{keep, look_first};

/// Where changes of probes and codes are decided. Every method blocks: none may be called on a thread of the runtime.
pub struct Register(Option<Joined>);

struct Joined {
    registry: Registry,
    /// What connections belong to.
    runtime: Handle,
}

impl Joined {
    fn ask<T>(&self, asked: impl Future<Output = Result<T, RegistryError>>) -> Result<T, RegistryError> {
        self.runtime.block_on(asked)
    }
}

impl Register {
    /// The store alone.
    #[must_use]
    pub const fn own() -> Self {
        Self(None)
    }

    /// The one that a data directory names, for the collector of a number; `runtime` is what its connections live on.
    ///
    /// # Errors
    /// When `registry.toml` cannot be used.
    pub fn of_data(data: &Path, number: u8, runtime: Handle) -> Result<Self, RegistryError> {
        Ok(Self(Registry::of_data(data, number)?.map(|registry| Joined { registry, runtime })))
    }

    /// Whether others share it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.0.is_some()
    }

    /// Database and host of a shared one.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.0.as_ref().map(|joined| joined.registry.place())
    }

    /// Makes the tables, unless they are there. Gives whether they were made.
    ///
    /// # Errors
    /// When the database cannot be reached, or the role may not.
    pub fn make(&self) -> Result<bool, RegistryError> {
        self.0.as_ref().map_or(Ok(false), |joined| joined.ask(joined.registry.make()))
    }

    /// The collectors that share it.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn collectors(&self) -> Result<Vec<CollectorSeen>, RegistryError> {
        self.0.as_ref().map_or_else(|| Ok(Vec::new()), |joined| joined.ask(joined.registry.collectors()))
    }

    /// Brings the store after the register, and the register after what only the store knows. Gives the number of the last change.
    ///
    /// # Errors
    /// When the database cannot be reached or the store fails. What was followed stays followed.
    pub fn look(&self, store: &Store, at: Timestamp) -> Result<i64, RegisterError> {
        let Some(joined) = &self.0 else { return Ok(0) };
        let change = joined.follow(store, store.register_change()?, at)?;
        let (probes, invitations) = store.unpublished(joined.registry.own())?;
        if probes.is_empty() && invitations.is_empty() {
            return Ok(change);
        }
        joined.ask(joined.registry.publish(&probes, &invitations))?;
        // All of it: of what was there already nothing may have changed, and the store has to know that too.
        joined.follow(store, 0, at)
    }

    /// Registers a probe as this collector's.
    ///
    /// # Errors
    /// When it is registered, or nothing can be decided.
    pub fn add(&self, store: &Store, probe: NewProbe) -> Result<(), RegisterError> {
        let Some(joined) = &self.0 else { return Ok(store.register_probe(probe)?) };
        self.look(store, probe.created)?;
        let id = probe.id.clone();
        joined.ask(joined.registry.add(&SharedProbe {
            id: id.clone(),
            public_key: probe.public_key.clone(),
            name: probe.name.clone(),
            site: probe.site.clone(),
            host: None,
            created: probe.created,
            retired: None,
            home: joined.registry.own(),
            change: None,
        }))?;
        match store.register_probe(probe) {
            // Another process of this collector followed the register in the meantime.
            Err(StoreError::AlreadyRegistered(..))
                if store.probe(&id)?.is_some_and(|known| known.home.is_none()) =>
            {
                Ok(())
            }
            result => Ok(result?),
        }
    }

    /// Takes a probe out of service, whichever collector it belongs to. Gives whether it was in service.
    ///
    /// # Errors
    /// When nothing can be decided.
    pub fn retire(&self, store: &Store, id: &ProbeId, at: Timestamp) -> Result<bool, RegisterError> {
        self.edit(store, id, Edit::Retired(at), at, || store.retire_probe(id, at))
    }

    /// Names another site for a probe in service. Gives whether there is such a probe.
    ///
    /// # Errors
    /// When nothing can be decided.
    pub fn relocate(
        &self,
        store: &Store,
        id: &ProbeId,
        site: &str,
        at: Timestamp,
    ) -> Result<bool, RegisterError> {
        self.edit(store, id, Edit::Site(site), at, || store.move_probe(id, site.to_owned(), at))
    }

    /// Notes where a probe stands. Gives whether there is such a probe.
    ///
    /// # Errors
    /// When nothing can be decided.
    pub fn declare_host(
        &self,
        store: &Store,
        id: &ProbeId,
        host: Host,
        at: Timestamp,
    ) -> Result<bool, RegisterError> {
        self.edit(store, id, Edit::Host(host.code()), at, || store.declare_host(id, host))
    }

    fn edit(
        &self,
        store: &Store,
        id: &ProbeId,
        edit: Edit<'_>,
        at: Timestamp,
        here: impl FnOnce() -> Result<bool, StoreError>,
    ) -> Result<bool, RegisterError> {
        let Some(joined) = &self.0 else { return Ok(here()?) };
        self.look(store, at)?;
        let done = joined.ask(joined.registry.edit(id, edit))?;
        // The note of it belongs to the collector of the probe.
        if done && store.probe(id)?.is_some_and(|probe| probe.home.is_none()) {
            here()?;
        }
        self.look(store, at)?;
        Ok(done)
    }

    /// Keeps an invitation that `actor` made, good at every collector that shares the register, and gives its number here.
    ///
    /// # Errors
    /// When too many are open, the probe to be replaced is not registered, or nothing can be decided.
    pub fn invite(&self, store: &Store, new: NewInvitation, actor: &str) -> Result<i64, RegisterError> {
        let Some(joined) = &self.0 else { return Ok(store.invite(new, actor)?) };
        self.look(store, new.created)?;
        let shared = SharedInvitation {
            public_key: new.public_key.clone(),
            name: new.name.clone(),
            site: new.site.clone(),
            commune: new.commune,
            position: new.position,
            replaces: new.replaces.clone(),
            created: new.created,
            expires: new.expires,
            withdrawn: None,
            used: None,
            change: None,
        };
        joined.ask(joined.registry.invite(&shared, OPEN_INVITATIONS_MAX))?;
        match store.invite(new, actor) {
            Ok(number) => Ok(number),
            // Another process of this collector followed the register in the meantime.
            Err(error) => match store.invitation(&shared.public_key)? {
                Some(known) => Ok(known.number),
                None => Err(error.into()),
            },
        }
    }

    /// Takes an invitation back, for `actor`. Gives whether there was one of this number that could be used.
    ///
    /// # Errors
    /// When nothing can be decided.
    pub fn withdraw(
        &self,
        store: &Store,
        number: i64,
        actor: &str,
        at: Timestamp,
    ) -> Result<bool, RegisterError> {
        let Some(joined) = &self.0 else { return Ok(store.withdraw_invitation(number, actor, at)?) };
        let Some(known) = store.invitations()?.into_iter().find(|known| known.number == number) else {
            return Ok(false);
        };
        let done = joined.ask(joined.registry.withdraw(&known.made.public_key, at))?;
        if done {
            store.withdraw_invitation(number, actor, at)?;
        }
        Ok(done)
    }

    /// The invitation with this public key, as it is at this moment.
    ///
    /// # Errors
    /// When that cannot be known.
    pub fn invitation(
        &self,
        store: &Store,
        key: &str,
        at: Timestamp,
    ) -> Result<Option<Invitation>, RegisterError> {
        self.look(store, at)?;
        Ok(store.invitation(key)?)
    }

    /// Enrols a probe with an invitation, which is used up by it, wherever it was made.
    ///
    /// # Errors
    /// When nothing can be decided; the inner error when the probe is refused.
    pub fn enrol(
        &self,
        store: &Store,
        asked: Enrolment,
    ) -> Result<Result<Invitation, EnrolmentRefusal>, RegisterError> {
        let Some(joined) = &self.0 else { return Ok(store.enrol(asked)?) };
        // The code may have been made elsewhere a moment ago.
        self.look(store, asked.at)?;
        let take = Take {
            invitation: &asked.invitation,
            probe: &asked.probe,
            public_key: &asked.public_key,
            at: asked.at,
        };
        if let Err(refusal) = joined.ask(joined.registry.take(&take))? {
            let refusal = told(refusal);
            store.audit(AuditEntry {
                at: asked.at,
                actor: asked.actor,
                action: "enrol".to_owned(),
                outcome: refusal.code().to_owned(),
                subject: format!("probe {}", asked.probe),
            })?;
            return Ok(Err(refusal));
        }
        let (key, at) = (asked.invitation.clone(), asked.at);
        if let Ok(invitation) = store.enrol(asked)? {
            return Ok(Ok(invitation));
        }
        // It was decided, and the store did not know enough to follow by itself.
        Ok(self.invitation(store, &key, at)?.ok_or(EnrolmentRefusal::UnknownCode))
    }

    /// Refuses to go on while a collector is there whose probes are to be taken over.
    ///
    /// # Errors
    /// When it is there, or the database cannot be reached.
    pub fn is_lost(&self, collector: u8) -> Result<(), RegistryError> {
        self.0.as_ref().map_or(Ok(()), |joined| joined.ask(joined.registry.is_lost(collector)))
    }

    /// Makes every probe of another collector this one's, and gives how many there were.
    ///
    /// # Errors
    /// When nothing can be decided.
    pub fn take_over(&self, store: &Store, from: u8, at: Timestamp) -> Result<u64, RegisterError> {
        let Some(joined) = &self.0 else { return Ok(0) };
        let moved = joined.ask(joined.registry.take_over(from))?;
        self.look(store, at)?;
        Ok(moved)
    }
}

impl Joined {
    fn follow(&self, store: &Store, since: i64, at: Timestamp) -> Result<i64, RegisterError> {
        let look = self.ask(self.registry.look(since))?;
        let change = look.change;
        if change != store.register_change()? || since == 0 {
            let own = self.registry.own();
            let (probes, invitations) = (look.probes, look.invitations);
            store.follow_register(RegisterNews { change, probes, invitations, own, at })?;
        }
        Ok(change)
    }
}

const fn told(refusal: TakeRefusal) -> EnrolmentRefusal {
    match refusal {
        TakeRefusal::UnknownCode => EnrolmentRefusal::UnknownCode,
        TakeRefusal::Expired => EnrolmentRefusal::Expired,
        TakeRefusal::Used => EnrolmentRefusal::Used,
        TakeRefusal::Withdrawn => EnrolmentRefusal::Withdrawn,
        TakeRefusal::InService => EnrolmentRefusal::InService,
        TakeRefusal::Retired => EnrolmentRefusal::Retired,
    }
}
