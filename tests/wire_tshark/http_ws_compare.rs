//! Compares our trees of fields with what tshark says of the same bytes: name by name, position, size and value.

use std::collections::{BTreeMap, BTreeSet};

use secure_chat::octets::Direction;
use secure_chat::octets::hex;
use secure_chat::wire::dissect::stream::{Message, What, split};
use secure_chat::wire::field::{Field, Value};

use super::pdml::Tag;

/// A field as either program sees it; positions count from the beginning of its message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) start: usize,
    pub(crate) len: usize,
    /// The bytes in hexadecimal, or of a number that is some bits of a byte, the number.
    pub(crate) value: String,
    /// The number or text that the bytes mean, where both programs say one.
    pub(crate) shown: Option<String>,
}

/// Which message of which stream: the TCP stream, whether the server sent it, and the how-many-th it is.
pub(crate) type Place = (usize, bool, usize);

/// Text that Wireshark shows differently from what it means: whole lines, bytes, or cut after so many characters.
const SHOWN_DIFFERENTLY: &[&str] = &[
    "websocket.payload.ping",
    "websocket.payload.pong",
    "websocket.payload.continue",
    "http.request.line",
    "http.response.line",
    "http.file_data",
    "http.chunk_data",
    "http.chunked_trailer_part",
];
const SHOWN_LEN_MAX: usize = 200;

/// What we see in the connections, given as the streams of client and server.
pub(crate) fn ours(connections: &[[Vec<u8>; 2]]) -> BTreeMap<Place, Vec<Seen>> {
    let mut all = BTreeMap::new();
    for (stream, [client, server]) in connections.iter().enumerate() {
        let mut counts = [0, 0];
        for message in split(client, server) {
            let from_server = message.direction == Direction::FromServer;
            let bytes = if from_server { server } else { client };
            let at = usize::try_from(message.bytes.start).unwrap()
                ..usize::try_from(message.bytes.end).unwrap();
            let count = &mut counts[usize::from(from_server)];
            all.insert((stream, from_server, *count), ours_of(&message, &bytes[at]));
            *count += 1;
        }
    }
    all
}

fn ours_of(message: &Message, bytes: &[u8]) -> Vec<Seen> {
    let tree = message.dissect(bytes);
    assert_eq!(tree.flaw(), None);
    let problems: Vec<_> = tree
        .walk()
        .filter_map(|field| field.problem.clone())
        .collect();
    assert!(
        problems.is_empty(),
        "{problems:?} in {}",
        bytes.escape_ascii()
    );
    let is_frame = matches!(message.what, What::Frame { .. });
    let mask = is_frame.then(|| mask(&tree, bytes)).flatten();
    tree.walk()
        .filter_map(|field| our_field(field, bytes, mask.as_ref()))
        .collect()
}

/// The masking key, and where the payload begins.
struct Mask {
    key: [u8; 4],
    payload_start: usize,
}

fn mask(tree: &Field, bytes: &[u8]) -> Option<Mask> {
    let key = tree.walk().find(|field| field.name == "Masking-key")?;
    Some(Mask {
        key: bytes[key.bytes.clone()].try_into().unwrap(),
        payload_start: key.bytes.end,
    })
}

fn our_field(field: &Field, bytes: &[u8], mask: Option<&Mask>) -> Option<Seen> {
    let name = field.wireshark?;
    let mut start = field.bytes.start;
    let mut value = bytes[field.bytes.clone()].to_vec();
    // Unmasked payload lies in a tab of its own, and counts from its own beginning.
    if let (Some(mask), true) = (mask, name.starts_with("websocket.payload.")) {
        start -= mask.payload_start;
        value = value
            .iter()
            .enumerate()
            .map(|(at, byte)| byte ^ mask.key[(start + at) % 4])
            .collect();
    }
    let shown = match &field.value {
        Value::Number(number) | Value::Code { number, .. } => Some(number.to_string()),
        Value::Text(text) if text.len() < SHOWN_LEN_MAX && !SHOWN_DIFFERENTLY.contains(&name) => {
            Some(text.clone())
        }
        _ => None,
    };
    Some(Seen {
        name: name.to_owned(),
        start,
        len: field.bytes.len(),
        value: match (&field.value, field.mask) {
            (Value::Number(number) | Value::Code { number, .. }, Some(_)) => number.to_string(),
            _ => hex(&value),
        },
        shown,
    })
}

