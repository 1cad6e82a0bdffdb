//! Addresses of an area's page and of those beside it.

use super::super::address::Links;
use super::super::scale::Indicator;
use super::super::text;
use super::{Part, Query};
use crate::area::Area;
use crate::figures::Window;
use crate::zonings::Zoned;

/// Periods offered, in days.
pub(in crate::ui) const PERIODS: [u16; 3] = [7, 30, 90];

pub(in crate::ui) struct Link {
    pub(in crate::ui) label: String,
    pub(in crate::ui) address: String,
    pub(in crate::ui) current: bool,
}

/// Parameters as links take them.
pub(in crate::ui) fn borrowed<'a>(of: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    of.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Addresses of this page and of those beside it.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) area: &'a Area,
    pub(super) part: Part,
    pub(super) query: &'a Query,
    pub(super) zoning: Option<&'a str>,
    pub(super) links: Links<'a>,
}

impl Own<'_> {
    pub(super) fn address(self, indicator: Indicator, zoning: Option<&str>) -> String {
        self.part_address(self.part, indicator, zoning)
    }

    /// The other part of what is told, with the same indicator and zoning.
    pub(super) fn other_part(self) -> String {
        self.part_address(self.part.other(), self.query.indicateur, self.zoning)
    }

    fn part_address(self, part: Part, indicator: Indicator, zoning: Option<&str>) -> String {
        self.links.to(&part.path(self.area), &borrowed(&self.query.parameters(indicator, zoning)))
    }

    /// Another page with the same indicator and zoning.
    pub(super) fn to(self, path: &str) -> String {
        self.links.to(path, &borrowed(&self.query.parameters(self.query.indicateur, self.zoning)))
    }

    /// The zoomable map, opened on a département.
    pub(super) fn zoom(self, departement: Option<&str>) -> String {
        let mut parameters = self.query.parameters(self.query.indicateur, self.zoning);
        parameters.extend(departement.map(|code| ("departement", code.to_owned())));
        self.links.to("/carte", &borrowed(&parameters))
    }

    pub(super) fn tabs(self) -> Vec<Link> {
        let lang = self.query.lang;
        let names = [
            (Indicator::Debit, lang.t("Débit descendant médian", "Median download")),
            (Indicator::Coupures, lang.t("Coupures", "Outages")),
        ];
        let tab = |(indicator, label): (Indicator, &str)| Link {
            label: label.to_owned(),
            address: self.address(indicator, self.zoning),
            current: indicator == self.query.indicateur,
        };
        names.into_iter().map(tab).collect()
    }

    pub(super) fn periods(self) -> Vec<Link> {
        let period = |days: u16| {
            let window = Window { days, ..*self.links.window };
            Link {
                label: text::days(days.into(), self.query.lang),
                address: Own { links: Links { window: &window, ..self.links }, ..self }
                    .address(self.query.indicateur, self.zoning),
                current: days == self.links.window.days,
            }
        };
        PERIODS.into_iter().map(period).collect()
    }

    /// The zonings offered, none first; empty where there is none to offer.
    pub(super) fn zonings(self, offered: &[Zoned<'_>]) -> Vec<Link> {
        if offered.is_empty() {
            return Vec::new();
        }
        let link = |key: Option<&str>, label: &str| Link {
            label: label.to_owned(),
            address: self.address(self.query.indicateur, key),
            current: key == self.zoning,
        };
        let lang = self.query.lang;
        let each = offered.iter().map(|zoned| {
            let rule = &zoned.column.rule;
            link(Some(&rule.key), lang.t(&rule.fr, &rule.en))
        });
        std::iter::once(link(None, lang.t("aucun", "none"))).chain(each).collect()
    }
}
