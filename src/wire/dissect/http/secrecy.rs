//! Which names promise something that a thief would want: a password, a session, a key.
//! Only names are looked at, never values: what looks random need not be secret, and the reverse.

/// Parts of names that say so wherever they stand.
const TELLING: &[&str] = &[
    "session",
    "sessid",
    "token",
    "passw",
    "passphrase",
    "secret",
    "credential",
    "apikey",
    "signature",
];

/// Whole words of names that say so; as parts they stand in `sidebar`, `inside` or `spinning`, too.
const TELLING_WORDS: &[&str] = &[
    "sid", "pwd", "pw", "pass", "pin", "otp", "totp", "jwt", "csrf", "xsrf", "auth", "oauth", "key",
];

/// Whether the value under this name is worth stealing.
pub(super) fn is_worth_stealing(name: &str) -> bool {
    // Names are short; a long one is compared as far as it could matter.
    let name: String = name
        .chars()
        .take(100)
        .flat_map(char::to_lowercase)
        .collect();
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    TELLING.iter().any(|part| plain.contains(part))
        || plain.ends_with("sid")
        || (plain.contains("auth") && !plain.contains("author"))
        || plain.contains("authoriz")
        || name
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| TELLING_WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_sessions_are_worth_stealing_and_side_bars_are_not() {
        for name in [
            "password",
            "Passwd",
            "new_password",
            "pwd",
            "sid",
            "sid_plain",
            "__Host-sid",
            "__Host-browser-token",
            "instructor_key_plain",
            "connect.sid",
            "PHPSESSID",
            "JSESSIONID",
            "ASP.NET_SessionId",
            "token",
            "access_token",
            "csrfToken",
            "auth",
            "X-Auth",
            "Authorization",
            "api-key",
            "API_KEY",
            "client_secret",
        ] {
            assert!(is_worth_stealing(name), "{name}");
        }
        for name in [
            "username", "sidebar", "inside", "lang", "theme", "author", "name", "content", "",
            "keyboard", "é",
        ] {
            assert!(!is_worth_stealing(name), "{name}");
        }
    }
}
