//! The RustSec advisory database: a folder of Markdown files that begin with a block of TOML.
//!
//! Source of the format: the database's own `EXAMPLE_ADVISORY.md`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::{Version, VersionReq};
use sha2::{Digest, Sha256};

use super::date::Day;
use super::hex::hex;

/// A database whose identity and age are known.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) commit: String,
    /// Of the commit: the files' own times say when somebody copied them.
    pub(crate) day: Day,
    pub(crate) advisories: Vec<Advisory>,
    /// Files that could not be understood.
    pub(crate) unread: Vec<String>,
}

/// One advisory.
#[derive(Clone, Debug)]
pub(crate) struct Advisory {
    pub(crate) id: String,
    pub(crate) package: String,
    /// `unsound`, `unmaintained` or `notice`; `None` for a vulnerability.
    pub(crate) informational: Option<String>,
    /// Taken back by its authors.
    pub(crate) withdrawn: bool,
    pub(crate) unaffected: Vec<VersionReq>,
    pub(crate) patched: Vec<VersionReq>,
}

/// A copy that is no git repository, as [`SNAPSHOTS`] describes it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) commit: String,
    pub(crate) date: String,
    pub(crate) sha256: String,
}

/// The copies that we have seen, with digests: a folder can say of itself that it is young.
pub(crate) const SNAPSHOTS: &str = "xtask/advisory-snapshots.toml";

/// Why a database cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing can be judged with it.
    Unusable(String),
    /// Somebody has changed it.
    Tampered(String),
}

impl Database {
    /// Reads the database in a folder: a clone of the database's repository, or a copy with a file `SNAPSHOT` that is among
    /// the known ones.
    pub(crate) fn open(folder: &Path, known: &[Snapshot]) -> Result<Database, Refusal> {
        let unusable = |error: io::Error| Refusal::Unusable(format!("{}: {error}", folder.display()));
        let files = files(folder).map_err(unusable)?;
        let (commit, date) =
            if folder.join(".git").exists() { head(folder)? } else { snapshot(folder, &files, known)? };
        let day = Day::parse(&date).ok_or_else(|| Refusal::Unusable(format!("`{date}` is no date")))?;
        let mut database = Database { commit, day, advisories: Vec::new(), unread: Vec::new() };
        for path in files.iter().filter(|path| is_advisory(path)) {
            let text = fs::read_to_string(folder.join(path)).map_err(unusable)?;
            match Advisory::parse(&text) {
                Ok(advisory) => database.advisories.push(advisory),
                Err(reason) => database.unread.push(format!("{}: {reason}", path.display())),
            }
        }
        if database.advisories.is_empty() {
            return Err(Refusal::Unusable(format!("{} holds no advisories", folder.display())));
        }
        Ok(database)
    }
}

impl Snapshot {
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Snapshot>, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let snapshots = table.get("snapshot").and_then(toml::Value::as_array).into_iter().flatten();
        let snapshots = snapshots.map(|entry| {
            let text = |key| entry.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            Some(Snapshot { commit: text("commit")?, date: text("date")?, sha256: text("sha256")? })
        });
        snapshots.collect::<Option<_>>().ok_or_else(|| "a snapshot needs commit, date and sha256".into())
    }
}

impl Advisory {
    pub(crate) fn parse(text: &str) -> Result<Advisory, String> {
        let front = text.trim_start().strip_prefix("```toml").and_then(|rest| rest.split_once("\n```"));
        let (front, _) = front.ok_or("it does not begin with a block of TOML")?;
        let table: toml::Table =
            front.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let field = |key| table.get("advisory").and_then(|advisory| advisory.get(key));
        let text = |key| field(key).and_then(toml::Value::as_str).map(str::to_owned);
        let versions = |key| -> Result<Vec<VersionReq>, String> {
            let list = table.get("versions").and_then(|versions| versions.get(key));
            let list = list.and_then(toml::Value::as_array).into_iter().flatten();
            list.map(|range| {
                let range = range.as_str().ok_or_else(|| format!("{range:?} is no range of versions"))?;
                range.parse().map_err(|error| format!("{range}: {error}"))
            })
            .collect()
        };
        Ok(Advisory {
            id: text("id").ok_or("it has no id")?,
            package: text("package").ok_or("it names no package")?,
            informational: text("informational"),
            withdrawn: field("withdrawn").is_some(),
            unaffected: versions("unaffected")?,
            patched: versions("patched")?,
        })
    }

