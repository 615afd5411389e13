//! A request as the pages see it, with the connection it came over, and what they may reply.
//! Values only: nothing is read or written here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;

use crate::chat::seats::Seat;
use crate::chat::sessions::SessionView;
use crate::http::cross_site;
use crate::http::form::{Form, FormError};
use crate::http::target::{Scheme, Target};
use crate::http::{RequestHead, Response};
use crate::model::Group;
use crate::store::SessionTransport;
use crate::tls::{Negotiated, Setup};
use crate::wire::log::Recorder;

/// What a connection's own handshake agreed on, and how TLS was done at that moment: settings and
/// certificate may have been read anew since.
#[derive(Debug, Clone)]
pub struct Encrypted {
    /// Version, suite, group.
    pub negotiated: Negotiated,
    /// The certificate that was shown, and the settings.
    pub setup: Arc<Setup>,
}

/// The connection a request came over.
#[derive(Debug, Clone)]
pub struct Via {
    /// The connection's number, as in the log.
    pub number: u64,
    /// The other end.
    pub peer: SocketAddr,
    /// What the TLS handshake agreed on; `None` in clear.
    pub tls: Option<Encrypted>,
    /// The record of the connection, if it is recorded.
    pub recorder: Option<Arc<Recorder>>,
}

impl Via {
    /// The scheme of URLs on this connection.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        if self.tls.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        }
    }

    /// The kind of sessions that may be used on this connection.
    #[must_use]
    pub fn session_transport(&self) -> SessionTransport {
        if self.tls.is_some() {
            SessionTransport::Tls
        } else {
            SessionTransport::Plain
        }
    }

    /// The client's address. An IPv4 client of an IPv6 socket is shown as what it is.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }
}

/// One whole request.
#[derive(Debug)]
pub struct Request<'a> {
    /// Request line and fields.
    pub head: &'a RequestHead,
    /// What is asked for, of which host.
    pub target: Target<'a>,
    /// The content, if there is any.
    pub content: Bytes,
    /// The connection.
    pub via: &'a Via,
}

impl Request<'_> {
    /// The content as a form.
    ///
    /// # Errors
    /// `FormError`
    pub(super) fn form(&self) -> Result<Form, FormError> {
        if self.head.fields.contains("Content-Encoding") {
            return Err(FormError::ContentEncoding);
        }
        Form::decode(self.head.fields.only_text("Content-Type"), &self.content)
    }

    /// Whether one of our own pages asks, or a program; not another site in the name of its visitor.
    pub(super) fn is_from_own_page(&self) -> bool {
        let authority = &self.target.authority;
        cross_site::is_own(&self.head.fields, self.via.scheme(), authority)
    }
}

/// What a page replies.
#[derive(Debug)]
pub enum Reply {
    /// A response.
    Response(Response),
    /// A 101, and then a WebSocket.
    Upgrade(Response, Upgrade),
}

/// What a WebSocket is for.
#[derive(Debug)]
pub enum Upgrade {
    /// The news.
    News(Admission),
    /// One conversation, from a change on.
    Chat {
        /// Who is let in.
        admission: Admission,
        /// Which group; its user is a member.
        group: Group,
        /// Up to where the client has it, if it has anything.
        after: Option<crate::model::ChangeId>,
    },
    /// What comes goes back.
    Echo,
    /// The wire, as far as this one may see it.
    Wire(super::wire::Watcher),
}

/// A connection whose bytes are frames from here on.
#[derive(Debug)]
pub struct Opened<S> {
    /// What they come over.
    pub stream: S,
    /// Those of them that were read together with the request.
    pub leftover: Bytes,
    /// What they are for.
    pub upgrade: Upgrade,
}

/// Somebody who may open a socket. The seat is theirs as long as this lives.
#[derive(Debug)]
pub struct Admission {
    /// Whose session it is.
    pub session: SessionView,
    pub(super) _seat: Seat,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}
