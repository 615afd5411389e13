//! Ids, names and the things that people see: users, groups, messages.
//! No sockets, storage or clocks: a value here is valid by construction, whoever made it.

use std::fmt;

/// One user, for ever: an id is never given to another user, even after an account was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

/// One group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub i64);

/// One message. Later messages have greater ids, across all groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub i64);

/// The position of one change in the history of all messages.
///
/// Whatever is written to a message (its arrival, an edit, its deletion) takes the next number.
/// A reader that has seen everything up to one number asks for what came after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId(pub i64);

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtcMillis(pub i64);

macro_rules! shows_its_number {
    ($($id:ty),+) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}
shows_its_number!(UserId, GroupId, MessageId, ChangeId, UtcMillis);

/// The shortest and the longest user name, in characters.
pub const USER_NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;

/// The longest group name, in characters.
pub const GROUP_NAME_CHARS_MAX: usize = 64;

/// The longest message, in characters (Unicode scalar values).
pub const CONTENT_CHARS_MAX: usize = 4000;

/// The longest `client_id`, in bytes.
pub const CLIENT_ID_LEN_MAX: usize = 64;

/// Why a name, a message or an id was not accepted. `Display` is the sentence a user reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// A user name with too few or too many characters.
    UserNameLength,
    /// A user name with a character other than letters, digits, `_`, `.` and `-`.
    UserNameCharacter(char),
    /// A group name that is empty, or blank.
    GroupNameEmpty,
    /// A group name with too many characters.
    GroupNameTooLong,
    /// A group name with a control character, or one that turns the direction of text.
    GroupNameCharacter,
    /// A message without a visible character.
    ContentEmpty,
    /// A message of this many characters, more than `CONTENT_CHARS_MAX`.
    ContentTooLong(usize),
    /// A message with a NUL or another control character that is not a line break or a tab.
    ContentCharacter,
    /// A `client_id` that is empty, too long, or has other characters than letters, digits, `-` and `_`.
    ClientId,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserNameLength => write!(
                f,
                "A name has {} to {} characters.",
                USER_NAME_CHARS.start(),
                USER_NAME_CHARS.end()
            ),
            Self::UserNameCharacter(c) => write!(
                f,
                "A name is made of the letters a–z, digits, “_”, “.” and “-”; “{}” cannot be part of it.",
                c.escape_debug()
            ),
            Self::GroupNameEmpty => f.write_str("A group needs a name."),
            Self::GroupNameTooLong => {
                write!(
                    f,
                    "A group name has at most {GROUP_NAME_CHARS_MAX} characters."
                )
            }
            Self::GroupNameCharacter => {
                f.write_str("A group name is one line of ordinary, visible characters.")
            }
            Self::ContentEmpty => f.write_str("An empty message says nothing: write a few words."),
            Self::ContentTooLong(chars) => write!(
                f,
                "A message has at most {CONTENT_CHARS_MAX} characters; this one has {chars}."
            ),
            Self::ContentCharacter => f.write_str(
                "A message is text: control characters other than line breaks and tabs are not.",
            ),
            Self::ClientId => write!(
                f,
                "A client_id has 1 to {CLIENT_ID_LEN_MAX} letters, digits, “-” or “_”."
            ),
        }
    }
}

impl std::error::Error for Invalid {}

/// A user's name: 3 to 32 ASCII letters, digits, `_`, `.` or `-`.
///
/// ASCII only, because two users whose names look alike could pass for one another. Names that
/// differ only in case are one name: compare by `key`, show as typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserName(String);

