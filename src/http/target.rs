//! What is asked for, and of which host (RFC 9112 §3.2, RFC 9110 §7.2).
//! Paths are split before they are decoded, so that no escape can smuggle a slash in.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::head::{HeadError, Method, RequestHead, Version};
use super::percent;

/// The scheme a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `http`: in clear.
    Http,
    /// `https`: within TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL of this scheme leaves out (RFC 9110 §4.2).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A request target with its host, taken apart; what can be is borrowed from the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    /// What is asked for.
    pub resource: Resource<'a>,
    /// Whom the client believes to speak with: `host` or `host:port`, as sent. Empty in HTTP/1.0
    /// without `Host`.
    pub authority: &'a str,
}

/// The thing behind a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource<'a> {
    /// `*`: the server as a whole, for OPTIONS only.
    Server,
    /// A path with its query.
    Path(Path<'a>),
}

/// An absolute path and its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<'a> {
    /// The path as it was sent, without the query.
    pub raw: &'a str,
    /// The parts between the slashes, decoded after splitting: `/a%2Fb/` is `["a/b", ""]`.
    pub segments: Vec<Cow<'a, str>>,
    /// What follows the `?`, undecoded; empty if there is none.
    pub query: &'a str,
}

impl Path<'_> {
    /// The first value called `name` in the query, decoded as a form field.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = percent::decode(key.as_bytes(), true)?;
            (key == name).then(|| percent::decode(value.as_bytes(), true))?
        })
    }
}

/// Takes the target of `head` apart, on a connection that speaks `scheme`.
///
/// # Errors
/// `Target`, `SchemeMismatch`, and the three `Host…` errors.
pub fn decode_target(head: &RequestHead, scheme: Scheme) -> Result<Target<'_>, HeadError> {
    let host = decode_host(head)?;
    let target = head.target();
    // RFC 3986 allows visible ASCII only; a fragment is never sent (RFC 9110 §7.1).
    if !target
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return Err(HeadError::Target);
    }
    let asks_options = head.method == Method::Options;
    if target == "*" && asks_options {
        return Ok(Target {
            resource: Resource::Server,
            authority: host,
        });
    }
    if target.starts_with('/') {
        return Ok(Target {
            resource: Resource::Path(split_path(target)?),
            authority: host,
        });
    }
    decode_absolute(target, scheme, asks_options)
}

/// The absolute form: its authority replaces the Host field (RFC 9112 §3.2.2).
fn decode_absolute(
    target: &str,
    scheme: Scheme,
    asks_options: bool,
) -> Result<Target<'_>, HeadError> {
    let (its_scheme, rest) = target.split_once("://").ok_or(HeadError::Target)?;
    if !its_scheme.eq_ignore_ascii_case("http") && !its_scheme.eq_ignore_ascii_case("https") {
        return Err(HeadError::Target);
    }
    let authority_len = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest
        .split_at_checked(authority_len)
        .ok_or(HeadError::Target)?;
    if authority.is_empty() || !is_authority(authority) {
        return Err(HeadError::Target);
    }
    let resource = if path.is_empty() && asks_options {
        // What a proxy would have turned into `*` (§3.2.4).
        Resource::Server
    } else if path.starts_with('/') {
        Resource::Path(split_path(path)?)
    } else {
        // Nothing but a query, if anything: the path left out is the root (RFC 9110 §4.2.3).
        let query = path.strip_prefix('?').unwrap_or_default();
        Resource::Path(Path {
            query,
            ..split_path("/")?
        })
    };
    // Judged last: what is no URL at all is a bad request, not one for another scheme.
    if !its_scheme.eq_ignore_ascii_case(scheme.as_str()) {
        return Err(HeadError::SchemeMismatch);
    }
    Ok(Target {
        resource,
        authority,
    })
}

