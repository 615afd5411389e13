//! Lines of a transcript: a gutter with the connection's number, indentation, colours.
//! The one door to the terminal: every text goes through `visible` here.

use super::visible::visible;

/// Lines longer than this go on in another line, if they have a space to be divided at.
const WIDTH: usize = 100;

/// How wide the connection's number and the space behind it are.
const GUTTER: usize = 4;

/// How much further in the rest of a line stands.
const HANGING: usize = 4;

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
    number: u64,
    palette: Palette,
    text: String,
    /// How wide the line under way is.
    column: usize,
}

impl Sheet {
    /// Empty, for the connection of this number.
    pub(super) fn new(number: u64, palette: Palette) -> Self {
        Self {
            number,
            palette,
            text: String::new(),
            column: 0,
        }
    }

    /// Adds a line: so many spaces behind the gutter, then these pieces one behind the other.
    pub(super) fn line(&mut self, indent: usize, pieces: &[(Role, &str)]) {
        self.wrapped(indent, indent + HANGING, pieces);
    }

    /// Adds a line whose rest, should it be too long, stands further in: below the last of these pieces.
    pub(super) fn columns(&mut self, pieces: &[(Role, &str)]) {
        let before = pieces.split_last().map_or(&[][..], |(_, before)| before);
        let width = before.iter().map(|(_, text)| text.chars().count()).sum();
        self.wrapped(0, width, pieces);
    }

    fn wrapped(&mut self, indent: usize, hanging: usize, pieces: &[(Role, &str)]) {
        self.begin_line(indent);
        for (role, text) in pieces {
            let text = visible(text);
            // A mark stays in one piece.
            let is_divisible = *role != Role::Secret;
            let (mut from, mut at) = (0, 0);
            for mut word in text.split_inclusive(|c| c == ' ' && is_divisible) {
                let len = word.trim_end().chars().count();
                if self.column + len > WIDTH && self.column > GUTTER + hanging {
                    self.piece(*role, text.get(from..at).unwrap_or_default());
                    self.end_line();
                    self.begin_line(hanging);
                    let len = word.len();
                    word = word.trim_start();
                    at += len - word.len();
                    from = at;
                }
                at += word.len();
                self.column += word.chars().count();
            }
            self.piece(*role, text.get(from..).unwrap_or_default());
        }
        self.end_line();
    }

    /// All lines so far.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn begin_line(&mut self, indent: usize) {
        let Palette { faint, reset, .. } = self.palette;
        let number = self.number;
        self.text.push_str(&format!("{faint}{number:>3}{reset}"));
        self.text.extend(std::iter::repeat_n(' ', indent + 1));
        self.column = GUTTER + indent;
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// Adds a piece that is safe to print.
    fn piece(&mut self, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        let begin = self.palette.begin(role);
        self.text.push_str(begin);
        self.text.push_str(text);
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

    #[test]
    fn a_long_line_goes_on_below_where_it_has_a_space() {
        let write = |text: &str| {
            let mut sheet = Sheet::new(7, Palette::PLAIN);
            sheet.line(1, &[(Role::Plain, "> "), (Role::Plain, text)]);
            sheet.into_text()
        };
        let word = "w".repeat(30);
        let (three, long) = (format!("{word} {word} {word}"), "l".repeat(200));
        for (text, lines) in [
            (three.clone(), format!("  7  > {three}\n")),
            (
                format!("{three} {word} end"),
                format!("  7  > {three}\n  7      {word} end\n"),
            ),
            // What cannot be divided stays whole, so that it can be searched for.
            (long.clone(), format!("  7  > {long}\n")),
            (
                format!("{long} {long}"),
                format!("  7  > {long}\n  7      {long}\n"),
            ),
            (
                format!("{word} {long}"),
                format!("  7  > {word}\n  7      {long}\n"),
            ),
        ] {
            assert_eq!(write(&text), lines);
        }
    }

    #[test]
    fn a_mark_stays_in_one_piece() {
        let mut sheet = Sheet::new(7, Palette::PLAIN);
        let text = "t".repeat(90);
        sheet.line(0, &[(Role::Plain, &text), (Role::Secret, "   ← look here")]);
        assert_eq!(
            sheet.into_text(),
            format!("  7 {text}\n  7     ← look here\n")
        );
    }
}
