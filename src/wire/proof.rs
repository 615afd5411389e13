//! Whether what is decrypted from the wire is what the application really read and wrote: the proof that the view tells the truth.
//! Compares two fingerprints that were come by independently.

use crate::octets::Direction;
use crate::wire::both::Both;
use crate::wire::log::{Fingerprint, Fingerprinter};
use crate::wire::timeline::Timeline;

/// What came of the comparison, for one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// All that the application read or wrote, this many bytes, is what was decrypted.
    Holds {
        /// How many.
        bytes: u64,
    },
    /// Not all of it was kept or has come so far, so it cannot be compared.
    Open {
        /// How many bytes were decrypted, from the first on without a gap.
        known: u64,
        /// How many the application read or wrote.
        of: u64,
    },
    /// They are not the same: the view is wrong, and says so.
    Fails,
}

/// Compares both directions.
#[must_use]
pub fn prove(timeline: &Timeline, really: &Both<Fingerprint>) -> Both<Proof> {
    Both {
        client: prove_one(timeline, Direction::FromClient, &really.client),
        server: prove_one(timeline, Direction::FromServer, &really.server),
    }
}

fn prove_one(timeline: &Timeline, direction: Direction, expected: &Fingerprint) -> Proof {
    let mut printer = Fingerprinter::default();
    let mut known = 0;
    for (at, bytes) in timeline.plaintext(direction) {
        if at.start != known || known == expected.len {
            break;
        }
        // What the application has not read yet is decrypted already.
        let wanted = usize::try_from(expected.len - known).unwrap_or(usize::MAX);
        let compared = bytes.get(..wanted).unwrap_or(bytes);
        printer.update(compared);
        known += compared.len() as u64;
    }
    if known < expected.len {
        return Proof::Open {
            known,
            of: expected.len,
        };
    }
    if printer.fingerprint() == *expected {
        Proof::Holds { bytes: known }
    } else {
        Proof::Fails
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::decrypt::Secrets;
    use crate::wire::event::{Event, Missing, What};

    fn timeline(parts: &[What]) -> Timeline {
        let mut timeline = Timeline::new(Secrets::default());
        for what in parts {
            timeline.push(&Event {
                time_ns: 1,
                direction: Direction::FromClient,
                what: what.clone(),
                comment: None,
            });
        }
        timeline
    }

    fn expected(text: &[u8]) -> Fingerprint {
        let mut printer = Fingerprinter::default();
        printer.update(text);
        printer.fingerprint()
    }

    fn bytes(text: &'static [u8]) -> What {
        What::Bytes(Bytes::from_static(text))
    }

    #[test]
    fn what_was_read_is_compared_as_far_as_it_was_read() {
        let all = timeline(&[bytes(b"GET / HT"), bytes(b"TP/1.1\r\n")]);
        for (read, proof) in [
            (&b""[..], Proof::Holds { bytes: 0 }),
            (b"GET /", Proof::Holds { bytes: 5 }),
            (b"GET / HTTP/1.1\r\n", Proof::Holds { bytes: 16 }),
            (b"GET / HTTP/1.1\r\nHost", Proof::Open { known: 16, of: 20 }),
            (b"GET /x", Proof::Fails),
        ] {
            let found = prove_one(&all, Direction::FromClient, &expected(read));
            assert_eq!(found, proof, "{}", read.escape_ascii());
        }
    }

    #[test]
    fn behind_a_gap_nothing_is_claimed() {
        let gap = timeline(&[
            bytes(b"GET "),
            What::Missing(Missing::of(1)),
            bytes(b" HTTP/1.1\r\n"),
        ]);
        let whole = expected(b"GET / HTTP/1.1\r\n");
        let open = Proof::Open { known: 4, of: 16 };
        assert_eq!(prove_one(&gap, Direction::FromClient, &whole), open);
    }
}
