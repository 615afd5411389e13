//! One message as lines: its head or header in words, then its content.
//! Which message, when and of whom is said by the caller.

use super::content::{Excerpt, excerpt};
use super::sheet::{Role, Sheet};
use super::tree::{bytes_of, find, find_all, said};
use super::visible::visible_bytes;
use super::{content, handshake};
use crate::octets::{Direction, hex};
use crate::websocket::frame::apply_mask;
use crate::wire::field::{Field, Value};
use crate::wire::timeline::{Kind, Pane};

/// So many lines of a head are shown, and so many bytes of each: browsers send 20 lines, few longer than this.
const HEAD_LINES_MAX: usize = 60;
const HEAD_LINE_LEN_MAX: usize = 400;

/// How wide the names of essentials are.
const WHAT_COLUMN: usize = 13;

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
    fn role(self) -> Role {
        if self.in_clear {
            Role::InClear
        } else {
            Role::Plain
        }
    }

    /// What stands in front of the lines of a head, as curl writes it.
    fn arrow(self) -> (Role, &'static str) {
        match self.direction {
            Direction::FromClient => (Role::Client, "> "),
            Direction::FromServer => (Role::Server, "< "),
        }
    }
}

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

/// The lines below the heading.
pub(super) fn write(sheet: &mut Sheet, kind: Kind, pane: &Pane, manner: Manner) {
    match kind {
        Kind::Handshake => write_handshake(sheet, pane, manner),
        Kind::Request | Kind::Response => write_http(sheet, pane, manner),
        Kind::Frame => write_payload(sheet, pane, manner),
        Kind::Unreadable => {
            let shown = excerpt(&pane.bytes);
            write_excerpt(sheet, &shown, pane.cut_bytes, manner);
        }
        _ => {}
    }
}

/// The first bytes of what cannot be read.
pub(super) fn write_hex(sheet: &mut Sheet, bytes: &[u8], rows_max: usize, indent: usize) {
    let shown = content::hex_lines(bytes, rows_max);
    for line in &shown.lines {
        sheet.line(indent, &[(Role::InClear, line)]);
    }
    write_left_out(sheet, shown.left_out as u64, indent);
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

fn write_http(sheet: &mut Sheet, pane: &Pane, manner: Manner) {
    let mut head_lines = 0;
    for part in &pane.tree.children {
        match &*part.name {
            "content" if !is_field_line(part) => write_content(sheet, part, pane, manner),
            "chunked-body" => write_chunks(sheet, part, pane, manner),
            "bytes behind the message" => {
                let shown = excerpt(bytes_of(part, &pane.bytes));
                write_excerpt(sheet, &shown, pane.cut_bytes, manner);
            }
            _ => {
                for line in lines_of(bytes_of(part, &pane.bytes)) {
                    head_lines += 1;
                    if head_lines <= HEAD_LINES_MAX {
                        write_head_line(sheet, part, line, manner);
                    }
                }
            }
        }
    }
    if head_lines > HEAD_LINES_MAX {
        let more = format!("… {} lines more of this head", head_lines - HEAD_LINES_MAX);
        sheet.line(manner.indent, &[(Role::Faint, &more)]);
    }
}

/// A header field that is called as the content is called.
fn is_field_line(part: &Field) -> bool {
    part.children
        .first()
        .is_some_and(|first| first.name == "field-name")
}

/// The lines in these bytes, without their ends. A folded field has several.
fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn write_head_line(sheet: &mut Sheet, part: &Field, line: &[u8], manner: Manner) {
    let shown = line.get(..HEAD_LINE_LEN_MAX).unwrap_or(line);
    let text = visible_bytes(shown);
    let more = match line.len() - shown.len() {
        0 => String::new(),
        more => format!(" … {more} bytes more"),
    };
    sheet.line(
        manner.indent,
        &[
            manner.arrow(),
            (manner.role(), &text),
            (Role::Faint, &more),
            (Role::Secret, &mark(part, manner)),
        ],
    );
}

fn write_content(sheet: &mut Sheet, part: &Field, pane: &Pane, manner: Manner) {
    let shown = excerpt(bytes_of(part, &pane.bytes));
    write_excerpt_marked(sheet, &shown, pane.cut_bytes, &mark(part, manner), manner);
}

/// The chunks put together, and how long each was.
fn write_chunks(sheet: &mut Sheet, part: &Field, pane: &Pane, manner: Manner) {
    let chunks: Vec<&[u8]> = find_all(part, "chunk-data")
        .map(|chunk| bytes_of(chunk, &pane.bytes))
        .collect();
    let lens: Vec<_> = chunks
        .iter()
        .take(4)
        .map(|chunk| chunk.len().to_string())
        .collect();
    let more = if chunks.len() > lens.len() {
        ", …"
    } else {
        ""
    };
    let said = format!("({} chunks: {}{more} bytes)", chunks.len(), lens.join(", "));
    sheet.line(manner.indent, &[(Role::Faint, &said)]);
    let shown = excerpt(&chunks.concat());
    write_excerpt_marked(sheet, &shown, pane.cut_bytes, &mark(part, manner), manner);
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
    let shown = excerpt(&content);
    write_excerpt_marked(
        sheet,
        &shown,
        pane.cut_bytes,
        &mark(payload, manner),
        manner,
    );
}

/// `1000 normal closure (All was said: a normal end.)`.
fn close_code(field: &Field) -> String {
    match &field.value {
        Value::Code { number, .. } => format!("{number} {} ({})", said(field), field.meaning),
        _ => "no close code".to_owned(),
    }
}

fn write_excerpt(sheet: &mut Sheet, shown: &Excerpt, cut_bytes: u64, manner: Manner) {
    write_excerpt_marked(sheet, shown, cut_bytes, "", manner);
}

fn write_excerpt_marked(
    sheet: &mut Sheet,
    shown: &Excerpt,
    cut_bytes: u64,
    mark: &str,
    manner: Manner,
) {
    for (at, line) in shown.lines.iter().enumerate() {
        let is_last = at + 1 == shown.lines.len();
        let mark = if is_last { mark } else { "" };
        sheet.line(
            manner.indent,
            &[
                (Role::Faint, "| "),
                (manner.role(), line),
                (Role::Secret, mark),
            ],
        );
    }
    write_left_out(sheet, shown.left_out as u64 + cut_bytes, manner.indent);
}

fn write_left_out(sheet: &mut Sheet, left_out: u64, indent: usize) {
    if left_out > 0 {
        let more = format!("… {left_out} bytes more");
        sheet.line(indent, &[(Role::Faint, &more)]);
    }
}

/// What a line is marked with if it holds what a thief would want; nothing otherwise.
fn mark(part: &Field, manner: Manner) -> String {
    if !part.walk().any(|field| field.secret) {
        return String::new();
    }
    let mut names: Vec<String> = part.walk().filter_map(name_of_secret).collect();
    names.dedup();
    let what = match names.as_slice() {
        [] => String::new(),
        names => format!(": {}", names.join(", ")),
    };
    if manner.in_clear {
        format!("   ← any thief on the way reads this{what}")
    } else {
        format!("   ← a thief would want this{what}")
    }
}

/// The name beside a secret value: of a cookie, of a form field.
fn name_of_secret(field: &Field) -> Option<String> {
    let (first, rest) = field.children.split_first()?;
    let is_name = matches!(&*first.name, "name" | "cookie-name");
    (is_name && rest.iter().any(|value| value.secret)).then(|| said(first))
}
