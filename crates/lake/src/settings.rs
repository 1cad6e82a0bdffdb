//! `history.toml` of a data directory: the object store that the history stands in.
//!
//! It lies beside the store and not in the configuration of one program, because everything that opens the directory must mean the same
//! history: the collector, a command line, a timer.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use serde::Deserialize;
use url::Url;

use crate::{COLLECTORS_MAX, CollectorNumber, LakeError};

/// The file's name in a data directory.
pub const HISTORY_FILE: &str = "history.toml";

/// Longest file that is read: it names an address and a few files.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Longest file of a credential: a session token has one or two thousand octets.
const CREDENTIAL_BYTES_MAX: u64 = 8 << 10;

/// Longest time for one request, its octets included: 128 MiB, the largest file that compaction writes, at 1 MiB/s take about as long.
const REQUEST_SECONDS: u64 = 120;

/// Longest time for a connection: a server that is there answers at once.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request is repeated when the server is in trouble. A flush that gives up is repeated by the collector; its rows wait.
const RETRY_SECONDS: u64 = 60;

/// Requests repeated at the most within that time.
const RETRIES: usize = 10;

/// Longest times that may be configured: a collector must notice in time that it hands nothing over.
const SECONDS_MAX: u64 = 3600;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    #[serde(default = "only_collector")]
    collector: u8,
    endpoint: Option<String>,
    #[serde(default = "usual_region")]
    region: String,
    #[serde(default)]
    allow_http: bool,
    access_key_id_file: Option<PathBuf>,
    secret_access_key_file: Option<PathBuf>,
    session_token_file: Option<PathBuf>,
    #[serde(default = "request_seconds")]
    request_seconds: u64,
    #[serde(default = "retry_seconds")]
    retry_seconds: u64,
}

const fn only_collector() -> u8 {
    1
}

fn usual_region() -> String {
    "us-east-1".to_owned()
}

const fn request_seconds() -> u64 {
    REQUEST_SECONDS
}

const fn retry_seconds() -> u64 {
    RETRY_SECONDS
}

/// A credential: never shown.
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// An object store, and where in it.
pub(crate) struct Reached {
    pub(crate) address: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) collector: CollectorNumber,
}

/// What a data directory names; `None` when it names nothing.
pub(crate) fn read(data: &Path) -> Result<Option<Reached>, LakeError> {
    let path = data.join(HISTORY_FILE);
    let wrong = |said: String| LakeError::Settings { path: path.clone(), said };
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(LakeError::Directory { path, source }),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            return Err(wrong(format!("longer than {FILE_BYTES_MAX} bytes")));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|source| LakeError::Directory { path: path.clone(), source })?;
    // Without the source, which would show lines of the file: someone may have written a key into it.
    let settings: Settings = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
    store(&settings, data).map(Some).map_err(wrong)
}

fn store(settings: &Settings, data: &Path) -> Result<Reached, String> {
    let Some(collector) = CollectorNumber::new(settings.collector) else {
        return Err(format!("collector is {}; it may be 1 to {COLLECTORS_MAX}", settings.collector));
    };
    let address = address("url", &settings.url)?;
    let bucket = match (address.scheme(), address.host_str()) {
        ("s3", Some(bucket)) => bucket.to_owned(),
        _ => return Err("url is no s3://BUCKET/PREFIX".to_owned()),
    };
    // Others would be written differently in an address and in the name of an object.
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_./".contains(&letter);
    if !address.path().bytes().all(plain) || address.path().contains("//") {
        return Err("the prefix in url may have letters, digits, `-`, `_`, `.` and single `/`".to_owned());
    }
    for (name, seconds) in
        [("request_seconds", settings.request_seconds), ("retry_seconds", settings.retry_seconds)]
    {
        if !(1..=SECONDS_MAX).contains(&seconds) {
            return Err(format!("{name} is {seconds}; it may be 1 to {SECONDS_MAX}"));
        }
    }
    let files =
        [&settings.access_key_id_file, &settings.secret_access_key_file, &settings.session_token_file];
    // Of one source: a key from a file does not go with a token of the environment.
    let [key, secret, token] = if files.iter().any(|file| file.is_some()) {
        let [key, secret, token] = files.map(|file| file.as_ref().map(|file| of_file(&data.join(file))));
        [key.transpose()?, secret.transpose()?, token.transpose()?]
    } else {
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(of_environment)
    };
    let (Some(Secret(key)), Some(Secret(secret))) = (key, secret) else {
        return Err("no credentials: name access_key_id_file and secret_access_key_file, or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY in the environment"
            .to_owned());
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&settings.region)
        .with_access_key_id(key)
        .with_secret_access_key(secret)
        // What makes one of two commits win.
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_client_options(
            ClientOptions::new()
                .with_timeout(Duration::from_secs(settings.request_seconds))
                .with_connect_timeout(CONNECT)
                .with_allow_http(settings.allow_http),
        )
        .with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: Duration::from_secs(settings.retry_seconds),
            ..RetryConfig::default()
        });
    if let Some(Secret(token)) = token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &settings.endpoint {
        let parsed = self::address("endpoint", endpoint)?;
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && settings.allow_http) {
            return Err(
                "endpoint is not https; in a network of its own, allow_http = true permits http".to_owned()
            );
        }
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Reached { address, store: Arc::new(store), collector })
}

/// An address without anything in it that is not to be shown.
fn address(name: &str, text: &str) -> Result<Url, String> {
    // Neither is shown before it is known to hold no password.
    let address = Url::parse(text).map_err(|error| format!("{name} is no address: {error}"))?;
    if !address.username().is_empty() || address.password().is_some() {
        return Err(format!("{name} holds a user name or a password: credentials have files of their own"));
    }
    if address.query().is_some() || address.fragment().is_some() {
        return Err(format!("{name} has a part after `?` or `#`"));
    }
    Ok(address)
}

/// A credential from a file.
fn of_file(path: &Path) -> Result<Secret, String> {
    let shown = path.display();
    let length = std::fs::metadata(path).map_err(|error| format!("cannot read {shown}: {error}"))?.len();
    if length > CREDENTIAL_BYTES_MAX {
        return Err(format!("{shown} is longer than the {CREDENTIAL_BYTES_MAX} bytes of a credential"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    match text.trim() {
        "" => Err(format!("{shown} is empty")),
        text => Ok(Secret(text.to_owned())),
    }
}

/// A credential from the environment.
fn of_environment(variable: &str) -> Option<Secret> {
    std::env::var(variable).ok().filter(|text| !text.is_empty()).map(Secret)
}
