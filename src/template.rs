//! Fills the places of an HTML template: `{{name}}`, always escaped, and no logic at all.
//! No files, routes or pages: text comes in, markup goes out, and whoever wants a condition composes two templates.
//!
//! Two things keep a stranger's `<script>` text. A value is escaped wherever it lands, and a place
//! may only stand where escaping is enough: in the text between tags, or in a quoted
//! attribute value (OWASP, Cross Site Scripting Prevention: HTML and attribute contexts). The only
//! way past the escaping is `Markup`, and the only way to make one is to render a template.

mod error;

pub use error::{Fault, RenderError, TemplateError};

/// A template, cut into its literal pieces and its places once, at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
    /// The names of all places, each once.
    names: Vec<Box<str>>,
    literal_len: usize,
}

impl Template {
    /// Reads `text` as a template.
    ///
    /// # Errors
    /// What is wrong with the first bad place, and in which line and column it begins.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut names: Vec<Box<str>> = Vec::new();
        let mut literal_len = 0;
        let mut context = Context::Text;
        let mut rest = text;
        loop {
            let (literal, found) = split_at_place(rest).map_err(|(at, fault)| {
                TemplateError::new(text, text.len() - rest.len() + at, fault)
            })?;
            context = context.after(literal);
            literal_len += literal.len();
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.into()));
            }
            let Some((name, behind)) = found else {
                return Ok(Self {
                    pieces,
                    names,
                    literal_len,
                });
            };
            let at = text.len() - rest.len() + literal.len();
            let in_attribute = match context {
                Context::Text => false,
                Context::Quoted(_) => true,
                Context::Tag | Context::Comment => {
                    return Err(TemplateError::new(text, at, Fault::Context(name.into())));
                }
            };
            let known = names.iter().position(|known| **known == *name);
            let name_index = known.unwrap_or(names.len());
            if known.is_none() {
                names.push(name.into());
            }
            pieces.push(Piece::Place {
                name_index,
                in_attribute,
            });
            rest = behind;
        }
    }

    /// Puts `values` into their places, in one allocation of exactly the length that is needed.
    ///
    /// # Errors
    /// A place without a value, a value without a place or given twice, and markup for a place in
    /// an attribute: all of them slips of the page's author, none of its reader.
    pub fn render(&self, values: &[(&str, Value<'_>)]) -> Result<Markup, RenderError> {
        let by_name = self.by_name(values)?;
        let value_at = |name_index: &usize| by_name.get(*name_index).copied();
        let mut markup_len = self.literal_len;
        for piece in &self.pieces {
            let Piece::Place {
                name_index,
                in_attribute,
            } = piece
            else {
                continue;
            };
            markup_len += match value_at(name_index) {
                Some(Value::Text(text)) => escaped_len(text),
                Some(Value::Markup(_)) if *in_attribute => {
                    let name = self.names.get(*name_index).cloned();
                    return Err(RenderError::MarkupInAttribute(name.unwrap_or_default()));
                }
                Some(Value::Markup(markup)) => markup.0.len(),
                None => 0,
            };
        }
        let mut html = String::with_capacity(markup_len);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => html.push_str(literal),
                Piece::Place { name_index, .. } => match value_at(name_index) {
                    Some(Value::Text(text)) => push_escaped(&mut html, text),
                    Some(Value::Markup(markup)) => html.push_str(&markup.0),
                    None => {}
                },
            }
        }
        Ok(Markup(html))
    }

    /// The names of all places, each once, in the order in which they come first.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The values in the order of `names`, each of which has one, and none is left over.
    fn by_name<'a>(&self, values: &[(&str, Value<'a>)]) -> Result<Vec<Value<'a>>, RenderError> {
        let mut by_name = Vec::with_capacity(self.names.len());
        for name in self.places() {
            by_name.push(value_of(values, name)?);
        }
        // Where all names have values and there are no more of these, none of them stands twice or has no place.
        if values.len() > by_name.len() {
            let mut seen = Vec::new();
            for (name, _) in values {
                if !self.places().any(|place| place == *name) {
                    return Err(RenderError::NoPlace((*name).into()));
                }
                if seen.contains(name) {
                    return Err(RenderError::TwoValues((*name).into()));
                }
                seen.push(*name);
            }
        }
        Ok(by_name)
    }
}

