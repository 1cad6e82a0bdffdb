//! What is told, in words.

use desserte_evidence::{ContradictionStudy, LackOf, LeftOut, StudiedCell, StudiedJudgement};

use super::ContradictionArguments;
use crate::arguments::Lang;

/// Width of the column of cells.
const NAME: usize = 20;

pub(super) fn nothing(arguments: &ContradictionArguments, counts: &LeftOut) -> String {
    let left = left_out(counts, arguments.lang).join(" ; ");
    match arguments.lang {
        Lang::Fr => format!("{} : aucun essai ne compte ({left})", arguments.file.display()),
        Lang::En => format!("{}: no test counts ({left})", arguments.file.display()),
    }
}

fn left_out(counts: &LeftOut, lang: Lang) -> Vec<String> {
    let told = |count: u64, french: &str, english: &str| {
        let words = if lang == Lang::Fr { french } else { english };
        format!("{count} {words}")
    };
    vec![
        told(counts.outside_declared_coverage, "hors de la couverture déclarée", "outside declared coverage"),
        told(counts.without_cell, "sans maille", "without a cell"),
        told(counts.without_outcome, "sans résultat connu", "without a known outcome"),
    ]
}

/// All that is told, line by line.
pub(super) fn of(study: &ContradictionStudy, lang: Lang) -> Vec<String> {
    let t =
        |french: &str, english: &str| if lang == Lang::Fr { french.to_owned() } else { english.to_owned() };
    let percent = |share: f64| number(100.0 * share, 1, lang);
    let judged = study.cells.iter().filter(|cell| cell.judgement != StudiedJudgement::NotEnough);
    let mut lines = vec![
        t(
            &format!("Déclaré : au moins {} % de réussite dans la zone couverte.", percent(study.required)),
            &format!("Declared: at least {} % of success inside the covered area.", percent(study.required)),
        ),
        t(
            &format!("Essais écartés : {}.", left_out(&study.left_out, lang).join(", ")),
            &format!("Tests left out: {}.", left_out(&study.left_out, lang).join(", ")),
        ),
        t(
            &format!(
                "Corrélation entre les essais d’une même grappe : {} ; chaque maille vaut donc moins d’essais qu’elle n’en compte.",
                number(study.correlation_within_clusters, 2, lang)
            ),
            &format!(
                "Correlation between tests of one cluster: {}; so each cell is worth fewer tests than it has.",
                number(study.correlation_within_clusters, 2, lang)
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
    lines.extend(study.cells.iter().map(|cell| row(cell, lang)));
    lines.push(String::new());
    lines.push(t(
        &format!(
            "{} mailles jugées ; correction de Holm : sur toutes ensemble, au plus {} % de risque d’en contredire une à tort (règle {}).",
            judged.clone().count(),
            percent(study.level),
            study.rule
        ),
        &format!(
            "{} cells judged; Holm's correction: over all of them, at most {} % of risk to contradict one wrongly (rule {}).",
            judged.count(),
            percent(study.level),
            study.rule
        ),
    ));
    lines.push(t(
        "Une maille contredite l’est à cet endroit, non la carte entière ; une maille non contredite n’est pas confirmée.",
        "A contradicted cell is so at that place, not the whole map; one that is not contradicted is not confirmed.",
    ));
    lines
}

fn row(cell: &StudiedCell, lang: Lang) -> String {
    let name: String = cell.cell.chars().take(NAME).collect();
    let width = if lang == Lang::Fr { 7 } else { 8 };
    let adjusted = cell.adjusted_probability.unwrap_or(1.0);
    let told = match (cell.judgement, lang) {
        (StudiedJudgement::NotEnough, _) => not_enough(&cell.lacks, lang),
        (StudiedJudgement::NotContradicted, Lang::Fr) => {
            format!("non contredite (p corrigé {})", number(adjusted, 3, lang))
        }
        (StudiedJudgement::NotContradicted, Lang::En) => {
            format!("not contradicted (adjusted p {})", number(adjusted, 3, lang))
        }
        (StudiedJudgement::Contradicted, Lang::Fr) => {
            format!("CONTREDITE (p corrigé {})", small(adjusted, lang))
        }
        (StudiedJudgement::Contradicted, Lang::En) => {
            format!("CONTRADICTED (adjusted p {})", small(adjusted, lang))
        }
    };
    format!(
        "{name:<NAME$} {:>7} {:>width$} {:>8} {:>9}  {told}",
        cell.tests,
        cell.failures,
        cell.clusters,
        number(cell.effective_tests, 1, lang)
    )
}

fn not_enough(lacks: &[LackOf], lang: Lang) -> String {
    let told = lacks.iter().map(|lack| {
        let wanted = number(lack.wanted, 0, lang);
        match (lack.of.as_str(), lang) {
            ("effective_tests", Lang::Fr) => format!("{wanted} essais effectifs au moins"),
            ("effective_tests", Lang::En) => format!("{wanted} effective tests or more"),
            ("clusters", Lang::Fr) => format!("{wanted} grappes au moins"),
            ("clusters", Lang::En) => format!("{wanted} clusters or more"),
            (_, Lang::Fr) => "un essai de classe A ou B".to_owned(),
            (_, Lang::En) => "a test of class A or B".to_owned(),
        }
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
