//! The keys of TLS 1.2: the pseudorandom function, and the key block that it makes of the master secret (RFC 5246 §5, §6.3).
//! Only for suites without a MAC key, as all AEAD suites are.

use aws_lc_rs::hmac;

use super::secrets::{ClientRandom, Secret};
use super::suite::{Hash, Suite};
use crate::octets::Direction;

/// `PRF(secret, label, seed) = P_<hash>(secret, label + seed)`, as much of it as is asked for (RFC 5246 §5).
///
/// ```text
/// P_hash(secret, seed) = HMAC_hash(secret, A(1) + seed) +
///                        HMAC_hash(secret, A(2) + seed) + ...
/// A(0) = seed,  A(i) = HMAC_hash(secret, A(i-1))
/// ```
#[must_use]
pub fn prf(hash: Hash, secret: &Secret, label: &[u8], seed: &[u8], output_len: usize) -> Vec<u8> {
    let secret = hmac::Key::new(hash.hmac(), secret.expose());
    let seed = [label, seed].concat();
    let mut output = Vec::with_capacity(output_len + hash.output_len());
    let mut a = hmac::sign(&secret, &seed);
    while output.len() < output_len {
        let mut next = hmac::Context::with_key(&secret);
        next.update(a.as_ref());
        next.update(&seed);
        output.extend_from_slice(next.sign().as_ref());
        a = hmac::sign(&secret, a.as_ref());
    }
    output.truncate(output_len);
    output
}

/// What one side protects its records with, cut from the key block.
pub(super) struct WriteKey {
    pub(super) key: Vec<u8>,
    pub(super) iv: Vec<u8>,
}

/// Derives the key block and cuts out the part of one side (RFC 5246 §6.3).
///
/// ```text
/// key_block = PRF(master_secret, "key expansion", server_random + client_random)
///           = client_write_key | server_write_key | client_write_IV | server_write_IV
/// ```
pub(super) fn write_key(
    suite: &Suite,
    master_secret: &Secret,
    client_random: &ClientRandom,
    server_random: &[u8; 32],
    sender: Direction,
) -> Option<WriteKey> {
    let (key_len, iv_len) = (suite.aead.key_len(), suite.iv_len());
    // The one place of TLS where the server's random comes first.
    let seed = [server_random.as_slice(), client_random].concat();
    let key_block = prf(
        suite.hash,
        master_secret,
        b"key expansion",
        &seed,
        2 * (key_len + iv_len),
    );
    let (keys, ivs) = key_block.split_at_checked(2 * key_len)?;
    let (client_key, server_key) = keys.split_at_checked(key_len)?;
    let (client_iv, server_iv) = ivs.split_at_checked(iv_len)?;
    let (key, iv) = match sender {
        Direction::FromClient => (client_key, client_iv),
        Direction::FromServer => (server_key, server_iv),
    };
    Some(WriteKey {
        key: key.to_vec(),
        iv: iv.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::hex;
    use crate::wire::decrypt::Version;
    use crate::wire::decrypt::tests::rfc8448::unhex;

    /// The vectors that the TLS working group published for the PRF of TLS 1.2
    /// (mailing list, 2 November 2010, "TLS 1.2 test vectors").
    #[test]
    fn the_vectors_of_the_working_group_come_out() {
        for (hash, secret, seed, output) in [
            (
                Hash::Sha256,
                "9bbe436ba940f017b17652849a71db35",
                "a0ba9f936cda311827a6f796ffd5198c",
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a\
                 6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab\
                 4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701\
                 87347b66",
            ),
            (
                Hash::Sha384,
                "b80b733d6ceefcdc71566ea48e5567df",
                "cd665cf6a8447dd6ff8b27555edb7465",
                "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd\
                 e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd\
                 8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425\
                 9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6\
                 91c8f3a26854308d5eaa3be85e0990703d73e56f",
            ),
        ] {
            let secret = Secret::new(&unhex(secret)).unwrap();
            let seed = unhex(seed);
            let ours = prf(hash, &secret, b"test label", &seed, output.len() / 2);
            assert_eq!(hex(&ours), output);
            // A shorter answer is the beginning of a longer one.
            let shorter = prf(hash, &secret, b"test label", &seed, 12);
            assert_eq!(shorter, ours[..12]);
            assert_eq!(prf(hash, &secret, b"test label", &seed, 0), b"");
        }
    }

    #[test]
    fn the_key_block_is_cut_in_the_order_of_rfc_5246() {
        let master_secret = Secret::new(&[3; 48]).unwrap();
        let (client_random, server_random) = ([1; 32], [2; 32]);
        for (number, key_len, iv_len) in [(0xc02b, 16, 4), (0xc02c, 32, 4), (0xcca9, 32, 12)] {
            let suite = Suite::of(Version::Tls12, number).unwrap();
            let seed = [[2; 32], [1; 32]].concat();
            let block = prf(suite.hash, &master_secret, b"key expansion", &seed, 88);
            let cut = |sender| {
                write_key(
                    suite,
                    &master_secret,
                    &client_random,
                    &server_random,
                    sender,
                )
                .unwrap()
            };
            let (client, server) = (cut(Direction::FromClient), cut(Direction::FromServer));
            let together = [client.key, server.key, client.iv, server.iv].concat();
            assert_eq!(together.len(), 2 * (key_len + iv_len));
            assert_eq!(together, block[..together.len()]);
        }
    }
}