/// What tshark sees, by the messages it finds.
pub(crate) fn theirs(tags: &[Tag], server_port: &str) -> BTreeMap<Place, Vec<Seen>> {
    let mut all: BTreeMap<Place, Vec<Seen>> = BTreeMap::new();
    let mut counts: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    let (mut stream, mut from_server) = (0, false);
    let mut place = None;
    let mut base = 0;
    for tag in tags {
        match (tag.element.as_str(), tag.get("name")) {
            ("packet", _) => place = None,
            ("proto", "http" | "websocket") => {
                base = tag.number("pos");
                let count = counts.entry((stream, from_server)).or_default();
                place = Some((stream, from_server, *count));
                *count += 1;
                all.entry((stream, from_server, *count - 1)).or_default();
            }
            ("proto", "urlencoded-form") => {}
            ("proto", _) => {}
            ("field", "tcp.srcport") => from_server = tag.get("show") == server_port,
            ("field", "tcp.stream") => stream = tag.number("show"),
            ("field", name) if is_compared(name) => {
                if let Some(place) = place {
                    all.entry(place).or_default().push(their_field(tag, base));
                }
            }
            _ => {}
        }
    }
    all
}

fn is_compared(name: &str) -> bool {
    ["http.", "websocket.", "urlencoded-form."]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn their_field(tag: &Tag, base: usize) -> Seen {
    let name = tag.get("name").to_owned();
    let pos = tag.number("pos");
    let is_bits = !tag.get("unmaskedvalue").is_empty();
    Seen {
        start: pos.checked_sub(base).unwrap_or(pos),
        len: tag.number("size"),
        value: if is_bits {
            tag.get("show").to_owned()
        } else {
            tag.get("value").to_owned()
        },
        shown: Some(tag.get("show").to_owned()),
        name,
    }
}

/// What came of the comparison.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Fields of ours that tshark sees just so.
    pub(crate) equal: usize,
    /// Fields of one side that the other sees otherwise or not at all.
    pub(crate) differences: Vec<String>,
    /// Fields of tshark whose names we use nowhere, and how many there were.
    pub(crate) without_counterpart: BTreeMap<String, usize>,
}

/// Compares all messages. `names` are all that we use anywhere.
pub(crate) fn compare(
    ours: &BTreeMap<Place, Vec<Seen>>,
    theirs: &BTreeMap<Place, Vec<Seen>>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let names: BTreeSet<&str> = ours
        .values()
        .flatten()
        .map(|seen| seen.name.as_str())
        .collect();
    let nothing = Vec::new();
    for place in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let theirs = theirs.get(place).unwrap_or(&nothing);
        let mut left = theirs.clone();
        for our in ours.get(place).unwrap_or(&nothing) {
            match left.iter().position(|their| is_equal(our, their)) {
                Some(at) => {
                    outcome.equal += 1;
                    left.remove(at);
                }
                None => outcome
                    .differences
                    .push(format!("{place:?}: only we see {our:?}")),
            }
        }
        for their in left {
            // A known field line has its own name and this one; ours has the first.
            if matches!(
                their.name.as_str(),
                "http.request.line" | "http.response.line"
            ) {
                continue;
            }
            if let Some(reason) = splits_otherwise(&their, theirs) {
                *outcome
                    .without_counterpart
                    .entry(format!("{} ({reason})", their.name))
                    .or_default() += 1;
            } else if names.contains(their.name.as_str()) {
                outcome
                    .differences
                    .push(format!("{place:?}: only tshark sees {their:?}"));
            } else {
                *outcome.without_counterpart.entry(their.name).or_default() += 1;
            }
        }
    }
    outcome
}

/// Why a field of tshark has none of ours, though we use its name elsewhere.
fn splits_otherwise(their: &Seen, message: &[Seen]) -> Option<&'static str> {
    let has = |name: &str| message.iter().any(|seen| seen.name == name);
    let continues = message
        .iter()
        .any(|seen| seen.name == "websocket.opcode" && seen.value == "0");
    match their.name.as_str() {
        "websocket.payload" if has("websocket.masked_payload") => {
            Some("its position is that of the frame where it is masked")
        }
        "websocket.payload.text" if continues => Some("put together from fragments"),
        "http.file_data" | "urlencoded-form.key" | "urlencoded-form.value"
            if has("http.chunk_size") =>
        {
            Some("put together from chunks")
        }
        "http.cookie_pair" if their.value.ends_with("20") => Some("with the blank behind it"),
        _ => None,
    }
}

fn is_equal(our: &Seen, their: &Seen) -> bool {
    let same_place = (&our.name, our.start, our.len) == (&their.name, their.start, their.len);
    // Wireshark gives no value to fields that only hold others.
    let same_value = our.value == their.value || their.value.is_empty();
    let same_text = match (&our.shown, &their.shown) {
        (Some(our), Some(their)) => {
            our.trim() == their.trim() || number(their) == Some(our.clone()) || their.is_empty()
        }
        _ => true,
    };
    same_place && same_value && same_text
}

/// `0x01` and `1` are one number.
fn number(shown: &str) -> Option<String> {
    let digits = shown.strip_prefix("0x")?;
    u64::from_str_radix(digits, 16)
        .ok()
        .map(|number| number.to_string())
}
