//! What every request handler shares.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use desserte_boot::build::BuildInfo;
use desserte_equity::ReleaseRules;
use desserte_ledger::ClassColumn;
use desserte_model::{CommuneCode, ProbeId};
use desserte_service::Sets;
use desserte_store::{Store, StoreError};
use desserte_territory::drawing::{
    Canvas, DepartementMap, Detail, NationalMap, communes_map, national_map, zone_lines,
};
use desserte_territory::{Commune, Territory};
use desserte_units::Timestamp;

use crate::area::Area;
use crate::config::Config;
use crate::contributions::{self, Residents};
use crate::dossiers::Desk;
use crate::enrol::Gate;
use crate::figures::{self, CommuneFigures, Compared, Figures, Kept, Reading, SiteUses, Window};
use crate::indicators::Months;
use crate::ingest::Intake;
use crate::locate::Limiter;
use crate::login::Login;
use crate::map::MapFiles;
use crate::metrics::Metrics;
use crate::open_data::OpenData;
use crate::register::Register;
use crate::server::ServeError;
use crate::ui::Index;
use crate::zonings::{self, Zoned};

/// Key under which a demonstration store says so.
pub const META_DEMONSTRATION: &str = "demonstration";

/// Key of the moment that a demonstration store takes for now, microseconds since the Unix epoch.
pub const META_AS_OF: &str = "as_of_us";

/// Key of this collector's address as probes reach it, as it was given last.
pub const META_ADDRESS: &str = "public_address";

/// Directory of dossiers that were asked for, beside the store; nothing in it is kept nowhere else.
pub const DOSSIERS: &str = "dossiers";

/// Window in which the dossiers that an address asks for are counted.
const ASKING_WINDOW: Duration = Duration::from_secs(3_600);

/// Window in which the figures that an address has kept are counted.
const KEEPING_WINDOW: Duration = Duration::from_secs(3_600);

/// Window in which the tests of an address are counted.
const GIVING_WINDOW: Duration = Duration::from_secs(3_600);

/// Lines between zones kept at once, some ten kilobytes each; beyond it all are forgotten.
const ZONES_MAX: usize = 512;

/// Width in pixels of a map that stands by itself, before it is scaled.
const MAP_WIDTH_PX: u32 = 900;

/// The same of the map of all départements.
const NATIONAL_WIDTH_PX: u32 = 600;

/// What a map of communes is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sketch {
    /// A page, which has to be light.
    Page,
    /// A file of its own, or a part of it seen from near.
    Whole,
}

