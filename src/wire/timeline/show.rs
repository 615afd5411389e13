//! One item of the timeline, taken apart: its bytes on the wire and inside, their fields, and which carried which.
//! Nothing is found or opened here: all that is shown was known when it was pushed.

use bytes::{Bytes, BytesMut};

use super::arithmetic;
use super::ledger::{Detail, Record};
use super::titles::who;
use super::{Aligned, Item, Kind, PANE_LEN_MAX, Pane, Protocol, Shown, Timeline};
use crate::octets::counted;
use crate::wire::decrypt::{self, Opened, Version};
use crate::wire::dissect::stream::Message;
use crate::wire::dissect::tls_alert::dissect_alert;
use crate::wire::dissect::tls_handshake::{HandshakeContext, dissect_handshake};
use crate::wire::dissect::tls_record::{
    ContentType, Protection, RecordContext, dissect_fragment, dissect_inner_plaintext,
    dissect_record,
};
use crate::wire::field::{Field, Value};

/// So many records of one message are shown: those of a message as long as a pane, if each fills a packet.
pub const WIRE_PANES_MAX: usize = 48;

/// What one item is made of.
pub(super) fn show(timeline: &Timeline, index: usize) -> Option<Shown> {
    let (item, detail) = (timeline.ledger.item(index)?, timeline.ledger.detail(index)?);
    let mut shown = Shown {
        number: item.number,
        on_the_wire: Vec::new(),
        inside: Vec::new(),
        arithmetic: Vec::new(),
        aligned: Vec::new(),
    };
    match detail {
        Detail::Record(record) => show_record(timeline, item, record, &mut shown),
        Detail::Handshake { message, context } => {
            show_handshake(timeline, item, message, context, &mut shown);
        }
        Detail::Message(message) if timeline.is_tls() => {
            show_message(timeline, item, message, &mut shown);
        }
        Detail::Message(message) => {
            let pane = message_pane(timeline, item, message);
            shown.on_the_wire.push(pane);
        }
        Detail::Bytes(content) if matches!(item.kind, Kind::Alert | Kind::ChangeCipherSpec) => {
            show_carried(timeline, item, content, &mut shown);
        }
        Detail::Bytes(_) | Detail::Nothing => {
            shown.on_the_wire.extend(wire_pane(timeline, index));
        }
    }
    Some(shown)
}

fn show_record(timeline: &Timeline, item: &Item, record: &Record, shown: &mut Shown) {
    shown.on_the_wire.push(record_pane(item, record));
    let Some(opened) = record.opened() else {
        return;
    };
    let pane = inner_pane(item, record, opened);
    shown.aligned.push(Aligned {
        inside_pane: 0,
        inside: 0..pane.bytes.len(),
        wire_pane: 0,
        wire: opened.ciphertext.clone(),
    });
    shown.inside.push(pane);
    shown.arithmetic = arithmetic::steps(opened, &record.bytes, &timeline.derivation());
}

fn record_pane(item: &Item, record: &Record) -> Pane {
    let title = format!("Record {} of the {}", record.number, who(item.direction));
    let tree = dissect_record(&record.bytes, &record.context);
    pane(item, title, item.wire.start, record.bytes.clone(), tree)
}

/// What the record carried, and in TLS 1.3 what that is and its padding.
fn inner_pane(item: &Item, record: &Record, opened: &Opened) -> Pane {
    let context = RecordContext {
        protection: Protection::Clear,
        handshake: record.context.handshake,
        continued_bytes: record.continued_bytes,
    };
    let content = opened.content();
    let number = record.number;
    let title = format!("Inside record {number} of the {}", who(item.direction));
    let offset = item.plain.as_ref().map_or(0, |plain| plain.start);
    let (bytes, tree) = match opened.keys.suite.version {
        Version::Tls13 => {
            let mut inner = BytesMut::from(content.as_ref());
            inner.extend_from_slice(&[opened.inner_type]);
            inner.resize(inner.len() + opened.padding_len, 0);
            let tree = dissect_inner_plaintext(&inner, &context);
            (inner.freeze(), tree)
        }
        Version::Tls12 => {
            let tree = match ContentType::from_byte(opened.inner_type) {
                Some(content_type) => dissect_fragment(content_type, content, &context),
                None => plain_bytes(content, "Of a type that nobody knows."),
            };
            (content.clone(), tree)
        }
    };
    pane(item, title, offset, bytes, tree)
}

fn show_handshake(
    timeline: &Timeline,
    item: &Item,
    message: &decrypt::Message,
    context: &HandshakeContext,
    shown: &mut Shown,
) {
    let bytes = message.bytes.slice(..message.bytes.len().min(PANE_LEN_MAX));
    let tree = dissect_handshake(&bytes, context);
    let title = format!("{} of the {}", item.title, who(item.direction));
    let len = bytes.len();
    shown.inside.push(pane(item, title, 0, bytes, tree));
    shown.on_the_wire = record_panes(timeline, item);
    for (wire_pane, part) in message.parts.iter().enumerate().take(WIRE_PANES_MAX) {
        let record = item.related.get(wire_pane).copied();
        let Some(record) = record.and_then(|number| timeline.record(number)) else {
            break;
        };
        let inside = part.in_message.start.min(len)..part.in_message.end.min(len);
        let wire = record.content_at() + part.in_record.start;
        align(shown, wire_pane, inside, wire);
    }
}