    /// Whether a version suffers from it: any that is neither patched nor unaffected.
    ///
    /// A pre-release lies in no range that does not name it, so it counts as affected: too much is found, never too little.
    pub(crate) fn affects(&self, name: &str, version: &Version) -> bool {
        let safe = self.patched.iter().chain(&self.unaffected).any(|range| range.matches(version));
        self.package == name && !self.withdrawn && !safe
    }
}

fn is_advisory(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.starts_with("RUSTSEC-") && name.ends_with(".md"))
}

/// All files of a folder but git's own, by path.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(folder.join(&here))? {
            let entry = entry?;
            let path = here.join(entry.file_name());
            // Links are not followed: a database has none.
            match entry.file_type()? {
                kind if kind.is_dir() && entry.file_name() != ".git" => folders.push(path),
                kind if kind.is_file() => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Commit and date of a clone, if it is one of its own, and nothing in it was changed.
fn head(folder: &Path) -> Result<(String, String), Refusal> {
    let unusable = |error: io::Error| Refusal::Unusable(format!("{}: {error}", folder.display()));
    let git = |arguments: &[&str]| -> Result<String, Refusal> {
        let output = Command::new("git").current_dir(folder).args(arguments).output().map_err(unusable)?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        match output.status.success() {
            true => Ok(text),
            false => {
                Err(unusable(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())))
            }
        }
    };
    // Below a broken `.git`, git would answer for the repository around it.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().map_err(unusable)? != folder.canonicalize().map_err(unusable)? {
        return Err(Refusal::Unusable(format!("{} lies within another repository", folder.display())));
    }
    let changed = git(&["status", "--porcelain", "--ignored", "--untracked-files=all"])?;
    if let Some(line) = changed.lines().next() {
        return Err(Refusal::Tampered(format!("{}: `{line}` differs from its commit", folder.display())));
    }
    let head = git(&["show", "--no-patch", "--format=%H %cI", "HEAD"])?;
    let (commit, date) = head.split_once(' ').unwrap_or((&head, ""));
    Ok((commit.into(), date.into()))
}

/// Commit and date of a copy, if its bytes are known.
fn snapshot(folder: &Path, files: &[PathBuf], known: &[Snapshot]) -> Result<(String, String), Refusal> {
    let unusable = |reason: String| Refusal::Unusable(format!("{}: {reason}", folder.display()));
    let text = fs::read_to_string(folder.join("SNAPSHOT")).map_err(|_| {
        unusable("it is neither a clone of the database nor a copy with a file SNAPSHOT".into())
    })?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let commit = field("commit ").ok_or_else(|| unusable("SNAPSHOT names no commit".into()))?;
    let sha256 = digest(folder, files).map_err(|error| unusable(error.to_string()))?;
    match known.iter().find(|snapshot| snapshot.commit == commit) {
        Some(snapshot) if snapshot.sha256 == sha256 => Ok((commit.into(), snapshot.date.clone())),
        Some(_) => {
            let name = folder.display();
            Err(Refusal::Tampered(format!(
                "{name}: its files are not those of commit {commit} in {SNAPSHOTS}"
            )))
        }
        None => Err(unusable(format!(
            "commit {commit} is not in {SNAPSHOTS}; compare it with the database's repository, then add its date and \
             sha256 = \"{sha256}\""
        ))),
    }
}

