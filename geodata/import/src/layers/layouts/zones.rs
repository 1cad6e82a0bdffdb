//! Legal zonings.

use crate::layers::cells::{abc, frr, zrr, zrr_2019};
use crate::layers::layout::{Layout, ZoneColumn};

/// Rural revitalisation zones, official table (COG 2021).
pub(in crate::layers) const ZRR: Layout = Layout {
    marks: &[&["zrr_simp"]],
    only: None,
    zonings: &[ZoneColumn { key: "zrr", when: None, cells: &[&["zrr_simp"]], read: zrr }],
    figures: &[],
    rule: None,
};

/// Rural revitalisation zones, list of August 2019.
pub(in crate::layers) const ZRR_2019: Layout = Layout {
    marks: &[&["statut_source"], &["id_source"]],
    only: None,
    zonings: &[ZoneColumn { key: "zrr", when: None, cells: &[&["statut_source"]], read: zrr_2019 }],
    figures: &[],
    rule: None,
};

/// France ruralités revitalisation, from July 2024.
pub(in crate::layers) const FRR: Layout = Layout {
    marks: &[FRR_STATUS],
    only: None,
    zonings: &[ZoneColumn { key: "frr", when: None, cells: &[FRR_STATUS], read: frr }],
    figures: &[],
    rule: None,
};

const FRR_STATUS: &[&str] = &["frr", "zonage_frr", "classement_frr", "statut_frr", "frr_simp", "niveau_frr"];

/// Tension of housing.
pub(in crate::layers) const ABC: Layout = Layout {
    marks: &[ABC_ZONE],
    only: None,
    zonings: &[ZoneColumn { key: "abc", when: None, cells: &[ABC_ZONE], read: abc }],
    figures: &[],
    rule: None,
};

const ABC_ZONE: &[&str] = &["zonage_abc", "zone_abc", "abc"];
