//! Does this request come from one of our own pages, or does another site make the browser send it?
//! The browser says so in `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C Fetch Metadata); nothing else is believed.

use super::fields::Fields;
use super::target::{Scheme, split_authority};

/// Whether a request that changes something may be carried out.
///
/// `authority` is the host the request was sent to (`Target::authority`). A request with neither
/// field does not come from a browser of these years, so no browser's cookies can be abused with it.
#[must_use]
pub fn is_own(fields: &Fields, scheme: Scheme, authority: &str) -> bool {
    let site_is_own = match fields.all("Sec-Fetch-Site").next() {
        None => true,
        // `none`: typed into the address bar or opened from a bookmark.
        Some(_) => matches!(
            fields.only("Sec-Fetch-Site"),
            Some(b"same-origin" | b"none")
        ),
    };
    let origin_is_own = match fields.all("Origin").next() {
        None => true,
        Some(_) => fields
            .only_text("Origin")
            .is_some_and(|origin| is_same_origin(origin, scheme, authority)),
    };
    site_is_own && origin_is_own
}

/// Whether `origin` (`scheme://host[:port]`) is `scheme://authority` (RFC 6454 §5).
#[must_use]
pub fn is_same_origin(origin: &str, scheme: Scheme, authority: &str) -> bool {
    let Some((its_scheme, its_authority)) = origin.split_once("://") else {
        return false;
    };
    let (Some((its_host, its_port)), Some((host, port))) =
        (split_authority(its_authority), split_authority(authority))
    else {
        return false;
    };
    its_scheme.eq_ignore_ascii_case(scheme.as_str())
        && its_host == host
        && its_port.unwrap_or(scheme.default_port()) == port.unwrap_or(scheme.default_port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head::{Scanned, decode_request_head};
    use crate::octets::Progress;

    fn own(lines: &str) -> bool {
        let input = format!("POST / HTTP/1.1\r\n{lines}\r\n");
        match decode_request_head(input.as_bytes(), &mut Scanned::default()) {
            Ok(Progress::Done { value, .. }) => {
                is_own(&value.fields, Scheme::Http, "localhost:8080")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn own_pages_and_programs_without_a_browser_may_post() {
        for lines in [
            "",
            "Origin: http://localhost:8080\r\n",
            "Origin: HTTP://LOCALHOST:8080\r\n",
            "Sec-Fetch-Site: same-origin\r\n",
            "Sec-Fetch-Site: none\r\n",
            "Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost:8080\r\n",
        ] {
            assert!(own(lines), "{lines:?}");
        }
    }

    #[test]
    fn other_sites_may_not() {
        for lines in [
            "Origin: http://evil.example\r\n",
            "Origin: https://localhost:8080\r\n",
            "Origin: http://localhost\r\n",
            "Origin: http://localhost:8443\r\n",
            "Origin: http://localhost:8080.evil.example\r\n",
            "Origin: http://127.0.0.1:8080\r\n",
            "Origin: null\r\n",
            "Origin:\r\n",
            "Origin: http://localhost:8080, http://evil.example\r\n",
            "Origin: http://localhost:8080\r\nOrigin: http://localhost:8080\r\n",
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
            "Sec-Fetch-Site: \r\n",
            "Sec-Fetch-Site: cross-site\r\nOrigin: http://localhost:8080\r\n",
            "Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example\r\n",
        ] {
            assert!(!own(lines), "{lines:?}");
        }
    }

    fn scheme(secure: bool) -> Scheme {
        if secure { Scheme::Https } else { Scheme::Http }
    }

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (origin, authority, secure) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", false),
            ("https://localhost:8443", "localhost:8443", true),
            ("HTTP://LocalHost:8080", "localhost:8080", false),
            ("http://chat.example", "Chat.Example", false),
            ("http://chat.example:80", "chat.example", false),
            ("https://chat.example", "chat.example:443", true),
            ("https://chat.example", "chat.example:", true),
            ("http://[::1]:8080", "[::1]:8080", false),
            ("https://[2001:DB8::1]", "[2001:db8::1]", true),
        ] {
            assert!(
                is_same_origin(origin, scheme(secure), authority),
                "{origin} at {authority}"
            );
        }
    }

    #[test]
    fn every_other_origin_is_foreign() {
        for (origin, authority, secure) in [
            ("http://localhost:8080", "127.0.0.1:8080", false),
            ("http://localhost:8080", "localhost:8443", false),
            ("http://localhost:8443", "localhost:8443", true),
            ("https://localhost:8443", "localhost:8443", false),
            ("http://localhost", "localhost:8080", false),
            ("http://localhost.evil.example", "localhost", false),
            ("http://evil.example/localhost", "localhost", false),
            ("http://localhost:80:80", "localhost", false),
            ("http://localhost:+80", "localhost", false),
            ("http://localhost:65616", "localhost", false), // 80 + 2^16
            ("http://user@localhost", "user@localhost", false),
            ("http://localhost/", "localhost", false),
            ("http://[::1]x:80", "[::1]", false),
            ("http://", "", false),
            ("null", "localhost", false),
            ("", "localhost", false),
            ("localhost", "localhost", false),
        ] {
            assert!(
                !is_same_origin(origin, scheme(secure), authority),
                "{origin} at {authority}"
            );
        }
    }
}
