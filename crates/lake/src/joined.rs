//! Which collectors write a history that stands in an object store.
//!
//! Each writes an object `collectors/NUMBER` with the identity of its store and its generation, which only one of two can create. So two
//! collectors cannot count under the same number, and a new one takes part in the generation that the others are in.

use std::path::Path;
use std::sync::Arc;

use desserte_store::Store;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::flush::blocking;
use crate::numbers::CollectorNumber;
use crate::{Lake, LakeError, Work, agreed};

/// The directory of these objects beside the generations.
const COLLECTORS: &str = "collectors";

/// Where a store keeps its identity: made up once, and the same in a copy that is put back.
const META_IDENTITY: &str = "history_store";

/// What a collector says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    store: String,
    generation: i64,
}

impl Lake {
    /// The other collectors that write this history; none when it stands in files.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub fn others(&self) -> Work<'_, Vec<CollectorNumber>> {
        Box::pin(async move {
            let own = self.place().collector();
            let Some(store) = self.place().store() else { return Ok(Vec::new()) };
            let mut others = numbers(self, store).await?;
            others.retain(|number| *number != own);
            Ok(others)
        })
    }

    /// Every collector that writes this history.
    pub(crate) async fn collectors(&self) -> Result<Vec<CollectorNumber>, LakeError> {
        let mut all = self.others().await?;
        all.push(self.place().collector());
        all.sort_unstable();
        Ok(all)
    }
}

/// Before rows are handed over: takes this collector's number, and the others' generation if it has never handed anything over.
pub(crate) async fn join(store: &Arc<Store>, data: &Path, lake: &Lake) -> Result<(), LakeError> {
    let Some(objects) = lake.place().store() else { return Ok(()) };
    let own = lake.place().collector();
    let mut generation = lake.generation();
    let mut alone = true;
    for number in numbers(lake, objects).await? {
        if number == own {
            continue;
        }
        alone = false;
        let Some(entry) = read(lake, objects, number).await? else { continue };
        if entry.generation == generation {
            continue;
        }
        // What was handed over once would be there twice.
        if !agreed::is_new(store, data).await? {
            let (own, other) = (generation, entry.generation);
            return Err(LakeError::Generations { own, collector: number, other });
        }
        generation = entry.generation;
        let taken = generation;
        blocking(store, move |store| store.take_generation(taken)).await?;
    }
    let wanted = Entry { store: identity(store).await?, generation };
    let known = match read(lake, objects, own).await? {
        Some(known) => known,
        None => {
            if write(lake, objects, own, &wanted, PutMode::Create).await? {
                return Ok(());
            }
            read(lake, objects, own).await?.unwrap_or_else(|| wanted.clone())
        }
    };
    if known.store != wanted.store {
        return Err(LakeError::NumberTaken { collector: own, place: lake.place().to_string() });
    }
    if known != wanted && alone {
        write(lake, objects, own, &wanted, PutMode::Overwrite).await?;
    }
    Ok(())
}

/// The numbers that are taken.
async fn numbers(lake: &Lake, store: &Arc<dyn ObjectStore>) -> Result<Vec<CollectorNumber>, LakeError> {
    let path = Path::new(COLLECTORS);
    let listed = store
        .list_with_delimiter(Some(&lake.place().location(path)?))
        .await
        .map_err(|error| unreadable(lake, path, error))?;
    let number = |name: &str| name.parse().ok().and_then(CollectorNumber::new);
    let mut found: Vec<_> =
        listed.objects.iter().filter_map(|object| number(object.location.filename()?)).collect();
    found.sort_unstable();
    Ok(found)
}

async fn read(
    lake: &Lake,
    store: &Arc<dyn ObjectStore>,
    number: CollectorNumber,
) -> Result<Option<Entry>, LakeError> {
    let path = Path::new(COLLECTORS).join(number.to_string());
    let octets = match store.get(&lake.place().location(&path)?).await {
        Ok(found) => found.bytes().await.map_err(|error| unreadable(lake, &path, error))?,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(unreadable(lake, &path, error)),
    };
    serde_json::from_slice(&octets).map(Some).map_err(|error| {
        let said = format!("another program has written it: {error}");
        LakeError::Settings { path: lake.place().path(&path), said }
    })
}

/// False when the name is taken.
async fn write(
    lake: &Lake,
    store: &Arc<dyn ObjectStore>,
    number: CollectorNumber,
    entry: &Entry,
    mode: PutMode,
) -> Result<bool, LakeError> {
    let path = Path::new(COLLECTORS).join(number.to_string());
    let octets = serde_json::json!(entry).to_string();
    let options = PutOptions::from(mode);
    match store.put_opts(&lake.place().location(&path)?, octets.into(), options).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        // The answer may be all that was lost.
        Err(error) => match read(lake, store, number).await {
            Ok(Some(known)) if known == *entry => Ok(true),
            _ => Err(unreadable(lake, &path, error)),
        },
    }
}

fn unreadable(lake: &Lake, path: &Path, error: object_store::Error) -> LakeError {
    LakeError::Storage { path: lake.place().path(path), said: error.to_string() }
}

async fn identity(store: &Arc<Store>) -> Result<String, LakeError> {
    blocking(store, |store| {
        if let Some(known) = store.meta(META_IDENTITY)? {
            return Ok(known);
        }
        let made = Uuid::new_v4().to_string();
        store.set_meta(META_IDENTITY, &made)?;
        Ok(made)
    })
    .await
}
