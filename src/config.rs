//! Flags and environment → one checked `Config`: what the server is told when it starts.
//! Pure: opens no file, resolves no name, asks no clock. Whether a folder can be written is found out later.

mod explain;
mod exports;
mod flags;
mod help;
mod limits;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

pub use explain::{Explain, Input};
pub use exports::{Capture, Exports, KeyLogFile};
pub use flags::UsageError;
use flags::{FLAGS, Given};
pub use limits::Limits;

/// Where plain HTTP is served unless told otherwise. Wireshark reads HTTP there without being told.
pub const PLAIN_PORT: u16 = 8080;

/// Where HTTPS is served unless told otherwise. On 8080 Wireshark would not look for TLS.
pub const TLS_PORT: u16 = 8443;

/// Ports on which Wireshark expects plain HTTP, and therefore leaves TLS undecrypted.
const WIRESHARK_HTTP_PORTS: [u16; 10] = [80, 1900, 2710, 2869, 3128, 3132, 5985, 8080, 8088, 11371];

/// The longest `ASSET_VERSION`: it stands in every URL of every page.
const ASSET_VERSION_LEN_MAX: usize = 64;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run the server.
    Serve(Box<Config>),
    /// Print what the connections in a capture said.
    Explain(Explain),
    /// Print this, and stop with exit code 0.
    Help(String),
    /// Print this, and stop with exit code 0.
    Version(String),
}

/// Everything the server is told when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The addresses to listen on.
    pub host: Host,
    /// The ports to listen on, and what is spoken there.
    pub listen: Listen,
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub private_key: PathBuf,
    /// Whether these two were named on the command line: then they must exist.
    pub certificate_named: bool,
    /// The settings for TLS.
    pub tls_settings: PathBuf,
    /// Whether that file was named on the command line: then it must exist.
    pub tls_settings_named: bool,
    /// The folder of the databases.
    pub data: PathBuf,
    /// A folder with templates and static files to use in place of those in the binary.
    pub assets: Option<PathBuf>,
    /// A file that the log is also written to.
    pub log: Option<PathBuf>,
    /// Whether a transcript of all connections is printed, and as whom.
    pub trace: Option<Eyes>,
    /// Whether the environment asks for no colours (<https://no-color.org>).
    pub no_color: bool,
    /// Whether `/ws/echo` exists.
    pub echo: bool,
    /// Whether connections are recorded for the wire view.
    pub wire: bool,
    /// What is handed out for Wireshark.
    pub exports: Exports,
    /// Whether a key is printed that shows the connections of everybody.
    pub instructor: bool,
    /// What pins the version in asset URLs; `None`: each start has its own.
    pub asset_version: Option<String>,
    /// Deadlines and sizes. Few are set by flags; tests make them small.
    pub limits: Limits,
}

/// Whose view of a connection is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// That of the server, who has the keys: what crossed the network, and what it carried.
    Server,
    /// That of Eve, who only listens.
    Eve,
}

/// Which addresses of this machine to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// 127.0.0.1 and ::1: this machine alone.
    Localhost,
    /// One address; `0.0.0.0` or `::` stands for all.
    Address(IpAddr),
    /// Whatever addresses this name has.
    Name(String),
}

/// What is spoken on which port. Port 0 stands for any free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// HTTP.
    Plain {
        /// On this port.
        port: u16,
    },
    /// HTTPS.
    Tls {
        /// On this port.
        port: u16,
    },
    /// Both side by side, for one chat.
    Both {
        /// HTTP on this port.
        plain_port: u16,
        /// HTTPS on this port.
        tls_port: u16,
    },
}