fn decode_host(head: &RequestHead) -> Result<&str, HeadError> {
    let mut hosts = head.fields.all("Host");
    let Some(host) = hosts.next() else {
        return match head.version {
            Version::Http10 => Ok(""),
            Version::Http11 => Err(HeadError::HostMissing),
        };
    };
    if hosts.next().is_some() {
        return Err(HeadError::HostRepeated);
    }
    let host = std::str::from_utf8(host).map_err(|_| HeadError::HostInvalid)?;
    if !is_authority(host) {
        return Err(HeadError::HostInvalid);
    }
    Ok(host)
}

/// Whether `text` is `uri-host [ ":" port ]` with a host that is not empty. User names, allowed in
/// RFC 3986, are not: RFC 9110 §4.2.4 calls them a way to deceive.
fn is_authority(text: &str) -> bool {
    divide_authority(text).is_some()
}

/// Splits `host:port` into the host, in lower case and without brackets, and the port, if it is given.
#[must_use]
pub fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = divide_authority(text)?;
    let host = match host {
        Host::Ipv6(address) => address.to_string(),
        Host::Name(name) => name.to_ascii_lowercase(),
    };
    Some((host, port))
}

/// The host of an authority, as it was sent.
enum Host<'a> {
    Ipv6(Ipv6Addr),
    /// Or an IPv4 address.
    Name(&'a str),
}

fn divide_authority(text: &str) -> Option<(Host<'_>, Option<u16>)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']')?;
        (Host::Ipv6(address.parse().ok()?), after)
    } else {
        let (host, port) = text.split_at_checked(text.find(':').unwrap_or(text.len()))?;
        (Host::Name(is_reg_name(host).then_some(host)?), port)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        // `host:` is allowed and means the default port (RFC 3986 §3.2.3).
        Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        _ => return None,
    };
    Some((host, port))
}

/// A host name or IPv4 address: letters, digits, `-`, `_` and dots. Narrower than RFC 3986, whose
/// escapes and delimiters no resolver knows.
fn is_reg_name(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
        return false;
    }
    // All digits and dots can only be an IPv4 address.
    let numeric = host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    !numeric || host.parse::<Ipv4Addr>().is_ok()
}

