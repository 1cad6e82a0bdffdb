//! One collector for each probe, where several write one history.
//!
//! A probe whose answer was lost sends its batch again. Where it reached two collectors, both would hand it over. So each probe has one
//! collector, whose number is in an object `homes/PROBE` that only one can create; others take nothing of it.

use std::path::Path;

use object_store::{ObjectStoreExt as _, PutMode, PutOptions};

use crate::{CollectorNumber, Lake, LakeError, Work};

/// The directory of these objects beside the generations.
const HOMES: &str = "homes";

impl Lake {
    /// Makes this collector the one of a probe, and gives the other one that it has already; with `take_over`, in any case. Where the
    /// history stands in files there is no other.
    ///
    /// # Errors
    /// When the place cannot be read or written.
    pub fn take_home<'a>(&'a self, probe: &'a str, take_over: bool) -> Work<'a, Option<CollectorNumber>> {
        Box::pin(async move {
            let Some(store) = self.place().store() else { return Ok(None) };
            let own = self.place().collector();
            let path = Path::new(HOMES).join(probe);
            let location = self.place().location(&path)?;
            let failed = |error: object_store::Error| LakeError::Storage {
                path: self.place().path(&path),
                said: error.to_string(),
            };
            let mode = if take_over { PutMode::Overwrite } else { PutMode::Create };
            match store.put_opts(&location, own.to_string().into(), PutOptions::from(mode)).await {
                Ok(_) => return Ok(None),
                Err(object_store::Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
            let octets = store.get(&location).await.map_err(failed)?.bytes().await.map_err(failed)?;
            let text = String::from_utf8_lossy(&octets);
            let Some(home) = text.trim().parse().ok().and_then(CollectorNumber::new) else {
                let said = "another program has written it: no number of a collector".to_owned();
                return Err(LakeError::Settings { path: self.place().path(&path), said });
            };
            Ok((home != own).then_some(home))
        })
    }
}
