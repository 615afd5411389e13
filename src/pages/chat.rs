//! The page with the conversation. It is sent once; everything that moves on it comes over the sockets.
//! Nothing of what was said stands in the page itself.

use crate::app::App;
use crate::chat::sessions::SessionView;
use crate::http::{Response, StatusCode};
use crate::model::{Group, GroupId};
use crate::store::StoreError;
use crate::template::Value;

use super::error;
use super::groups::group_id;
use super::layout::{self, Page, see_other};
use super::request::Request;
use super::visitor::{Visitor, visitor};

/// On to the first of one's groups.
pub(super) async fn home(app: &App, request: &Request<'_>) -> Response {
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => session,
        Ok(_) => return see_other(app, request, "/login".to_owned()),
        Err(error) => return error::store(app, request, &error),
    };
    match first_group(app, &session).await {
        Ok(Some(group)) => see_other(app, request, format!("/chat/{group}")),
        Ok(None) => error::not_found(app, request),
        Err(error) => error::store(app, request, &error),
    }
}

/// One's own first group, or the first of all for those who are in none: there they can join.
async fn first_group(app: &App, session: &SessionView) -> Result<Option<GroupId>, StoreError> {
    let own = app.chat.memberships(session.user().id).await?;
    if let Some(membership) = own.first() {
        return Ok(Some(membership.group_id));
    }
    Ok(app.chat.groups().await?.first().map(|group| group.id))
}

pub(super) async fn conversation(app: &App, request: &Request<'_>, id: &str) -> Response {
    let session = match visitor(app, request).await {
        Ok(Visitor::Member(session)) => session,
        Ok(_) => return see_other(app, request, "/login".to_owned()),
        Err(error) => return error::store(app, request, &error),
    };
    let Some(id) = group_id(id) else {
        return error::not_found(app, request);
    };
    let found = async {
        let group = app.chat.group(id).await?;
        Ok((group, app.chat.is_member(session.user().id, id).await?))
    };
    match found.await {
        Ok((Some(group), is_member)) => show(app, request, &session, &group, is_member),
        Ok((None, _)) => error::not_found(app, request),
        Err(error) => error::store(app, request, &error),
    }
}

fn show(
    app: &App,
    request: &Request<'_>,
    session: &SessionView,
    group: &Group,
    is_member: bool,
) -> Response {
    let (group_id, user) = (group.id.to_string(), session.user());
    let group_values = [
        ("group_id", Value::Text(&group_id)),
        ("group_name", Value::Text(group.name.as_str())),
    ];
    let inner = if is_member {
        "conversation.html"
    } else {
        "join.html"
    };
    let content = app
        .assets
        .render(inner, &group_values)
        .and_then(|conversation| {
            app.assets.render(
                "chat.html",
                &[
                    group_values[0],
                    group_values[1],
                    ("user_id", Value::Text(&user.id.to_string())),
                    ("user_name", Value::Text(user.name.as_str())),
                    (
                        "wire",
                        Value::Text(if app.wire.is_some() { "true" } else { "false" }),
                    ),
                    ("conversation", Value::Markup(&conversation)),
                    ("assets", Value::Text(app.assets.base())),
                ],
            )
        });
    let page = Page {
        status: StatusCode::OK,
        name: "chat",
        title: group.name.as_str(),
        user: Some(user.name.as_str()),
        content,
    };
    layout::respond(app, request, page)
}
