//! What was left out, what proves the records, how figures were made, how all of it is checked.

use super::Teller;
use crate::case::Sealed;
use crate::document::{Block, Fact};
use crate::request::Lang;

/// Seals listed one by one at the most. Of more the last of each month stands for all: each seal holds the one before it.
const SEALS: usize = 40;

impl Teller<'_> {
    pub(super) fn annex(&self) -> Vec<Block> {
        let mut blocks = self.excluded();
        blocks.extend(self.chain_of_custody());
        blocks.extend(self.method());
        blocks
    }

    fn excluded(&self) -> Vec<Block> {
        let mut blocks = vec![self.heading(1, "Ce qui a été écarté", "What was left out")];
        let exclusions = &self.case.exclusions;
        if exclusions.iter().all(|exclusion| exclusion.count == 0) {
            blocks.push(self.paragraph("Rien n’a été écarté.", "Nothing was left out."));
            return blocks;
        }
        let rows = exclusions.iter().filter(|exclusion| exclusion.count > 0);
        blocks.push(Block::Table {
            caption: self.t("Ce qui n’entre pas dans les chiffres, et pourquoi", "What enters no figure, and why").to_owned(),
            columns: vec![self.t("Combien", "How many").to_owned(), self.t("Pourquoi", "Why").to_owned()],
            rows: rows.map(|exclusion| vec![self.count(exclusion.count), self.reason(&exclusion.reason)]).collect(),
            widths: vec![1, 5],
            legend: Some(
                self.t(
                    "Les règles sont fixées d’avance et appliquées par le programme : personne n’a choisi ces relevés. Ils restent dans le fichier joint.",
                    "Rules are set beforehand and applied by the program: nobody picked these records. They stay in the file that comes with this.",
                )
                .to_owned(),
            ),
        });
        blocks
    }

    fn reason(&self, code: &str) -> String {
        match code {
            "run_wifi" => self.t(
                "essais faits par Wi-Fi : ils disent autant du logement que de la ligne",
                "runs made over Wi-Fi: they tell as much about the room as about the line",
            ),
            "run_incomplete" => self.t(
                "essais qui n’ont pas pu aller à leur terme : ils comptent comme essais, sans débit",
                "runs that could not be completed: they count as runs, without a rate",
            ),
            "run_without_rate" => self.t(
                "essais complets sans débit établi : la méthode n’en donne pas, ou l’essai a été fait en déplacement",
                "complete runs without a steady rate: the method gives none, or the run was made on the way",
            ),
            "run_other_layer" => self.t(
                "essais comptés à une autre couche que l’application",
                "runs counted at another layer than the application",
            ),
            "minutes_unknown" => self.t(
                "minutes enregistrées dont l’état n’est pas connu (sonde ou réseau local en cause, mesure en cours)",
                "recorded minutes whose state is not known (the probe or its local network, or a run in progress)",
            ),
            "records_refused" => self.t(
                "lignes d’envois signés que la relecture refuse (forme, date ou position)",
                "lines of signed deliveries that are refused when read again (form, date or position)",
            ),
            other => other,
        }
        .to_owned()
    }

    fn chain_of_custody(&self) -> Vec<Block> {
        let custody = &self.case.custody;
        let mut blocks = vec![
            self.heading(1, "La chaîne de preuve", "Chain of custody"),
            self.paragraph(
                "Chaque sonde signe ses envois avec sa clé et enchaîne ses relevés. Le collecteur garde les octets tels que reçus ; chaque jour \
                 clos (UTC) est scellé par un arbre de hachage (RFC 9162) dont la racine est publiée. Changer un seul octet d’un envoi change la \
                 racine. Un sceau vaut par la copie que d’autres en ont gardée.",
                "Each probe signs what it sends with its key and chains its records. The collector keeps the octets as received; each day that is over \
                 (UTC) is sealed by a hash tree (RFC 9162) whose root is published. To change one octet of a delivery changes the root. A seal is \
                 worth the copies that others kept of it.",
            ),
        ];
        if custody.proven + custody.unsealed == 0 {
            blocks.push(self.paragraph("Aucun envoi n’est joint.", "No delivery comes with this dossier."));
            return blocks;
        }
        let (proven, unsealed, records) =
            (self.count(custody.proven), self.count(custody.unsealed), self.count(custody.records));
        blocks.push(Block::Paragraph {
            text: match self.case.lang {
                Lang::Fr => format!(
                    "Envois prouvés par un sceau : {proven}. Envois signés mais sans sceau : {unsealed}. Relevés qu’ils contiennent : {records}."
                ),
                Lang::En => format!(
                    "Deliveries proven by a seal: {proven}. Signed deliveries without a seal: {unsealed}. Records in them: {records}."
                ),
            },
        });
        if !custody.seals.is_empty() {
            let all = custody.seals.len();
            let month = |seal: &Sealed| seal.day.get(..7).unwrap_or_default().to_owned();
            let next = custody.seals.iter().skip(1).map(Some).chain([None]);
            let listed =
                custody.seals.iter().zip(next).filter(|(seal, next)| {
                    all <= SEALS || next.is_none_or(|next| month(next) != month(seal))
                });
            let rows = listed.map(|(seal, _)| {
                vec![
                    seal.day.clone(),
                    self.count(seal.size),
                    seal.root.clone(),
                    if seal.stamps.is_empty() {
                        self.t("aucun", "none").to_owned()
                    } else {
                        seal.stamps.join(", ")
                    },
                ]
            });
            blocks.push(Block::Table {
                caption: match self.case.lang {
                    Lang::Fr if all > SEALS => {
                        format!("Sceaux quotidiens : le dernier de chaque mois, de {all} en tout ; chacun contient celui d’avant, et tous sont dans le fichier joint")
                    }
                    Lang::En if all > SEALS => {
                        format!("Daily seals: the last of each month, of {all} in all; each holds the one before it, and all are in the file that comes with this")
                    }
                    Lang::Fr => "Sceaux quotidiens".to_owned(),
                    Lang::En => "Daily seals".to_owned(),
                },
                columns: [
                    self.t("Jour (UTC)", "Day (UTC)"),
                    self.t("Entrées", "Entries"),
                    self.t("Racine (SHA-256)", "Root (SHA-256)"),
                    self.t("Horodatage", "Time-stamp"),
                ]
                .map(str::to_owned)
                .to_vec(),
                rows: rows.collect(),
                widths: vec![4, 3, 17, 4],
                legend: None,
            });
        }
        blocks.push(self.heading(2, "Vérifier et refaire", "To verify and to make again"));
        blocks.push(Block::List {
            items: [
                self.t(
                    "« desserte dossier verify FICHIER --seal SCEAU » relit chaque octet du fichier joint, vérifie signatures et preuves, et nomme \
                     toute partie modifiée. Demandez les sceaux à qui les publie ou les a gardés.",
                    "“desserte dossier verify FILE --seal SEAL” reads every octet of the file that comes with this, checks signatures and proofs, \
                     and names any part that was changed. Get the seals from whoever publishes or kept them.",
                ),
                self.t(
                    "« desserte dossier rebuild FICHIER --territory TERRITOIRE » refait chaque chiffre et ce PDF à partir des envois signés, sans \
                     réseau, et compare octet par octet.",
                    "“desserte dossier rebuild FILE --territory TERRITORY” makes every figure and this PDF again from the signed deliveries, without \
                     a network, and compares octet by octet.",
                ),
                self.t(
                    "Sans nos programmes : « sha256sum -c SHA256SUMS » dans le fichier décompressé ; chaque preuve se vérifie avec une centaine de \
                     lignes de Python (docs/spec/custody.md).",
                    "Without our programs: “sha256sum -c SHA256SUMS” in the unpacked file; each proof is checked by a hundred lines of Python \
                     (docs/spec/custody.md).",
                ),
            ]
            .map(str::to_owned)
            .to_vec(),
        });
        blocks
    }

    fn method(&self) -> Vec<Block> {
        let case = self.case;
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        let mut items = vec![
            fact("Programme", "Program", case.program.clone()),
            fact("Méthode de calcul", "Method", case.method.clone()),
            fact("Graine des tirages", "Seed of draws", case.seed.to_string()),
            fact(
                "Limites administratives",
                "Borders",
                format!(
                    "{} {}, SHA-256 {}",
                    self.t("liste de", "list of"),
                    case.boundary.vintage,
                    case.boundary.sha256
                ),
            ),
        ];
        if !case.boundary.sources.is_empty() {
            items.push(fact(
                "Sources du fichier de territoire",
                "Sources of the territory file",
                case.boundary.sources.join(" · "),
            ));
        }
        items.extend(case.parameters.iter().map(|(name, sha256)| Fact {
            name: format!("{} {name}", self.t("Paramètres", "Parameters")),
            value: format!("SHA-256 {sha256}"),
        }));
        vec![
            self.heading(1, "Annexe : la méthode", "Annex: the method"),
            Block::List {
                items: [
                    self.t(
                        "Débit : octets comptés par celui qui reçoit, rapportés au temps après la mise en route ; aucun facteur ne les corrige. Les \
                         deux sens sont mesurés.",
                        "Throughput: octets counted by the receiver over the time after the ramp; no factor corrects them. Both directions are measured.",
                    ),
                    self.t(
                        "État : la ligne est interrogée en continu vers plusieurs serveurs ; chaque minute est en service, dégradée, coupée ou inconnue. \
                         L’inconnu n’est jamais compté comme zéro, ni comme panne.",
                        "State: several servers are asked all the time; each minute is up, degraded, down or unknown. What is unknown is never counted \
                         as zero, nor as a failure.",
                    ),
                    self.t(
                        "Usages : un quart d’heure compte si l’état, puis le débit, puis la page témoin passent les seuils du jeu « uses » ; les \
                         moments inconnus élargissent les bornes.",
                        "Uses: a quarter of an hour counts if state, then rate, then the page looked at pass the thresholds of the set “uses”; what is \
                         unknown widens the bounds.",
                    ),
                    self.t(
                        "Solidité : les essais d’une même ligne se ressemblent ; leur nombre effectif est celui des jours, corrigé de cette \
                         ressemblance. Une médiane demande 6 observations indépendantes, un chiffre « quatre sur cinq » 14.",
                        "Solidity: runs of one line are alike; their effective number is that of days, corrected for this likeness. A median wants 6 \
                         independent observations, a “four in five” figure 14.",
                    ),
                    self.t(
                        "Formules et seuils : docs/spec/service.md, minute-state.md, throughput.md, et les jeux de paramètres du fichier joint.",
                        "Formulas and thresholds: docs/spec/service.md, minute-state.md, throughput.md, and the sets of parameters in the file that \
                         comes with this.",
                    ),
                ]
                .map(str::to_owned)
                .to_vec(),
            },
            Block::Facts { items },
        ]
    }
}
