//! Telling the other side: the notice in the dossier, and the letter.

use anyhow::Context as _;
use desserte_custody::Hash;
use desserte_dossier::{Lang, Notice, PlaceKind, Request};
use jiff::ToSpan as _;

use super::arguments::NoticeArguments;
use super::check::Checked;
use crate::out::{Failure, Outcome, line, written_whole};

/// The letter's file.
const LETTER_FILE: &str = "avis.txt";

pub(super) fn notice(arguments: &NoticeArguments) -> Outcome {
    let mut old = Checked::open(&arguments.bundle)?;
    let mut evidence = old.evidence()?;
    let by = arguments
        .sent
        .checked_add(i64::from(arguments.days).days())
        .context("the calendar ends before the reply")
        .map_err(Failure::usage)?;
    let notice = Notice {
        dossier: old.fingerprint()?,
        operator: arguments.operator.clone(),
        sent: arguments.sent.to_string(),
        answer_by: by.to_string(),
    };
    evidence.notices.push(notice.clone());
    let fingerprint = old.made_again(&evidence, &arguments.again)?;
    let path = arguments.again.making.out.join(LETTER_FILE);
    let letter = letter(&notice, &evidence.request, fingerprint);
    written_whole(&path, |file| Ok(file.write_all(letter.as_bytes())?))?;
    line(&path.display().to_string())
}

fn letter(notice: &Notice, request: &Request, fingerprint: Hash) -> String {
    let Request { code, from, to, .. } = request;
    let Notice { operator, sent, answer_by, .. } = notice;
    match request.lang {
        Lang::Fr => {
            let place = match request.kind {
                PlaceKind::Commune => "la commune",
                PlaceKind::Epci => "l’intercommunalité",
                PlaceKind::Departement => "le département",
                PlaceKind::Site => "la sonde",
            };
            format!(
                "{operator},\n\n\
                Un dossier de mesure a été établi sur {place} {code}, du {from} au {to} exclu. Il vous est remis avec cette lettre, le {sent} :\n\
                dossier.pdf, à lire, et dossier.zip, qui contient les relevés signés dont il est fait.\n\n\
                Empreinte du dossier (SHA-256) :\n{fingerprint}\n\n\
                Ce qui y est dit est ce qui a été mesuré, avec sa méthode, sa classe et son incertitude. Rien n’y est dit de la cause d’une panne ni\n\
                de qui en répond.\n\n\
                Vérifier : « desserte dossier verify dossier.zip --fingerprint {fingerprint} ».\n\
                Refaire chaque chiffre : « desserte dossier rebuild dossier.zip --territory TERRITOIRE --out DOSSIER ».\n\n\
                Vous pouvez répondre jusqu’au {answer_by}. Votre texte sera imprimé tel quel dans le dossier, à côté du constat. Il se signe avec une\n\
                clé Ed25519 à vous :\n\
                1. « desserte dossier reply-text dossier.zip --text VOTRE_TEXTE --out A_SIGNER » ;\n\
                2. « openssl pkeyutl -sign -rawin -inkey VOTRE_CLE.pem -in A_SIGNER -out SIGNATURE » ;\n\
                3. renvoyez le texte, la signature et votre clé publique, et publiez cette clé où l’on sait que vous êtes chez vous.\n\n\
                Vous pouvez aussi demander une nouvelle mesure faite ensemble. Le constat sera ensuite maintenu, modifié ou retiré, et le dossier le dira.\n\
                Sans réponse à cette date, le dossier dira qu’il n’y en a pas eu.\n"
            )
        }
        Lang::En => {
            let place = match request.kind {
                PlaceKind::Commune => "commune",
                PlaceKind::Epci => "intercommunality",
                PlaceKind::Departement => "département",
                PlaceKind::Site => "probe",
            };
            format!(
                "{operator},\n\n\
                A measurement dossier was made of {place} {code}, from {from} up to {to}, that day excluded. It comes with this letter, on {sent}:\n\
                dossier.pdf, to be read, and dossier.zip, which holds the signed records that it is made from.\n\n\
                Fingerprint of the dossier (SHA-256):\n{fingerprint}\n\n\
                What it says is what was measured, with method, class and uncertainty. It says nothing of the cause of a failure nor of who answers for it.\n\n\
                To verify: `desserte dossier verify dossier.zip --fingerprint {fingerprint}`.\n\
                To make every figure again: `desserte dossier rebuild dossier.zip --territory TERRITORY --out DIR`.\n\n\
                You can reply until {answer_by}. Your text will be printed as it is in the dossier, beside the claim. It is signed with an Ed25519 key of\n\
                yours:\n\
                1. `desserte dossier reply-text dossier.zip --text YOUR_TEXT --out TO_SIGN`;\n\
                2. `openssl pkeyutl -sign -rawin -inkey YOUR_KEY.pem -in TO_SIGN -out SIGNATURE`;\n\
                3. send back the text, the signature and your public key, and publish that key where it is known to be yours.\n\n\
                You can also ask for a measurement made together. The claim will then be maintained, amended or withdrawn, and the dossier will say so.\n\
                Without a reply by that day the dossier will say that there was none.\n"
            )
        }
    }
}
