//! Signing a request, and verifying one.

use std::time::Duration;

use desserte_model::ProbeId;
use desserte_units::Timestamp;
use sfv::{Dictionary, InnerList, KeyRef, ListEntry, ListSerializer, Parser, StringRef};

use crate::{DigestError, ProbeKey, PublicKey, content_digest, verify_content_digest};

/// The `tag` parameter of every signature: it keeps a signature made for another purpose from being accepted.
pub const SIGNATURE_TAG: &str = "desserte-batch-1";

const LABEL: &KeyRef = KeyRef::constant("desserte");
const ALGORITHM: &str = "ed25519";

/// The parts of a request that a signature covers, in this order, before the digest.
#[derive(Debug, Clone, Copy)]
pub struct RequestTarget<'a> {
    /// The HTTP method, `POST`.
    pub method: &'a str,
    /// The absolute path of the request, without query.
    pub path: &'a str,
    /// Value of `Content-Type`.
    pub content_type: &'a str,
    /// Value of `Content-Encoding`; absent when the body is not encoded.
    pub content_encoding: Option<&'a str>,
}

/// The headers that make a request a signed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// Value of `Content-Digest`.
    pub content_digest: String,
    /// Value of `Signature-Input`.
    pub signature_input: String,
    /// Value of `Signature`.
    pub signature: String,
}

/// How far the time of a signature may lie from the verifier's clock.
#[derive(Debug, Clone, Copy)]
pub struct SignatureWindow {
    /// The verifier's time.
    pub now: Timestamp,
    /// Largest age accepted.
    pub past: Duration,
    /// Largest lead accepted.
    pub future: Duration,
}

/// Why a signed request was not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header cannot be read.
    #[error("the {header} header is not the structured field expected (RFC 9421)")]
    Malformed {
        /// Its name.
        header: &'static str,
    },
    /// The signature does not cover what it must, or covers it in another order.
    #[error("the signature covers {found}, it must cover {wanted}")]
    Coverage {
        /// What is covered.
        found: String,
        /// What the profile asks for.
        wanted: String,
    },
    /// A parameter is missing or has a value that the profile does not allow.
    #[error("the signature parameter {name:?} is missing or not as expected")]
    Parameter {
        /// Its name.
        name: &'static str,
    },
    /// Made too long ago, or by a clock that runs ahead.
    #[error("the signature was made {seconds_off} s away from the collector's time; set the probe's clock")]
    OutOfWindow {
        /// Signed seconds: positive when the signature lies in the future.
        seconds_off: i64,
    },
    /// The digest does not match the body.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The key does not verify the signature.
    #[error("the signature does not verify with the key of this probe")]
    Invalid,
}

/// Signs a request with a probe's key.
///
/// # Panics
/// When a part of `target` holds a character outside printable ASCII, which no valid header or path does.
#[must_use]
pub fn sign_request(
    key: &ProbeKey,
    target: &RequestTarget<'_>,
    body: &[u8],
    created: Timestamp,
) -> SignatureHeaders {
    let content_digest = content_digest(body);
    let mut list = ListSerializer::new();
    {
        let mut inner = list.inner_list();
        for name in component_names(target) {
            let _ = inner.bare_item(StringRef::constant(name));
        }
        let created = sfv::Integer::try_from(created.as_unix_secs()).unwrap_or_default();
        let id = key.id();
        let keyid = StringRef::from_str(id.as_str()).expect("hexadecimal digits are printable");
        let _ = inner
            .finish()
            .parameter(KeyRef::constant("created"), created)
            .parameter(KeyRef::constant("keyid"), keyid)
            .parameter(KeyRef::constant("alg"), StringRef::constant(ALGORITHM))
            .parameter(KeyRef::constant("tag"), StringRef::constant(SIGNATURE_TAG));
    }
    let parameters = list.finish().expect("the list holds one member");
    let signature = key.sign(signature_base(target, &content_digest, &parameters).as_bytes());
    let mut dictionary = sfv::DictSerializer::new();
    let _ = dictionary.bare_item(LABEL, signature.as_slice());
    SignatureHeaders {
        content_digest,
        signature_input: format!("{}={parameters}", LABEL.as_str()),
        signature: dictionary.finish().expect("the dictionary holds one member"),
    }
}

/// The probe that a request claims to come from, to look up its key. Nothing is verified yet.
///
/// # Errors
/// When `Signature-Input` cannot be read or names no probe.
pub fn signing_probe(signature_input: &str) -> Result<ProbeId, SignatureError> {
    let input = Input::parse(signature_input)?;
    input.text("keyid")?.parse().map_err(|_| SignatureError::Parameter { name: "keyid" })
}