fn split_path(target: &str) -> Result<Path<'_>, HeadError> {
    let (raw, query) = target.split_once('?').unwrap_or((target, ""));
    let parts = raw.split('/').skip(1);
    let segments = if raw.contains('%') {
        parts
            .map(|segment| percent::decode(segment.as_bytes(), false))
            .collect::<Option<_>>()
            .ok_or(HeadError::Target)?
    } else {
        parts.map(Cow::Borrowed).collect()
    };
    Ok(Path {
        raw,
        segments,
        query,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head::{Scanned, decode_request_head};
    use crate::octets::Progress;

    fn head(request_line: &str, fields: &str) -> RequestHead {
        let input = format!("{request_line}\r\n{fields}\r\n");
        match decode_request_head(input.as_bytes(), &mut Scanned::default()) {
            Ok(Progress::Done { value, .. }) => value,
            other => panic!("{input:?}: {other:?}"),
        }
    }

    /// The authority, and path and query if it is about a path.
    fn decode(request_line: &str, fields: &str) -> Result<(String, Option<String>), HeadError> {
        let head = head(request_line, fields);
        let target = decode_target(&head, Scheme::Http)?;
        let path_and_query = match target.resource {
            Resource::Server => None,
            Resource::Path(path) => Some(format!("{} ? {}", path.raw, path.query)),
        };
        Ok((target.authority.to_owned(), path_and_query))
    }

    fn segments(target: &str) -> Option<Vec<String>> {
        let head = head(&format!("GET {target} HTTP/1.1"), "Host: a\r\n");
        match decode_target(&head, Scheme::Http).ok()?.resource {
            Resource::Path(path) => {
                let segments = path.segments.into_iter();
                Some(segments.map(Cow::into_owned).collect())
            }
            Resource::Server => None,
        }
    }

    #[test]
    fn paths_are_split_and_then_decoded() {
        for (target, parts) in [
            ("/", vec![""]),
            ("/login", vec!["login"]),
            ("/chat/1?after=3", vec!["chat", "1"]),
            ("/a%2Fb/%2e%2e/", vec!["a/b", "..", ""]),
            ("//a", vec!["", "a"]),
            ("/%C3%A9+", vec!["é+"]),
        ] {
            assert_eq!(segments(target).unwrap(), parts, "{target}");
        }
        for bad in ["/%", "/%zz", "/%ff", "/a#b"] {
            assert_eq!(segments(bad), None, "{bad}");
        }
    }

    #[test]
    fn queries_are_read_by_name() {
        let head = head("GET /x?a=1&after=%33+4&b HTTP/1.1", "Host: a\r\n");
        let Resource::Path(path) = decode_target(&head, Scheme::Http).unwrap().resource else {
            panic!()
        };
        assert_eq!(path.query_value("after").as_deref(), Some("3 4"));
        assert_eq!(path.query_value("b").as_deref(), Some(""));
        assert_eq!(path.query_value("c"), None);
    }

    #[test]
    fn the_four_forms_of_a_target() {
        for (line, authority, path_and_query) in [
            ("OPTIONS * HTTP/1.1", "a", None),
            ("OPTIONS http://b:8080 HTTP/1.1", "b:8080", None),
            ("GET /x?y HTTP/1.1", "a", Some("/x ? y")),
            ("GET http://b:8080/x?y HTTP/1.1", "b:8080", Some("/x ? y")),
            ("GET HTTP://b?y HTTP/1.1", "b", Some("/ ? y")),
            ("GET http://b HTTP/1.1", "b", Some("/ ? ")),
            ("GET http://b??y?/z HTTP/1.1", "b", Some("/ ? ?y?/z")),
        ] {
            let expected = (authority.to_owned(), path_and_query.map(str::to_owned));
            assert_eq!(decode(line, "Host: a\r\n"), Ok(expected), "{line}");
        }
        for (line, error) in [
            ("GET * HTTP/1.1", HeadError::Target),
            ("GET a HTTP/1.1", HeadError::Target),
            ("GET ftp://a/ HTTP/1.1", HeadError::Target),
            ("GET http:///x HTTP/1.1", HeadError::Target),
            ("GET http://u@a/ HTTP/1.1", HeadError::Target),
            ("GET https://a/ HTTP/1.1", HeadError::SchemeMismatch),
        ] {
            assert_eq!(decode(line, "Host: a\r\n"), Err(error), "{line}");
        }
    }

    #[test]
    fn http_1_1_needs_one_valid_host() {
        for good in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:8443",
            "a_b.c-d:",
            "LOCALHOST",
        ] {
            assert!(
                decode("GET / HTTP/1.1", &format!("Host: {good}\r\n")).is_ok(),
                "{good}"
            );
        }
        for bad in [
            "", ":80", "a:b", "a:65536", "a b", "a,b", "a/b", "u@a", "[::1", "[a]", "::1", "1.2.3",
            "a\u{e9}",
        ] {
            let answer = decode("GET / HTTP/1.1", &format!("Host: {bad}\r\n"));
            assert_eq!(answer, Err(HeadError::HostInvalid), "{bad:?}");
        }
        assert_eq!(decode("GET / HTTP/1.1", ""), Err(HeadError::HostMissing));
        assert_eq!(
            decode("GET / HTTP/1.1", "Host: a\r\nHost: a\r\n"),
            Err(HeadError::HostRepeated)
        );
        assert_eq!(
            decode("GET / HTTP/1.0", "Host: a\r\nhost: b\r\n"),
            Err(HeadError::HostRepeated)
        );
        assert_eq!(decode("GET / HTTP/1.0", "").unwrap().0, "");
    }

    #[test]
    fn an_authority_is_split_and_normalised() {
        assert_eq!(
            split_authority("LocalHost:8080"),
            Some(("localhost".into(), Some(8080)))
        );
        assert_eq!(split_authority("[0:0::1]"), Some(("::1".into(), None)));
    }
}
