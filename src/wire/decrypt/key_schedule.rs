//! The key schedule of TLS 1.3 from a logged secret downwards: traffic keys, and the secret of the next generation (RFC 8446 §7).
//! What lies above those secrets, (EC)DHE and PSK, is not in a key log and does not come here.

use aws_lc_rs::hkdf::{KeyType, Prk};

use super::secrets::Secret;
use super::suite::{Aead, Hash};

/// `HKDF-Expand-Label(Secret, Label, Context, Length)` (RFC 8446 §7.1).
///
/// `None` if something is longer than its length field, or than HKDF can give: no use that TLS makes of it is.
#[must_use]
pub fn hkdf_expand_label(
    hash: Hash,
    secret: &Secret,
    label: &str,
    context: &[u8],
    length: u16,
) -> Option<Vec<u8>> {
    let info = hkdf_label(label, context, length)?;
    let mut output = vec![0; usize::from(length)];
    Prk::new_less_safe(hash.hkdf(), secret.expose())
        .expand(&[&info], OutputLen(output.len()))
        .and_then(|output_material| output_material.fill(&mut output))
        .ok()?;
    Some(output)
}

/// The structure `HkdfLabel`, which makes each derived value depend on what it is for (RFC 8446 §7.1).
///
/// ```text
/// struct {
///     uint16 length = Length;
///     opaque label<7..255> = "tls13 " + Label;
///     opaque context<0..255> = Context;
/// } HkdfLabel;
/// ```
#[must_use]
pub fn hkdf_label(label: &str, context: &[u8], length: u16) -> Option<Vec<u8>> {
    let label = format!("tls13 {label}");
    let mut encoded = length.to_be_bytes().to_vec();
    for part in [label.as_bytes(), context] {
        encoded.push(u8::try_from(part.len()).ok()?);
        encoded.extend_from_slice(part);
    }
    Some(encoded)
}

/// `[sender]_write_key = HKDF-Expand-Label(Secret, "key", "", key_length)` (RFC 8446 §7.3).
#[must_use]
pub fn write_key(hash: Hash, aead: Aead, traffic_secret: &Secret) -> Option<Vec<u8>> {
    let key_length = u16::try_from(aead.key_len()).ok()?;
    hkdf_expand_label(hash, traffic_secret, "key", b"", key_length)
}

/// `[sender]_write_iv = HKDF-Expand-Label(Secret, "iv", "", iv_length)` (RFC 8446 §7.3).
#[must_use]
pub fn write_iv(hash: Hash, traffic_secret: &Secret) -> Option<Vec<u8>> {
    const IV_LENGTH: u16 = 12;
    hkdf_expand_label(hash, traffic_secret, "iv", b"", IV_LENGTH)
}

/// The secret after a KeyUpdate, which nobody logs because anybody can compute it (RFC 8446 §7.2):
/// `application_traffic_secret_N+1 = HKDF-Expand-Label(application_traffic_secret_N, "traffic upd", "", Hash.length)`.
#[must_use]
pub fn next_traffic_secret(hash: Hash, traffic_secret: &Secret) -> Option<Secret> {
    let hash_length = u16::try_from(hash.output_len()).ok()?;
    let next = hkdf_expand_label(hash, traffic_secret, "traffic upd", b"", hash_length)?;
    Secret::new(&next)
}

/// How much HKDF shall give, in the shape in which aws-lc-rs asks for it.
struct OutputLen(usize);

impl KeyType for OutputLen {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::hex;
    use crate::wire::decrypt::tests::rfc8448::{self, unhex};

    fn secret(bytes: &[u8]) -> Secret {
        Secret::new(bytes).unwrap()
    }

    #[test]
    fn every_secret_of_rfc_8448_comes_out() {
        let mut compared = 0;
        for step in rfc8448::steps() {
            let (Some(prk), Some(hash), Some(info), Some(expanded)) = (
                step.value("PRK"),
                step.value("hash"),
                step.value("info"),
                step.value("expanded"),
            ) else {
                continue;
            };
            let label = step.name.split('"').nth(1).unwrap();
            let label = label.strip_prefix("tls13 ").unwrap();
            let length = u16::try_from(expanded.len()).unwrap();
            assert_eq!(hkdf_label(label, hash, length).unwrap(), info, "{step:?}");
            let ours = hkdf_expand_label(Hash::Sha256, &secret(prk), label, hash, length);
            assert_eq!(ours.unwrap(), expanded, "{step:?}");
            compared += 1;
        }
        assert_eq!(compared, 58);
    }

    #[test]
    fn every_traffic_key_and_iv_of_rfc_8448_comes_out() {
        let mut compared = 0;
        for step in rfc8448::steps() {
            let (Some(prk), Some(key), Some(iv)) = (
                step.value("PRK"),
                step.value("key expanded"),
                step.value("iv expanded"),
            ) else {
                continue;
            };
            let traffic_secret = secret(prk);
            let ours = write_key(Hash::Sha256, Aead::Aes128Gcm, &traffic_secret);
            assert_eq!(ours.unwrap(), key, "{step:?}");
            assert_eq!(write_iv(Hash::Sha256, &traffic_secret).unwrap(), iv);
            compared += 1;
        }
        assert_eq!(compared, 21);
    }

    #[test]
    fn the_next_generation_has_the_length_of_the_hash_and_differs() {
        for (hash, len) in [(Hash::Sha256, 32), (Hash::Sha384, 48)] {
            let first = secret(&vec![7; len]);
            let second = next_traffic_secret(hash, &first).unwrap();
            let third = next_traffic_secret(hash, &second).unwrap();
            assert_eq!(second.expose().len(), len);
            assert!(first != second && second != third);
        }
    }

    /// QUIC uses TLS's own function with labels of its own, and publishes what comes out (RFC 9001 §A.1, §A.5).
    #[test]
    fn the_secrets_of_rfc_9001_come_out() {
        for (from, label, to) in [
            (
                "7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44",
                "client in",
                "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea",
            ),
            (
                "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b",
                "quic ku",
                "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9",
            ),
        ] {
            let ours = hkdf_expand_label(Hash::Sha256, &secret(&unhex(from)), label, b"", 32);
            assert_eq!(hex(&ours.unwrap()), to);
        }
    }

    #[test]
    fn what_does_not_fit_its_length_field_is_refused() {
        let secret = secret(&[1; 32]);
        let longest = "x".repeat(249);
        assert!(hkdf_expand_label(Hash::Sha256, &secret, &longest, &[0; 255], 32).is_some());
        assert!(hkdf_expand_label(Hash::Sha256, &secret, &(longest + "x"), b"", 32).is_none());
        assert!(hkdf_expand_label(Hash::Sha256, &secret, "key", &[0; 256], 32).is_none());
        let hkdf_len_max = 255 * 32;
        assert!(hkdf_expand_label(Hash::Sha256, &secret, "key", b"", hkdf_len_max).is_some());
        assert!(hkdf_expand_label(Hash::Sha256, &secret, "key", b"", hkdf_len_max + 1).is_none());
    }
}
