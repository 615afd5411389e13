//! Registering, logging in and out, and deleting one's account.
//! Passwords are checked in `chat::auth`; here are the forms around it, and the words for what went wrong.

use crate::app::{self, App};
use crate::chat::auth::AuthError;
use crate::chat::passwords::Password;
use crate::chat::sessions::{SessionError, SessionView};
use crate::http::date::Civil;
use crate::http::form::FormError;
use crate::http::{Response, StatusCode};
use crate::log;
use crate::model::{GroupId, User, UserName};
use crate::template::Value;

use super::badge;
use super::error;
use super::layout::{self, Page, see_other};
use super::request::Request;
use super::traveller;
use super::visitor::{self, Visitor, visitor};

/// The group that everybody is put into who registers, so that nobody begins in an empty room.
const LOBBY: GroupId = GroupId(1);

/// A form for a name and a password, as it is shown again after something went wrong.
struct NameAndPassword<'a> {
    status: StatusCode,
    template: &'static str,
    title: &'static str,
    name: &'a str,
    error: &'a str,
    /// What a guest should know before; only the login form has a place for it.
    notice: Option<&'a str>,
}

pub(super) async fn register_form(app: &App, request: &Request<'_>) -> Response {
    if let Ok(Visitor::Member(_)) = visitor(app, request).await {
        return see_other(app, request, "/chat".to_owned());
    }
    show(app, request, registering(StatusCode::OK, "", ""))
}

pub(super) async fn register(app: &App, request: &Request<'_>) -> Response {
    let (typed, password) = match name_and_password(request) {
        Ok(fields) => fields,
        Err(error) => return error::form(app, request, &error),
    };
    let name = match UserName::new(typed.trim()) {
        Ok(name) => name,
        Err(invalid) => {
            let status = StatusCode::UNPROCESSABLE_CONTENT;
            return show(
                app,
                request,
                registering(status, &typed, &invalid.to_string()),
            );
        }
    };
    let address = request.via.address();
    match app.auth.register(name, password, address, app::now()).await {
        Ok(user) => {
            log!(
                app.log,
                "#{} user {} registered as {}",
                request.via.number,
                user.id,
                user.name.as_str()
            );
            app.directory.add(&user);
            // Nobody has joined too often who joins for the first time.
            if let Err(error) = app.hub.join_group(user.id, LOBBY, app::now()).await {
                // The account is made; the group can be joined by hand.
                log!(
                    app.log,
                    "#{} user {} could not be put into the first group: {error}",
                    request.via.number,
                    user.id
                );
            }
            begin_session(app, request, &user).await
        }
        Err(error) => {
            let (status, text) = explain(app, request, &error);
            with_retry(
                show(app, request, registering(status, &typed, &text)),
                &error,
            )
        }
    }
}

pub(super) async fn login_form(app: &App, request: &Request<'_>) -> Response {
    let notice = match visitor(app, request).await {
        Ok(Visitor::Member(_)) => return see_other(app, request, "/chat".to_owned()),
        Ok(Visitor::Expired) => Some("Your session has expired: log in again."),
        Ok(Visitor::Leaked) => Some(
            "Your last session was ended: its token showed up both in clear and over TLS, so others on the network may have read it. \
             Log in again; if you did this by opening both addresses on one host, nothing bad happened, and now you have seen how a cookie leaks.",
        ),
        Ok(Visitor::Guest) => None,
        Err(error) => return error::store(app, request, &error),
    };
    show(app, request, logging_in(StatusCode::OK, "", "", notice))
}

pub(super) async fn log_in(app: &App, request: &Request<'_>) -> Response {
    let (typed, password) = match name_and_password(request) {
        Ok(fields) => fields,
        Err(error) => return error::form(app, request, &error),
    };
    match app
        .auth
        .log_in(&typed, password, request.via.address())
        .await
    {
        Ok(user) => {
            log!(
                app.log,
                "#{} user {} logged in",
                request.via.number,
                user.id
            );
            begin_session(app, request, &user).await
        }
        Err(error) => {
            let (status, text) = explain(app, request, &error);
            with_retry(
                show(app, request, logging_in(status, &typed, &text, None)),
                &error,
            )
        }
    }
}

