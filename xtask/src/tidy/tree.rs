//! The files that the rules look at, and what a rule reports.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::Command;

use super::manifest::Manifest;

/// A text file of the repository.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// All text files that belong to the repository.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

impl Tree {
    /// Reads what git tracks, and what it would track if all were added: a rule should speak before the commit.
    pub(crate) fn read(root: &Path) -> io::Result<Tree> {
        let mut files = Vec::new();
        for path in tracked(root)? {
            let full = root.join(&path);
            // What is no text, no plain file, or was deleted since it was tracked, has nothing that a rule could read.
            if full.is_file()
                && let Ok(text) = String::from_utf8(std::fs::read(full)?)
            {
                files.push(File { path, text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Tree { files })
    }

    /// The files whose path ends so.
    pub(crate) fn ending<'t>(&'t self, end: &str) -> impl Iterator<Item = &'t File> {
        self.files.iter().filter(move |file| file.path.ends_with(end))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The workspace's own manifest, which is empty if there is none.
    pub(crate) fn root_manifest(&self) -> Manifest {
        self.file("Cargo.toml").map(|file| Manifest::parse(&file.text)).unwrap_or_default()
    }

    /// The folder and the manifest of each member of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, Manifest)> {
        let excluded = self.root_manifest();
        let excluded =
            excluded.get("workspace", "exclude").map(|entry| entry.value.clone()).unwrap_or_default();
        self.files.iter().filter_map(move |file| {
            let folder = file.path.strip_suffix("/Cargo.toml")?;
            let member = folder.strip_prefix("crates/").unwrap_or(folder);
            (!member.contains('/') && !excluded.contains(&format!("\"{folder}\"")))
                .then(|| (folder, Manifest::parse(&file.text)))
        })
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        let files = files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() });
        Tree { files: files.collect() }
    }
}

/// The paths of what git tracks, and what it would track if all were added.
pub(crate) fn tracked(root: &Path) -> io::Result<Vec<String>> {
    let list = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()?;
    if !list.status.success() {
        let reason = String::from_utf8_lossy(&list.stderr).into_owned();
        return Err(io::Error::other(format!("git cannot list the files: {}", reason.trim())));
    }
    Ok(String::from_utf8_lossy(&list.stdout).split_terminator('\0').map(str::to_owned).collect())
}

/// A place that breaks a rule, and what to do about it.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    path: String,
    /// Counted from 1; 0 is the file as a whole.
    line: usize,
    message: String,
}

impl Finding {
    pub(crate) fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Asserts what a rule finds, as lines of text.
#[cfg(test)]
pub(crate) fn assert_found(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)], expected: &[&str]) {
    let found: Vec<String> = rule(&Tree::of(files)).iter().map(Finding::to_string).collect();
    assert_eq!(found, expected, "in {files:#?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_the_manifests_below_the_root() {
        let paths =
            ["Cargo.toml", "crates/a/Cargo.toml", "crates/a/tests/b/Cargo.toml", "shaders/Cargo.toml"];
        let mut tree = Tree::of(&paths.map(|path| (path, "")));
        let folders = |tree: &Tree| tree.members().map(|(folder, _)| folder.to_owned()).collect::<Vec<_>>();
        assert_eq!(folders(&tree), ["crates/a", "shaders"]);
        tree.files[0].text = "[workspace]\nexclude = [\"shaders\"]\n".into();
        assert_eq!(folders(&tree), ["crates/a"]);
    }
}
