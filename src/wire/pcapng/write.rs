//! Rebuilds the packets of recorded connections, and the file that Wireshark opens decrypted.
//! Only the bytes, their order, times and addresses were seen; the rest is made up, and the file says so.

use std::net::SocketAddr;

use super::LINK_ETHERNET;
use super::block;
use super::packet::{self, Header, Path, flags};
use crate::octets::{Direction, counted};
use crate::wire::event::{Event, What};

/// What every file says of itself, before its own comment.
const REBUILT: &str = "This file was rebuilt, not captured. Seen were the bytes that the program read and wrote, \
    their times and addresses. Rebuilt are Ethernet, IP and TCP headers, the handshake (SYN) and every \
    acknowledgement, sequence numbers, and the borders of segments: what the kernel handed over in one piece \
    may have crossed the network in several, or several in one. Losses and repetitions are not shown.";

/// Where sequence numbers begin, besides a clock of this many nanoseconds a step (RFC 9293 §3.4.1). Real ones are random, too; these
/// make two files of the same bytes alike, and two connections between the same ports different.
const FIRST_SEQ_CLIENT: u32 = 0x1000_0000;
const FIRST_SEQ_SERVER: u32 = 0x5000_0000;
const SEQ_CLOCK_NS: u64 = 4000;

/// The window that each side offers, in units of 2 to the power of `WINDOW_SHIFT`: 1 MiB.
const WINDOW: u16 = 8192;
const WINDOW_SHIFT: u8 = 7;

/// After so many segments without one, an acknowledgement is put in: far less than a window.
const SEGMENTS_PER_ACK: usize = 16;

/// A connection as it was recorded.
#[derive(Clone, Copy)]
pub struct Recording<'a> {
    /// Where the client is.
    pub client: SocketAddr,
    /// Where it connected to.
    pub server: SocketAddr,
    /// When it was accepted, in nanoseconds since 1970.
    pub opened_ns: u64,
    /// All that happened, in order.
    pub events: &'a [Event],
    /// The connection's secrets, as lines of a key log; empty without TLS, or for the eavesdropper's view.
    pub key_log: &'a str,
    /// What else the file should say of itself.
    pub comment: &'a str,
}

/// A sentence for the packet that carries a certain byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Which of the bytes that are written together.
    pub at: usize,
    /// The sentence.
    pub text: String,
}

/// So many sentences at most stand on one packet: hundreds of tiny frames fit into it.
const NOTES_PER_PACKET_MAX: usize = 12;

/// The whole file of one connection.
#[must_use]
pub fn file(recording: &Recording<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    begin(recording.comment, &mut out);
    secrets(recording.key_log, &mut out);
    let mut tcp = Tcp::open(
        recording.client,
        recording.server,
        recording.opened_ns,
        None,
        &mut out,
    );
    for event in recording.events {
        tcp.write(event, &mut out);
    }
    out
}

/// Appends what a file or live stream begins with. Connections and secrets may follow in any order, as long as
/// secrets stand before the packets they open.
pub fn begin(comment: &str, out: &mut Vec<u8>) {
    let separator = if comment.is_empty() { "" } else { "\n" };
    block::section_header(&format!("{REBUILT}{separator}{comment}"), out);
    block::interface_description(LINK_ETHERNET, out);
}

/// Appends secrets, as lines of a key log (RFC 9850); nothing if there are none.
pub fn secrets(key_log: &str, out: &mut Vec<u8>) {
    if !key_log.is_empty() {
        block::decryption_secrets(key_log.as_bytes(), out);
    }
}

/// One TCP connection while its packets are rebuilt.
#[derive(Debug)]
pub struct Tcp {
    client: Side,
    server: Side,
}

/// What one side sends: to whom, and how far it is.
#[derive(Debug)]
struct Side {
    path: Path,
    /// The number of the next byte.
    seq: u32,
    identification: u16,
    /// Bytes that were sent and not kept, since the last packet.
    missing: u64,
}

impl Side {
    fn new(from: SocketAddr, to: SocketAddr, seq: u32) -> Self {
        Self {
            path: Path::new(from, to),
            seq,
            identification: 0,
            missing: 0,
        }
    }
}

impl Tcp {
    /// Appends the handshake of a connection; `comment` goes with its first packet.
    #[must_use]
    pub fn open(
        client: SocketAddr,
        server: SocketAddr,
        opened_ns: u64,
        comment: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Self {
        let steps = opened_ns / SEQ_CLOCK_NS;
        let clock = u32::try_from(steps & u64::from(u32::MAX)).unwrap_or_default();
        let mut tcp = Self {
            client: Side::new(client, server, FIRST_SEQ_CLIENT.wrapping_add(clock)),
            server: Side::new(server, client, FIRST_SEQ_SERVER.wrapping_add(clock)),
        };
        let mut out = Out {
            time_ns: opened_ns,
            out,
        };
        tcp.send(Direction::FromClient, flags::SYN, &[], comment, &mut out);
        tcp.send(
            Direction::FromServer,
            flags::SYN | flags::ACK,
            &[],
            None,
            &mut out,
        );
        tcp.send(Direction::FromClient, flags::ACK, &[], None, &mut out);
        tcp
    }

    /// Appends what happened next.
    pub fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.write_noted(event, &[], out);
    }

