//! A second opinion on licences, bans, sources and advisories.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Report;
use super::{Check, Context, When};
use crate::cargo::cargo;

pub(super) const CHECK: Check = Check {
    name: "cargo-deny",
    asks: "does cargo-deny agree, for every workspace?",
    when: When::Installed,
    run,
};

const INSTALL: &str = "cargo-deny is not installed; `cargo install cargo-deny --locked` installs it";

/// Where cargo-deny looks for the database below `db-path`: it appends a hash of the database's address.
const DATABASE: &str = "advisory-db-3157b0e258782691";

fn run(context: &Context) -> io::Result<Report> {
    let version = cargo(&context.root).args(["deny", "--version"]).output()?;
    if !version.status.success() {
        return Ok(context.missing_tool(INSTALL));
    }
    let mut report = Report::default();
    let mut which = vec!["bans", "licenses", "sources"];
    let policy = fs::read_to_string(context.root.join("deny.toml"))?;
    let out = context.out()?;
    let config = out.join("deny.toml");
    match &context.options.advisory_db {
        Some(database) => {
            which.push("advisories");
            let below = out.join("advisory-dbs");
            repository(database, &below.join(DATABASE))?;
            fs::write(&config, with_database(&policy, &below))?;
        }
        None => fs::write(&config, policy)?,
    }
    for workspace in &context.workspaces {
        let manifest = context.root.join(workspace.folder).join("Cargo.toml");
        let output = cargo(&context.root)
            .args(["deny", "--offline", "--locked", "--manifest-path"])
            .arg(manifest)
            .arg("--config")
            .arg(&config)
            .arg("check")
            .args(&which)
            .output()?;
        if !output.status.success() {
            for line in objections(&String::from_utf8_lossy(&output.stderr)) {
                report.find(format!("{}: {line}", workspace.file("Cargo.toml")));
            }
        }
    }
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    report.examined =
        format!("{} by {version}, in {} workspaces", which.join(", "), context.workspaces.len());
    Ok(report)
}

/// The policy with the place of the database, which is not known to the file in the repository.
fn with_database(policy: &str, below: &Path) -> String {
    policy.replacen(
        "[advisories]\n",
        &format!("[advisories]\ndb-path = {:?}\n", below.display().to_string()),
        1,
    )
}

/// What it says on lines that begin with `error`; all of it, if there is no such line.
fn objections(output: &str) -> Vec<String> {
    let lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    let errors: Vec<String> =
        lines.clone().filter(|line| line.starts_with("error")).map(str::to_owned).collect();
    if errors.is_empty() { vec![lines.collect::<Vec<_>>().join("; ")] } else { errors }
}

/// A repository with the advisories of a folder, which is what cargo-deny reads.
///
/// It takes the database's age from git, and is fooled by a fresh commit: the age is judged by the check `advisories`.
fn repository(database: &Path, target: &Path) -> io::Result<()> {
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    let mut folders: Vec<PathBuf> = vec!["crates".into(), "rust".into()];
    while let Some(here) = folders.pop() {
        let Ok(entries) = fs::read_dir(database.join(&here)) else { continue };
        fs::create_dir_all(target.join(&here))?;
        for entry in entries {
            let entry = entry?;
            let path = here.join(entry.file_name());
            match entry.file_type()? {
                kind if kind.is_dir() => folders.push(path),
                kind if kind.is_file() => fs::copy(entry.path(), target.join(path)).map(drop)?,
                _ => {}
            }
        }
    }
    fs::create_dir_all(target)?;
    let author = ["-c", "user.name=audit", "-c", "user.email=audit@localhost", "-c", "commit.gpgsign=false"];
    for arguments in
        [&["init", "--quiet"][..], &["add", "--force", "--all"], &["commit", "--quiet", "-m", "copy"]]
    {
        let status = Command::new("git").current_dir(target).args(author).args(arguments).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("git {} failed in {}", arguments[0], target.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_put_into_the_policy() {
        let policy = "[graph]\n[advisories]\nyanked = \"deny\"\n";
        let expected = "[graph]\n[advisories]\ndb-path = \"a/b\"\nyanked = \"deny\"\n";
        assert_eq!(with_database(policy, Path::new("a/b")), expected);
    }

    #[test]
    fn objections_are_its_errors() {
        let output = "error[banned]: crate 'paste'\n  x\nwarning: y\nerror[yanked]: z\n\nbans FAILED\n";
        assert_eq!(objections(output), ["error[banned]: crate 'paste'", "error[yanked]: z"]);
        assert_eq!(objections("[ERROR] no database\n\nat x\n"), ["[ERROR] no database; at x"]);
    }
}
