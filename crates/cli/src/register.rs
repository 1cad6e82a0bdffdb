//! `desserte register`: the register of what is kept, made from the table that the programs erase by (docs/spec/retention.md).

use clap::Args;
use desserte_retention::{Field, Keep, Place, Retention, Words};

use crate::arguments::Lang;
use crate::out::{Outcome, line};

/// Options of `desserte register`.
#[derive(Debug, Args)]
pub(crate) struct RegisterArguments {
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

pub(crate) fn run(arguments: &RegisterArguments) -> Outcome {
    for text in register(&Retention::built_in(), arguments.lang) {
        line(&text)?;
    }
    Ok(())
}

/// The register as Markdown: what may concern a person first.
fn register(retention: &Retention, lang: Lang) -> Vec<String> {
    let say = |fr: &str, en: &str| if lang == Lang::Fr { fr.to_owned() } else { en.to_owned() };
    let mut lines = vec![
        say("# Registre des données gardées", "# Register of the data kept"),
        String::new(),
        say("Règles", "Rules") + &format!("{}{}", colon(lang), retention.set) + ".",
        say(
            "Une sonde est chez une personne tant que sa pose dans un bâtiment public n’est pas déclarée (`desserte probe host`).",
            "A probe is at a person’s home unless it was declared to stand in a public building (`desserte probe host`).",
        ),
        say(
            "Responsable du traitement, destinataires et sécurité : à compléter par qui exploite le collecteur.",
            "Controller, recipients and security: to be completed by whoever runs the collector.",
        ),
        String::new(),
    ];
    let of_persons = say("## Ce qui peut concerner une personne", "## What may concern a person");
    let others = say("## Le reste", "## The rest");
    for (title, person) in [(of_persons, true), (others, false)] {
        lines.extend([title, String::new()]);
        lines.push(say(
            "| où | table | colonnes | à quoi elles servent | gardé |",
            "| where | table | columns | what for | kept |",
        ));
        lines.push("| --- | --- | --- | --- | --- |".to_owned());
        lines.extend(
            retention
                .field
                .iter()
                .filter(|field| field.person == person)
                .map(|field| row(retention, field, lang)),
        );
        lines.push(String::new());
    }
    lines.pop();
    lines
}

fn row(retention: &Retention, field: &Field, lang: Lang) -> String {
    let Words { fr, en } = &field.purpose;
    let purpose = if lang == Lang::Fr { fr } else { en };
    format!(
        "| {} | {} | {} | {purpose} | {} |",
        place(field.place, lang),
        field.table,
        field.columns.join(", "),
        time(retention, field.keep, lang)
    )
}

const fn colon(lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => " : ",
        Lang::En => ": ",
    }
}

const fn place(place: Place, lang: Lang) -> &'static str {
    match (place, lang) {
        (Place::Store, Lang::Fr) => "base",
        (Place::Store, Lang::En) => "store",
        (Place::History, Lang::Fr) => "historique",
        (Place::History, Lang::En) => "history",
        (Place::Rollup, Lang::Fr) => "sommes de l’historique",
        (Place::Rollup, Lang::En) => "sums of the history",
    }
}

/// How long, in words.
fn time(retention: &Retention, keep: Keep, lang: Lang) -> String {
    let terms = &retention.terms;
    let (raw, hourly, log, given) = (terms.raw.value, terms.hourly.value, terms.log.value, terms.given.value);
    match lang {
        Lang::Fr => match keep {
            Keep::Raw => format!("{raw} mois chez une personne, sinon sans terme"),
            Keep::Hourly => format!("{hourly} mois chez une personne, sinon sans terme"),
            Keep::Service => format!("tant que la sonde sert, et {raw} mois après chez une personne"),
            Keep::Log => format!("{log} mois"),
            Keep::Given => format!("{given} mois, ou jusqu’à son effacement par qui l’a donné"),
            Keep::Waits => "jusqu’à la remise à l’historique".to_owned(),
            Keep::Room => "tant qu’il y a la place, ou jusqu’à l’effacement de ce dont il parle".to_owned(),
            Keep::Always => "sans terme".to_owned(),
        },
        Lang::En => match keep {
            Keep::Raw => format!("{raw} months of a home, else without end"),
            Keep::Hourly => format!("{hourly} months of a home, else without end"),
            Keep::Service => format!("while the probe is in service, and {raw} months after of a home"),
            Keep::Log => format!("{log} months"),
            Keep::Given => format!("{given} months, or until whoever gave it erases it"),
            Keep::Waits => "until it is handed to the history".to_owned(),
            Keep::Room => "while there is room, or until what it tells of is erased".to_owned(),
            Keep::Always => "without end".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_register_in_both_languages() {
        let retention = Retention::built_in();
        for lang in [Lang::Fr, Lang::En] {
            let text = register(&retention, lang).join("\n");
            for field in &retention.field {
                assert!(text.contains(&format!("| {} | {} |", field.table, field.columns.join(", "))));
            }
            assert!(text.contains("retention-1") && text.contains("13"));
        }
    }
}
