//! Tables of Arcep, and of the ministry of Economy on the closure of copper.

use crate::layers::cells::{
    arcep_zone, copper_status, coverage_class, date, ftth_zone_2018, one_or_dash, operator_or_dash,
};
use crate::layers::layout::{FigureColumn, Layout, Names, Rule, ZoneColumn};

const VERY_DENSE: Names = &["zones_tres_denses"];
const COMMITMENT: Names = &["engagements_l__33_13"];
const INTENTION: Names = &["intentions_privees_hors_engagement_l__33_13"];

/// The observatory of fixed networks, sheet of communes, 2017 and 2018.
pub(in crate::layers) const OBSERVATORY_2018: Layout = Layout {
    marks: &[VERY_DENSE, COMMITMENT, INTENTION],
    only: None,
    zonings: &[
        ZoneColumn {
            key: "zone",
            when: None,
            cells: &[VERY_DENSE, COMMITMENT, INTENTION],
            read: ftth_zone_2018,
        },
        ZoneColumn { key: "engagement", when: None, cells: &[COMMITMENT], read: operator_or_dash },
        ZoneColumn { key: "rurale", when: None, cells: &[&["commune_rurale"]], read: one_or_dash },
        ZoneColumn { key: "montagne", when: None, cells: &[&["commune_de_montagne"]], read: one_or_dash },
    ],
    figures: &[
        FigureColumn {
            key: "logements",
            when: None,
            names: &["logements"],
            unit: "logements",
            additive: true,
        },
        FigureColumn {
            key: "etablissements",
            when: None,
            names: &["etablissements"],
            unit: "établissements",
            additive: true,
        },
    ],
    rule: None,
};

/// The observatory of fixed networks, sheet of roll-out: two rows for each commune.
pub(in crate::layers) const OBSERVATORY_2018_ROLL_OUT: Layout = Layout {
    marks: &[&["champ"], &["t1_*", "t2_*", "t3_*", "t4_*"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "categorie_t1_*", when: CATEGORY, cells: &[&["t1_*"]], read: coverage_class },
        ZoneColumn { key: "categorie_t2_*", when: CATEGORY, cells: &[&["t2_*"]], read: coverage_class },
        ZoneColumn { key: "categorie_t3_*", when: CATEGORY, cells: &[&["t3_*"]], read: coverage_class },
        ZoneColumn { key: "categorie_t4_*", when: CATEGORY, cells: &[&["t4_*"]], read: coverage_class },
    ],
    figures: &[
        FigureColumn {
            key: "raccordables_t1_*",
            when: CONNECTABLE,
            names: &["t1_*"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "raccordables_t2_*",
            when: CONNECTABLE,
            names: &["t2_*"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "raccordables_t3_*",
            when: CONNECTABLE,
            names: &["t3_*"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "raccordables_t4_*",
            when: CONNECTABLE,
            names: &["t4_*"],
            unit: "locaux",
            additive: true,
        },
    ],
    rule: None,
};

const CONNECTABLE: Option<(&str, &str)> = Some(("champ", "Locaux Raccordables"));
const CATEGORY: Option<(&str, &str)> = Some(("champ", "Catégorie"));

/// The closure of copper with a letter for its status.
pub(in crate::layers) const COPPER: Layout = Layout {
    marks: &[&["cuivre_statut"], &["cuivre_fermeture_technique"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "statut", when: None, cells: &[&["cuivre_statut"]], read: copper_status },
        ZoneColumn { key: "fermeture", when: None, cells: &[&["cuivre_fermeture_technique"]], read: date },
    ],
    figures: &[
        FigureColumn {
            key: "ftth_raccordables",
            when: None,
            names: &["ftth_raccordables_cartefibre"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "locaux_cartefibre",
            when: None,
            names: &["locaux_cartefibre"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn { key: "locaux", when: None, names: &["nbr_mci"], unit: "locaux", additive: true },
        FigureColumn {
            key: "meilleure_ftth",
            when: None,
            names: &["best_ftth"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_coax",
            when: None,
            names: &["best_coax"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn { key: "meilleure_cu", when: None, names: &["best_cu"], unit: "locaux", additive: true },
        FigureColumn {
            key: "meilleure_thdr",
            when: None,
            names: &["best_thdr"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_4gf",
            when: None,
            names: &["best_4gf"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_hdr",
            when: None,
            names: &["best_hdr"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_sat",
            when: None,
            names: &["best_sat"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "elig_thd30",
            when: None,
            names: &["elig_thd30_terrestre"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "elig_thd1g",
            when: None,
            names: &["elig_thd1g_terrestre"],
            unit: "locaux",
            additive: true,
        },
    ],
    rule: Some(Rule::Sum {
        whole: "nbr_mci",
        parts: &["best_ftth", "best_coax", "best_cu", "best_thdr", "best_4gf", "best_hdr", "best_sat"],
    }),
};

/// The closure of copper as the ministry publishes it: codes without their zeros, free text for users.
pub(in crate::layers) const COPPER_FREE_TEXT: Layout = Layout {
    marks: &[&["fermeture_technique"], &["output_usager"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "statut", when: None, cells: &[&["output_usager"]], read: copper_status },
        ZoneColumn { key: "fermeture", when: None, cells: &[&["fermeture_technique"]], read: date },
    ],
    figures: &[],
    rule: None,
};

/// The map of fibre roll-out, attributes of the layer of communes.
pub(in crate::layers) const CARTEFIBRE: Layout = Layout {
    marks: &[&["zone"], &["oi"], &["locaux"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "zone", when: None, cells: &[&["zone"]], read: arcep_zone },
        ZoneColumn { key: "oi", when: None, cells: &[&["oi"]], read: operator_or_dash },
    ],
    figures: &[
        FigureColumn { key: "locaux", when: None, names: &["locaux"], unit: "locaux", additive: true },
        FigureColumn { key: "ftth", when: None, names: &["ftth"], unit: "locaux", additive: true },
        FigureColumn { key: "couv", when: None, names: &["couv"], unit: "% des locaux", additive: false },
    ],
    rule: Some(Rule::AtMost { whole: "locaux", parts: &["ftth"] }),
};
