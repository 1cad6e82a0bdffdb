//! Where the made-up probes stand, and what happens to them.

use desserte_model::{CommuneCode, LonLat};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::line::Line;

/// Communes with three probes: enough to see that places in one commune differ.
const COMMUNES_OF_THREE: usize = 5;

/// Communes with one probe.
const COMMUNES_OF_ONE: usize = 19;

/// Points tried before a commune is given up as one without an inside.
const TRIES: usize = 200;

/// What is particular about a made-up probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Story {
    /// Nothing.
    Usual,
    /// Installed on the last day: too little to say anything.
    New,
    /// Stopped half-way: the rest is missing, neither up nor down.
    Lost,
    /// A long outage, whose records arrive when it is over.
    LongOutage,
    /// A clock that was not set for its first day; an anchor comes later.
    LateClock,
    /// A batch that was stuck arrives after all the others.
    OutOfOrder,
}

/// A made-up probe's place and line.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) commune: CommuneCode,
    pub(super) commune_name: String,
    pub(super) point: LonLat,
    pub(super) line: Line,
    pub(super) story: Story,
    /// Whether it stands in a public building; the others stand at someone's home.
    pub(super) public: bool,
}

impl Site {
    /// When its records begin.
    pub(super) fn from(&self, end: Timestamp, days: i64) -> Timestamp {
        let days = if self.story == Story::New { 1 } else { days };
        end.saturating_add_micros(-days * 86_400_000_000)
    }

    /// When its records end.
    pub(super) fn until(&self, end: Timestamp, days: i64) -> Timestamp {
        let missing = if self.story == Story::Lost { days / 2 } else { 0 };
        end.saturating_add_micros(-missing * 86_400_000_000)
    }
}

pub(super) fn choose(territory: &Territory, departement: &str, random: &mut ChaCha8Rng) -> Vec<Site> {
    let mut communes: Vec<_> = territory.communes_of_departement(departement).collect();
    // A shuffle of our own (Fisher and Yates), so that another version of the library changes nothing.
    for i in (1..communes.len()).rev() {
        communes.swap(i, random.random_range(0..=i));
    }
    let mut sites = Vec::new();
    for (rank, commune) in communes.iter().take(COMMUNES_OF_THREE + COMMUNES_OF_ONE).enumerate() {
        let probes = if rank < COMMUNES_OF_THREE { 3 } else { 1 };
        for probe in 0..probes {
            let Some(point) = point_inside(territory, commune.code, random) else { continue };
            sites.push(Site {
                commune: commune.code,
                commune_name: commune.name.clone(),
                point,
                line: Line::choose(random),
                story: story(rank, probe),
                public: probe == 0 && rank % 2 == 0,
            });
        }
    }
    sites
}

fn story(rank: usize, probe: usize) -> Story {
    match (rank, probe) {
        (1, 2) => Story::Lost,
        (2, _) => Story::LongOutage,
        (3, 1) => Story::OutOfOrder,
        (COMMUNES_OF_THREE, _) | (6, _) => Story::New,
        (7, _) => Story::LateClock,
        (8, _) => Story::LongOutage,
        _ => Story::Usual,
    }
}

/// A point that the territory itself places in the commune.
fn point_inside(territory: &Territory, commune: CommuneCode, random: &mut ChaCha8Rng) -> Option<LonLat> {
    let bounds = territory.outline(commune)?.bounds();
    (0..TRIES).find_map(|_| {
        let lon = bounds.min().x + bounds.width() * random.random_range(0.0..1.0);
        let lat = bounds.min().y + bounds.height() * random.random_range(0.0..1.0);
        let point = LonLat::new(lon, lat).ok()?;
        territory.locate(point).commune().is_some_and(|found| found.code == commune).then_some(point)
    })
}
