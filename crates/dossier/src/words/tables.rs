//! The figures: uses, rates, outages.

use super::Teller;
use crate::case::{Site, Told, UseFact};
use crate::document::Block;
use crate::request::Lang;

/// Outages listed of one site at the most, the longest ones; the bundle's records have all.
const OUTAGES: usize = 20;

/// So few uses each get a table of all sites: tables of one site would be a row or two long.
const USES_BY_THEMSELVES: usize = 2;

/// Up to so many days the drawings of a line's state stand behind all tables: two fill a page, and one behind each table would leave half of every
/// page white. That of a longer period takes two thirds of a page, and the next table fits below it.
const DAYS_DRAWN_APART: u32 = 31;

impl Teller<'_> {
    pub(super) fn uses(&self) -> Vec<Block> {
        let mut blocks = vec![
            self.heading(1, "Les usages possibles", "Uses that were possible"),
            self.paragraph(
                "Un usage est possible pendant un quart d’heure si la ligne n’est pas coupée et si son débit, son délai et ses pertes suffisent à \
                 ce que l’usage demande au minimum (annexe). Les heures sont celles d’une semaine sans jour férié, à l’heure du lieu. Entre \
                 crochets : ce qui reste vrai quoi qu’il se soit passé pendant les moments que personne n’a observés.",
                "A use is possible in a quarter of an hour if the line is not down and its rate, delay and loss are enough for what the use needs \
                 at least (annex). Hours are those of a week without public holiday, by the clock of the place. In brackets: what stays true \
                 whatever happened while nobody was looking.",
            ),
        ];
        let state = |site: &Site| self.drawing(&format!("days-{}", site.label));
        let drawn_apart = self.case.period.days <= DAYS_DRAWN_APART;
        if self.case.uses.len() <= USES_BY_THEMSELVES && self.case.sites.len() > 1 {
            blocks.extend(self.case.uses.iter().map(|one| self.use_by_site(one)));
            blocks.extend(self.case.sites.iter().filter(|_| !drawn_apart).filter_map(state));
        } else {
            for site in &self.case.sites {
                blocks.push(self.uses_of(site));
                blocks.extend(state(site).filter(|_| !drawn_apart));
            }
        }
        blocks.push(Block::Paragraph { text: self.legend() });
        blocks.extend(self.case.sites.iter().filter(|_| drawn_apart).filter_map(state));
        blocks
    }

    /// The uses of one site, a row each.
    fn uses_of(&self, site: &Site) -> Block {
        let rows = self.case.uses.iter().map(|one| {
            let window = format!("{} ({})", one.window, self.number(one.window_hours, 0));
            [vec![super::front::capital(&one.name), window], self.use_of(site, one).to_vec()].concat()
        });
        Block::Table {
            caption: self.site_caption(site),
            columns: [
                vec![
                    self.t("Usage", "Use").to_owned(),
                    self.t("Plage (heures)", "Window (hours)").to_owned(),
                ],
                self.use_columns(),
            ]
            .concat(),
            rows: rows.collect(),
            widths: vec![6, 5, 2, 3, 2, 2],
            legend: None,
        }
    }

    /// One use of all sites, a row each.
    fn use_by_site(&self, one: &UseFact) -> Block {
        let rows = self
            .case
            .sites
            .iter()
            .map(|site| [vec![self.site_caption(site)], self.use_of(site, one).to_vec()].concat());
        let name = super::front::capital(&one.name);
        Block::Table {
            caption: format!("{name} – {} ({} h)", one.window, self.number(one.window_hours, 0)),
            columns: [vec![self.t("Sonde", "Probe").to_owned()], self.use_columns()].concat(),
            rows: rows.collect(),
            widths: vec![9, 2, 3, 3, 3],
            legend: None,
        }
    }

    fn use_columns(&self) -> Vec<String> {
        [
            self.t("Possible", "Possible"),
            self.t("Bornes", "Bounds"),
            self.t("Solidité", "Solidity"),
            self.t("Avec confort", "With comfort"),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// What is told of one use of one site, in the order of [`Self::use_columns`].
    fn use_of(&self, site: &Site, one: &UseFact) -> [String; 4] {
        let hour = |hours: f64| self.number(hours, 1);
        let id = Some(one.id.as_str());
        let (minimum, comfort) = (self.of(site, "hours", id), self.of(site, "hours_comfortable", id));
        let ends = Self::ends(minimum, hour);
        let ends = if ends == "–" { ends } else { format!("[{ends}]") };
        [Self::value(minimum, hour), ends, self.solidity(minimum), Self::value(comfort, hour)]
    }

    fn site_caption(&self, site: &Site) -> String {
        let class = self.t("classe", "class");
        format!("{} – {} ({}), {class} {:?}", site.label, site.name, site.commune, site.class)
    }

    /// The drawing of that name, if the bundle has one.
    pub(super) fn drawing(&self, name: &str) -> Option<Block> {
        let part = format!("{}{}.svg", crate::bundle::part::DRAWINGS, name.to_lowercase());
        let found = self.case.drawings.iter().find(|drawing| drawing.part == part)?;
        Some(Block::Figure { part, description: format!("{}. {}", found.title, found.description) })
    }

    pub(super) fn rates(&self) -> Vec<Block> {
        let mut blocks = vec![
            self.heading(1, "Les débits", "Throughput"),
            self.paragraph(
                "Débit utile, compté à l’arrivée, après la mise en route de l’essai. « Quatre sur cinq » est le débit que quatre essais sur cinq \
                 atteignent aux heures de pointe : c’est celui sur lequel on peut compter le soir.",
                "Goodput, counted at the receiver, after the run’s ramp. “Four in five” is what four runs in five reach at peak: it is what one \
                 can rely on in the evening.",
            ),
        ];
        let rate = |rate: f64| self.number(rate, 1);
        let mut rows = Vec::new();
        for site in &self.case.sites {
            for (of, name) in
                [("download", self.t("descendant", "download")), ("upload", self.t("montant", "upload"))]
            {
                let figure = |indicator| self.of(site, indicator, Some(of));
                let sold = figure("rate_of_subscribed");
                rows.push(vec![
                    site.label.clone(),
                    name.to_owned(),
                    Self::value(figure("runs"), |runs| self.number(runs, 0)),
                    Self::value(figure("rate_p50"), rate),
                    Self::value(figure("rate_p20_peak"), rate),
                    self.solidity(figure("rate_p20_peak")),
                    Self::value(sold, |share| self.percent(share)),
                ]);
            }
        }
        blocks.push(Block::Table {
            caption: self.t("Débits mesurés, en Mbit/s", "Rates measured, in Mbit/s").to_owned(),
            columns: [
                self.t("Sonde", "Probe"),
                self.t("Sens", "Direction"),
                self.t("Essais", "Runs"),
                self.t("Un sur deux", "Half"),
                self.t("Quatre sur cinq", "Four in five"),
                self.t("Solidité", "Solidity"),
                self.t("Part du débit souscrit déclaré", "Share of the declared subscribed rate"),
            ]
            .map(str::to_owned)
            .to_vec(),
            rows,
            widths: vec![2, 3, 2, 2, 3, 2, 4],
            legend: Some(self.legend()),
        });
        for site in &self.case.sites {
            blocks.extend(self.drawing(&format!("runs-{}", site.label)));
        }
        blocks
    }

    pub(super) fn outages(&self) -> Vec<Block> {
        let mut blocks = vec![
            self.heading(1, "Les coupures", "Outages"),
            self.paragraph(
                "Une coupure est une suite de minutes où rien ne répond, alors que la sonde elle-même marche et que son réseau local répond. Le \
                 temps que personne n’a observé n’est ni une coupure, ni du temps en service.",
                "An outage is a run of minutes in which nothing answers, while the probe itself works and its local network answers. Time that \
                 nobody observed is neither an outage nor time in service.",
            ),
        ];
        let mut rows = Vec::new();
        for site in &self.case.sites {
            let figure = |indicator| self.of(site, indicator, None);
            rows.push(vec![
                site.label.clone(),
                Self::value(figure("outages"), |count| self.number(count, 0)),
                Self::value(figure("outage_total"), Self::time),
                Self::value(figure("time_to_restore_longest"), Self::time),
                Self::value(figure("availability"), |share| format!("{} %", self.number(100.0 * share, 2))),
                Self::value(figure("time_unknown"), |share| self.percent(share)),
                self.solidity(figure("outages")),
            ]);
        }
        blocks.push(Block::Table {
            caption: self.t("Coupures et temps en service", "Outages and time in service").to_owned(),
            columns: [
                self.t("Sonde", "Probe"),
                self.t("Coupures", "Outages"),
                self.t("En tout", "In all"),
                self.t("La plus longue", "Longest"),
                self.t("En service", "In service"),
                self.t("Non observé", "Not observed"),
                self.t("Solidité", "Solidity"),
            ]
            .map(str::to_owned)
            .to_vec(),
            rows,
            widths: vec![2, 2, 2, 3, 3, 3, 2],
            legend: None,
        });
        for site in &self.case.sites {
            blocks.extend(self.outages_of(site));
        }
        blocks
    }

    fn outages_of(&self, site: &Site) -> Option<Block> {
        let told = self.of(site, "outages", None).is_some_and(|figure| figure.state != Told::NotEnough);
        if !told || site.outages.is_empty() {
            return None;
        }
        let mut longest: Vec<_> = site.outages.iter().collect();
        longest.sort_by_key(|outage| (std::cmp::Reverse(outage.seconds), &outage.from));
        longest.truncate(OUTAGES);
        longest.sort_by_key(|outage| &outage.from);
        let rows = longest.iter().map(|outage| {
            #[expect(clippy::cast_precision_loss, reason = "lengths of outages stay far below 2^53 seconds")]
            let time = Self::time(outage.seconds as f64);
            vec![outage.from.clone(), time]
        });
        let (label, all) = (&site.label, site.outages.len());
        Some(Block::Table {
            caption: match self.case.lang {
                Lang::Fr if all > OUTAGES => {
                    format!("{label} : les {OUTAGES} plus longues de {all} coupures")
                }
                Lang::En if all > OUTAGES => format!("{label}: the {OUTAGES} longest of {all} outages"),
                Lang::Fr => format!("{label} : chaque coupure"),
                Lang::En => format!("{label}: each outage"),
            },
            columns: vec![
                self.t("Début (heure du lieu)", "Beginning (local time)").to_owned(),
                self.t("Durée", "Length").to_owned(),
            ],
            rows: rows.collect(),
            widths: vec![3, 2],
            legend: None,
        })
    }
}
