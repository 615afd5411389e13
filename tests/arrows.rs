//! Holds the imports of the code to the arrows that `docs/ARCHITECTURE.md` draws.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Arrows = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn drawn() -> Arrows {
    let map = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let block = map
        .split("```arrows\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    block
        .lines()
        .map(|line| {
            let (from, to) = line.split_once('→').expect("an arrow in each line");
            (
                from.trim().to_owned(),
                to.split_whitespace().map(str::to_owned).collect(),
            )
        })
        .collect()
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// The room a file belongs to: the first name below `src`.
fn room_of(path: &Path) -> String {
    let first = path
        .strip_prefix(root().join("src"))
        .unwrap()
        .components()
        .next()
        .unwrap();
    first
        .as_os_str()
        .to_str()
        .unwrap()
        .trim_end_matches(".rs")
        .to_owned()
}

/// Every room that the text names by `crate::room` or, in `main`, `secure_chat::room`.
fn named_in(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut named = BTreeSet::new();
    for line in code {
        for prefix in ["crate::", "secure_chat::"] {
            for rest in line.split(prefix).skip(1) {
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                // `use crate::{a, b}` would go unseen: it is not how this code imports.
                assert!(!rest.starts_with('{'), "one room a line, please: {line}");
                // A macro is exported at the crate's root.
                if !rest[name.len()..].starts_with('!') && !name.is_empty() {
                    named.insert(name);
                }
            }
        }
    }
    named
}

fn found() -> Arrows {
    let mut files = Vec::new();
    source_files(&root().join("src"), &mut files);
    assert!(files.len() > 30, "the source was not found");
    let mut arrows = Arrows::new();
    for path in files {
        let room = room_of(&path);
        if room == "lib" {
            continue;
        }
        let named = named_in(&std::fs::read_to_string(&path).unwrap());
        arrows
            .entry(room.clone())
            .or_default()
            .extend(named.into_iter().filter(|name| *name != room));
    }
    arrows
}

#[test]
fn every_import_follows_an_arrow_and_every_arrow_is_used() {
    let (drawn, found) = (drawn(), found());
    let rooms: BTreeSet<_> = drawn.keys().chain(found.keys()).collect();
    for room in rooms {
        let (drawn, found) = (drawn.get(room), found.get(room));
        assert_eq!(
            drawn, found,
            "what {room} may use (left) and what it uses (right)"
        );
    }
}

#[test]
fn an_import_in_the_middle_of_a_line_is_seen_and_one_in_a_comment_is_not() {
    let text =
        "use crate::http::Response;\nlet x = a(crate::store::B, crate::log!(c));\n// crate::chat";
    assert_eq!(named_in(text), ["http", "store"].map(str::to_owned).into());
}
