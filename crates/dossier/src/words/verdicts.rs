//! What tests say of what is declared: coverage, cell by cell.

use desserte_custody::Hash;
use desserte_evidence::{ContradictionStudy, Days, LackOf, StudiedCell, StudiedJudgement, fewest_failures};

use super::Teller;
use crate::document::{Block, Fact};
use crate::request::Lang;
use crate::verdicts::ContradictionTold;

/// Cells listed at the most; the file that comes with the dossier has all.
const CELLS: usize = 40;

/// Effective tests that the table of fewest failures is told for.
const EFFECTIVE: [u32; 8] = [10, 20, 30, 50, 100, 200, 500, 1_000];

/// Declared shares that it is told for, beside the one of the study.
const DECLARED: [f64; 3] = [0.98, 0.95, 0.90];

/// Two shares are one when they print alike.
const SAME_SHARE: f64 = 1e-6;

/// How many of some cells are contradicted, and how many are not.
struct Counted {
    contradicted: usize,
    not_contradicted: usize,
}

impl Counted {
    fn of(cells: &[StudiedCell]) -> Self {
        let count = |wanted| cells.iter().filter(|cell| cell.judgement == wanted).count();
        Self {
            contradicted: count(StudiedJudgement::Contradicted),
            not_contradicted: count(StudiedJudgement::NotContradicted),
        }
    }

    const fn judged(&self) -> usize {
        self.contradicted + self.not_contradicted
    }
}

