//! Puts ES modules together to one script that needs no server: each becomes a function that gives what it exports.
//! No build step and no parser: our modules write imports and exports in one strict form, and what is not in it is refused.
//!
//! ```text
//! import { a, b } from './x.js';     →  const { a, b } = wire_x_js;
//! export function c() { … }          →  function c() { … }   … return { c };
//! ```

use std::collections::BTreeSet;
use std::fmt;

/// A module that cannot be put in: a slip of its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ModuleError {
    /// There is no such file.
    Missing(String),
    /// This line imports or exports in another form than the one that is understood.
    Form {
        /// The file.
        path: String,
        /// The line.
        line: String,
    },
    /// It would end the element that it is put into.
    EndsScript(String),
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "There is no module {path}."),
            Self::Form { path, line } => write!(
                f,
                "{path} says “{line}”: write imports as `import {{ a }} from './b.js';` and exports in front of a class, function or const."
            ),
            Self::EndsScript(path) => write!(f, "{path} holds “</script”: write it in two parts."),
        }
    }
}

impl std::error::Error for ModuleError {}

/// The module `entry` and all that it imports, as one script. `read` gives the text of a file by its path below `static`.
///
/// # Errors
/// `ModuleError`
pub(super) fn bundle(
    entry: &str,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ModuleError> {
    let mut script = String::from("'use strict';\n");
    let mut done = BTreeSet::new();
    // What a module imports is put in front of it; `true` once that has been done.
    let mut waiting = vec![(entry.to_owned(), false)];
    while let Some((path, is_ready)) = waiting.pop() {
        if done.contains(&path) {
            continue;
        }
        let text = read(&path).ok_or_else(|| ModuleError::Missing(path.clone()))?;
        let module = Module::read(&path, &text)?;
        if is_ready {
            module.append_to(&mut script);
            done.insert(path);
            continue;
        }
        let imports: Vec<String> = module.imports.iter().map(|it| it.path.clone()).collect();
        waiting.push((path.clone(), true));
        for import in imports {
            // One that waits below already would import itself: it cannot be put in front of itself.
            let is_circle = waiting
                .iter()
                .any(|(other, ready)| *ready && *other == import);
            if is_circle {
                let line = format!("import … from {import}, which imports it");
                return Err(ModuleError::Form { path, line });
            }
            waiting.push((import, false));
        }
    }
    Ok(script)
}

struct Module<'a> {
    path: &'a str,
    imports: Vec<Import<'a>>,
    exports: Vec<&'a str>,
    body: String,
}

struct Import<'a> {
    names: &'a str,
    path: String,
}

impl<'a> Module<'a> {
    fn read(path: &'a str, text: &'a str) -> Result<Self, ModuleError> {
        if text.to_ascii_lowercase().contains("</script") {
            return Err(ModuleError::EndsScript(path.to_owned()));
        }
        let mut module = Self {
            path,
            imports: Vec::new(),
            exports: Vec::new(),
            body: String::with_capacity(text.len()),
        };
        for line in text.lines() {
            let refused = || ModuleError::Form {
                path: path.to_owned(),
                line: line.to_owned(),
            };
            if line.starts_with("import") {
                module.imports.push(import(path, line).ok_or_else(refused)?);
            } else if let Some(declaration) = line.strip_prefix("export ") {
                module
                    .exports
                    .push(declared(declaration).ok_or_else(refused)?);
                module.body.push_str(declaration);
            } else {
                module.body.push_str(line);
            }
            module.body.push('\n');
        }
        Ok(module)
    }

    fn append_to(&self, script: &mut String) {
        script.push_str(&format!("const {} = (() => {{\n", name_of(self.path)));
        for Import { names, path } in &self.imports {
            script.push_str(&format!("const {{{names}}} = {};\n", name_of(path)));
        }
        script.push_str(self.body.trim_start());
        let exports = self.exports.join(", ");
        script.push_str(&format!("return {{ {exports} }};\n}})();\n"));
    }
}

/// `import { a, b } from './x.js';` in `wire/y.js` is of `wire/x.js`.
fn import<'a>(of: &str, line: &'a str) -> Option<Import<'a>> {
    let (names, from) = line
        .strip_prefix("import {")?
        .strip_suffix("';")?
        .split_once("} from '")?;
    let is_plain = |name: &str| {
        name.trim()
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !names.split(',').all(is_plain) {
        return None;
    }
    let folder = of.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match (from.strip_prefix("./"), from.strip_prefix("../")) {
        (Some(name), _) if folder.is_empty() => name.to_owned(),
        (Some(name), _) => format!("{folder}/{name}"),
        // Our folders are one deep.
        (_, Some(name)) if !folder.is_empty() => name.to_owned(),
        _ => return None,
    };
    Some(Import { names, path })
}

/// The name that `class A extends B {`, `async function a() {` or `const a = 1;` declares.
fn declared(declaration: &str) -> Option<&str> {
    let rest = declaration.strip_prefix("async ").unwrap_or(declaration);
    let rest = ["class ", "function ", "const "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    rest.get(..end).filter(|name| !name.is_empty())
}

fn name_of(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle_of(files: &[(&str, &str)], entry: &str) -> Result<String, ModuleError> {
        bundle(entry, &|path| {
            let found = files.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn each_module_stands_behind_those_it_imports_and_once() {
        let files = [
            (
                "wire/a.js",
                "import { b } from './b.js';\nimport { c } from '../c.js';\nb(c);\n",
            ),
            (
                "wire/b.js",
                "import { c } from '../c.js';\n\nexport function b() {\n  return c;\n}\n",
            ),
            (
                "c.js",
                "const hidden = 1;\nexport const c = hidden;\nexport class D extends E {\n}\nexport async function f() {}\n",
            ),
        ];
        assert_eq!(
            bundle_of(&files, "wire/a.js").unwrap(),
            "'use strict';\n\
             const c_js = (() => {\nconst hidden = 1;\nconst c = hidden;\nclass D extends E {\n}\nasync function f() {}\nreturn { c, D, f };\n})();\n\
             const wire_b_js = (() => {\nconst { c } = c_js;\nfunction b() {\n  return c;\n}\nreturn { b };\n})();\n\
             const wire_a_js = (() => {\nconst { b } = wire_b_js;\nconst { c } = c_js;\nb(c);\nreturn {  };\n})();\n"
        );
    }

    #[test]
    fn what_is_not_in_the_strict_form_is_refused() {
        for line in [
            "import x from './b.js';",
            "import './b.js';",
            "import { x as y } from './b.js';",
            "import { x } from \"./b.js\";",
            "import { x } from 'b.js';",
            "import { x } from '../b.js';",
            "export { x };",
            "export default 1;",
            "export let x = 1;",
        ] {
            let refused = bundle_of(&[("a.js", line), ("b.js", "")], "a.js").unwrap_err();
            assert!(matches!(refused, ModuleError::Form { .. }), "{line}");
            assert!(refused.to_string().contains(line));
        }
        assert_eq!(
            bundle_of(&[("a.js", "import { x } from './b.js';")], "a.js"),
            Err(ModuleError::Missing("b.js".to_owned()))
        );
        assert_eq!(
            bundle_of(&[("a.js", "'</SCRIPT>'")], "a.js"),
            Err(ModuleError::EndsScript("a.js".to_owned()))
        );
        let circle = [
            ("a.js", "import { x } from './b.js';"),
            ("b.js", "import { x } from './a.js';"),
        ];
        assert!(bundle_of(&circle, "a.js").is_err());
    }
}
