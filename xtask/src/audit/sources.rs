//! Where packages come from.

use std::io;

use super::packages::{CRATES_IO, Lock, Metadata, Workspace};
use super::report::Report;
use super::{Check, Context, When};

pub(super) const CHECK: Check = Check {
    name: "sources",
    asks: "does every package come from crates.io, and from nowhere else?",
    when: When::Always,
    run,
};

/// Tables that send cargo elsewhere than the manifests say.
const REDIRECTIONS: [&str; 4] = ["patch", "replace", "source", "paths"];

/// Files that may hold such tables.
const CONFIGURATION: [&str; 5] =
    ["Cargo.toml", "fuzz/Cargo.toml", ".cargo/config.toml", ".cargo/config", "fuzz/.cargo/config.toml"];

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::default();
    let mut packages = 0;
    for workspace in &context.workspaces {
        match &workspace.lock {
            Ok(lock) => {
                packages += lock.foreign().count();
                check_lock(&mut report, &workspace.file("Cargo.lock"), lock);
            }
            Err(reason) => report.unjudged.push(reason.clone()),
        }
        match &workspace.metadata {
            Ok(metadata) => check_manifests(&mut report, workspace, metadata),
            Err(reason) => report.unjudged.push(reason.clone()),
        }
    }
    for file in CONFIGURATION {
        match std::fs::read_to_string(context.root.join(file)) {
            Ok(text) => check_configuration(&mut report, file, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    report.examined = format!("{packages} packages from elsewhere, and what could redirect them");
    Ok(report)
}

fn check_lock(report: &mut Report, file: &str, lock: &Lock) {
    for package in lock.foreign().filter(|package| package.source.as_deref() != Some(CRATES_IO)) {
        let source = package.source.as_deref().unwrap_or_default();
        report.find(format!("{file}: {package} comes from {source}; take a release from crates.io"));
    }
}

/// Requirements of our own manifests: a lock file may not have them yet.
fn check_manifests(report: &mut Report, workspace: &Workspace, metadata: &Metadata) {
    for package in metadata.packages.iter().filter(|package| package.source.is_none()) {
        for asked in &package.dependencies {
            if let Some(source) = asked.source.as_deref().filter(|source| *source != CRATES_IO) {
                let file = workspace.file("Cargo.toml");
                report.find(format!("{file}: {} asks for {} from {source}", package.name, asked.name));
            }
        }
    }
}

fn check_configuration(report: &mut Report, file: &str, text: &str) {
    match text.parse::<toml::Table>() {
        Ok(table) => {
            for name in REDIRECTIONS.iter().filter(|name| table.contains_key(**name)) {
                report.find(format!(
                    "{file}: `{name}` sends cargo elsewhere than the manifests say; remove it"
                ));
            }
        }
        Err(error) => report.unjudged.push(format!("{file}: {}", error.message())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn other_sources_are_found() {
        let table = [
            (CRATES_IO, vec![]),
            ("git+https://example.org/a?rev=1#1", vec!["a 1.0.0 comes from git+https"]),
            ("registry+https://mirror.example/index", vec!["a 1.0.0 comes from registry+https"]),
            ("sparse+https://mirror.example/index/", vec!["a 1.0.0 comes from sparse+https"]),
        ];
        for (source, findings) in table {
            let text = format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"{source}\"\n");
            let mut report = Report::default();
            check_lock(&mut report, "Cargo.lock", &Lock::parse(&text).unwrap());
            assert_reported(source, &report, &findings, &[]);

            let json = format!(
                r#"{{"packages": [{{"name": "m", "source": null, "dependencies": [{{"name": "a", "req": "^1", "source": "{source}"}}]}}]}}"#
            );
            let workspace = Workspace { folder: "", lock: Ok(Lock::default()), metadata: Err(String::new()) };
            let mut report = Report::default();
            check_manifests(&mut report, &workspace, &Metadata::parse(json.as_bytes()).unwrap());
            assert_eq!(report.findings.len(), findings.len(), "{source}: {report:?}");
        }
    }

    #[test]
    fn redirections_are_found() {
        let table = [
            ("[alias]\nxtask = \"run\"\n", vec![], vec![]),
            ("[patch.crates-io]\na = { path = \"../a\" }\n", vec!["`patch` sends cargo elsewhere"], vec![]),
            ("[source.crates-io]\nreplace-with = \"m\"\n", vec!["`source` sends cargo elsewhere"], vec![]),
            ("paths = [\"/x\"]\n", vec!["`paths` sends cargo elsewhere"], vec![]),
            ("= broken", vec![], vec!["config.toml: "]),
        ];
        for (text, findings, unjudged) in table {
            let mut report = Report::default();
            check_configuration(&mut report, ".cargo/config.toml", text);
            assert_reported(text, &report, &findings, &unjudged);
        }
    }
}
