//! The flags there are, and what was written on the command line in terms of them.
//! What their values mean is said by `config` and `config::explain`.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::spelling;

/// One flag.
pub(super) struct Flag {
    pub(super) name: &'static str,
    /// What may follow it.
    pub(super) takes: Takes,
    /// What it does, in a line or two.
    pub(super) help: &'static str,
}

/// What may follow a flag.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Nothing,
    /// A value, which the help calls so.
    Value(&'static str),
    /// Nothing, or this word behind an equals sign.
    Perhaps(&'static str),
}

impl Flag {
    /// The flag as the help writes it: `--port PORT`, `--trace[=eve]`.
    pub(super) fn usage(&self) -> String {
        match self.takes {
            Takes::Nothing => self.name.to_owned(),
            Takes::Value(value) => format!("{} {value}", self.name),
            Takes::Perhaps(word) => format!("{}[={word}]", self.name),
        }
    }
}

/// The flags of the server, in the order of the help.
pub(super) const FLAGS: [Flag; 25] = [
    with_value(
        "--host",
        "HOST",
        "where to listen: a name or an address; 0.0.0.0 or ::\nlets other machines in (localhost: 127.0.0.1 and ::1)",
    ),
    with_value(
        "--port",
        "PORT",
        "the port; 0 takes any free one (8080, or 8443 with --tls)",
    ),
    switch("--tls", "speak HTTPS instead of HTTP"),
    switch("--both", "speak HTTP on --port and HTTPS on --tls-port"),
    with_value("--tls-port", "PORT", "the port of HTTPS with --both (8443)"),
    with_value(
        "--certfile",
        "FILE",
        "certificate chain, PEM (.tls/cert.pem, made if missing)",
    ),
    with_value(
        "--keyfile",
        "FILE",
        "its private key, PEM (.tls/key.pem, made if missing)",
    ),
    with_value("--tls-config", "FILE", "settings for TLS (tls_config.json)"),
    with_value("--data", "DIR", "folder of the databases (data)"),
    with_value(
        "--max-connections",
        "N",
        "the most connections at a time; more are asked to come\nback later (10000)",
    ),
    with_value(
        "--max-per-address",
        "N",
        "the most of them from one address (1000)",
    ),
    with_value(
        "--message-rate",
        "N",
        "the most messages of one user in a second (10)",
    ),
    with_value(
        "--assets",
        "DIR",
        "take templates and static files from DIR, read anew\nfor each request (those in the program)",
    ),
    with_value("--log", "FILE", "write the log to FILE, too"),
    perhaps(
        "--trace",
        "eve",
        "print what crosses the network and what it means, as it\nhappens; =eve: only what an eavesdropper can tell",
    ),
    with_value(
        "--capture",
        "FILE",
        "write all connections to FILE, with their keys, for\nWireshark; it must not exist yet",
    ),
    with_value(
        "--capture-size",
        "MIB",
        "when FILE has so many MiB, rename it and begin anew;\nthe 10 latest of those stay (100)",
    ),
    with_value(
        "--live",
        "ADDRESS",
        "stream all connections, with their keys, to whoever\nconnects: --live 127.0.0.1:19000, and\nwireshark -k -i TCP@127.0.0.1:19000",
    ),
    switch(
        "--live-to-all",
        "allow --live an address that other machines reach",
    ),
    with_value(
        "--keylog",
        "FILE",
        "append the TLS keys of all connections to FILE",
    ),
    switch(
        "--echo",
        "offer /ws/echo, a WebSocket that repeats what it hears",
    ),
    switch("--no-wire", "record no connections: there is no wire view"),
    switch(
        "--instructor",
        "print a URL with a key that shows the connections of\neverybody in the wire view",
    ),
    switch("--help", "print this"),
    switch("--version", "print the version"),
];

/// The flags of `secure-chat explain`.
pub(super) const EXPLAIN_FLAGS: [Flag; 3] = [
    with_value(
        "--keylog",
        "FILE",
        "secrets that open the TLS records, as programs write\nthem where SSLKEYLOGFILE says (those in the capture)",
    ),
    switch("--eve", "use no secret: only what an eavesdropper can tell"),
    switch("--help", "print this"),
];

/// What is wrong with the command line or the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageError {
    /// An argument is not readable as text.
    NotText {
        /// As far as it can be shown.
        argument: String,
    },
    /// There is no such flag.
    UnknownFlag {
        /// As written.
        flag: String,
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// An argument stands where only flags can.
    Stray {
        /// As written.
        argument: String,
    },
    /// A flag was given twice.
    Repeated {
        /// Which.
        flag: &'static str,
    },
    /// A flag that needs a value has none.
    MissingValue {
        /// Which.
        flag: &'static str,
        /// What its value is called in the help.
        wanted: &'static str,
    },
    /// A flag that takes no value has one.
    UnwantedValue {
        /// Which.
        flag: &'static str,
    },
    /// A flag was given another value than the one it knows.
    UnknownChoice {
        /// Which.
        flag: &'static str,
        /// As written.
        value: String,
        /// The one it knows.
        known: &'static str,
    },
    /// `explain` without a capture.
    NothingToExplain,
    /// A port that is none.
    NotAPort {
        /// The flag.
        flag: &'static str,
        /// As written.
        value: String,
    },
    /// A host that is neither a name nor an address.
    NotAHost {
        /// As written.
        value: String,
    },
    /// An `ASSET_VERSION` that cannot stand in a URL.
    NotAnAssetVersion {
        /// As set.
        value: String,
    },
    /// `--tls` together with `--both`.
    TlsAndBoth,
    /// `--tls-port` without `--both`.
    TlsPortWithoutBoth {
        /// Whether `--tls` was given.
        tls: bool,
    },
    /// One port for both protocols.
    SamePortTwice {
        /// Which.
        port: u16,
    },
    /// A limit that is none.
    NotALimit {
        /// The flag.
        flag: &'static str,
        /// As written.
        value: String,
        /// The highest that may be asked for.
        max: u32,
    },
    /// A size that is none.
    NotASize {
        /// As written.
        value: String,
    },
    /// Nothing that could be listened on.
    NotALiveAddress {
        /// As written.
        value: String,
    },
    /// Keys would leave the machine, and nobody has said that they may.
    LiveToOthers {
        /// Where to.
        address: SocketAddr,
    },
    /// A flag without the one that it goes with.
    GoesWith {
        /// Which.
        flag: &'static str,
        /// The other.
        with: &'static str,
        /// The other with its value.
        usage: &'static str,
    },
    /// A flag that only means something with TLS.
    NeedsTls {
        /// Which.
        flag: &'static str,
    },
    /// A flag that only means something where connections are recorded.
    NeedsWire {
        /// Which.
        flag: &'static str,
    },
    /// A certificate without its key, or the other way round.
    OneOfPair {
        /// The one that was given.
        given: &'static str,
        /// The one that was not.
        missing: &'static str,
    },
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText { argument } => {
                write!(
                    f,
                    "{argument:?} is not UTF-8 text: rename the file, or write the flag again."
                )
            }
            Self::UnknownFlag {
                flag,
                nearest: Some(nearest),
            } => {
                write!(f, "There is no flag {flag}: did you mean {nearest}?")
            }
            Self::UnknownFlag {
                flag,
                nearest: None,
            } => {
                write!(f, "There is no flag {flag}: --help lists those there are.")
            }
            Self::Stray { argument } => write!(
                f,
                "{argument:?} belongs to no flag: everything here is a flag or its value; see --help."
            ),
            Self::Repeated { flag } => write!(f, "{flag} is given twice: keep one."),
            Self::MissingValue { flag, wanted } => {
                write!(
                    f,
                    "{flag} needs a value: write {flag} {wanted}, or {flag}={wanted} if it begins with -."
                )
            }
            Self::UnwantedValue { flag } => {
                write!(
                    f,
                    "{flag} takes no value: write {flag} alone, or leave it out."
                )
            }
            Self::UnknownChoice { flag, value, known } => write!(
                f,
                "{flag} knows no {value:?}: write {flag}={known}, or {flag} alone."
            ),
            Self::NothingToExplain => f.write_str(
                "explain needs a capture: write secure-chat explain FILE, or - to read standard input.",
            ),
            _ => self.write_value(f),
        }
    }
}

