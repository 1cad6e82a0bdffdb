//! The columns of what is released, with what they mean: the dictionary is made from these.

use crate::territory::{Column, Kind};

/// A column and what it means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Unit as in UCUM or a word; empty without one.
    pub(super) unit: &'static str,
    pub(super) fr: &'static str,
    pub(super) en: &'static str,
}

const fn told(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    fr: &'static str,
    en: &'static str,
) -> Told {
    Told { name, kind, unit, fr, en }
}

/// A file of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// A row for each commune that something was measured in.
    Communes,
    /// A row for each wider zone that homes are told of.
    Zones,
    /// A row for each commune and day; public buildings alone.
    Days,
}

impl Table {
    pub(super) const ALL: [Self; 3] = [Self::Communes, Self::Zones, Self::Days];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Communes => "communes",
            Self::Zones => "zones",
            Self::Days => "jours",
        }
    }

    /// The columns that say what a row is of.
    pub(super) const fn keys(self) -> &'static [Told] {
        match self {
            Self::Communes => COMMUNE_KEYS,
            Self::Zones => ZONE_KEYS,
            Self::Days => DAY_KEYS,
        }
    }

    /// All columns, with what they mean.
    pub(super) fn told(self) -> impl Iterator<Item = &'static Told> {
        self.keys().iter().chain(FIGURES)
    }

    pub(super) fn columns(self) -> Vec<Column> {
        self.told().map(|told| Column::new(told.name, told.kind)).collect()
    }

    /// What it holds, in French and in English.
    pub(super) const fn title(self) -> [&'static str; 2] {
        match self {
            Self::Communes => ["Mesures par commune et par mois", "Measurements by commune and month"],
            Self::Zones => [
                "Mesures chez des particuliers, regroupées, par mois",
                "Measurements at people's homes, put together, by month",
            ],
            Self::Days => [
                "Mesures des bâtiments publics par commune et par jour",
                "Measurements of public buildings by commune and day",
            ],
        }
    }
}

const COMMUNE_KEYS: &[Told] = &[
    told("month", Kind::Text, "", "mois des mesures, UTC", "month of the measurements, UTC"),
    told("commune", Kind::Text, "", "code INSEE de la commune", "INSEE code of the commune"),
    told(
        "vintage",
        Kind::Count,
        "a",
        "année du code officiel géographique du code",
        "year of the official list that the code belongs to",
    ),
    told(
        "name",
        Kind::Text,
        "",
        "nom de la commune ; vide : inconnu du territoire utilisé",
        "name of the commune; empty: the territory in use does not know it",
    ),
    told(
        "departement",
        Kind::Text,
        "",
        "code du département ; vide : inconnu",
        "code of the département; empty: unknown",
    ),
    told(
        "epci",
        Kind::Text,
        "",
        "SIREN de l'intercommunalité ; vide : inconnue ou aucune",
        "SIREN of the intercommunality; empty: unknown or none",
    ),
    told(
        "release",
        Kind::Text,
        "",
        "released : toutes les mesures y sont ; partly : celles des bâtiments publics seuls ; withheld : aucun chiffre, trop peu de contributeurs (ce n'est pas zéro)",
        "released: all measurements are in; partly: those of public buildings alone; withheld: no figure, too few contributors (which is not zero)",
    ),
    told(
        "moved_to",
        Kind::Text,
        "",
        "zone où les mesures retenues sont comptées ; vide : nulle part, ou rien n'est retenu",
        "zone that withheld measurements are counted in; empty: none, or nothing is withheld",
    ),
];

const ZONE_KEYS: &[Told] = &[
    told("month", Kind::Text, "", "mois des mesures, UTC", "month of the measurements, UTC"),
    told("zone", Kind::Text, "", "epci ou departement", "epci or departement"),
    told("code", Kind::Text, "", "code de la zone", "code of the zone"),
    told("name", Kind::Text, "", "nom de la zone ; vide : inconnu", "name of the zone; empty: unknown"),
    told(
        "communes",
        Kind::Count,
        "",
        "communes dont des mesures sont comptées ici : une partie de la zone seulement",
        "communes whose measurements are counted here: a part of the zone only",
    ),
];

const DAY_KEYS: &[Told] = &[
    told("day", Kind::Text, "", "jour des mesures, UTC", "day of the measurements, UTC"),
    told("commune", Kind::Text, "", "code INSEE de la commune", "INSEE code of the commune"),
    told(
        "vintage",
        Kind::Count,
        "a",
        "année du code officiel géographique du code",
        "year of the official list that the code belongs to",
    ),
];

/// How far a figure can be told.
const STATE_FR: &str = "measured : mesuré ; not_enough : trop peu de valeurs pour un chiffre ; not_measured : rien n'a été tenté ; vide : retenu";
const STATE_EN: &str =
    "measured; not_enough: too few values for a figure; not_measured: nothing was tried; empty: withheld";

