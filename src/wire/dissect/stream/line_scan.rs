//! Finds the empty line behind lines that come in pieces, in the same way as `http::head` finds it in one piece.
//! Lines themselves are not kept.

/// How far a row of lines was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LineScan {
    line_len: usize,
    ends_with_cr: bool,
    /// Whether a line that is not empty has been seen. In front of the first one, empty lines are passed over.
    has_begun: bool,
}

impl LineScan {
    /// A row of lines that may be empty, so that the first empty line ends it.
    pub(super) fn begun() -> Self {
        Self {
            has_begun: true,
            ..Self::default()
        }
    }

    /// How many of `bytes` belong to the lines, the empty one included; `None` if it has not come yet.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            if byte != b'\n' {
                self.line_len += 1;
                self.ends_with_cr = byte == b'\r';
                continue;
            }
            let is_empty = self.line_len == usize::from(self.ends_with_cr);
            self.line_len = 0;
            self.ends_with_cr = false;
            if is_empty && self.has_begun {
                return Some(at + 1);
            }
            self.has_begun |= !is_empty;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_line_is_found_however_the_bytes_come() {
        for (bytes, scan, end) in [
            (
                &b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nrest"[..],
                LineScan::default(),
                Some(29),
            ),
            (b"a\nb\n\nrest", LineScan::default(), Some(5)),
            (b"a\r\n\r\r\n\r\n", LineScan::default(), Some(8)),
            (b"a\r\nb", LineScan::default(), None),
            (b"\r\nrest", LineScan::begun(), Some(2)),
            (b"\r\n\r\n", LineScan::default(), None),
        ] {
            let mut whole = scan.clone();
            assert_eq!(whole.feed(bytes), end, "{}", bytes.escape_ascii());
            let mut bytewise = scan;
            let found = bytes
                .iter()
                .position(|&byte| bytewise.feed(&[byte]).is_some());
            assert_eq!(found.map(|at| at + 1), end, "{}", bytes.escape_ascii());
        }
    }
}
