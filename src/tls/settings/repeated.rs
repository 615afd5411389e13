//! Finds members that stand twice in one JSON object, which the JSON reader silently overwrites.
//! Works on text that was found to be JSON before: it tells objects, lists and strings apart, no more.

use std::collections::HashMap;

use super::Problem;
use super::members::in_words;

/// An object that has been opened and not yet closed.
#[derive(Default)]
struct Open {
    /// Its members so far, each with its line.
    lines: HashMap<String, usize>,
    /// The member whose value is being read.
    member: String,
    is_object: bool,
}

/// One problem for each member that stands in its object again.
///
/// RFC 8259 §4 leaves open what a repeated name means; two readers of the file could then
/// believe two things, so it is refused.
pub(super) fn repeated_members(json: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut line = 1;
    let mut expects_name = false;
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let step = match c {
            '"' => string_len(rest),
            _ => c.len_utf8(),
        };
        let (token, behind) = rest.split_at_checked(step).unwrap_or((rest, ""));
        rest = behind;
        match c {
            '\n' => line += 1,
            '{' | '[' => open.push(Open {
                is_object: c == '{',
                ..Open::default()
            }),
            '}' | ']' => drop(open.pop()),
            _ => {}
        }
        let inside_object = open.last().is_some_and(|open| open.is_object);
        match c {
            '{' | ',' => expects_name = inside_object,
            '"' if expects_name => {
                expects_name = false;
                let name = serde_json::from_str(token).unwrap_or_default();
                problems.extend(enter(&mut open, name, line));
            }
            _ => {}
        }
    }
    problems
}

/// Notes that a member begins; gives the problem if it began before.
fn enter(open: &mut [Open], name: String, line: usize) -> Option<Problem> {
    let (object, outer) = open.split_last_mut()?;
    object.member.clone_from(&name);
    let first = object.lines.insert(name, line)?;
    let mut path: Vec<String> = outer
        .iter()
        .filter(|outer| outer.is_object)
        .map(|outer| in_words(&outer.member))
        .collect();
    path.push(in_words(&object.member));
    Some(Problem {
        at: path.join("."),
        sentence: format!("stands twice, in lines {first} and {line}. Keep one."),
    })
}

/// The length of the string at the beginning of `text`, quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (position, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_may_stand_once_in_its_object() {
        for (json, found) in [
            ("{}", vec![]),
            (r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#, vec![]),
            (r#"{"a":"a","b":["a","a"],"c":"{\"a\":1,\"a\":2}"}"#, vec![]),
            (r#"{"a\"":1,"a":2}"#, vec![]),
            (
                r#"{"a":1,"b":2,"a":3}"#,
                vec!["a: stands twice, in lines 1 and 1. Keep one."],
            ),
            (
                r#"{"":1,"":{"":2,"":3}}"#,
                vec![
                    "\"\": stands twice, in lines 1 and 1. Keep one.",
                    "\"\".\"\": stands twice, in lines 1 and 1. Keep one.",
                ],
            ),
            (
                "{\"a\":1,\n\"\\u0061\":2}",
                vec!["a: stands twice, in lines 1 and 2. Keep one."],
            ),
            (
                "{\"s\":{\n\"d\":1,\n\n\"d\":2},\"s\":[]}",
                vec![
                    "s.d: stands twice, in lines 2 and 4. Keep one.",
                    "s: stands twice, in lines 1 and 4. Keep one.",
                ],
            ),
        ] {
            serde_json::from_str::<serde_json::Value>(json).unwrap();
            let problems: Vec<String> = repeated_members(json)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(problems, found, "{json}");
        }
    }
}
