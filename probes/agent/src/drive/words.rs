//! What a drive says on the screen, in plain words.

#![expect(clippy::print_stdout, reason = "a program's answers go to standard output")]

use std::cell::RefCell;

use desserte_model::{Direction, PositionFault, RunOutcome};
use desserte_units::ByteCount;

use super::plan::DrivePlan;
use super::progress::{Pass, Summary};
use crate::runs::Placed;
use crate::status::Language;

/// Something to say.
#[derive(Debug)]
pub(super) enum Word<'a> {
    Begin(Summary),
    NoPosition(Option<PositionFault>),
    Unsure,
    OtherNetwork(Option<String>),
    NothingHere,
    Run { placed: &'a Placed, pass: Option<Pass>, made: Option<u32> },
    DataUsed,
    Complete,
    Summary(Summary),
}

/// The screen. What has not changed is not said again.
#[derive(Debug)]
pub(super) struct Screen {
    language: Language,
    last: RefCell<String>,
}

impl Screen {
    pub(super) fn new(language: Language) -> Self {
        Self { language, last: RefCell::default() }
    }

    pub(super) fn print(&self, text: &str) {
        print!("{text}");
    }

    pub(super) fn say(&self, word: &Word<'_>, plan: &DrivePlan) {
        let text = self.text(word, plan);
        if *self.last.borrow() != text {
            println!("{text}");
            self.last.replace(text);
        }
    }

    fn text(&self, word: &Word<'_>, plan: &DrivePlan) -> String {
        let say = |french: &str, english: &str| self.language.choose(french, english).to_owned();
        match word {
            Word::Begin(summary) => format!(
                "{} {}{}{}",
                self.language.choose("Tournée", "Drive"),
                plan.name,
                self.language.choose(" : ", ": "),
                self.summary(summary, plan)
            ),
            Word::NoPosition(fault) => self.no_position(*fault),
            Word::Unsure => say(
                "La position est trop incertaine pour mesurer.",
                "The position is too uncertain to measure.",
            ),
            Word::OtherNetwork(network) => {
                let network = network.as_deref().unwrap_or("?");
                let wanted = plan.operator.as_deref().unwrap_or("?");
                match self.language {
                    Language::Fr => {
                        format!("Le modem est sur le réseau {network} ; la tournée attend {wanted}.")
                    }
                    Language::En => {
                        format!("The modem is on network {network}; the drive waits for {wanted}.")
                    }
                }
            }
            Word::NothingHere => {
                say("Rien à mesurer ici pour l’instant.", "Nothing to measure here for now.")
            }
            Word::Run { placed, pass, made } => self.run(placed, *pass, *made, plan),
            Word::DataUsed => {
                say("Les données de la tournée sont épuisées.", "The data of the drive are used up.")
            }
            Word::Complete => say(
                "Toutes les cellules du plan ont leurs passages.",
                "All cells of the plan have their passes.",
            ),
            Word::Summary(summary) => self.summary(summary, plan),
        }
    }

    fn no_position(&self, fault: Option<PositionFault>) -> String {
        let (french, english) = match fault {
            Some(PositionFault::Absent) => ("gpsd ne répond pas", "gpsd does not answer"),
            Some(PositionFault::Silent) => ("aucun récepteur ne parle à gpsd", "no receiver speaks to gpsd"),
            Some(PositionFault::NoFix) => {
                ("le récepteur voit trop peu de satellites", "the receiver sees too few satellites")
            }
            Some(PositionFault::Stale) => {
                ("le récepteur répète une ancienne position", "the receiver repeats an earlier position")
            }
            None => ("le récepteur n’a encore rien dit", "the receiver has not said anything yet"),
        };
        let title = self.language.choose("Attente d’une position : ", "Waiting for a position: ");
        format!("{title}{}.", self.language.choose(french, english))
    }

    fn run(&self, placed: &Placed, pass: Option<Pass>, made: Option<u32>, plan: &DrivePlan) -> String {
        let direction = match placed.direction {
            Direction::Download => self.language.choose("réception", "download"),
            Direction::Upload => self.language.choose("émission", "upload"),
        };
        let rate = placed.mean_bits_per_second.map_or_else(
            || self.language.choose("aucun débit mesuré", "no rate measured").to_owned(),
            |rate| self.megabits(rate),
        );
        let level = placed.rsrp_dbm.map_or_else(
            || self.language.choose("radio inconnue", "radio not known").to_owned(),
            |level| format!("{level:.0} dBm"),
        );
        let outcome = match pass.zip(made) {
            Some((pass, made)) => {
                let crossed = if pass.crossed {
                    self.language.choose(", à cheval sur plusieurs cellules", ", across several cells")
                } else {
                    ""
                };
                let (cell, wanted) = (pass.cell, plan.passes);
                match self.language {
                    Language::Fr => format!("cellule {cell}, passage {made} sur {wanted}{crossed}"),
                    Language::En => format!("cell {cell}, pass {made} of {wanted}{crossed}"),
                }
            }
            None => {
                let why = self.why(placed.outcome());
                match self.language {
                    Language::Fr => format!("ne compte pas ({why})"),
                    Language::En => format!("does not count ({why})"),
                }
            }
        };
        match self.language {
            Language::Fr => format!("{direction} : {rate}, {level} ; {outcome}"),
            Language::En => format!("{direction}: {rate}, {level}; {outcome}"),
        }
    }

    fn why(&self, outcome: &RunOutcome) -> &'static str {
        let (french, english) = match outcome {
            RunOutcome::Complete => ("position inconnue", "place not known"),
            RunOutcome::CutShort { .. } => ("interrompu", "cut short"),
            RunOutcome::Unreachable { .. } => ("serveur injoignable", "server not reached"),
            RunOutcome::ServerBusy { .. } => ("serveur occupé", "server busy"),
            RunOutcome::RefusedByBudget { .. } => ("budget du mois épuisé", "the month’s budget is used up"),
            RunOutcome::ProbeFault { .. } => ("défaut de la sonde", "fault of the probe"),
        };
        self.language.choose(french, english)
    }

    fn megabits(&self, bits_per_second: f64) -> String {
        let text = format!("{:.1} Mbit/s", bits_per_second / 1e6);
        match self.language {
            Language::Fr => text.replace('.', ","),
            Language::En => text,
        }
    }

    fn summary(&self, summary: &Summary, plan: &DrivePlan) -> String {
        let mb = |bytes: ByteCount| bytes.as_bytes() / 1_000_000;
        let (used, bound) = (mb(summary.used), mb(plan.bound));
        let Summary { runs, crossed, cells, complete, .. } = summary;
        match self.language {
            Language::Fr => format!(
                "{runs} essais, dont {crossed} à cheval sur plusieurs cellules ; {cells} cellules vues, {complete} avec leurs {} \
                 passages dans les deux sens ; {used} Mo utilisés sur {bound}.",
                plan.passes
            ),
            Language::En => format!(
                "{runs} runs, {crossed} of them across several cells; {cells} cells seen, {complete} with their {} passes in \
                 both directions; {used} MB used of {bound}.",
                plan.passes
            ),
        }
    }
}
