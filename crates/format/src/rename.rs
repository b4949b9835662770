//! Names of tensors in a foreign file, turned into ours.

use std::collections::HashSet;

use crate::container::name;
use crate::{Code, Error, Result, escape};

/// One rule of a [`Rename`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Takes this away from the start of a name.
    StripPrefix(String),
    /// Puts `to` in the place of `from` at the start of a name.
    ReplacePrefix {
        /// What a name starts with.
        from: String,
        /// What it then starts with.
        to: String,
    },
    /// Gives the one tensor `from` the name `to`.
    Exact {
        /// The whole name.
        from: String,
        /// The new name.
        to: String,
    },
}

/// How names of tensors are turned into others: rules, of which each sees what the ones before it made.
///
/// A rule that fits no tensor is an error, since it is a slip; so are two tensors that end up with one name, and a
/// name that no tensor can have: whoever reads a file with such names gives the rules that mend them.
///
/// ```
/// use tensorkeep_format::{Code, Rename};
///
/// let rename = Rename::default()
///     .strip_prefix("module.")
///     .replace_prefix("fc.", "head.")
///     .exact("bn.running_var", "norm.variance");
/// let names = ["module.fc.weight", "module.fc.bias", "module.bn.running_var"];
/// assert_eq!(rename.apply(names)?, ["head.weight", "head.bias", "norm.variance"]);
///
/// assert_eq!(rename.apply(["module.fc.weight"]).unwrap_err().code(), Code::Name); // the third rule fits nothing
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rename {
    /// The rules, in the order in which they apply.
    pub rules: Vec<Rule>,
}

impl Rename {
    /// With [`Rule::StripPrefix`] behind the others.
    #[must_use]
    pub fn strip_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.rules.push(Rule::StripPrefix(prefix.into()));
        self
    }

    /// With [`Rule::ReplacePrefix`] behind the others.
    #[must_use]
    pub fn replace_prefix(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.rules.push(Rule::ReplacePrefix { from: from.into(), to: to.into() });
        self
    }

    /// With [`Rule::Exact`] behind the others.
    #[must_use]
    pub fn exact(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.rules.push(Rule::Exact { from: from.into(), to: to.into() });
        self
    }

    /// The new names, in the order of the old.
    ///
    /// # Errors
    ///
    /// [`Code::Name`] for a rule that fits no name; [`Code::DataPath`] for a name that no tensor can have;
    /// [`Code::DataDup`] for two that are the same.
    pub fn apply<N: Into<String>>(&self, names: impl IntoIterator<Item = N>) -> Result<Vec<String>> {
        let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
        for rule in &self.rules {
            let mut fits = false;
            for name in &mut names {
                fits |= rule.apply(name);
            }
            if !fits {
                let message = format!("the rule {} fits no tensor: correct it, or take it away", rule.show());
                return Err(Error::new(Code::Name, message));
            }
        }
        let mut seen = HashSet::new();
        for name in &names {
            check(name)?;
            if !seen.insert(name) {
                return Err(Error::new(
                    Code::DataDup,
                    format!("two tensors are called {}: rename one", escape(name)),
                ));
            }
        }
        drop(seen);
        Ok(names)
    }
}

/// The key that holds metadata in a safetensors file.
pub(crate) const METADATA: &str = "__metadata__";

/// The names of containers, and so of whatever can be turned into one. One of them is metadata to readers of
/// safetensors.
fn check(name: &str) -> Result<()> {
    if name == METADATA {
        let message = format!("a tensor is called {METADATA}, which readers take for metadata: rename it");
        return Err(Error::new(Code::DataPath, message));
    }
    name::check(name, name::TENSOR).map_err(|error| Error::new(Code::DataPath, error.message()))
}

impl Rule {
    /// Whether the rule fits the name; if so, it is changed.
    fn apply(&self, name: &mut String) -> bool {
        let changed = match self {
            Self::StripPrefix(prefix) => name.strip_prefix(&**prefix).map(str::to_owned),
            Self::ReplacePrefix { from, to } => name.strip_prefix(&**from).map(|rest| format!("{to}{rest}")),
            Self::Exact { from, to } => (name == from).then(|| to.clone()),
        };
        let fits = changed.is_some();
        *name = changed.unwrap_or_else(|| std::mem::take(name));
        fits
    }

    fn show(&self) -> String {
        match self {
            Self::StripPrefix(prefix) => format!("strip {}", escape(prefix)),
            Self::ReplacePrefix { from, to } => format!("{} to {} at the start", escape(from), escape(to)),
            Self::Exact { from, to } => format!("{} to {}", escape(from), escape(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_in_order() {
        let rename =
            Rename::default().strip_prefix("a.").strip_prefix("b.").replace_prefix("c", "d").exact("d", "e");
        for (old, new) in [("a.b.c", "e"), ("b.a.x", "a.x"), ("a.cc", "dc"), ("x.a.y", "x.a.y"), ("d", "e")] {
            let mut name = old.to_owned();
            for rule in &rename.rules {
                rule.apply(&mut name);
            }
            assert_eq!(name, new, "{old}");
        }
    }

    #[test]
    fn slips_are_errors() {
        let table = [
            (Rename::default().strip_prefix("x."), Code::Name),
            (Rename::default().strip_prefix("a."), Code::DataDup),
            (Rename::default().exact("b", "a.b"), Code::DataDup),
            (Rename::default().exact("b", ""), Code::DataPath),
            (Rename::default().exact("b", "../b"), Code::DataPath),
            (Rename::default().exact("b", METADATA), Code::DataPath),
        ];
        for (rename, code) in table {
            assert_eq!(rename.apply(["a.b", "b"]).unwrap_err().code(), code, "{rename:?}");
        }
        let error = Rename::default().replace_prefix("x\n", "y").apply(["a"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"E_NAME: the rule "x\n" to "y" at the start fits no tensor: correct it, or take it away"#
        );
    }
}
