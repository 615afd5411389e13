//! Somebody who uses the chat, on connections of their own, and whatever of that is nobody else's business.

use std::sync::Arc;

use secure_chat::wire::log::{Sight, Viewer, WireLog};

use crate::LOBBY;
use crate::client::{Client, Wire};
use crate::markers::Markers;
use crate::socket::Socket;
use crate::support::Server;
use crate::visitor::{cookie, token};

/// One person after their visit. Their connections are still open.
pub(crate) struct Person {
    pub(crate) wire: Wire,
    pub(crate) password: String,
    /// Their session, `name=value`.
    pub(crate) cookie: String,
    /// A message that nobody else has received.
    pub(crate) own_message: i64,
    /// One that everybody received who was in the lobby.
    pub(crate) message: i64,
    /// Pages, the conversation with themselves, the lobby.
    pub(crate) connections: Vec<u64>,
    pub(crate) markers: Markers,
    pub(crate) client: Client,
    /// Held open, not heard.
    pub(crate) alone: Socket,
    pub(crate) lobby: Socket,
}

/// The record of all connections.
pub(crate) fn log(server: &Server) -> &Arc<WireLog> {
    server.app.wire.as_ref().unwrap()
}

/// The connection that came last, as whoever runs the server sees it.
pub(crate) fn newest(server: &Server) -> Sight {
    log(server).connections(&Viewer::OF_ALL).pop().unwrap()
}

/// A session as a line of a request.
pub(crate) fn with(cookie: &str) -> String {
    format!("Cookie: {cookie}\r\n")
}

/// The cookie that holds the instructor's key.
pub(crate) fn instructor(server: &Server, wire: Wire) -> String {
    let key = server.app.instructor.as_ref().unwrap().as_str();
    format!("{}={key}", instructor_cookie(wire))
}

pub(crate) fn instructor_cookie(wire: Wire) -> &'static str {
    match wire {
        Wire::Plain => "instructor_key_plain",
        Wire::Tls => "__Host-instructor-key",
    }
}

/// The badge of a browser that has not logged in.
pub(crate) fn badge_cookie(wire: Wire) -> &'static str {
    match wire {
        Wire::Plain => "browser_token_plain",
        Wire::Tls => "__Host-browser-token",
    }
}

pub(crate) fn session_cookie(wire: Wire) -> &'static str {
    match wire {
        Wire::Plain => "sid_plain",
        Wire::Tls => "__Host-sid",
    }
}

impl Person {
    /// Registers, looks at a page, and says something: to themselves, and in the lobby.
    pub(crate) async fn visit(server: &Server, wire: Wire, name: &str) -> Self {
        let password = format!("password-of-{name}-3f9c");
        let was_here = format!("{name}-was-here-51aa");
        let secret = format!("between {name} and nobody else 77d0");
        let mut recorders = Vec::new();

        let mut client = Client::connect(server, wire).await;
        let cookie = cookie(&client.post_name("/register", name, &password).await);
        recorders.push(newest(server));
        let page = format!("/chat/{LOBBY}?{was_here}");
        assert_eq!(client.get_as(&page, &cookie).await.status, 200);
        let form = format!("name=only-{name}");
        let made = client.post("/groups", &with(&cookie), &form).await;
        let own_group = made.field("Location").unwrap().to_owned();

        let mut alone = open(server, wire, &own_group, &cookie).await;
        recorders.push(newest(server));
        let own_message = id(&alone.post(&secret).await);
        let mut lobby = open(server, wire, &format!("/chat/{LOBBY}"), &cookie).await;
        recorders.push(newest(server));
        let message = id(&lobby.post(&format!("hello from {name}")).await);

        let mut markers = Markers::default();
        for (what, words) in [
            ("the password", password.as_str()),
            ("the token", token(&cookie)),
            ("a title", &was_here),
            ("a message", &secret),
        ] {
            markers.add(what, words.as_bytes());
        }
        for recorder in &recorders {
            markers.add_connection(recorder);
        }
        Self {
            wire,
            password,
            cookie,
            own_message,
            message,
            connections: recorders.iter().map(|it| it.about().number).collect(),
            markers,
            client,
            alone,
            lobby,
        }
    }

    /// Their session as a line of a request.
    pub(crate) fn session(&self) -> String {
        with(&self.cookie)
    }
}

/// Opens the conversation of a page.
async fn open(server: &Server, wire: Wire, page: &str, cookie: &str) -> Socket {
    let opened = Socket::open(server, wire, &format!("/ws{page}"), &with(cookie)).await;
    opened.unwrap_or_else(|answer| panic!("no conversation: {answer:?}"))
}

fn id(message: &serde_json::Value) -> i64 {
    message["id"].as_i64().unwrap()
}
