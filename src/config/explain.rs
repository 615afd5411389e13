//! The command line of `secure-chat explain`: which capture, which secrets, and as whom.
//! Pure as `config`: whether the files exist is found out later.

use std::ffi::OsString;
use std::path::PathBuf;

use super::flags::{EXPLAIN_FLAGS, Given, UsageError};
use super::{Command, Eyes, help};

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explain {
    /// The capture.
    pub capture: Input,
    /// A key log besides the secrets that the capture may hold.
    pub key_log: Option<PathBuf>,
    /// As whom.
    pub eyes: Eyes,
    /// Whether the environment asks for no colours.
    pub no_color: bool,
}

/// Where a capture comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// From standard input.
    Stdin,
    /// From this file.
    File(PathBuf),
}

impl Explain {
    /// Reads what follows the word `explain`.
    pub(super) fn from_args(
        args: impl IntoIterator<Item = OsString>,
        no_color: bool,
    ) -> Result<Command, UsageError> {
        let given = Given::read(args, &EXPLAIN_FLAGS, 1)?;
        if given.has("--help") {
            return Ok(Command::Help(help::explain_text()));
        }
        let capture = match given.operand() {
            None | Some("") => return Err(UsageError::NothingToExplain),
            Some("-") => Input::Stdin,
            Some(path) => Input::File(path.into()),
        };
        let eyes = if given.has("--eve") {
            Eyes::Eve
        } else {
            Eyes::Server
        };
        Ok(Command::Explain(Self {
            capture,
            key_log: given.path("--keylog"),
            eyes,
            no_color,
        }))
    }
}
