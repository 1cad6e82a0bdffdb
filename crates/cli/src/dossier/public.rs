//! What may be in a dossier that anyone gets: probes in public buildings whose owners agreed, and nothing that tells of another place.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, anyhow};
use desserte_custody::{Proof, ProvenBatch};
use desserte_dossier::Lang;
use desserte_model::{CommuneCode, LonLat};
use desserte_store::{Host, Store};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use serde::Deserialize;

use crate::out::Failure;

/// Notes after which what is declared of a probe's place may not hold for what it recorded before.
const MOVED: [&str; 3] = ["install", "move", "reset"];

/// How far apart two positions of one probe in one building may be said to be, in degrees: some 200 m, as satellites and typing err. Further
/// apart, it has been moved.
const SAME_PLACE: (f64, f64) = (0.003, 0.002);

/// The rule, for one commune.
pub(super) struct Rule<'a> {
    territory: &'a Territory,
    commune: CommuneCode,
    lang: Lang,
    /// Identifiers of probes in public buildings.
    public: BTreeSet<String>,
    /// The first position met of each key.
    places: BTreeMap<String, (f64, f64)>,
}

#[derive(Deserialize)]
struct Placed {
    position: Position,
}

#[derive(Deserialize)]
struct Position {
    lon: f64,
    lat: f64,
}

impl<'a> Rule<'a> {
    pub(super) fn new(
        store: &Store,
        territory: &'a Territory,
        commune: &str,
        lang: Lang,
    ) -> anyhow::Result<Self> {
        let hosts = store.hosts()?;
        let public = hosts.into_iter().filter(|(_, host)| *host == Host::PublicBuilding);
        Ok(Self {
            territory,
            commune: commune.parse().map_err(|_| anyhow!("{commune:?} is no commune's code"))?,
            lang,
            public: public.map(|(probe, _)| probe).collect(),
            places: BTreeMap::new(),
        })
    }

    /// Whether a probe's batches may be handed out.
    pub(super) fn allows(&self, probe: &str) -> bool {
        self.public.contains(probe)
    }

    /// Refuses a batch that tells of a place elsewhere: batches are whole, and the probe may have stood in a home before.
    pub(super) fn check(&mut self, batch: &ProvenBatch) -> Result<(), Failure> {
        let lines =
            desserte_custody::records(batch).map_err(|fault| anyhow!("batch {}: {fault}", batch.batch))?;
        for line in lines {
            let placed: Placed = serde_json::from_slice(&line)
                .with_context(|| format!("a record of batch {} has no position", batch.batch))?;
            let Position { lon, lat } = placed.position;
            let found = LonLat::new(lon, lat)
                .ok()
                .and_then(|point| self.territory.locate(point).commune().map(|found| found.code));
            let (first_lon, first_lat) = *self.places.entry(batch.public_key.clone()).or_insert((lon, lat));
            let near = (lon - first_lon).abs() <= SAME_PLACE.0 && (lat - first_lat).abs() <= SAME_PLACE.1;
            if found != Some(self.commune) || !near {
                return Err(self.refusal(
                    "Une sonde de bâtiment public a aussi mesuré ailleurs pendant ces jours : ses relevés ne peuvent pas être publiés.",
                    "A probe in a public building measured elsewhere as well in these days: its records cannot be published.",
                ));
            }
        }
        Ok(())
    }

    /// Refuses where there is nothing to hand out.
    pub(super) fn check_any(&self, any: bool) -> Result<(), Failure> {
        if any {
            return Ok(());
        }
        Err(self.refusal(
            "Aucune sonde déclarée dans un bâtiment public n’a mesuré dans cette commune ce mois-là. Les relevés de sondes posées chez des \
             particuliers ne sont jamais publiés.",
            "No probe declared to stand in a public building measured in this commune in that month. Records of probes in homes are never \
             published.",
        ))
    }

    /// Refuses what was recorded before a probe was installed or moved: it is declared public where it stands now.
    pub(super) fn check_notes(&self, notes: &[Proof], from: Timestamp) -> Result<(), Failure> {
        let moved = notes
            .iter()
            .filter_map(|note| note.event.as_ref())
            .any(|event| MOVED.contains(&event.kind.as_str()) && event.happened_us > from);
        if !moved {
            return Ok(());
        }
        Err(self.refusal(
            "Une sonde a été posée ou déplacée depuis le début de cette période : rien ne dit que ses relevés d’avant soient ceux d’un bâtiment \
             public.",
            "A probe was installed or moved since this period began: nothing says that its earlier records are those of a public building.",
        ))
    }

    fn refusal(&self, french: &str, english: &str) -> Failure {
        let (said, then) = match self.lang {
            Lang::Fr => {
                (french, "L’exploitant de ce collecteur peut remettre un dossier complet aux parties.")
            }
            Lang::En => (english, "The operator of this collector can hand a whole dossier to the parties."),
        };
        Failure::no(anyhow!("{said} {then}"))
    }
}
