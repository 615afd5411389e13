//! The secrets of a connection, each with what it is for.
//! Holds and hands them out: how they are written stands in `key_log`, what is computed from them in `keys`.

use std::fmt;

use super::key_log::KeyLogLine;

/// What a secret is for, in the words of RFC 9850 §2.1 and §2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// TLS 1.2: the master secret, which everything else of the connection follows from.
    ClientRandom,
    /// TLS 1.3: what the client sends before it has heard from the server (0-RTT).
    ClientEarlyTrafficSecret,
    /// For exporters of early data; opens no record.
    EarlyExporterSecret,
    /// The client's part of the handshake, after the ServerHello.
    ClientHandshakeTrafficSecret,
    /// The server's part of the handshake, after the ServerHello.
    ServerHandshakeTrafficSecret,
    /// The client's application data, until its first KeyUpdate.
    ClientTrafficSecret0,
    /// The server's application data, until its first KeyUpdate.
    ServerTrafficSecret0,
    /// For exporters; opens no record.
    ExporterSecret,
}

impl Label {
    /// All that there are.
    pub const ALL: [Self; 8] = [
        Self::ClientRandom,
        Self::ClientEarlyTrafficSecret,
        Self::EarlyExporterSecret,
        Self::ClientHandshakeTrafficSecret,
        Self::ServerHandshakeTrafficSecret,
        Self::ClientTrafficSecret0,
        Self::ServerTrafficSecret0,
        Self::ExporterSecret,
    ];

    /// As it stands in a key log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientRandom => "CLIENT_RANDOM",
            Self::ClientEarlyTrafficSecret => "CLIENT_EARLY_TRAFFIC_SECRET",
            Self::EarlyExporterSecret => "EARLY_EXPORTER_SECRET",
            Self::ClientHandshakeTrafficSecret => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            Self::ServerHandshakeTrafficSecret => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            Self::ClientTrafficSecret0 => "CLIENT_TRAFFIC_SECRET_0",
            Self::ServerTrafficSecret0 => "SERVER_TRAFFIC_SECRET_0",
            Self::ExporterSecret => "EXPORTER_SECRET",
        }
    }

    /// Whether records that it protects carry application data for the most part.
    pub(super) fn is_for_application_data(self) -> bool {
        match self {
            Self::ClientRandom
            | Self::ClientEarlyTrafficSecret
            | Self::ClientTrafficSecret0
            | Self::ServerTrafficSecret0 => true,
            Self::ClientHandshakeTrafficSecret
            | Self::ServerHandshakeTrafficSecret
            | Self::EarlyExporterSecret
            | Self::ExporterSecret => false,
        }
    }

    /// The label with this name; upper case, as RFC 9850 has it.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.name() == name)
    }
}

/// The `random` of a ClientHello: what tells connections apart in a key log.
pub type ClientRandom = [u8; 32];

/// The longest secret of any hash function that TLS 1.3 could be given (SHA-512); today's have 32 and 48.
pub const SECRET_BYTES_MAX: usize = 64;

/// Secret bytes of a connection. Whoever has them can read it: `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// `None` for no bytes, or more than [`SECRET_BYTES_MAX`].
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let fits = (1..=SECRET_BYTES_MAX).contains(&bytes.len());
        fits.then(|| Self(bytes.into()))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes, hidden)", self.0.len())
    }
}

/// All that is known of the secrets of one connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    client_random: Option<ClientRandom>,
    /// In the order of the labels: a handful, and each connection that is recorded has them.
    known: Vec<(Label, Secret)>,
}

impl Secrets {
    /// Takes one more; `false` if it belongs to another connection than those before, and is not taken.
    pub fn learn(&mut self, line: KeyLogLine) -> bool {
        if *self.client_random.get_or_insert(line.client_random) != line.client_random {
            return false;
        }
        let known = (line.label, line.secret);
        match self.place(known.0) {
            Ok(place) => {
                if let Some(before) = self.known.get_mut(place) {
                    *before = known;
                }
            }
            Err(place) => {
                self.known.reserve_exact(1);
                self.known.insert(place, known);
            }
        }
        true
    }

    /// The secret for this purpose.
    #[must_use]
    pub fn get(&self, label: Label) -> Option<&Secret> {
        let (_, secret) = self.known.get(self.place(label).ok()?)?;
        Some(secret)
    }

    /// Whose secrets they are, if there are any.
    #[must_use]
    pub fn client_random(&self) -> Option<&ClientRandom> {
        self.client_random.as_ref()
    }

    /// As lines of a key log.
    pub fn lines(&self) -> impl Iterator<Item = KeyLogLine> + '_ {
        self.known.iter().filter_map(|(label, secret)| {
            Some(KeyLogLine {
                label: *label,
                client_random: self.client_random?,
                secret: secret.clone(),
            })
        })
    }

    /// Where the secret of a label stands, or would stand.
    fn place(&self, label: Label) -> Result<usize, usize> {
        self.known.binary_search_by_key(&label, |&(label, _)| label)
    }
}

#[cfg(test)]
mod tests {
    use super::super::key_log::tests::line;
    use super::*;

    #[test]
    fn a_secret_has_one_to_sixty_four_bytes() {
        assert!(Secret::new(&[]).is_none());
        assert!(Secret::new(&[0]).is_some());
        assert!(Secret::new(&[0; SECRET_BYTES_MAX]).is_some());
        assert!(Secret::new(&[0; SECRET_BYTES_MAX + 1]).is_none());
    }

    #[test]
    fn a_set_of_secrets_is_of_one_connection() {
        let mut secrets = Secrets::default();
        assert_eq!(secrets.client_random(), None);
        assert!(secrets.learn(line(Label::ClientTrafficSecret0, 1, &[1; 32])));
        assert!(!secrets.learn(line(Label::ServerTrafficSecret0, 2, &[2; 32])));
        assert_eq!(secrets.client_random(), Some(&[1; 32]));
        assert_eq!(secrets.get(Label::ServerTrafficSecret0), None);
        assert!(secrets.learn(line(Label::ServerTrafficSecret0, 1, &[2; 32])));
        assert_eq!(
            secrets.get(Label::ServerTrafficSecret0).unwrap().expose(),
            [2; 32]
        );
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let mut secrets = Secrets::default();
        secrets.learn(line(Label::ClientRandom, 1, &[0xab; 48]));
        let shown = format!("{secrets:?}");
        assert!(shown.contains("48 bytes, hidden"), "{shown}");
        assert!(
            !shown.contains("171") && !shown.contains("ab, ab"),
            "{shown}"
        );
    }
}
