//! A probe's request to be enrolled: signed by the key of its invitation, and by its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desserte_model::{ENROLMENT_SCHEMA, EnrolmentRequest, EnrolmentStep};

use crate::{ProbeKey, PublicKey};

/// A request whose signatures hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Application {
    /// What is asked for.
    pub step: EnrolmentStep,
    /// The invitation's key.
    pub invitation: PublicKey,
    /// The probe's key.
    pub probe: PublicKey,
}

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApplicationError {
    /// It is of another version.
    #[error("the request is not of the form desserte-enrolment/1")]
    Schema,
    /// A key cannot be read.
    #[error("{0} is not an Ed25519 public key in Base64")]
    Key(&'static str),
    /// A signature is not that of the key named, over what the request says.
    #[error("{0} does not hold: the request was changed on its way, or signed with another key")]
    Signature(&'static str),
}

/// Signs a request: whoever changes a word of it on its way breaks both signatures, and has no code to sign again.
#[must_use]
pub fn apply(step: EnrolmentStep, invitation: &ProbeKey, probe: &ProbeKey) -> EnrolmentRequest {
    let application = Application { step, invitation: invitation.public(), probe: probe.public() };
    let text = application.text();
    let signed = |key: &ProbeKey| STANDARD.encode(key.sign(text.as_bytes()));
    EnrolmentRequest {
        schema: ENROLMENT_SCHEMA.to_owned(),
        step,
        invitation: application.invitation.to_string(),
        probe: application.probe.to_string(),
        invitation_signature: signed(invitation),
        probe_signature: signed(probe),
    }
}

impl Application {
    /// Reads a request and verifies both signatures.
    ///
    /// # Errors
    /// The first of the checks that fails.
    pub fn verify(request: &EnrolmentRequest) -> Result<Self, ApplicationError> {
        if request.schema != ENROLMENT_SCHEMA {
            return Err(ApplicationError::Schema);
        }
        let key = |text: &str, name| text.parse::<PublicKey>().map_err(|_| ApplicationError::Key(name));
        let application = Self {
            step: request.step,
            invitation: key(&request.invitation, "invitation")?,
            probe: key(&request.probe, "probe")?,
        };
        let text = application.text();
        let holds = |key: &PublicKey, signature: &str| {
            STANDARD.decode(signature).is_ok_and(|signature| key.verify(text.as_bytes(), &signature))
        };
        if !holds(&application.invitation, &request.invitation_signature) {
            return Err(ApplicationError::Signature("invitation_signature"));
        }
        if !holds(&application.probe, &request.probe_signature) {
            return Err(ApplicationError::Signature("probe_signature"));
        }
        Ok(application)
    }

    /// What both keys sign. The first line keeps it apart from everything else that a probe's key signs.
    fn text(&self) -> String {
        let Self { step, invitation, probe } = self;
        format!("{ENROLMENT_SCHEMA}\nstep {}\ninvitation {invitation}\nprobe {probe}\n", step.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (ProbeKey, ProbeKey) {
        (ProbeKey::from_seed([1; 32]), ProbeKey::from_seed([2; 32]))
    }

    fn request() -> EnrolmentRequest {
        let (invitation, probe) = keys();
        apply(EnrolmentStep::Take, &invitation, &probe)
    }

    #[test]
    fn a_request_says_who_asks_with_which_invitation() {
        let (invitation, probe) = keys();
        let read = Application::verify(&request()).unwrap();
        assert_eq!((read.invitation, read.probe), (invitation.public(), probe.public()));
        assert_eq!(read.step, EnrolmentStep::Take);
    }

    #[test]
    fn nothing_of_a_request_can_be_changed_on_its_way() {
        let (invitation, _) = keys();
        let thief = ProbeKey::from_seed([3; 32]);
        let wrong_invitation = Err(ApplicationError::Signature("invitation_signature"));
        let check = |change: &dyn Fn(&mut EnrolmentRequest)| {
            let mut request = request();
            change(&mut request);
            Application::verify(&request)
        };
        // Another key, with its own good signature: the invitation's is over the first.
        assert_eq!(
            check(&|request| {
                let own = apply(EnrolmentStep::Take, &thief, &thief);
                request.probe = own.probe;
                request.probe_signature = own.probe_signature;
            }),
            wrong_invitation
        );
        // A question made into a request to be enrolled.
        assert_eq!(check(&|request| request.step = EnrolmentStep::Ask), wrong_invitation);
        assert_eq!(check(&|request| request.invitation = thief.public().to_string()), wrong_invitation);
        // Who has the code, but not the key that is named.
        assert_eq!(
            check(&|request| {
                let own = apply(EnrolmentStep::Take, &invitation, &thief);
                request.probe_signature = own.probe_signature;
            }),
            Err(ApplicationError::Signature("probe_signature"))
        );
        assert_eq!(
            check(&|request| request.schema = "desserte-enrolment/2".to_owned()),
            Err(ApplicationError::Schema)
        );
        assert_eq!(check(&|request| request.probe = "AAAA".to_owned()), Err(ApplicationError::Key("probe")));
        for wrong in ["", "AAAA", "not Base64", &"A".repeat(10_000)] {
            assert_eq!(check(&|request| request.invitation_signature = wrong.to_owned()), wrong_invitation);
        }
    }
}
