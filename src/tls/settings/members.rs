//! Takes the members of one JSON object by name and type, and notes what is wrong with them.
//! Knows no setting: which ones there are is said by `settings`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Problem;
use super::alternatives::Alternatives;
use crate::spelling;

/// A member whose name begins so is a remark for people: JSON has no comments.
const REMARK: &str = "//";

/// How much of a wrong value is repeated in the sentence about it, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// One object of the file, and the list of everything wrong with the file so far.
pub(super) struct Members<'file, 'list> {
    path: String,
    object: &'file Map<String, Value>,
    problems: &'list mut Vec<Problem>,
}

impl<'file, 'list> Members<'file, 'list> {
    /// `path` is where the object stands in the file; empty for the whole file.
    pub(super) fn new(
        path: &str,
        object: &'file Map<String, Value>,
        problems: &'list mut Vec<Problem>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            object,
            problems,
        }
    }

    /// Whether the member was written at all.
    pub(super) fn has(&self, key: &str) -> bool {
        self.object.get(key).is_some_and(|value| !value.is_null())
    }

    /// Notes a problem with the place `at`.
    pub(super) fn problem(&mut self, at: String, sentence: String) {
        self.problems.push(Problem { at, sentence });
    }

    /// Notes a problem with one member.
    pub(super) fn problem_at(&mut self, key: &str, sentence: String) {
        self.problem(self.at(key), sentence);
    }

    /// Notes a problem with the object itself.
    pub(super) fn problem_here(&mut self, sentence: String) {
        self.problem(self.path.clone(), sentence);
    }

    /// Notes each member that is neither one of `known` nor a remark. `refused` are names that
    /// people may expect, with the reason why they mean nothing here.
    pub(super) fn refuse_unknown(&mut self, known: &[&str], refused: &[(&[&str], &str)]) {
        let strangers = self
            .object
            .keys()
            .filter(|key| !key.starts_with(REMARK) && !known.contains(&key.as_str()));
        for key in strangers {
            let reason = refused
                .iter()
                .find(|(names, _)| names.contains(&key.as_str()));
            let sentence = match (reason, spelling::nearest(key, known.iter().copied())) {
                (Some((_, reason)), _) => format!("cannot be set: {reason}. Remove it."),
                (None, Some(nearest)) => {
                    format!("there is no such setting. Did you mean \"{nearest}\"?")
                }
                (None, None) => format!(
                    "there is no such setting. There are: {}. (A name that begins with {REMARK} is a remark.)",
                    known.join(", ")
                ),
            };
            self.problems.push(Problem {
                at: join(&self.path, key),
                sentence,
            });
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.object.get(key)?;
        if value.as_bool().is_none() {
            self.wrong(self.at(key), value, "true or false");
        }
        value.as_bool()
    }

    /// A whole number within `range`.
    pub(super) fn whole<T: TryFrom<u64>>(
        &mut self,
        key: &str,
        range: RangeInclusive<u64>,
    ) -> Option<T> {
        let value = self.object.get(key)?;
        let number = value.as_u64().filter(|number| range.contains(number));
        if number.is_none() {
            let wanted = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong(self.at(key), value, &wanted);
        }
        number.and_then(|number| T::try_from(number).ok())
    }

    /// A path, counted from `folder`. `null` stands for none.
    pub(super) fn path(&mut self, key: &str, folder: &Path) -> Option<PathBuf> {
        let value = self.object.get(key).filter(|value| !value.is_null())?;
        let path = value
            .as_str()
            .filter(|path| !path.is_empty() && !path.contains('\0'));
        if path.is_none() {
            self.wrong(self.at(key), value, "the path of a file in quotes");
        }
        path.map(|path| folder.join(path))
    }

    /// An object within this one. `null` stands for none.
    pub(super) fn object(&mut self, key: &str) -> Option<Members<'file, '_>> {
        let value = self.object.get(key).filter(|value| !value.is_null())?;
        let path = self.at(key);
        match value.as_object() {
            Some(object) => Some(Members {
                path,
                object,
                problems: self.problems,
            }),
            None => {
                self.wrong(path, value, "an object in { and }");
                None
            }
        }
    }

    /// A list of strings, each with its place in the file.
    pub(super) fn strings(&mut self, key: &str) -> Option<Vec<(String, &'file str)>> {
        let value = self.object.get(key)?;
        let Some(list) = value.as_array() else {
            self.wrong(self.at(key), value, "a list of strings in [ and ]");
            return None;
        };
        let mut strings: Vec<(String, &str)> = Vec::new();
        for (position, element) in list.iter().enumerate() {
            let at = format!("{}[{position}]", self.at(key));
            match element.as_str() {
                Some(text) if strings.iter().any(|(_, before)| *before == text) => {
                    self.problem(at, format!("{text:?} stands in the list before. Keep one."));
                }
                Some(text) => strings.push((at, text)),
                None => self.wrong(at, element, "a string in quotes"),
            }
        }
        Some(strings)
    }

    /// One name out of several.
    pub(super) fn one_of<T>(&mut self, key: &str, alternatives: &Alternatives<T>) -> Option<T> {
        let value = self.object.get(key)?;
        let Some(name) = value.as_str() else {
            self.wrong(
                self.at(key),
                value,
                &format!("one of {}", alternatives.listed()),
            );
            return None;
        };
        match alternatives.choose(name) {
            Ok(chosen) => Some(chosen),
            Err(sentence) => {
                self.problem_at(key, sentence);
                None
            }
        }
    }

    /// A list of one or more names out of several, each at most once.
    ///
    /// `None` as well if one of them is wrong: the rest might lack what was meant by it, and
    /// then be blamed for that.
    pub(super) fn some_of<T: PartialEq>(
        &mut self,
        key: &str,
        alternatives: &Alternatives<T>,
    ) -> Option<Vec<T>> {
        let noted = self.problems.len();
        let names = self.strings(key)?;
        let mut chosen: Vec<T> = Vec::new();
        for (at, name) in names {
            match alternatives.choose(name) {
                Ok(value) if chosen.contains(&value) => {
                    self.problem(at, format!("{name:?} stands in the list before. Keep one."));
                }
                Ok(value) => chosen.push(value),
                Err(sentence) => self.problem(at, sentence),
            }
        }
        if self.problems.len() > noted {
            return None;
        }
        if chosen.is_empty() {
            self.problem_at(
                key,
                format!("is empty. Name at least one of {}.", alternatives.listed()),
            );
            return None;
        }
        Some(chosen)
    }

    fn wrong(&mut self, at: String, value: &Value, wanted: &str) {
        let shown = value.to_string();
        let shown = match shown.char_indices().nth(SHOWN_CHARS_MAX) {
            Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
            None => shown,
        };
        self.problem(at, format!("{shown} is not {wanted}."));
    }

    fn at(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

/// The place of a member: `subject.days`.
fn join(path: &str, key: &str) -> String {
    let key = in_words(key);
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

/// The name of a member on one line of a terminal, which it does not leave, and where it can be seen if it is empty.
pub(super) fn in_words(key: &str) -> String {
    match key {
        "" => "\"\"".to_owned(),
        key => key.escape_debug().to_string(),
    }
}
