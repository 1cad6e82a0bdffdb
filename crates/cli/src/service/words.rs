//! What is told, in words and numbers, for those who answer for a place.

use std::cell::RefCell;
use std::time::Duration;

use desserte_equity::verdict::{Lack, Told as State, Verdict};
use desserte_service::{AreaUse, Hours, RateFigures, SessionFigure, SiteReport};

use super::Told;
use crate::arguments::Lang;

/// All that is told, line by line.
pub(super) fn of(told: &Told<'_>, lang: Lang) -> Vec<String> {
    let teller = Teller { told, lang, reasons: RefCell::default() };
    let mut lines = teller.head();
    teller.area(&mut lines);
    for report in told.reports {
        lines.push(String::new());
        teller.site(report, &mut lines);
    }
    teller.legend(&mut lines);
    lines.push(String::new());
    lines.push(format!("{} {}", teller.t("Paramètres :", "Parameters:"), told.sets.names().join(", ")));
    lines
}

/// The letter of a reason: there are fewer kinds of them than letters.
fn letter(place: usize) -> String {
    u32::try_from(place)
        .ok()
        .and_then(|place| char::from_u32(u32::from('a') + place))
        .map_or_else(|| place.to_string(), String::from)
}

struct Teller<'a> {
    told: &'a Told<'a>,
    lang: Lang,
    /// What figures lack, in the order in which it was first told: each is named by its letter, and said once at the end.
    reasons: RefCell<Vec<String>>,
}

