//! Reads the few small files that TLS needs, and writes those that nobody else may read.
//! Does not know what is in them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::SetupError;

/// For the owner alone: to read and write.
const OWNER_ONLY: u32 = 0o600;

/// For the owner alone: to enter, too.
const OWNER_ONLY_FOLDER: u32 = 0o700;

/// The text of the file at `path`, which may be `len_max` bytes long.
///
/// # Errors
/// `Missing`, or `Unreadable` if it is too long, no text, or kept from us.
pub(crate) fn read_text(path: &Path, len_max: u64) -> Result<String, SetupError> {
    let unreadable = |detail: String| SetupError::Unreadable {
        path: path.to_owned(),
        detail,
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SetupError::Missing {
            path: path.to_owned(),
        },
        _ => unreadable(error.to_string()),
    };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too long from one that just fits.
    file.take(len_max + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > len_max) {
        return Err(unreadable(format!("it is longer than {len_max} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))
}

/// Writes a file that only its owner can read, whole or not at all. An existing one is kept.
///
/// The bytes are never in a file that others can open, not even for a moment, so a key that is
/// found on the disk was not seen by anybody else.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let unfinished = unfinished_name(path);
    let written = write_new(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        // The first failure is the one to report; there may be nothing to remove.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

/// Makes a folder, and those above it, that only its owner can enter. An existing one stays as it is.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER_ONLY_FOLDER)
        .create(path)
}

/// Whether anybody but the owner can read or write the file. Unknown counts as no.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name beside `path` that no other process of this program uses at the moment.
fn unfinished_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".unfinished-{}", std::process::id()));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_for_its_owner_alone_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        make_private_folder(&inner).unwrap();
        assert!(!is_open_to_others(&inner));
        let path = inner.join("key.pem");
        write_private(&path, b"first").unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
        let again = write_private(&path, b"second").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read_text(&path, 5).unwrap(), "first");
        assert_eq!(
            std::fs::read_dir(&inner).unwrap().count(),
            1,
            "nothing unfinished stays behind"
        );
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert_eq!(
            read_text(&path, 9),
            Err(SetupError::Missing { path: path.clone() })
        );
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read_text(&path, 4).as_deref(), Ok("four"));
        let refused = read_text(&path, 3).unwrap_err().to_string();
        assert!(refused.contains("longer than 3 bytes"), "{refused}");
        std::fs::write(&path, b"\xff").unwrap();
        assert!(
            read_text(&path, 9)
                .unwrap_err()
                .to_string()
                .contains("not UTF-8")
        );
        assert!(
            read_text(folder.path(), 9)
                .unwrap_err()
                .to_string()
                .contains("cannot be read")
        );
    }
}
