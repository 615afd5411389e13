//! How the lines of a message are set: how far in, in which colours, with which marks; content cut to what fits a screen.
//! What the lines say is decided by the callers.

use super::content::{excerpt, hex_lines};
use super::sheet::{Role, Sheet};
use super::tree::said;
use crate::octets::{Direction, counted};
use crate::wire::field::Field;

/// Where and in which colours a message is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// How many spaces stand in front of each line.
    pub(super) indent: usize,
    /// Who sent it.
    pub(super) direction: Direction,
    /// Whether everybody on the way can read it.
    pub(super) in_clear: bool,
}

impl Manner {
    /// The colour of what it says.
    pub(super) fn role(self) -> Role {
        if self.in_clear {
            Role::InClear
        } else {
            Role::Plain
        }
    }

    /// What stands in front of the lines of a head, as curl writes it.
    pub(super) fn arrow(self) -> (Role, &'static str) {
        match self.direction {
            Direction::FromClient => (Role::Client, "> "),
            Direction::FromServer => (Role::Server, "< "),
        }
    }

    /// Writes content: text as text, anything else in hexadecimal. `cut_bytes` more of it are not here.
    pub(super) fn content(self, sheet: &mut Sheet, content: &[u8], cut_bytes: u64, mark: &str) {
        let shown = excerpt(content);
        for (at, line) in shown.lines.iter().enumerate() {
            let is_last = at + 1 == shown.lines.len();
            let mark = if is_last { mark } else { "" };
            let bar = (Role::Faint, "| ");
            sheet.line(
                self.indent,
                &[bar, (self.role(), line), (Role::Secret, mark)],
            );
        }
        left_out(sheet, shown.left_out as u64 + cut_bytes, self.indent);
    }

    /// What a line is marked with if it holds what a thief would want; nothing otherwise.
    pub(super) fn mark(self, part: &Field) -> String {
        if !part.walk().any(|field| field.secret) {
            return String::new();
        }
        let mut names: Vec<String> = part.walk().filter_map(name_of_secret).collect();
        names.dedup();
        let what = match names.as_slice() {
            [] => String::new(),
            names => format!(": {}", names.join(", ")),
        };
        if self.in_clear {
            format!("   ← any thief on the way reads this{what}")
        } else {
            format!("   ← a thief would want this{what}")
        }
    }
}

/// The first bytes of what cannot be read.
pub(super) fn hexadecimal(sheet: &mut Sheet, bytes: &[u8], rows_max: usize, indent: usize) {
    let shown = hex_lines(bytes, rows_max);
    for line in &shown.lines {
        sheet.line(indent, &[(Role::InClear, line)]);
    }
    left_out(sheet, shown.left_out as u64, indent);
}

fn left_out(sheet: &mut Sheet, left_out: u64, indent: usize) {
    if left_out > 0 {
        let more = format!("… {} more", counted(left_out, "byte"));
        sheet.line(indent, &[(Role::Faint, &more)]);
    }
}

/// The name beside a secret value: of a cookie, of a form field.
fn name_of_secret(field: &Field) -> Option<String> {
    let (first, rest) = field.children.split_first()?;
    let is_name = matches!(&*first.name, "name" | "cookie-name");
    (is_name && rest.iter().any(|value| value.secret)).then(|| said(first))
}