/// Verifies that `key` signed this request within the window and that the body is the one signed.
///
/// # Errors
/// The first of the checks that fails, see [`SignatureError`].
pub fn verify_request(
    key: &PublicKey,
    headers: &SignatureHeaders,
    target: &RequestTarget<'_>,
    body: &[u8],
    window: &SignatureWindow,
) -> Result<(), SignatureError> {
    verify_head(key, headers, target, window)?;
    Ok(verify_content_digest(&headers.content_digest, body)?)
}

/// Verifies everything but the body, whose digest is what was signed: whoever reads a body only after this reads none of
/// a stranger's. The body still has to be held against its digest ([`verify_content_digest`]).
///
/// # Errors
/// The first of the checks that fails, see [`SignatureError`].
pub fn verify_head(
    key: &PublicKey,
    headers: &SignatureHeaders,
    target: &RequestTarget<'_>,
    window: &SignatureWindow,
) -> Result<(), SignatureError> {
    let input = Input::parse(&headers.signature_input)?;
    input.check_coverage(target)?;
    input.check_text("alg", ALGORITHM)?;
    input.check_text("tag", SIGNATURE_TAG)?;
    input.check_text("keyid", key.id().as_str())?;
    input.check_created(window)?;

    let malformed = SignatureError::Malformed { header: "Signature" };
    let signatures: Dictionary = Parser::new(&headers.signature).parse().map_err(|_| malformed.clone())?;
    let Some(ListEntry::Item(item)) = signatures.get(LABEL) else { return Err(malformed) };
    let signature = item.bare_item.as_byte_sequence().ok_or(malformed)?;
    let base = signature_base(target, &headers.content_digest, &input.serialized);
    if key.verify(base.as_bytes(), signature) { Ok(()) } else { Err(SignatureError::Invalid) }
}

/// The member of `Signature-Input` that the profile uses.
struct Input {
    list: InnerList,
    /// Its strict serialization, which is what was signed (RFC 9421, section 2.3).
    serialized: String,
}

impl Input {
    fn parse(header: &str) -> Result<Self, SignatureError> {
        let malformed = SignatureError::Malformed { header: "Signature-Input" };
        let mut inputs: Dictionary = Parser::new(header).parse().map_err(|_| malformed.clone())?;
        let Some(entry @ ListEntry::InnerList(_)) = inputs.shift_remove(LABEL) else {
            return Err(malformed);
        };
        let mut serializer = ListSerializer::new();
        serializer.members([&entry]);
        let serialized = serializer.finish().ok_or_else(|| malformed.clone())?;
        let ListEntry::InnerList(list) = entry else { return Err(malformed) };
        Ok(Self { list, serialized })
    }

    fn text(&self, name: &'static str) -> Result<&str, SignatureError> {
        let key = KeyRef::from_str(name).map_err(|_| SignatureError::Parameter { name })?;
        let value = self.list.params.get(key).and_then(sfv::BareItem::as_string);
        value.map(StringRef::as_str).ok_or(SignatureError::Parameter { name })
    }

    fn check_text(&self, name: &'static str, wanted: &str) -> Result<(), SignatureError> {
        if self.text(name)? == wanted { Ok(()) } else { Err(SignatureError::Parameter { name }) }
    }

    fn check_created(&self, window: &SignatureWindow) -> Result<(), SignatureError> {
        let parameter = SignatureError::Parameter { name: "created" };
        let created = self.list.params.get(KeyRef::constant("created")).ok_or(parameter.clone())?;
        let created = i64::from(created.as_integer().ok_or(parameter)?);
        let seconds_off = created.saturating_sub(window.now.as_unix_secs());
        let limit = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        if seconds_off > limit(window.future) || seconds_off < -limit(window.past) {
            return Err(SignatureError::OutOfWindow { seconds_off });
        }
        Ok(())
    }

    fn check_coverage(&self, target: &RequestTarget<'_>) -> Result<(), SignatureError> {
        let wanted: Vec<&str> = component_names(target).collect();
        let found: Vec<&str> = self
            .list
            .items
            .iter()
            // A component with parameters of its own (`;req`, `;bs`) is another component.
            .map(|item| if item.params.is_empty() { item.bare_item.as_string() } else { None })
            .map(|name| name.map_or("?", StringRef::as_str))
            .collect();
        if found == wanted {
            Ok(())
        } else {
            Err(SignatureError::Coverage { found: found.join(" "), wanted: wanted.join(" ") })
        }
    }
}

