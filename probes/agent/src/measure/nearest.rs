//! Which servers a Locate service names, asked no oftener than it may be.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use desserte_net::locate::{self, LocateConfig, LocateError, Nearest, Patience};
use desserte_units::Timestamp;

use crate::files;
use crate::status::Language;

/// What is remembered of each service, in the state folder.
const FILE: &str = "locate.json";

/// Services remembered at the most: a person asks one or two.
const SERVICES_MAX: usize = 16;

/// Asks the service, unless it is too soon.
///
/// What has to be remembered is kept in `folder` before the servers are used; where nothing can be written there, it is
/// forgotten with this process.
pub(super) async fn ask(config: &LocateConfig, folder: &Path) -> Result<Nearest, LocateError> {
    let path = folder.join(FILE);
    let mut known = read(&path);
    let service = config.service.origin().ascii_serialization();
    let patience = known.get(&service).copied().unwrap_or_default();
    let now = now();
    let located = locate::nearest(config, patience, now).await;
    if located.patience != patience {
        known.retain(|_, patience| patience.wait(now) > Duration::ZERO);
        while known.len() >= SERVICES_MAX {
            known.pop_first();
        }
        known.insert(service, located.patience);
        let kept = serde_json::to_vec(&known).map_err(std::io::Error::other);
        let kept = kept.and_then(|text| files::replace(&path, &text, files::PUBLIC_MODE));
        if let Err(error) = kept {
            tracing::debug!(%error, path = %path.display(), "when to ask again could not be kept");
        }
    }
    located.result
}

/// What was remembered; nothing when it cannot be read.
fn read(path: &Path) -> BTreeMap<String, Patience> {
    std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Why there is no server, for a person.
pub(super) fn describe(error: &LocateError, language: Language) -> String {
    let LocateError::TooSoon { wait } = error else {
        return match language {
            Language::Fr => format!("aucun serveur n’a été trouvé ({error})"),
            Language::En => format!("no server was found ({error})"),
        };
    };
    let minutes = wait.as_secs().div_ceil(60);
    match language {
        Language::Fr => format!(
            "ce service ne doit être interrogé de nouveau que dans {minutes} min ; d’ici là, donnez l’adresse d’un serveur"
        ),
        Language::En => {
            format!(
                "this service is not to be asked again for {minutes} min; until then, give a server's address"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use desserte_net::PathChoice;

    use super::*;

    #[tokio::test]
    async fn a_service_that_gave_nothing_is_not_asked_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        // A port that nobody listens at: bound, and let go.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = LocateConfig {
            service: format!("http://127.0.0.1:{port}/").parse().unwrap(),
            path: PathChoice::default(),
            software: crate::recorder::software(),
        };
        let first = ask(&config, folder.path()).await.unwrap_err();
        assert!(matches!(first, LocateError::Unreachable { .. }), "{first}");
        let second = ask(&config, folder.path()).await.unwrap_err();
        assert!(matches!(second, LocateError::TooSoon { .. }), "{second}");
        assert!(describe(&second, Language::Fr).contains("min"), "{second}");
        // Where nothing can be kept, it is asked again by the next process.
        let nowhere = folder.path().join("absent");
        for _ in 0..2 {
            let error = ask(&config, &nowhere).await.unwrap_err();
            assert!(matches!(error, LocateError::Unreachable { .. }), "{error}");
        }
    }
}
