//! What is said of a bundle, in two languages.

use desserte_dossier::Report;

use crate::arguments::Lang;

pub(super) fn does_not_hold(lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => "le dossier ne tient pas : voir les lignes ci-dessus",
        Lang::En => "the dossier does not hold: see the lines above",
    }
}

pub(super) fn holds(report: &Report, lang: Lang) -> Vec<String> {
    let Report { parts, proven, unsealed, sealed_days, days_known_elsewhere, .. } = report;
    let fingerprint = report.fingerprint.map_or_else(String::new, |hash| hash.to_string());
    match lang {
        Lang::Fr => vec![
            format!("Le dossier tient : {parts} parties, aucune n’a été modifiée."),
            format!(
                "{proven} envois signés et prouvés par {sealed_days} sceaux, dont {days_known_elsewhere} comparés à un sceau venu d’ailleurs ; {unsealed} signés sans sceau."
            ),
            format!("Empreinte {fingerprint}"),
        ],
        Lang::En => vec![
            format!("The dossier holds: {parts} parts, none was changed."),
            format!(
                "{proven} deliveries signed and proven by {sealed_days} seals, {days_known_elsewhere} of which were held against one from elsewhere; {unsealed} signed, without a seal."
            ),
            format!("Fingerprint {fingerprint}"),
        ],
    }
}

/// What the verifier has to bring for the verdict to mean more; `None` if all was brought.
pub(super) fn mind(report: &Report, keys: bool, lang: Lang) -> Option<String> {
    let seals = report.days_known_elsewhere >= report.sealed_days;
    let text = match (seals, keys, lang) {
        (true, true, _) => return None,
        (false, _, Lang::Fr) => {
            "Attention : sans tous les sceaux (--seal), le dossier n’est comparé qu’à lui-même ; demandez-les à qui les publie."
        }
        (false, _, Lang::En) => {
            "Mind: without every seal (--seal) the dossier was held against itself alone; get them from whoever publishes them."
        }
        (true, false, Lang::Fr) => "Attention : sans --key, rien ne dit que ces clés sont celles des sondes.",
        (true, false, Lang::En) => "Mind: without --key nothing says that these keys are the probes'.",
    };
    Some(text.to_owned())
}

pub(super) fn same(parts: usize, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("Refait à l’identique : {parts} parties, octet pour octet."),
        Lang::En => format!("Made again, the same: {parts} parts, octet by octet."),
    }
}

pub(super) fn not_the_same(count: usize, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!("{count} parties diffèrent : voir les lignes ci-dessus"),
        Lang::En => format!("{count} parts differ: see the lines above"),
    }
}

pub(super) fn other_version(theirs: &str, own: &str, lang: Lang) -> String {
    match lang {
        Lang::Fr => format!(
            "Attention : le dossier est de {theirs}, ce programme est {own} ; un écart peut venir de là."
        ),
        Lang::En => format!(
            "Mind: the dossier is by {theirs}, this program is {own}; a difference may come from that."
        ),
    }
}

/// What was made.
pub(super) struct Made {
    pub(super) files: [String; 2],
    pub(super) octets: [u64; 2],
    pub(super) sites: usize,
    pub(super) unsealed: u64,
    pub(super) fingerprint: String,
}

pub(super) fn made(made: &Made, french: bool) -> Vec<String> {
    let Made { files: [pdf, zip], octets: [pdf_octets, zip_octets], sites, unsealed, fingerprint } = made;
    let mut lines = if french {
        vec![
            format!("{pdf} ({pdf_octets} octets)"),
            format!("{zip} ({zip_octets} octets), empreinte {fingerprint}"),
        ]
    } else {
        vec![
            format!("{pdf} ({pdf_octets} octets)"),
            format!("{zip} ({zip_octets} octets), fingerprint {fingerprint}"),
        ]
    };
    if *sites == 0 {
        lines.push(if french {
            "Aucune sonde n’a mesuré ici pendant cette période : le dossier le dit, et ne contient aucun chiffre.".to_owned()
        } else {
            "No probe measured here in this period: the dossier says so, and holds no figure.".to_owned()
        });
    }
    if *unsealed > 0 {
        lines.push(if french {
            format!("{unsealed} envois sont sans sceau : scellez les jours clos (desserte custody seal), puis refaites le dossier.")
        } else {
            format!("{unsealed} deliveries have no seal: seal the days that are over (desserte custody seal), then make the dossier again.")
        });
    }
    lines
}
