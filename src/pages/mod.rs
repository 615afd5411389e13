//! Pages, forms and sockets: what stands behind each URL, in a table that reads like a table of contents.
//! No bytes of HTTP, no frames, no SQL: pages put together what the other rooms know.

mod account;
mod badge;
mod capture_file;
mod chat;
mod conversation;
mod error;
mod groups;
mod layout;
mod request;
mod sockets;
mod static_files;
mod traveller;
mod viewer;
mod visitor;
mod wire;

pub use conversation::{Conversation, converse};
pub use error::{bare, refused, too_many};
pub use request::{Admission, Encrypted, Opened, Reply, Request, Upgrade, Via};
pub use wire::{Needle, Watcher, Wish, decode_wish};

use crate::app::App;
use crate::http::router::{self, Found, Route};
use crate::http::target::{Resource, Target};
use crate::http::{Fields, Method, Response, StatusCode};

/// Everything that can be asked for. In front, what is asked for most: it is looked through from the top.
const ROUTES: &[Route<Page>] = &[
    Route::get("/static/{..}", Page::StaticFile),
    Route::get("/", Page::Home),
    Route::get("/register", Page::RegisterForm),
    Route::post("/register", Page::Register),
    Route::get("/login", Page::LoginForm),
    Route::post("/login", Page::LogIn),
    Route::post("/logout", Page::LogOut),
    Route::get("/account", Page::Account),
    Route::post("/account/delete", Page::DeleteAccount),
    Route::get("/chat", Page::Home),
    Route::get("/chat/{}", Page::Chat),
    Route::post("/groups", Page::CreateGroup),
    Route::post("/groups/{}/join", Page::JoinGroup),
    Route::post("/groups/{}/leave", Page::LeaveGroup),
    Route::get("/ws", Page::NewsSocket),
    Route::get("/ws/chat/{}", Page::ChatSocket),
    Route::get("/ws/echo", Page::EchoSocket),
    Route::get("/ws/wire", Page::WireSocket),
    Route::get("/wire", Page::Wire),
    Route::get("/wire/compare", Page::WireCompare),
    Route::get("/wire/{}", Page::WireConnection),
    Route::get("/favicon.ico", Page::Favicon),
];

#[derive(Debug, Clone, Copy)]
enum Page {
    Home,
    RegisterForm,
    Register,
    LoginForm,
    LogIn,
    LogOut,
    Account,
    DeleteAccount,
    Chat,
    CreateGroup,
    JoinGroup,
    LeaveGroup,
    NewsSocket,
    ChatSocket,
    EchoSocket,
    WireSocket,
    Wire,
    WireCompare,
    WireConnection,
    StaticFile,
    Favicon,
}

/// Whether a request is for the wire view itself, whose own bytes are not recorded: to watch the view by the view would never end.
/// Of the files that other pages use, too, the browser says which page wants them.
#[must_use]
pub fn is_of_the_view(target: &Target<'_>, fields: &Fields) -> bool {
    let Resource::Path(path) = &target.resource else {
        return false;
    };
    let mut segments = path.segments.iter().map(AsRef::as_ref);
    match (segments.next(), segments.next(), segments.next()) {
        (Some("wire"), _, _) | (Some("ws"), Some("wire"), _) => true,
        // With or without the version.
        (Some("static"), Some("wire"), Some(_)) | (Some("static"), _, Some("wire")) => true,
        (Some("static" | "favicon.ico"), _, _) => is_wanted_by_the_view(fields),
        _ => false,
    }
}

/// `Referer: https://host/wire…` (RFC 9110 §10.1.3).
fn is_wanted_by_the_view(fields: &Fields) -> bool {
    let path = fields
        .only_text("Referer")
        .and_then(|referer| referer.split_once("://"))
        .and_then(|(_, rest)| rest.split_once('/'))
        .map(|(_, path)| path.split(['/', '?', '#', '.']).next().unwrap_or_default());
    path == Some("wire")
}

/// Answers one request.
pub async fn answer(app: &App, request: &Request<'_>) -> Reply {
    let path = match &request.target.resource {
        // OPTIONS * asks what the server can do at all (RFC 9110 §9.3.7).
        Resource::Server => {
            traveller::glimpse(app, request).await;
            return options("GET, HEAD, POST, OPTIONS").into();
        }
        Resource::Path(path) => path,
    };
    match router::find(ROUTES, request.head.method, &path.segments) {
        Found::Page { target, values } => {
            let value = values.first().copied().unwrap_or_default();
            match target {
                Page::StaticFile => {
                    traveller::glimpse_at_file(app, request).await;
                    static_files::file(app, request, &values).into()
                }
                Page::Favicon => {
                    traveller::glimpse_at_file(app, request).await;
                    static_files::file(app, request, &["favicon.svg"]).into()
                }
                page => {
                    let badge = traveller::meet(app, request).await;
                    let reply = open(app, request, *page, value).await;
                    traveller::see_off(request, badge, reply)
                }
            }
        }
        Found::OtherMethods { allow } if request.head.method == Method::Options => {
            traveller::glimpse(app, request).await;
            options(&allow).into()
        }
        Found::OtherMethods { allow } => {
            traveller::glimpse(app, request).await;
            let text = format!("This address answers to {allow}.");
            error::page(app, request, StatusCode::METHOD_NOT_ALLOWED, &text)
                .field("Allow", allow)
                .into()
        }
        Found::Nothing => {
            traveller::glimpse(app, request).await;
            error::not_found(app, request).into()
        }
    }
}

/// Notes whose request it is that gets no page, since its content is refused.
pub async fn turn_back(app: &App, request: &Request<'_>) {
    traveller::glimpse(app, request).await;
}

async fn open(app: &App, request: &Request<'_>, page: Page, value: &str) -> Reply {
    let changes_something = request.head.method == Method::Post;
    if changes_something && !request.is_from_own_page() {
        return error::foreign_site(app, request).into();
    }
    match page {
        Page::Home => chat::home(app, request).await.into(),
        Page::RegisterForm => account::register_form(app, request).await.into(),
        Page::Register => account::register(app, request).await.into(),
        Page::LoginForm => account::login_form(app, request).await.into(),
        Page::LogIn => account::log_in(app, request).await.into(),
        Page::LogOut => account::log_out(app, request).await.into(),
        Page::Account => account::account(app, request).await.into(),
        Page::DeleteAccount => account::delete(app, request).await.into(),
        Page::Chat => chat::conversation(app, request, value).await.into(),
        Page::CreateGroup => groups::create(app, request).await.into(),
        Page::JoinGroup => groups::join(app, request, value).await.into(),
        Page::LeaveGroup => groups::leave(app, request, value).await.into(),
        Page::NewsSocket => sockets::news(app, request).await,
        Page::ChatSocket => sockets::chat(app, request, value).await,
        Page::EchoSocket => sockets::echo(app, request),
        Page::WireSocket => wire::socket(app, request).await,
        Page::Wire => wire::home(app, request).await.into(),
        Page::WireCompare => wire::compare(app, request).await.into(),
        Page::WireConnection => wire::connection(app, request, value).await.into(),
        // Answered above: they ask for no session.
        Page::StaticFile | Page::Favicon => error::not_found(app, request).into(),
    }
}

fn options(allow: &str) -> Response {
    Response::new(StatusCode::NO_CONTENT).field("Allow", allow)
}
