//! All the sets that a figure is made by.

use desserte_equity::Parameters;

use crate::calendar::Calendars;
use crate::file::BadFile;
use crate::iqb::Iqb;
use crate::thresholds::Thresholds;
use crate::uses::Uses;
use crate::voice::VoiceModel;

/// The sets of parameters that figures are made by. Records know nothing of them: another set changes no measurement.
#[derive(Debug, Clone)]
pub struct Sets {
    /// When there is enough to say something.
    pub statistics: Parameters,
    /// Thresholds that lines are held against.
    pub thresholds: Thresholds,
    /// Uses, windows, slots.
    pub uses: Uses,
    /// Local time and holidays.
    pub calendars: Calendars,
    /// Internet Quality Barometer.
    pub iqb: Iqb,
    /// Planning model of voice.
    pub voice: VoiceModel,
    thresholds_text: String,
    uses_text: String,
    calendars_text: String,
    iqb_text: String,
    voice_text: String,
    statistics_text: String,
}

const THRESHOLDS: &str = include_str!("../parameters/thresholds-1.toml");
const USES: &str = include_str!("../parameters/uses-1.toml");
const CALENDARS: &str = include_str!("../parameters/calendar-1.toml");
const IQB: &str = include_str!("../parameters/iqb-1.toml");
const VOICE: &str = include_str!("../parameters/voice-1.toml");

impl Sets {
    /// The sets that this version of the program comes with.
    ///
    /// # Panics
    /// Never: the files are part of the program, and tests read them.
    #[must_use]
    pub fn built_in() -> Self {
        let read = "a test reads the built-in sets";
        let thresholds = Thresholds::parse(THRESHOLDS).expect(read);
        Self {
            statistics: Parameters::built_in(),
            uses: Uses::parse(USES, &thresholds).expect(read),
            thresholds,
            calendars: Calendars::parse(CALENDARS).expect(read),
            iqb: Iqb::parse(IQB).expect(read),
            voice: VoiceModel::parse(VOICE).expect(read),
            thresholds_text: THRESHOLDS.to_owned(),
            uses_text: USES.to_owned(),
            calendars_text: CALENDARS.to_owned(),
            iqb_text: IQB.to_owned(),
            voice_text: VOICE.to_owned(),
            statistics_text: Parameters::BUILT_IN.to_owned(),
        }
    }

    /// Puts the set of a file in the place of the built-in one of its kind, which its name tells: `uses-2` are uses.
    ///
    /// # Errors
    /// The file has no name, one of no kind, the name of a built-in set with other contents, or cannot be used.
    pub fn replace(&mut self, text: &str) -> Result<(), BadFile> {
        let name = name(text)?;
        let wrong = |message: String| BadFile { line: None, message };
        if self.names().contains(&name.as_str()) && !self.is_built_in(&name, text) {
            return Err(wrong(format!(
                "the set is named {name:?} as the one that the program comes with: give a set that differs a name of its own"
            )));
        }
        match name.rsplit_once('-').map(|(kind, _)| kind) {
            Some("statistics") => {
                self.statistics = Parameters::parse(text).map_err(|error| {
                    let source = std::error::Error::source(&error).map(ToString::to_string);
                    wrong(source.unwrap_or_else(|| error.to_string()))
                })?;
                text.clone_into(&mut self.statistics_text);
            }
            Some("thresholds") => {
                self.thresholds = Thresholds::parse(text)?;
                text.clone_into(&mut self.thresholds_text);
                self.uses = Uses::parse(&self.uses_text, &self.thresholds)?;
            }
            Some("uses") => {
                self.uses = Uses::parse(text, &self.thresholds)?;
                text.clone_into(&mut self.uses_text);
            }
            Some("calendar") => {
                self.calendars = Calendars::parse(text)?;
                text.clone_into(&mut self.calendars_text);
            }
            Some("iqb") => {
                self.iqb = Iqb::parse(text)?;
                text.clone_into(&mut self.iqb_text);
            }
            Some("voice") => {
                self.voice = VoiceModel::parse(text)?;
                text.clone_into(&mut self.voice_text);
            }
            _ => {
                return Err(wrong(format!(
                    "{name:?} names no kind of set: statistics, thresholds, uses, calendar, iqb or voice, then a dash and a version"
                )));
            }
        }
        Ok(())
    }

    /// Names of the sets, in a fixed order; a verdict names them.
    #[must_use]
    pub fn names(&self) -> [&str; 6] {
        [
            &self.uses.set,
            &self.thresholds.set,
            &self.calendars.set,
            &self.iqb.set,
            &self.voice.set,
            &self.statistics.set,
        ]
    }

    /// Texts of the sets, in the order of [`Self::names`]: whoever has them can make the same figures.
    #[must_use]
    pub fn texts(&self) -> [&str; 6] {
        [
            &self.uses_text,
            &self.thresholds_text,
            &self.calendars_text,
            &self.iqb_text,
            &self.voice_text,
            &self.statistics_text,
        ]
    }

