//! A capture file as connections with their bytes in order, and the secrets that came with it.
//! Whatever cannot be read is counted or told in words; nothing that is in a file stops the reading of what is before it.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

use super::link::{self, NoIp};
use super::packet::flags;
use super::reassemble::{Half, Moment};
use super::records::{Item, Items, Packet, Problem};
use super::segment::{NoSegment, Segment};
use crate::octets::{Direction, counted};
use crate::wire::event::Event;

/// The most connections that are kept apart; packets of later ones are counted only.
const CONNECTIONS_MAX: usize = 65_536;

/// The most problems that are told; the last one then says that there were more.
const PROBLEMS_MAX: usize = 100;

/// What a file holds.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Capture {
    /// TCP connections, in the order of their first packets.
    pub connections: Vec<Connection>,
    /// The lines of all key logs in the file.
    pub key_log: String,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// How many packets the file holds.
    pub packets: u64,
    /// How many of them are not segments of these connections: UDP, ARP and the like.
    pub passed_over: u64,
}

impl fmt::Debug for Capture {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture")
            .field("connections", &self.connections)
            .field("problems", &self.problems)
            .field("packets", &self.packets)
            .field("passed_over", &self.passed_over)
            .finish_non_exhaustive()
    }
}

/// One TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Who opened it, as far as the capture shows.
    pub client: SocketAddr,
    /// The other side.
    pub server: SocketAddr,
    /// Whether its beginning was captured; otherwise the lower port was taken for the server's.
    pub saw_start: bool,
    /// When its first packet was captured, in nanoseconds since 1970.
    pub opened_ns: u64,
    /// What happened. Times are those at which bytes were complete up to there.
    pub events: Vec<Event>,
}

/// Reads a whole file, pcapng or classic pcap. The bytes of events are slices of it.
#[must_use]
pub fn read(file: &Bytes) -> Capture {
    let mut reader = Reader::default();
    let mut key_log = Vec::new();
    for item in Items::new(file) {
        match item {
            Item::Packet(packet) => reader.packet(file, &packet),
            Item::KeyLog(at) => {
                key_log.extend_from_slice(file.get(at).unwrap_or_default());
                if !key_log.ends_with(b"\n") {
                    key_log.push(b'\n');
                }
            }
            Item::Other => {}
            Item::Problem(problem) => reader.problem(problem),
        }
    }
    reader.finish(String::from_utf8_lossy(&key_log).into_owned())
}

#[derive(Default)]
struct Reader {
    flows: Vec<Flow>,
    /// The latest connection between two addresses, the lower one first.
    latest: HashMap<[SocketAddr; 2], usize>,
    capture: Capture,
    saw_fragment: bool,
    unknown_links: Vec<u16>,
}

/// A connection while it is put together.
struct Flow {
    connection: Connection,
    client: Half,
    server: Half,
    /// The sequence number of the client's SYN.
    syn_seq: Option<u32>,
    last_ns: u64,
}

impl Reader {
    fn problem(&mut self, problem: Problem) {
        let problems = &mut self.capture.problems;
        match problems.len() {
            ..PROBLEMS_MAX => problems.push(problem),
            PROBLEMS_MAX => problems.push(Problem {
                text: "There are more problems behind this one.".into(),
                ..problem
            }),
            _ => {}
        }
    }

    fn packet(&mut self, file: &Bytes, packet: &Packet) {
        self.capture.packets += 1;
        let frame = file.get(packet.at.clone()).unwrap_or_default();
        let offset = packet.at.start;
        let ip = match link::ip_packet(packet.link_type, frame) {
            Ok(ip) => ip,
            Err(no_ip) => {
                self.capture.passed_over += 1;
                if no_ip == NoIp::UnknownLink
                    && !self.unknown_links.contains(&packet.link_type)
                    && self.unknown_links.len() < PROBLEMS_MAX
                {
                    self.unknown_links.push(packet.link_type);
                    let text = format!(
                        "Packets of link type {} are not read: Ethernet, raw IP, Linux cooked and loopback are.",
                        packet.link_type
                    );
                    self.problem(Problem {
                        offset,
                        text: text.into(),
                    });
                }
                return;
            }
        };
        match Segment::read(ip) {
            Ok(segment) => self.segment(file, &segment, packet.time_ns, offset),
            Err(NoSegment::OtherProtocol) => self.capture.passed_over += 1,
            Err(NoSegment::Fragment) => {
                self.capture.passed_over += 1;
                if !std::mem::replace(&mut self.saw_fragment, true) {
                    let text =
                        "Fragments of IP packets are not put together: TCP hardly ever sends any."
                            .into();
                    self.problem(Problem { offset, text });
                }
            }
            Err(NoSegment::Malformed) => {
                self.capture.passed_over += 1;
                self.problem(Problem { offset, text: "A packet is too short for its headers, or its lengths contradict each other.".into() });
            }
        }
    }

