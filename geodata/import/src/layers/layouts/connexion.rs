//! Ma connexion internet (Arcep): premises by technology and by bit rate.
//!
//! Columns of a table overlap (a premise with fibre may have cable too) and thresholds are cumulative: figures of one
//! table are never added. Only the table of best technologies counts each premise once.

use crate::layers::layout::{FigureColumn, Layout, Rule};

/// Rows of all premises, where a table also has them by kind.
const ALL: Option<(&str, &str)> = Some(("type", "all"));

/// Best technology of each premise with 8 Mbit/s and more.
pub(in crate::layers) const BEST: Layout = Layout {
    marks: &[&["nbr_elig_8"]],
    only: ALL,
    zonings: &[],
    figures: &[
        FigureColumn { key: "locaux", when: None, names: &["nbr"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_8", when: None, names: &["nbr_elig_8"], unit: "locaux", additive: true },
        FigureColumn {
            key: "meilleure_ftth",
            when: None,
            names: &["elig_ftth"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_coax",
            when: None,
            names: &["elig_coax"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_cu_30",
            when: None,
            names: &["elig_cu_30"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_thdr",
            when: None,
            names: &["elig_thdr"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_cu_8",
            when: None,
            names: &["elig_cu_8"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_4gf",
            when: None,
            names: &["elig_4gf", "elig_4fg"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_hdr",
            when: None,
            names: &["elig_hdr"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "meilleure_sat",
            when: None,
            names: &["elig_sat"],
            unit: "locaux",
            additive: true,
        },
    ],
    rule: Some(Rule::Sum {
        whole: "nbr_elig_8",
        parts: &[
            "elig_ftth",
            "elig_coax",
            "elig_cu_30",
            "elig_thdr",
            "elig_cu_8",
            "elig_4gf",
            "elig_hdr",
            "elig_sat",
        ],
    }),
};

/// Premises by technology.
pub(in crate::layers) const TECHNOLOGIES: Layout = Layout {
    marks: &[&["nbr"], &["elig_ftth"], &["elig_cu"]],
    only: ALL,
    zonings: &[],
    figures: &[
        FigureColumn { key: "locaux", when: None, names: &["nbr"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_ftth", when: None, names: &["elig_ftth"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_coax", when: None, names: &["elig_coax"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_cu", when: None, names: &["elig_cu"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_thdr", when: None, names: &["elig_thdr"], unit: "locaux", additive: true },
        FigureColumn {
            key: "elig_4gf",
            when: None,
            names: &["elig_4gf", "elig_4fg"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn { key: "elig_hdr", when: None, names: &["elig_hdr"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_sat", when: None, names: &["elig_sat"], unit: "locaux", additive: true },
    ],
    rule: Some(Rule::AtMost {
        whole: "nbr",
        parts: &["elig_ftth", "elig_coax", "elig_cu", "elig_thdr", "elig_4gf", "elig_hdr", "elig_sat"],
    }),
};

/// Premises by bit rate: with satellites, without, or by wire only, as the file's name says.
pub(in crate::layers) const BIT_RATES: Layout = Layout {
    marks: &[&["nbr"], &["elig_thd30"], &["elig_thd100"]],
    only: ALL,
    zonings: &[],
    figures: &[
        FigureColumn { key: "locaux", when: None, names: &["nbr"], unit: "locaux", additive: true },
        FigureColumn { key: "inel_hd", when: None, names: &["inel_hd"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_hd05", when: None, names: &["elig_hd05"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_hd3", when: None, names: &["elig_hd3"], unit: "locaux", additive: true },
        FigureColumn { key: "elig_bhd8", when: None, names: &["elig_bhd8"], unit: "locaux", additive: true },
        FigureColumn {
            key: "elig_thd30",
            when: None,
            names: &["elig_thd30"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "elig_thd100",
            when: None,
            names: &["elig_thd100"],
            unit: "locaux",
            additive: true,
        },
        FigureColumn {
            key: "elig_thd1g",
            when: None,
            names: &["elig_thd1g"],
            unit: "locaux",
            additive: true,
        },
    ],
    rule: Some(Rule::AtMost {
        whole: "nbr",
        parts: &["inel_hd", "elig_hd05", "elig_hd3", "elig_bhd8", "elig_thd30", "elig_thd100", "elig_thd1g"],
    }),
};

/// Premises, and nothing else.
pub(in crate::layers) const PREMISES: Layout = Layout {
    marks: &[&["nbr"]],
    only: ALL,
    zonings: &[],
    figures: &[FigureColumn { key: "locaux", when: None, names: &["nbr"], unit: "locaux", additive: true }],
    rule: None,
};
