//! One line for each item on a timeline: for those who have the keys, and for Eve, who has none.
//! Only words: nothing is found or decided here.

use super::ledger::{Cover, Ledger, Record};
use super::{Item, Kind, PlaintextLen, TITLE_CHARS_MAX};
use crate::octets::{Direction, Progress, counted};
use crate::websocket::frame::decode_frame_header;
use crate::wire::decrypt::{Label, content_type};
use crate::wire::dissect::stream::{Message, What};
use crate::wire::dissect::tls_alert::alert_in_words;
use crate::wire::dissect::tls_handshake::message_name;
use crate::wire::dissect::tls_record::{ContentType, Protection, RECORD_HEADER_LEN, RecordContext};
use crate::wire::field::{Field, Value};

/// So many bytes of a message at most make its title: a header of 14 bytes, and characters of 4.
pub(super) const TITLE_BYTES_MAX: usize = 14 + 4 * (TITLE_CHARS_MAX + 1);

/// Client or server.
pub(super) fn who(direction: Direction) -> &'static str {
    match direction {
        Direction::FromClient => "client",
        Direction::FromServer => "server",
    }
}

/// One line of at most [`TITLE_CHARS_MAX`] characters, none of which moves the others about.
pub(super) fn line(text: &str) -> String {
    let mut chars = text.chars().map(|char| match char {
        // Marks that reorder text would let a message pretend to be another one.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '·'
        }
        char if char.is_control() => '·',
        char => char,
    });
    let mut line: String = chars.by_ref().take(TITLE_CHARS_MAX).collect();
    if chars.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// A message of the application, of which these are the first [`TITLE_BYTES_MAX`] bytes.
pub(super) fn of_message(message: &Message, bytes: &[u8]) -> String {
    let len = message.bytes.end - message.bytes.start;
    match &message.what {
        What::Request { line: Some(text) }
        | What::Response {
            line: Some(text), ..
        } => line(text),
        What::Request { line: None } => "The beginning of a request".to_owned(),
        What::Response { line: None, .. } => "The beginning of a response".to_owned(),
        What::Frame { opcode: None, .. } => "The beginning of a frame".to_owned(),
        What::Frame {
            opcode: Some(opcode),
            ..
        } => line(&of_frame(*opcode, &message.dissect(bytes), bytes)),
        // It may grow for long, and with it would the titles of all its records.
        What::Unreadable(_) => "Bytes that cannot be read".to_owned(),
        What::Missing => missing(len),
    }
}

/// A gap.
pub(super) fn missing(len: u64) -> String {
    let were = if len == 1 { "was" } else { "were" };
    format!("{} that {were} not kept", counted(len, "byte"))
}

fn of_frame(opcode: u8, frame: &Field, bytes: &[u8]) -> String {
    let name = match opcode {
        0x0 => "Continuation",
        0x1 => "Text",
        0x2 => "Binary",
        0x8 => "Close",
        0x9 => "Ping",
        0xa => "Pong",
        _ => return format!("Frame with opcode {opcode}"),
    };
    let payload_len = match decode_frame_header(bytes) {
        Ok(Progress::Done { value, .. }) => Some(value.payload_len),
        _ => None,
    };
    let value_of = |wanted: &str| {
        let mut fields = frame.walk();
        fields.find_map(|field| (field.name == wanted).then_some(&field.value))
    };
    // RSV1 marks what permessage-deflate has compressed (RFC 7692 §6).
    let is_compressed = bytes.first().is_some_and(|first| first & 0x40 != 0);
    match (opcode, value_of("Application data")) {
        (0x8, _) => {
            let code = match value_of("status code") {
                Some(Value::Code { number, .. }) => format!(" {number}"),
                _ => String::new(),
            };
            match value_of("reason") {
                Some(Value::Text(reason)) => format!("{name}{code} {reason}"),
                _ => format!("{name}{code}"),
            }
        }
        (0x1 | 0x0, Some(Value::Text(text))) if !is_compressed => format!("{name} {text}"),
        (0x9 | 0xa, None) => name.to_owned(),
        (_, None) if payload_len.is_none() => name.to_owned(),
        _ => {
            let len = counted(payload_len.unwrap_or_default(), "byte");
            let how = if is_compressed { ", compressed" } else { "" };
            format!("{name}{how}, {len}")
        }
    }
}

/// A handshake message.
pub(super) fn of_handshake(message: &[u8]) -> String {
    match (message_name(message), message.first()) {
        (Some(name), _) => name.into_owned(),
        (None, number) => format!("Handshake message {}", number.copied().unwrap_or_default()),
    }
}

/// An alert.
pub(super) fn of_alert(level: u8, description: u8) -> String {
    let name = if level == 2 { "Fatal alert" } else { "Alert" };
    line(&format!("{name}: {}", alert_in_words(description)))
}