    fn segment(&mut self, file: &Bytes, segment: &Segment<'_>, time_ns: u64, offset: usize) {
        let Some(index) = self.flow_of(segment, time_ns) else {
            self.capture.passed_over += 1;
            return;
        };
        if segment.cut > 0 {
            let text = format!(
                "This packet was captured without its last {}.",
                counted(segment.cut, "byte")
            );
            self.problem(Problem {
                offset,
                text: text.into(),
            });
        }
        if let Some(flow) = self.flows.get_mut(index) {
            flow.take(segment, file.slice_ref(segment.payload), time_ns);
        }
    }

    /// The connection that a segment belongs to; a new one if it opens one or none is known.
    fn flow_of(&mut self, segment: &Segment<'_>, time_ns: u64) -> Option<usize> {
        let mut key = [segment.from, segment.to];
        key.sort();
        let known = self.latest.get(&key).copied();
        let opens = segment.flags & (flags::SYN | flags::ACK) == flags::SYN;
        let is_another = |flow: &Flow| opens && flow.is_another(segment.seq);
        if let Some(index) = known
            && !self.flows.get(index).is_some_and(is_another)
        {
            return Some(index);
        }
        if self.flows.len() == CONNECTIONS_MAX {
            return None;
        }
        self.flows.push(Flow::new(segment, time_ns));
        self.latest.insert(key, self.flows.len() - 1);
        Some(self.flows.len() - 1)
    }

    fn finish(mut self, key_log: String) -> Capture {
        self.capture.key_log = key_log;
        self.capture.connections = self.flows.into_iter().map(Flow::finish).collect();
        self.capture
    }
}

impl Flow {
    fn new(segment: &Segment<'_>, time_ns: u64) -> Self {
        let answers = segment.flags & (flags::SYN | flags::ACK) == flags::SYN | flags::ACK;
        let saw_start = segment.flags & flags::SYN != 0;
        let server_sends = if saw_start {
            answers
        } else {
            segment.from.port() < segment.to.port()
        };
        let (client, server) = if server_sends {
            (segment.to, segment.from)
        } else {
            (segment.from, segment.to)
        };
        let connection = Connection {
            client,
            server,
            saw_start,
            opened_ns: time_ns,
            events: Vec::new(),
        };
        Self {
            connection,
            client: Half::default(),
            server: Half::default(),
            syn_seq: None,
            last_ns: time_ns,
        }
    }

    /// Whether a SYN with this number opens another connection than this one, between the same addresses.
    fn is_another(&self, syn_seq: u32) -> bool {
        match self.syn_seq {
            Some(seq) => seq != syn_seq,
            // Its SYN was not captured, or comes only now.
            None => self.client.has_begun(),
        }
    }

    fn take(&mut self, segment: &Segment<'_>, payload: Bytes, time_ns: u64) {
        self.last_ns = time_ns;
        let direction = if segment.from == self.connection.client {
            Direction::FromClient
        } else {
            Direction::FromServer
        };
        let moment = Moment { time_ns, direction };
        let back = Moment {
            time_ns,
            direction: direction.opposite(),
        };
        let events = &mut self.connection.events;
        let (half, other) = match direction {
            Direction::FromClient => (&mut self.client, &mut self.server),
            Direction::FromServer => (&mut self.server, &mut self.client),
        };
        let is_syn = segment.flags & flags::SYN != 0;
        // SYN counts for one byte.
        let seq = if is_syn {
            segment.seq.wrapping_add(1)
        } else {
            segment.seq
        };
        if !half.has_begun() {
            half.begin(seq);
        }
        if is_syn && direction == Direction::FromClient {
            self.syn_seq.get_or_insert(segment.seq);
        }
        let end = u32::try_from(payload.len() + segment.cut).unwrap_or_default();
        if !payload.is_empty() {
            half.take(seq, payload, segment.cut, moment, events);
        }
        if segment.flags & flags::FIN != 0 {
            half.end(seq.wrapping_add(end), moment, events);
        }
        if segment.flags & flags::ACK != 0 {
            other.acknowledge(segment.ack);
        }
        if segment.flags & flags::RST != 0 {
            half.reset(segment.seq, moment, events);
        }
        half.pass(moment, events);
        other.pass(back, events);
    }

    fn finish(mut self) -> Connection {
        let events = &mut self.connection.events;
        for (half, direction) in [
            (&mut self.client, Direction::FromClient),
            (&mut self.server, Direction::FromServer),
        ] {
            half.finish(
                Moment {
                    time_ns: self.last_ns,
                    direction,
                },
                events,
            );
        }
        self.connection
    }
}