impl Teller<'_> {
    /// The chapter.
    pub(super) fn verdicts(&self) -> Vec<Block> {
        let mut blocks = vec![
            self.heading(
                1,
                "Ce qui est déclaré, et ce qu’en disent les essais",
                "What is declared, and what tests say of it",
            ),
            self.heading(2, "La couverture déclarée", "Declared coverage"),
        ];
        match &self.case.verdicts.contradiction {
            None => blocks.push(self.paragraph(
                "Ce dossier ne confronte aucune couverture déclarée à des essais : il ne dit rien, ni pour ni contre, des cartes des opérateurs.",
                "This dossier holds no declared coverage against tests: it says nothing, neither for nor against, of operators’ maps.",
            )),
            Some(told) => blocks.extend(self.contradiction(told)),
        }
        blocks.push(self.heading(
            2,
            "La campagne d’essais sur une ligne",
            "The campaign of tests on one line",
        ));
        match &self.case.verdicts.campaign {
            None => blocks.push(self.paragraph(
                "Aucune campagne d’essais sur une ligne n’est jointe : ce dossier ne dit pas si une ligne tient son contrat.",
                "No campaign of tests on one line comes with this dossier: it does not say whether a line keeps its contract.",
            )),
            Some(study) => blocks.extend(self.campaign(study)),
        }
        blocks
    }

    /// A line for page one; `None` where nothing was brought.
    pub(super) fn contradiction_in_short(&self) -> Option<String> {
        let counted = Counted::of(&self.case.verdicts.contradiction.as_ref()?.study.cells);
        let (bad, judged) = (counted.contradicted, counted.judged());
        Some(match (self.case.lang, bad, judged) {
            (Lang::Fr, _, 0) => "Couverture déclarée : pas assez d’essais pour un verdict.".to_owned(),
            (Lang::En, _, 0) => "Declared coverage: not enough tests for a verdict.".to_owned(),
            (Lang::Fr, 0, 1) => {
                "Couverture déclarée : la maille jugée ici n’est pas contredite, ce qui ne la confirme pas."
                    .to_owned()
            }
            (Lang::En, 0, 1) => {
                "Declared coverage: the cell judged here is not contradicted, which does not confirm it."
                    .to_owned()
            }
            (Lang::Fr, 1, 1) => {
                "Couverture déclarée : les essais contredisent la maille jugée ici, non la carte entière."
                    .to_owned()
            }
            (Lang::En, 1, 1) => {
                "Declared coverage: tests contradict the cell judged here, not the whole map.".to_owned()
            }
            (Lang::Fr, 0, _) => format!(
                "Couverture déclarée : aucune des {judged} mailles jugées ici n’est contredite, ce qui ne les confirme pas."
            ),
            (Lang::En, 0, _) => format!(
                "Declared coverage: none of the {judged} cells judged here is contradicted, which does not confirm them."
            ),
            (Lang::Fr, ..) => format!(
                "Couverture déclarée : les essais contredisent {bad} des {judged} mailles jugées ici, non la carte entière."
            ),
            (Lang::En, ..) => format!(
                "Declared coverage: tests contradict {bad} of the {judged} cells judged here, not the whole map."
            ),
        })
    }

    fn contradiction(&self, told: &ContradictionTold) -> Vec<Block> {
        let study = &told.study;
        let (share, risk) = (self.percent(study.required), self.percent(study.level));
        let correlation = self.number(study.correlation_within_clusters, 2);
        let judged = self.count(told.judged_in_all);
        let mut blocks = vec![
            Block::Notice { text: self.contradiction_in_short().unwrap_or_default() },
            Block::Paragraph {
                text: match self.case.lang {
                    Lang::Fr => format!(
                        "Ce qui est déclaré : dans la zone couverte, un essai réussit au moins {share} du temps. On part de l’idée que c’est exact. On n’y renonce pour une maille que si ses échecs sont trop nombreux pour être un hasard : test binomial exact, à un côté ; sur les {judged} mailles jugées ensemble, au plus {risk} de risque d’en contredire une seule à tort (correction de Holm). Les essais d’une même grappe (même sonde, même jour ou même trajet) se ressemblent : leur corrélation est prise à {correlation}, et une maille vaut donc moins d’essais qu’elle n’en compte."
                    ),
                    Lang::En => format!(
                        "What is declared: inside the covered area a test succeeds at least {share} of the time. That is taken for true. It is given up for a cell only if its failures are too many to be chance: exact binomial test, one-sided; over the {judged} cells judged together, at most {risk} of risk to contradict even one wrongly (Holm’s correction). Tests of one cluster (the same probe, day or drive) are alike: their correlation is taken as {correlation}, so that a cell is worth fewer tests than it has."
                    ),
                },
            },
        ];
        blocks.push(self.cells(told));
        blocks.push(Block::Paragraph { text: self.left_out(study) });
        blocks.push(self.brought());
        blocks.push(self.fewest(study));
        blocks.push(self.contradiction_sources(study));
        blocks
    }

    fn cells(&self, told: &ContradictionTold) -> Block {
        let cells = &told.study.cells;
        let rows = cells.iter().take(CELLS).map(|cell| {
            let probability =
                cell.adjusted_probability.map_or_else(|| "–".to_owned(), |p| self.probability(p));
            vec![
                self.cell_name(cell),
                self.count(cell.tests.into()),
                self.count(cell.failures.into()),
                self.count(cell.clusters.into()),
                self.number(cell.effective_tests, 1),
                self.judgement(cell),
                probability,
            ]
        });
        let (shown, here, all) = (cells.len().min(CELLS), cells.len(), told.cells_in_all);
        Block::Table {
            caption: match self.case.lang {
                Lang::Fr if shown < here => format!("Verdict maille par maille : les {shown} premières de {here} ici, {all} en tout"),
                Lang::En if shown < here => format!("Verdict cell by cell: the first {shown} of {here} here, {all} in all"),
                Lang::Fr => format!("Verdict maille par maille ({here} ici, {all} en tout)"),
                Lang::En => format!("Verdict cell by cell ({here} here, {all} in all)"),
            },
            columns: [
                self.t("Maille", "Cell"),
                self.t("Essais", "Tests"),
                self.t("Échecs", "Failures"),
                self.t("Grappes", "Clusters"),
                self.t("Essais effectifs", "Effective tests"),
                self.t("Verdict", "Verdict"),
                self.t("p corrigé", "Adjusted p"),
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: rows.collect(),
            widths: vec![5, 2, 2, 2, 3, 6, 3],
            legend: Some(
                self.t(
                    "Une maille contredite l’est à cet endroit, non la carte entière de l’opérateur ; une maille non contredite n’est pas confirmée. \
                     « p corrigé » : la probabilité d’autant d’échecs ou plus si la déclaration est exacte, toutes les mailles jugées prises en compte.",
                    "A contradicted cell is so at that place, not the operator’s whole map; one that is not contradicted is not confirmed. “Adjusted p”: \
                     the probability of so many failures or more if the declaration holds, with every cell that was judged taken into account.",
                )
                .to_owned(),
            ),
        }
    }

    fn cell_name(&self, cell: &StudiedCell) -> String {
        let place = &self.case.place;
        if cell.cell == place.code {
            format!("{} ({})", place.name, place.code)
        } else {
            shortened(&cell.cell)
        }
    }

    fn judgement(&self, cell: &StudiedCell) -> String {
        match cell.judgement {
            StudiedJudgement::Contradicted => self.t("contredite", "contradicted").to_owned(),
            StudiedJudgement::NotContradicted => self.t("non contredite", "not contradicted").to_owned(),
            StudiedJudgement::NotEnough => {
                let lacks: Vec<String> = cell.lacks.iter().map(|lack| self.lack(lack)).collect();
                format!(
                    "{} {}",
                    self.t("pas de verdict : il faut", "no verdict: it takes"),
                    lacks.join(self.t(" et ", " and "))
                )
            }
        }
    }

    fn lack(&self, lack: &LackOf) -> String {
        let wanted = self.number(lack.wanted, 0);
        match (lack.of.as_str(), self.case.lang) {
            ("effective_tests", Lang::Fr) => format!("{wanted} essais effectifs"),
            ("effective_tests", Lang::En) => format!("{wanted} effective tests"),
            ("clusters", Lang::Fr) => format!("{wanted} grappes"),
            ("clusters", Lang::En) => format!("{wanted} clusters"),
            (_, Lang::Fr) => "un essai de classe A ou B".to_owned(),
            (_, Lang::En) => "a test of class A or B".to_owned(),
        }
    }

    fn probability(&self, probability: f64) -> String {
        if probability < 0.000_1 {
            format!("< {}", self.number(0.000_1, 4))
        } else {
            self.number(probability, 4)
        }
    }

    /// What was left out, and what classes the rest is of.
    fn left_out(&self, study: &ContradictionStudy) -> String {
        let left = &study.left_out;
        let [outside, nowhere, unknown] =
            [left.outside_declared_coverage, left.without_cell, left.without_outcome]
                .map(|count| self.count(count));
        let mut told = match self.case.lang {
            Lang::Fr => format!(
                "Essais écartés : hors de la couverture déclarée {outside} ; sans maille {nowhere} ; sans résultat connu {unknown}."
            ),
            Lang::En => format!(
                "Tests left out: outside declared coverage {outside}; without a cell {nowhere}; without a known outcome {unknown}."
            ),
        };
        let classes: Option<Vec<_>> = study.cells.iter().map(|cell| cell.classes).collect();
        let sum = |of: fn(&desserte_evidence::Classes) -> u32| {
            let all = classes.iter().flatten();
            self.count(all.map(|classes| u64::from(of(classes))).sum())
        };
        told.push(' ');
        told.push_str(&if classes.is_some() {
            let (a, b, c, unknown) =
                (sum(|own| own.a), sum(|own| own.b), sum(|own| own.c), sum(|own| own.unknown));
            match self.case.lang {
                Lang::Fr => format!("Essais comptés ici, par classe de preuve : A {a}, B {b}, C {c}, non déclarée {unknown} ; la classe C ne décide jamais seule."),
                Lang::En => format!("Tests that count here, by class of evidence: A {a}, B {b}, C {c}, not declared {unknown}; class C never decides alone."),
            }
        } else {
            self.t(
                "La classe de preuve de ces essais n’a pas été donnée.",
                "The class of evidence of these tests was not given.",
            )
            .to_owned()
        });
        if study.columns.declared.is_none() {
            told.push(' ');
            told.push_str(self.t(
                "Le tableau ne dit pas quels essais sont dans la zone déclarée : tous ont été pris pour y être.",
                "The table does not say which tests lie within the declared area: all were taken to do so.",
            ));
        }
        told
    }

    /// How many failures it takes: what anyone can hold a row of the table above against.
    fn fewest(&self, study: &ContradictionStudy) -> Block {
        let mut shares = DECLARED.to_vec();
        if shares.iter().all(|share| (share - study.required).abs() > SAME_SHARE) {
            shares.push(study.required);
            shares.sort_by(|one, other| other.total_cmp(one));
        }
        let rows = shares.into_iter().map(|share| {
            let fewest = EFFECTIVE.map(|tests| {
                let fewest = fewest_failures(tests, share, study.level);
                fewest.map_or_else(|| "–".to_owned(), |fewest| self.count(fewest.into()))
            });
            std::iter::once(self.percent(share)).chain(fewest).collect()
        });
        let columns = EFFECTIVE.map(|tests| self.count(tests.into()));
        Block::Table {
            caption: self
                .t(
                    "Combien d’échecs il faut, au moins, pour contredire une maille jugée seule",
                    "How many failures it takes, at least, to contradict a cell that is judged alone",
                )
                .to_owned(),
            columns: std::iter::once(
                self.t("Déclaré / essais effectifs", "Declared / effective tests").to_owned(),
            )
            .chain(columns)
            .collect(),
            rows: rows.collect(),
            widths: std::iter::once(6).chain([2; 8]).collect(),
            legend: None,
        }
    }

    fn contradiction_sources(&self, study: &ContradictionStudy) -> Block {
        let coverage = study.coverage.as_ref().map_or_else(
            || self.t("non nommée", "not named").to_owned(),
            |file| format!("{}, SHA-256 {}", shortened(&file.name), digest(&file.sha256)),
        );
        let fact = |french: &str, english: &str, value: String| Fact {
            name: self.t(french, english).to_owned(),
            value,
        };
        Block::Facts {
            items: vec![
                fact(
                    "Qui déclare quoi",
                    "Who declares what",
                    study.declaration.as_deref().map_or_else(
                        || {
                            self.t(
                                "non dit : ce verdict ne dit ni qui déclare, ni ce qu’est un essai réussi",
                                "not said: this verdict says neither who declares nor what a test that succeeds is",
                            )
                            .to_owned()
                        },
                        described,
                    ),
                ),
                fact("Jours des essais", "Days of the tests", self.days(study.days)),
                fact(
                    "Table des essais",
                    "Table of tests",
                    format!("{}, SHA-256 {}", shortened(&study.table.name), digest(&study.table.sha256)),
                ),
                fact("Zone déclarée", "Declared area", coverage),
                fact("Règle", "Rule", self.rule(&study.rule, &study.rule_text)),
                fact(
                    "Fichier joint",
                    "File that comes with this",
                    format!(
                        "{}{}",
                        crate::bundle::part::CONTRADICTION,
                        self.t(
                            " ; chaque grappe y est, et chaque vérification juge à nouveau",
                            "; it has each cluster, and each check judges again",
                        )
                    ),
                ),
            ],
        }
    }

    /// What stands behind a table that was brought, and what does not.
    pub(super) fn brought(&self) -> Block {
        self.paragraph(
            "Ces essais ont été apportés dans une table, que le fichier joint nomme par son empreinte : ils ne sont pas prouvés par la chaîne de preuve de ce dossier. Qui a fait la table répond de ce qu’elle contient tous les essais, bons et mauvais ; elle est à demander pour les recompter.",
            "These tests were brought in a table, which the file that comes with this names by its digest: they are not proven by this dossier’s chain of custody. Whoever made the table answers for its holding every test, good and bad; ask for it to count them again.",
        )
    }

    pub(super) fn rule(&self, name: &str, text: &str) -> String {
        format!("{}, SHA-256 {}", shortened(name), Hash::of(text.as_bytes()))
    }

    pub(super) fn days(&self, days: Option<Days>) -> String {
        let Some(days) = days else { return self.t("non dits", "not said").to_owned() };
        let (first, last) = (self.day(&days.first.to_string()), self.day(&days.last.to_string()));
        match self.case.lang {
            Lang::Fr => format!("du {first} au {last}"),
            Lang::En => format!("{first} to {last}"),
        }
    }
}

/// A sentence that someone else wrote.
fn described(text: &str) -> String {
    const LETTERS: usize = 300;
    text.chars().take(LETTERS).collect()
}

/// A name that someone else wrote, as long as a cell of a table takes.
pub(super) fn shortened(name: &str) -> String {
    const LETTERS: usize = 60;
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS).chain(['…']).collect()
}

/// A digest that someone else wrote.
pub(super) fn digest(text: &str) -> String {
    text.chars().take(64).collect()
}
