//! What is told of invitations, in words.

use desserte_signing::InvitationLink;

use crate::arguments::Lang;

/// What whoever installs the probe has to know. It holds the secret and is shown once.
pub(super) fn sheet(number: i64, name: &str, link: &InvitationLink, until: &str, lang: Lang) -> Vec<String> {
    let (code, address) = (link.code.to_text(), link.to_text());
    match lang {
        Lang::Fr => vec![
            format!("Invitation {number} : {name}"),
            format!("Code : {code}"),
            format!("Valable une fois, jusqu’au {until}."),
            format!("Sur la sonde, tapez : sudo desserte-probe enrol '{address}'"),
            "Notez-le maintenant : il n’est gardé nulle part. `desserte probe withdraw` le retire."
                .to_owned(),
        ],
        Lang::En => vec![
            format!("Invitation {number}: {name}"),
            format!("Code: {code}"),
            format!("Good once, until {until}."),
            format!("On the probe, type: sudo desserte-probe enrol '{address}'"),
            "Write it down now: it is kept nowhere. `desserte probe withdraw` takes it back.".to_owned(),
        ],
    }
}
