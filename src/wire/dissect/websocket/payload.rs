//! The payload of a frame as fields: text, bytes, or why the connection closes (RFC 6455 §5.5, §5.6).
//! What the text says is known to the chat alone.

use std::ops::Range;

use super::FrameContext;
use super::layout::Layout;
use crate::octets::hex;
use crate::websocket::close::{CloseCode, decode_close_payload};
use crate::websocket::frame::{Opcode, apply_mask};
use crate::wire::dissect::source::Row;
use crate::wire::field::{Field, Value};

/// Adds what stands behind the header, as far as it belongs to the frame.
pub(super) fn add(bytes: &[u8], layout: &Layout, context: FrameContext, row: &mut Row) {
    let start = layout.header_len();
    let end = usize::try_from(layout.payload_len).map_or(bytes.len(), |len| {
        start.saturating_add(len).min(bytes.len())
    });
    if end > start {
        row.add(payload(bytes, start..end, layout, context));
    }
    if end < bytes.len() {
        row.add(
            Field::leaf(
                "bytes behind the frame",
                end..bytes.len(),
                Value::Bytes,
                "RFC 6455 §5.2",
            )
            .problem("The frame has ended; these bytes do not belong to it."),
        );
    }
}

fn payload(bytes: &[u8], at: Range<usize>, layout: &Layout, context: FrameContext) -> Field {
    let is_whole = at.len() as u64 == layout.payload_len;
    let mut unmasked = bytes.get(at.clone()).unwrap_or_default().to_vec();
    let field = Field::group("Payload data", at.clone(), "RFC 6455 §5.2");
    let mut field = if let Some(key) = layout.masking_key {
        apply_mask(&mut unmasked, key);
        field
            .meaning("The masked payload, as it crosses the network; below it, what it says.")
            .wireshark("websocket.masked_payload")
    } else {
        field
            .meaning("The payload, as it is.")
            .wireshark("websocket.payload")
    };
    if !is_whole {
        field.wireshark = None;
    }
    let inner = Inner {
        at,
        unmasked,
        layout,
        context,
        is_whole,
    };
    field.children = if layout.opcode_bits == Opcode::Close.bits() {
        inner.close()
    } else {
        vec![inner.data()]
    };
    field
}

/// A payload, and all that decides how it reads.
struct Inner<'a> {
    at: Range<usize>,
    unmasked: Vec<u8>,
    layout: &'a Layout,
    context: FrameContext,
    is_whole: bool,
}

