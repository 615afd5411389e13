//! WebSocket frames as trees of fields, bit by bit, the payload masked and unmasked (RFC 6455 §5).
//! Where a frame begins, and what it continues, is found by `stream`; here are the bytes of one.
//!
//! An unmasked payload stands nowhere on the wire. The tree gives the masked bytes their place, and says in
//! the values below `Payload data` what they mean once unmasked: text as text, other bytes in hexadecimal.
//! Byte n of the one is byte n of the other, so ranges fit both. Wireshark shows such values in a tab of
//! their own and counts their positions from the payload's first byte; otherwise it sees the same.

/// Where the parts of a header are.
pub(super) mod layout;
mod payload;

use layout::Layout;

use super::source::{Row, not_here};
use crate::octets::Direction;
use crate::websocket::frame::{FrameError, Opcode, decode_frame_header};
use crate::wire::field::{Field, Value};

/// What is known of a frame from what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameContext {
    /// Who sent it: clients mask, servers do not.
    pub direction: Direction,
    /// The opcode of the message that is not finished in this direction, if there is one.
    pub unfinished: Option<Opcode>,
    /// Whether permessage-deflate was agreed on (RFC 7692); then RSV1 marks compressed messages.
    pub deflate: bool,
}

impl FrameContext {
    /// A frame on its own: nothing is unfinished, no extension was agreed on.
    #[must_use]
    pub fn alone(direction: Direction) -> Self {
        Self {
            direction,
            unfinished: None,
            deflate: false,
        }
    }
}

const SOURCE: &str = "RFC 6455 §5.2";

/// A frame: header and payload.
///
/// `bytes` are those of one frame, or the beginning of one. Ranges in the tree are positions in them.
#[must_use]
pub fn dissect_frame(bytes: &[u8], context: FrameContext) -> Field {
    let mut frame = Field::group("frame", 0..bytes.len(), "RFC 6455 §5")
        .meaning("One frame: a header of 2 to 14 bytes and a payload.");
    let breach = decode_frame_header(bytes).err();
    let layout = Layout::read(bytes);
    let mut row = Row::from(0);
    if let Some(&first) = bytes.first() {
        row.add(first_byte(first, context, breach));
    }
    if let Some(&second) = bytes.get(1) {
        row.add(second_byte(second, context, breach));
    }
    let Some(layout) = layout else {
        if row.end() < bytes.len() {
            let rest = row.end()..bytes.len();
            row.add(
                Field::leaf("header", rest, Value::Bytes, SOURCE)
                    .meaning("The rest of the header, as far as it is here."),
            );
        }
        frame.children = row.done(bytes.len());
        return frame.problem("The header of this frame has not ended.");
    };
    if !layout.extended_len_at.is_empty() {
        row.add(extended_len(&layout, breach));
    }
    if let Some(key) = &layout.masking_key {
        row.add(
            Field::leaf("Masking-key", layout.masking_key_at.clone(), Value::Bytes, "RFC 6455 §5.3")
                .meaning(format!(
                    "Payload byte n is xored with byte n mod 4 of {}; the key stands right here, so masking hides nothing.",
                    crate::octets::hex(key)
                ))
                .wireshark("websocket.masking_key"),
        );
    }
    payload::add(bytes, &layout, context, &mut row);
    let missing = layout
        .payload_len
        .saturating_sub((bytes.len() - layout.header_len().min(bytes.len())) as u64);
    if missing > 0 {
        frame.problem = Some(not_here(missing, "this payload"));
    }
    frame.children = row.done(bytes.len());
    frame
}