/// SHA-256 over every file in the order of their paths: path, a zero byte, length as eight bytes, content.
fn digest(folder: &Path, files: &[PathBuf]) -> io::Result<String> {
    let mut hasher = Sha256::new();
    for path in files {
        let content = fs::read(folder.join(path))?;
        hasher.update(path.to_string_lossy().as_bytes());
        hasher.update([0]);
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    Ok(hex(&hasher.finalize()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn advisory(id: &str, fields: &str, versions: &str) -> String {
        format!(
            "```toml\n[advisory]\nid = \"{id}\"\npackage = \"a\"\n{fields}\n\n[versions]\n{versions}\n```\n\n# Title\n"
        )
    }

    #[test]
    fn ranges_decide() {
        let table = [
            ("patched = [\">= 1.2.0\"]", "1.1.9", true),
            ("patched = [\">= 1.2.0\"]", "1.2.0", false),
            ("patched = [\"^1.1.5\", \">= 1.2.0\"]", "1.1.6", false),
            ("patched = []\nunaffected = [\"< 1.0.0\"]", "0.9.0", false),
            ("patched = []", "99.0.0", true),
            ("patched = [\">= 1.2.0\"]", "1.3.0-rc.1", true),
        ];
        for (versions, version, affected) in table {
            let advisory = Advisory::parse(&advisory("RUSTSEC-2020-0001", "", versions)).unwrap();
            let version: Version = version.parse().unwrap();
            assert_eq!(advisory.affects("a", &version), affected, "{versions} {version}");
            assert!(!advisory.affects("b", &version));
        }
        let withdrawn = advisory("RUSTSEC-2020-0001", "withdrawn = \"2021-01-01\"", "patched = []");
        assert!(!Advisory::parse(&withdrawn).unwrap().affects("a", &Version::new(1, 0, 0)));
    }

    #[test]
    fn what_is_no_advisory_is_refused() {
        let good = advisory("RUSTSEC-2020-0001", "", "patched = []");
        for bad in [
            String::new(),
            "# Title".into(),
            good.replace("id =", "no ="),
            good.replace("package =", "no ="),
            good.replace("[]", "[\">= x\"]"),
            good.replace("[]", "[1]"),
            good.replace("\n```", ""),
        ] {
            assert!(Advisory::parse(&bad).is_err(), "{bad}");
        }
    }

    /// Every way in which a folder may be less than a database.
    #[test]
    fn a_database_proves_what_it_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-advisory-db");
        let _ = fs::remove_dir_all(&folder);
        let reason = |known: &[Snapshot]| match Database::open(&folder, known) {
            Ok(database) => format!("{} of {}", database.advisories.len(), database.day),
            Err(Refusal::Unusable(reason)) => format!("unusable {reason}"),
            Err(Refusal::Tampered(reason)) => format!("tampered {reason}"),
        };
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(reason(&[]).starts_with("unusable"), "missing");
        write("crates/a/RUSTSEC-2020-0001.md", &advisory("RUSTSEC-2020-0001", "", "patched = []"));
        assert!(reason(&[]).contains("neither a clone"), "no identity, inside our own repository");
        write("SNAPSHOT", "commit c0ffee\ndate 2999-01-01\n");
        let unknown = reason(&[]);
        assert!(unknown.contains("commit c0ffee is not in"), "{unknown}");
        let sha256 = unknown.split('"').nth(1).unwrap().to_owned();
        let known = [Snapshot { commit: "c0ffee".into(), date: "2026-01-02".into(), sha256 }];
        assert_eq!(reason(&known), "1 of 2026-01-02", "the date is ours, not the folder's");
        write("crates/b/RUSTSEC-2020-0002.md", "");
        assert!(reason(&known).starts_with("tampered"), "a file more");
        fs::remove_dir_all(folder.join("crates")).unwrap();
        assert!(reason(&known).starts_with("tampered"), "emptied");
        fs::write(folder.join(".git"), "gitdir: nowhere\n").unwrap();
        assert!(reason(&known).starts_with("unusable"), "a broken clone");
        fs::remove_dir_all(&folder).unwrap();
    }
}
