//! Whether the lock file fixes what is built.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::hex::hex;
use super::packages::{Lock, Metadata, Workspace, cargo_home};
use super::report::Report;
use super::{Check, Context, When};

pub(super) const CHECK: Check = Check {
    name: "lock",
    asks: "do the lock files fix, by checksum, every package that is built?",
    when: When::Always,
    run,
};

/// Checksums by the name of the archive, computed from the archives that cargo has kept.
type Archives = HashMap<String, String>;

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::default();
    let (mut packages, mut compared) = (0, 0);
    for workspace in &context.workspaces {
        let file = workspace.file("Cargo.lock");
        if !context.is_tracked(&file)? {
            report.find(format!("{file} is not committed; `git add` it"));
        }
        let lock = match &workspace.lock {
            Ok(lock) => lock,
            Err(reason) => {
                report.find(reason.clone());
                continue;
            }
        };
        let archives = archives(lock)?;
        check_lock(&mut report, &file, lock, &archives);
        match &workspace.metadata {
            Ok(metadata) => check_places(&mut report, &context.root, workspace, metadata),
            Err(reason) => report.unjudged.push(reason.clone()),
        }
        packages += lock.packages.len();
        compared += archives.len();
    }
    report.examined = format!("{packages} packages, {compared} archives compared with their checksums");
    report.fact("packages", packages);
    report.fact("archives_compared", compared);
    Ok(report)
}

fn check_lock(report: &mut Report, file: &str, lock: &Lock, archives: &Archives) {
    if lock.version < 3 {
        report.find(format!("{file} has version {}: let a cargo of today write it again", lock.version));
    }
    let mut seen = HashSet::new();
    let mut names = HashSet::new();
    for package in &lock.packages {
        names.insert(package.name.as_str());
        if !seen.insert((&package.name, &package.version, &package.source)) {
            report.find(format!("{file}: {package} stands there twice"));
        }
        let Some(_) = &package.source else { continue };
        match &package.checksum {
            Some(sum) if is_sha256(sum) => {
                let archive = archives.get(&archive_name(&package.name, &package.version.to_string()));
                if archive.is_some_and(|archive| archive != sum) {
                    report.find(format!(
                        "{file}: {package} has another checksum than its archive: find out which is right"
                    ));
                }
            }
            Some(_) => report.find(format!("{file}: the checksum of {package} is no SHA-256")),
            None => report.find(format!("{file}: {package} has no checksum: its bytes are not fixed")),
        }
    }
    for package in &lock.packages {
        for dependency in &package.dependencies {
            let name = dependency.split(' ').next().unwrap_or(dependency);
            if !names.contains(name) {
                report.find(format!("{file}: {package} asks for {name}, which is not there"));
            }
        }
    }
}

/// Packages without a source must lie in this repository.
fn check_places(report: &mut Report, root: &Path, workspace: &Workspace, metadata: &Metadata) {
    for package in metadata.packages.iter().filter(|package| package.source.is_none()) {
        let manifest = package.manifest.canonicalize().unwrap_or_else(|_| package.manifest.clone());
        if !manifest.starts_with(root) {
            report.find(format!(
                "{}: {} lies outside the repository, at {}",
                workspace.file("Cargo.toml"),
                package.name,
                manifest.display()
            ));
        }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn archive_name(name: &str, version: &str) -> String {
    format!("{name}-{version}.crate")
}

/// Hashes the archives that cargo has kept of this lock file's packages.
fn archives(lock: &Lock) -> io::Result<Archives> {
    let cache = cargo_home()?.join("registry/cache");
    let registries: Vec<PathBuf> = match fs::read_dir(&cache) {
        Ok(folders) => folders.map(|folder| folder.map(|folder| folder.path())).collect::<Result<_, _>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut archives = Archives::new();
    for package in lock.foreign() {
        let name = archive_name(&package.name, &package.version.to_string());
        for path in registries.iter().map(|registry| registry.join(&name)).filter(|path| path.exists()) {
            let sum = hex(&Sha256::digest(fs::read(path)?));
            // Of two archives, one that differs must be seen.
            let differs = package.checksum.as_ref() != Some(&sum);
            if differs || !archives.contains_key(&name) {
                archives.insert(name.clone(), sum);
            }
        }
    }
    Ok(archives)
}

#[cfg(test)]
mod tests {
    use super::super::packages::{CRATES_IO, Described};
    use super::super::report::assert_reported;
    use super::*;

    fn sum(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn good() -> String {
        let sum = sum('a');
        format!(
            "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b\"]\n\
             [[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"{CRATES_IO}\"\nchecksum = \"{sum}\"\n"
        )
    }

    #[test]
    fn a_lock_file_that_fixes_less_is_found() {
        let table = [
            ("good", good(), vec![]),
            ("old", good().replace("version = 4", "version = 2"), vec!["has version 2"]),
            ("no checksum", good().replace("checksum", "other"), vec!["b 2.0.0 has no checksum"]),
            ("short", good().replace(&sum('a'), "aa"), vec!["the checksum of b 2.0.0 is no SHA-256"]),
            (
                "corrupted",
                good().replace(&sum('a'), &sum('b')),
                vec!["b 2.0.0 has another checksum than its archive"],
            ),
            ("missing", good().replace("[\"b\"]", "[\"c\"]"), vec!["a 1.0.0 asks for c, which is not there"]),
            (
                "twice",
                format!("{}[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n", good()),
                vec!["a 1.0.0 stands there twice"],
            ),
        ];
        let archives = Archives::from([("b-2.0.0.crate".to_owned(), sum('a'))]);
        for (case, text, findings) in table {
            let mut report = Report::default();
            check_lock(&mut report, "Cargo.lock", &Lock::parse(&text).unwrap(), &archives);
            assert_reported(case, &report, &findings, &[]);
        }
    }

    #[test]
    fn folders_elsewhere_are_found() {
        let workspace = Workspace { folder: "", lock: Ok(Lock::default()), metadata: Err(String::new()) };
        let package = |manifest: &str| Described {
            name: "a".into(),
            manifest: manifest.into(),
            ..Described::default()
        };
        for (manifest, findings) in
            [("/r/crates/a/Cargo.toml", vec![]), ("/other/a/Cargo.toml", vec!["a lies outside"])]
        {
            let mut report = Report::default();
            let metadata = Metadata { packages: vec![package(manifest)] };
            check_places(&mut report, Path::new("/r"), &workspace, &metadata);
            assert_reported(manifest, &report, &findings, &[]);
        }
    }
}
