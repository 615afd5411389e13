//! Fills the places of an HTML template: `{{name}}`, always escaped, and no logic at all.
//! No files, routes or pages: text comes in, markup goes out, and whoever wants a condition composes two templates.
//!
//! Two things keep a stranger's `<script>` text. A value is escaped wherever it lands, and a place
//! may only stand where escaping is enough: in the text between tags, or in a quoted
//! attribute value (OWASP, Cross Site Scripting Prevention: HTML and attribute contexts). The only
//! way past the escaping is `Markup`, and the only way to make one is to render a template.

use std::fmt;

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
    fn new(text: &str, at: usize, fault: Fault) -> Self {
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
mod tests {
    use super::*;

    fn render(template: &str, values: &[(&str, Value<'_>)]) -> String {
        let markup = Template::parse(template).unwrap().render(values).unwrap();
        assert_eq!(markup.0.capacity(), markup.0.len(), "one exact allocation");
        markup.into_string()
    }

    #[test]
    fn places_are_filled_in_order_and_as_often_as_they_stand() {
        for (template, expected) in [
            ("", ""),
            ("plain { and } stay", "plain { and } stay"),
            ("{{a}}", "1"),
            ("{{a}}{{b}}", "12"),
            ("<p>{{a}} – {{b}} – {{a}}</p>", "<p>1 – 2 – 1</p>"),
            ("ä{{a}}ö\n{{b}}", "ä1ö\n2"),
        ] {
            let parsed = Template::parse(template).unwrap();
            let all = [("a", Value::Text("1")), ("b", Value::Text("2"))];
            let fitting: Vec<_> = all
                .into_iter()
                .filter(|(name, _)| parsed.places().any(|place| place == *name))
                .collect();
            assert_eq!(render(template, &fitting), expected);
        }
    }

    #[test]
    fn text_stays_text_whatever_it_says() {
        for (hostile, shown) in [
            (
                "<script>alert(1)</script>",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            (
                "\" onmouseover=\"alert(1)",
                "&quot; onmouseover=&quot;alert(1)",
            ),
            (
                "' autofocus onfocus='alert(1)",
                "&#39; autofocus onfocus=&#39;alert(1)",
            ),
            ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            (
                "</title><img src=x onerror=alert(1)>",
                "&lt;/title&gt;&lt;img src=x onerror=alert(1)&gt;",
            ),
            (
                "--><svg/onload=alert(1)>",
                "--&gt;&lt;svg/onload=alert(1)&gt;",
            ),
            ("{{b}}", "{{b}}"),
            ("& < > \" '", "&amp; &lt; &gt; &quot; &#39;"),
            ("ünïcode 日本語 \u{202e}", "ünïcode 日本語 \u{202e}"),
        ] {
            let value = [("a", Value::Text(hostile))];
            assert_eq!(render("<b>{{a}}</b>", &value), format!("<b>{shown}</b>"));
            assert_eq!(
                render("<b title=\"{{a}}\"></b>", &value),
                format!("<b title=\"{shown}\"></b>")
            );
        }
    }

    #[test]
    fn markup_of_our_own_goes_in_as_it_is_and_is_escaped_only_once() {
        let row = Template::parse("<li>{{name}}</li>").unwrap();
        let rows: Vec<Markup> = ["<ana>", "bob & co"]
            .iter()
            .map(|name| row.render(&[("name", Value::Text(name))]).unwrap())
            .collect();
        assert_eq!(
            render(
                "<ol>{{rows}}</ol>",
                &[("rows", Value::Markup(&Markup::concat(&rows)))]
            ),
            "<ol><li>&lt;ana&gt;</li><li>bob &amp; co</li></ol>"
        );
        assert_eq!(
            render(
                "<p>{{none}}</p>",
                &[("none", Value::Markup(&Markup::default()))]
            ),
            "<p></p>"
        );
    }

    #[test]
    fn a_bad_place_is_named_with_its_line_and_column() {
        let name = |text: &str| Fault::Name(text.into());
        let context = |text: &str| Fault::Context(text.into());
        for (template, line, column, fault) in [
            ("{{a", 1, 1, Fault::Unclosed),
            ("<p>\n  ä {{a}} {{b", 2, 11, Fault::Unclosed),
            ("{{a {{b}}", 1, 1, Fault::Unclosed),
            ("a }} b", 1, 3, Fault::Unopened),
            ("{{a}} }}", 1, 7, Fault::Unopened),
            ("}} {{a}}", 1, 1, Fault::Unopened),
            ("x\n{{}}", 2, 1, name("")),
            ("{{ a }}", 1, 1, name(" a ")),
            ("{{A}}", 1, 1, name("A")),
            ("{{1a}}", 1, 1, name("1a")),
            ("{{a-b}}", 1, 1, name("a-b")),
            ("{{{a}}}", 1, 1, name("{a")),
            ("<p {{a}}>", 1, 4, context("a")),
            ("<p title={{a}}>", 1, 10, context("a")),
            ("<p title='>' {{a}}>", 1, 14, context("a")),
            ("<p title='\"' {{a}}>", 1, 14, context("a")),
            ("<{{a}}>", 1, 2, context("a")),
            ("</{{a}}>", 1, 3, context("a")),
            ("<!{{a}}>", 1, 3, context("a")),
            ("<p title=\"x\" {{a}}>", 1, 14, context("a")),
            ("<!-- {{a}} -->", 1, 6, context("a")),
            ("<!-- > \" {{a}} -->", 1, 10, context("a")),
        ] {
            assert_eq!(
                Template::parse(template),
                Err(TemplateError {
                    line,
                    column,
                    fault
                }),
                "{template}"
            );
        }
    }

    #[test]
    fn a_place_may_stand_wherever_escaping_is_enough() {
        for (template, in_attribute) in [
            ("{{a}}", false),
            ("<p>{{a}}</p>", false),
            ("<p title=\">\">{{a}}</p>", false),
            ("<p title=\"<b>{{a}}\">", true),
            ("<p title='\" > {{a}}'>", true),
            ("1 < 2 {{a}}", false),
            ("<!doctype html>{{a}}", false),
            ("<!-->{{a}}", false),
            ("<!-- it's \"so\" --><p>{{a}}</p>", false),
            ("<p><!-- <p title=\" -->{{a}}</p>", false),
            ("<a href=\"/chat/{{a}}\">", true),
            ("<a href=\"{{b}}\" title=\"{{a}}\">", true),
        ] {
            let pieces = Template::parse(template).unwrap().pieces;
            let expected = Piece::Place {
                name: "a".into(),
                in_attribute,
            };
            assert!(pieces.contains(&expected), "{template}");
        }
    }

    #[test]
    fn values_and_places_must_be_the_same_set() {
        let template = Template::parse("<p id=\"{{a}}\">{{b}}</p>").unwrap();
        let text = Value::Text("x");
        let markup = Markup::default();
        let render =
            |values: &[(&str, Value<'_>)]| template.render(values).map(Markup::into_string);
        assert_eq!(
            render(&[("b", text), ("a", text)]),
            Ok("<p id=\"x\">x</p>".into())
        );
        for (values, error) in [
            (vec![], RenderError::NoValue("a".into())),
            (vec![("a", text)], RenderError::NoValue("b".into())),
            (
                vec![("a", text), ("b", text), ("c", text)],
                RenderError::NoPlace("c".into()),
            ),
            (
                vec![("a", text), ("b", text), ("a", text)],
                RenderError::TwoValues("a".into()),
            ),
            (
                vec![("a", Value::Markup(&markup)), ("b", text)],
                RenderError::MarkupInAttribute("a".into()),
            ),
        ] {
            assert_eq!(render(&values), Err(error), "{values:?}");
        }
    }

    /// What a browser makes of escaped text: the way back, for the test below.
    fn unescape(html: &str) -> String {
        [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&amp;", "&"),
        ]
        .iter()
        .fold(html.to_owned(), |text, (escaped, plain)| {
            text.replace(escaped, plain)
        })
    }

    #[test]
    fn mutated_input_never_panics_and_never_opens_a_tag() {
        const ALPHABET: [&str; 16] = [
            "{{", "}}", "{", "a", "{{a}}", "{{b_1}}", "<", "<p", "<!--", "-->", ">", "\"", "'",
            "&", "é", "\n",
        ];
        // xorshift64 (Marsaglia 2003): the same cases on every run.
        let mut state = 0x5eed_u64;
        let mut pick = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).unwrap()
        };
        let mut rendered = 0;
        for _ in 0..20_000 {
            let mut word = |length: usize| -> String {
                (0..length)
                    .map(|_| ALPHABET[pick(ALPHABET.len())])
                    .collect()
            };
            let (hostile, text) = (word(6), word(9));
            if let Ok(template) = Template::parse(&text) {
                let mut names: Vec<&str> = template.places().collect();
                names.sort_unstable();
                names.dedup();
                let values: Vec<_> = names.iter().map(|n| (*n, Value::Text(&hostile))).collect();
                template.render(&values).unwrap();
                rendered += usize::from(!values.is_empty());
            }
            let html = render("{{a}}", &[("a", Value::Text(&hostile))]);
            assert!(!html.contains(['<', '>', '"', '\'']), "{hostile:?}");
            assert_eq!(unescape(&html), hostile);
        }
        assert!(
            rendered > 1000,
            "too few of the templates had a place: {rendered}"
        );
    }

    #[test]
    fn every_template_of_this_repository_parses_and_obeys_the_content_security_policy() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            if let Err(error) = Template::parse(&text) {
                panic!("{}: {error}", path.display());
            }
            // Written out, as a browser sees them; single quotes would hide from the context check.
            for banned in [
                "<style",
                " style=",
                " onclick=",
                " onload=",
                "='",
                "javascript:",
                "http:",
                "https:",
            ] {
                assert!(!text.contains(banned), "{}: {banned}", path.display());
            }
            assert!(
                !text.replace("></script>", "").contains("</script>"),
                "{}",
                path.display()
            );
            seen += 1;
        }
        assert!(seen > 5, "no templates found");
    }
}
