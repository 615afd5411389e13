//! Inputs that were kept: those that libFuzzer found to reach something new, packed into one file for each target, and those that once broke a
//! promise, each in a file with a name that says what it did.

use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz")
        .join(name)
}

/// The inputs that reach something, of one target: behind four bytes of length each.
pub(crate) fn cases(target: &str) -> Vec<Vec<u8>> {
    let packed = fs::read(folder("cases").join(target)).unwrap_or_default();
    let mut rest = packed.as_slice();
    let mut cases = Vec::new();
    while let Some((len, behind)) = rest.split_first_chunk() {
        let len = u32::from_be_bytes(*len).try_into().unwrap();
        let (case, behind) = behind.split_at(len);
        cases.push(case.to_vec());
        rest = behind;
    }
    cases
}

/// The inputs that broke a promise, of one target, by name.
pub(crate) fn found(target: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(files) = fs::read_dir(folder("found").join(target)) else {
        return Vec::new();
    };
    let mut found: Vec<_> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().to_string_lossy().into_owned();
            (name, fs::read(file.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// Names of the files there are in a folder of this kind.
pub(crate) fn names_in(kind: &str) -> Vec<String> {
    let files = fs::read_dir(folder(kind)).into_iter().flatten();
    files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}
