//! What must not show up with anybody else: the words of one person, in every spelling that the view has for bytes.

use std::io::BufRead;

use secure_chat::octets::hex;
use secure_chat::wire::log::{Cursor, Sight};

/// The words of one person.
#[derive(Debug, Default, Clone)]
pub(crate) struct Markers(Vec<(String, Vec<u8>)>);

impl Markers {
    /// Adds words: as they are, and in hexadecimal.
    pub(crate) fn add(&mut self, what: &str, bytes: &[u8]) {
        assert!(bytes.len() >= 8, "{what} could show up by chance");
        let digits = hex(bytes);
        for spelling in [
            bytes.to_vec(),
            digits.to_ascii_uppercase().into_bytes(),
            digits.into_bytes(),
        ] {
            self.0.push((what.to_owned(), spelling));
        }
    }

    /// Adds what a connection has of its own: where the client was, and the secrets that open it.
    pub(crate) fn add_connection(&mut self, recorder: &Sight) {
        let number = recorder.about().number;
        let client = recorder.about().client.to_string();
        self.add(&format!("the client of #{number}"), client.as_bytes());
        let reading = recorder.read(&mut Cursor::default()).unwrap();
        for line in reading.secrets.lines() {
            let what = format!("the {} of #{number}", line.label.name());
            self.add(&what, line.secret.expose());
            self.add(&what, &line.client_random);
        }
    }

    /// The first of them that stands in these bytes.
    pub(crate) fn in_bytes(&self, bytes: &[u8]) -> Option<&str> {
        self.0
            .iter()
            .find(|(_, spelling)| contains(bytes, spelling))
            .map(|(what, _)| what.as_str())
    }
}

/// Whether `wanted` stands in `bytes`.
pub(crate) fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let first = wanted[0];
    let mut rest = bytes;
    // By its first byte: most of what is searched is long, and holds nothing. The standard library's search is
    // optimised in a dev build too; one byte at a time took a quarter of this file's run.
    while rest.skip_until(first).unwrap() > 0 {
        let passed = bytes.len() - rest.len();
        if bytes[passed - 1..].starts_with(wanted) {
            return true;
        }
    }
    false
}
