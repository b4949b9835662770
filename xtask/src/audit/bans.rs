//! What must not be in the tree.

use std::collections::BTreeMap;
use std::io;

use super::packages::{Lock, Metadata, Workspace};
use super::policy::Policy;
use super::report::Report;
use super::{Check, Context, When};

pub(super) const CHECK: Check = Check {
    name: "bans",
    asks: "is there no banned crate, no second version, no wildcard and no unread build script?",
    when: When::Always,
    run,
};

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::default();
    let policy = context.policy()?;
    let mut scripts = 0;
    for workspace in &context.workspaces {
        match &workspace.lock {
            Ok(lock) => check_lock(&mut report, &workspace.file("Cargo.lock"), lock, &policy),
            Err(reason) => report.unjudged.push(reason.clone()),
        }
        match &workspace.metadata {
            Ok(metadata) => {
                scripts += metadata.packages.iter().filter(|package| package.has_build_script).count();
                check_manifests(&mut report, workspace, metadata, &policy);
            }
            Err(reason) => report.unjudged.push(reason.clone()),
        }
    }
    let banned = policy.banned.len();
    report.examined = format!("{banned} banned crates, second versions, wildcards, {scripts} build scripts");
    report.fact("build_scripts", scripts);
    Ok(report)
}

fn check_lock(report: &mut Report, file: &str, lock: &Lock, policy: &Policy) {
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in &lock.packages {
        if let Some((name, wrappers)) = policy.banned.iter().find(|(name, _)| *name == package.name) {
            let by = askers(lock, name).filter(|asker| !wrappers.iter().any(|wrapper| wrapper == asker));
            let by: Vec<&str> = by.collect();
            if wrappers.is_empty() || !by.is_empty() {
                let by = by.join(", ");
                report.find(format!("{file}: {name}, for {by}, is banned by deny.toml, which says why"));
            }
        }
        if !policy.is_second(&package.name, &package.version) {
            versions.entry(&package.name).or_default().push(package.version.to_string());
        }
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let versions = versions.join(" and ");
        report.find(format!(
            "{file}: {name} is there as {versions}; get rid of one, or argue for it in deny.toml"
        ));
    }
}

/// The packages that ask for this one.
fn askers<'l>(lock: &'l Lock, name: &'l str) -> impl Iterator<Item = &'l str> {
    let asks = move |dependency: &String| dependency.split(' ').next() == Some(name);
    lock.packages
        .iter()
        .filter(move |package| package.dependencies.iter().any(asks))
        .map(|other| other.name.as_str())
}

fn check_manifests(report: &mut Report, workspace: &Workspace, metadata: &Metadata, policy: &Policy) {
    for package in &metadata.packages {
        let ours = package.source.is_none();
        if package.has_build_script && ours {
            report.find(format!("{} has a build script; ours have none", package.name));
        } else if package.has_build_script && !policy.build_scripts.contains(&package.name) {
            report.find(format!(
                "{} {} runs a build script that nobody has read; read it, then add it to deny.toml",
                package.name, package.version
            ));
        }
        for asked in package.dependencies.iter().filter(|asked| ours && asked.requirement == "*") {
            // A folder has no version to ask for.
            if asked.source.is_some() {
                let file = workspace.file("Cargo.toml");
                report.find(format!("{file}: {} asks for any version of {}", package.name, asked.name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    fn policy() -> Policy {
        Policy::parse(
            "[bans]\ndeny = [\"paste\", { crate = \"libloading\", wrappers = [\"ash\"] }]\nskip = [{ crate = \"syn@2\" }]\n[bans.build]\nallow-build-scripts = [\"libc\"]\n",
        )
        .unwrap()
    }

    #[test]
    fn crates_and_versions_are_found() {
        type Row<'t> = (&'t [(&'t str, &'t str)], Vec<&'t str>);
        let table: [Row<'_>; 6] = [
            (&[("syn", "2.0.1"), ("syn", "3.0.0"), ("a", "1.0.0")], vec![]),
            (&[("paste", "1.0.0")], vec!["paste, for ash, is banned"]),
            (&[("libloading", "1.0.0")], vec![]),
            (&[("libloading", "1.0.0"), ("other", "1.0.0")], vec!["libloading, for other, is banned"]),
            (&[("a", "1.0.0"), ("a", "2.0.0")], vec!["a is there as 1.0.0 and 2.0.0"]),
            (
                &[("syn", "1.0.0"), ("syn", "2.0.0"), ("syn", "3.0.0")],
                vec!["syn is there as 1.0.0 and 3.0.0"],
            ),
        ];
        for (packages, findings) in table {
            let package = |name: &str, version: &str, asked: &str| {
                format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = {asked}\n")
            };
            let mut text = package("ash", "1.0.0", "[\"paste\", \"libloading 1.0.0\"]");
            for (name, version) in packages {
                text.push_str(&package(
                    name,
                    version,
                    if *name == "other" { "[\"libloading\"]" } else { "[]" },
                ));
            }
            let mut report = Report::default();
            check_lock(&mut report, "Cargo.lock", &Lock::parse(&text).unwrap(), &policy());
            assert_reported(&text, &report, &findings, &[]);
        }
    }

    #[test]
    fn scripts_and_wildcards_are_found() {
        let script = r#""targets": [{"kind": ["custom-build"]}]"#;
        let foreign = r#""source": "registry""#;
        let asks = |requirement, source| {
            format!(r#""dependencies": [{{"name": "a", "req": "{requirement}", "source": {source}}}]"#)
        };
        let table = [
            (format!(r#""name": "libc", {foreign}, {script}"#), vec![]),
            (format!(r#""name": "new", {foreign}, {script}"#), vec!["new 1.0.0 runs a build script"]),
            (format!(r#""name": "ours", {script}"#), vec!["ours has a build script"]),
            (format!(r#""name": "ours", {}"#, asks("^1", "\"registry\"")), vec![]),
            (format!(r#""name": "ours", {}"#, asks("*", "null")), vec![]),
            (
                format!(r#""name": "ours", {}"#, asks("*", "\"registry\"")),
                vec!["ours asks for any version of a"],
            ),
            (format!(r#""name": "theirs", {foreign}, {}"#, asks("*", "\"registry\"")), vec![]),
        ];
        for (package, findings) in table {
            let json = format!(r#"{{"packages": [{{"version": "1.0.0", {package}}}]}}"#);
            let workspace = Workspace { folder: "", lock: Ok(Lock::default()), metadata: Err(String::new()) };
            let mut report = Report::default();
            check_manifests(&mut report, &workspace, &Metadata::parse(json.as_bytes()).unwrap(), &policy());
            assert_reported(&package, &report, &findings, &[]);
        }
    }
}
