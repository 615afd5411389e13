//! Cookies: read from requests, written into responses (RFC 6265).
//! What a cookie means is decided by the pages; here is only how it is spelled.

use super::fields::Fields;

/// All values that the client sends under `name`, in its order.
///
/// A name can come more than once (from another path, or from a neighbour on the same host, since
/// cookies ignore ports): the caller must not take the first one for the only one.
pub fn cookies<'a>(fields: &'a Fields, name: &'a str) -> impl Iterator<Item = &'a str> {
    fields
        .all("Cookie")
        .flat_map(|value| value.split(|&byte| byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair.trim_ascii()).ok())
        .filter_map(move |pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| unquote(value))
        })
}

fn unquote(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value)
}

/// A cookie to be set: for the whole host, out of scripts' reach, not sent along with other sites' requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie<'a> {
    /// A token. With the prefix `__Host-`, browsers insist on `Secure`, `Path=/` and no `Domain`.
    pub name: &'a str,
    /// Made of cookie-octets (RFC 6265 §4.1.1).
    pub value: &'a str,
    /// Whether it is only sent over TLS.
    pub secure: bool,
    /// How long it is kept; 0 removes it.
    pub max_age_secs: u64,
}

impl SetCookie<'_> {
    /// The field value of `Set-Cookie`; `None` if name or value could break out of their places.
    #[must_use]
    pub fn to_field_value(&self) -> Option<String> {
        if !super::fields::is_token(self.name.as_bytes())
            || !self.value.bytes().all(is_cookie_octet)
        {
            return None;
        }
        let secure = if self.secure { "; Secure" } else { "" };
        Some(format!(
            "{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name, self.value, self.max_age_secs
        ))
    }
}

fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fields::FieldLine;

    fn values(line: &str, name: &str) -> Vec<String> {
        let buffer = format!("Cookie{line}");
        let lines = vec![FieldLine {
            name: 0..6,
            value: 6..buffer.len(),
        }];
        let fields = Fields::new(buffer.into(), lines);
        cookies(&fields, name).map(str::to_owned).collect()
    }

    #[test]
    fn cookies_are_found_by_their_exact_name() {
        let line = "a=1; sid=first;b ; sid=\"second\"; SID=3; xsid=4; sid=x=y";
        assert_eq!(values(line, "sid"), ["first", "second", "x=y"]);
        assert_eq!(values(line, "b"), [""; 0]);
        assert_eq!(values("", "sid"), [""; 0]);
        assert_eq!(values("sid=", "sid"), [""]);
    }

    #[test]
    fn a_cookie_is_spelled_with_its_fences() {
        let cookie = SetCookie {
            name: "__Host-sid",
            value: "abc",
            secure: true,
            max_age_secs: 60,
        };
        assert_eq!(
            cookie.to_field_value().unwrap(),
            "__Host-sid=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        let plain = SetCookie {
            name: "sid_plain",
            secure: false,
            ..cookie
        };
        assert_eq!(
            plain.to_field_value().unwrap(),
            "sid_plain=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_value_cannot_break_out_of_its_cookie() {
        for value in ["a;b", "a b", "a\r\nX: y", "a\"b", "é", "a,b", "a\\b"] {
            let cookie = SetCookie {
                name: "sid",
                value,
                secure: false,
                max_age_secs: 1,
            };
            assert_eq!(cookie.to_field_value(), None, "{value:?}");
        }
        let cookie = SetCookie {
            name: "s id",
            value: "a",
            secure: false,
            max_age_secs: 1,
        };
        assert_eq!(cookie.to_field_value(), None);
    }
}
