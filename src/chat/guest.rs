//! One person's page as it comes in, and the news that they are online for as long as it stays.
//! What the page sees and says is in `visit` and `news_visit`.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::hub::{Hub, Shared};
use super::listener::{Listener, Outlet};
use super::news;
use crate::model::UserId;

/// One person's page, as it comes in.
pub struct Guest {
    /// Whose page.
    pub user: UserId,
    /// Under which name.
    pub name: Arc<str>,
    /// From where.
    pub address: IpAddr,
    /// Where its frames go.
    pub outlet: Arc<dyn Outlet>,
}

/// A guest for whom it was told that they are online, and will be told that they are not.
pub(super) struct PresentGuest {
    pub(super) address: IpAddr,
    pub(super) listener: Arc<Listener>,
    pub(super) shared: Arc<Shared>,
    pub(super) news: mpsc::UnboundedSender<news::Happening>,
}

impl PresentGuest {
    pub(super) fn new(hub: &Hub, address: IpAddr, listener: Arc<Listener>) -> Self {
        let user = listener.user;
        let _ = hub.news.send(news::Happening::Arrive { user, address });
        Self {
            address,
            listener,
            shared: hub.shared.clone(),
            news: hub.news.clone(),
        }
    }

    pub(super) fn user(&self) -> UserId {
        self.listener.user
    }
}

impl Drop for PresentGuest {
    fn drop(&mut self) {
        let (user, address) = (self.user(), self.address);
        let _ = self.news.send(news::Happening::Depart { user, address });
    }
}
