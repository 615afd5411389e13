//! What `tshark -T pdml` prints, as a list of tags: as much of XML as that output uses, and no more.

use std::collections::BTreeMap;

/// An opening tag and its attributes.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    /// `packet`, `proto` or `field`.
    pub(crate) element: String,
    attributes: BTreeMap<String, String>,
}

impl Tag {
    /// An attribute; empty if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// An attribute that is a number.
    pub(crate) fn number(&self, name: &str) -> usize {
        self.get(name).parse().unwrap_or(0)
    }
}

/// All opening tags in order.
pub(crate) fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = tag_end(rest);
        let inner = rest[..end].trim_end_matches('/');
        rest = &rest[end..];
        if inner.starts_with(['/', '?', '!']) {
            continue;
        }
        let (element, attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        tags.push(Tag {
            element: element.to_owned(),
            attributes: read_attributes(attributes),
        });
    }
    tags
}

/// Where the tag ends: values may hold `>` and line ends, but no quotation mark.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    text.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    })
    .unwrap_or(text.len())
}

fn read_attributes(mut text: &str) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    while let Some((name, rest)) = text.split_once("=\"") {
        let Some((value, rest)) = rest.split_once('"') else {
            break;
        };
        attributes.insert(name.trim().to_owned(), unescaped(value));
        text = rest;
    }
    attributes
}

fn unescaped(value: &str) -> String {
    value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}
