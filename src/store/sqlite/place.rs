//! Whether the files that a database was opened from still lie where they lay.
//! Nothing is opened or mended here.
//!
//! A system lets files go that are in use, and SQLite goes on writing into them: what is stored then nobody finds
//! after the next start. So each commit asks first, which costs two look-ups beside an `fdatasync`.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::failure;
use crate::store::StoreError;

/// The database and its write-ahead log, as they were when they were opened.
#[derive(Debug)]
pub(super) struct Place {
    database: PathBuf,
    files: [(PathBuf, FileId); 2],
}

/// What tells one file of a machine from all others that exist at the time, whatever they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl Place {
    /// Of a database that is open, and so has its log beside it.
    pub(super) fn of(database: &Path) -> Result<Self, StoreError> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let known = |path: PathBuf| {
            let id = FileId::at(&path).map_err(|error| failure::from_io(database, &error))?;
            Ok((path, id))
        };
        Ok(Self {
            database: database.to_owned(),
            files: [known(database.to_owned())?, known(log.into())?],
        })
    }

    /// Whether both still lie there.
    ///
    /// # Errors
    /// `Moved` if not; also if that cannot be found out, as where their folder may no longer be entered.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let is_there = |(path, id): &(PathBuf, FileId)| FileId::at(path).ok() == Some(*id);
        if self.files.iter().all(is_there) {
            return Ok(());
        }
        Err(StoreError::Moved {
            path: self.database.clone(),
        })
    }
}

impl FileId {
    fn at(path: &Path) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        Ok(Self {
            device: file.dev(),
            inode: file.ino(),
        })
    }
}
