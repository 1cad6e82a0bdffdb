//! Small JSON bodies of requests that anybody may send: their type is asked for, and their octets are counted.

use axum::extract::Request;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::problem::ApiError;

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is not said to be JSON. Pages of other origins can send other types unasked, so that the type is not guessed.
    Type,
    /// It has more octets than this.
    TooLarge(usize),
    /// It is not what it should be; what the reader said.
    Malformed(String),
}

impl Unread {
    /// The answer; `malformed` words that of a body that is JSON by its type and not what was asked for.
    pub(crate) fn answer(self, malformed: impl FnOnce(String) -> ApiError) -> ApiError {
        match self {
            Self::Type => ApiError::unsupported("Content-Type must be application/json"),
            Self::TooLarge(most) => {
                ApiError::too_large(format!("a body holds {most} octets here at the most"))
            }
            Self::Malformed(detail) => malformed(detail),
        }
    }
}

/// Reads a JSON body of `most` octets at the most.
///
/// # Errors
/// When it is of another type, too large, or cannot be read as a `T`.
pub(crate) async fn read<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Unread> {
    if !is_json(request.headers()) {
        return Err(Unread::Type);
    }
    let octets = axum::body::to_bytes(request.into_body(), most).await.map_err(|_| Unread::TooLarge(most))?;
    serde_json::from_slice(&octets).map_err(|error| Unread::Malformed(error.to_string()))
}

/// Whether the type is `application/json`, with parameters or without.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn outcome(kind: Option<&str>, body: &'static str) -> String {
        let mut request = Request::new(Body::from(body));
        if let Some(kind) = kind {
            request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        format!("{:?}", read::<Vec<u8>>(request, 8).await)
    }

    #[tokio::test]
    async fn a_body_is_read_by_its_type_and_within_its_octets() {
        assert_eq!(outcome(Some("application/json"), "[1,2]").await, "Ok([1, 2])");
        assert_eq!(outcome(Some("Application/JSON; charset=utf-8"), "[1]").await, "Ok([1])");
        assert_eq!(outcome(Some("text/plain"), "[1]").await, "Err(Type)");
        assert_eq!(outcome(None, "[1]").await, "Err(Type)");
        assert_eq!(outcome(Some("application/json"), "[1,2,3,4,5]").await, "Err(TooLarge(8))");
        assert!(outcome(Some("application/json"), "{}").await.starts_with("Err(Malformed("));
    }
}