impl Config {
    /// Reads the command line without the program's own name, and the environment through `env`.
    ///
    /// # Errors
    /// `UsageError`, for which the exit code is 2.
    pub fn from_args(
        args: impl IntoIterator<Item = OsString>,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Command, UsageError> {
        let mut args = args.into_iter().peekable();
        let no_color = env("NO_COLOR").is_some_and(|value| !value.is_empty());
        if args.next_if(|first| first == "explain").is_some() {
            return Explain::from_args(args, no_color);
        }
        let given = Given::read(args, &FLAGS, 0)?;
        if given.has("--help") {
            return Ok(Command::Help(help::text()));
        }
        if given.has("--version") {
            return Ok(Command::Version(help::version()));
        }
        let listen = listen(&given)?;
        refuse_idle_tls_flags(&given, listen)?;
        refuse_wire_flags_without_wire(&given)?;
        let host = given.value("--host").map_or(Ok(Host::Localhost), host)?;
        let config = Self {
            host,
            listen,
            certificate: given
                .path("--certfile")
                .unwrap_or_else(|| ".tls/cert.pem".into()),
            private_key: given
                .path("--keyfile")
                .unwrap_or_else(|| ".tls/key.pem".into()),
            certificate_named: given.has("--certfile"),
            tls_settings: given
                .path("--tls-config")
                .unwrap_or_else(|| "tls_config.json".into()),
            tls_settings_named: given.has("--tls-config"),
            data: given.path("--data").unwrap_or_else(|| "data".into()),
            assets: given.path("--assets"),
            log: given.path("--log"),
            trace: given.has("--trace").then(|| match given.value("--trace") {
                None => Eyes::Server,
                Some(_) => Eyes::Eve,
            }),
            no_color,
            echo: given.has("--echo"),
            wire: !given.has("--no-wire"),
            exports: Exports::read(&given, listen.tls_port().is_some(), env("SSLKEYLOGFILE"))?,
            instructor: given.has("--instructor"),
            asset_version: env("ASSET_VERSION").map(asset_version).transpose()?,
            limits: Limits::read(&given)?,
        };
        Ok(Command::Serve(Box::new(config)))
    }

    /// What is allowed but may surprise, one sentence each, for the start banner.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(port) = self
            .listen
            .tls_port()
            .filter(|port| WIRESHARK_HTTP_PORTS.contains(port))
        {
            notes.push(format!(
                "Wireshark takes port {port} for plain HTTP and will not decrypt TLS there: {TLS_PORT} works, or tell it to decode the port as TLS."
            ));
        }
        notes.extend(self.trace_note());
        notes.extend(self.exports.notes());
        if matches!(self.listen, Listen::Both { .. }) && !self.host.has_two_names() {
            notes.push(
                "In one browser, the two sides of one host end each other's sessions, since cookies ignore ports: use two browsers.".to_owned(),
            );
        }
        notes
    }

    /// What the transcript on standard output gives away.
    fn trace_note(&self) -> Option<String> {
        let note = match (self.trace?, self.listen.plain_port()) {
            (Eyes::Server, _) => {
                "--trace prints passwords, cookies and messages of everybody: whoever reads this terminal has them."
            }
            (Eyes::Eve, Some(_)) => {
                "--trace=eve prints all that crosses in clear: over HTTP that is everything, passwords of everybody too."
            }
            // Nothing but what anybody on the way sees, and that is little.
            (Eyes::Eve, None) => return None,
        };
        Some(note.to_owned())
    }
}