impl UserName {
    /// # Errors
    /// `UserNameLength` or `UserNameCharacter`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let permitted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if let Some(c) = text.chars().find(|&c| !permitted(c)) {
            return Err(Invalid::UserNameCharacter(c));
        }
        if !USER_NAME_CHARS.contains(&text.len()) {
            return Err(Invalid::UserNameLength);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as its owner typed it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two spellings of one name are equal.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// A group's name: 1 to 64 characters on one line, without blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupName(String);

impl GroupName {
    /// `text` is trimmed first.
    ///
    /// # Errors
    /// `GroupNameEmpty`, `GroupNameTooLong` or `GroupNameCharacter`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.chars().any(|c| c.is_control() || turns_text(c)) {
            return Err(Invalid::GroupNameCharacter);
        }
        if !text.chars().any(is_visible) {
            return Err(Invalid::GroupNameEmpty);
        }
        if text.chars().count() > GROUP_NAME_CHARS_MAX {
            return Err(Invalid::GroupNameTooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as its creator typed it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two spellings of one name are equal.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// The text of a message: 1 to 4000 characters, at least one of them visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    /// # Errors
    /// `ContentEmpty`, `ContentTooLong` or `ContentCharacter`.
    pub fn new(text: String) -> Result<Self, Invalid> {
        // Cheap first: no character takes less than one byte, so most texts need no counting.
        if text.len() > CONTENT_CHARS_MAX {
            let chars = text.chars().count();
            if chars > CONTENT_CHARS_MAX {
                return Err(Invalid::ContentTooLong(chars));
            }
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(Invalid::ContentCharacter);
        }
        if !text.chars().any(is_visible) {
            return Err(Invalid::ContentEmpty);
        }
        Ok(Self(text))
    }

    /// The text as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name an author's program gave to a message, so that a repeat is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// # Errors
    /// `ClientId`.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let permitted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > CLIENT_ID_LEN_MAX || !text.bytes().all(permitted) {
            return Err(Invalid::ClientId);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Never used again for anyone else.
    pub id: UserId,
    /// Unique whatever the case.
    pub name: UserName,
    /// When the account was made.
    pub created_at: UtcMillis,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Stands in the conversation's URL.
    pub id: GroupId,
    /// Unique whatever the case.
    pub name: GroupName,
    /// When it was made.
    pub created_at: UtcMillis,
}

/// One message as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Orders the conversation.
    pub id: MessageId,
    /// The latest change to this message.
    pub change: ChangeId,
    /// Where it was said.
    pub group_id: GroupId,
    /// Who said it; the account may be deleted by now.
    pub author_id: UserId,
    /// The text; empty once the message is deleted.
    pub content: String,
    /// When it was stored.
    pub created_at: UtcMillis,
    /// When its author last changed it.
    pub edited_at: Option<UtcMillis>,
    /// When its author deleted it. The text is gone from the database then.
    pub deleted_at: Option<UtcMillis>,
    /// The author's own name for it.
    pub client_id: Option<ClientId>,
}

/// Characters that turn the direction of the text around them, and could dress one name up as another.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether `c` leaves a mark on the screen: not a blank, and not one of the blanks of no width.
fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !turns_text(c)
        && !matches!(
            c,
            '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_three_to_thirty_two_plain_characters() {
        for good in ["ana", "A.b_c-9", &"x".repeat(32), "..."] {
            assert_eq!(UserName::new(good).map(|n| n.0).as_deref(), Ok(good));
        }
        for (bad, why) in [
            ("", Invalid::UserNameLength),
            ("ab", Invalid::UserNameLength),
            (&"x".repeat(33), Invalid::UserNameLength),
            ("ana maria", Invalid::UserNameCharacter(' ')),
            ("anä", Invalid::UserNameCharacter('ä')),
            ("аna", Invalid::UserNameCharacter('а')), // Cyrillic
            ("<b>ana", Invalid::UserNameCharacter('<')),
            ("ana\0", Invalid::UserNameCharacter('\0')),
        ] {
            assert_eq!(UserName::new(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn names_are_one_name_whatever_the_case() {
        assert_eq!(
            UserName::new("Ana").unwrap().key(),
            UserName::new("aNA").unwrap().key()
        );
        assert_eq!(
            GroupName::new("ÜBUNG").unwrap().key(),
            GroupName::new(" übung ").unwrap().key()
        );
    }

    #[test]
    fn group_names_are_one_visible_line() {
        for good in ["x", "Übung 3: Wireshark", "日本語", &"ж".repeat(64)] {
            assert_eq!(GroupName::new(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", Invalid::GroupNameEmpty),
            (" \u{a0} ", Invalid::GroupNameEmpty),
            ("\u{200b}", Invalid::GroupNameEmpty),
            (&"ж".repeat(65), Invalid::GroupNameTooLong),
            ("a\nb", Invalid::GroupNameCharacter),
            ("a\u{202e}b", Invalid::GroupNameCharacter),
        ] {
            assert_eq!(GroupName::new(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn a_message_has_one_to_four_thousand_characters() {
        for good in [
            "x",
            "a\n\tb",
            "<script>alert(1)</script>",
            &"é".repeat(4000),
        ] {
            assert_eq!(Content::new(good.to_owned()).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", Invalid::ContentEmpty),
            (" \n\u{feff}", Invalid::ContentEmpty),
            (&"é".repeat(4001), Invalid::ContentTooLong(4001)),
            ("a\0b", Invalid::ContentCharacter),
            ("\u{1b}[31m", Invalid::ContentCharacter),
        ] {
            assert_eq!(Content::new(bad.to_owned()), Err(why), "{:?}", bad.get(..8));
        }
    }

    #[test]
    fn client_ids_are_short_and_plain() {
        assert!(ClientId::new(&"a".repeat(64)).is_ok());
        assert!(ClientId::new("3f2c-1_B").is_ok());
        for bad in ["", &"a".repeat(65), "a b", "é", "a\"b"] {
            assert_eq!(ClientId::new(bad), Err(Invalid::ClientId), "{bad:?}");
        }
    }
}
