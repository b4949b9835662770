//! Where in a tree a leaf is.

use std::fmt;

/// The names from the root of a tree to a leaf: `encoder.2.weight`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path {
    text: String,
}

impl Path {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Runs `f` one level deeper, under `name`.
    pub fn at<T>(&mut self, name: &str, f: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.enter(name);
        let result = f(self);
        self.text.truncate(length);
        result
    }

    /// Goes one level deeper, and says how long the path was before. Compiled once, not for each field of each tree.
    fn enter(&mut self, name: &str) -> usize {
        let length = self.text.len();
        if length > 0 {
            self.text.push('.');
        }
        self.text.push_str(name);
        length
    }

    /// Runs `f` one level deeper, under the number `index`.
    pub fn index<T>(&mut self, index: usize, f: impl FnOnce(&mut Self) -> T) -> T {
        self.at(&index.to_string(), f)
    }

    /// The names joined with dots; empty at the root.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a pattern covers this path: names match themselves, `*` one name, `**` any number of names.
    ///
    /// ```
    /// use tensorkeep_tensor::module::Path;
    ///
    /// Path::root().at("encoder", |path| path.at("weight", |path| {
    ///     assert!(path.matches("encoder.**") && path.matches("*.weight") && !path.matches("*"));
    /// }));
    /// ```
    pub fn matches(&self, pattern: &str) -> bool {
        let names: Vec<&str> = self.text.split('.').filter(|name| !name.is_empty()).collect();
        let pattern: Vec<&str> = pattern.split('.').filter(|name| !name.is_empty()).collect();
        covers(&pattern, &names)
    }
}

/// Whether `pattern` covers `names`. `reach[j]` says whether the pattern so far covers the first `j` names,
/// which keeps hostile patterns of many `**` from branching.
fn covers(pattern: &[&str], names: &[&str]) -> bool {
    let mut reach = vec![false; names.len() + 1];
    reach[0] = true;
    for part in pattern {
        let mut next = vec![false; names.len() + 1];
        for j in 0..=names.len() {
            next[j] = match *part {
                "**" => reach[j] || (j > 0 && next[j - 1]),
                part => j > 0 && reach[j - 1] && (part == "*" || part == names[j - 1]),
            };
        }
        reach = next;
    }
    reach[names.len()]
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "(root)" } else { &self.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let rows = [
            ("a.b.c", "a.b.c", true),
            ("a.b.c", "a.*.c", true),
            ("a.b.c", "**", true),
            ("a.b.c", "a.**", true),
            ("a.b.c", "**.c", true),
            ("a.b.c", "a.**.b.c", true),
            ("a.b.c", "a.b", false),
            ("a.b.c", "*", false),
            ("a", "a.**", true),
            ("", "**", true),
            ("", "*", false),
        ];
        for (path, pattern, want) in rows {
            assert_eq!(Path { text: path.to_owned() }.matches(pattern), want, "{path} by {pattern}");
        }
    }
}