impl Host {
    /// The addresses to listen on, if they are known without asking anybody for a name.
    #[must_use]
    pub fn addresses(&self) -> Option<Vec<IpAddr>> {
        match self {
            Self::Localhost => Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]),
            Self::Address(ip) => Some(vec![*ip]),
            Self::Name(_) => None,
        }
    }

    /// Whether this very name was given.
    #[must_use]
    pub fn is_named(&self, host: &str) -> bool {
        matches!(self, Self::Name(name) if name.eq_ignore_ascii_case(host))
    }

    /// Whether each side can be given a name of its own: 127.0.0.1 the one, `localhost` the other.
    fn has_two_names(&self) -> bool {
        match self {
            Self::Localhost => true,
            Self::Address(ip) => *ip == Ipv4Addr::LOCALHOST || *ip == Ipv6Addr::LOCALHOST,
            Self::Name(_) => false,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost => f.write_str("localhost"),
            Self::Address(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Listen {
    /// Where HTTP is spoken, if anywhere.
    #[must_use]
    pub fn plain_port(self) -> Option<u16> {
        match self {
            Self::Plain { port }
            | Self::Both {
                plain_port: port, ..
            } => Some(port),
            Self::Tls { .. } => None,
        }
    }

    /// Where HTTPS is spoken, if anywhere.
    #[must_use]
    pub fn tls_port(self) -> Option<u16> {
        match self {
            Self::Tls { port } | Self::Both { tls_port: port, .. } => Some(port),
            Self::Plain { .. } => None,
        }
    }
}

fn listen(given: &Given) -> Result<Listen, UsageError> {
    let port = given
        .value("--port")
        .map(|text| port("--port", text))
        .transpose()?;
    let tls_port = given
        .value("--tls-port")
        .map(|text| self::port("--tls-port", text))
        .transpose()?;
    match (given.has("--tls"), given.has("--both"), tls_port) {
        (true, true, _) => Err(UsageError::TlsAndBoth),
        (tls, false, Some(_)) => Err(UsageError::TlsPortWithoutBoth { tls }),
        (false, false, None) => Ok(Listen::Plain {
            port: port.unwrap_or(PLAIN_PORT),
        }),
        (true, false, None) => Ok(Listen::Tls {
            port: port.unwrap_or(TLS_PORT),
        }),
        (false, true, tls_port) => {
            let (plain_port, tls_port) = (port.unwrap_or(PLAIN_PORT), tls_port.unwrap_or(TLS_PORT));
            // Any free port twice is two ports.
            if plain_port == tls_port && plain_port != 0 {
                return Err(UsageError::SamePortTwice { port: plain_port });
            }
            Ok(Listen::Both {
                plain_port,
                tls_port,
            })
        }
    }
}

/// A flag that would have no effect is a misunderstanding, and one about TLS is a dangerous one.
fn refuse_idle_tls_flags(given: &Given, listen: Listen) -> Result<(), UsageError> {
    let idle = ["--certfile", "--keyfile", "--tls-config", "--keylog"]
        .into_iter()
        .find(|flag| given.has(flag));
    match (idle, listen.tls_port()) {
        (Some(flag), None) => Err(UsageError::NeedsTls { flag }),
        _ if given.has("--certfile") && !given.has("--keyfile") => Err(UsageError::OneOfPair {
            given: "--certfile",
            missing: "--keyfile",
        }),
        _ if given.has("--keyfile") && !given.has("--certfile") => Err(UsageError::OneOfPair {
            given: "--keyfile",
            missing: "--certfile",
        }),
        _ => Ok(()),
    }
}

/// Whoever wants to see what is not recorded has mixed something up.
fn refuse_wire_flags_without_wire(given: &Given) -> Result<(), UsageError> {
    let idle = ["--instructor", "--trace", "--capture", "--live", "--keylog"]
        .into_iter()
        .find(|flag| given.has(flag));
    match idle {
        Some(flag) if given.has("--no-wire") => Err(UsageError::NeedsWire { flag }),
        _ => Ok(()),
    }
}

fn port(flag: &'static str, text: &str) -> Result<u16, UsageError> {
    // `parse` alone would take "+80" as well.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| UsageError::NotAPort {
            flag,
            value: text.to_owned(),
        })
}

fn host(text: &str) -> Result<Host, UsageError> {
    let unbracketed = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Ok(ip) = unbracketed.unwrap_or(text).parse() {
        return Ok(Host::Address(ip));
    }
    // RFC 1123 §2.1, and the underscore that people use all the same.
    let permitted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if text.len() > 253 || !text.bytes().all(permitted) {
        return Err(UsageError::NotAHost {
            value: text.to_owned(),
        });
    }
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Host::Localhost);
    }
    Ok(Host::Name(text.to_owned()))
}

fn asset_version(value: OsString) -> Result<String, UsageError> {
    let permitted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let bad = |value: String| UsageError::NotAnAssetVersion { value };
    let value = value
        .into_string()
        .map_err(|value| bad(value.to_string_lossy().into_owned()))?;
    let long_enough = (1..=ASSET_VERSION_LEN_MAX).contains(&value.len());
    // Browsers resolve these two away before they ask.
    let is_step = value == "." || value == "..";
    if long_enough && !is_step && value.bytes().all(permitted) {
        Ok(value)
    } else {
        Err(bad(value))
    }
}

#[cfg(test)]
mod tests;
