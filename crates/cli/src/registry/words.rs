//! What is told of the register, in words.

use desserte_registry::CollectorSeen;

use crate::arguments::Lang;

pub(super) fn made(place: &str, made: bool, lang: Lang) -> String {
    match (lang, made) {
        (Lang::Fr, true) => format!("Registre créé dans {place}."),
        (Lang::Fr, false) => format!("Le registre est déjà dans {place}."),
        (Lang::En, true) => format!("Register made in {place}."),
        (Lang::En, false) => format!("The register is in {place} already."),
    }
}

pub(super) fn published(probes: usize, change: i64, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("{probes} sondes de ce collecteur y sont. Dernier changement : {change}."),
        Lang::En => format!("{probes} probes of this collector are in it. Last change: {change}."),
    }
}

pub(super) fn standing(place: &str, change: i64, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("Registre : {place}. Dernier changement : {change}, suivi ici."),
        Lang::En => format!("Register: {place}. Last change: {change}, followed here."),
    }
}

pub(super) fn collector(seen: &CollectorSeen, own: bool, lang: Lang) -> String {
    let CollectorSeen { number, looked_seconds_ago, probes } = *seen;
    let here = match (own, lang) {
        (false, _) => "",
        (true, Lang::Fr) => " (celui-ci)",
        (true, Lang::En) => " (this one)",
    };
    let looked = match (looked_seconds_ago, lang) {
        (Some(seconds), Lang::Fr) => format!("vu il y a {seconds} s"),
        (Some(seconds), Lang::En) => format!("seen {seconds} s ago"),
        (None, Lang::Fr) => "jamais vu".to_owned(),
        (None, Lang::En) => "never seen".to_owned(),
    };
    match lang {
        Lang::Fr => format!("Collecteur {number}{here} : {looked} ; sondes en service : {probes}"),
        Lang::En => format!("Collector {number}{here}: {looked}; probes in service: {probes}"),
    }
}

pub(super) fn question(from: u8, probes: usize, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!(
            "Le collecteur {from} est-il perdu pour de bon ? Ses {probes} sondes en service enverront à celui-ci, par les clés déjà connues. \
             Ce que {from} avait reçu sans le remettre à l’historique est perdu avec son disque. S’il revient, il refusera leurs envois. (oui/non)"
        ),
        Lang::En => format!(
            "Is collector {from} lost for ever? Its {probes} probes in service will send to this one, by the keys known already. What {from} \
             had received and not handed to the history is lost with its disk. If it comes back, it will refuse their batches. (yes/no)"
        ),
    }
}

pub(super) fn left(lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => "rien n’a changé",
        Lang::En => "nothing has changed",
    }
}

pub(super) fn taken(from: u8, moved: u64, known: u64, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!(
            "{moved} sondes du collecteur {from} sont à celui-ci. {known} enregistrements de l’historique seront reconnus s’ils reviennent. \
             Faites maintenant répondre ce collecteur à l’adresse que les sondes connaissent."
        ),
        Lang::En => format!(
            "{moved} probes of collector {from} are this one’s. {known} records of the history will be known if they come again. \
             Now let this collector answer at the address that the probes know."
        ),
    }
}