    /// As `write`, with notes on its bytes, in their order.
    pub fn write_noted(&mut self, event: &Event, notes: &[Note], out: &mut Vec<u8>) {
        let direction = event.direction;
        let own = event.comment.as_ref().map(|text| Note {
            at: 0,
            text: text.clone(),
        });
        let notes: Vec<_> = own.iter().chain(notes).collect();
        let mut out = Out {
            time_ns: event.time_ns,
            out,
        };
        match &event.what {
            What::Bytes(bytes) => self.write_bytes(direction, bytes, &notes, &mut out),
            What::Missing(missing) => {
                let [side, _] = self.sides(direction);
                side.missing = side.missing.saturating_add(missing.bytes);
                // Sequence numbers wrap around; only their last 32 bits count.
                let len = u32::try_from(missing.bytes & u64::from(u32::MAX)).unwrap_or_default();
                side.seq = side.seq.wrapping_add(len);
            }
            What::End => {
                let comment = comment(self.gap(direction).as_deref(), &notes);
                let flags = flags::FIN | flags::ACK;
                self.send(direction, flags, &[], comment.as_deref(), &mut out);
                self.acknowledge(direction, &mut out);
            }
            What::Reset => {
                let [side, _] = self.sides(direction);
                if side.missing > 0 {
                    // Without it, nobody could tell these bytes from a forged sequence number.
                    self.acknowledge(direction, &mut out);
                }
                let comment = comment(self.gap(direction).as_deref(), &notes);
                let flags = flags::RST | flags::ACK;
                self.send(direction, flags, &[], comment.as_deref(), &mut out);
            }
        }
    }

    fn write_bytes(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        mut notes: &[&Note],
        out: &mut Out<'_>,
    ) {
        let gap = self.gap(direction);
        let mut gap = gap.as_deref();
        let [side, _] = self.sides(direction);
        let len_max = usize::from(side.path.segment_len_max());
        let count = bytes.len().div_ceil(len_max);
        for (index, segment) in bytes.chunks(len_max).enumerate() {
            let end = (index + 1) * len_max;
            let here = notes.partition_point(|note| note.at < end);
            let (on_it, behind) = notes.split_at_checked(here).unwrap_or((notes, &[]));
            notes = behind;
            let comment = comment(gap.take(), on_it);
            let is_last = index + 1 == count;
            let push = if is_last { flags::PSH } else { 0 };
            let flags = flags::ACK | push;
            self.send(direction, flags, segment, comment.as_deref(), out);
            if is_last || (index + 1) % SEGMENTS_PER_ACK == 0 {
                self.acknowledge(direction, out);
            }
        }
    }

    /// Tells of the bytes that were not kept before the next packet.
    fn gap(&mut self, direction: Direction) -> Option<String> {
        let [side, _] = self.sides(direction);
        let missing = std::mem::take(&mut side.missing);
        (missing > 0).then(|| format!("{} before these were not kept.", counted(missing, "byte")))
    }

    /// The other side acknowledges all that this one has sent.
    fn acknowledge(&mut self, direction: Direction, out: &mut Out<'_>) {
        self.send(direction.opposite(), flags::ACK, &[], None, out);
    }

    fn send(
        &mut self,
        direction: Direction,
        flags: u8,
        payload: &[u8],
        comment: Option<&str>,
        out: &mut Out<'_>,
    ) {
        let [side, other] = self.sides(direction);
        let is_syn = flags & flags::SYN != 0;
        let mut options = Vec::new();
        if is_syn {
            // Maximum segment size; a blank; window scale.
            options.extend([2, 4]);
            options.extend(side.path.segment_len_max().to_be_bytes());
            options.extend([1, 3, 3, WINDOW_SHIFT]);
        }
        let header = Header {
            seq: side.seq,
            ack: if flags & flags::ACK == 0 {
                0
            } else {
                other.seq
            },
            flags,
            // The scale does not hold for the packet that announces it.
            window: if is_syn { u16::MAX } else { WINDOW },
        };
        let frame = packet::frame(&side.path, header, &options, payload, side.identification);
        block::enhanced_packet(out.time_ns, &frame, comment, out.out);
        side.identification = side.identification.wrapping_add(1);
        // SYN and FIN count for one byte each.
        let counted = u32::from(flags & (flags::SYN | flags::FIN) != 0);
        let len = u32::try_from(payload.len()).unwrap_or_default();
        side.seq = side.seq.wrapping_add(len + counted);
    }

    /// The side that sends, and the other.
    fn sides(&mut self, direction: Direction) -> [&mut Side; 2] {
        match direction {
            Direction::FromClient => [&mut self.client, &mut self.server],
            Direction::FromServer => [&mut self.server, &mut self.client],
        }
    }
}

/// Where packets of one moment go.
struct Out<'a> {
    time_ns: u64,
    out: &'a mut Vec<u8>,
}

/// What stands on a packet, one sentence a line.
fn comment(gap: Option<&str>, notes: &[&Note]) -> Option<String> {
    let mut lines: Vec<_> = gap.into_iter().collect();
    lines.extend(notes.iter().map(|note| note.text.as_str()));
    let cut = lines.len().saturating_sub(NOTES_PER_PACKET_MAX);
    let rest = format!("… and {cut} more.");
    if cut > 0 {
        lines.truncate(NOTES_PER_PACKET_MAX);
        lines.push(&rest);
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