/// What is told of a row, the same in every table. Empty wherever there is nothing to tell, which is never zero.
pub(super) const FIGURES: &[Told] = &[
    told("probes", Kind::Count, "", "sondes ayant mesuré", "probes that measured"),
    told("days", Kind::Count, "d", "jours avec au moins une mesure", "days with a measurement at least"),
    told("download_state", Kind::Text, "", STATE_FR, STATE_EN),
    told("download_runs", Kind::Count, "", "mesures de débit descendant tentées", "download runs tried"),
    told("download_complete", Kind::Count, "", "de celles-ci, menées à terme", "of those, complete"),
    told(
        "download_rates",
        Kind::Count,
        "",
        "de celles-ci, dans les quantiles : hors Wi-Fi, octets comptés à l'application, régime établi",
        "of those, in the quantiles: not over Wi-Fi, octets counted by the application, rate steady",
    ),
    told(
        "download_p20_bits_per_second",
        Kind::Number,
        "bit/s",
        "débit descendant que huit mesures sur dix atteignent",
        "download rate that eight runs in ten reach",
    ),
    told(
        "download_p50_bits_per_second",
        Kind::Number,
        "bit/s",
        "débit descendant médian",
        "median download rate",
    ),
    told(
        "download_p80_bits_per_second",
        Kind::Number,
        "bit/s",
        "débit descendant que deux mesures sur dix atteignent",
        "download rate that two runs in ten reach",
    ),
    told("upload_state", Kind::Text, "", STATE_FR, STATE_EN),
    told("upload_runs", Kind::Count, "", "mesures de débit montant tentées", "upload runs tried"),
    told("upload_complete", Kind::Count, "", "de celles-ci, menées à terme", "of those, complete"),
    told("upload_rates", Kind::Count, "", "de celles-ci, dans les quantiles", "of those, in the quantiles"),
    told(
        "upload_p20_bits_per_second",
        Kind::Number,
        "bit/s",
        "débit montant que huit mesures sur dix atteignent",
        "upload rate that eight runs in ten reach",
    ),
    told("upload_p50_bits_per_second", Kind::Number, "bit/s", "débit montant médian", "median upload rate"),
    told(
        "upload_p80_bits_per_second",
        Kind::Number,
        "bit/s",
        "débit montant que deux mesures sur dix atteignent",
        "upload rate that two runs in ten reach",
    ),
    told("line_state", Kind::Text, "", STATE_FR, STATE_EN),
    told("minutes", Kind::Count, "", "minutes observées, toutes sondes", "minutes watched, all probes"),
    told("up_s", Kind::Number, "s", "temps observé, ligne en service", "time watched, line up"),
    told("degraded_s", Kind::Number, "s", "temps observé, ligne dégradée", "time watched, line degraded"),
    told("down_s", Kind::Number, "s", "temps observé, ligne coupée", "time watched, line down"),
    told(
        "unknown_s",
        Kind::Number,
        "s",
        "temps observé, état inconnu : ni en service ni coupée",
        "time watched, state unknown: neither up nor down",
    ),
    told(
        "lost_ratio",
        Kind::Number,
        "1",
        "part des échos envoyés restés sans réponse",
        "share of the echoes sent that were not answered",
    ),
    told("rtt_state", Kind::Text, "", STATE_FR, STATE_EN),
    told("rtt_minutes", Kind::Count, "", "minutes avec un temps d'aller-retour", "minutes with a round trip"),
    told(
        "rtt_p50_us",
        Kind::Number,
        "us",
        "médiane des médianes par minute de l'aller-retour, ligne au repos, à 1/128 près",
        "median of the minutes' median round trips, idle, within 1/128",
    ),
    told(
        "rtt_p80_us",
        Kind::Number,
        "us",
        "aller-retour que huit minutes sur dix ne dépassent pas, à 1/128 près",
        "round trip that eight minutes in ten do not exceed, within 1/128",
    ),
    told(
        "interruptions_beyond",
        Kind::Count,
        "",
        "interruptions au-delà du site",
        "interruptions beyond the site",
    ),
    told(
        "interruptions_beyond_s",
        Kind::Number,
        "s",
        "leur durée, de celles dont les deux bords ont été vus ; vide : aucune",
        "their length, of those whose both edges were seen; empty: none",
    ),
    told(
        "interruptions_beyond_unmeasured",
        Kind::Count,
        "",
        "de celles-ci, de durée inconnue",
        "of those, of unknown length",
    ),
    told(
        "reach_tried",
        Kind::Count,
        "",
        "essais d'accès à un service public en ligne",
        "attempts to reach a public service",
    ),
    told("reach_failed", Kind::Count, "", "de ceux-ci, échoués", "of those, failed"),
    told(
        "method_first",
        Kind::Text,
        "",
        "plus ancienne version de méthode des mesures",
        "lowest method version of the measurements",
    ),
    told(
        "method_last",
        Kind::Text,
        "",
        "plus récente version de méthode des mesures",
        "highest method version of the measurements",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_columns_of_a_table_have_one_name() {
        for table in Table::ALL {
            let mut names: Vec<_> = table.told().map(|told| told.name).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