pub(super) async fn log_out(app: &App, request: &Request<'_>) -> Response {
    match visitor(app, request).await {
        Ok(Visitor::Member(session)) => {
            if let Err(error) = app.sessions.end(session.key()).await {
                return error::store(app, request, &error);
            }
            traveller::logged_out(request);
            log!(
                app.log,
                "#{} user {} logged out",
                request.via.number,
                session.user().id
            );
        }
        Ok(_) => {}
        Err(error) => return error::store(app, request, &error),
    }
    without_cookie(request, see_other(app, request, "/login".to_owned()))
}

pub(super) async fn account(app: &App, request: &Request<'_>) -> Response {
    match visitor(app, request).await {
        Ok(Visitor::Member(session)) => show_account(app, request, &session, StatusCode::OK, ""),
        Ok(_) => see_other(app, request, "/login".to_owned()),
        Err(error) => error::store(app, request, &error),
    }
}

pub(super) async fn delete(app: &App, request: &Request<'_>) -> Response {
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => session,
        Ok(_) => return see_other(app, request, "/login".to_owned()),
        Err(error) => return error::store(app, request, &error),
    };
    let password = match request
        .form()
        .and_then(|form| form.value("password").map(str::to_owned))
    {
        Ok(password) => Password::from(password),
        Err(error) => return error::form(app, request, &error),
    };
    let id = session.user().id;
    if let Err(error) = app.auth.check(id, password, request.via.address()).await {
        let (status, text) = match error {
            // Nobody typed a name here.
            AuthError::WrongNameOrPassword => (
                StatusCode::FORBIDDEN,
                "That is not your password.".to_owned(),
            ),
            _ => explain(app, request, &error),
        };
        return with_retry(show_account(app, request, &session, status, &text), &error);
    }
    if let Err(error) = app.sessions.delete_account(id).await {
        return error::store(app, request, &error);
    }
    traveller::logged_out(request);
    log!(
        app.log,
        "#{} user {id} deleted their account",
        request.via.number
    );
    app.directory.remove(id);
    if let Err(error) = app.hub.forget_user(id).await {
        // The account is gone; what is left of it in the groups goes with the next start.
        log!(
            app.log,
            "#{} user {id} could not be taken out of the groups: {error}",
            request.via.number
        );
    }
    without_cookie(request, see_other(app, request, "/register".to_owned()))
}

/// A new session under a new token, and on to the chat.
async fn begin_session(app: &App, request: &Request<'_>, user: &User) -> Response {
    let transport = request.via.session_transport();
    let started = app
        .sessions
        .start(
            user.id,
            transport,
            visitor::old_token(request),
            app::steady_now(),
        )
        .await;
    match started {
        Ok(token) => {
            traveller::logged_in(app, request, &token);
            let mut response = see_other(app, request, "/chat".to_owned());
            if let Some(cookie) = visitor::set_cookie(transport, token.as_str()) {
                response.add_field("Set-Cookie", cookie);
            }
            traveller::renew(request, response)
        }
        Err(SessionError::Store(error)) => error::store(app, request, &error),
        Err(error) => error::page(
            app,
            request,
            StatusCode::SERVICE_UNAVAILABLE,
            &error.to_string(),
        ),
    }
}

fn without_cookie(request: &Request<'_>, response: Response) -> Response {
    let response = match visitor::remove_cookie(request.via.session_transport()) {
        Some(cookie) => response.field("Set-Cookie", cookie),
        None => response,
    };
    traveller::renew(request, response)
}

