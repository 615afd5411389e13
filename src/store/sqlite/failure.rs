//! What SQLite and the file system report, as the errors that people read (https://www.sqlite.org/rescode.html).
//! Nothing is handled here: a failure gets its name, and the way out of it stands in `StoreError`.

use std::io;
use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::StoreError;

/// The meaning of an error of SQLite, or of a value that does not fit the model.
pub(super) fn from_sqlite(path: &Path, error: &Error) -> StoreError {
    let path = path.to_owned();
    let detail = error.to_string();
    match error {
        // We only write values that are valid, so these came from elsewhere.
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..) => StoreError::Damaged { path, detail },
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Locked { path },
            ErrorCode::DiskFull => StoreError::Full { path },
            // No room for the index of the write-ahead log is no room, though it is reported as I/O.
            _ if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => StoreError::Full { path },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Damaged { path, detail }
            }
            ErrorCode::SystemIoFailure => StoreError::Other {
                path,
                detail: format!(
                    "{detail}; look whether its disk works, and has not become read-only"
                ),
            },
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
                StoreError::NotWritable { path, detail }
            }
            _ => StoreError::Other { path, detail },
        },
        _ => StoreError::Other { path, detail },
    }
}

/// The meaning of an error of the file system while creating or opening a file for writing.
pub(super) fn from_io(path: &Path, error: &io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
        _ => StoreError::NotWritable {
            path,
            detail: error.to_string(),
        },
    }
}

/// A piece of work panicked: a defect of this program, which must not take the store along.
pub(super) fn broke_off(path: &Path) -> StoreError {
    StoreError::Other {
        path: path.to_owned(),
        detail: "the work broke off because of a defect in this program".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::types::{FromSqlError, Type};

    #[test]
    fn each_code_of_sqlite_has_its_meaning() {
        let path = Path::new("chat.sqlite3");
        let named =
            |code| match from_sqlite(path, &Error::SqliteFailure(ffi::Error::new(code), None)) {
                StoreError::Locked { .. } => "locked",
                StoreError::Full { .. } => "full",
                StoreError::Damaged { .. } => "damaged",
                StoreError::NotWritable { .. } => "not writable",
                StoreError::Other { .. } => "other",
                StoreError::Newer { .. } | StoreError::Moved { .. } | StoreError::Closed => {
                    "impossible"
                }
            };
        for (code, meaning) in [
            (ffi::SQLITE_BUSY, "locked"),
            (ffi::SQLITE_LOCKED, "locked"),
            (ffi::SQLITE_BUSY_SNAPSHOT, "locked"),
            (ffi::SQLITE_FULL, "full"),
            (ffi::SQLITE_IOERR_SHMSIZE, "full"),
            (ffi::SQLITE_IOERR_WRITE, "other"),
            (ffi::SQLITE_CORRUPT, "damaged"),
            (ffi::SQLITE_NOTADB, "damaged"),
            (ffi::SQLITE_READONLY, "not writable"),
            (ffi::SQLITE_READONLY_DIRECTORY, "not writable"),
            (ffi::SQLITE_CANTOPEN, "not writable"),
            (ffi::SQLITE_PERM, "not writable"),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, "other"),
        ] {
            assert_eq!(named(code), meaning, "{code}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_the_model_is_damage() {
        let error =
            Error::FromSqlConversionFailure(0, Type::Text, Box::new(FromSqlError::InvalidType));
        let error = from_sqlite(Path::new("users.sqlite3"), &error);
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }

    #[test]
    fn a_file_system_without_room_is_full_and_one_without_permission_not_writable() {
        let path = Path::new("data");
        let full = from_io(path, &io::ErrorKind::StorageFull.into());
        assert_eq!(full, StoreError::Full { path: path.into() });
        let forbidden = from_io(path, &io::ErrorKind::PermissionDenied.into());
        assert!(matches!(forbidden, StoreError::NotWritable { .. }));
    }
}
