//! The slips of whoever writes a template or fills it in: where they are, and how to mend them.
//! How they are found is told in `template`.

use std::fmt;

/// Why a text is not a template. `Display` says where and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `{{` without `}}`.
    Unclosed,
    /// `}}` without `{{`.
    Unopened,
    /// A name that is not a lower-case letter followed by such letters, digits and `_`.
    Name(Box<str>),
    /// A place in a tag, outside a quoted value, or in a comment: escaping does not help there.
    Context(Box<str>),
}

impl TemplateError {
    pub(super) fn new(text: &str, at: usize, fault: Fault) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).map_or(0, |l| l.chars().count()) + 1,
            fault,
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        match &self.fault {
            Fault::Unclosed => f.write_str("“{{” opens a place that is never closed; add “}}”."),
            Fault::Unopened => f.write_str("“}}” closes a place that was never opened; remove it."),
            Fault::Name(name) => write!(
                f,
                "“{}” cannot name a place; use a–z, 0–9 and “_”, beginning with a letter, without blanks.",
                name.escape_debug()
            ),
            Fault::Context(name) => write!(
                f,
                "“{{{{{name}}}}}” stands inside a tag or a comment; put it between tags, or into an attribute value in quotes."
            ),
        }
    }
}

impl std::error::Error for TemplateError {}

/// Why values do not fit a template; each names the place. `Display` is one sentence with the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RenderError {
    /// The template has this place, and no value came for it.
    NoValue(Box<str>),
    /// A value came, and the template has no such place.
    NoPlace(Box<str>),
    /// Two values came for one place.
    TwoValues(Box<str>),
    /// Markup came for a place inside an attribute value, where only text can stand.
    MarkupInAttribute(Box<str>),
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue(name) => write!(f, "The place “{name}” got no value; give it one."),
            Self::NoPlace(name) => write!(
                f,
                "The value “{}” has no place in the template; add the place or drop the value.",
                name.escape_debug()
            ),
            Self::TwoValues(name) => write!(f, "The place “{name}” got two values; keep one."),
            Self::MarkupInAttribute(name) => write!(
                f,
                "The place “{name}” stands in an attribute and got markup; give it text."
            ),
        }
    }
}

impl std::error::Error for RenderError {}
