//! One message of a connection: where it is, what it is, and the way to its tree of fields.
//! Its bytes are elsewhere: whoever recorded them has them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::octets::Direction;
use crate::wire::dissect::http::{dissect_request, dissect_response};
use crate::wire::dissect::websocket::{FrameContext, dissect_frame};
use crate::wire::field::{Field, Value};

/// A request, a response, a frame, or bytes that are none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Messages of both directions are numbered together, from 0, in the order in which they begin.
    pub number: u64,
    /// Who sent it.
    pub direction: Direction,
    /// Where it stands in all that this direction has sent.
    pub bytes: Range<u64>,
    /// Whether it has ended; otherwise it may still grow.
    pub is_whole: bool,
    /// What it is, as far as that is known yet.
    pub what: What,
}

/// What a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An HTTP request.
    Request {
        /// Its request line, once the head is whole.
        line: Option<Arc<str>>,
    },
    /// An HTTP response.
    Response {
        /// Its status line, once the head is whole.
        line: Option<Arc<str>>,
        /// The number of the request that it answers.
        answers: Option<u64>,
        /// That request's method: it decides whether there is content.
        request_method: Option<Arc<str>>,
    },
    /// A WebSocket frame.
    Frame {
        /// The opcode's four bits, once the header is whole.
        opcode: Option<u8>,
        /// What is known from the frames before it.
        context: FrameContext,
        /// The number of the frame that began the message that this one continues.
        continues: Option<u64>,
    },
    /// Bytes that cannot be read, and why.
    Unreadable(Cow<'static, str>),
    /// Bytes that crossed the network and were not kept.
    Missing,
}

impl Message {
    /// The message as a tree of fields. `bytes` are its own, or as many of them as were kept from its beginning on.
    #[must_use]
    pub fn dissect(&self, bytes: &[u8]) -> Field {
        match &self.what {
            What::Request { .. } => dissect_request(bytes),
            What::Response { request_method, .. } => {
                dissect_response(bytes, request_method.as_deref())
            }
            What::Frame { context, .. } => dissect_frame(bytes, *context),
            What::Unreadable(why) => Field::leaf("bytes", 0..bytes.len(), Value::Bytes, "")
                .meaning("Bytes that could not be read.")
                .problem(why.clone()),
            What::Missing => Field::leaf("bytes", 0..bytes.len(), Value::Bytes, "")
                .meaning("Bytes that were not kept."),
        }
    }
}
