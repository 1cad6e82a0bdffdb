//! `desserte campaign areas`: how reliable a declared mobile map is over areas, beside the share of successes that the regulator asks of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use csv::ByteRecord;
use desserte_evidence::{AreaLack, AreaReport, AreaRule, AreaTest, UncountedInArea};

use super::table::flag;
use super::words::number;
use crate::arguments::Lang;
use crate::locate::columns::column;
use crate::out::{Failure, Outcome, line};
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// Options of `desserte campaign areas`.
#[derive(Debug, Args)]
#[command(
    after_help = "Which measurements count follows from where they were made and over what, never from whether they succeeded. The share is how \
    the regulator tells the reliability of a map, and no verdict: `desserte contradiction` judges.\n\
    Exit codes: 0, told, whatever areas lack; 1, a file or a row cannot be read; 2, no measurement counts; 64, a wrong option or column."
)]
pub(crate) struct AreasArguments {
    /// Table of every measurement made, good or bad: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the column of areas.
    #[arg(long, value_name = "COLUMN")]
    area: String,
    /// Name of the column of areas' surfaces, in square kilometres: the same in each row of an area.
    #[arg(long, value_name = "COLUMN")]
    surface: String,
    /// Name of the column that says, by 1 or 0, whether coverage is declared where a measurement was made.
    #[arg(long, value_name = "COLUMN")]
    declared: String,
    /// Name of the column that says, by 1 or 0, whether a measurement succeeded.
    #[arg(long, value_name = "COLUMN")]
    reached: String,
    /// Name of the column that says, by 1 or 0, whether it did over the declared technology.
    #[arg(long, value_name = "COLUMN")]
    technology: String,
    /// File of the rule set; by default the one of this program: what is asked of operators' maps in France, as far as its texts could be read.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

/// An area with its measurements.
#[derive(Default)]
struct Area {
    km2: Option<f64>,
    tests: Vec<AreaTest>,
}

pub(super) fn areas(arguments: &AreasArguments) -> Outcome {
    let rule = rule(arguments.rules.as_deref())?;
    let lang = arguments.lang;
    let reports: BTreeMap<String, AreaReport> =
        read(arguments)?.into_iter().map(|(name, area)| (name, rule.report(area.km2, &area.tests))).collect();
    for (name, report) in &reports {
        of_area(name, report, lang).iter().try_for_each(|text| line(text))?;
    }
    line(&close(&rule, lang))?;
    if reports.values().all(|report| report.tests == 0) {
        let file = arguments.file.display();
        return Err(Failure::no(match lang {
            Lang::Fr => anyhow!("{file} : aucune mesure ne compte"),
            Lang::En => anyhow!("{file}: no measurement counts"),
        }));
    }
    Ok(())
}

/// How many measurements a campaign over an area of so many square kilometres takes, in words.
pub(super) fn plan(km2: f64, rules: Option<&Path>, lang: Lang) -> Outcome {
    let rule = rule(rules)?;
    let (surface, smallest) = (number(km2, lang), number(rule.near.value.km2, lang));
    let Some(plan) = rule.plan(km2) else {
        return Err(Failure::no(match lang {
            Lang::Fr => anyhow!(
                "{surface} km² : {} ne demande rien d’une zone de moins de {smallest} km² ; « desserte contradiction » juge de plus petits lieux",
                rule.set
            ),
            Lang::En => anyhow!(
                "{surface} km²: {} asks nothing of an area of less than {smallest} km²; `desserte contradiction` judges smaller places",
                rule.set
            ),
        }));
    };
    let (wide, near) = (percent(rule.wide.value.share, lang), percent(rule.near.value.share, lang));
    let told = match lang {
        Lang::Fr => [
            format!(
                "Campagne ({}) : {surface} km², {} mesures au moins dans la couverture déclarée : {} dans chacune des {} parties de {smallest} km².",
                rule.set, plan.tests, plan.tests_of_part, plan.parts
            ),
            format!(
                "Sont demandés {near} % de réussites à partir de {smallest} km², {wide} % à partir de {} km².",
                number(rule.wide.value.km2, lang)
            ),
            "À l’extérieur, comme un piéton ; noter chaque mesure, bonne ou mauvaise : jour et heure, position au début et à la fin, appareil, réseau, zone \
             déclarée couverte ou non, réussite ou non, technologie de la carte ou non."
                .to_owned(),
        ],
        Lang::En => [
            format!(
                "Campaign ({}): {surface} km², {} measurements at least within declared coverage: {} in each of {} parts of {smallest} km².",
                rule.set, plan.tests, plan.tests_of_part, plan.parts
            ),
            format!(
                "{near} % of successes are asked from {smallest} km² on, {wide} % from {} km² on.",
                number(rule.wide.value.km2, lang)
            ),
            "Outdoors, as a pedestrian; note every measurement, good or bad: day and time, position at its beginning and end, device, network, area \
             declared as covered or not, success or not, technology of the map or not."
                .to_owned(),
        ],
    };
    told.iter().try_for_each(|text| line(text))
}

fn rule(path: Option<&Path>) -> Result<AreaRule, Failure> {
    let Some(path) = path else { return Ok(AreaRule::france()) };
    let name = || format!("cannot use {}", path.display());
    let text = std::fs::read_to_string(path).with_context(name).map_err(Failure::usage)?;
    AreaRule::parse(&text).with_context(name).map_err(Failure::usage)
}

/// Areas by name. Bad rows are all looked for before the table is refused.
fn read(arguments: &AreasArguments) -> Result<BTreeMap<String, Area>, Failure> {
    let name = arguments.file.display();
    let Sheet { mut reader, names, decimal_comma } = Sheet::open(&arguments.file)?;
    let find = |wanted: &str, option: &str| {
        column(&names, wanted, option).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let (area, surface) = (find(&arguments.area, "--area")?, find(&arguments.surface, "--surface")?);
    let declared = find(&arguments.declared, "--declared")?;
    let (reached, technology) =
        (find(&arguments.reached, "--reached")?, find(&arguments.technology, "--technology")?);
    let (mut areas, mut faults) = (BTreeMap::<String, Area>::new(), Faults::default());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_owned();
        let test = AreaTest {
            declared: flag(&mut faults, line, &arguments.declared, text(declared)),
            reached: flag(&mut faults, line, &arguments.reached, text(reached)),
            technology: flag(&mut faults, line, &arguments.technology, text(technology)),
        };
        let km2 = faults.number(line, &arguments.surface, &text(surface), decimal_comma, true);
        if is_missing(&text(area)) {
            faults.add(line, Fault::Missing { column: arguments.area.clone() });
            continue;
        }
        let one = areas.entry(text(area)).or_default();
        if one.km2.is_some() && km2.is_some() && one.km2 != km2 {
            return Err(Failure::usage(anyhow!(
                "{name}, line {line}: area {} has two surfaces: give the whole area's in each of its rows",
                text(area)
            )));
        }
        one.km2 = one.km2.or(km2);
        one.tests.push(test);
    }
    faults.end(&arguments.file, arguments.lang)?;
    Ok(areas)
}

fn of_area(name: &str, report: &AreaReport, lang: Lang) -> Vec<String> {
    let AreaReport { tests, reached, asked, .. } = report;
    let told = match (report.share().zip(*asked), lang) {
        (Some((share, asked)), lang) => {
            let (told, wanted) = (percent(share, lang), percent(asked, lang));
            match (lang, share >= asked) {
                (Lang::Fr, true) => format!("{told} % de réussites, il en est demandé {wanted} % : atteint"),
                (Lang::En, true) => format!("{told} % of successes, {wanted} % are asked: reached"),
                (Lang::Fr, false) => {
                    format!("{told} % de réussites, il en est demandé {wanted} % : en dessous")
                }
                (Lang::En, false) => format!("{told} % of successes, {wanted} % are asked: below"),
            }
        }
        (None, Lang::Fr) => format!("il manque {}", lacks(report, lang)),
        (None, Lang::En) => format!("lacks {}", lacks(report, lang)),
    };
    let mut lines = vec![match lang {
        Lang::Fr => format!("{name} : {tests} mesures qui comptent, {reached} réussies ; {told}"),
        Lang::En => format!("{name}: {tests} measurements that count, {reached} succeeded; {told}"),
    }];
    lines.extend(report.uncounted.iter().map(|(why, count)| {
        format!("  {}{} {count}", why_not(*why, lang), if lang == Lang::Fr { " :" } else { ":" })
    }));
    lines
}

fn lacks(report: &AreaReport, lang: Lang) -> String {
    let each = report.lacks.iter().map(|lack| match (lack, lang) {
        (AreaLack::Size { wanted }, Lang::Fr) => {
            format!("une surface d’au moins {} km²", number(*wanted, lang))
        }
        (AreaLack::Size { wanted }, Lang::En) => {
            format!("a surface of {} km² or more", number(*wanted, lang))
        }
        (AreaLack::Tests { wanted }, Lang::Fr) => format!("des mesures ({} sur {wanted})", report.tests),
        (AreaLack::Tests { wanted }, Lang::En) => format!("measurements ({} of {wanted})", report.tests),
    });
    each.collect::<Vec<_>>().join(", ")
}

const fn why_not(why: UncountedInArea, lang: Lang) -> &'static str {
    match (why, lang) {
        (UncountedInArea::Outside, Lang::Fr) => "hors de la couverture déclarée",
        (UncountedInArea::Outside, Lang::En) => "outside declared coverage",
        (UncountedInArea::DeclarationUnknown, Lang::Fr) => "couverture déclarée non connue",
        (UncountedInArea::DeclarationUnknown, Lang::En) => "declared coverage not known",
        (UncountedInArea::NoOutcome, Lang::Fr) => "sans résultat connu",
        (UncountedInArea::NoOutcome, Lang::En) => "without a known outcome",
        (UncountedInArea::OtherTechnology, Lang::Fr) => "réussies par une autre technologie, ou non connue",
        (UncountedInArea::OtherTechnology, Lang::En) => "succeeded over another technology, or not known",
    }
}

fn close(rule: &AreaRule, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!(
            "Selon {}. Une part en dessous est une question à l’opérateur, non un verdict : les mesures d’un même trajet se ressemblent, et « desserte contradiction » en tient compte.",
            rule.set
        ),
        Lang::En => format!(
            "By {}. A share below is a question to the operator, no verdict: measurements of one drive resemble each other, and `desserte contradiction` accounts for it.",
            rule.set
        ),
    }
}

fn percent(share: f64, lang: Lang) -> String {
    number(100.0 * share, lang)
}
