//! Key logs: the lines by which TLS endpoints tell secrets to whoever shall read along (RFC 9850, the NSS key log format).
//! Text to values and back; files are opened elsewhere.

use std::collections::HashMap;
use std::fmt;

use super::secrets::{ClientRandom, Label, SECRET_BYTES_MAX, Secret, Secrets};
use crate::octets::hex;

/// One line of a key log: a secret, and the connection that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLogLine {
    /// What it is for.
    pub label: Label,
    /// Whose it is.
    pub client_random: ClientRandom,
    /// The secret itself.
    pub secret: Secret,
}

impl KeyLogLine {
    /// From its three parts as an endpoint tells them; `None` if they are none that RFC 9850 knows.
    #[must_use]
    pub fn of(label: &str, client_random: &[u8], secret: &[u8]) -> Option<Self> {
        Some(Self {
            label: Label::of(label)?,
            client_random: client_random.try_into().ok()?,
            secret: Secret::new(secret)?,
        })
    }

    /// Reads one line without its end; `None` if it is empty or a comment (RFC 9850 §2).
    ///
    /// # Errors
    /// Says what does not fit the form `LABEL client_random secret`.
    pub fn parse(line: &str) -> Result<Option<Self>, KeyLogError> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let mut words = line.split(' ');
        let (Some(label), Some(client_random), Some(secret), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(KeyLogError::NotThreeWords);
        };
        let label = Label::of(label).ok_or(KeyLogError::UnknownLabel)?;
        let client_random = unhex(client_random)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(KeyLogError::ClientRandom)?;
        let secret = unhex(secret).ok_or(KeyLogError::SecretNotHex)?;
        let len = secret.len();
        let secret = Secret::new(&secret).ok_or(KeyLogError::SecretLen { len })?;
        Ok(Some(Self {
            label,
            client_random,
            secret,
        }))
    }

    /// Writes the line, without its end. Not `Display`: nobody shall print it by accident.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{} {} {}",
            self.label.name(),
            hex(&self.client_random),
            hex(self.secret.expose())
        )
    }
}

/// A whole key log: the secrets of many connections. No larger than the text that it was read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyLog {
    connections: HashMap<ClientRandom, Secrets>,
    /// How many lines were neither read nor empty nor comments. Others' labels (ECH, QUIC) are counted here, too.
    pub skipped_lines: usize,
}

impl KeyLog {
    /// Reads a file. What cannot be read is skipped and counted, as RFC 9850 §2 suggests: a log may end in the middle of a line.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut log = Self::default();
        // A line ends with LF, CR or both (RFC 9850 §2): the last makes an empty line more, which is none.
        for line in text.split(['\r', '\n']) {
            match KeyLogLine::parse(line) {
                Ok(Some(line)) => {
                    let connection = log.connections.entry(line.client_random).or_default();
                    connection.learn(line);
                }
                Ok(None) => {}
                Err(_) => log.skipped_lines += 1,
            }
        }
        log
    }

    /// The secrets of the connection that began with this random.
    #[must_use]
    pub fn secrets_of(&self, client_random: &ClientRandom) -> Option<&Secrets> {
        self.connections.get(client_random)
    }

    /// How many connections it has secrets of.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }
}

/// Why a line of a key log cannot be read. None of them repeats what the line said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyLogError {
    /// More or fewer than three words, or more than a space between them.
    NotThreeWords,
    /// A label that opens no TLS record that we know.
    UnknownLabel,
    /// Not 32 bytes in hexadecimal.
    ClientRandom,
    /// Not hexadecimal.
    SecretNotHex,
    /// No secret of TLS has this length.
    SecretLen {
        /// In bytes.
        len: usize,
    },
}

impl fmt::Display for KeyLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThreeWords => f.write_str(
                "a line of a key log has three words with one space between them: label, client_random, secret",
            ),
            Self::UnknownLabel => {
                f.write_str("the label is none of those that RFC 9850 has for TLS 1.2 and 1.3")
            }
            Self::ClientRandom => {
                f.write_str("the second word must be the client's random: 64 hexadecimal digits")
            }
            Self::SecretNotHex => {
                f.write_str("the third word must be the secret in hexadecimal, two digits a byte")
            }
            Self::SecretLen { len } => write!(
                f,
                "the secret has {len} bytes, but secrets have 1 to {SECRET_BYTES_MAX}"
            ),
        }
    }
}

