//! Reads what we want to know of an existing certificate: when it is valid, and for which names (RFC 5280).
//! Trusts no length in it, and checks no signature: whether to trust a certificate is its reader's affair.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::calendar::{UnixSecs, days_since_epoch};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateContents {
    /// Valid from this second on.
    pub(crate) not_before: UnixSecs,
    /// Valid up to and including this second.
    pub(crate) not_after: UnixSecs,
    /// The host names and addresses it is for, as they stand in it.
    pub(crate) names: Vec<String>,
    /// The whole SubjectPublicKeyInfo.
    pub(crate) public_key_info: Vec<u8>,
}

/// Why bytes are not a certificate, or not one that we understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum X509Error {
    /// They end too early, or a length points behind their end.
    Truncated,
    /// A length or tag is not written as DER demands (X.690 §10).
    NotDer,
    /// Something else stands where this was expected.
    Expected(&'static str),
}

impl fmt::Display for X509Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the certificate is cut off"),
            Self::NotDer => f.write_str("the certificate is not DER"),
            Self::Expected(what) => write!(f, "the certificate has no {what} where it should be"),
        }
    }
}

/// Reads the DER form of a certificate (RFC 5280 §4.1).
///
/// # Errors
/// `X509Error`, for bytes that are no certificate.
pub(crate) fn read_certificate(der: &[u8]) -> Result<CertificateContents, X509Error> {
    let mut outermost = Der(der);
    let mut certificate = Der(outermost.expect(SEQUENCE, "certificate")?);
    let mut tbs = Der(certificate.expect(SEQUENCE, "tbsCertificate")?);
    tbs.optional(EXPLICIT_VERSION)?;
    tbs.expect(INTEGER, "serialNumber")?;
    tbs.expect(SEQUENCE, "signature")?;
    tbs.expect(SEQUENCE, "issuer")?;
    let mut validity = Der(tbs.expect(SEQUENCE, "validity")?);
    let not_before = read_time(&mut validity)?;
    let not_after = read_time(&mut validity)?;
    tbs.expect(SEQUENCE, "subject")?;
    let public_key_info = tbs.expect_whole(SEQUENCE, "subjectPublicKeyInfo")?.to_vec();
    tbs.optional(ISSUER_UNIQUE_ID)?;
    tbs.optional(SUBJECT_UNIQUE_ID)?;
    let names = match tbs.optional(EXPLICIT_EXTENSIONS)? {
        Some(extensions) => read_extensions(extensions)?,
        None => Vec::new(),
    };
    Ok(CertificateContents {
        not_before,
        not_after,
        names,
        public_key_info,
    })
}

// Tags of ASN.1 (X.690 §8.1.2): universal, and those that RFC 5280 §4.1 gives in context.
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXPLICIT_EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// id-ce-subjectAltName, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// The names in subjectAltName (RFC 5280 §4.2.1.6); none if there is no such extension.
fn read_extensions(explicit: &[u8]) -> Result<Vec<String>, X509Error> {
    let mut names = Vec::new();
    let mut extensions = Der(Der(explicit).expect(SEQUENCE, "extensions")?);
    while !extensions.0.is_empty() {
        let mut extension = Der(extensions.expect(SEQUENCE, "extension")?);
        let id = extension.expect(OBJECT_IDENTIFIER, "extnID")?;
        extension.optional(BOOLEAN)?;
        let value = extension.expect(OCTET_STRING, "extnValue")?;
        if id == SUBJECT_ALT_NAME {
            let mut general_names = Der(Der(value).expect(SEQUENCE, "GeneralNames")?);
            while !general_names.0.is_empty() {
                let (tag, content, _) = general_names.element()?;
                names.extend(read_name(tag, content)?);
            }
        }
    }
    Ok(names)
}

/// `None` for the kinds of names that no browser asks for, such as mail addresses.
fn read_name(tag: u8, content: &[u8]) -> Result<Option<String>, X509Error> {
    match tag {
        // It goes to terminals and logs, so nothing but visible ASCII may be in it.
        DNS_NAME => match std::str::from_utf8(content) {
            Ok(name) if name.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Some(name.to_owned()))
            }
            _ => Err(X509Error::Expected("dNSName in ASCII")),
        },
        IP_ADDRESS => {
            let v4 = <[u8; 4]>::try_from(content).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
            let v6 = <[u8; 16]>::try_from(content).map(|octets| IpAddr::V6(Ipv6Addr::from(octets)));
            match v4.or(v6) {
                Ok(ip) => Ok(Some(ip.to_string())),
                Err(_) => Err(X509Error::Expected("iPAddress of 4 or 16 bytes")),
            }
        }
        _ => Ok(None),
    }
}