impl Inner<'_> {
    fn data(self) -> Field {
        let opcode_bits = match (self.layout.opcode_bits, self.context.unfinished) {
            (0x0, Some(begun)) => begun.bits(),
            (bits, _) => bits,
        };
        let is_text = opcode_bits == Opcode::Text.bits();
        let is_compressed =
            self.context.deflate && opcode_bits < 0x8 && self.layout.rsv & 0b100 != 0;
        let value = if is_compressed {
            self.bytes()
        } else if is_text {
            Value::Text(String::from_utf8_lossy(&self.unmasked).into_owned())
        } else {
            // Pings often carry text, though nothing says so.
            match std::str::from_utf8(&self.unmasked) {
                Ok(text) if !text.chars().any(char::is_control) => Value::Text(text.to_owned()),
                _ => self.bytes(),
            }
        };
        let mut field = Field::leaf("Application data", self.at.clone(), value, "RFC 6455 §5.2")
            .meaning(self.meaning(is_text, is_compressed));
        let is_message = self.layout.fin && self.layout.opcode_bits == Opcode::Text.bits();
        if is_message && self.is_whole && !is_compressed {
            if std::str::from_utf8(&self.unmasked).is_err() {
                field.problem = Some("Text is UTF-8; this is not.".into());
            } else {
                field.wireshark = Some("websocket.payload.text");
            }
        }
        if self.is_whole {
            field.wireshark = field.wireshark.or(match self.layout.opcode_bits {
                0x0 if !self.layout.fin => Some("websocket.payload.continue"),
                0x9 => Some("websocket.payload.ping"),
                0xa => Some("websocket.payload.pong"),
                _ => None,
            });
        }
        field
    }

    /// Bytes that are not text: where they stand if they stand there, otherwise in hexadecimal.
    fn bytes(&self) -> Value {
        match self.layout.masking_key {
            None => Value::Bytes,
            Some(_) => Value::Text(hex(&self.unmasked)),
        }
    }

    fn meaning(&self, is_text: bool, is_compressed: bool) -> &'static str {
        match self.layout.opcode_bits {
            _ if is_compressed => "The message, compressed by permessage-deflate.",
            0x9 => "Whatever the Pong must repeat.",
            0xa => "What the Ping carried.",
            _ if is_text && self.layout.fin && self.layout.opcode_bits != 0 => {
                "What was said: a whole message, as text."
            }
            _ if is_text => "A part of a message, as text; a character may lie across two parts.",
            _ => "What was sent, as bytes.",
        }
    }

    /// `status code` and `reason`, if there are any.
    fn close(self) -> Vec<Field> {
        const SOURCE: &str = "RFC 6455 §5.5.1";
        let name = |word| self.is_whole.then_some(word);
        let Some((&code, reason)) = self.unmasked.split_first_chunk::<2>() else {
            let field = Field::leaf("status code", self.at.clone(), Value::Bytes, SOURCE)
                .meaning("The beginning of a number that says why.");
            return vec![match decode_close_payload(&self.unmasked) {
                Err(error) if self.is_whole => field.problem(error.to_string()),
                _ => field,
            }];
        };
        let number = u16::from_be_bytes(code);
        let code = CloseCode(number);
        let code_at = self.at.start..self.at.start + 2;
        let value = Value::Code {
            number: number.into(),
            name: Some(code.name().into()),
        };
        let mut code_field = Field::leaf("status code", code_at.clone(), value, "RFC 6455 §7.4")
            .meaning(meaning_of(code));
        code_field.wireshark = name("websocket.payload.close.status_code");
        if !code.may_be_sent() {
            code_field.problem = decode_close_payload(&number.to_be_bytes())
                .err()
                .map(|error| error.to_string().into());
        }
        let mut parts = vec![code_field];
        if !reason.is_empty() {
            let text = Value::Text(String::from_utf8_lossy(reason).into_owned());
            let mut field = Field::leaf("reason", code_at.end..self.at.end, text, SOURCE)
                .meaning("Why, in words for people.");
            if std::str::from_utf8(reason).is_err() && self.is_whole {
                field.problem = Some(
                    crate::websocket::close::CloseError::ReasonNotUtf8
                        .to_string()
                        .into(),
                );
            } else {
                field.wireshark = name("websocket.payload.close.reason");
            }
            parts.push(field);
        }
        let mut field = Field::group("Application data", self.at.clone(), SOURCE)
            .meaning("Why the connection closes.")
            .children(parts);
        field.wireshark = name("websocket.payload.close");
        vec![field]
    }
}

fn meaning_of(code: CloseCode) -> &'static str {
    match code.0 {
        1000 => "All was said: a normal end.",
        1001 => "The page was left, or the server stops.",
        1002 => "The other side broke the rules of the protocol.",
        1003 => "The other side sent a kind of data that is not taken here.",
        1007 => "The other side sent text that is not UTF-8.",
        1008 => "The other side did what is not allowed here.",
        1009 => "The other side sent more than is taken here.",
        1010 => "The server did not agree to an extension that the client needs.",
        1011 => "The server failed.",
        1012 => "The server restarts.",
        1013 => "Too busy: come back later.",
        3000..=3999 => "A code that a library or framework registered.",
        4000..=4999 => "A code that client and server agreed on among themselves.",
        _ => "A code that has no meaning on the wire.",
    }
}
