//! Tables of Arcep, and of the ministry of Economy on the closure of copper.

use crate::layers::cells::{
    arcep_zone, copper_status, coverage_class, date, ftth_zone_2018, one_or_dash, operator_or_dash,
};
use crate::layers::layout::{Layout, Names, ZoneColumn};

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
};

const CATEGORY: Option<(&str, &str)> = Some(("champ", "Catégorie"));

/// The closure of copper with a letter for its status.
pub(in crate::layers) const COPPER: Layout = Layout {
    marks: &[&["cuivre_statut"], &["cuivre_fermeture_technique"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "statut", when: None, cells: &[&["cuivre_statut"]], read: copper_status },
        ZoneColumn { key: "fermeture", when: None, cells: &[&["cuivre_fermeture_technique"]], read: date },
    ],
};

/// The closure of copper as the ministry publishes it: codes without their zeros, free text for users.
pub(in crate::layers) const COPPER_FREE_TEXT: Layout = Layout {
    marks: &[&["fermeture_technique"], &["output_usager"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "statut", when: None, cells: &[&["output_usager"]], read: copper_status },
        ZoneColumn { key: "fermeture", when: None, cells: &[&["fermeture_technique"]], read: date },
    ],
};

/// The map of fibre roll-out, attributes of the layer of communes.
pub(in crate::layers) const CARTEFIBRE: Layout = Layout {
    marks: &[&["zone"], &["oi"], &["locaux"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "zone", when: None, cells: &[&["zone"]], read: arcep_zone },
        ZoneColumn { key: "oi", when: None, cells: &[&["oi"]], read: operator_or_dash },
    ],
};
