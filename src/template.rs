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
    literal_len: usize,
}

impl Template {
    /// Reads `text` as a template.
    ///
    /// # Errors
    /// What is wrong with the first bad place, and in which line and column it begins.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
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
            pieces.push(Piece::Place {
                name: name.into(),
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
        self.check_values(values)?;
        let mut markup_len = self.literal_len;
        for piece in &self.pieces {
            markup_len += match piece {
                Piece::Literal(_) => 0,
                Piece::Place { name, in_attribute } => match value_of(values, name)? {
                    Value::Text(text) => escaped_len(text),
                    Value::Markup(_) if *in_attribute => {
                        return Err(RenderError::MarkupInAttribute(name.clone()));
                    }
                    Value::Markup(markup) => markup.0.len(),
                },
            };
        }
        let mut html = String::with_capacity(markup_len);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => html.push_str(literal),
                Piece::Place { name, .. } => match value_of(values, name)? {
                    Value::Text(text) => push_escaped(&mut html, text),
                    Value::Markup(markup) => html.push_str(&markup.0),
                },
            }
        }
        Ok(Markup(html))
    }

    /// The names of all places in their order; a name that stands twice comes twice.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Place { name, .. } => Some(&**name),
        })
    }

    fn check_values(&self, values: &[(&str, Value<'_>)]) -> Result<(), RenderError> {
        for (index, (name, _)) in values.iter().enumerate() {
            if !self.places().any(|place| place == *name) {
                return Err(RenderError::NoPlace((*name).into()));
            }
            if values.iter().take(index).any(|(other, _)| other == name) {
                return Err(RenderError::TwoValues((*name).into()));
            }
        }
        Ok(())
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
    Place { name: Box<str>, in_attribute: bool },
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

/// What a character becomes where it could be taken for markup; `None` if it stays.
fn escape(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}

fn escaped_len(text: &str) -> usize {
    text.chars()
        .map(|c| escape(c).map_or(c.len_utf8(), str::len))
        .sum()
}

fn push_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some((at, escaped)) = rest
        .char_indices()
        .find_map(|(at, c)| escape(c).map(|escaped| (at, escaped)))
    {
        html.push_str(rest.get(..at).unwrap_or(""));
        html.push_str(escaped);
        // Every character that is escaped is one byte long.
        rest = rest.get(at + 1..).unwrap_or("");
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests;
