//! The other side's reply: what is to be signed, and the dossier with it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use desserte_dossier::{Reply, reply_text};

use super::arguments::{ReplyArguments, ReplyTextArguments};
use super::check::{Checked, read};
use crate::out::{Failure, Outcome, note, written_whole};

/// Octets read of a reply and of a signature; what a reply may have is checked with it.
const TEXT_BYTES_MAX: usize = 64 * 1024;

pub(super) fn text(arguments: &ReplyTextArguments) -> Outcome {
    let dossier = Checked::open(&arguments.bundle)?.fingerprint()?;
    let text = words(&arguments.text)?;
    written_whole(&arguments.out, |file| Ok(file.write_all(reply_text(dossier, &text).as_bytes())?))?;
    note(&format!(
        "{}: openssl pkeyutl -sign -rawin -inkey KEY.pem -in {} -out SIGNATURE",
        arguments.out.display(),
        arguments.out.display()
    ));
    Ok(())
}

pub(super) fn reply(arguments: &ReplyArguments) -> Outcome {
    let mut old = Checked::open(&arguments.bundle)?;
    let mut evidence = old.evidence()?;
    let reply = Reply {
        dossier: old.fingerprint()?,
        operator: arguments.operator.clone(),
        received: arguments.received.to_string(),
        text: words(&arguments.text)?,
        public_key: arguments.key.clone(),
        signature: BASE64_STANDARD.encode(read(&arguments.signature, TEXT_BYTES_MAX)?),
        outcome: arguments.outcome.into(),
        because: arguments.because.clone(),
    };
    reply.check().map_err(Failure::no)?;
    evidence.replies.push(reply);
    old.made_again(&evidence, &arguments.again).map(|_| ())
}

fn words(path: &std::path::Path) -> Result<String, Failure> {
    let octets = read(path, TEXT_BYTES_MAX)?;
    String::from_utf8(octets)
        .map_err(|_| Failure::usage(anyhow::anyhow!("{} is no UTF-8 text", path.display())))
}
