//! Whether a request was sent by a page of this server (RFC 6454; RFC 6455 §10.2).
//! No policy: what is refused for a foreign origin is decided where the request is answered.
//!
//! A browser attaches the session cookie to whatever a foreign page sends here, but it cannot be
//! made to lie in `Origin`. Programs that are no browsers can, and gain nothing: they hold no one's
//! cookie but their own.

/// Whether `origin` names the scheme, host and port at which this request arrived.
///
/// `origin` and `host` are the values of the `Origin` and `Host` fields; `secure` tells whether
/// the request came over TLS. Hosts are compared whatever their case, ports after the scheme's
/// default was filled in. `null`, the origin of sandboxed pages and local files, is never ours.
#[must_use]
pub fn is_own(origin: &[u8], host: &[u8], secure: bool) -> bool {
    let (own_scheme, default_port) = if secure { ("https", 443) } else { ("http", 80) };
    let Some((scheme, authority)) = str(origin).split_once("://") else {
        return false;
    };
    let own = host_and_port(str(host), default_port);
    scheme.eq_ignore_ascii_case(own_scheme)
        && own.is_some()
        && own == host_and_port(authority, default_port)
}

/// Host names and field values are ASCII; what is not UTF-8 is then no name at all.
fn str(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

/// Splits `host [ ":" port ]`, where an IPv6 address stands in brackets (RFC 3986 §3.2).
fn host_and_port(authority: &str, default_port: u16) -> Option<(String, u16)> {
    let host_len = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(host_len)?;
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => default_port,
        Some("") => default_port,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    let is_host = |byte: u8| !matches!(byte, b'/' | b'?' | b'#' | b'@' | b'\\' | 0..=b' ');
    (!host.is_empty() && host.bytes().all(is_host)).then(|| (host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_are_known_by_scheme_host_and_port() {
        for (origin, host, secure) in [
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
                is_own(origin.as_bytes(), host.as_bytes(), secure),
                "{origin} at {host}"
            );
        }
    }

    #[test]
    fn every_other_page_is_foreign() {
        for (origin, host, secure) in [
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
                !is_own(origin.as_bytes(), host.as_bytes(), secure),
                "{origin} at {host}"
            );
        }
        assert!(!is_own(b"http://\xff", b"\xff", false));
    }
}
