//! The changelog has a place for what is not released yet.

use super::tree::{Finding, Tree};

const PATH: &str = "CHANGELOG.md";

/// `CHANGELOG.md` starts with a section `Unreleased`.
///
/// Because a change is described best by whoever makes it, at once; without the section they would have to ask where.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file(PATH) else {
        return vec![Finding::new(PATH, 0, "is missing")];
    };
    let first = file.text.lines().enumerate().find(|(_, line)| line.starts_with("## "));
    match first {
        Some((_, "## [Unreleased]")) => vec![],
        Some((i, _)) => vec![Finding::new(PATH, i + 1, "the first section must be `## [Unreleased]`")],
        None => vec![Finding::new(PATH, 0, "has no section; start with `## [Unreleased]`")],
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn unreleased_comes_first() {
        assert_found(check, &[("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n")], &[]);
        assert_found(
            check,
            &[("CHANGELOG.md", "# Changelog\n\n## [0.1.0]\n")],
            &["CHANGELOG.md:3: the first section must be `## [Unreleased]`"],
        );
        assert_found(
            check,
            &[("CHANGELOG.md", "# Changelog\n")],
            &["CHANGELOG.md: has no section; start with `## [Unreleased]`"],
        );
        assert_found(check, &[], &["CHANGELOG.md: is missing"]);
    }
}
