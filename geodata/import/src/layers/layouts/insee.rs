//! Tables of INSEE.

use crate::layers::cells::{five_digits, four_digits, level_of_3, level_of_7, three_digits, two_digits};
use crate::layers::layout::{FigureColumn, Layout, ZoneColumn};

/// Memberships of communes in zones of study: canton-ville, employment zone, urban unit, attraction area, living basin.
pub(in crate::layers) const ZONINGS: Layout = Layout {
    marks: &[&["ze2020"], &["uu2020"], &["aav2020"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "cv", when: None, cells: &[&["cv"]], read: four_digits },
        ZoneColumn { key: "ze2020", when: None, cells: &[&["ze2020"]], read: four_digits },
        ZoneColumn { key: "uu2020", when: None, cells: &[&["uu2020"]], read: five_digits },
        ZoneColumn { key: "aav2020", when: None, cells: &[&["aav2020"]], read: three_digits },
        ZoneColumn { key: "cateaav2020", when: None, cells: &[&["cateaav2020"]], read: two_digits },
        ZoneColumn { key: "bv2022", when: None, cells: &[&["bv2022"]], read: five_digits },
    ],
    figures: &[],
    rule: None,
};

/// The density grid, with three and with seven levels.
pub(in crate::layers) const DENSITY: Layout = Layout {
    marks: &[&["dens"]],
    only: None,
    zonings: &[
        ZoneColumn { key: "dens", when: None, cells: &[&["dens"]], read: level_of_3 },
        ZoneColumn { key: "dens7", when: None, cells: &[&["dens7"]], read: level_of_7 },
    ],
    figures: &[],
    rule: None,
};

/// Incomes of communes (Filosofi): households, people, median, share taxed, poverty, first and last decile, their ratio.
/// The year stands behind every name.
pub(in crate::layers) const FILOSOFI: Layout = Layout {
    marks: &[&["med*"], &["nbpersmenfisc*"]],
    only: None,
    zonings: &[],
    figures: &[
        FigureColumn {
            key: "menages",
            when: None,
            names: &["nbmenfisc*"],
            unit: "ménages fiscaux",
            additive: true,
        },
        FigureColumn {
            key: "personnes",
            when: None,
            names: &["nbpersmenfisc*"],
            unit: "personnes",
            additive: true,
        },
        FigureColumn {
            key: "med",
            when: None,
            names: &["med*"],
            unit: "EUR par an et par unité de consommation",
            additive: false,
        },
        FigureColumn {
            key: "pimp",
            when: None,
            names: &["pimp*"],
            unit: "% des ménages fiscaux",
            additive: false,
        },
        FigureColumn {
            key: "tp60",
            when: None,
            names: &["tp60*"],
            unit: "% de la population",
            additive: false,
        },
        FigureColumn {
            key: "d1",
            when: None,
            names: &["d1*"],
            unit: "EUR par an et par unité de consommation",
            additive: false,
        },
        FigureColumn {
            key: "d9",
            when: None,
            names: &["d9*"],
            unit: "EUR par an et par unité de consommation",
            additive: false,
        },
        FigureColumn { key: "rd", when: None, names: &["rd*"], unit: "rapport D9/D1", additive: false },
    ],
    rule: None,
};