/// An alert or change_cipher_spec.
fn show_carried(timeline: &Timeline, item: &Item, content: &Bytes, shown: &mut Shown) {
    let tree = match item.kind {
        Kind::Alert => dissect_alert(content),
        _ => dissect_fragment(
            ContentType::ChangeCipherSpec,
            content,
            &timeline
                .record(item.related.first().copied().unwrap_or(u64::MAX))
                .map_or_else(RecordContext::default, |record| record.context),
        ),
    };
    let title = format!("{} of the {}", item.title, who(item.direction));
    shown
        .inside
        .push(pane(item, title, 0, content.clone(), tree));
    shown.on_the_wire = record_panes(timeline, item);
    let first = item.related.first().copied();
    if let Some(record) = first.and_then(|number| timeline.record(number)) {
        align(shown, 0, 0..content.len(), record.content_at());
    }
}

/// A message of the application, under TLS.
fn show_message(timeline: &Timeline, item: &Item, message: &Message, shown: &mut Shown) {
    let inside = message_pane(timeline, item, message);
    let shown_end = message.bytes.start + inside.bytes.len() as u64;
    shown.inside.push(inside);
    shown.on_the_wire = record_panes(timeline, item);
    let visible = message.bytes.start..shown_end;
    for span in timeline.messages.spans(item.direction, &visible) {
        let number = span.item as u64;
        let wire_pane = item.related.iter().take(WIRE_PANES_MAX);
        let Some(wire_pane) = wire_pane.into_iter().position(|&related| related == number) else {
            break;
        };
        let Some(record) = timeline.record(number).filter(|it| it.opened().is_some()) else {
            continue;
        };
        let start = span.plain.start.max(visible.start);
        let end = span.plain.end.min(visible.end);
        let offset_in = |from: u64, at: u64| usize::try_from(at - from).unwrap_or(usize::MAX);
        let inside = offset_in(visible.start, start)..offset_in(visible.start, end);
        let wire = record.content_at() + offset_in(span.plain.start, start);
        align(shown, wire_pane, inside, wire);
    }
}

/// Bytes of the only pane inside, and where they begin on the wire.
fn align(shown: &mut Shown, wire_pane: usize, inside: std::ops::Range<usize>, wire: usize) {
    if !inside.is_empty() {
        shown.aligned.push(Aligned {
            inside_pane: 0,
            wire_pane,
            wire: wire..wire + inside.len(),
            inside,
        });
    }
}

fn message_pane(timeline: &Timeline, item: &Item, message: &Message) -> Pane {
    let plain = timeline.messages.plain(message.direction);
    let bytes = plain.read(&message.bytes, PANE_LEN_MAX);
    let tree = message.dissect(&bytes);
    let what = match item.kind {
        Kind::Request => "Request",
        Kind::Response => "Response",
        Kind::Frame => "Frame",
        _ => "Bytes",
    };
    let title = format!("{what} of the {}", who(item.direction));
    pane(item, title, message.bytes.start, bytes, tree)
}

/// What carried an item: its first records, the last of which says how much more there is.
fn record_panes(timeline: &Timeline, item: &Item) -> Vec<Pane> {
    let index_of = |number: &u64| usize::try_from(*number).ok();
    let mut panes: Vec<Pane> = item
        .related
        .iter()
        .take(WIRE_PANES_MAX)
        .filter_map(|number| wire_pane(timeline, index_of(number)?))
        .collect();
    let left_out: u64 = item
        .related
        .iter()
        .skip(WIRE_PANES_MAX)
        .filter_map(|number| timeline.ledger.item(index_of(number)?))
        .map(|record| record.len)
        .sum();
    if let Some(last) = panes.last_mut() {
        last.cut_bytes += left_out;
    }
    panes
}

/// An item as it stands on the wire; `None` if it has no bytes there.
fn wire_pane(timeline: &Timeline, index: usize) -> Option<Pane> {
    let item = timeline.ledger.item(index)?;
    let (start, sender) = (item.wire.start, who(item.direction));
    let bytes = match timeline.ledger.detail(index)? {
        Detail::Record(record) => return Some(record_pane(item, record)),
        Detail::Bytes(bytes) => bytes.clone(),
        _ => match &timeline.protocol {
            Protocol::Tls(tls) => tls.unfinished(index).unwrap_or_default(),
            _ => Bytes::new(),
        },
    };
    let (title, tree) = match item.kind {
        Kind::Record => (
            format!("The beginning of a record of the {sender}"),
            dissect_record(&bytes, &RecordContext::default()),
        ),
        Kind::Missing => (
            format!("{} of the {sender}", counted(item.len, "byte")),
            plain_bytes(&bytes, "Bytes that were not kept."),
        ),
        Kind::End => return None,
        _ => (
            format!("Bytes of the {sender}"),
            plain_bytes(&bytes, "Bytes that could not be read."),
        ),
    };
    Some(pane(item, title, start, bytes, tree))
}

fn plain_bytes(bytes: &[u8], meaning: &'static str) -> Field {
    Field::leaf("bytes", 0..bytes.len(), Value::Bytes, "").meaning(meaning)
}

/// Bytes of an item. Only what may be longer than a pane, or lacks some of its bytes, is ever cut.
fn pane(item: &Item, title: String, offset: u64, bytes: Bytes, tree: Field) -> Pane {
    let cut_bytes = match item.kind {
        // What is inside is shorter than the record, and whole.
        Kind::Record if item.is_whole => 0,
        _ => item.len.saturating_sub(bytes.len() as u64),
    };
    Pane {
        title,
        item: item.number,
        offset,
        bytes,
        cut_bytes,
        tree,
    }
}
