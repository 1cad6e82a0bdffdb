//! What a campaign of tests shows of one line and its contract.

use desserte_evidence::{
    CampaignRule, CampaignStudy, Conclusion, Excluded, Shortfall, StudiedAttempt, StudiedMissing,
};

use super::Teller;
use super::verdicts::{digest, shortened};
use crate::document::{Block, Fact};
use crate::request::Lang;

/// Tests listed at the most: twice the campaign of the built-in rule. The file that comes with the dossier has all.
const ATTEMPTS: usize = 60;

impl Teller<'_> {
    /// A line for page one; `None` where nothing was brought.
    pub(super) fn campaign_in_short(&self) -> Option<String> {
        let study = self.case.verdicts.campaign.as_ref()?;
        let told = match study.conclusion {
            Conclusion::Incomplete => self.t(
                "Campagne d’essais : incomplète, rien n’en est conclu.",
                "Campaign of tests: not complete, nothing is concluded from it.",
            ),
            Conclusion::Keeps => self.t(
                "Campagne d’essais : la ligne tient ce qui a été demandé.",
                "Campaign of tests: the line keeps what was asked about.",
            ),
            Conclusion::FallsShort => self.t(
                "Campagne d’essais : la ligne est en dessous de ce que dit son contrat.",
                "Campaign of tests: the line is below what its contract says.",
            ),
        };
        Some(format!("{told}{}", self.by_whose_rule(study)))
    }

    /// Whom the rule behind a conclusion binds, beside the conclusion: it is the first thing that the other side asks.
    fn by_whose_rule(&self, study: &CampaignStudy) -> &'static str {
        let own = study.rule == CampaignRule::contract().set;
        match (own && study.conclusion != Conclusion::Incomplete, self.case.lang) {
            (true, Lang::Fr) => " La règle suivie est allemande : en France, elle ne lie personne.",
            (true, Lang::En) => " The rule followed is German: in France it binds nobody.",
            (false, _) => "",
        }
    }

    pub(super) fn campaign(&self, study: &CampaignStudy) -> Vec<Block> {
        let mut told = self.campaign_in_short().unwrap_or_default();
        for shortfall in &study.shortfalls {
            told.push(' ');
            told.push_str(&self.shortfall(study, shortfall));
        }
        let mut blocks = vec![
            Block::Notice { text: told },
            self.paragraph(
                "Quels essais de la table comptent ne dépend que de leurs heures et de leurs circonstances, jamais de leurs débits. Un essai dont les circonstances ne sont pas connues ne compte pas.",
                "Which tests of the table count follows from their times and circumstances alone, never from their rates. A test whose circumstances are not known does not count.",
            ),
            self.brought(),
        ];
        if !study.missing.is_empty() {
            blocks.push(Block::List {
                items: study.missing.iter().map(|missing| self.missing(study, missing)).collect(),
            });
        }
        blocks.extend(self.campaign_days(study));
        blocks.extend(self.attempts(study));
        blocks.push(self.campaign_sources(study));
        blocks
    }

    fn rate(&self, study: &CampaignStudy, rate: f64) -> String {
        let rate = self.number(rate, 1);
        study.unit.as_ref().map_or_else(|| rate.clone(), |unit| format!("{rate} {}", shortened(unit)))
    }

    fn shortfall(&self, study: &CampaignStudy, shortfall: &Shortfall) -> String {
        let limits = CampaignRule::parse(&study.rule_text).ok().map(|rule| rule.shortfall.value);
        let of = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| self.percent(share));
        let (maximum, normal) =
            (of(limits.map(|limits| limits.maximum_share)), of(limits.map(|limits| limits.normal_share)));
        match (shortfall, self.case.lang) {
            (Shortfall::Maximum { days }, Lang::Fr) => {
                format!("{days} jours, {maximum} du débit maximal n’ont pas été atteints une seule fois.")
            }
            (Shortfall::Maximum { days }, Lang::En) => {
                format!("On {days} days {maximum} of the maximum rate were not reached even once.")
            }
            (Shortfall::Normal { share }, Lang::Fr) => format!(
                "Le débit normalement disponible a été atteint par {} des essais ; il en faut {normal}.",
                self.percent(*share)
            ),
            (Shortfall::Normal { share }, Lang::En) => format!(
                "The rate normally available was reached by {} of the tests; {normal} are asked for.",
                self.percent(*share)
            ),
            (Shortfall::Minimum { days }, Lang::Fr) => {
                format!("{days} jours, un essai au moins était sous le débit minimal.")
            }
            (Shortfall::Minimum { days }, Lang::En) => {
                format!("On {days} days at least one test was below the minimum rate.")
            }
        }
    }

    fn missing(&self, study: &CampaignStudy, missing: &StudiedMissing) -> String {
        let wanted = CampaignRule::parse(&study.rule_text).map_or(0, |rule| rule.tests_per_day.value);
        match (missing, self.case.lang) {
            (StudiedMissing::Days { missing: 1 }, Lang::Fr) => {
                format!("Il manque un jour de {wanted} essais.")
            }
            (StudiedMissing::Days { missing: 1 }, Lang::En) => format!("A day of {wanted} tests is missing."),
            (StudiedMissing::Days { missing }, Lang::Fr) => {
                format!("Il manque {missing} jours de {wanted} essais.")
            }
            (StudiedMissing::Days { missing }, Lang::En) => {
                format!("{missing} days of {wanted} tests are missing.")
            }
            (StudiedMissing::Tests { date, found, wanted }, Lang::Fr) => {
                format!(
                    "Le {} n’a que {found} essais qui comptent, sur {wanted}.",
                    self.day(&date.to_string())
                )
            }
            (StudiedMissing::Tests { date, found, wanted }, Lang::En) => {
                format!("{} has only {found} tests that count, of {wanted}.", self.day(&date.to_string()))
            }
        }
    }

    fn campaign_days(&self, study: &CampaignStudy) -> Option<Block> {
        if study.counted.is_empty() {
            return None;
        }
        let rows = study.counted.iter().take(ATTEMPTS).map(|day| {
            vec![
                self.day(&day.date.to_string()),
                self.count(day.tests),
                self.rate(study, day.lowest),
                self.rate(study, day.highest),
            ]
        });
        Some(Block::Table {
            caption: self.t("Les jours qui comptent", "The days that count").to_owned(),
            columns: [
                self.t("Jour", "Day"),
                self.t("Essais", "Tests"),
                self.t("Le plus bas", "Lowest"),
                self.t("Le plus haut", "Highest"),
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: rows.collect(),
            widths: vec![4, 2, 3, 3],
            legend: None,
        })
    }

    fn attempts(&self, study: &CampaignStudy) -> Option<Block> {
        if study.attempts.is_empty() {
            return None;
        }
        let (all, counted) = (
            study.attempts.len(),
            study.attempts.iter().filter(|attempt| attempt.excluded.is_none()).count(),
        );
        let mut listed: Vec<&StudiedAttempt> = study.attempts.iter().collect();
        listed.sort_by_key(|attempt| attempt.begun);
        let row = |attempt: &&StudiedAttempt| {
            vec![
                attempt.begun.strftime("%Y-%m-%d %H:%M").to_string(),
                attempt.rate.map_or_else(|| "–".to_owned(), |rate| self.rate(study, rate)),
                self.counts(attempt.excluded).to_owned(),
            ]
        };
        Some(Block::Table {
            caption: match self.case.lang {
                Lang::Fr if all > ATTEMPTS => {
                    format!("Les {ATTEMPTS} premiers de {all} essais, dont {counted} comptent")
                }
                Lang::En if all > ATTEMPTS => {
                    format!("The first {ATTEMPTS} of {all} tests, of which {counted} count")
                }
                Lang::Fr => format!("Tous les essais ({all}), dont {counted} comptent"),
                Lang::En => format!("Every test ({all}), of which {counted} count"),
            },
            columns: [
                self.t("Début (heure du lieu)", "Beginning (local time)"),
                self.t("Débit", "Rate"),
                self.t("Compte ?", "Does it count?"),
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: listed.iter().take(ATTEMPTS).map(row).collect(),
            widths: vec![4, 3, 7],
            legend: None,
        })
    }

    fn counts(&self, excluded: Option<Excluded>) -> &'static str {
        let french = self.case.lang == Lang::Fr;
        let (told, english) = match excluded {
            None => ("oui", "yes"),
            Some(Excluded::NoFigure) => ("non : il n’a pas donné de débit", "no: it gave no rate"),
            Some(Excluded::NotWired) => {
                ("non : pas par câble, ou non connu", "no: not by cable, or not known")
            }
            Some(Excluded::NotAlone) => (
                "non : d’autres utilisaient la ligne, ou non connu",
                "no: others used the line, or not known",
            ),
            Some(Excluded::TooSoon) => {
                ("non : trop tôt après le précédent", "no: too soon after the one before")
            }
            Some(Excluded::InThePause) => ("non : pendant la pause du jour", "no: within the day’s pause"),
            Some(Excluded::Surplus) => {
                ("non : le jour avait déjà tous ses essais", "no: the day had all its tests already")
            }
            Some(Excluded::OtherDay) => (
                "non : son jour est incomplet, trop proche d’un autre, ou hors de la fenêtre",
                "no: its day is incomplete, too near another, or outside the window",
            ),
        };
        if french { told } else { english }
    }

    fn campaign_sources(&self, study: &CampaignStudy) -> Block {
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        let unsaid = || self.t("non dite", "not said").to_owned();
        let contract = &study.contract;
        let promises: Vec<String> = [
            (contract.maximum, self.t("maximal", "maximum")),
            (contract.normal, self.t("normalement disponible", "normally available")),
            (contract.minimum, self.t("minimal", "minimum")),
        ]
        .into_iter()
        .filter_map(|(rate, name)| Some(format!("{name} {}", self.rate(study, rate?))))
        .collect();
        let binds = if study.rule == CampaignRule::contract().set {
            self.t(
                " ; ce jeu de règles vaut en Allemagne, ailleurs c’est un modèle auquel personne n’est tenu",
                "; this rule set holds in Germany, elsewhere it is a model that nobody is held to",
            )
        } else {
            ""
        };
        Block::Facts {
            items: vec![
                fact("Ligne", "Line", study.line.as_deref().map_or_else(unsaid, shortened)),
                fact("Commune", "Commune", study.commune.as_deref().map_or_else(unsaid, shortened)),
                fact("Débit du contrat", "Rate of the contract", promises.join(self.t(" ; ", "; "))),
                fact("Jours des essais", "Days of the tests", self.days(study.days)),
                fact(
                    "Table des essais",
                    "Table of tests",
                    format!("{}, SHA-256 {}", shortened(&study.table.name), digest(&study.table.sha256)),
                ),
                fact("Règle", "Rule", format!("{}{binds}", self.rule(&study.rule, &study.rule_text))),
                fact("Fichier joint", "File that comes with this", crate::bundle::part::CAMPAIGN.to_owned()),
            ],
        }
    }
}