    fn is_built_in(&self, name: &str, text: &str) -> bool {
        self.names().into_iter().zip(self.texts()).any(|own| own == (name, text))
    }
}

/// The name of the set in a file.
fn name(text: &str) -> Result<String, BadFile> {
    let table: toml::Table = crate::file::read(text)?;
    let name = table.get("set").and_then(|name| name.as_str());
    name.map(str::to_owned).ok_or_else(|| BadFile { line: None, message: "`set` names the set".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Sets::built_in().replace(text).unwrap_err().to_string()
    }

    /// The built-in uses under a name of their own, one thing changed.
    fn changed(from: &str, to: &str) -> String {
        assert!(USES.contains(from), "{from}");
        USES.replace("uses-1", "uses-9").replacen(from, to, 1)
    }

    #[test]
    fn the_built_in_sets_are_read_and_their_windows_have_the_hours_they_say() {
        let sets = Sets::built_in();
        let names = ["uses-1", "thresholds-1", "calendar-1", "iqb-1", "voice-1", "statistics-4"];
        assert_eq!(sets.names(), names);
        let hours: Vec<f64> = sets
            .uses
            .uses
            .iter()
            .map(|own| sets.uses.windows[own.window].rule.value.hours_per_week())
            .collect();
        assert_eq!(hours, [50.0, 168.0, 50.0, 50.0, 65.0, 35.0]);
    }

    #[test]
    fn a_level_takes_what_its_set_asks_and_two_uses_take_the_sum_of_rates_and_the_stricter_rest() {
        let uses = Sets::built_in().uses;
        let of = |id: &str| uses.uses.iter().find(|own| own.id == id).unwrap();
        let consultation = of("teleconsultation");
        assert_eq!((consultation.minimum.down, consultation.minimum.rtt), (Some(1.2), Some(100.0)));
        assert_eq!((consultation.comfortable.down, consultation.comfortable.loss), (Some(4.0), Some(0.01)));
        let both = of("two_at_once");
        assert_eq!((both.minimum.down, both.minimum.up), (Some(16.0), Some(4.0)));
        assert_eq!((both.minimum.rtt, both.comfortable.down), (Some(100.0), Some(55.0)));
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_line() {
        let line = |text: &str, wanted: &str| {
            text.lines().position(|line| line.contains(wanted)).map(|line| line + 1).unwrap()
        };
        for (from, to, said) in [
            ("minimum.down = { value = 3,", "minimum.down = { value = -3,", "-3 is not a number above zero"),
            (
                "minimum.loss = { value = 0.01",
                "minimum.loss = { value = 1.01",
                "1.01 is not a share from 0 to 1",
            ),
            ("window = \"always\"", "window = \"sometimes\"", "\"sometimes\" is no window of this file"),
            (
                "minimum.set = \"video-client\"",
                "minimum.set = \"video\"",
                "\"video\" is no set of thresholds",
            ),
            ("to = \"23:00\"", "to = \"17:00\"", "a window ends after it begins"),
            ("from = \"18:00\", to = \"21:00\"", "from = \"17:45\", to = \"21:00\"", "named twice"),
            ("known_min = 12", "known_most = 12", "unknown field `known_most`"),
            ("mark = \"proposal\"", "mark = \"rumour\"", "unknown variant `rumour`"),
            ("both = [\"telework\"", "both = [\"telepathy\"", "\"telepathy\" is no use before this one"),
        ] {
            let text = changed(from, to);
            let told = refused(&text);
            assert!(told.contains(said), "{told}");
            // A table that has a fault in one of its values may be named by its own line.
            let at = line(&text, to);
            let said_at: usize =
                told.strip_prefix("line ").unwrap().split(':').next().unwrap().parse().unwrap();
            assert!(said_at <= at && at - said_at <= 3, "{told}, expected {at}");
        }
        assert!(refused("set = \"calendar-2\"\n").contains("missing field"));
        assert!(refused("set = \"colours-1\"\n").contains("names no kind of set"));
        assert!(refused("value = 3\n").contains("`set` names the set"));
        assert!(refused("set = \n").starts_with("line 1"));
    }

    #[test]
    fn another_set_has_another_name_and_figures_name_it() {
        let same_name = USES.replacen("value = 3,", "value = 4,", 1);
        assert!(refused(&same_name).contains("a name of its own"));
        let mut sets = Sets::built_in();
        assert_eq!(sets.replace(USES), Ok(()), "the built-in set is the built-in set");
        sets.replace(&changed("minimum.down = { value = 3,", "minimum.down = { value = 4,")).unwrap();
        assert_eq!((sets.names()[0], sets.uses.uses[0].minimum.down), ("uses-9", Some(4.0)));
        let thresholds = THRESHOLDS
            .replace("thresholds-1", "thresholds-2")
            .replace("value = 100, unit = \"ms\"", "value = 80, unit = \"ms\"");
        sets.replace(&thresholds).unwrap();
        assert_eq!(sets.uses.uses[2].minimum.rtt, Some(80.0), "uses take thresholds of the new set");
    }
}
