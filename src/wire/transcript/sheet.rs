//! Lines of a transcript: a gutter with the connection's number, indentation, colours.
//! The one door to the terminal: every text goes through `visible` here.

use super::visible::visible;

/// What stands in front of what: escape sequences of ECMA-48 (§8.3.117, SGR), or nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    client: &'static str,
    server: &'static str,
    in_clear: &'static str,
    secret: &'static str,
    problem: &'static str,
    faint: &'static str,
    reset: &'static str,
}

impl Palette {
    /// No colours: for files, pipes and those who do not want any.
    pub const PLAIN: Self = Self {
        client: "",
        server: "",
        in_clear: "",
        secret: "",
        problem: "",
        faint: "",
        reset: "",
    };

    /// The colours that every terminal has and every theme chooses.
    pub const COLOURS: Self = Self {
        client: "\x1b[36m",
        server: "\x1b[32m",
        in_clear: "\x1b[33m",
        secret: "\x1b[1;35m",
        problem: "\x1b[1;31m",
        faint: "\x1b[2m",
        reset: "\x1b[0m",
    };

    /// Colours if it is a terminal that is written to, unless the environment asks for none (<https://no-color.org>).
    #[must_use]
    pub fn chosen(is_terminal: bool, no_color: bool) -> Self {
        if is_terminal && !no_color {
            Self::COLOURS
        } else {
            Self::PLAIN
        }
    }

    fn begin(&self, role: Role) -> &'static str {
        match role {
            Role::Plain => "",
            Role::Client => self.client,
            Role::Server => self.server,
            Role::InClear => self.in_clear,
            Role::Secret => self.secret,
            Role::Problem => self.problem,
            Role::Faint => self.faint,
        }
    }
}

/// What a piece of a line is, and therefore its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// What only the two ends read.
    Plain,
    Client,
    Server,
    /// What everybody on the way reads.
    InClear,
    /// What a thief would want.
    Secret,
    Problem,
    /// What matters less.
    Faint,
}

/// Lines while they are written.
pub(super) struct Sheet {
    gutter: String,
    palette: Palette,
    text: String,
}

impl Sheet {
    /// Empty, for the connection of this number.
    pub(super) fn new(number: u64, palette: Palette) -> Self {
        Self {
            gutter: format!("{number:>3}"),
            palette,
            text: String::new(),
        }
    }

    /// Adds a line: so many spaces behind the gutter, then these pieces one behind the other.
    pub(super) fn line(&mut self, indent: usize, pieces: &[(Role, &str)]) {
        let gutter = std::mem::take(&mut self.gutter);
        self.piece(Role::Faint, &gutter);
        self.gutter = gutter;
        let filled = pieces.iter().any(|(_, text)| !text.is_empty());
        if filled {
            self.text.extend(std::iter::repeat_n(' ', indent + 1));
        }
        for (role, text) in pieces {
            self.piece(*role, text);
        }
        self.text.push('\n');
    }

    /// All lines so far.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn piece(&mut self, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        let begin = self.palette.begin(role);
        self.text.push_str(begin);
        self.text.push_str(&visible(text));
        if !begin.is_empty() {
            self.text.push_str(self.palette.reset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_owner_wants_them() {
        for (is_terminal, no_color, palette) in [
            (true, false, Palette::COLOURS),
            (true, true, Palette::PLAIN),
            (false, false, Palette::PLAIN),
            (false, true, Palette::PLAIN),
        ] {
            assert_eq!(Palette::chosen(is_terminal, no_color), palette);
        }
    }

    #[test]
    fn a_line_has_its_number_its_place_and_its_colours_and_nothing_of_strangers_that_acts() {
        let write = |palette| {
            let mut sheet = Sheet::new(7, palette);
            sheet.line(2, &[(Role::Client, "> "), (Role::Plain, "a\x1b[31mb")]);
            sheet.line(2, &[(Role::Plain, "")]);
            sheet.into_text()
        };
        assert_eq!(write(Palette::PLAIN), "  7   > a\\u{1b}[31mb\n  7\n");
        assert_eq!(
            write(Palette::COLOURS),
            "\x1b[2m  7\x1b[0m   \x1b[36m> \x1b[0ma\\u{1b}[31mb\n\x1b[2m  7\x1b[0m\n"
        );
    }
}