impl UsageError {
    /// What is wrong with a value.
    fn write_value(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPort { flag, value } => write!(
                f,
                "{value:?} is not a port: write a number from 1 to 65535 after {flag}, or 0 for any free one."
            ),
            Self::NotALimit { flag, value, max } => write!(
                f,
                "{value:?} is no limit: write a number from 1 to {max} after {flag}."
            ),
            Self::NotASize { value } => write!(
                f,
                "{value:?} is not a size: write a number of MiB from 1 to 1048576 after --capture-size."
            ),
            Self::NotALiveAddress { value } => write!(
                f,
                "{value:?} is not an address to stream from: write one with its port after --live, as in --live 127.0.0.1:19000."
            ),
            Self::NotAHost { value } => write!(
                f,
                "{value:?} is not a host: write a name or an address after --host, without scheme or path; the port goes to --port."
            ),
            Self::NotAnAssetVersion { value } => write!(
                f,
                "ASSET_VERSION is {value:?}, which cannot stand in a URL: use 1 to 64 letters, digits, “.”, “_” or “-”, or unset it."
            ),
            _ => self.write_contradiction(f),
        }
    }

    /// Which flags do not go together.
    fn write_contradiction(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TlsAndBoth => f.write_str(
                "--tls and --both contradict each other: --tls alone speaks HTTPS only, --both alone speaks HTTP as well.",
            ),
            Self::TlsPortWithoutBoth { tls: true } => {
                f.write_str("--tls-port goes with --both: with --tls alone, --port is the port of HTTPS.")
            }
            Self::TlsPortWithoutBoth { tls: false } => {
                f.write_str("--tls-port goes with --both: add --both, or leave it out.")
            }
            Self::SamePortTwice { port } => write!(
                f,
                "HTTP and HTTPS cannot share port {port}: give them different ones with --port and --tls-port."
            ),
            Self::LiveToOthers { address } => write!(
                f,
                "--live {address} would hand the keys and passwords of everybody to other machines: write --live 127.0.0.1:{}, or add --live-to-all if that is what you want.",
                address.port()
            ),
            Self::GoesWith { flag, with, usage } => {
                write!(f, "{flag} goes with {with}: add {usage}, or leave it out.")
            }
            Self::NeedsTls { flag } => {
                write!(f, "{flag} means nothing without TLS: add --tls or --both, or leave it out.")
            }
            Self::NeedsWire { flag } => {
                write!(f, "{flag} shows what is recorded, and --no-wire records nothing: leave one of them out.")
            }
            Self::OneOfPair { given, missing } => {
                write!(f, "{given} without {missing}: certificate and key belong together, so name both.")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for UsageError {}

/// What was written on the command line.
pub(super) struct Given {
    flags: Vec<(&'static Flag, Option<String>)>,
    operands: Vec<String>,
}

impl Given {
    /// Reads arguments in terms of `known` flags, and up to `operands_max` that belong to none of them.
    ///
    /// Stops at `--help` or `--version`: whoever asks for help need not have the rest right.
    pub(super) fn read(
        args: impl IntoIterator<Item = OsString>,
        known: &'static [Flag],
        operands_max: usize,
    ) -> Result<Self, UsageError> {
        let mut given = Self {
            flags: Vec::new(),
            operands: Vec::new(),
        };
        let mut args = args.into_iter().map(text).peekable();
        while let Some(argument) = args.next() {
            let argument = argument?;
            // A dash alone stands for standard input.
            if argument == "-" || !argument.starts_with('-') {
                if given.operands.len() == operands_max {
                    return Err(UsageError::Stray { argument });
                }
                given.operands.push(argument);
                continue;
            }
            let (name, attached) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let flag = find(name, known)?;
            if given.has(flag.name) {
                return Err(UsageError::Repeated { flag: flag.name });
            }
            // What looks like a flag is one: `--log --tls` forgot a name.
            let is_value =
                |next: &Result<String, _>| next.as_ref().is_ok_and(|next| !next.starts_with('-'));
            let value = match (flag.takes, attached) {
                (Takes::Value(_), None) => args.next_if(is_value).transpose()?,
                (_, attached) => attached,
            };
            given.flags.push((flag, flag.checked(value)?));
            if matches!(flag.name, "--help" | "--version") {
                break;
            }
        }
        Ok(given)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(flag, _)| flag.name == name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.flags.iter().find(|(flag, _)| flag.name == name)?;
        value.as_deref()
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from)
    }

    /// The first argument that belongs to no flag.
    pub(super) fn operand(&self) -> Option<&str> {
        self.operands.first().map(String::as_str)
    }
}

impl Flag {
    /// The value, if it is one that may follow this flag.
    fn checked(&self, value: Option<String>) -> Result<Option<String>, UsageError> {
        let flag = self.name;
        match (self.takes, &value) {
            (Takes::Nothing, Some(_)) => Err(UsageError::UnwantedValue { flag }),
            (Takes::Value(wanted), value) if value.as_deref().is_none_or(str::is_empty) => {
                Err(UsageError::MissingValue { flag, wanted })
            }
            (Takes::Perhaps(known), Some(value)) if value != known => {
                Err(UsageError::UnknownChoice {
                    flag,
                    value: value.clone(),
                    known,
                })
            }
            _ => Ok(value),
        }
    }
}

fn text(argument: OsString) -> Result<String, UsageError> {
    argument
        .into_string()
        .map_err(|argument| UsageError::NotText {
            argument: argument.to_string_lossy().into_owned(),
        })
}

fn find(name: &str, known: &'static [Flag]) -> Result<&'static Flag, UsageError> {
    let name = match name {
        "-h" => "--help",
        "-V" => "--version",
        other => other,
    };
    let flag = known.iter().find(|flag| flag.name == name);
    flag.ok_or_else(|| UsageError::UnknownFlag {
        flag: name.escape_debug().to_string(),
        nearest: spelling::nearest(name, known.iter().map(|flag| flag.name)),
    })
}

const fn switch(name: &'static str, help: &'static str) -> Flag {
    let takes = Takes::Nothing;
    Flag { name, takes, help }
}

const fn with_value(name: &'static str, value: &'static str, help: &'static str) -> Flag {
    let takes = Takes::Value(value);
    Flag { name, takes, help }
}

const fn perhaps(name: &'static str, word: &'static str, help: &'static str) -> Flag {
    let takes = Takes::Perhaps(word);
    Flag { name, takes, help }
}
