//! The pages' files hold together: what one names is there, and nothing in them needs more than
//! the Content-Security-Policy grants.

#![allow(clippy::unwrap_used, reason = "a test stops where a file is missing")]

use std::collections::BTreeMap;
use std::path::Path;

/// The files of one folder of the repository and the folders in it, by their paths below it.
fn files(folder: &str, extension: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(&path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            for (below, text) in self::files(&format!("{folder}/{name}"), extension) {
                files.insert(format!("{name}/{below}"), text);
            }
        } else if path.extension().is_some_and(|e| e == extension) {
            files.insert(name.to_owned(), std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// All that stands between `open` and the next `close`.
fn between<'a>(text: &'a str, open: &'a str, close: char) -> impl Iterator<Item = &'a str> {
    text.split(open)
        .skip(1)
        .map(move |rest| rest.split(close).next().unwrap())
}

#[test]
fn every_module_that_is_imported_exists_and_is_imported_by_a_relative_path() {
    let modules = files("static", "js");
    for (name, text) in &modules {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for import in between(text, " from '", '\'') {
            let target = match (import.strip_prefix("./"), import.strip_prefix("../")) {
                (Some(target), _) if folder.is_empty() => target.to_owned(),
                (Some(target), _) => format!("{folder}/{target}"),
                (_, Some(target)) if !folder.is_empty() => target.to_owned(),
                _ => String::new(),
            };
            assert!(modules.contains_key(&target), "{name} imports {import}");
        }
    }
}

#[test]
fn every_asset_that_a_template_names_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
    let mut seen = 0;
    for (name, text) in files("templates", "html") {
        for asset in between(&text, "\"{{assets}}/", '"') {
            assert!(folder.join(asset).is_file(), "{name} names {asset}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "found only {seen}");
}

#[test]
fn every_element_that_a_script_looks_up_stands_in_a_template() {
    let templates: String = files("templates", "html").into_values().collect();
    for (name, text) in files("static", "js") {
        for lookup in ["byId('", "copyOf('"] {
            for id in between(&text, lookup, '\'') {
                assert!(templates.contains(&format!(" id=\"{id}\"")), "{name}: {id}");
            }
        }
    }
}

#[test]
fn no_script_writes_markup_runs_text_or_asks_another_server() {
    for (name, text) in files("static", "js") {
        for banned in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "'https:",
            "'http:",
            "import(",
            "localStorage",
            "setAttribute('style",
        ] {
            // Naming a scheme to compare with is not asking it.
            let text = text.replace("location.protocol === 'https:'", "");
            assert!(!text.contains(banned), "{name}: {banned}");
        }
    }
}

#[test]
fn the_style_sheet_needs_nothing_from_elsewhere() {
    for (name, text) in files("static", "css") {
        for banned in ["url(", "@import", "@font-face"] {
            assert!(!text.contains(banned), "{name}: {banned}");
        }
    }
}