/// What goes into a place.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Anything at all; it is escaped.
    Text(&'a str),
    /// What another template made; it is taken as it is.
    Markup(&'a Markup),
}

/// HTML that templates of ours made. `Markup::default()` is the empty piece, for a place that stays empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// The HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The HTML, as the body of a response.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Several pieces one behind the other: a list made of its rows.
    #[must_use]
    pub fn concat(parts: &[Self]) -> Self {
        let mut html = String::with_capacity(parts.iter().map(|part| part.0.len()).sum());
        for part in parts {
            html.push_str(&part.0);
        }
        Self(html)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    /// `name_index`: which of the template's names it has.
    Place {
        name_index: usize,
        in_attribute: bool,
    },
}

/// Where in HTML a reader stands: as much of the tokeniser (HTML §13.2.5) as our templates need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    /// Between tags.
    Text,
    /// Between `<` and `>`, outside quotes.
    Tag,
    /// In an attribute value between two of these quotes.
    Quoted(char),
    /// Between `<!--` and `-->`.
    Comment,
}

impl Context {
    /// Where the reader stands behind `literal`.
    fn after(self, literal: &str) -> Self {
        let mut context = self;
        for (at, c) in literal.char_indices() {
            context = match (context, c) {
                (Self::Text, '<') => Self::opened_by(literal.get(at + 1..).unwrap_or("")),
                (Self::Tag, '>') => Self::Text,
                (Self::Tag, '"' | '\'') => Self::Quoted(c),
                (Self::Quoted(quote), _) if c == quote => Self::Tag,
                (Self::Comment, '>') if literal.get(..at).is_some_and(|s| s.ends_with("--")) => {
                    Self::Text
                }
                _ => context,
            };
        }
        context
    }

    /// What a `<` begins, seen from what follows it. A place right behind it could make it anything.
    fn opened_by(following: &str) -> Self {
        if following.starts_with("!--") {
            return Self::Comment;
        }
        match following.chars().next() {
            None | Some('/' | '!' | '?' | 'a'..='z' | 'A'..='Z') => Self::Tag,
            Some(_) => Self::Text,
        }
    }
}

/// A place that was found: its name, and the text behind it.
type Found<'a> = Option<(&'a str, &'a str)>;

/// Cuts `text` before its first place. A fault comes with its offset.
fn split_at_place(text: &str) -> Result<(&str, Found<'_>), (usize, Fault)> {
    let open = text.find("{{");
    let close = text.find("}}");
    match (open, close) {
        (None, None) => return Ok((text, None)),
        (None, Some(close)) => return Err((close, Fault::Unopened)),
        (Some(open), Some(close)) if close < open => return Err((close, Fault::Unopened)),
        (Some(_), _) => {}
    }
    let Some((literal, inside)) = text.split_once("{{") else {
        return Ok((text, None));
    };
    let Some((name, behind)) = inside.split_once("}}") else {
        return Err((literal.len(), Fault::Unclosed));
    };
    if name.contains("{{") {
        return Err((literal.len(), Fault::Unclosed));
    }
    if !is_name(name) {
        return Err((literal.len(), Fault::Name(name.into())));
    }
    Ok((literal, Some((name, behind))))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn value_of<'a>(values: &[(&str, Value<'a>)], name: &str) -> Result<Value<'a>, RenderError> {
    values
        .iter()
        .find(|(given, _)| *given == name)
        .map(|(_, value)| *value)
        .ok_or_else(|| RenderError::NoValue(name.into()))
}

/// What a character becomes where it could be taken for markup; `None` if it stays. Each of them is one byte long in UTF-8, and no byte
/// of a longer character is one of these (RFC 3629 §3).
fn escape(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#39;"),
        _ => None,
    }
}

fn escaped_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| escape(byte).map_or(1, str::len))
        .sum()
}

fn push_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some((at, escaped)) = rest
        .bytes()
        .enumerate()
        .find_map(|(at, byte)| escape(byte).map(|escaped| (at, escaped)))
    {
        html.push_str(rest.get(..at).unwrap_or(""));
        html.push_str(escaped);
        rest = rest.get(at + 1..).unwrap_or("");
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests;
