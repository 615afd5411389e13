//! What is handed out for Wireshark, and where to: `--capture`, `--live` and `--keylog`.
//! Only what was asked for: files and sockets are opened elsewhere.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::flags::{Given, UsageError};

/// How large a file of a capture gets, in MiB, unless told otherwise: Wireshark opens it in seconds.
const CAPTURE_MIB: u64 = 100;

/// The largest that may be asked for: a tebibyte.
const CAPTURE_MIB_MAX: u64 = 1024 * 1024;

const BYTES_PER_MIB: u64 = 1024 * 1024;

/// What is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exports {
    /// Where all connections are written to, with their keys.
    pub capture: Option<Capture>,
    /// Where all connections are streamed from, with their keys. Port 0 stands for any free one.
    pub live: Option<SocketAddr>,
    /// Where the keys alone are written to.
    pub key_log: Option<KeyLogFile>,
    /// Whether the environment asks for a key log, and nothing is recorded that it could be written from.
    pub key_log_is_idle: bool,
}

/// A capture of all connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The file.
    pub path: PathBuf,
    /// How many bytes of packets it holds before the next one is begun.
    pub file_bytes_max: u64,
}

/// A file for the keys of all connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLogFile {
    /// The file.
    pub path: PathBuf,
    /// What named it: a flag, or a variable of the environment.
    pub named_by: &'static str,
}

impl Exports {
    /// Reads what the flags say, and `SSLKEYLOGFILE`. `has_tls`: whether there is any TLS at all.
    pub(super) fn read(
        given: &Given,
        has_tls: bool,
        ssl_key_log_file: Option<OsString>,
    ) -> Result<Self, UsageError> {
        for (flag, with, usage) in [
            ("--capture-size", "--capture", "--capture FILE"),
            ("--live-to-all", "--live", "--live ADDRESS"),
        ] {
            if given.has(flag) && !given.has(with) {
                return Err(UsageError::GoesWith { flag, with, usage });
            }
        }
        let mib = given.value("--capture-size").map(capture_mib).transpose()?;
        let file_bytes_max = mib.unwrap_or(CAPTURE_MIB) * BYTES_PER_MIB;
        let live = given.value("--live").map(live_address).transpose()?;
        if let Some(address) = live.filter(|address| !address.ip().to_canonical().is_loopback())
            && !given.has("--live-to-all")
        {
            return Err(UsageError::LiveToOthers { address });
        }
        let from_flag = given.path("--keylog").map(|path| KeyLogFile {
            path,
            named_by: "--keylog",
        });
        // Other programs understand an empty value as none, too.
        let from_environment = ssl_key_log_file
            .filter(|path| !path.is_empty() && has_tls)
            .map(|path| KeyLogFile {
                path: path.into(),
                named_by: "SSLKEYLOGFILE",
            });
        let is_recorded = !given.has("--no-wire");
        Ok(Self {
            capture: given.path("--capture").map(|path| Capture {
                path,
                file_bytes_max,
            }),
            live,
            key_log_is_idle: from_environment.is_some() && !is_recorded,
            key_log: from_flag.or(from_environment).filter(|_| is_recorded),
        })
    }

    /// What this exposes, one sentence each.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(Capture { path, .. }) = &self.capture {
            notes.push(format!(
                "{} gets all connections with their keys: whoever can read it has the passwords, cookies and messages of everybody.",
                path.display()
            ));
        }
        if let Some(address) = self.live {
            let who = if address.ip().to_canonical().is_loopback() {
                "every user of this machine"
            } else {
                "everybody who reaches that port"
            };
            notes.push(format!(
                "--live streams all connections with their keys: {who} can have the passwords, cookies and messages of everybody."
            ));
        }
        if let Some(KeyLogFile { path, named_by }) = &self.key_log {
            notes.push(format!(
                "{} gets the TLS keys of all connections ({named_by}): whoever has it and a capture can read everything.",
                path.display()
            ));
        }
        if self.key_log_is_idle {
            notes.push(
                "SSLKEYLOGFILE is set, but --no-wire records nothing: no keys are written there."
                    .to_owned(),
            );
        }
        notes
    }
}

fn capture_mib(text: &str) -> Result<u64, UsageError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let mib = text.parse().ok().filter(|_| digits);
    mib.filter(|mib| (1..=CAPTURE_MIB_MAX).contains(mib))
        .ok_or_else(|| UsageError::NotASize {
            value: text.to_owned(),
        })
}

/// `127.0.0.1:19000`, `[::1]:19000`; of this machine also `localhost:19000`, `:19000` and `19000`.
fn live_address(text: &str) -> Result<SocketAddr, UsageError> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = text
        .strip_prefix("localhost:")
        .or_else(|| text.strip_prefix(':'))
        .unwrap_or(text);
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits);
    port.map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
        .ok_or_else(|| UsageError::NotALiveAddress {
            value: text.to_owned(),
        })
}
