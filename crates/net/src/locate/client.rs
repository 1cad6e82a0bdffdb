//! Asks a service.

use std::time::Duration;

use desserte_model::Software;
use desserte_proto::locate::{Nearest, Patience, Unreadable, Verdict, spec};
use desserte_units::Timestamp;
use url::Url;

use crate::ask::{AskError, Asker};
use crate::connect::ConnectPlan;
use crate::http::retry_after;
use crate::outbox::random;
use crate::{PathChoice, ServerUrl};

/// Whom to ask, and how.
#[derive(Debug, Clone)]
pub struct LocateConfig {
    /// The service: `https://locate.example/` for the usual path, or with the path of the question.
    pub service: Url,
    /// The way to the server.
    pub path: PathChoice,
    /// The program that asks; sent as `User-Agent`, and as `client_name` and `client_version`.
    pub software: Software,
}

/// Why there are no servers.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// It is not time yet; nothing was sent.
    #[error("the locating service may be asked again in {} s", wait.as_secs())]
    TooSoon {
        /// How long it still is.
        wait: Duration,
    },
    /// The address of the service cannot be used; nothing was sent.
    #[error("{url} is not the address of a locating service: {what}")]
    Service {
        /// The address, cut to 128 characters.
        url: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It could not be asked.
    #[error("asking the locating service: {reason}")]
    Unreachable {
        /// What happened, for people.
        reason: String,
    },
    /// It refused, or had no servers.
    #[error("the locating service answered with status {status}: {title}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said, for people.
        title: String,
    },
    /// What it said means nothing.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// What came of asking.
#[derive(Debug)]
pub struct Located {
    /// Servers, at least one, or why there are none.
    pub result: Result<Nearest, LocateError>,
    /// What to remember until the next time; to be kept on disk before the servers are used.
    pub patience: Patience,
    /// Octets that it put on the interface, estimated upwards.
    pub bytes_charged: u64,
}

/// Asks for the nearest servers, unless it is too soon.
pub async fn nearest(config: &LocateConfig, patience: Patience, now: Timestamp) -> Located {
    let unasked = |error| Located { result: Err(error), patience, bytes_charged: 0 };
    let wait = patience.wait(now);
    if wait > Duration::ZERO {
        return unasked(LocateError::TooSoon { wait });
    }
    let (server, target) = match question(config) {
        Ok(question) => question,
        Err(error) => return unasked(error),
    };
    let mut asker = Asker::new(ConnectPlan { server: &server, path: &config.path }, &config.software);
    let (result, verdict) = ask(&mut asker, &target).await;
    let patience = patience.after(verdict, now, unit());
    tracing::info!(
        service = server.authority(),
        targets = result.as_ref().map_or(0, |nearest| nearest.results.len()),
        wait_s = patience.wait(now).as_secs(),
        "asked for the nearest measurement servers"
    );
    Located { result, patience, bytes_charged: asker.charged() }
}

async fn ask(asker: &mut Asker<'_>, target: &str) -> (Result<Nearest, LocateError>, Verdict) {
    let answered = match asker.get(target, spec::ANSWER_MAX).await {
        Ok(answered) => answered,
        Err(AskError::Body(_)) => return (Err(Unreadable::TooLong.into()), Verdict::Nothing),
        Err(error) => {
            return (Err(LocateError::Unreachable { reason: error.to_string() }), Verdict::Nothing);
        }
    };
    let status = answered.head.status;
    let said = Nearest::read(&answered.body);
    if (200..300).contains(&status) {
        return match said {
            Ok(nearest) if !nearest.results.is_empty() => (Ok(nearest), Verdict::Found),
            Ok(nearest) => {
                let title = nearest.error.map_or_else(|| "no servers".to_owned(), |error| error.title);
                (Err(LocateError::Refused { status, title }), Verdict::Nothing)
            }
            Err(error) => (Err(error.into()), Verdict::Nothing),
        };
    }
    let told = retry_after(answered.head.fields.first("retry-after")).map(Duration::from_secs);
    let verdict = match (status, told) {
        (429, retry_after) => Verdict::Refused { retry_after },
        (_, Some(told)) => Verdict::Refused { retry_after: Some(told) },
        (_, None) => Verdict::Nothing,
    };
    let title = said.ok().and_then(|nearest| nearest.error).map(|error| error.title).unwrap_or_default();
    (Err(LocateError::Refused { status, title }), verdict)
}

/// Where and what to ask.
fn question(config: &LocateConfig) -> Result<(ServerUrl, String), LocateError> {
    let mut url = config.service.clone();
    let wrong =
        |what| LocateError::Service { url: config.service.as_str().chars().take(128).collect(), what };
    let secure = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(wrong("neither https nor http")),
    };
    if matches!(url.path(), "" | "/") {
        url.set_path(spec::NEAREST_NDT7);
    }
    url.query_pairs_mut()
        .append_pair("client_name", &config.software.name)
        .append_pair("client_version", &config.software.version);
    let host = url.host().ok_or_else(|| wrong("no host"))?.to_owned();
    let port = url.port_or_known_default().ok_or_else(|| wrong("no port"))?;
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    Ok((ServerUrl::from_parts(secure, host, port), target))
}

/// A number from 0 to 1; a half where the system has no chance to give.
fn unit() -> f64 {
    random::<2>().map_or(0.5, |octets| f64::from(u16::from_le_bytes(octets)) / f64::from(u16::MAX))
}
