//! What passed between who made the dossier and the other side.

use super::Teller;
use crate::document::{Block, Fact};
use crate::exchange::{Notice, Retest};
use crate::reply::{Outcome, Reply};
use crate::request::Lang;

impl Teller<'_> {
    /// What became of the claim, for page one: whoever reads on has to know it first. `None` while nobody replied.
    pub(super) fn standing(&self) -> Option<Block> {
        let case = self.case;
        let (outcome, operator) = match (case.retests.last(), case.replies.last()) {
            (Some(retest), _) => (retest.outcome, &retest.together_with),
            (None, Some(reply)) => (reply.outcome, &reply.operator),
            (None, None) => return None,
        };
        let (outcome, operator) = (self.outcome(outcome), operator.trim());
        Some(Block::Notice {
            text: match case.lang {
                Lang::Fr => format!(
                    "L’autre partie ({operator}) s’est exprimée ; suite donnée : {outcome}. Voir « L’autre partie »."
                ),
                Lang::En => format!(
                    "The other side ({operator}) has spoken; what followed: {outcome}. See “The other side”."
                ),
            },
        })
    }

    pub(super) fn other_side(&self) -> Vec<Block> {
        let case = self.case;
        let mut blocks = vec![
            self.heading(1, "L’autre partie", "The other side"),
            self.paragraph(
                "Qui est mis en cause est averti, peut répondre par un texte signé qui est imprimé ici tel quel, et demander une nouvelle mesure faite \
                 ensemble. Puis le constat est maintenu, modifié ou retiré.",
                "Whoever is concerned is told, can reply by a signed text that is printed here as it is, and ask for a measurement made together. Then \
                 the claim is maintained, amended or withdrawn.",
            ),
        ];
        if case.notices.is_empty() {
            blocks.push(self.paragraph(
                "Aucun avis n’a été consigné : ce dossier ne dit pas que l’opérateur en a eu connaissance.",
                "No notice is on record: this dossier does not say that the operator knows of it.",
            ));
        } else {
            blocks
                .push(Block::List { items: case.notices.iter().map(|notice| self.notice(notice)).collect() });
        }
        if case.replies.is_empty() {
            blocks.push(
                self.paragraph(
                    "Aucune réponse n’est jointe à ce dossier.",
                    "No reply comes with this dossier.",
                ),
            );
        }
        for reply in &case.replies {
            blocks.extend(self.reply(reply));
        }
        for retest in &case.retests {
            blocks.extend(self.retest(retest));
        }
        blocks
    }

    fn notice(&self, notice: &Notice) -> String {
        let (operator, sent, by) = (&notice.operator, self.day(&notice.sent), self.day(&notice.answer_by));
        match self.case.lang {
            Lang::Fr => format!("{operator} : averti le {sent}, réponse attendue jusqu’au {by}."),
            Lang::En => format!("{operator}: told on {sent}, a reply is waited for until {by}."),
        }
    }

    fn outcome(&self, outcome: Outcome) -> &'static str {
        match (outcome, self.case.lang) {
            (Outcome::Pending, Lang::Fr) => "en cours d’examen",
            (Outcome::Pending, Lang::En) => "under examination",
            (Outcome::Maintained, Lang::Fr) => "constat maintenu",
            (Outcome::Maintained, Lang::En) => "claim maintained",
            (Outcome::Amended, Lang::Fr) => "constat modifié",
            (Outcome::Amended, Lang::En) => "claim amended",
            (Outcome::Withdrawn, Lang::Fr) => "constat retiré",
            (Outcome::Withdrawn, Lang::En) => "claim withdrawn",
        }
    }

    fn colon(&self) -> &'static str {
        if self.case.lang == Lang::Fr { " : " } else { ": " }
    }

    fn followed(&self, outcome: Outcome, because: &str) -> Fact {
        let outcome = self.outcome(outcome);
        let value = if because.is_empty() {
            outcome.to_owned()
        } else {
            format!("{outcome}{}{because}", self.colon())
        };
        Fact { name: self.t("Suite donnée", "What followed").to_owned(), value }
    }

    fn reply(&self, reply: &Reply) -> Vec<Block> {
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        let (said, day) = (self.t("Réponse", "Reply"), self.day(&reply.received));
        vec![
            Block::Heading { level: 2, text: format!("{said}{}{}, {day}", self.colon(), reply.operator) },
            Block::Notice { text: reply.text.clone() },
            Block::Facts {
                items: vec![
                    self.followed(reply.outcome, &reply.because),
                    fact("Dossier visé", "About the dossier", reply.dossier.to_string()),
                    fact("Clé de qui répond", "Key of who replies", reply.public_key.clone()),
                ],
            },
        ]
    }

    fn retest(&self, retest: &Retest) -> Vec<Block> {
        let (from, last) = (self.day(&retest.from), self.day(&retest.last));
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        vec![
            Block::Heading {
                level: 2,
                text: match self.case.lang {
                    Lang::Fr => format!("Nouvelle mesure faite ensemble, du {from} au {last}"),
                    Lang::En => format!("Measurement made together, {from} to {last}"),
                },
            },
            Block::Facts {
                items: vec![
                    fact("Avec", "Together with", retest.together_with.clone()),
                    self.followed(retest.outcome, &retest.because),
                    fact(
                        "Dossier de cette mesure",
                        "Dossier of that measurement",
                        retest.dossier.to_string(),
                    ),
                ],
            },
        ]
    }
}
