use super::super::secrets::{Label, Secret};
use super::super::suite::Suite;
use super::*;
use crate::octets::Direction;

fn keys13(number: u16) -> Arc<TrafficKeys> {
    let suite = Suite::of(Version::Tls13, number).unwrap();
    let secret = Secret::new(&vec![7; suite.hash.output_len()]).unwrap();
    Arc::new(TrafficKeys::tls13(suite, Label::ServerTrafficSecret0, &secret).unwrap())
}

fn keys12(number: u16) -> Arc<TrafficKeys> {
    let suite = Suite::of(Version::Tls12, number).unwrap();
    let secret = Secret::new(&[7; 48]).unwrap();
    let keys = TrafficKeys::tls12(suite, &secret, &[1; 32], &[2; 32], Direction::FromClient);
    Arc::new(keys.unwrap())
}

/// What a sender does, written from the RFCs and not from `open`.
fn seal(keys: &TrafficKeys, sequence: u64, explicit: &[u8], inner: &[u8]) -> Vec<u8> {
    let sealed_len = explicit.len() + inner.len() + 16;
    let mut record = vec![23, 3, 3];
    record.extend_from_slice(&u16::try_from(sealed_len).unwrap().to_be_bytes());
    let additional_data = match keys.suite.version {
        Version::Tls13 => record.clone(),
        Version::Tls12 => [
            &sequence.to_be_bytes()[..],
            &[23, 3, 3],
            &u16::try_from(inner.len()).unwrap().to_be_bytes()[..],
        ]
        .concat(),
    };
    let nonce = Nonce::assume_unique_for_key(keys.nonce(sequence, explicit));
    let mut sealed = inner.to_vec();
    keys.opening()
        .seal_in_place_append_tag(nonce, Aad::from(additional_data), &mut sealed)
        .unwrap();
    record.extend_from_slice(explicit);
    record.extend_from_slice(&sealed);
    record
}

#[test]
fn a_record_of_tls_13_shows_its_arithmetic() {
    for number in [0x1301, 0x1302, 0x1303] {
        let keys = keys13(number);
        let record = seal(&keys, 5, b"", b"hello\x17\0\0\0");
        let opened = open(&keys, 5, &record).unwrap();
        assert_eq!(opened.content().as_ref(), b"hello");
        assert_eq!((opened.inner_type, opened.padding_len), (23, 3));
        assert_eq!(opened.sequence, 5);
        assert_eq!(opened.nonce[..11], keys.iv()[..11]);
        assert_eq!(opened.nonce[11], keys.iv()[11] ^ 5);
        assert_eq!(opened.additional_data, record[..5]);
        assert_eq!(opened.explicit_nonce, 5..5);
        assert_eq!(opened.ciphertext, 5..14);
        assert_eq!(opened.tag, 14..30);
        assert_eq!(opened.tag.end, record.len());
    }
}

#[test]
fn a_record_of_tls_12_shows_its_arithmetic() {
    for (number, explicit) in [
        (0xc02b, b"\xff\0\0\0\0\0\0\x01".as_slice()),
        (0xc02c, b"\xff\0\0\0\0\0\0\x01"),
        (0xcca9, b""),
    ] {
        let keys = keys12(number);
        let record = seal(&keys, 5, explicit, b"hello");
        let opened = open(&keys, 5, &record).unwrap();
        let sealed_at = 5 + explicit.len();
        assert_eq!(opened.content().as_ref(), b"hello");
        assert_eq!((opened.inner_type, opened.padding_len), (23, 0));
        assert_eq!(opened.nonce, keys.nonce(5, explicit));
        assert_eq!(
            opened.additional_data,
            b"\0\0\0\0\0\0\0\x05\x17\x03\x03\0\x05"
        );
        assert_eq!(&record[opened.explicit_nonce.clone()], explicit);
        assert_eq!(opened.ciphertext, sealed_at..sealed_at + 5);
        assert_eq!(opened.tag, sealed_at + 5..record.len());
    }
}

#[test]
fn the_shortest_record_opens_and_one_byte_less_is_too_short() {
    for (keys, explicit, inner, shortest) in [
        (keys13(0x1301), b"".as_slice(), b"\x17".as_slice(), 22),
        (keys12(0xc02b), &[0; 8], b"", 29),
        (keys12(0xcca9), b"", b"", 21),
    ] {
        let record = seal(&keys, 0, explicit, inner);
        assert_eq!(record.len(), shortest);
        assert_eq!(open(&keys, 0, &record).unwrap().content().as_ref(), b"");
        let least = RECORD_HEADER_LEN + explicit.len() + TAG_LEN;
        for len in 0..least {
            assert_eq!(
                open(&keys, 0, &record[..len]).unwrap_err(),
                Reason::TooShort
            );
        }
    }
}

#[test]
fn nothing_but_padding_says_nothing() {
    let keys = keys13(0x1301);
    for inner in [b"".as_slice(), &[0; 40]] {
        let record = seal(&keys, 0, b"", inner);
        assert_eq!(open(&keys, 0, &record).unwrap_err(), Reason::NoContentType);
    }
}

#[test]
fn every_altered_byte_is_noticed_and_so_is_another_sequence_number() {
    for (keys, explicit) in [
        (keys13(0x1303), b"".as_slice()),
        (keys12(0xc02c), &[3; 8]),
        (keys12(0xcca9), b""),
    ] {
        let record = seal(&keys, 9, explicit, b"not to be altered\x17");
        assert!(open(&keys, 9, &record).is_ok());
        assert_eq!(open(&keys, 8, &record).unwrap_err(), Reason::TagDoesNotFit);
        for at in 0..record.len() {
            // In TLS 1.2 the length that is authenticated is computed, not the one that was sent.
            if keys.suite.version == Version::Tls12 && (3..5).contains(&at) {
                continue;
            }
            let mut altered = record.clone();
            altered[at] ^= 0x10;
            assert_eq!(open(&keys, 9, &altered).unwrap_err(), Reason::TagDoesNotFit);
        }
        let cut = &record[..record.len() - 1];
        assert_eq!(open(&keys, 9, cut).unwrap_err(), Reason::TagDoesNotFit);
    }
}

#[test]
fn an_opened_record_shows_neither_keys_nor_content() {
    let keys = keys13(0x1301);
    let opened = open(&keys, 0, &seal(&keys, 0, b"", b"password\x17")).unwrap();
    let shown = format!("{opened:?}");
    assert!(shown.contains("content_len: 8"), "{shown}");
    assert!(
        !shown.contains("password") && !shown.contains("nonce:"),
        "{shown}"
    );
}
