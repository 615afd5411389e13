//! One connection in the sight of one viewer: whoever wants to read what was recorded has one of these, and so cannot forget to ask.
//! Whose the connection is can change with every request; so it is asked again under the very lock under which something is read.

use std::pin::pin;
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::kept::State;
use super::owner::Viewer;
use super::record::Cursor;
use super::recorder::Recorder;
use super::sink::About;
use crate::wire::both::Both;
use crate::wire::decrypt::Secrets;
use crate::wire::event::Event;

/// A connection that this viewer could see when they asked for it. Everything but what never changes about it is `None` once it is
/// somebody else's, too.
#[derive(Debug, Clone)]
pub struct Sight {
    recorder: Arc<Recorder>,
    viewer: Viewer,
}

/// What was read at one moment.
#[derive(Debug)]
pub struct Reading {
    /// What had happened since the cursor, in order. What was not kept is told as missing.
    pub events: Vec<Event>,
    /// All secrets until then: those of all that was read.
    pub secrets: Secrets,
    /// The connection as a whole.
    pub state: State,
}

impl Sight {
    /// `None` if the viewer may not see it.
    pub(super) fn of(recorder: Arc<Recorder>, viewer: Viewer) -> Option<Self> {
        let sight = Self { recorder, viewer };
        sight.is_allowed().then_some(sight)
    }

    /// What is known of it from the beginning.
    #[must_use]
    pub fn about(&self) -> &Arc<About> {
        self.recorder.about()
    }

    /// Whether the viewer may still see it.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.recorder.shown_to(&self.viewer).is_some()
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        Some(self.recorder.shown_to(&self.viewer)?.state())
    }

    /// What has happened since the cursor, and moves it on.
    #[must_use]
    pub fn read(&self, cursor: &mut Cursor) -> Option<Reading> {
        Some(self.recorder.shown_to(&self.viewer)?.read(cursor))
    }

    /// What the application really read and wrote above TLS: the proof of what was decrypted. `None` without TLS, too.
    #[must_use]
    pub fn plaintext_fingerprints(&self) -> Option<Both<Fingerprint>> {
        self.recorder
            .shown_to(&self.viewer)?
            .plaintext_fingerprints()
    }

    /// Resolves when `read` has something for this cursor, or nothing any more, or the connection is over.
    pub async fn changed(&self, cursor: &Cursor) {
        let _watching = self.recorder.watch();
        loop {
            let mut notified = pin!(self.recorder.news().notified());
            notified.as_mut().enable();
            if self.has_news(cursor) {
                return;
            }
            notified.await;
        }
    }

    fn has_news(&self, cursor: &Cursor) -> bool {
        let shown = self.recorder.shown_to(&self.viewer);
        shown.is_none_or(|kept| kept.has_news(cursor))
    }
}