fn name_and_password(request: &Request<'_>) -> Result<(String, Password), FormError> {
    let form = request.form()?;
    Ok((
        form.value("name")?.to_owned(),
        Password::from(form.value("password")?.to_owned()),
    ))
}

/// The status and the sentence for what went wrong; what only the operator should know goes to the log.
fn explain(app: &App, request: &Request<'_>, error: &AuthError) -> (StatusCode, String) {
    let status = match error {
        AuthError::NameTaken => StatusCode::CONFLICT,
        AuthError::PasswordLength => StatusCode::UNPROCESSABLE_CONTENT,
        AuthError::WrongNameOrPassword => StatusCode::FORBIDDEN,
        AuthError::TooManyFailures { .. } | AuthError::TooManyAccounts { .. } => {
            StatusCode::TOO_MANY_REQUESTS
        }
        AuthError::Busy => StatusCode::SERVICE_UNAVAILABLE,
        AuthError::Hashing { .. } | AuthError::Store(_) => {
            log!(app.log, "#{} {error}", request.via.number);
            let why = match error {
                AuthError::Store(error) => error.in_plain_words(),
                _ => "it has trouble with passwords",
            };
            let text = format!("The server could not do this: {why}. Try again soon.");
            return (StatusCode::SERVICE_UNAVAILABLE, text);
        }
    };
    (status, error.to_string())
}

fn with_retry(response: Response, error: &AuthError) -> Response {
    match error.retry_after_secs() {
        Some(secs) => response.field("Retry-After", secs.to_string()),
        None => response,
    }
}

fn registering<'a>(status: StatusCode, name: &'a str, error: &'a str) -> NameAndPassword<'a> {
    NameAndPassword {
        status,
        template: "register.html",
        title: "Register",
        name,
        error,
        notice: None,
    }
}

fn logging_in<'a>(
    status: StatusCode,
    name: &'a str,
    error: &'a str,
    notice: Option<&'a str>,
) -> NameAndPassword<'a> {
    let notice = Some(notice.unwrap_or_default());
    NameAndPassword {
        status,
        template: "login.html",
        title: "Log in",
        name,
        error,
        notice,
    }
}

fn show(app: &App, request: &Request<'_>, form: NameAndPassword<'_>) -> Response {
    let content = badge::caution(app, request.via).and_then(|caution| {
        let is_invalid = if form.error.is_empty() {
            "false"
        } else {
            "true"
        };
        let mut values = Vec::with_capacity(5);
        values.extend([
            ("name", Value::Text(form.name)),
            ("error", Value::Text(form.error)),
            ("invalid", Value::Text(is_invalid)),
            ("caution", Value::Markup(&caution)),
        ]);
        values.extend(form.notice.map(|notice| ("notice", Value::Text(notice))));
        app.assets.render(form.template, &values)
    });
    let name = form.template.trim_end_matches(".html");
    layout::respond(
        app,
        request,
        Page {
            status: form.status,
            name,
            title: form.title,
            user: None,
            content,
        },
    )
}

fn show_account(
    app: &App,
    request: &Request<'_>,
    session: &SessionView,
    status: StatusCode,
    error: &str,
) -> Response {
    let user = session.user();
    let since = u64::try_from(user.created_at.0 / 1000).unwrap_or_default();
    let created_at = Civil::from_unix(since).in_order('T') + "Z";
    let content = badge::caution(app, request.via).and_then(|caution| {
        app.assets.render(
            "account.html",
            &[
                ("name", Value::Text(user.name.as_str())),
                ("created_at", Value::Text(&created_at)),
                ("error", Value::Text(error)),
                (
                    "invalid",
                    Value::Text(if error.is_empty() { "false" } else { "true" }),
                ),
                ("caution", Value::Markup(&caution)),
            ],
        )
    });
    let name = Some(user.name.as_str());
    layout::respond(
        app,
        request,
        Page {
            status,
            name: "account",
            title: "Your account",
            user: name,
            content,
        },
    )
}
