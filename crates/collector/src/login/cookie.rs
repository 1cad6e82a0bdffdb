//! Cookies: two names, and values that need no quoting.

use http::{HeaderMap, HeaderValue, header};

use crate::problem::ApiError;

/// Characters of a value that is read; ours have 131 at the most.
const VALUE_CHARS_MAX: usize = 256;

/// When a browser sends a cookie along.
#[derive(Debug, Clone, Copy)]
pub(super) enum SameSite {
    /// From our own pages only.
    Strict,
    /// Also when another site leads to a page of ours.
    Lax,
}

/// The value of a cookie, if the request has it once.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = all
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value);
    let value = values.next().filter(|_| values.next().is_none())?;
    (!value.is_empty() && value.len() <= VALUE_CHARS_MAX).then_some(value)
}

/// The header that sets a cookie for so many seconds; none forget it.
pub(super) fn set(name: &str, value: &str, seconds: u64, site: SameSite) -> Result<HeaderValue, ApiError> {
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={site:?}");
    HeaderValue::from_str(&text).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_by_its_whole_name_and_once() {
        let read = |texts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for text in texts {
                headers.append(header::COOKIE, HeaderValue::from_static(text));
            }
            read(&headers, "a").map(str::to_owned)
        };
        assert_eq!(read(&["b=1; a=2; c=3"]).as_deref(), Some("2"));
        assert_eq!(read(&["b=1", "a=2"]).as_deref(), Some("2"));
        // A second one was set by somebody else.
        assert_eq!(read(&["a=2; a=3"]), None);
        assert_eq!((read(&["aa=1; ba=2"]), read(&["a="]), read(&["a"]), read(&[])), (None, None, None, None));
    }
}
