//! Essential uses: what each takes of a line, and when it is wanted.

use desserte_equity::Parameter;
use serde::Deserialize;
use toml::Spanned;

use crate::file::{BadFile, Positive, Share, read};
use crate::thresholds::Thresholds;
use crate::window::Window;

/// When a slot of time is known, and when a line that is down spoils it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRule {
    /// Length in minutes.
    pub minutes: SlotMinutes,
    /// Fewest minutes of known state for the slot to be known.
    pub known_min: u32,
    /// Down minutes from which on no use is possible.
    pub down_min: u32,
    /// Fewest echoes for a share of loss to be known.
    pub echoes_min: u32,
    /// Lost echoes below which loss counts as none.
    pub lost_min: u32,
}

/// Length of a slot: it divides the quarter of an hour on which windows begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct SlotMinutes(u32);

impl TryFrom<u32> for SlotMinutes {
    type Error = String;

    fn try_from(minutes: u32) -> Result<Self, String> {
        if [5, 15].contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(format!("{minutes} is not 5 or 15 minutes"))
        }
    }
}

impl SlotMinutes {
    /// Minutes.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// How far from its moment an observation speaks, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// A throughput run.
    pub run: u32,
    /// An attempt to load a page.
    pub page: u32,
}

/// A session, such as a teleconsultation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawSession")]
pub struct SessionRule {
    /// Length in minutes.
    pub minutes: usize,
    /// Minutes between two starts.
    pub every: usize,
    /// Degraded minutes that it stands.
    pub degraded_max: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSession {
    minutes: usize,
    every: usize,
    degraded_max: usize,
}

impl TryFrom<RawSession> for SessionRule {
    type Error = String;

    fn try_from(raw: RawSession) -> Result<Self, String> {
        let RawSession { minutes, every, degraded_max } = raw;
        if (1..=240).contains(&minutes) && (1..=60).contains(&every) {
            Ok(Self { minutes, every, degraded_max })
        } else {
            Err("a session lasts 1 to 240 minutes, and one begins every 1 to 60".to_owned())
        }
    }
}

/// What a use takes, as a file says it. What is not named is not asked.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNeeds {
    set: Option<Spanned<String>>,
    down: Option<Parameter<Positive>>,
    up: Option<Parameter<Positive>>,
    rtt: Option<Parameter<Positive>>,
    loss: Option<Parameter<Share>>,
    variation: Option<Parameter<Positive>>,
    page: Option<Parameter<Positive>>,
    voice_r: Option<Parameter<Positive>>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUse {
    id: String,
    fr: String,
    en: String,
    window: Spanned<String>,
    #[serde(default)]
    sessions: bool,
    both: Option<Spanned<(String, String)>>,
    minimum: Option<RawNeeds>,
    comfortable: Option<RawNeeds>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUses {
    set: String,
    slot: Parameter<SlotRule>,
    reach: Parameter<Reach>,
    session: Parameter<SessionRule>,
    bands: Parameter<[Share; 2]>,
    area_quantile: Parameter<Share>,
    regular: Parameter<Share>,
    public_buildings: Parameter<Share>,
    windows: Vec<Window>,
    peak: Parameter<Spanned<String>>,
    uses: Vec<Spanned<RawUse>>,
}

/// What a use takes of a line, all at once. `None`: it does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Needs {
    /// Download, Mbit/s at least.
    pub down: Option<f64>,
    /// Upload, Mbit/s at least.
    pub up: Option<f64>,
    /// Round trip, ms at most.
    pub rtt: Option<f64>,
    /// Loss, share at most.
    pub loss: Option<f64>,
    /// Variation of the round trip, ms at most.
    pub variation: Option<f64>,
    /// Time to load a page, s at most.
    pub page: Option<f64>,
    /// Estimated R at least.
    pub voice_r: Option<f64>,
}

/// A use with its window and two levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// Its identifier.
    pub id: String,
    /// Its name in French.
    pub fr: String,
    /// Its name in English.
    pub en: String,
    /// Place of its window in [`Uses::windows`].
    pub window: usize,
    /// Whether sessions of it are told.
    pub sessions: bool,
    /// What it takes at least.
    pub minimum: Needs,
    /// What makes it comfortable.
    pub comfortable: Needs,
}

/// The uses of one file, with the rules by which they are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Uses {
    /// Name of the set, with its version.
    pub set: String,
    /// When a slot is known.
    pub slot: SlotRule,
    /// How far observations speak.
    pub reach: Reach,
    /// What a session is.
    pub session: SessionRule,
    /// Bounds of the bands of the median over the subscribed rate, rising.
    pub bands: [f64; 2],
    /// Quantile over sites of an area's consistent rate.
    pub area_quantile: f64,
    /// Share of the window from which on a use is regularly possible.
    pub regular: f64,
    /// Share of sites in public buildings from which on a figure is flagged.
    pub public_buildings: f64,
    /// Windows.
    pub windows: Vec<Window>,
    /// Place of the window of peak hours in [`Self::windows`].
    pub peak: usize,
    /// Uses.
    pub uses: Vec<Use>,
}

