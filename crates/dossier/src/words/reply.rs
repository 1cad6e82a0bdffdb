//! What the other side says.

use super::Teller;
use crate::document::{Block, Fact};
use crate::reply::{Outcome, Reply};

impl Teller<'_> {
    pub(super) fn replies(&self) -> Vec<Block> {
        let mut blocks = vec![self.heading(1, "La réponse de l’opérateur", "The operator’s reply")];
        if self.case.replies.is_empty() {
            blocks.push(self.paragraph(
                "Aucune réponse n’est jointe à ce dossier. L’opérateur peut répondre par un texte signé, qui sera imprimé ici tel quel, et demander \
                 une nouvelle mesure faite ensemble.",
                "No reply comes with this dossier. The operator can reply by a signed text, which will be printed here as it is, and ask for a \
                 measurement made together.",
            ));
        }
        for reply in &self.case.replies {
            blocks.extend(self.reply(reply));
        }
        blocks
    }

    fn reply(&self, reply: &Reply) -> Vec<Block> {
        let outcome = match reply.outcome {
            Outcome::Pending => self.t("en cours d’examen", "under examination"),
            Outcome::Maintained => self.t("constat maintenu", "claim maintained"),
            Outcome::Amended => self.t("constat modifié", "claim amended"),
            Outcome::Withdrawn => self.t("constat retiré", "claim withdrawn"),
        };
        let outcome = if reply.because.is_empty() {
            outcome.to_owned()
        } else {
            format!("{outcome} : {}", reply.because)
        };
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        vec![
            Block::Heading { level: 2, text: format!("{}, {}", reply.operator, self.day(&reply.received)) },
            Block::Notice { text: reply.text.clone() },
            Block::Facts {
                items: vec![
                    fact("Suite donnée", "What followed", outcome),
                    fact("Dossier visé", "About the dossier", reply.dossier.to_string()),
                    fact("Clé de qui répond", "Key of who replies", reply.public_key.clone()),
                ],
            },
        ]
    }
}
