//! The status codes this server answers with (RFC 9110 §15).
//! Only what is really sent stands here, so that the list is also a list of the server's answers.

use std::fmt;

/// A status code with its reason phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusCode(u16);

macro_rules! status_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $phrase:literal;)+) => {
        impl StatusCode {
            $($(#[$doc])* pub const $name: Self = Self($code);)+

            /// The words behind the number in the status line (RFC 9110 §15.1); they carry no meaning.
            #[must_use]
            pub fn reason_phrase(self) -> &'static str {
                match self.0 {
                    $($code => $phrase,)+
                    _ => "",
                }
            }

            /// The code of that number, if this server uses it.
            #[must_use]
            pub fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($code)|+ => Some(Self(number)),
                    _ => None,
                }
            }
        }
    };
}

status_codes! {
    /// RFC 9110 §15.2.1: go on, send the content.
    CONTINUE = 100, "Continue";
    /// RFC 9110 §15.2.2: from here on it is a WebSocket.
    SWITCHING_PROTOCOLS = 101, "Switching Protocols";
    /// RFC 9110 §15.3.1.
    OK = 200, "OK";
    /// RFC 9110 §15.3.5.
    NO_CONTENT = 204, "No Content";
    /// RFC 9110 §15.3.7: one range of it.
    PARTIAL_CONTENT = 206, "Partial Content";
    /// RFC 9110 §15.4.4: fetch that page now, with GET.
    SEE_OTHER = 303, "See Other";
    /// RFC 9110 §15.4.5: what you have is still right.
    NOT_MODIFIED = 304, "Not Modified";
    /// RFC 9110 §15.5.1.
    BAD_REQUEST = 400, "Bad Request";
    /// RFC 9110 §15.5.2.
    UNAUTHORIZED = 401, "Unauthorized";
    /// RFC 9110 §15.5.4.
    FORBIDDEN = 403, "Forbidden";
    /// RFC 9110 §15.5.5.
    NOT_FOUND = 404, "Not Found";
    /// RFC 9110 §15.5.6.
    METHOD_NOT_ALLOWED = 405, "Method Not Allowed";
    /// RFC 9110 §15.5.9.
    REQUEST_TIMEOUT = 408, "Request Timeout";
    /// RFC 9110 §15.5.10: the name is taken.
    CONFLICT = 409, "Conflict";
    /// RFC 9110 §15.5.13.
    PRECONDITION_FAILED = 412, "Precondition Failed";
    /// RFC 9110 §15.5.14.
    CONTENT_TOO_LARGE = 413, "Content Too Large";
    /// RFC 9110 §15.5.15.
    URI_TOO_LONG = 414, "URI Too Long";
    /// RFC 9110 §15.5.16.
    UNSUPPORTED_MEDIA_TYPE = 415, "Unsupported Media Type";
    /// RFC 9110 §15.5.17.
    RANGE_NOT_SATISFIABLE = 416, "Range Not Satisfiable";
    /// RFC 9110 §15.5.18.
    EXPECTATION_FAILED = 417, "Expectation Failed";
    /// RFC 9110 §15.5.20: that host or scheme is not served on this connection.
    MISDIRECTED_REQUEST = 421, "Misdirected Request";
    /// RFC 9110 §15.5.21: understood, but a value in it cannot be accepted.
    UNPROCESSABLE_CONTENT = 422, "Unprocessable Content";
    /// RFC 9110 §15.5.22: that WebSocket version is not spoken here.
    UPGRADE_REQUIRED = 426, "Upgrade Required";
    /// RFC 6585 §4.
    TOO_MANY_REQUESTS = 429, "Too Many Requests";
    /// RFC 6585 §5.
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431, "Request Header Fields Too Large";
    /// RFC 9110 §15.6.1.
    INTERNAL_SERVER_ERROR = 500, "Internal Server Error";
    /// RFC 9110 §15.6.2.
    NOT_IMPLEMENTED = 501, "Not Implemented";
    /// RFC 9110 §15.6.4.
    SERVICE_UNAVAILABLE = 503, "Service Unavailable";
    /// RFC 9110 §15.6.6.
    HTTP_VERSION_NOT_SUPPORTED = 505, "HTTP Version Not Supported";
}

impl StatusCode {
    /// The three digits of the status line.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether a response with this code never has content (RFC 9112 §6.3).
    #[must_use]
    pub fn forbids_content(self) -> bool {
        self.0 < 200 || self == Self::NO_CONTENT || self == Self::NOT_MODIFIED
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.reason_phrase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_shows_its_number_and_phrase() {
        assert_eq!(StatusCode::NOT_FOUND.to_string(), "404 Not Found");
        assert_eq!(
            StatusCode::from_number(426),
            Some(StatusCode::UPGRADE_REQUIRED)
        );
        assert_eq!(StatusCode::from_number(418), None);
    }

    #[test]
    fn informational_no_content_and_not_modified_have_no_content() {
        for (code, forbids) in [
            (StatusCode::CONTINUE, true),
            (StatusCode::SWITCHING_PROTOCOLS, true),
            (StatusCode::NO_CONTENT, true),
            (StatusCode::NOT_MODIFIED, true),
            (StatusCode::OK, false),
            (StatusCode::NOT_FOUND, false),
        ] {
            assert_eq!(code.forbids_content(), forbids, "{code}");
        }
    }
}