/// A Time (RFC 5280 §4.1.2.5): `YYMMDDHHMMSSZ` up to the year 2049, `YYYYMMDDHHMMSSZ` from then on.
fn read_time(der: &mut Der<'_>) -> Result<UnixSecs, X509Error> {
    const BAD: X509Error = X509Error::Expected("time like 260131235959Z");
    let (tag, content, _) = der.element()?;
    let (year_digits, rest) = match tag {
        UTC_TIME => content.split_at_checked(2).ok_or(BAD)?,
        GENERALIZED_TIME => content.split_at_checked(4).ok_or(BAD)?,
        _ => return Err(BAD),
    };
    let year = match (decimal(year_digits).ok_or(BAD)?, tag) {
        (short, UTC_TIME) if short >= 50 => 1900 + short,
        (short, UTC_TIME) => 2000 + short,
        (year, _) => year,
    };
    let (&[m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'], &[]) =
        rest.split_first_chunk().ok_or(BAD)?
    else {
        return Err(BAD);
    };
    let within = |digits: [u8; 2], range: std::ops::RangeInclusive<i64>| {
        decimal(&digits)
            .filter(|number| range.contains(number))
            .ok_or(BAD)
    };
    let (month, day) = (within([m1, m2], 1..=12)?, within([d1, d2], 1..=31)?);
    let hour = within([h1, h2], 0..=23)?;
    let (minute, second) = (within([n1, n2], 0..=59)?, within([s1, s2], 0..=59)?);
    let seconds = (hour * 60 + minute) * 60 + second;
    Ok(UnixSecs(
        days_since_epoch(year, month, day) * UnixSecs::DAY + seconds,
    ))
}

fn decimal(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

/// What is still to be read of a run of DER elements: tag, length, content (X.690 §8.1).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag, its content, and all its bytes.
    fn element(&mut self) -> Result<(u8, &'a [u8], &'a [u8]), X509Error> {
        let (&tag, behind_tag) = self.0.split_first().ok_or(X509Error::Truncated)?;
        // Five ones announce a tag of several bytes, which no certificate needs.
        if tag & 0x1f == 0x1f {
            return Err(X509Error::NotDer);
        }
        let (content_len, behind_len) = read_length(behind_tag)?;
        let (content, rest) = behind_len
            .split_at_checked(content_len)
            .ok_or(X509Error::Truncated)?;
        let whole_len = self.0.len() - rest.len();
        let whole = self.0.get(..whole_len).ok_or(X509Error::Truncated)?;
        self.0 = rest;
        Ok((tag, content, whole))
    }

    fn expect(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], X509Error> {
        match self.element()? {
            (found, content, _) if found == tag => Ok(content),
            _ => Err(X509Error::Expected(what)),
        }
    }

    fn expect_whole(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], X509Error> {
        match self.element()? {
            (found, _, whole) if found == tag => Ok(whole),
            _ => Err(X509Error::Expected(what)),
        }
    }

    fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, X509Error> {
        match self.0.first() {
            Some(&found) if found == tag => self.element().map(|(_, content, _)| Some(content)),
            _ => Ok(None),
        }
    }
}

/// A length (X.690 §8.1.3 and §10.1): one byte up to 127, otherwise a count of bytes and the bytes.
fn read_length(input: &[u8]) -> Result<(usize, &[u8]), X509Error> {
    let (&first, rest) = input.split_first().ok_or(X509Error::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    // DER has one way to write a length: the shortest. Four bytes reach 4 GiB, more than any file here.
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(X509Error::NotDer);
    }
    let (bytes, rest) = rest.split_at_checked(count).ok_or(X509Error::Truncated)?;
    let length = bytes
        .iter()
        .fold(0_usize, |length, &byte| (length << 8) | usize::from(byte));
    if length < 0x80 || bytes.first() == Some(&0) {
        return Err(X509Error::NotDer);
    }
    Ok((length, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 36500
    /// -addext subjectAltName=DNS:localhost,DNS:*.example.org,IP:127.0.0.1,IP:::1,email:a@b.c`
    const MADE_BY_OPENSSL: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBvDCCAWGgAwIBAgIUaOok+531JZqAN0AyVdCgBFZobQUwCgYIKoZIzj0EAwIw\n\
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIyMzI1MjZaGA8yMTI2MTAyOTIzMjUy\n\
NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJvX\n\
wK01PXMf2HL8QjjqGtVYNPvxmgzvnZNYcPMqhGLmXniUYzr1YBdtVOE2pLb4Ddjj\n\
LXSpl7BHZSODhSBu25ejgZgwgZUwHQYDVR0OBBYEFJfEmmVP1AFMo2ksJiQWd6qw\n\
sqgqMB8GA1UdIwQYMBaAFJfEmmVP1AFMo2ksJiQWd6qwsqgqMA8GA1UdEwEB/wQF\n\
MAMBAf8wQgYDVR0RBDswOYIJbG9jYWxob3N0gg0qLmV4YW1wbGUub3JnhwR/AAAB\n\
hxAAAAAAAAAAAAAAAAAAAAABgQVhQGIuYzAKBggqhkjOPQQDAgNJADBGAiEA9CHn\n\
g18g4CeEl03ED3WillXbKweDslpxA/FpAwUUdD8CIQC5i38EkpyhpZiqn7NlZb26\n\
aVC7Y/d81WJxUzspa7vSkA==\n\
-----END CERTIFICATE-----";

    fn der() -> Vec<u8> {
        let mut pem = MADE_BY_OPENSSL.as_bytes();
        rustls_pemfile::certs(&mut pem)
            .next()
            .unwrap()
            .unwrap()
            .to_vec()
    }

    #[test]
    fn a_certificate_by_openssl_says_when_and_for_whom_it_is_valid() {
        let contents = read_certificate(&der()).unwrap();
        assert_eq!(contents.not_before.to_string(), "2026-11-22");
        // Beyond 2049, so a GeneralizedTime.
        assert_eq!(contents.not_after.to_string(), "2126-10-29");
        assert_eq!(
            contents.names,
            ["localhost", "*.example.org", "127.0.0.1", "::1"]
        );
        assert_eq!(contents.public_key_info.len(), 91, "P-256");
    }

    #[test]
    fn a_certificate_that_is_cut_off_anywhere_is_refused() {
        let whole = der();
        for len in 0..whole.len() {
            assert_eq!(
                read_certificate(&whole[..len]),
                Err(X509Error::Truncated),
                "{len}"
            );
        }
    }

    #[test]
    fn no_mutation_makes_it_panic() {
        let whole = der();
        let mut seed = 0x5eed_u64;
        let mut next = move |below: usize| {
            // Xorshift (G. Marsaglia 2003): the same inputs on every run.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % u64::try_from(below).unwrap()).unwrap()
        };
        let mut refused = 0;
        for _ in 0..20_000 {
            let mut mutated = whole.clone();
            for _ in 0..=next(3) {
                let position = next(mutated.len());
                mutated[position] = u8::try_from(next(256)).unwrap();
            }
            mutated.truncate(whole.len() - next(2) * next(whole.len()));
            refused += usize::from(read_certificate(&mutated).is_err());
        }
        assert!((1_000..20_000).contains(&refused), "{refused}");
    }

    #[test]
    fn lengths_have_one_spelling() {
        for (input, read) in [
            (&[0x7f][..], Ok(127)),
            (&[0x81, 0x80], Ok(128)),
            (&[0x82, 0x01, 0x00], Ok(256)),
            (&[0x84, 0xff, 0xff, 0xff, 0xff], Ok(0xffff_ffff)),
            (&[0x81, 0x7f], Err(X509Error::NotDer)),
            (&[0x82, 0x00, 0x80], Err(X509Error::NotDer)),
            (&[0x80], Err(X509Error::NotDer)),
            (&[0x85, 1, 1, 1, 1, 1], Err(X509Error::NotDer)),
            (&[0x82, 0x01], Err(X509Error::Truncated)),
            (&[], Err(X509Error::Truncated)),
        ] {
            assert_eq!(
                read_length(input).map(|(length, _)| length),
                read,
                "{input:x?}"
            );
        }
    }

    #[test]
    fn times_are_read_to_the_second_and_shown_as_days() {
        let time = |tag: u8, text: &str| {
            let len = u8::try_from(text.len()).unwrap();
            let bytes = [&[tag, len][..], text.as_bytes()].concat();
            read_time(&mut Der(&bytes))
        };
        for (tag, text, seconds, day) in [
            (UTC_TIME, "700101000000Z", 0, "1970-01-01"),
            (UTC_TIME, "491231235959Z", 2_524_607_999, "2049-12-31"),
            (UTC_TIME, "500101000000Z", -631_152_000, "1950-01-01"),
            (
                GENERALIZED_TIME,
                "20500101000000Z",
                2_524_608_000,
                "2050-01-01",
            ),
            (
                GENERALIZED_TIME,
                "20000229120000Z",
                951_825_600,
                "2000-02-29",
            ),
            (
                GENERALIZED_TIME,
                "99991231235959Z",
                253_402_300_799,
                "9999-12-31",
            ),
        ] {
            let read = time(tag, text).unwrap();
            assert_eq!(read, UnixSecs(seconds), "{text}");
            assert_eq!(read.to_string(), day);
        }
        for (tag, text) in [
            (UTC_TIME, "701301000000Z"),
            (UTC_TIME, "700100000000Z"),
            (UTC_TIME, "700101240000Z"),
            (UTC_TIME, "700101000060Z"),
            (UTC_TIME, "700101000000+"),
            (UTC_TIME, "700101000000Z0"),
            (UTC_TIME, "7001010000Z"),
            (UTC_TIME, "7a0101000000Z"),
            (GENERALIZED_TIME, "700101000000Z"),
            (INTEGER, "700101000000Z"),
        ] {
            assert!(time(tag, text).is_err(), "{text}");
        }
    }
}
