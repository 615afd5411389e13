//! One value for each direction of a connection.
//! Nothing of what the values are.

use crate::octets::Direction;

/// One for the client's direction, one for the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Both<T> {
    /// For what the client sends.
    pub client: T,
    /// For what the server sends.
    pub server: T,
}

impl<T> Both<T> {
    /// The one of this direction.
    pub fn of(&self, direction: Direction) -> &T {
        match direction {
            Direction::FromClient => &self.client,
            Direction::FromServer => &self.server,
        }
    }

    /// The one of this direction, to be changed.
    pub fn of_mut(&mut self, direction: Direction) -> &mut T {
        match direction {
            Direction::FromClient => &mut self.client,
            Direction::FromServer => &mut self.server,
        }
    }

    /// Something else of each.
    pub fn map<U>(&self, mut of: impl FnMut(&T) -> U) -> Both<U> {
        Both {
            client: of(&self.client),
            server: of(&self.server),
        }
    }
}
