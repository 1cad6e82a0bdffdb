//! The heads of a server's answers.

use std::fmt::Write as _;

use super::{Method, Parameters};

/// An answer's head, made field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    head: String,
}

impl Answer {
    /// An answer to a request that said `parameters`, with a body of `length` octets.
    ///
    /// Nothing may keep it or change it on its way: what a cache gives would be read as the line's rate, and what a proxy packs
    /// would not be what was counted.
    #[must_use]
    pub fn new(status: &str, parameters: Parameters, media_type: Option<&str>, length: u64) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n");
        if let Some(media_type) = media_type {
            let _ = write!(head, "Content-Type: {media_type}\r\nX-Content-Type-Options: nosniff\r\n");
        }
        head.push_str("Cache-Control: no-store, no-transform, max-age=0\r\nPragma: no-cache\r\n");
        if parameters.cors {
            head.push_str("Access-Control-Allow-Origin: *\r\n");
        }
        Self { head }
    }

    /// The answer to a browser that asks whether a page of another origin may send `Content-Encoding`, as the web client's
    /// uploads do.
    #[must_use]
    pub fn preflight(parameters: Parameters) -> Self {
        let mut answer = Self::new("204 No Content", parameters, None, 0);
        // RFC 9110, section 8.6: no Content-Length in a 204.
        answer.head = answer.head.replace("Content-Length: 0\r\n", "");
        if parameters.cors {
            answer.head.push_str(
                "Access-Control-Allow-Methods: GET, POST, OPTIONS\r\n\
                 Access-Control-Allow-Headers: Content-Encoding, Content-Type\r\n\
                 Access-Control-Max-Age: 600\r\n",
            );
        }
        answer
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// The text of the head; `keep_alive` says whether the connection goes on.
    #[must_use]
    pub fn text(self, keep_alive: bool) -> String {
        let connection = if keep_alive { "keep-alive" } else { "close" };
        format!("{}Connection: {connection}\r\n\r\n", self.head)
    }
}

impl Method {
    /// The methods that are understood, for `Allow`.
    pub const ALLOWED: &'static str = "GET, HEAD, POST, OPTIONS";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asked_for_it_may_be_read_from_elsewhere() {
        for (query, expected) in [("cors=true", true), ("", false)] {
            let parameters = Parameters::read(query).unwrap();
            let head = Answer::new("200 OK", parameters, None, 5).text(true);
            assert_eq!(head.contains("Access-Control-Allow-Origin: *"), expected);
            assert!(
                head.contains("no-store")
                    && head.contains("Content-Length: 5\r\n")
                    && head.ends_with("\r\n\r\n")
            );
            let head = Answer::preflight(parameters).text(true);
            assert_eq!(head.contains("Access-Control-Allow-Headers: Content-Encoding"), expected);
            assert!(!head.contains("Content-Length"));
        }
    }
}
