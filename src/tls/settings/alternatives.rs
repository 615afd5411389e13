//! A setting whose value is one of a few names.
//! Which names those are is said by `settings`, and what they mean elsewhere by `names`.

use crate::spelling;

/// The names a value may have.
pub(super) struct Alternatives<T: 'static> {
    /// The value of a name.
    pub(super) named: &'static dyn Fn(&str) -> Option<T>,
    /// All names, the recommended ones first.
    pub(super) names: &'static dyn Fn() -> Vec<&'static str>,
    /// Why a name that is known elsewhere cannot be had here.
    pub(super) impossible: &'static dyn Fn(&str) -> Option<&'static str>,
}

impl<T> Alternatives<T> {
    /// The value of `name`.
    ///
    /// # Errors
    /// The sentence that says why there is none, and what to write instead.
    pub(super) fn choose(&self, name: &str) -> Result<T, String> {
        if let Some(value) = (self.named)(name) {
            return Ok(value);
        }
        let names = (self.names)();
        if let Some(reason) = (self.impossible)(name) {
            return Err(format!(
                "{name:?} cannot be had: {reason}. Choose from {}.",
                listed(&names)
            ));
        }
        Err(match spelling::nearest(name, names.iter().copied()) {
            Some(nearest) => format!("{name:?} is not known. Did you mean \"{nearest}\"?"),
            None => format!("{name:?} is not known. Choose from {}.", listed(&names)),
        })
    }

    /// All names, for a sentence.
    pub(super) fn listed(&self) -> String {
        listed(&(self.names)())
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}