impl std::error::Error for KeyLogError {}

/// Bytes from hexadecimal digits of either case (RFC 9850 §2).
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn line(label: Label, client_random: u8, secret: &[u8]) -> KeyLogLine {
        KeyLogLine {
            label,
            client_random: [client_random; 32],
            secret: Secret::new(secret).unwrap(),
        }
    }

    #[test]
    fn every_label_survives_writing_and_reading() {
        for label in Label::ALL {
            let line = line(label, 0xa5, &[0x0f; 48]);
            assert_eq!(KeyLogLine::parse(&line.to_text()), Ok(Some(line)));
        }
        assert_eq!(
            line(Label::ClientRandom, 1, &[0xab, 0xcd]).to_text(),
            format!("CLIENT_RANDOM {} abcd", "01".repeat(32))
        );
    }

    #[test]
    fn hexadecimal_may_have_either_case() {
        let text = format!("EXPORTER_SECRET {} {}", "aB".repeat(32), "Ef".repeat(32));
        let line = KeyLogLine::parse(&text).unwrap().unwrap();
        assert_eq!(line.client_random, [0xab; 32]);
        assert_eq!(line.secret.expose(), [0xef; 32]);
    }

    #[test]
    fn a_line_in_another_form_is_refused_and_says_why() {
        let random = "00".repeat(32);
        for (text, error) in [
            (
                format!("CLIENT_RANDOM {random}"),
                KeyLogError::NotThreeWords,
            ),
            (
                format!("CLIENT_RANDOM {random} 00 00"),
                KeyLogError::NotThreeWords,
            ),
            (
                format!("CLIENT_RANDOM  {random} 00"),
                KeyLogError::NotThreeWords,
            ),
            (
                format!("client_random {random} 00"),
                KeyLogError::UnknownLabel,
            ),
            (format!("ECH_SECRET {random} 00"), KeyLogError::UnknownLabel),
            (
                format!("CLIENT_RANDOM {random}00 00"),
                KeyLogError::ClientRandom,
            ),
            (
                format!("CLIENT_RANDOM {} 00", "0g".repeat(32)),
                KeyLogError::ClientRandom,
            ),
            (
                format!("CLIENT_RANDOM {random} 000"),
                KeyLogError::SecretNotHex,
            ),
            (
                format!("CLIENT_RANDOM {random} ä"),
                KeyLogError::SecretNotHex,
            ),
            (
                format!("CLIENT_RANDOM {random} "),
                KeyLogError::SecretLen { len: 0 },
            ),
            (
                format!("CLIENT_RANDOM {random} {}", "00".repeat(65)),
                KeyLogError::SecretLen { len: 65 },
            ),
        ] {
            assert_eq!(KeyLogLine::parse(&text), Err(error), "{text}");
            assert!(!error.to_string().contains("0000"));
        }
        let longest = format!("CLIENT_RANDOM {random} {}", "00".repeat(64));
        assert!(KeyLogLine::parse(&longest).unwrap().is_some());
    }

    #[test]
    fn a_key_log_keeps_connections_apart_whatever_ends_its_lines() {
        let lines = [
            line(Label::ClientRandom, 1, &[1; 48]),
            line(Label::ClientHandshakeTrafficSecret, 2, &[2; 32]),
            line(Label::ServerHandshakeTrafficSecret, 2, &[3; 32]),
        ];
        for end in ["\n", "\r\n", "\r"] {
            let mut text = format!("# a comment: ünïcode{end}{end}ECH_CONFIG 00 00{end}");
            for line in &lines {
                text.push_str(&line.to_text());
                text.push_str(end);
            }
            text.push_str("SERVER_TRAFFIC_SEC");
            let log = KeyLog::read(&text);
            assert_eq!((log.connections(), log.skipped_lines), (2, 2));
            let second = log.secrets_of(&[2; 32]).unwrap();
            assert_eq!(second.lines().collect::<Vec<_>>(), lines[1..]);
            assert_eq!(second.get(Label::ClientRandom), None);
            assert_eq!(log.secrets_of(&[3; 32]), None);
        }
    }
}