impl Uses {
    /// Reads uses from the text of their file; they may name sets of `thresholds`.
    ///
    /// # Errors
    /// A key is unknown or missing, a number is not one it can be, or a name is of nothing.
    pub fn parse(text: &str, thresholds: &Thresholds) -> Result<Self, BadFile> {
        let raw: RawUses = read(text)?;
        let window = |name: &Spanned<String>| {
            let found = raw.windows.iter().position(|window| window.id == *name.get_ref());
            let message = || format!("{:?} is no window of this file", name.get_ref());
            found.ok_or_else(|| BadFile::at(text, name.span().start, message()))
        };
        let mut uses: Vec<Use> = Vec::new();
        for spanned in &raw.uses {
            let RawUse { id, fr, en, window: at, sessions, both, minimum, comfortable } = spanned.get_ref();
            let wrong = |message: String| BadFile::at(text, spanned.span().start, message);
            if uses.iter().any(|other| other.id == *id) {
                return Err(wrong(format!("the use {id:?} is there twice")));
            }
            let (least, best) = match (both, minimum, comfortable) {
                (Some(both), None, None) => {
                    let (a, b) = both.get_ref();
                    let one = |name: &String| {
                        let message = || format!("{name:?} is no use before this one");
                        let found = uses.iter().find(|other| other.id == *name);
                        found.ok_or_else(|| BadFile::at(text, both.span().start, message()))
                    };
                    let (a, b) = (one(a)?, one(b)?);
                    (a.minimum.and(b.minimum), a.comfortable.and(b.comfortable))
                }
                (None, Some(minimum), best) => {
                    let least = minimum.over(Needs::default(), text, thresholds)?;
                    let best = best.clone().unwrap_or_default().over(least, text, thresholds)?;
                    (least, best)
                }
                _ => return Err(wrong(format!("the use {id:?} has either a minimum or two uses in `both`"))),
            };
            if least == Needs::default() {
                return Err(wrong(format!("the use {id:?} asks nothing of a line")));
            }
            let (id, fr, en) = (id.clone(), fr.clone(), en.clone());
            let window = window(at)?;
            uses.push(Use { id, fr, en, window, sessions: *sessions, minimum: least, comfortable: best });
        }
        let peak = window(&raw.peak.value)?;
        Ok(Self {
            slot: raw.slot.value,
            reach: raw.reach.value,
            session: raw.session.value,
            bands: raw.bands.value.map(Share::get),
            area_quantile: raw.area_quantile.value.get(),
            regular: raw.regular.value.get(),
            public_buildings: raw.public_buildings.value.get(),
            set: raw.set,
            windows: raw.windows,
            peak,
            uses,
        })
    }

    /// The window of peak hours.
    #[must_use]
    pub fn peak(&self) -> &Window {
        &self.windows[self.peak]
    }
}

impl RawNeeds {
    /// What is named here over what is asked anyway.
    fn over(&self, below: Needs, text: &str, thresholds: &Thresholds) -> Result<Needs, BadFile> {
        let set = match &self.set {
            None => None,
            Some(name) => Some(thresholds.get(name.get_ref()).ok_or_else(|| {
                let message = format!("{:?} is no set of thresholds", name.get_ref());
                BadFile::at(text, name.span().start, message)
            })?),
        };
        let value = |own: &Option<Parameter<Positive>>| own.as_ref().map(|own| own.value.get());
        let share = |own: &Option<Parameter<Share>>| own.as_ref().map(|own| own.value.get());
        // Of the steps of a rate a use that names the set takes the lowest.
        let step = |steps: &Option<Parameter<Vec<Positive>>>| {
            steps.as_ref().and_then(|steps| steps.value.iter().copied().map(Positive::get).reduce(f64::min))
        };
        Ok(Needs {
            down: value(&self.down).or(set.and_then(|set| step(&set.down))).or(below.down),
            up: value(&self.up).or(set.and_then(|set| step(&set.up))).or(below.up),
            rtt: value(&self.rtt).or(set.and_then(|set| value(&set.rtt))).or(below.rtt),
            loss: share(&self.loss).or(set.and_then(|set| share(&set.loss))).or(below.loss),
            variation: value(&self.variation)
                .or(set.and_then(|set| value(&set.variation)))
                .or(below.variation),
            page: value(&self.page).or(set.and_then(|set| value(&set.page))).or(below.page),
            voice_r: value(&self.voice_r).or(below.voice_r),
        })
    }
}

impl Needs {
    /// What two uses at once take: the sum of the rates, the stricter of the rest.
    fn and(self, other: Self) -> Self {
        let fold = |a: Option<f64>, b: Option<f64>, both: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(both(a, b)),
            (one, other) => one.or(other),
        };
        Self {
            down: fold(self.down, other.down, |a, b| a + b),
            up: fold(self.up, other.up, |a, b| a + b),
            rtt: fold(self.rtt, other.rtt, f64::min),
            loss: fold(self.loss, other.loss, f64::min),
            variation: fold(self.variation, other.variation, f64::min),
            page: fold(self.page, other.page, f64::min),
            voice_r: fold(self.voice_r, other.voice_r, f64::max),
        }
    }
}
