//! The little of the hellos that decryption must know: version, cipher suite, randoms, early data (RFC 8446 §4.1).
//! All their other fields are taken apart by `dissect`, for people; here nothing is explained.

use super::secrets::ClientRandom;
use crate::octets::Reader;

/// From the ClientHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub(super) random: ClientRandom,
    /// The client sends application data at once, without waiting for an answer (RFC 8446 §4.2.10).
    pub(super) offers_early_data: bool,
}

/// From the ServerHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) random: [u8; 32],
    /// The version that is spoken, by its number.
    pub(super) version: u16,
    pub(super) cipher_suite: u16,
    /// It is a HelloRetryRequest: another ClientHello shall follow.
    pub(super) is_retry: bool,
}

/// The numbers of the extensions that we look at (RFC 8446 §4.2).
const EARLY_DATA: u16 = 42;
const SUPPORTED_VERSIONS: u16 = 43;

/// The random by which a ServerHello says that it is a HelloRetryRequest: the SHA-256 of that word (RFC 8446 §4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// `legacy_version, random, legacy_session_id, cipher_suites, legacy_compression_methods, extensions` (RFC 8446 §4.1.2).
pub(super) fn read_client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut reader = Reader::new(body);
    let _legacy_version = reader.u16()?;
    let random = reader.array()?;
    let _legacy_session_id = opaque_u8(&mut reader)?;
    let _cipher_suites = opaque_u16(&mut reader)?;
    let _legacy_compression_methods = opaque_u8(&mut reader)?;
    let offers_early_data = extension(&mut reader, EARLY_DATA)?.is_some();
    Some(ClientHello {
        random,
        offers_early_data,
    })
}

/// `legacy_version, random, legacy_session_id_echo, cipher_suite, legacy_compression_method, extensions` (RFC 8446 §4.1.3).
pub(super) fn read_server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut reader = Reader::new(body);
    let legacy_version = reader.u16()?;
    let random = reader.array()?;
    let _legacy_session_id_echo = opaque_u8(&mut reader)?;
    let cipher_suite = reader.u16()?;
    let _legacy_compression_method = reader.u8()?;
    // TLS 1.3 disguises itself as 1.2, and says what it is here (RFC 8446 §4.2.1).
    let version = match extension(&mut reader, SUPPORTED_VERSIONS)? {
        Some(selected_version) => Reader::new(selected_version).u16()?,
        None => legacy_version,
    };
    Some(ServerHello {
        random,
        version,
        cipher_suite,
        is_retry: random == HELLO_RETRY_REQUEST,
    })
}

/// Whether the server says in its EncryptedExtensions that it takes the early data (RFC 8446 §4.2.10).
pub(super) fn accepts_early_data(encrypted_extensions: &[u8]) -> Option<bool> {
    extension(&mut Reader::new(encrypted_extensions), EARLY_DATA).map(|found| found.is_some())
}

/// The content of one extension; `Some(None)` if it is not there, `None` if the list cannot be read.
fn extension<'a>(reader: &mut Reader<'a>, wanted: u16) -> Option<Option<&'a [u8]>> {
    // Before TLS 1.3 a hello might end without any list (RFC 5246 §7.4.1.2).
    if reader.rest().is_empty() {
        return Some(None);
    }
    let mut extensions = Reader::new(opaque_u16(reader)?);
    let mut found = None;
    while !extensions.rest().is_empty() {
        let number = extensions.u16()?;
        let content = opaque_u16(&mut extensions)?;
        if number == wanted {
            found = Some(content);
        }
    }
    Some(found)
}

/// `opaque x<0..2^8-1>`: one byte of length, then as many bytes (RFC 8446 §3.4).
fn opaque_u8<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u8()?;
    reader.take(len.into())
}

/// `opaque x<0..2^16-1>`.
fn opaque_u16<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u16()?;
    reader.take(len.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::decrypt::tests::rfc8448;

    /// The hellos of RFC 8448: records in clear that begin with this message type.
    fn hellos(message_type: u8) -> Vec<Vec<u8>> {
        rfc8448::steps()
            .iter()
            .filter_map(|step| step.value("payload"))
            .filter(|payload| payload[0] == message_type && payload.len() > 80)
            .map(|payload| payload[4..].to_vec())
            .collect()
    }

    #[test]
    fn the_client_hellos_of_rfc_8448_are_read() {
        let hellos = hellos(1);
        // §3, §4, both of §5, §6, §7: only the one of §4 offers early data.
        let offers: Vec<_> = hellos
            .iter()
            .map(|hello| read_client_hello(hello).unwrap().offers_early_data)
            .collect();
        assert_eq!(offers, [false, true, false, false, false, false]);
        let first = read_client_hello(&hellos[0]).unwrap();
        assert_eq!(first.random[..4], [0xcb, 0x34, 0xec, 0xb1]);
        let [second, third] = [2, 3].map(|at: usize| read_client_hello(&hellos[at]).unwrap());
        assert_eq!(second.random, third.random);
    }

    #[test]
    fn the_server_hellos_of_rfc_8448_are_read() {
        let hellos: Vec<_> = hellos(2)
            .iter()
            .map(|hello| read_server_hello(hello).unwrap())
            .collect();
        let retries: Vec<_> = hellos.iter().map(|hello| hello.is_retry).collect();
        assert_eq!(retries, [false, false, true, false, false, false]);
        for hello in hellos {
            assert_eq!((hello.version, hello.cipher_suite), (0x0304, 0x1301));
        }
    }

    /// Where the list of extensions begins in a ClientHello: cut there, it is a valid hello of old.
    fn extensions_at(hello: &[u8]) -> usize {
        let cipher_suites_at = 35 + usize::from(hello[34]);
        let compression_at = cipher_suites_at + 2 + usize::from(hello[cipher_suites_at + 1]);
        compression_at + 1 + usize::from(hello[compression_at])
    }

    #[test]
    fn a_hello_that_is_cut_anywhere_else_cannot_be_read() {
        for hello in hellos(1) {
            for len in 0..hello.len() {
                let read = read_client_hello(&hello[..len]);
                assert_eq!(read.is_some(), len == extensions_at(&hello), "{len}");
            }
        }
        for hello in hellos(2) {
            for len in 0..hello.len() {
                let read = read_server_hello(&hello[..len]);
                assert_eq!(read.is_some(), len == 38 + usize::from(hello[34]), "{len}");
            }
        }
    }

    #[test]
    fn without_supported_versions_the_old_field_tells_the_version() {
        let mut hello = vec![3, 3];
        hello.extend_from_slice(&[7; 32]);
        hello.extend_from_slice(&[0, 0xc0, 0x2b, 0]);
        let read = read_server_hello(&hello).unwrap();
        assert_eq!((read.version, read.cipher_suite), (0x0303, 0xc02b));
        hello.extend_from_slice(&[0, 4, 0, 23, 0, 0]);
        assert_eq!(read_server_hello(&hello), Some(read));
    }

    #[test]
    fn early_data_is_accepted_if_the_extension_is_there() {
        assert_eq!(accepts_early_data(&[0, 4, 0, 42, 0, 0]), Some(true));
        assert_eq!(accepts_early_data(&[0, 4, 0, 10, 0, 0]), Some(false));
        assert_eq!(accepts_early_data(&[0, 0]), Some(false));
        assert_eq!(accepts_early_data(&[0, 5, 0, 42, 0, 0]), None);
        assert_eq!(accepts_early_data(&[0, 4, 0, 42, 0, 1]), None);
    }
}
