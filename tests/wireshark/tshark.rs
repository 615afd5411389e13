//! Asks tshark, with no options but those that make it stricter.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A capture in a file.
pub(crate) struct Capture {
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

/// Checksums are not looked at unless asked for.
const STRICT: [&str; 4] = [
    "-o",
    "tcp.check_checksum:TRUE",
    "-o",
    "ip.check_checksum:TRUE",
];

impl Capture {
    /// From the bytes of the file.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture.pcapng");
        std::fs::write(&path, bytes).unwrap();
        Self {
            path,
            _folder: folder,
        }
    }

    /// The fields of those packets that the filter shows: a line for each packet, tabs between fields.
    pub(crate) fn fields(&self, filter: &str, names: &[&str]) -> String {
        fields(&self.path, filter, names, &[])
    }

    /// Fails unless all checksums are right, and tshark finds nothing to warn of.
    pub(crate) fn expect_clean(&self) {
        expect_clean(&self.path);
    }

    /// All comments on packets.
    pub(crate) fn comments(&self) -> String {
        self.fields("frame.comment", &["frame.comment"])
    }
}

pub(crate) fn fields(path: &Path, filter: &str, names: &[&str], more: &[&str]) -> String {
    let mut args = vec!["-Y", filter, "-T", "fields"];
    args.extend(names.iter().flat_map(|name| ["-e", name]));
    args.extend(more);
    tshark(path, &args)
}

/// As `Capture::expect_clean`.
pub(crate) fn expect_clean(path: &Path) {
    // Warnings and errors, and notes but for the one that tshark makes on each FIN.
    let complaint =
        "_ws.expert.severity >= 4194304 and not _ws.expert.message contains \"connection closing\"";
    let complaints = fields(
        path,
        complaint,
        &["frame.number", "_ws.expert.message"],
        &STRICT,
    );
    assert_eq!(complaints, "");
    let sums = ["tcp.checksum.status", "ip.checksum.status"];
    let sums = fields(path, "tcp", &sums, &STRICT);
    assert!(!sums.is_empty());
    assert!(sums.lines().all(|line| line == "1\t1"), "{sums}");
}

fn tshark(path: &Path, args: &[&str]) -> String {
    let output = Command::new("tshark")
        .args(["-r", path.to_str().unwrap()])
        .args(args)
        .output()
        .expect("tshark is installed: tests/run sees to it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Puts captures into one, as Wireshark's own mergecap does.
pub(crate) fn join(files: &[PathBuf], into: &Path) {
    let status = Command::new("mergecap")
        .args(["-w", into.to_str().unwrap()])
        .args(files)
        .status();
    assert!(status.expect("mergecap comes with tshark").success());
}
