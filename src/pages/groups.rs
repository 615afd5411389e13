//! Creating, joining and leaving groups: three forms that work without JavaScript.
//! Who hears of it is the hub's business.

use crate::app::{self, App};
use crate::chat::hub::{Creation, Move};
use crate::chat::sessions::SessionView;
use crate::http::{Response, StatusCode};
use crate::log;
use crate::model::{GroupId, GroupName};
use crate::store::Joined;

use super::error;
use super::layout::see_other;
use super::request::Request;
use super::visitor::{Visitor, visitor};

const MOVED_OFTEN: &str = "You have joined and left groups many times in a short time: wait a moment before the next one.";

pub(super) async fn create(app: &App, request: &Request<'_>) -> Response {
    let session = match member(app, request).await {
        Ok(session) => session,
        Err(response) => return *response,
    };
    let name = match request
        .form()
        .and_then(|form| form.value("name").map(GroupName::new))
    {
        Ok(Ok(name)) => name,
        Ok(Err(invalid)) => {
            let status = StatusCode::UNPROCESSABLE_CONTENT;
            return error::page(app, request, status, &invalid.to_string());
        }
        Err(error) => return error::form(app, request, &error),
    };
    match app
        .hub
        .create_group(name, session.user().id, app::now())
        .await
    {
        Ok(Creation::Made(group)) => {
            log!(
                app.log,
                "#{} user {} created group {}",
                request.via.number,
                session.user().id,
                group.id
            );
            see_other(app, request, format!("/chat/{}", group.id))
        }
        Ok(Creation::NameTaken) => error::page(
            app,
            request,
            StatusCode::CONFLICT,
            "There is a group of that name already.",
        ),
        Ok(Creation::TooMany(wait)) => {
            let text =
                "You have made many groups in a short time: wait a minute before the next one.";
            error::too_often(app, request, wait, text)
        }
        Err(error) => error::store(app, request, &error),
    }
}

pub(super) async fn join(app: &App, request: &Request<'_>, id: &str) -> Response {
    let session = match member(app, request).await {
        Ok(session) => session,
        Err(response) => return *response,
    };
    let Some(group) = group_id(id) else {
        return error::not_found(app, request);
    };
    match app
        .hub
        .join_group(session.user().id, group, app::now())
        .await
    {
        Ok(Move::Made(Joined::Now | Joined::Already)) => {
            see_other(app, request, format!("/chat/{group}"))
        }
        Ok(Move::Made(Joined::NoSuchGroup)) => error::not_found(app, request),
        Ok(Move::TooMany(wait)) => error::too_often(app, request, wait, MOVED_OFTEN),
        Err(error) => error::store(app, request, &error),
    }
}

pub(super) async fn leave(app: &App, request: &Request<'_>, id: &str) -> Response {
    let session = match member(app, request).await {
        Ok(session) => session,
        Err(response) => return *response,
    };
    let Some(group) = group_id(id) else {
        return error::not_found(app, request);
    };
    match app.hub.leave_group(session.user().id, group).await {
        Ok(Move::Made(_)) => see_other(app, request, format!("/chat/{group}")),
        Ok(Move::TooMany(wait)) => error::too_often(app, request, wait, MOVED_OFTEN),
        Err(error) => error::store(app, request, &error),
    }
}

/// The session, or the answer to whoever has none.
async fn member(app: &App, request: &Request<'_>) -> Result<SessionView, Box<Response>> {
    match visitor(app, request).await {
        Ok(Visitor::Member(session)) => Ok(session),
        Ok(_) => Err(Box::new(see_other(app, request, "/login".to_owned()))),
        Err(error) => Err(Box::new(error::store(app, request, &error))),
    }
}

/// An id as it stands in our own links: digits without a sign or zeros in front, so that each group has one URL.
pub(super) fn group_id(text: &str) -> Option<GroupId> {
    let id: i64 = text.parse().ok().filter(|id| *id > 0)?;
    (id.to_string() == text).then_some(GroupId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_one_url() {
        assert_eq!(group_id("1"), Some(GroupId(1)));
        assert_eq!(group_id("9223372036854775807"), Some(GroupId(i64::MAX)));
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "01",
            "1 ",
            "1.0",
            "9223372036854775808",
            "lobby",
        ] {
            assert_eq!(group_id(bad), None, "{bad:?}");
        }
    }
}
