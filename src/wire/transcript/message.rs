//! One message as lines: its head or header in words, then its content.
//! Which message, when and of whom is said by the caller.

use super::manner::Manner;
use super::sheet::{Role, Sheet};
use super::tree::{bytes_of, find, find_all, said};
use super::{handshake, http};
use crate::octets::hex;
use crate::websocket::frame::apply_mask;
use crate::wire::field::{Field, Value};
use crate::wire::timeline::{Kind, Pane};

/// How wide the names of essentials are.
const WHAT_COLUMN: usize = 13;

/// What a message is and says, in a few words.
#[derive(Debug, Default)]
pub(super) struct Heading {
    /// Its name, if it has one of its own.
    pub(super) name: Option<String>,
    /// What stands in its header.
    pub(super) says: Option<String>,
}

/// The heading of a message.
pub(super) fn heading(kind: Kind, pane: &Pane) -> Heading {
    let (name, says) = match kind {
        Kind::Handshake => (find(&pane.tree, "Handshake").map(said), None),
        Kind::Alert => (None, handshake::alert(&pane.tree)),
        Kind::Frame => (frame_name(pane), frame_header(pane)),
        _ => (None, None),
    };
    Heading {
        name: name.filter(|name| !name.is_empty()),
        says,
    }
}

/// Writes the lines below the heading.
pub(super) fn write(sheet: &mut Sheet, kind: Kind, pane: &Pane, manner: Manner) {
    match kind {
        Kind::Handshake => write_handshake(sheet, pane, manner),
        Kind::Request | Kind::Response => http::write(sheet, pane, manner),
        Kind::Frame => write_payload(sheet, pane, manner),
        Kind::Unreadable => manner.content(sheet, &pane.bytes, pane.cut_bytes, ""),
        _ => {}
    }
}

fn write_handshake(sheet: &mut Sheet, pane: &Pane, manner: Manner) {
    let Some(message) = find(&pane.tree, "Handshake") else {
        return;
    };
    for (what, says) in handshake::essentials(message) {
        let what = format!("{what:WHAT_COLUMN$}");
        sheet.line(
            manner.indent,
            &[(Role::Faint, &what), (manner.role(), &says)],
        );
    }
}

/// `text frame`, `ping frame`.
fn frame_name(pane: &Pane) -> Option<String> {
    let opcode = said(find(&pane.tree, "opcode")?);
    Some(match opcode.strip_suffix(" frame") {
        Some(_) => opcode,
        None => format!("{opcode} frame"),
    })
}

/// The bits of the header in the words of RFC 6455 §5.2: `FIN, MASK 37fa213d, payload length 5`.
fn frame_header(pane: &Pane) -> Option<String> {
    let bit = |name| find(&pane.tree, name).is_some_and(|bit| said(bit) == "1");
    let mut words = vec![if bit("FIN") { "FIN" } else { "no FIN" }.to_owned()];
    let reserved = ["RSV1", "RSV2", "RSV3"].into_iter();
    words.extend(reserved.filter(|name| bit(name)).map(str::to_owned));
    words.push(match find(&pane.tree, "Masking-key") {
        Some(key) => format!("MASK {}", hex(bytes_of(key, &pane.bytes))),
        None => "no MASK".to_owned(),
    });
    // Of the two forms of the length the longer one stands behind, and counts.
    let len = find_all(&pane.tree, "Extended payload length").last();
    let len = len.or_else(|| find(&pane.tree, "Payload length"))?;
    words.push(format!("payload length {}", said(len)));
    Some(words.join(", "))
}

fn write_payload(sheet: &mut Sheet, pane: &Pane, manner: Manner) {
    let Some(payload) = find(&pane.tree, "Payload data") else {
        return;
    };
    if let Some(code) = find(payload, "status code") {
        let reason = find(payload, "reason").map(said).unwrap_or_default();
        let line = format!("{} {reason}", close_code(code));
        sheet.line(
            manner.indent,
            &[(Role::Faint, "| "), (manner.role(), line.trim_end())],
        );
        return;
    }
    let mut content = bytes_of(payload, &pane.bytes).to_vec();
    if let Some(key) = find(&pane.tree, "Masking-key")
        && let Ok(key) = bytes_of(key, &pane.bytes).try_into()
    {
        apply_mask(&mut content, key);
    }
    manner.content(sheet, &content, pane.cut_bytes, &manner.mark(payload));
}

/// `1000 normal closure (All was said: a normal end.)`.
fn close_code(field: &Field) -> String {
    match &field.value {
        Value::Code { number, .. } => format!("{number} {} ({})", said(field), field.meaning),
        _ => "no close code".to_owned(),
    }
}
