//! A probe takes up an invitation: the probe, the used invitation, the note and the audit line come together or not at all.

use desserte_custody::EventKind;
use desserte_model::ProbeId;
use desserte_units::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::audit::AuditEntry;
use crate::custody::insert_note;
use crate::invitations::{Invitation, InvitationState, by_key, subject};
use crate::probes::{insert_probe, retire};
use crate::{NewNote, NewProbe, Store, StoreError};

/// A probe that takes up an invitation; its signatures were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Public half of the invitation's key.
    pub invitation: String,
    /// The probe's identifier, which follows from its key.
    pub probe: ProbeId,
    /// The probe's public key as text.
    pub public_key: String,
    /// Who asks, for the audit log.
    pub actor: String,
    /// Now.
    pub at: Timestamp,
}

/// Why a probe is not enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentRefusal {
    /// No invitation has this key.
    UnknownCode,
    /// Its time is over.
    Expired,
    /// Another probe was enrolled with it.
    Used,
    /// It was taken back.
    Withdrawn,
    /// The probe is in service already; it needs no invitation.
    InService,
    /// The probe was taken out of service; its key is not taken again.
    Retired,
}

impl EnrolmentRefusal {
    /// The word that stands in answers and in the audit log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownCode => "unknown-code",
            Self::Expired => "code-expired",
            Self::Used => "code-used",
            Self::Withdrawn => "code-withdrawn",
            Self::InService => "already-enrolled",
            Self::Retired => "probe-retired",
        }
    }
}

impl Invitation {
    /// Whether `probe` may take it up at `now`. A probe that did so already may again: its answer may have been lost.
    ///
    /// # Errors
    /// With the reason when it may not.
    pub fn admits(&self, probe: &ProbeId, now: Timestamp) -> Result<(), EnrolmentRefusal> {
        match (self.state(now), &self.used) {
            (InvitationState::Open, _) => Ok(()),
            (InvitationState::Used, Some((_, by))) if by == probe => Ok(()),
            (InvitationState::Used, _) => Err(EnrolmentRefusal::Used),
            (InvitationState::Expired, _) => Err(EnrolmentRefusal::Expired),
            (InvitationState::Withdrawn, _) => Err(EnrolmentRefusal::Withdrawn),
        }
    }
}

impl Store {
    /// Enrols a probe with an invitation, which is used up by it. A repetition by the same probe changes nothing. Refusals are
    /// written to the audit log too.
    ///
    /// # Errors
    /// When the database fails; the inner error when the probe is refused.
    pub fn enrol(&self, asked: Enrolment) -> Result<Result<Invitation, EnrolmentRefusal>, StoreError> {
        self.writer().run(move |transaction| {
            let answer = take_up(transaction, &asked)?;
            let entry = |outcome: &str, subject: String| AuditEntry {
                at: asked.at,
                actor: asked.actor.clone(),
                action: "enrol".to_owned(),
                outcome: outcome.to_owned(),
                subject,
            };
            match &answer {
                Ok(invitation) => {
                    entry("done", format!("{}, probe {}", subject(invitation.number), asked.probe))
                }
                Err(refusal) => entry(refusal.code(), format!("probe {}", asked.probe)),
            }
            .write(transaction)?;
            Ok(answer)
        })
    }
}

fn take_up(
    transaction: &Transaction<'_>,
    asked: &Enrolment,
) -> Result<Result<Invitation, EnrolmentRefusal>, StoreError> {
    let wrap = StoreError::database("enrolling a probe");
    let Some(invitation) = by_key(transaction, &asked.invitation).map_err(&wrap)? else {
        return Ok(Err(EnrolmentRefusal::UnknownCode));
    };
    if let Err(refusal) = invitation.admits(&asked.probe, asked.at) {
        return Ok(Err(refusal));
    }
    if invitation.used.is_some() {
        return Ok(Ok(invitation));
    }
    let known: Option<Option<i64>> = transaction
        .query_row("SELECT retired_us FROM probe WHERE id = ?1", [asked.probe.as_str()], |row| row.get(0))
        .optional()
        .map_err(&wrap)?;
    match known {
        Some(None) => return Ok(Err(EnrolmentRefusal::InService)),
        Some(Some(_)) => return Ok(Err(EnrolmentRefusal::Retired)),
        None => {}
    }
    let made = &invitation.made;
    insert_probe(
        transaction,
        &NewProbe {
            id: asked.probe.clone(),
            public_key: asked.public_key.clone(),
            name: made.name.clone(),
            site: made.site.clone(),
            created: asked.at,
        },
    )?;
    transaction
        .execute(
            "UPDATE invitation SET used_us = ?2, probe = (SELECT no FROM probe WHERE id = ?3) WHERE no = ?1",
            params![invitation.number, asked.at.as_unix_micros(), asked.probe.as_str()],
        )
        .map_err(&wrap)?;
    let note = |kind, probe: &ProbeId, text: String| {
        let note = NewNote { kind, probe: Some(probe.clone()), happened: asked.at, noted: asked.at, text };
        insert_note(transaction, &note)
    };
    let by = subject(invitation.number);
    match &made.replaces {
        None => note(EventKind::Install, &asked.probe, format!("{}, {by}", made.name))?,
        Some(old) => {
            // Where it stands is the same place still.
            transaction
                .execute(
                    "UPDATE probe SET host = (SELECT host FROM probe WHERE id = ?2) WHERE id = ?1",
                    params![asked.probe.as_str(), old.as_str()],
                )
                .map_err(&wrap)?;
            retire(transaction, old, asked.at)?;
            note(EventKind::KeyChange, old, format!("probe {} takes its place, {by}", asked.probe))?;
            note(EventKind::KeyChange, &asked.probe, format!("in the place of probe {old}, {by}"))?
        }
    };
    Ok(Ok(Invitation { used: Some((asked.at, asked.probe.clone())), ..invitation }))
}