/// What every request handler shares.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) store: Store,
    /// Where changes of probes and codes are decided.
    pub(crate) register: Register,
    pub(crate) territory: Territory,
    pub(crate) metrics: Metrics,
    pub(crate) build: BuildInfo,
    /// Whether figures are of a demonstration, by configuration, store or territory.
    pub(crate) demonstration: bool,
    as_of: Option<Timestamp>,
    /// How often clients may ask where to measure.
    pub(crate) limiter: Limiter,
    /// How often residents may give tests.
    pub(crate) giving: Limiter,
    /// How often addresses may ask for a dossier.
    pub(crate) asking: Limiter,
    /// How often addresses may have figures kept.
    pub(crate) keeping: Limiter,
    /// Dossiers that were asked for.
    pub(crate) desk: Desk,
    /// The directory of the store.
    pub(crate) data: PathBuf,
    /// Files of the map that can be zoomed.
    pub(crate) map_files: Option<MapFiles>,
    /// How often requests to be enrolled are refused.
    pub(crate) gate: Gate,
    /// How often requests of the administration are refused.
    pub(crate) admin_gate: Gate,
    /// How people log in.
    pub(crate) login: Login,
    /// Files of open data.
    pub(crate) open_data: OpenData,
    /// Months of indicators, and published scenarios.
    pub(crate) months: Months,
    figures: Kept<BTreeMap<CommuneCode, CommuneFigures>>,
    compared: Kept<Compared>,
    uses: Kept<Vec<SiteUses>>,
    residents: Kept<Residents>,
    /// Held by whoever computes at length: readers never take more than one processor from the probes.
    at_length: Mutex<()>,
    sets: OnceLock<Sets>,
    places: OnceLock<Index>,
    national: OnceLock<NationalMap>,
    maps: Mutex<HashMap<(Area, Sketch), Arc<DepartementMap>>>,
    zonings: OnceLock<Vec<ClassColumn>>,
    zones: Mutex<HashMap<(Area, Sketch, String), Arc<str>>>,
    under_way: Mutex<HashMap<ProbeId, usize>>,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        data: &Path,
        store: Store,
        territory: Territory,
        map_files: Option<MapFiles>,
        metrics: Metrics,
        build: BuildInfo,
    ) -> Result<Self, ServeError> {
        let labelled = store.meta(META_DEMONSTRATION)?.is_some();
        let as_of = store.meta(META_AS_OF)?.and_then(|us| us.parse().ok()).map(Timestamp::from_unix_micros);
        let demonstration = labelled || territory.is_synthetic() || config.publication.demonstration;
        let window = Duration::from_secs(u64::from(config.locate.window_s));
        // A collector that is started again does not begin with the same server.
        let seed = now().as_unix_micros().unsigned_abs();
        let limiter = Limiter::new(config.locate.requests_per_address, window, seed);
        let giving = Limiter::new(config.contributions.requests_per_address, GIVING_WINDOW, seed);
        let directory = Some(config.open_data.directory.clone()).filter(|path| !path.as_os_str().is_empty());
        Ok(Self {
            limiter,
            giving,
            asking: Limiter::new(config.dossiers.requests_per_address, ASKING_WINDOW, seed),
            keeping: Limiter::new(config.editions.requests_per_address, KEEPING_WINDOW, seed),
            desk: Desk::new(data.join(DOSSIERS), &config.dossiers),
            data: data.to_owned(),
            map_files,
            gate: Gate::new(config.enrolment.refused_per_address),
            admin_gate: Gate::new(config.enrolment.refused_per_address),
            login: Login::new(&config.login)?,
            open_data: OpenData::new(directory),
            months: Months::new(data),
            config,
            store,
            register: Register::own(),
            territory,
            metrics,
            build,
            demonstration,
            as_of,
            figures: Kept::default(),
            compared: Kept::default(),
            uses: Kept::default(),
            residents: Kept::default(),
            at_length: Mutex::default(),
            sets: OnceLock::new(),
            places: OnceLock::new(),
            national: OnceLock::new(),
            maps: Mutex::default(),
            zonings: OnceLock::new(),
            zones: Mutex::default(),
            under_way: Mutex::default(),
        })
    }

    /// The same, sharing its probes and codes with other collectors where the register does.
    pub(crate) fn sharing(mut self, register: Register) -> Self {
        self.register = register;
        self
    }

    /// The figures of every commune of a département that has rows in the period.
    pub(crate) fn departement_figures(&self, code: &str, window: &Window) -> Result<Figures, StoreError> {
        let make = || figures::of_departement(&self.store, code, window, &self.config.publication);
        self.figures.get(code, window, make)
    }

    /// The figures of an area's communes that have rows in the period. Those of an intercommunality are the ones that are told
    /// with its départements: there is one figure of a commune, wherever it is shown.
    pub(crate) fn figures_of(&self, area: &Area, window: &Window) -> Result<Figures, StoreError> {
        if let Area::Departement(code) = area {
            return self.departement_figures(code, window);
        }
        let mut own = BTreeMap::new();
        let communes: Vec<&Commune> = area.communes(&self.territory).collect();
        let departements: BTreeSet<&str> =
            communes.iter().map(|commune| commune.departement.as_str()).collect();
        for departement in departements {
            let figures = self.departement_figures(departement, window)?;
            let within = communes.iter().filter_map(|commune| figures.get_key_value(&commune.code));
            own.extend(within.map(|(code, figures)| (*code, figures.clone())));
        }
        Ok(Arc::new(own))
    }

    /// What two sets of readings allow to say; `what` names them.
    pub(crate) fn compared(&self, what: &str, window: &Window, sides: [&[Reading]; 2]) -> Arc<Compared> {
        let make = || {
            let _turn = self.turn();
            Ok::<_, std::convert::Infallible>(figures::compare(sides))
        };
        match self.compared.get(what, window, make) {
            Ok(compared) => compared,
            Err(never) => match never {},
        }
    }

    /// Hours in which each use was possible on the lines of a commune.
    pub(crate) fn uses(
        &self,
        commune: CommuneCode,
        window: &Window,
    ) -> Result<Arc<Vec<SiteUses>>, StoreError> {
        self.uses.get(commune.as_str(), window, || {
            let _turn = self.turn();
            figures::uses_of_commune(&self.store, commune, window, self.sets())
        })
    }

    /// What may be told of tests that residents of a département gave, over the whole months before this one.
    pub(crate) fn residents(&self, departement: &str) -> Result<Arc<Residents>, StoreError> {
        let Some(window) = contributions::window(self.as_of()) else { return Ok(Arc::default()) };
        self.residents.get(departement, &window, || {
            let tests = self.store.contributions(departement, window.period)?;
            Ok(contributions::residents(&tests, &ReleaseRules::built_in()))
        })
    }

    /// The parameters of what lines allowed.
    pub(crate) fn sets(&self) -> &Sets {
        self.sets.get_or_init(Sets::built_in)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        // Nothing is behind it that a panic could have left half done.
        self.at_length.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names of places, for finding them.
    pub(crate) fn places(&self) -> &Index {
        self.places.get_or_init(|| Index::new(&self.territory))
    }

    /// The drawing of every département, made once.
    pub(crate) fn national_map(&self) -> &NationalMap {
        self.national.get_or_init(|| national_map(&self.territory, Detail::Departements, NATIONAL_WIDTH_PX))
    }

    /// Where batches go, and by which rules.
    pub(crate) fn intake(&self) -> Intake<'_> {
        Intake { store: &self.store, territory: &self.territory, rules: &self.config.ingest }
    }

    /// The moment up to which figures are shown: now, or the end of a demonstration store's time.
    pub(crate) fn as_of(&self) -> Timestamp {
        self.as_of.unwrap_or_else(now)
    }

    /// The drawing of an area, made once.
    pub(crate) fn map(&self, area: &Area, sketch: Sketch) -> Option<Arc<DepartementMap>> {
        let key = (area.clone(), sketch);
        if let Ok(maps) = self.maps.lock()
            && let Some(map) = maps.get(&key)
        {
            return Some(Arc::clone(map));
        }
        let canvas = self.canvas(area, sketch)?;
        let map = Arc::new(communes_map(&self.territory, &|commune| area.holds(commune), canvas)?);
        if let Ok(mut maps) = self.maps.lock() {
            // Twice as many as the territory has départements and intercommunalities, since others have no map.
            maps.insert(key, Arc::clone(&map));
        }
        Some(map)
    }

    fn canvas(&self, area: &Area, sketch: Sketch) -> Option<Canvas> {
        match sketch {
            Sketch::Page => Canvas::light(&self.territory, &|commune| area.holds(commune)),
            Sketch::Whole => Some(Canvas::wide(MAP_WIDTH_PX)),
        }
    }

    /// Zonings that maps can show.
    pub(crate) fn zonings(&self) -> &[ClassColumn] {
        self.zonings.get_or_init(|| zonings::of(&self.territory))
    }

    /// The lines between the zones of a zoning that have signs, on the map of an area.
    pub(crate) fn zone_lines(&self, area: &Area, zoned: &Zoned<'_>, sketch: Sketch) -> Arc<str> {
        let key = (area.clone(), sketch, zoned.column.rule.key.clone());
        if let Ok(zones) = self.zones.lock()
            && let Some(lines) = zones.get(&key)
        {
            return Arc::clone(lines);
        }
        let within = |commune: &Commune| area.holds(commune);
        let sign = |commune: &Commune| zoned.zone(commune.code).and_then(|zone| zone.sign);
        let lines =
            self.canvas(area, sketch).and_then(|canvas| zone_lines(&self.territory, &within, &sign, canvas));
        let lines: Arc<str> = lines.unwrap_or_default().into();
        if let Ok(mut zones) = self.zones.lock() {
            if zones.len() >= ZONES_MAX {
                zones.clear();
            }
            zones.insert(key, Arc::clone(&lines));
        }
        lines
    }

    /// Takes one of a probe's places; `None` when it has as many requests under way as it may.
    pub(crate) fn enter(self: &Arc<Self>, probe: &ProbeId) -> Option<Place> {
        let mut under_way = self.under_way.lock().ok()?;
        let count = under_way.entry(probe.clone()).or_insert(0);
        if *count >= self.config.ingest.requests_per_probe {
            return None;
        }
        *count += 1;
        Some(Place { shared: Arc::clone(self), probe: probe.clone() })
    }
}

/// A request of a probe that is under way; dropping it frees the place.
pub(crate) struct Place {
    shared: Arc<Shared>,
    probe: ProbeId,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(mut under_way) = self.shared.under_way.lock()
            && let Some(count) = under_way.get_mut(&self.probe)
        {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.probe);
            }
        }
    }
}

/// The collector's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
