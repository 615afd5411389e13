//! The names behind the ids: the two databases share no keys, so ids are resolved here, at run time.
//! Holds every user's name in memory (some 100 bytes each), and reads no database itself.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::{User, UserId};

/// All users' names, by id.
#[derive(Debug, Default)]
pub struct Directory {
    names: RwLock<HashMap<UserId, Arc<str>>>,
}

impl Directory {
    /// A directory of these users.
    #[must_use]
    pub fn new(users: &[User]) -> Self {
        let names = users
            .iter()
            .map(|user| (user.id, user.name.as_str().into()))
            .collect();
        Self {
            names: RwLock::new(names),
        }
    }

    /// Adds a new user.
    pub fn add(&self, user: &User) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.insert(user.id, user.name.as_str().into());
    }

    /// Removes a deleted user.
    pub fn remove(&self, id: UserId) {
        self.names
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    /// The name of a user; `None` if the account was deleted.
    #[must_use]
    pub fn name(&self, id: UserId) -> Option<Arc<str>> {
        self.names
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    /// Each id with its name.
    pub fn named(&self, ids: impl IntoIterator<Item = UserId>) -> Vec<(UserId, Option<Arc<str>>)> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        ids.into_iter()
            .map(|id| (id, names.get(&id).cloned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{UserName, UtcMillis};

    #[test]
    fn a_deleted_user_has_no_name_any_more() {
        let user = |id, name| User {
            id: UserId(id),
            name: UserName::new(name).unwrap(),
            created_at: UtcMillis(0),
        };
        let directory = Directory::new(&[user(1, "ana")]);
        directory.add(&user(2, "ben"));
        assert_eq!(directory.name(UserId(2)).as_deref(), Some("ben"));
        directory.remove(UserId(1));
        let named = directory.named([UserId(1), UserId(2)]);
        assert_eq!(named, [(UserId(1), None), (UserId(2), Some("ben".into()))]);
    }
}