/// What Eve can say of a record.
pub(super) fn of_record_for_eve(record: &[u8], context: &RecordContext) -> String {
    let content_type = record.first().copied().and_then(ContentType::from_byte);
    let name = outer_name(record);
    let len = record.len() as u64;
    let fragment = record.get(RECORD_HEADER_LEN..).unwrap_or_default();
    let total = counted(len, "byte");
    if let Some(plaintext_len) = plaintext_len_for_eve(record, context) {
        return format!("{name}, {total}: {plaintext_len}");
    }
    match (context.protection, content_type) {
        (Protection::Other, _) => format!("{name}, {total}, encrypted"),
        (_, Some(ContentType::Alert)) => match fragment {
            [level, description] => of_alert(*level, *description),
            _ => format!("{name}, {total}"),
        },
        (_, Some(ContentType::ChangeCipherSpec)) => name.to_owned(),
        _ => format!("{name}, {total}"),
    }
}

/// What the length of an encrypted record tells Eve; `None` if it is in clear, or encrypted in an older way.
fn plaintext_len_for_eve(record: &[u8], context: &RecordContext) -> Option<PlaintextLen> {
    let content_type = record.first().copied().and_then(ContentType::from_byte);
    let protection = context.protection.of(content_type);
    let len = record.len().saturating_sub(protection.overhead_len()?) as u64;
    match protection {
        Protection::Tls13 => Some(PlaintextLen::AtMost(len)),
        Protection::Tls12 { .. } => Some(PlaintextLen::Exactly(len)),
        Protection::Clear | Protection::Other => None,
    }
}

fn outer_name(record: &[u8]) -> &'static str {
    name_of_type(record.first().copied().unwrap_or_default())
}

fn name_of_type(number: u8) -> &'static str {
    match number {
        content_type::CHANGE_CIPHER_SPEC => "ChangeCipherSpec",
        content_type::ALERT => "Alert",
        content_type::HANDSHAKE => "Handshake",
        content_type::APPLICATION_DATA => "Application Data",
        content_type::HEARTBEAT => "Heartbeat",
        _ => "Record",
    }
}

/// Writes the titles of a record anew, from what is known of it and of what it carried.
pub(super) fn retitle_record(ledger: &mut Ledger, index: usize) {
    let (Some(item), Some(record)) = (ledger.item(index), ledger.record(index)) else {
        return;
    };
    let by_eve = of_record_for_eve(&record.bytes, &record.context);
    let plaintext_len = plaintext_len_for_eve(&record.bytes, &record.context);
    let (title, eve_title) = match &record.cover {
        Cover::Unknown | Cover::NotOpened => (by_eve.clone(), by_eve),
        Cover::InClear => {
            let title = with_contents(ledger, item, record);
            (title.clone(), title)
        }
        Cover::Opened(_) => (with_contents(ledger, item, record), by_eve),
    };
    if item.title != title || item.eve_title.as_deref() != Some(&eve_title) {
        ledger.change(index, |item, _| {
            item.title = title;
            item.eve_title = Some(eve_title);
            item.eve_plaintext_len = plaintext_len;
        });
    }
}

/// `Handshake: ServerHello, EncryptedExtensions`.
fn with_contents(ledger: &Ledger, item: &Item, record: &Record) -> String {
    let number = record
        .opened()
        .map_or(record.bytes.first().copied(), |opened| {
            Some(opened.inner_type)
        });
    let number = number.unwrap_or_default();
    let is_early = record
        .opened()
        .is_some_and(|opened| opened.keys.label == Label::ClientEarlyTrafficSecret);
    let name = match number {
        content_type::APPLICATION_DATA if is_early => "Early Application Data",
        _ => name_of_type(number),
    };
    let mut contents = String::new();
    for related in &item.related {
        let related = usize::try_from(*related)
            .ok()
            .and_then(|at| ledger.item(at));
        let Some(related) = related.filter(|related| related.kind != Kind::Missing) else {
            continue;
        };
        if !contents.is_empty() {
            contents.push_str(", ");
        }
        if related.related.first() != Some(&item.number) {
            contents.push_str("more of ");
        }
        contents.push_str(&related.title);
        // The rest would be cut off, and a record may hold thousands.
        if contents.len() > TITLE_BYTES_MAX {
            break;
        }
    }
    match number {
        content_type::ALERT | content_type::CHANGE_CIPHER_SPEC if !contents.is_empty() => contents,
        content_type::HANDSHAKE if contents.is_empty() => {
            format!("{name}: a part of a message")
        }
        _ if contents.is_empty() => {
            let len = record.content().map_or(0, |content| content.len());
            format!("{name}, {} inside", counted(len, "byte"))
        }
        _ => line(&format!("{name}: {contents}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_that_stays_in_order() {
        assert_eq!(line("a\r\nb\u{202e}c\u{2066}\t"), "a··b·c··");
        let longest = "é".repeat(TITLE_CHARS_MAX);
        assert_eq!(line(&longest), longest);
        let cut = line(&format!("{longest}é"));
        assert_eq!(cut.chars().count(), TITLE_CHARS_MAX);
        assert!(cut.ends_with('…'));
    }
}
