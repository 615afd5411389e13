//! The secret behind a session: drawn here, shown once to its owner, kept by nobody.
//! No storage and no rules of sessions.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::store::TokenHash;

/// 256 bits: nobody guesses one, however many sessions there are.
const TOKEN_LEN: usize = 32;

/// As many characters as 32 bytes take in base64url without padding (RFC 4648 §5).
const TOKEN_CHARS: usize = 43;

/// What a cookie carries. `Debug` hides it.
pub struct SessionToken(String);

impl SessionToken {
    /// Draws a new one, with its hash.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn draw() -> Result<(Self, TokenHash), Unspecified> {
        let mut raw = [0; TOKEN_LEN];
        rand::fill(&mut raw)?;
        Ok((Self(URL_SAFE_NO_PAD.encode(raw)), sha256(&raw)))
    }

    /// The cookie's value: 43 letters, digits, `-` and `_`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(hidden)")
    }
}

/// What the store knows of the token in `text`; `None` if it is no token of ours.
///
/// Sessions are looked up by this hash alone. No token is ever compared with another, so there is
/// no comparison that would have to take the same time for all: how far a lookup got tells about
/// the hash of a guess, and nothing about the token that it should have been. One fast hash is
/// enough, as there is nothing to try out in 256 random bits.
#[must_use]
pub fn hash_of(text: &str) -> Option<TokenHash> {
    if text.len() != TOKEN_CHARS {
        return None;
    }
    // The decoder wants room for whole groups of three. It refuses a last character with stray
    // bits, so each token has one spelling.
    let mut raw = [0; TOKEN_LEN + 1];
    let len = URL_SAFE_NO_PAD.decode_slice(text, &mut raw).ok()?;
    Some(sha256(raw.get(..len)?))
}

fn sha256(raw: &[u8]) -> TokenHash {
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(digest(&SHA256, raw).as_ref()) {
        *to = *from;
    }
    TokenHash(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::hex;

    #[test]
    fn a_token_is_43_characters_that_a_cookie_may_hold_and_never_repeats() {
        let (one, one_hash) = SessionToken::draw().unwrap();
        let (other, other_hash) = SessionToken::draw().unwrap();
        assert_eq!(one.as_str().len(), 43);
        assert!(
            one.as_str()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_ne!(one.as_str(), other.as_str());
        assert_ne!(one_hash, other_hash);
        assert_eq!(hash_of(one.as_str()), Some(one_hash));
    }

    #[test]
    fn debug_hides_the_token() {
        let (token, _) = SessionToken::draw().unwrap();
        assert_eq!(format!("{token:?}"), "SessionToken(hidden)");
    }

    #[test]
    fn the_hash_is_the_sha_256_of_the_32_bytes() {
        // 32 zero bytes.
        let hash = hash_of(&"A".repeat(43)).unwrap();
        assert_eq!(
            hex(&hash.0),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }

    #[test]
    fn what_is_no_token_has_no_hash() {
        let text = "A".repeat(42);
        for (last, good) in [
            ("A", true),
            ("-", false), // as the 43rd character it has stray bits
            ("8", true),
            ("9", false),
            ("", false),
            ("AA", false),
            ("=", false),
            ("é", false),
            ("\0", false),
        ] {
            assert_eq!(hash_of(&format!("{text}{last}")).is_some(), good, "{last}");
        }
        for text in ["", "+/", &format!("+{text}"), &"A".repeat(100_000)] {
            assert_eq!(hash_of(text), None, "{:?}", text.get(..9));
        }
    }
}