fn component_names(target: &RequestTarget<'_>) -> impl Iterator<Item = &'static str> {
    let encoding = target.content_encoding.map(|_| "content-encoding");
    ["@method", "@path", "content-type"].into_iter().chain(encoding).chain(["content-digest"])
}

/// The text that is signed.
///
/// # Source
/// RFC 9421, section 2.5.
fn signature_base(target: &RequestTarget<'_>, content_digest: &str, parameters: &str) -> String {
    use std::fmt::Write as _;
    let mut base = String::new();
    for name in component_names(target) {
        let value = match name {
            "@method" => target.method,
            "@path" => target.path,
            "content-type" => target.content_type,
            "content-encoding" => target.content_encoding.unwrap_or_default(),
            _ => content_digest,
        };
        let _ = writeln!(base, "\"{name}\": {}", value.trim());
    }
    let _ = write!(base, "\"@signature-params\": {parameters}");
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{\"schema\":\"desserte-batch/1\"}\n";

    fn target<'a>() -> RequestTarget<'a> {
        RequestTarget {
            method: "POST",
            path: "/api/v1/batches",
            content_type: "application/x-ndjson",
            content_encoding: Some("gzip"),
        }
    }

    fn window(now: i64) -> SignatureWindow {
        SignatureWindow {
            now: Timestamp::from_unix_secs(now),
            past: Duration::from_secs(300),
            future: Duration::from_secs(60),
        }
    }

    fn signed() -> (ProbeKey, SignatureHeaders) {
        let key = ProbeKey::from_seed([3; 32]);
        let headers = sign_request(&key, &target(), BODY, Timestamp::from_unix_secs(1_700_000_000));
        (key, headers)
    }

    #[test]
    fn a_signed_request_verifies_and_names_its_probe() {
        let (key, headers) = signed();
        assert_eq!(signing_probe(&headers.signature_input), Ok(key.id()));
        assert_eq!(verify_request(&key.public(), &headers, &target(), BODY, &window(1_700_000_010)), Ok(()));
    }

    #[test]
    fn every_covered_part_is_protected() {
        let (key, headers) = signed();
        let check = |headers: &SignatureHeaders, target: &RequestTarget<'_>, body: &[u8]| {
            verify_request(&key.public(), headers, target, body, &window(1_700_000_010))
        };
        assert_eq!(check(&headers, &target(), b"{}"), Err(DigestError::Mismatch.into()));
        let other_path = RequestTarget { path: "/api/v1/other", ..target() };
        assert_eq!(check(&headers, &other_path, BODY), Err(SignatureError::Invalid));
        let other_type = RequestTarget { content_type: "application/json", ..target() };
        assert_eq!(check(&headers, &other_type, BODY), Err(SignatureError::Invalid));
        let no_encoding = RequestTarget { content_encoding: None, ..target() };
        assert!(matches!(check(&headers, &no_encoding, BODY), Err(SignatureError::Coverage { .. })));
        let swapped = SignatureHeaders { content_digest: content_digest(b"{}"), ..headers.clone() };
        assert_eq!(check(&swapped, &target(), b"{}"), Err(SignatureError::Invalid));
    }

    #[test]
    fn another_key_an_old_signature_and_a_future_one_are_refused() {
        let (key, headers) = signed();
        let other = ProbeKey::from_seed([4; 32]);
        assert_eq!(
            verify_request(&other.public(), &headers, &target(), BODY, &window(1_700_000_010)),
            Err(SignatureError::Parameter { name: "keyid" })
        );
        for (now, seconds_off) in [(1_700_000_400, -400), (1_699_999_900, 100)] {
            assert_eq!(
                verify_request(&key.public(), &headers, &target(), BODY, &window(now)),
                Err(SignatureError::OutOfWindow { seconds_off })
            );
        }
    }

    #[test]
    fn hostile_headers_are_named_not_believed() {
        let (key, headers) = signed();
        let hostile = [
            "",
            "desserte",
            "desserte=()",
            "other=(\"@method\");keyid=\"x\"",
            "desserte=(\"@method\" \"@path\" \"content-type\" \"content-encoding\" \"content-digest\")",
            "desserte=(\"@method\";req \"@path\" \"content-type\" \"content-encoding\" \"content-digest\");created=1",
            "\u{0}\u{ff}",
        ];
        for signature_input in hostile {
            let headers = SignatureHeaders { signature_input: signature_input.to_owned(), ..headers.clone() };
            let answer = verify_request(&key.public(), &headers, &target(), BODY, &window(1_700_000_010));
            assert!(answer.is_err(), "{signature_input}");
        }
    }
}