impl Teller<'_> {
    fn t<'t>(&self, french: &'t str, english: &'t str) -> &'t str {
        if self.lang == Lang::Fr { french } else { english }
    }

    fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    fn percent(&self, share: f64) -> String {
        format!("{} %", self.number(100.0 * share, 1))
    }

    fn name(&self, of: usize) -> String {
        let own = &self.told.sets.uses.uses[of];
        self.t(&own.fr, &own.en).to_owned()
    }

    fn window(&self, of: usize) -> &str {
        let uses = &self.told.sets.uses;
        let window = &uses.windows[uses.uses[of].window];
        self.t(&window.fr, &window.en)
    }

    fn head(&self) -> Vec<String> {
        let Told { place, from, to, area, .. } = self.told;
        let (sites, communes) = (area.sites, area.communes);
        let everything = self.t("tout ce qui est mesuré", "everything that is measured");
        let place = if place.is_empty() { everything } else { place };
        let mut lines = vec![match self.lang {
            Lang::Fr => format!(
                "Service rendu par les lignes : {place}, du {from} inclus au {to} exclu, heure locale"
            ),
            Lang::En => format!("What the lines allowed: {place}, from {from} until before {to}, local time"),
        }];
        if self.told.demonstration {
            lines.push(
                self.t(
                    "DÉMONSTRATION : rien ici ne décrit une vraie ligne.",
                    "DEMONSTRATION: nothing here describes a real line.",
                )
                .to_owned(),
            );
        }
        lines.push(match self.lang {
            Lang::Fr => format!("Points de mesure : {sites}, communes : {communes}"),
            Lang::En => format!("Sites: {sites}, communes: {communes}"),
        });
        if sites == 0 {
            lines.push(
                self.t(
                    "Rien n'a été mesuré ici pendant cette période.",
                    "Nothing was measured here in this period.",
                )
                .to_owned(),
            );
        } else if area.may_be_biased {
            let (public, unsaid) = area.public_buildings;
            lines.push(match self.lang {
                Lang::Fr => format!(
                    "Attention : {public} dans des bâtiments publics et {unsaid} de lieu non déclaré ; les bâtiments publics sont au \
                     centre, les écarts et hameaux peuvent être moins bien servis."
                ),
                Lang::En => format!(
                    "Beware: {public} in public buildings and {unsaid} of undeclared place; public buildings stand in centres, outlying \
                     houses may be served less well."
                ),
            });
        }
        lines
    }

    fn area(&self, lines: &mut Vec<String>) {
        let area = &self.told.area;
        if area.sites == 0 {
            return;
        }
        lines.push(String::new());
        lines.push(
            self.t(
                "Ensemble du territoire (points de mesure pondérés par les habitants de leur commune)",
                "The whole territory (sites weighted by the inhabitants of their commune)",
            )
            .to_owned(),
        );
        if area.unweighted > 0 {
            let said = self.t(
                "points sans population connue, laissés de côté",
                "sites without a known population, left out",
            );
            lines.push(format!("  {} {said}", area.unweighted));
        }
        for figure in &area.uses {
            lines.push(format!("  {} : {}", self.name(figure.of), self.area_use(figure)));
        }
        let both = [
            ("débit descendant", "download", &area.consistent_down),
            ("débit montant", "upload", &area.consistent_up),
        ];
        for (french, english, rate) in both {
            let said = self.t(
                "que quatre points sur cinq atteignent quatre fois sur cinq aux heures de pointe",
                "that four sites in five reach four times in five at peak",
            );
            let rate = self.verdict(rate.as_ref(), |rate| format!("{} Mbit/s", self.number(*rate, 1)));
            lines.push(format!("  {} {said} : {rate}", self.t(french, english)));
        }
    }

    fn area_use(&self, figure: &AreaUse) -> String {
        let hours = self.verdict(figure.hours.as_ref(), |hours| {
            let interval = hours.interval.map_or_else(String::new, |interval| {
                let (low, high) = (self.number(interval.low, 1), self.number(interval.high, 1));
                format!(" ; {} {low} {} {high}", self.t("intervalle", "interval"), self.t("à", "to"))
            });
            format!(
                "{}{interval}",
                self.hours(hours.hours, hours.window_hours, hours.hours_low, hours.hours_high)
            )
        });
        let regular = figure.regular.as_ref().and_then(|verdict| match verdict.told() {
            State::Enough((share, _)) | State::Indicative((share, _), _) => Some(self.percent(*share)),
            State::NotEnough(_) => None,
        });
        let regular = regular.map_or_else(String::new, |share| {
            format!(" ; {} {share}", self.t("régulièrement possible pour", "regularly possible for"))
        });
        format!("{hours}{regular} ({})", self.window(figure.of))
    }

    fn hours(&self, hours: f64, of: f64, low: f64, high: f64) -> String {
        format!(
            "{} h {} {} h {} [{} {} {}]",
            self.number(hours, 1),
            self.t("sur", "of"),
            self.number(of, 0),
            self.t("par semaine", "a week"),
            self.number(low, 1),
            self.t("à", "to"),
            self.number(high, 1)
        )
    }

    /// A figure, its state, and what it lacks; no number where there is not enough.
    fn verdict<T>(&self, verdict: Option<&Verdict<T>>, tell: impl Fn(&T) -> String) -> String {
        match verdict.map(Verdict::told) {
            None => self.t("non mesuré", "not measured").to_owned(),
            Some(State::Enough(figure)) => tell(figure),
            Some(State::Indicative(figure, lacks)) => {
                format!("{} ({} : {})", tell(figure), self.t("indicatif", "indicative"), self.lacks(lacks))
            }
            Some(State::NotEnough(lacks)) => {
                format!("{} ({})", self.t("données insuffisantes", "not enough data"), self.lacks(lacks))
            }
        }
    }

    fn lacks(&self, lacks: &[Lack]) -> String {
        let told = lacks.iter().map(|lack| match (lack, self.lang) {
            (Lack::Observations { wanted }, Lang::Fr) => {
                format!("moins de {} observations indépendantes", self.number(*wanted, 0))
            }
            (Lack::Observations { wanted }, Lang::En) => {
                format!("fewer than {} independent observations", self.number(*wanted, 0))
            }
            (Lack::ClassAProbes { .. }, Lang::Fr) => "aucune sonde déclarée de classe A".to_owned(),
            (Lack::ClassAProbes { .. }, Lang::En) => "no probe declared of class A".to_owned(),
            (Lack::Days { wanted }, Lang::Fr) => format!("moins de {wanted} jours"),
            (Lack::Days { wanted }, Lang::En) => format!("fewer than {wanted} days"),
            (Lack::Slots { wanted }, Lang::Fr) => {
                format!("moins de {:.0} % du temps observé", 100.0 * wanted)
            }
            (Lack::Slots { wanted }, Lang::En) => {
                format!("less than {:.0} % of the time observed", 100.0 * wanted)
            }
        });
        let mut reasons = self.reasons.borrow_mut();
        let letters = told.map(|reason| {
            let place = reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
                reasons.push(reason);
                reasons.len() - 1
            });
            letter(place)
        });
        letters.collect::<Vec<_>>().join(", ")
    }

    /// What the letters beside figures mean.
    fn legend(&self, lines: &mut Vec<String>) {
        let reasons = self.reasons.borrow();
        if reasons.is_empty() {
            return;
        }
        lines.push(String::new());
        lines.push(
            self.t(
                "Indicatif : à lire avec prudence. Données insuffisantes : aucun chiffre n'est donné. Il manque :",
                "Indicative: to be read with care. Not enough data: no figure is given. What is lacking:",
            )
            .to_owned(),
        );
        lines.extend(
            reasons.iter().enumerate().map(|(place, reason)| format!("  ({}) {reason}", letter(place))),
        );
    }

    fn site(&self, report: &SiteReport, lines: &mut Vec<String>) {
        let commune = report.site.commune;
        let name =
            self.told.territory.commune(commune).map_or_else(String::new, |found| format!("{} ", found.name));
        let (probe, days) = (report.site.probe.as_str(), report.days);
        lines.push(match self.lang {
            Lang::Fr => format!("Point de mesure {probe}, {name}({commune}), jours observés : {days}"),
            Lang::En => format!("Site {probe}, {name}({commune}), days observed: {days}"),
        });
        lines.push(format!(
            "  {}",
            self.t(
                "Heures de la semaine où l'usage était possible [bornes]",
                "Hours of the week in which the use was possible [bounds]"
            )
        ));
        for figure in &report.uses {
            let tell = |hours: &Hours| {
                let estimate = hours.hours.unwrap_or(f64::NAN);
                self.hours(estimate, hours.window_hours, hours.hours_low, hours.hours_high)
            };
            lines.push(format!(
                "    {} : {}",
                self.name(figure.of),
                self.verdict(Some(&figure.minimum), tell)
            ));
            if let State::Enough(hours) | State::Indicative(hours, _) = figure.comfortable.told() {
                lines.push(format!("      {} {}", self.t("avec confort :", "with comfort:"), tell(hours)));
            }
            if let Some(sessions) = &figure.sessions {
                lines.push(format!("      {}", self.sessions(sessions)));
            }
        }
        for rates in &report.rates {
            self.rates(rates, lines);
        }
        self.rest(report, lines);
    }

    fn sessions(&self, sessions: &Verdict<SessionFigure>) -> String {
        let told = self.verdict(Some(sessions), |sessions| {
            let counts = &sessions.counts;
            let interval = sessions.interval.map_or_else(String::new, |interval| {
                let (low, high) = (self.percent(interval.low), self.percent(interval.high));
                format!(", {} {low} {} {high}", self.t("intervalle", "interval"), self.t("à", "to"))
            });
            let (lost, known, unknown) = (counts.lost, counts.held + counts.lost, counts.unknown);
            let share = self.percent(sessions.lost_share);
            match self.lang {
                Lang::Fr => format!("{lost} perdues sur {known} ({share}{interval}) ; {unknown} inconnues"),
                Lang::En => format!("{lost} lost of {known} ({share}{interval}); {unknown} unknown"),
            }
        });
        let minutes = self.told.sets.uses.session.minutes;
        match self.lang {
            Lang::Fr => format!("séances de {minutes} min : {told}"),
            Lang::En => format!("sessions of {minutes} min: {told}"),
        }
    }

    fn rates(&self, rates: &RateFigures, lines: &mut Vec<String>) {
        let download = rates.direction == desserte_model::Direction::Download;
        let name = if download {
            self.t("Débit descendant", "Download")
        } else {
            self.t("Débit montant", "Upload")
        };
        let megabits = |rate: &f64| format!("{} Mbit/s", self.number(*rate, 1));
        lines.push(format!("  {name}"));
        let mut add = |french: &str, english: &str, told: String| {
            lines.push(format!("    {} : {told}", self.t(french, english)));
        };
        add(
            "atteint par la moitié des essais",
            "reached by half of the runs",
            self.verdict(rates.p50.as_ref(), megabits),
        );
        add(
            "atteint par quatre essais sur cinq aux heures de pointe",
            "reached by four runs in five at peak",
            self.verdict(rates.p20_peak.as_ref(), megabits),
        );
        let ratio = |ratio: &f64| self.number(*ratio, 2);
        add(
            "stabilité aux heures de pointe",
            "stability at peak",
            self.verdict(rates.stability.as_ref(), ratio),
        );
        add(
            "heures de pointe / autres heures",
            "peak over other hours",
            self.verdict(rates.peak_ratio.as_ref(), ratio),
        );
        let bands = self.told.sets.uses.bands;
        let sold = rates.subscribed.map_or_else(
            || self.t("débit souscrit non déclaré", "subscribed rate not declared").to_owned(),
            |subscribed| {
                let told = self.verdict(rates.of_subscribed.as_ref(), |share| {
                    let band = match share {
                        share if *share > bands[1] => self.t("au-dessus de", "above"),
                        share if *share >= bands[0] => self.t("proche de", "near"),
                        _ => self.t("en dessous de", "below"),
                    };
                    format!(
                        "{} ({band} {} – {})",
                        self.percent(*share),
                        self.percent(bands[0]),
                        self.percent(bands[1])
                    )
                });
                format!("{told}, {} {} Mbit/s", self.t("pour", "for"), self.number(subscribed, 1))
            },
        );
        add("part du débit souscrit déclaré", "share of the declared subscribed rate", sold);
    }

    fn rest(&self, report: &SiteReport, lines: &mut Vec<String>) {
        let outages = self.verdict(report.outages.as_ref(), |outages| {
            let time = |time: Option<Duration>| {
                time.map_or_else(|| self.t("aucune", "none").to_owned(), |time| self.duration(time))
            };
            let (count, total, unknown) =
                (outages.count, self.duration(outages.total), self.percent(outages.unknown_share));
            let (median, longest) = (time(outages.median), time(outages.longest));
            match self.lang {
                Lang::Fr => format!(
                    "{count}, en tout {total} ; rétablissement : médiane {median}, au plus {longest} ; {unknown} du temps inconnu"
                ),
                Lang::En => format!(
                    "{count}, {total} in all; time to restore: median {median}, at most {longest}; {unknown} of the time unknown"
                ),
            }
        });
        lines.push(format!("  {} : {outages}", self.t("Coupures", "Outages")));
        let voice = self.verdict(report.voice.as_ref(), |voice| {
            format!(
                "R {} ({} {}), MOS {}",
                self.number(voice.r_p20, 1),
                self.t("médiane", "median"),
                self.number(voice.r_p50, 1),
                self.number(voice.mos_p20, 2)
            )
        });
        let said = self.t(
            "Qualité des appels estimée (modèle de planification), quatre créneaux sur cinq",
            "Estimated quality of calls (planning model), four slots in five",
        );
        lines.push(format!("  {said} : {voice}"));
        let score = |score: &f64| self.number(*score, 3);
        let (original, evidence) = (
            self.verdict(report.iqb.original.as_ref(), score),
            self.verdict(report.iqb.evidence.as_ref(), score),
        );
        let said = self.t(
            "IQB, convention de ses auteurs (le meilleur habituel)",
            "IQB, its authors' convention (the typical best)",
        );
        lines.push(format!("  {said} : {original}"));
        let said = self.t(
            "IQB, ce que quatre mesures sur cinq atteignent en pointe",
            "IQB, what four in five reach at peak",
        );
        lines.push(format!("  {said} : {evidence}"));
    }

    fn duration(&self, time: Duration) -> String {
        let minutes = (time.as_secs() + 30) / 60;
        match (minutes / 60, minutes % 60) {
            (0, minutes) => format!("{minutes} min"),
            (hours, minutes) => format!("{hours} h {minutes:02}"),
        }
    }
}
