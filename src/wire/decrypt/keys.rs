//! What one side protects its records with at one time: the secret, and the key and IV that follow from it.
//! Knows how a nonce is made (RFC 8446 §5.3, RFC 5288 §3, RFC 7905 §2), and nothing of records or messages.

use std::fmt;

use aws_lc_rs::aead::{LessSafeKey, NONCE_LEN, UnboundKey};

use super::secrets::{ClientRandom, Label, Secret};
use super::suite::Suite;
use super::{key_schedule, prf};
use crate::octets::Direction;

/// Key and IV of one direction, and where they come from.
pub struct TrafficKeys {
    /// The suite that was agreed on.
    pub suite: &'static Suite,
    /// The logged secret that they follow from.
    pub label: Label,
    /// How many KeyUpdates lie between that secret and this one (RFC 8446 §7.2).
    pub generation: u64,
    secret: Secret,
    key: Vec<u8>,
    iv: Vec<u8>,
    opening: LessSafeKey,
}

impl TrafficKeys {
    /// From a traffic secret of TLS 1.3, as it stands in the key log; `None` if no secret of this suite has its length.
    #[must_use]
    pub fn tls13(suite: &'static Suite, label: Label, secret: &Secret) -> Option<Self> {
        Self::of_generation(suite, label, 0, secret.clone())
    }

    /// The keys after the next KeyUpdate.
    #[must_use]
    pub fn next_generation(&self) -> Option<Self> {
        let secret = key_schedule::next_traffic_secret(self.suite.hash, &self.secret)?;
        let generation = self.generation.checked_add(1)?;
        Self::of_generation(self.suite, self.label, generation, secret)
    }

    /// From the master secret of TLS 1.2 and both randoms; `None` if it is not 48 bytes long (RFC 5246 §8.1).
    #[must_use]
    pub fn tls12(
        suite: &'static Suite,
        master_secret: &Secret,
        client_random: &ClientRandom,
        server_random: &[u8; 32],
        sender: Direction,
    ) -> Option<Self> {
        const MASTER_SECRET_LEN: usize = 48;
        if master_secret.expose().len() != MASTER_SECRET_LEN {
            return None;
        }
        let cut = prf::write_key(suite, master_secret, client_random, server_random, sender)?;
        Self::new(
            suite,
            Label::ClientRandom,
            0,
            master_secret.clone(),
            cut.key,
            cut.iv,
        )
    }

    /// The traffic secret of this generation (TLS 1.3), or the master secret (TLS 1.2).
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The key: 16 or 32 bytes.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The IV: 12 bytes, or for GCM in TLS 1.2 the 4 that are not sent.
    #[must_use]
    pub fn iv(&self) -> &[u8] {
        &self.iv
    }

    /// The nonce of one record.
    ///
    /// GCM in TLS 1.2: the IV, then what was sent in the record (RFC 5288 §3). All else: the sequence number, padded
    /// on the left to the length of the IV, and xored with it (RFC 8446 §5.3, RFC 7905 §2).
    #[must_use]
    pub fn nonce(&self, sequence: u64, explicit: &[u8]) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        let sequence = sequence.to_be_bytes();
        let counted: &[u8] = if explicit.is_empty() {
            &sequence
        } else {
            explicit
        };
        for (place, byte) in nonce.iter_mut().rev().zip(counted.iter().rev()) {
            *place = *byte;
        }
        for (place, byte) in nonce.iter_mut().zip(&self.iv) {
            *place ^= byte;
        }
        nonce
    }

    pub(super) fn opening(&self) -> &LessSafeKey {
        &self.opening
    }

    fn of_generation(
        suite: &'static Suite,
        label: Label,
        generation: u64,
        secret: Secret,
    ) -> Option<Self> {
        if secret.expose().len() != suite.hash.output_len() {
            return None;
        }
        let key = key_schedule::write_key(suite.hash, suite.aead, &secret)?;
        let iv = key_schedule::write_iv(suite.hash, &secret)?;
        Self::new(suite, label, generation, secret, key, iv)
    }

    fn new(
        suite: &'static Suite,
        label: Label,
        generation: u64,
        secret: Secret,
        key: Vec<u8>,
        iv: Vec<u8>,
    ) -> Option<Self> {
        let opening = LessSafeKey::new(UnboundKey::new(suite.aead.algorithm(), &key).ok()?);
        Some(Self {
            suite,
            label,
            generation,
            secret,
            key,
            iv,
            opening,
        })
    }
}

impl fmt::Debug for TrafficKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrafficKeys")
            .field("suite", &self.suite.name)
            .field("label", &self.label)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::decrypt::Version;

    fn keys13(len: usize) -> Option<TrafficKeys> {
        let suite = Suite::of(Version::Tls13, 0x1301).unwrap();
        let secret = Secret::new(&vec![0xab; len]).unwrap();
        TrafficKeys::tls13(suite, Label::ClientTrafficSecret0, &secret)
    }

    fn keys12(number: u16, len: usize) -> Option<TrafficKeys> {
        let suite = Suite::of(Version::Tls12, number).unwrap();
        let secret = Secret::new(&vec![0xab; len]).unwrap();
        TrafficKeys::tls12(suite, &secret, &[1; 32], &[2; 32], Direction::FromServer)
    }

    #[test]
    fn a_secret_of_another_length_than_the_suite_has_makes_no_keys() {
        assert!(keys13(32).is_some());
        assert!(keys13(31).is_none());
        assert!(keys13(48).is_none());
        assert!(keys12(0xc02b, 48).is_some());
        assert!(keys12(0xc02b, 32).is_none());
    }

    #[test]
    fn the_nonce_is_the_iv_xored_with_the_sequence_number() {
        for keys in [keys13(32).unwrap(), keys12(0xcca9, 48).unwrap()] {
            assert_eq!(keys.nonce(0, b""), keys.iv());
            let mut expected = keys.iv().to_vec();
            for (place, byte) in expected[4..].iter_mut().zip([1, 2, 3, 4, 5, 6, 7, 8]) {
                *place ^= byte;
            }
            assert_eq!(keys.nonce(0x0102_0304_0506_0708, b""), expected[..]);
        }
    }

    #[test]
    fn gcm_in_tls_12_appends_what_was_sent_to_the_iv() {
        let keys = keys12(0xc02b, 48).unwrap();
        let explicit = [9, 8, 7, 6, 5, 4, 3, 2];
        let expected = [keys.iv(), &explicit].concat();
        assert_eq!(expected.len(), 12);
        assert_eq!(keys.nonce(77, &explicit), expected[..]);
    }

    #[test]
    fn each_generation_has_other_keys_and_remembers_where_it_comes_from() {
        let first = keys13(32).unwrap();
        let second = first.next_generation().unwrap();
        assert_eq!((first.generation, second.generation), (0, 1));
        assert_eq!(second.label, Label::ClientTrafficSecret0);
        assert!(first.key() != second.key() && first.iv() != second.iv());
        assert!(first.secret() != second.secret());
    }

    #[test]
    fn keys_do_not_show_themselves() {
        let shown = format!("{:?}", keys13(32).unwrap());
        assert_eq!(
            shown,
            "TrafficKeys { suite: \"TLS_AES_128_GCM_SHA256\", label: ClientTrafficSecret0, generation: 0, .. }"
        );
    }
}
