//! People as they come in: through the forms, over real HTTP, with a cookie at the end.
//! What they say and hear afterwards is the tests' affair.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use secure_chat::model::{UserId, UserName};

use crate::client::{Ask, Refused, Socket, field};
use crate::support::{PATIENCE, Server};

const PASSWORD: &str = "correct horse";

/// One who is logged in. Clones share the session.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) name: String,
    server: SocketAddr,
    cookie: String,
}

/// An answer to a form.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
}

impl Person {
    /// Registers over HTTP: is in the lobby then, and logged in.
    pub(crate) async fn register(server: &Server, name: &str) -> Self {
        Self::enter(server, "/register", name).await
    }

    /// The same person on another device: a session of its own.
    pub(crate) async fn log_in_again(&self, server: &Server) -> Self {
        Self::enter(server, "/login", &self.name).await
    }

    async fn enter(server: &Server, path: &str, name: &str) -> Self {
        let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        let answer = post(server.http(), path, "", &form).await;
        assert_eq!(answer.status, 303, "{}", answer.head);
        let cookie = field(&answer.head, "set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let user = server
            .app
            .users
            .user_by_name(UserName::new(name).unwrap())
            .await;
        let UserId(id) = user.unwrap().unwrap().0.id;
        Self {
            id,
            name: name.to_owned(),
            server: server.http(),
            cookie,
        }
    }

    /// The same session, at a server that was started with the same data.
    pub(crate) fn at(&self, server: &Server) -> Self {
        Self {
            server: server.http(),
            ..self.clone()
        }
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        post(self.server, path, &self.cookie, form).await
    }

    /// Makes a group, and is in it.
    pub(crate) async fn create_group(&self, name: &str) -> i64 {
        let answer = self.post("/groups", &format!("name={name}")).await;
        assert_eq!(answer.status, 303, "{}", answer.head);
        let location = field(&answer.head, "location").unwrap();
        location.trim_start_matches("/chat/").parse().unwrap()
    }

    pub(crate) async fn join(&self, group: i64) {
        let answer = self.post(&format!("/groups/{group}/join"), "").await;
        assert_eq!(answer.status, 303, "{}", answer.head);
    }

    pub(crate) async fn leave(&self, group: i64) {
        let answer = self.post(&format!("/groups/{group}/leave"), "").await;
        assert_eq!(answer.status, 303, "{}", answer.head);
    }

    /// The secret in the cookie.
    pub(crate) fn token(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }

    pub(crate) async fn log_out(&self) {
        assert_eq!(self.post("/logout", "").await.status, 303);
    }

    pub(crate) async fn delete_account(&self) {
        let form = format!("password={}", PASSWORD.replace(' ', "+"));
        let answer = self.post("/account/delete", &form).await;
        assert_eq!(answer.status, 303, "{}", answer.head);
    }

    /// How this person asks for a socket.
    pub(crate) fn ask<'a>(&'a self, path: &'a str) -> Ask<'a> {
        Ask {
            to: self.server,
            path,
            cookie: &self.cookie,
            origin: None,
            site: None,
            version: "13",
            receive_buffer: None,
        }
    }

    pub(crate) async fn try_open(&self, path: &str) -> Result<Socket, Refused> {
        Socket::ask(self.ask(path)).await
    }

    pub(crate) async fn open(&self, path: &str) -> Socket {
        self.try_open(path)
            .await
            .unwrap_or_else(|refused| panic!("{path}: {refused:?}"))
    }

    /// A conversation, of which everything up to `ready` was heard.
    pub(crate) async fn chat(&self, group: i64) -> Socket {
        let mut socket = self.open(&format!("/ws/chat/{group}")).await;
        socket.opening().await;
        socket
    }

    /// The news, before `hello`.
    pub(crate) async fn news(&self) -> Socket {
        self.open("/ws").await
    }
}

pub(crate) async fn post(to: SocketAddr, path: &str, cookie: &str, form: &str) -> Answer {
    let len = form.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{form}"
    );
    answer(to, &request).await
}

/// Sends one request, and reads to the end of the connection.
pub(crate) async fn answer(to: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("no answer").unwrap();
    let (head, _content) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head[9..12].parse().unwrap(),
        head: head.to_owned(),
    }
}
