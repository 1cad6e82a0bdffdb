//! One place for the rows of a generation.
//!
//! The data directory says where the history stands ([`crate::HISTORY_FILE`]), and the store remembers where its rows went. A name that
//! was changed or lost would otherwise split a history in two, and questions would be answered from one half of it.

use std::path::Path;
use std::sync::Arc;

use desserte_store::{HandoverTable, Store};

use crate::flush::blocking;
use crate::{Lake, LakeError, LakeOptions, Place, Work};

/// Where the store keeps the generation and the place that rows were handed over to last.
const META_PLACE: &str = "history_place";

/// How the data directory itself is noted, wherever it is moved to.
const HERE: &str = "lake";

impl Lake {
    /// The history that a store hands its rows to at present.
    ///
    /// # Errors
    /// As [`Self::open`], and when the rows that were handed over so far are in another place.
    pub fn of_store<'a>(store: &'a Arc<Store>, data: &'a Path, options: &'a LakeOptions) -> Work<'a, Self> {
        Box::pin(async move {
            let generation = blocking(store, Store::history_generation).await?;
            let lake = Self::open(data, generation, options.clone())?;
            match known(store, data, &lake).await? {
                Some(known) if known != name(&lake) => Err(elsewhere(&lake, known)),
                _ => Ok(lake),
            }
        })
    }
}

/// Before rows are handed over: notes the place, unless rows of the generation went to another that has not become this one.
pub(crate) async fn note(store: &Arc<Store>, data: &Path, lake: &Lake) -> Result<(), LakeError> {
    let named = name(lake);
    if let Some(known) = known(store, data, lake).await?
        && known != named
    {
        // What no longer waits must be there: copied from the other place.
        let (first, issued) = blocking(store, |store| {
            let offered = store.handover(1)?;
            Ok((offered.last, offered.issued))
        })
        .await?;
        let (_, mark) = lake.snapshot(HandoverTable::Custody).await?;
        if mark.map_or(0, |mark| mark - lake.place().collector().base())
            < first.map_or(issued, |first| first - 1)
        {
            return Err(elsewhere(lake, known));
        }
    }
    let value = format!("{} {named}", lake.generation());
    let noted = blocking(store, |store| store.meta(META_PLACE)).await?;
    if noted.as_deref() == Some(value.as_str()) {
        return Ok(());
    }
    blocking(store, move |store| store.set_meta(META_PLACE, &value)).await
}

fn name(lake: &Lake) -> String {
    match lake.place().is_remote() {
        true => lake.place().to_string(),
        false => HERE.to_owned(),
    }
}

/// Whether a store has never handed anything over, in any generation.
pub(crate) async fn is_new(store: &Arc<Store>, data: &Path) -> Result<bool, LakeError> {
    let noted = blocking(store, |store| store.meta(META_PLACE)).await?;
    Ok(noted.is_none() && !Place::files(data)?.path(Path::new("")).exists())
}

/// Where rows of this generation went; `None` when none did.
async fn known(store: &Arc<Store>, data: &Path, lake: &Lake) -> Result<Option<String>, LakeError> {
    let noted = blocking(store, |store| store.meta(META_PLACE)).await?;
    let noted = noted.as_deref().and_then(|text| text.split_once(' '));
    Ok(match noted {
        Some((generation, place)) => (generation == lake.generation().to_string()).then(|| place.to_owned()),
        // By a program that noted nothing, into the only place that it knew.
        None => {
            let generation = Place::files(data)?.path(Path::new(&lake.generation().to_string()));
            generation.is_dir().then(|| HERE.to_owned())
        }
    })
}

fn elsewhere(lake: &Lake, known: String) -> LakeError {
    LakeError::Elsewhere { generation: lake.generation(), known, named: name(lake) }
}
