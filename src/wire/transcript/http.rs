//! An HTTP message as lines: its head as it was sent, then its content.
//! What the fields mean is told by the dissected tree.

use super::manner::Manner;
use super::sheet::{Role, Sheet};
use super::tree::{bytes_of, find_all};
use super::visible::visible_bytes;
use crate::octets::counted;
use crate::wire::field::Field;
use crate::wire::timeline::Pane;

/// So many lines of a head are shown, and so many bytes of each: browsers send 20 lines, few longer than this.
const HEAD_LINES_MAX: usize = 60;
const HEAD_LINE_LEN_MAX: usize = 400;

/// The sizes of so many chunks are named.
const CHUNKS_NAMED_MAX: usize = 4;

/// Writes a request or response.
pub(super) fn write(sheet: &mut Sheet, pane: &Pane, manner: Manner) {
    let mut head_lines = 0;
    for part in &pane.tree.children {
        match &*part.name {
            "content" | "bytes behind the message" if !is_field_line(part) => {
                let content = bytes_of(part, &pane.bytes);
                manner.content(sheet, content, pane.cut_bytes, &manner.mark(part));
            }
            "chunked-body" => write_chunks(sheet, part, pane, manner),
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
        let more = format!(
            "… {} more of this head",
            counted(head_lines - HEAD_LINES_MAX, "line")
        );
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
        more => format!(" … {} more", counted(more, "byte")),
    };
    sheet.line(
        manner.indent,
        &[
            manner.arrow(),
            (manner.role(), &text),
            (Role::Faint, &more),
            (Role::Secret, &manner.mark(part)),
        ],
    );
}

/// The chunks put together, and how long each was.
fn write_chunks(sheet: &mut Sheet, part: &Field, pane: &Pane, manner: Manner) {
    let chunks: Vec<&[u8]> = find_all(part, "chunk-data")
        .map(|chunk| bytes_of(chunk, &pane.bytes))
        .collect();
    let lens: Vec<_> = chunks
        .iter()
        .take(CHUNKS_NAMED_MAX)
        .map(|chunk| chunk.len().to_string())
        .collect();
    let more = if chunks.len() > lens.len() {
        ", …"
    } else {
        ""
    };
    let unit = if lens == ["1"] && more.is_empty() {
        "byte"
    } else {
        "bytes"
    };
    let said = format!(
        "({}: {}{more} {unit})",
        counted(chunks.len(), "chunk"),
        lens.join(", ")
    );
    sheet.line(manner.indent, &[(Role::Faint, &said)]);
    let content = chunks.concat();
    manner.content(sheet, &content, pane.cut_bytes, &manner.mark(part));
}
