//! What is told, in words.

use desserte_evidence::{CellVerdict, Judgement, Lack};

use super::table::Table;
use super::{ContradictionArguments, Study};
use crate::arguments::Lang;

/// Width of the column of cells.
const NAME: usize = 20;

pub(super) fn nothing(arguments: &ContradictionArguments, table: &Table) -> String {
    let left = left_out(table, arguments.lang).join(" ; ");
    match arguments.lang {
        Lang::Fr => format!("{} : aucun essai ne compte ({left})", arguments.file.display()),
        Lang::En => format!("{}: no test counts ({left})", arguments.file.display()),
    }
}

fn left_out(table: &Table, lang: Lang) -> Vec<String> {
    let counts = &table.left_out;
    let told = |count: u64, french: &str, english: &str| {
        let words = if lang == Lang::Fr { french } else { english };
        format!("{count} {words}")
    };
    vec![
        told(counts.outside, "hors de la couverture déclarée", "outside declared coverage"),
        told(counts.no_cell, "sans maille", "without a cell"),
        told(counts.no_outcome, "sans résultat connu", "without a known outcome"),
    ]
}

/// All that is told, line by line.
pub(super) fn of(study: &Study<'_>) -> Vec<String> {
    let lang = study.arguments.lang;
    let t =
        |french: &str, english: &str| if lang == Lang::Fr { french.to_owned() } else { english.to_owned() };
    let percent = |share: f64| number(100.0 * share, 1, lang);
    let judged =
        study.verdicts.iter().filter(|verdict| !matches!(verdict.judgement, Judgement::NotEnough(_)));
    let mut lines = vec![
        t(
            &format!(
                "Déclaré : au moins {} % de réussite dans la zone couverte.",
                percent(study.arguments.required)
            ),
            &format!(
                "Declared: at least {} % of success inside the covered area.",
                percent(study.arguments.required)
            ),
        ),
        t(
            &format!("Essais écartés : {}.", left_out(study.table, lang).join(", ")),
            &format!("Tests left out: {}.", left_out(study.table, lang).join(", ")),
        ),
        t(
            &format!(
                "Corrélation entre les essais d’une même grappe : {} ; chaque maille vaut donc moins d’essais qu’elle n’en compte.",
                number(study.correlation, 2, lang)
            ),
            &format!(
                "Correlation between tests of one cluster: {}; so each cell is worth fewer tests than it has.",
                number(study.correlation, 2, lang)
            ),
        ),
        String::new(),
        t(
            &format!(
                "{:<NAME$} {:>7} {:>7} {:>8} {:>9}  verdict",
                "maille", "essais", "échecs", "grappes", "effectifs"
            ),
            &format!(
                "{:<NAME$} {:>7} {:>8} {:>8} {:>9}  verdict",
                "cell", "tests", "failures", "clusters", "effective"
            ),
        ),
    ];
    lines.extend(study.verdicts.iter().map(|verdict| row(verdict, lang)));
    lines.push(String::new());
    lines.push(t(
        &format!(
            "{} mailles jugées ; correction de Holm : sur toutes ensemble, au plus {} % de risque d’en contredire une à tort (règle {}).",
            judged.clone().count(),
            percent(study.rule.level.value),
            study.rule.set
        ),
        &format!(
            "{} cells judged; Holm's correction: over all of them, at most {} % of risk to contradict one wrongly (rule {}).",
            judged.count(),
            percent(study.rule.level.value),
            study.rule.set
        ),
    ));
    lines.push(t(
        "Une maille contredite l’est à cet endroit, non la carte entière ; une maille non contredite n’est pas confirmée.",
        "A contradicted cell is so at that place, not the whole map; one that is not contradicted is not confirmed.",
    ));
    lines
}

fn row(verdict: &CellVerdict, lang: Lang) -> String {
    let name: String = verdict.name.chars().take(NAME).collect();
    let width = if lang == Lang::Fr { 7 } else { 8 };
    let told = match (&verdict.judgement, lang) {
        (Judgement::NotEnough(lacks), _) => not_enough(lacks, lang),
        (Judgement::NotContradicted { adjusted, .. }, Lang::Fr) => {
            format!("non contredite (p corrigé {})", number(*adjusted, 3, lang))
        }
        (Judgement::NotContradicted { adjusted, .. }, Lang::En) => {
            format!("not contradicted (adjusted p {})", number(*adjusted, 3, lang))
        }
        (Judgement::Contradicted { adjusted, .. }, Lang::Fr) => {
            format!("CONTREDITE (p corrigé {})", small(*adjusted, lang))
        }
        (Judgement::Contradicted { adjusted, .. }, Lang::En) => {
            format!("CONTRADICTED (adjusted p {})", small(*adjusted, lang))
        }
    };
    format!(
        "{name:<NAME$} {:>7} {:>width$} {:>8} {:>9}  {told}",
        verdict.tests,
        verdict.failures,
        verdict.clusters,
        number(verdict.effective_tests, 1, lang)
    )
}

fn not_enough(lacks: &[Lack], lang: Lang) -> String {
    let told = lacks.iter().map(|lack| match (lack, lang) {
        (Lack::Tests { wanted, .. }, Lang::Fr) => {
            format!("{} essais effectifs au moins", number(*wanted, 0, lang))
        }
        (Lack::Tests { wanted, .. }, Lang::En) => {
            format!("{} effective tests or more", number(*wanted, 0, lang))
        }
        (Lack::Clusters { wanted, .. }, Lang::Fr) => format!("{wanted} grappes au moins"),
        (Lack::Clusters { wanted, .. }, Lang::En) => format!("{wanted} clusters or more"),
    });
    let told: Vec<String> = told.collect();
    match lang {
        Lang::Fr => format!("données insuffisantes : il faut {}", told.join(" et ")),
        Lang::En => format!("not enough data: it takes {}", told.join(" and ")),
    }
}

fn small(probability: f64, lang: Lang) -> String {
    if probability < 0.000_1 {
        return match lang {
            Lang::Fr => "< 0,0001".to_owned(),
            Lang::En => "< 0.0001".to_owned(),
        };
    }
    number(probability, 4, lang)
}

fn number(value: f64, decimals: usize, lang: Lang) -> String {
    let text = format!("{value:.decimals$}");
    if lang == Lang::Fr { text.replace('.', ",") } else { text }
}
