//! What people wish to say, change or take back, and in which words it is refused.
//! Values only: wishes are carried out in `room`.

use std::sync::Arc;

use super::event::{self, MessageNews, Reason, Refusal};
use super::listener::Listener;
use crate::model::Message;
use crate::store::{MessageWrite, StoreError};

/// A wish about a message, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) from: Arc<Listener>,
    pub(super) write: MessageWrite,
}

/// How a wish is called in a refusal of it.
pub(super) struct WishName {
    request: &'static str,
    client_id: Option<String>,
    message_id: Option<i64>,
}

impl WishName {
    pub(super) fn of(write: &MessageWrite) -> Self {
        match write {
            MessageWrite::Post { client_id, .. } => Self {
                request: "send",
                client_id: client_id.as_ref().map(|id| id.as_str().to_owned()),
                message_id: None,
            },
            MessageWrite::Edit { message, .. } => Self {
                request: "edit",
                client_id: None,
                message_id: Some(message.0),
            },
            MessageWrite::Delete { message, .. } => Self {
                request: "delete",
                client_id: None,
                message_id: Some(message.0),
            },
        }
    }

    /// The event that refuses this wish.
    pub(super) fn refusal(self, reason: Reason) -> Vec<u8> {
        event::encode_refusal(&Refusal {
            request: self.request.to_owned(),
            client_id: self.client_id,
            message_id: self.message_id,
            reason,
        })
    }

    /// In which event the present state of `message` acknowledges this wish.
    pub(super) fn news_of(&self, message: &Message) -> MessageNews {
        match self.request {
            _ if message.deleted_at.is_some() => MessageNews::Deleted,
            "send" => MessageNews::New,
            _ => MessageNews::Edited,
        }
    }
}

/// What the senders are told. The paths in the error are the operator's business.
pub(super) fn not_stored(error: &StoreError) -> String {
    let why = error.in_plain_words();
    format!(
        "The message could not be stored, so nobody has seen it: {why}. Keep the text, and try again later."
    )
}