fn first_byte(byte: u8, context: FrameContext, breach: Option<FrameError>) -> Field {
    let at = 0..1;
    let bit = |name: &'static str, mask: u8| {
        let value = Value::Number((byte & mask != 0).into());
        Field::leaf(name, at.clone(), value, SOURCE).mask(mask.into())
    };
    let mut fin = bit("FIN", 0x80)
        .meaning("Whether this frame ends its message.")
        .wireshark("websocket.fin");
    let mut rsv1 = bit("RSV1", 0x40)
        .meaning("For an extension: permessage-deflate marks compressed messages with it.");
    let rsv2 = bit("RSV2", 0x20).meaning("For an extension that has yet to be invented.");
    let rsv3 = bit("RSV3", 0x10).meaning("For an extension that has yet to be invented.");
    if !context.deflate && byte & 0x40 != 0 {
        rsv1 = rsv1.problem(NO_EXTENSION);
    }
    let [rsv2, rsv3] = [(rsv2, 0x20), (rsv3, 0x10)].map(|(field, mask)| {
        if byte & mask == 0 {
            field
        } else {
            field.problem(NO_EXTENSION)
        }
    });
    let mut opcode = opcode(byte & 0x0f, context);
    match breach {
        Some(FrameError::ReservedOpcode(_)) => {
            opcode.problem = breach.map(|error| error.to_string().into())
        }
        Some(FrameError::FragmentedControl(_)) => {
            fin.problem = breach.map(|error| error.to_string().into())
        }
        _ => {}
    }
    Field::leaf(
        "FIN, RSV1–3, opcode",
        at.clone(),
        Value::Number(byte.into()),
        SOURCE,
    )
    .meaning("Eight bits: whether the message ends, three reserved bits, what the frame is for.")
    .children(vec![fin, rsv1, rsv2, rsv3, opcode])
}

const NO_EXTENSION: &str =
    "This bit is set, and no extension was agreed on that gives it a meaning.";

fn opcode(bits: u8, context: FrameContext) -> Field {
    let (name, meaning) = match bits {
        0x0 => (
            "continuation frame",
            "A further part of the message that an earlier frame began.",
        ),
        0x1 => ("text frame", "The beginning of a message that is text."),
        0x2 => ("binary frame", "The beginning of a message that is bytes."),
        0x8 => ("connection close", "The last frame in this direction."),
        0x9 => (
            "ping",
            "Are you there? To be answered with a Pong of the same payload.",
        ),
        0xa => ("pong", "I am here: the answer to a Ping."),
        _ => ("reserved", "Reserved for later versions of the protocol."),
    };
    let value = Value::Code {
        number: bits.into(),
        name: Some(name.into()),
    };
    let mut field = Field::leaf("opcode", 0..1, value, SOURCE)
        .mask(0x0f)
        .meaning(meaning)
        .wireshark("websocket.opcode");
    field.problem = match (bits, context.unfinished) {
        (0x0, None) => Some("This frame continues a message, and none was begun.".into()),
        (0x1 | 0x2, Some(_)) => {
            Some("This frame begins a message, and the one before it has not ended.".into())
        }
        _ => None,
    };
    field
}

fn second_byte(byte: u8, context: FrameContext, breach: Option<FrameError>) -> Field {
    let at = 1..2;
    let is_masked = byte & 0x80 != 0;
    let mut mask = Field::leaf("MASK", at.clone(), Value::Number(is_masked.into()), SOURCE)
        .mask(0x80)
        .meaning("Whether the payload is masked: always by clients, never by servers.")
        .wireshark("websocket.mask");
    mask.problem = match (context.direction, is_masked) {
        (Direction::FromClient, false) => {
            Some("A client masks every frame; this one is not masked.".into())
        }
        (Direction::FromServer, true) => {
            Some("A server masks no frame; this one is masked.".into())
        }
        _ => None,
    };
    let len = byte & 0x7f;
    let mut length = Field::leaf(
        "Payload length",
        at.clone(),
        Value::Number(len.into()),
        SOURCE,
    )
    .mask(0x7f)
    .meaning(match len {
        126 => "126: the length stands in the two bytes that follow.",
        127 => "127: the length stands in the eight bytes that follow.",
        _ => "How many bytes of payload follow the header.",
    })
    .wireshark("websocket.payload_length");
    if let Some(error @ FrameError::ControlTooLong(_)) = breach {
        length = length.problem(error.to_string());
    }
    Field::leaf(
        "MASK, Payload length",
        at,
        Value::Number(byte.into()),
        SOURCE,
    )
    .meaning("Eight bits: whether the payload is masked, and how long it is.")
    .children(vec![mask, length])
}

fn extended_len(layout: &Layout, breach: Option<FrameError>) -> Field {
    let at = layout.extended_len_at.clone();
    let name = match at.len() {
        2 => "websocket.payload_length_ext_16",
        _ => "websocket.payload_length_ext_64",
    };
    let field = Field::leaf(
        "Extended payload length",
        at,
        Value::Number(layout.payload_len),
        SOURCE,
    )
    .meaning("How many bytes of payload follow the header.")
    .wireshark(name);
    match breach {
        Some(error @ (FrameError::LengthNotMinimal(_) | FrameError::LengthTooLarge)) => {
            field.problem(error.to_string())
        }
        _ => field,
    }
}

#[cfg(test)]
mod tests;
