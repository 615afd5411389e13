//! The files of a capture: one that grows, and before it those that are full, under names that Wireshark knows for a set.
//! What stands in them is not known here.
//!
//! `lab.pcapng` is always the newest. When it is full, it becomes `lab_00001_20260731120000.pcapng` (its number, and in UTC
//! when it was begun), as `dumpcap` names them, so that Wireshark's File Set menu leads from one to the next.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::http::date::Civil;

/// So many full files stay; the oldest goes for the next one.
pub(super) const FULL_FILES_MAX: usize = 10;

/// Whoever can read a capture can read everything: its owner alone.
const MODE: u32 = 0o600;

/// One file being written, and those before it.
#[derive(Debug)]
pub(super) struct FileSet {
    path: PathBuf,
    file: File,
    /// When it was begun, in seconds since 1970.
    begun_secs: u64,
    /// How many bytes it has.
    len: u64,
    full: VecDeque<PathBuf>,
    full_count: u64,
}

impl FileSet {
    /// Makes the file, which must not exist.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: create(path)?,
            path: path.to_owned(),
            begun_secs: now_secs(),
            len: 0,
            full: VecDeque::new(),
            full_count: 0,
        })
    }

    /// The file that is being written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends all of these bytes, or none of them: a file that ends within a block is a broken one.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        if written.is_err() {
            // Where even this fails, nothing better can be done.
            let _ = self.file.set_len(self.len);
        } else {
            self.len += bytes.len() as u64;
        }
        written
    }

    /// Puts the file aside, and makes the next one. Gives the name that it has now; `None` if somebody has taken it away.
    pub(super) fn turn(&mut self) -> io::Result<Option<PathBuf>> {
        self.full_count += 1;
        let aside = self.full_name();
        let aside = match std::fs::rename(&self.path, &aside) {
            Ok(()) => Some(aside),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        self.full.extend(aside.clone());
        self.file = create(&self.path)?;
        self.begun_secs = now_secs();
        self.len = 0;
        while self.full.len() > FULL_FILES_MAX {
            if let Some(oldest) = self.full.pop_front() {
                // If it is gone already, all the better.
                let _ = std::fs::remove_file(oldest);
            }
        }
        Ok(aside)
    }

    /// A name that no file has.
    fn full_name(&mut self) -> PathBuf {
        let t = Civil::from_unix(self.begun_secs);
        loop {
            let mut name = OsString::from(self.path.file_stem().unwrap_or_default());
            name.push(format!(
                "_{:05}_{:04}{:02}{:02}{:02}{:02}{:02}",
                self.full_count, t.year, t.month, t.day, t.hour, t.minute, t.second
            ));
            if let Some(ending) = self.path.extension() {
                name.push(".");
                name.push(ending);
            }
            let path = self.path.with_file_name(name);
            if !path.exists() {
                return path;
            }
            self.full_count += 1;
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)
}

fn now_secs() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_newest_file_keeps_its_name_and_full_ones_are_numbered_for_wireshark() {
        let folder = tempfile::tempdir().unwrap();
        let mut set = FileSet::create(&folder.path().join("lab.pcapng")).unwrap();
        set.begun_secs = 1_795_305_600;
        for text in ["one", "two", "three"] {
            set.append(text.as_bytes()).unwrap();
            set.turn().unwrap();
            set.begun_secs = 1_795_305_661;
        }
        set.append(b"four").unwrap();
        let expected = [
            ("lab.pcapng", "four"),
            ("lab_00001_20261122000000.pcapng", "one"),
            ("lab_00002_20261122000101.pcapng", "two"),
            ("lab_00003_20261122000101.pcapng", "three"),
        ];
        assert_eq!(names(folder.path()), expected.map(|(name, _)| name));
        for (name, text) in expected {
            let path = folder.path().join(name);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn only_the_latest_full_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut set = FileSet::create(&folder.path().join("lab")).unwrap();
        for _file in 0..=FULL_FILES_MAX {
            set.turn().unwrap();
        }
        let names = names(folder.path());
        assert_eq!(names.len(), 1 + FULL_FILES_MAX);
        assert!(names[1].starts_with("lab_00002_"), "{names:?}");
    }

    #[test]
    fn no_file_is_overwritten_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lab.pcapng");
        std::fs::write(&path, "precious").unwrap();
        let refused = FileSet::create(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        std::fs::remove_file(&path).unwrap();

        let mut set = FileSet::create(&path).unwrap();
        set.begun_secs = 0;
        let precious = folder.path().join("lab_00001_19700101000000.pcapng");
        std::fs::write(&precious, "precious").unwrap();
        let aside = set.turn().unwrap().unwrap();
        assert!(aside.ends_with("lab_00002_19700101000000.pcapng"));
        assert_eq!(std::fs::read_to_string(precious).unwrap(), "precious");
    }

    #[test]
    fn a_file_that_somebody_takes_away_is_not_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lab.pcapng");
        let mut set = FileSet::create(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(set.turn().unwrap(), None);
        set.append(b"x").unwrap();
        assert_eq!(names(folder.path()), ["lab.pcapng"]);
    }

    #[test]
    fn what_cannot_be_written_whole_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lab.pcapng");
        let mut set = FileSet::create(&path).unwrap();
        set.append(b"whole").unwrap();
        // A file opened for reading takes no bytes.
        set.file = File::open(&path).unwrap();
        assert!(set.append(b"more").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
    }
}
