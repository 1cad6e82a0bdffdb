//! Where each probe stands, how it is wired, and why it has its class.

use super::Teller;
use crate::case::{Class, Site};
use crate::document::{Block, Fact};
use crate::request::Lang;

impl Teller<'_> {
    pub(super) fn probes(&self) -> Vec<Block> {
        let mut blocks = vec![
            self.heading(1, "Les sondes", "Probes"),
            self.paragraph(
                "Classe A : sonde dédiée, câblée, étalonnée, déclarée telle par qui l’exploite. Classe B : sonde dédiée pour laquelle l’une de ces \
                 conditions manque ou n’est pas déclarée. Classe C : contribution d’un particulier ; elle ne décide jamais seule.",
                "Class A: a dedicated, wired, calibrated probe, declared so by whoever runs it. Class B: a dedicated probe for which one of these \
                 is lacking or not declared. Class C: a citizen’s contribution; it never decides alone.",
            ),
        ];
        for site in &self.case.sites {
            blocks.push(Block::Heading {
                level: 2,
                text: format!("{} – {} ({})", site.label, site.name, site.commune),
            });
            blocks.push(Block::Facts { items: self.sheet(site) });
        }
        blocks
    }

    fn sheet(&self, site: &Site) -> Vec<Fact> {
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        let line = &site.line;
        let unsaid = || self.t("non déclaré", "not declared").to_owned();
        let counted = |values: &[(String, u64)], name: &dyn Fn(&str) -> String| {
            if values.is_empty() {
                return unsaid();
            }
            let each =
                values.iter().map(|(value, count)| format!("{} ({})", name(value), self.count(*count)));
            each.collect::<Vec<_>>().join(", ")
        };
        let place = match site.host.as_deref() {
            Some("public") => self.t("bâtiment public", "public building").to_owned(),
            Some("person") => self.t("domicile d’un particulier", "someone’s home").to_owned(),
            _ => unsaid(),
        };
        let notes: Vec<String> = site
            .notes
            .iter()
            .map(|note| {
                let day = self.day(note.happened.get(..10).unwrap_or_default());
                format!("{day}, {} : {}", self.event(&note.kind), note.text)
            })
            .collect();
        let notes = if notes.is_empty() {
            self.t(
                "aucune note : ni installation ni étalonnage ne sont consignés",
                "no note: neither installation nor calibration is on record",
            )
            .to_owned()
        } else {
            notes.join(" · ")
        };
        let chain = match (site.missing_records, site.chain_faults) {
            (0, 0) => self.t("complète", "complete").to_owned(),
            (missing, faults) => match self.case.lang {
                Lang::Fr => format!(
                    "{} relevés non reçus, {} qui ne s’enchaînent pas",
                    self.count(missing),
                    self.count(faults)
                ),
                Lang::En => format!(
                    "{} records not received, {} that do not fit",
                    self.count(missing),
                    self.count(faults)
                ),
            },
        };
        vec![
            fact("Identifiant", "Identifier", site.probe.clone()),
            fact("Classe", "Class", format!("{:?} – {}", site.class, self.why(site))),
            fact("Lieu", "Place", place),
            fact(
                "Raccordement (essais)",
                "Attached (runs)",
                counted(&line.media, &|value| self.medium(value)),
            ),
            fact("Technologie (essais)", "Technology (runs)", counted(&line.technologies, &str::to_owned)),
            fact(
                "Opérateur déclaré (essais)",
                "Declared operator (runs)",
                counted(&line.operators, &str::to_owned),
            ),
            fact(
                "Serveur de mesure (essais)",
                "Measurement server (runs)",
                counted(&line.servers, &str::to_owned),
            ),
            fact("Logiciel", "Software", line.software.join(", ")),
            fact("Installation, étalonnage", "Installation, calibration", notes),
            fact("Chaîne des relevés", "Chain of records", chain),
            fact("Jours observés", "Days observed", format!("{} ({})", site.days, site.zone)),
        ]
    }

    fn why(&self, site: &Site) -> &str {
        match (site.class, site.class_a_declared) {
            (Class::A, _) => {
                self.t("déclarée dédiée, câblée, étalonnée", "declared dedicated, wired, calibrated")
            }
            (Class::B, Some(_)) => self.t("déclarée hors de la classe A", "declared not to be of class A"),
            (Class::B, None) => self.t("rien n’a été déclaré", "nothing was declared"),
            (Class::C, _) => self.t("chez un particulier", "in someone’s home"),
        }
    }

    fn medium(&self, code: &str) -> String {
        match code {
            "wired" => self.t("câble", "wired"),
            "wifi" => "Wi-Fi",
            "mobile" => self.t("mobile", "mobile"),
            "unknown" => self.t("inconnu", "unknown"),
            other => other,
        }
        .to_owned()
    }

    fn event(&self, kind: &str) -> String {
        match kind {
            "install" => self.t("installation", "installed"),
            "move" => self.t("déplacement", "moved"),
            "reset" => self.t("remise à zéro", "reset"),
            "key-change" => self.t("changement de clé", "key changed"),
            "calibration" => self.t("étalonnage", "calibrated"),
            "retirement" => self.t("retrait", "retired"),
            "erasure" => self.t("effacement", "erased"),
            "correction" => self.t("correction", "correction"),
            other => other,
        }
        .to_owned()
    }
}
