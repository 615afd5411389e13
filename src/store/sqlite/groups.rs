//! The SQL of groups, of who is in them, and of how far each member has read.
//! Nothing here writes a message.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::model::{Group, GroupId, GroupName, MessageId, UserId, UtcMillis};
use crate::store::{Joined, Membership, UNREAD_COUNTED_MAX};

/// All groups, by id.
pub(super) fn all(db: &Connection) -> Result<Vec<Group>> {
    db.prepare_cached("SELECT * FROM groups ORDER BY id")?
        .query_map([], group)?
        .collect()
}

/// One group.
pub(super) fn by_id(db: &Connection, id: GroupId) -> Result<Option<Group>> {
    db.prepare_cached("SELECT * FROM groups WHERE id = ?1")?
        .query_row([id], group)
        .optional()
}

/// A new group with its creator in it, unless the name is taken.
pub(super) fn add(
    db: &Connection,
    name: &GroupName,
    creator: UserId,
    now: UtcMillis,
) -> Result<Option<Group>> {
    let added = db
        .prepare_cached(
            "INSERT INTO groups (name, name_key, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name_key) DO NOTHING
             RETURNING *",
        )?
        .query_row(params![name, name.key(), now], group)
        .optional()?;
    if let Some(group) = &added {
        join(db, creator, group.id, now)?;
    }
    Ok(added)
}

/// Puts a user into a group; everything said so far counts as read.
pub(super) fn join(
    db: &Connection,
    user: UserId,
    group: GroupId,
    now: UtcMillis,
) -> Result<Joined> {
    if by_id(db, group)?.is_none() {
        return Ok(Joined::NoSuchGroup);
    }
    let inserted = db
        .prepare_cached(
            "INSERT INTO memberships (user_id, group_id, joined_at, read_up_to)
             VALUES (?1, ?2, ?3, (SELECT coalesce(max(id), 0) FROM posts WHERE group_id = ?2))
             ON CONFLICT (user_id, group_id) DO NOTHING",
        )?
        .execute(params![user, group, now])?;
    Ok(if inserted > 0 {
        Joined::Now
    } else {
        Joined::Already
    })
}

/// Takes a user out of a group; false if not in.
pub(super) fn leave(db: &Connection, user: UserId, group: GroupId) -> Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM memberships WHERE user_id = ?1 AND group_id = ?2")?
        .execute(params![user, group])?;
    Ok(removed > 0)
}

/// Whether a user is in a group.
pub(super) fn is_member(db: &Connection, user: UserId, group: GroupId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM memberships WHERE user_id = ?1 AND group_id = ?2")?
        .exists(params![user, group])
}

/// Who is in a group, by the time of joining.
pub(super) fn members(db: &Connection, group: GroupId) -> Result<Vec<UserId>> {
    db.prepare_cached("SELECT user_id FROM memberships WHERE group_id = ?1 ORDER BY joined_at, id")?
        .query_map([group], |row| row.get("user_id"))?
        .collect()
}

/// The groups a user is in, by id.
pub(super) fn memberships(db: &Connection, user: UserId) -> Result<Vec<Membership>> {
    db.prepare_cached(&format!(
        "{MEMBERSHIPS} WHERE user_id = ?1 ORDER BY group_id"
    ))?
    .query_map(params![user, UNREAD_COUNTED_MAX.cast_signed()], membership)?
    .collect()
}

/// A user's place in one group; `None` for those who are not members.
pub(super) fn place(db: &Connection, user: UserId, group: GroupId) -> Result<Option<Membership>> {
    let limit = UNREAD_COUNTED_MAX.cast_signed();
    db.prepare_cached(&format!(
        "{MEMBERSHIPS} WHERE user_id = ?1 AND group_id = ?3"
    ))?
    .query_row(params![user, limit, group], membership)
    .optional()
}

/// One statement, so that the count and the last message that it knows of are of one moment. ?2 is
/// where counting ends.
const MEMBERSHIPS: &str = "
    SELECT *,
        (SELECT count(*) FROM (
            SELECT 1 FROM posts
            WHERE posts.group_id = memberships.group_id
                AND posts.id > memberships.read_up_to
                AND posts.author_id <> memberships.user_id
                AND posts.deleted_at IS NULL
            LIMIT ?2
        )) AS unread,
        (SELECT coalesce(max(id), 0) FROM posts
            WHERE posts.group_id = memberships.group_id) AS counted_up_to
    FROM memberships";

/// Moves a member's mark forward, at most to the last message of the group: a mark beyond it would
/// hide what is yet to be said.
pub(super) fn mark_read(
    db: &Connection,
    user: UserId,
    group: GroupId,
    up_to: MessageId,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE memberships SET read_up_to = last.id
         FROM (SELECT max(id) AS id FROM posts WHERE group_id = ?2 AND id <= ?3) AS last
         WHERE user_id = ?1 AND group_id = ?2 AND read_up_to < last.id",
    )?
    .execute(params![user, group, up_to])?;
    Ok(())
}

/// Takes a user out of all groups.
pub(super) fn forget_user(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM memberships WHERE user_id = ?1")?
        .execute([user])?;
    Ok(())
}

/// Takes all users but `known` out of all groups; says how many memberships that ended.
pub(super) fn forget_all_but(db: &Connection, known: &[UserId]) -> Result<usize> {
    // A statement takes a fixed number of parameters; a list travels as one, in JSON.
    let known: Vec<i64> = known.iter().map(|user| user.0).collect();
    let known = serde_json::Value::from(known).to_string();
    db.prepare_cached(
        "DELETE FROM memberships WHERE user_id NOT IN (SELECT value FROM json_each(?1))",
    )?
    .execute([known])
}

fn group(row: &Row<'_>) -> Result<Group> {
    Ok(Group {
        id: row.get("id")?,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
    })
}

fn membership(row: &Row<'_>) -> Result<Membership> {
    let unread: i64 = row.get("unread")?;
    Ok(Membership {
        group_id: row.get("group_id")?,
        joined_at: row.get("joined_at")?,
        read_up_to: row.get("read_up_to")?,
        unread: unread.unsigned_abs(),
        counted_up_to: row.get("counted_up_to")?,
    })
}
