//! Page one: for someone elected, in one minute.

use super::Teller;
use crate::case::{Case, Class, Figure, PlaceKind, Site, Told, UseFact};
use crate::document::{Block, Item};
use crate::request::Lang;

/// Uses that page one tells: more than these nobody reads in a minute.
const USES: usize = 6;

/// Sites that page one names; of more it tells the lowest and the highest.
const SITES: usize = 2;

impl Teller<'_> {
    pub(super) fn front(&self) -> Vec<Block> {
        let case = self.case;
        let mut blocks = Vec::new();
        if case.demonstration {
            blocks.push(Block::Notice {
                text: self
                    .t(
                        "DÉMONSTRATION : les relevés ont été inventés. Rien ici ne décrit une vraie ligne.",
                        "DEMONSTRATION: the records were made up. Nothing here describes a real line.",
                    )
                    .to_owned(),
            });
        }
        blocks.extend(self.standing());
        let item = |french: &str, english: &str, answers| Item {
            question: self.t(french, english).to_owned(),
            answers,
        };
        blocks.push(Block::Answers {
            items: vec![
                item("Ce qui a été mesuré", "What was measured", self.measured()),
                item("Ce que cela signifie", "What it means", self.meaning()),
                item("À quel point c’est sûr", "How sure it is", self.sure()),
                item("Ce que cela ne dit pas", "What it does not say", self.unsaid()),
            ],
        });
        if !case.sites.is_empty() && !case.uses.is_empty() {
            blocks.push(self.essentials());
        }
        blocks
    }

    fn measured(&self) -> Vec<String> {
        let Case { sites, period, custody, .. } = self.case;
        if sites.is_empty() {
            return vec![match self.case.lang {
                Lang::Fr => format!(
                    "Aucune sonde n’a rien mesuré ici en {} jours. Ce dossier ne contient donc aucun chiffre.",
                    period.days
                ),
                Lang::En => format!(
                    "No probe measured anything here in {} days. This dossier therefore holds no figure.",
                    period.days
                ),
            }];
        }
        let mut told = vec![match (self.case.lang, sites.len()) {
            (Lang::Fr, 1) => {
                format!("Une ligne, par une sonde de {}, pendant {} jours.", self.classes(), period.days)
            }
            (Lang::Fr, count) => format!(
                "{count} lignes, par des sondes de {}, pendant {} jours.",
                self.classes(),
                period.days
            ),
            (Lang::En, 1) => format!("One line, by a probe of {}, for {} days.", self.classes(), period.days),
            (Lang::En, count) => {
                format!("{count} lines, by probes of {}, for {} days.", self.classes(), period.days)
            }
        }];
        let runs: f64 = sites.iter().map(runs).sum();
        let (runs, records) = (self.number(runs, 0), self.count(custody.records));
        let method = &self.case.method;
        told.push(match self.case.lang {
            Lang::Fr => format!("{runs} essais de débit, et l’état de la ligne minute par minute : {records} relevés signés (méthode {method})."),
            Lang::En => format!("{runs} throughput runs, and the state of the line minute by minute: {records} signed records (method {method})."),
        });
        told
    }

    /// `classe A`, `classes A (2) et B (1)`.
    fn classes(&self) -> String {
        let count = |class: Class| self.case.sites.iter().filter(|site| site.class == class).count();
        let found: Vec<(Class, usize)> = [Class::A, Class::B, Class::C]
            .map(|class| (class, count(class)))
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
        match found.as_slice() {
            [(class, _)] => format!("{} {class:?}", self.t("classe", "class")),
            several => {
                let each: Vec<String> =
                    several.iter().map(|(class, count)| format!("{class:?} ({count})")).collect();
                format!("{} {}", self.t("classes", "classes"), each.join(", "))
            }
        }
    }

    fn meaning(&self) -> Vec<String> {
        let mut told: Vec<String> = self.case.uses.iter().take(3).map(|one| self.use_in_words(one)).collect();
        if self.case.sites.is_empty() {
            told = vec![
                self.t(
                    "Rien : on ne sait pas comment ces lignes fonctionnent.",
                    "Nothing: nobody knows how these lines work.",
                )
                .to_owned(),
            ];
        } else {
            told.push(self.outages_in_words());
        }
        told.extend(self.contradiction_in_short());
        told.extend(self.campaign_in_short());
        told
    }

    fn use_in_words(&self, one: &UseFact) -> String {
        let id = Some(one.id.as_str());
        let area = Figure::find(&self.case.area, "hours", id).filter(|figure| figure.value.is_some());
        let (name, of) = (capital(&one.name), self.number(one.window_hours, 0));
        if let Some(hours) = area.and_then(|figure| figure.value) {
            let hours = self.number(hours, 1);
            return match self.case.lang {
                Lang::Fr => format!("{name} : possible {hours} heures sur {of} par semaine."),
                Lang::En => format!("{name}: possible {hours} of {of} hours a week."),
            };
        }
        let figures: Vec<&Figure> = self
            .case
            .sites
            .iter()
            .filter_map(|site| self.of(site, "hours", id).filter(|figure| figure.state != Told::NotEnough))
            .collect();
        let Some((low, high)) = ends(figures.iter().filter_map(|figure| figure.value)) else {
            return match self.case.lang {
                Lang::Fr => format!("{name} : données insuffisantes pour le dire."),
                Lang::En => format!("{name}: not enough data to tell."),
            };
        };
        let (low, high) = (self.number(low, 1), self.number(high, 1));
        let lines = figures.len();
        let caution = self.caution(&figures);
        match self.case.lang {
            Lang::Fr if low == high => format!("{name} : {low} heures sur {of} par semaine{caution}."),
            Lang::En if low == high => format!("{name}: {low} of {of} hours a week{caution}."),
            Lang::Fr => format!(
                "{name} : de {low} à {high} heures sur {of} par semaine, sur {lines} lignes{caution}."
            ),
            Lang::En => format!("{name}: {low} to {high} of {of} hours a week, on {lines} lines{caution}."),
        }
    }

    /// Figures of which none is solid are told with the bounds that unobserved time leaves, on page one too.
    fn caution(&self, figures: &[&Figure]) -> String {
        let bounds = ends(figures.iter().filter_map(|figure| figure.low))
            .zip(ends(figures.iter().filter_map(|figure| figure.high)));
        match bounds {
            Some(((low, _), (_, high))) if figures.iter().all(|figure| figure.state == Told::Indicative) => {
                let (low, high) = (self.number(low, 1), self.number(high, 1));
                let (said, bounds) = (self.t("indicatif", "indicative"), self.t("bornes", "bounds"));
                format!(" ({said}{} {bounds} {low} – {high})", self.t(" ;", ";"))
            }
            _ => String::new(),
        }
    }

    fn outages_in_words(&self) -> String {
        let told = |site: &Site, indicator| {
            self.of(site, indicator, None)
                .filter(|figure| figure.state != Told::NotEnough)
                .and_then(|figure| figure.value)
        };
        let counts: Vec<(f64, f64)> = self
            .case
            .sites
            .iter()
            .filter_map(|site| Some((told(site, "outages")?, told(site, "outage_total")?)))
            .collect();
        if counts.is_empty() {
            return self
                .t("Coupures : données insuffisantes pour le dire.", "Outages: not enough data to tell.")
                .to_owned();
        }
        let (number, seconds) = counts.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let (number, time) = (self.number(number, 0), Self::time(seconds));
        match self.case.lang {
            Lang::Fr if counts.len() == 1 => format!("Coupures : {number}, en tout {time}."),
            Lang::En if counts.len() == 1 => format!("Outages: {number}, {time} in all."),
            Lang::Fr => format!("Coupures : {number} sur {} lignes, en tout {time}.", counts.len()),
            Lang::En => format!("Outages: {number} on {} lines, {time} in all.", counts.len()),
        }
    }

    fn sure(&self) -> Vec<String> {
        let hours = |site: &Site| {
            let all = self
                .case
                .uses
                .iter()
                .map(|one| self.of(site, "hours", Some(&one.id)).map(|figure| figure.state));
            all.collect::<Vec<_>>()
        };
        let states: Vec<Option<Told>> = self.case.sites.iter().flat_map(hours).collect();
        let count = |wanted: Told| states.iter().filter(|state| **state == Some(wanted)).count();
        let (enough, indicative) = (count(Told::Enough), count(Told::Indicative));
        let (all, rest) = (states.len(), states.len() - enough - indicative);
        let mut told = Vec::new();
        if all > 0 {
            told.push(match self.case.lang {
                Lang::Fr => format!("Chiffres d’usage : {all}, dont solides {enough}, indicatifs {indicative}, non donnés faute de données {rest}."),
                Lang::En => format!("Figures of uses: {all}, of which solid {enough}, indicative {indicative}, not given for lack of data {rest}."),
            });
        }
        told.extend(self.unobserved());
        let custody = &self.case.custody;
        let (proven, batches) = (self.count(custody.proven), self.count(custody.proven + custody.unsealed));
        if custody.proven + custody.unsealed > 0 {
            told.push(match self.case.lang {
                Lang::Fr => format!(
                    "Chaque relevé est signé par sa sonde ; {proven} envois sur {batches} sont prouvés par un sceau quotidien. Tout peut être refait et vérifié avec le fichier joint."
                ),
                Lang::En => format!(
                    "Every record is signed by its probe; {proven} of {batches} deliveries are proven by a daily seal. All of it can be made again and verified with the file that comes with it."
                ),
            });
        } else {
            told.push(
                self.t("Il n’y a rien à vérifier : aucun relevé.", "There is nothing to verify: no record.")
                    .to_owned(),
            );
        }
        let verdicts = &self.case.verdicts;
        if verdicts.contradiction.is_some() || verdicts.campaign.is_some() {
            told.push(
                self.t(
                    "Les essais derrière un verdict sur ce qui est déclaré ont été apportés dans une table : ils ne sont pas prouvés ainsi.",
                    "Tests behind a verdict on what is declared were brought in a table: they are not proven that way.",
                )
                .to_owned(),
            );
        }
        told
    }

    /// How much of the time nobody looked, where a figure of it may be told.
    fn unobserved(&self) -> Option<String> {
        let shares = self.case.sites.iter().filter_map(|site| {
            self.of(site, "time_unknown", None).filter(|figure| figure.state != Told::NotEnough)?.value
        });
        let (low, high) = ends(shares).map(|(low, high)| (self.percent(low), self.percent(high)))?;
        Some(match self.case.lang {
            Lang::Fr if low == high => format!("Temps non observé : {high}."),
            Lang::En if low == high => format!("Time not observed: {high}."),
            Lang::Fr => format!("Temps non observé : de {low} à {high} selon la ligne."),
            Lang::En => format!("Time not observed: {low} to {high}, depending on the line."),
        })
    }

    fn unsaid(&self) -> Vec<String> {
        let mut told = vec![
            self.t(
                "Rien des lignes sans sonde : une autre maison de la commune peut être mieux ou moins bien servie.",
                "Nothing of lines without a probe: another house of the commune may be served better or less well.",
            )
            .to_owned(),
            self.t(
                "Ni la cause d’une coupure, ni qui en répond. Ce dossier n’est pas un jugement : il dit ce qui a été mesuré, comment, et ce qui manque.",
                "Neither the cause of an outage nor who answers for it. This dossier is no judgement: it says what was measured, how, and what is lacking.",
            )
            .to_owned(),
        ];
        if self.case.public {
            told.push(
                self.t(
                    "Ce dossier public ne tient compte que des sondes de bâtiments publics dont le propriétaire est d’accord : celles des particuliers, s’il y en a, n’y sont pas.",
                    "This public dossier takes only probes in public buildings whose owner agreed: those in homes, if there are any, are not in it.",
                )
                .to_owned(),
            );
        }
        if self.case.may_over_represent_centres && self.case.place.kind != PlaceKind::Site {
            told.push(
                self.t(
                    "Les bâtiments publics sont au centre : les écarts et hameaux peuvent être moins bien servis.",
                    "Public buildings stand in centres: outlying houses may be served less well.",
                )
                .to_owned(),
            );
        }
        told
    }

    fn essentials(&self) -> Block {
        let hour = |hours: f64| self.number(hours, 1);
        let sites: Vec<&Site> = self.case.sites.iter().take(SITES).collect();
        let few = self.case.sites.len() <= SITES;
        let mut columns =
            vec![self.t("Usage", "Use").to_owned(), self.t("h par semaine", "h a week").to_owned()];
        if few {
            for site in &sites {
                columns.push(format!("{} {}", self.t("possible,", "possible,"), site.label));
                columns.push(self.t("solidité", "solidity").to_owned());
            }
        } else {
            columns.extend([
                self.t("possible, au plus bas", "possible, lowest").to_owned(),
                self.t("au plus haut", "highest").to_owned(),
                self.t("lignes", "lines").to_owned(),
                self.t("dont solides", "solid ones").to_owned(),
            ]);
        }
        let rows = self.case.uses.iter().take(USES).map(|one| {
            let id = Some(one.id.as_str());
            let mut row = vec![capital(&one.name), self.number(one.window_hours, 0)];
            if few {
                for site in &sites {
                    let figure = self.of(site, "hours", id);
                    row.push(Self::value(figure, hour));
                    row.push(self.solidity(figure));
                }
            } else {
                let told: Vec<&Figure> =
                    self.case.sites.iter().filter_map(|site| self.of(site, "hours", id)).collect();
                let values: Vec<f64> = told
                    .iter()
                    .filter(|figure| figure.state != Told::NotEnough)
                    .filter_map(|figure| figure.value)
                    .collect();
                let ends = ends(values.iter().copied());
                row.push(ends.map_or_else(|| "–".to_owned(), |(low, _)| hour(low)));
                row.push(ends.map_or_else(|| "–".to_owned(), |(_, high)| hour(high)));
                row.push(values.len().to_string());
                row.push(told.iter().filter(|figure| figure.state == Told::Enough).count().to_string());
            }
            row
        });
        let widths: Vec<u8> = std::iter::once(if few { 5 } else { 4 })
            .chain(std::iter::repeat_n(2, columns.len() - 1))
            .collect();
        Block::Table {
            caption: self
                .t(
                    "L’essentiel : heures de la semaine où l’usage était possible",
                    "In short: hours of the week in which the use was possible",
                )
                .to_owned(),
            rows: rows.collect(),
            columns,
            widths,
            legend: Some(self.legend()),
        }
    }
}

/// Runs of a site, both ways.
fn runs(site: &Site) -> f64 {
    ["download", "upload"].iter().filter_map(|of| Figure::find(&site.figures, "runs", Some(of))?.value).sum()
}

/// The lowest and the highest of some values; `None` without one.
fn ends(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends, value| {
        Some(ends.map_or((value, value), |(low, high): (f64, f64)| (low.min(value), high.max(value))))
    })
}

/// A name as it begins a line.
pub(super) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
