//! Holds `docs/SUPPORTED.md` to its word: each test that it names exists.
//! Whether the tests show what the page says is for readers to judge.

#![cfg(test)]

use std::path::{Path, PathBuf};

/// Where `module::…::name` of the page stands, and the name.
fn place(test: &str) -> (PathBuf, &str) {
    let (modules, name) = test.rsplit_once("::").unwrap();
    let folder = if modules.starts_with("http") {
        "src"
    } else {
        "tests/journey"
    };
    let file = format!("{folder}/{}.rs", modules.replace("::", "/"));
    (Path::new(env!("CARGO_MANIFEST_DIR")).join(file), name)
}

#[test]
fn every_test_that_the_page_names_exists() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SUPPORTED.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, http) = page.split_once("\n## HTTP/1.1").unwrap();
    let http = http.split("\n## ").next().unwrap();
    let rows = http
        .lines()
        .filter(|line| line.starts_with("| ") && !line.ends_with("| shown by |"));
    let mut named = 0;
    for row in rows {
        let shown_by = row.rsplit('|').nth(1).unwrap();
        let tests: Vec<&str> = shown_by.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test shows this: {row}");
        for test in tests {
            let (file, name) = place(test);
            let code = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(code.contains(&format!("fn {name}(")), "there is no {test}");
            named += 1;
        }
    }
    assert!(named > 50, "{named} tests are few: were the tables found?");
}
