//! Whose connection it is, and so who may see its bytes and keys: those on whose session it travelled, and no others.
//! What a session or a browser is, is not known here: each is a mark that tells it from all others.

use std::fmt;

/// Tells a session, or a browser that is not logged in, from all others: a hash of its token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Badge([u8; 32]);

impl Badge {
    /// From the hash of a token, never from the token itself.
    #[must_use]
    pub const fn new(token_hash: [u8; 32]) -> Self {
        Self(token_hash)
    }
}

impl fmt::Debug for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Badge(hidden)")
    }
}

/// Who has sent requests on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Owner {
    /// Nobody who could be told from others.
    #[default]
    Nobody,
    /// A browser that was not logged in.
    Browser(Badge),
    /// A session.
    Session(Badge),
    /// More than one of them, one after the other, as through a proxy: so nobody may see what the others said.
    Several,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traveller {
    /// Whoever it is: the request says nothing about anybody, and asks for a file that everybody gets.
    Anyone,
    /// Somebody with neither, after another request: the same program once more, or somebody else behind the same proxy.
    Stranger,
    /// A browser that is not logged in.
    Browser(Badge),
    /// A session.
    Session(Badge),
}

/// Who wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Viewer {
    /// The badge of the browser, where it is not logged in.
    pub browser: Option<Badge>,
    /// The session that it is logged in with.
    pub session: Option<Badge>,
    /// Whether the instructor's key was shown.
    pub is_instructor: bool,
}

impl Viewer {
    /// Whoever runs the server, and the instructor: they see the connections of everybody.
    pub const OF_ALL: Self = Self {
        browser: None,
        session: None,
        is_instructor: true,
    };
}

impl Owner {
    /// Whose the connection is after a request of this traveller.
    #[must_use]
    pub fn after(self, traveller: Traveller) -> Self {
        match (self, traveller) {
            (owner, Traveller::Anyone) => owner,
            (Self::Nobody, Traveller::Stranger) => Self::Nobody,
            (Self::Nobody, Traveller::Browser(badge)) => Self::Browser(badge),
            (Self::Nobody, Traveller::Session(badge)) => Self::Session(badge),
            (Self::Browser(owner), Traveller::Browser(badge)) if owner == badge => self,
            (Self::Session(owner), Traveller::Session(badge)) if owner == badge => self,
            _ => Self::Several,
        }
    }

    /// Whose it is after this browser has logged in and become that session: what it did before counts as the session's.
    #[must_use]
    pub fn after_login(self, browser: Badge, session: Badge) -> Self {
        if self == Self::Browser(browser) {
            Self::Session(session)
        } else {
            self
        }
    }

    /// Whether this viewer may see the connection.
    #[must_use]
    pub fn lets_see(&self, viewer: &Viewer) -> bool {
        let is_own = match self {
            Self::Nobody | Self::Several => false,
            Self::Browser(owner) => viewer.browser.as_ref() == Some(owner),
            Self::Session(owner) => viewer.session.as_ref() == Some(owner),
        };
        is_own || viewer.is_instructor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Badge = Badge([1; 32]);
    const BERT: Badge = Badge([2; 32]);
    const ANNAS_BROWSER: Badge = Badge([3; 32]);
    const BERTS_BROWSER: Badge = Badge([4; 32]);

    #[test]
    fn a_connection_belongs_to_whoever_travelled_on_it_alone() {
        use Traveller::{Anyone, Browser, Session, Stranger};
        for (travellers, owner) in [
            (&[][..], Owner::Nobody),
            (&[Stranger; 2], Owner::Nobody),
            (&[Browser(ANNAS_BROWSER); 2], Owner::Browser(ANNAS_BROWSER)),
            // A stranger's request may hold a stranger's password.
            (&[Browser(ANNAS_BROWSER), Stranger], Owner::Several),
            (&[Session(ANNA), Stranger], Owner::Several),
            (&[Session(ANNA); 3], Owner::Session(ANNA)),
            (&[Anyone, Session(ANNA), Anyone], Owner::Session(ANNA)),
            (&[Session(ANNA), Session(BERT), Anyone], Owner::Several),
            (&[Session(ANNA), Session(BERT)], Owner::Several),
            (
                &[Session(ANNA), Session(BERT), Session(ANNA)],
                Owner::Several,
            ),
            (
                &[Browser(ANNAS_BROWSER), Browser(BERTS_BROWSER)],
                Owner::Several,
            ),
            // Somebody who is not logged in any more may be another, and their request may hold a password.
            (&[Session(ANNA), Browser(ANNAS_BROWSER)], Owner::Several),
            // It did not log in, so the session is another's.
            (&[Browser(ANNAS_BROWSER), Session(BERT)], Owner::Several),
        ] {
            let last = travellers
                .iter()
                .fold(Owner::default(), |owner, &traveller| owner.after(traveller));
            assert_eq!(last, owner, "{travellers:?}");
        }
    }

    #[test]
    fn who_logs_in_takes_along_what_their_browser_did_before_and_nothing_else() {
        let login = |owner: Owner| owner.after_login(ANNAS_BROWSER, ANNA);
        assert_eq!(login(Owner::Browser(ANNAS_BROWSER)), Owner::Session(ANNA));
        for other in [
            Owner::Nobody,
            Owner::Browser(BERTS_BROWSER),
            Owner::Session(BERT),
            Owner::Several,
        ] {
            assert_eq!(login(other), other);
        }
    }

    #[test]
    fn only_the_owner_and_the_instructor_may_see() {
        let anna = Viewer {
            session: Some(ANNA),
            ..Viewer::default()
        };
        let annas_browser = Viewer {
            browser: Some(ANNAS_BROWSER),
            ..Viewer::default()
        };
        let instructor = Viewer {
            is_instructor: true,
            ..Viewer::default()
        };
        for (owner, who_may) in [
            (Owner::Nobody, [false, false, false, true]),
            (Owner::Several, [false, false, false, true]),
            (Owner::Session(ANNA), [false, true, false, true]),
            (Owner::Browser(ANNAS_BROWSER), [false, false, true, true]),
            (Owner::Session(BERT), [false, false, false, true]),
            (Owner::Browser(BERTS_BROWSER), [false, false, false, true]),
            // A session and a browser are never taken for each other, whatever their badges.
            (Owner::Browser(ANNA), [false, false, false, true]),
        ] {
            let viewers = [Viewer::default(), anna, annas_browser, instructor];
            assert_eq!(
                viewers.map(|viewer| owner.lets_see(&viewer)),
                who_may,
                "{owner:?}"
            );
        }
    }

    #[test]
    fn a_badge_does_not_show_itself() {
        assert_eq!(format!("{ANNA:?}"), "Badge(hidden)");
    }
}
