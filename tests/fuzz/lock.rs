//! The build for libFuzzer has a lock file of its own, which nobody looks at until they fuzz: here it is held to the program's.
//! No cargo: whether it could be built is not asked, since that takes packages which nothing else needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A file of the repository.
fn text_of(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The versions of each package of a lock file.
fn packages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut packages: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let text = text_of(file);
    for package in text.split("[[package]]").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap().trim_matches('"').to_owned()
        };
        packages
            .entry(value("name = "))
            .or_default()
            .insert(value("version = "));
    }
    packages
}

/// The names of what the program itself needs.
fn dependencies() -> BTreeSet<String> {
    let manifest = text_of("Cargo.toml");
    let (_, section) = manifest.split_once("\n[dependencies]\n").unwrap();
    let lines = section.lines().take_while(|line| !line.is_empty());
    lines
        .filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()))
        .collect()
}

#[test]
fn the_guided_build_takes_what_the_program_takes_in_the_same_versions() {
    let program = packages("Cargo.lock");
    let guided = packages("tests/fuzz/guided/Cargo.lock");
    let needed = dependencies();
    assert!(needed.contains("tokio"), "{needed:?}");
    let cure = "cargo update --offline --workspace --manifest-path tests/fuzz/guided/Cargo.toml";
    for name in &needed {
        assert!(guided.contains_key(name), "{name} is not in it: {cure}");
    }
    for (name, versions) in &guided {
        if let Some(known) = program.get(name) {
            assert!(
                versions.is_subset(known),
                "{name} {versions:?}, not {known:?}: {cure}"
            );
        }
    }
}
