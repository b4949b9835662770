//! The licences of what a user of ours ships.

use std::collections::BTreeMap;
use std::io;

use serde_json::json;

use super::packages::{Lock, Metadata};
use super::policy::Policy;
use super::report::Report;
use super::{Check, Context, When, spdx};

pub(super) const CHECK: Check = Check {
    name: "licences",
    asks: "may every package of the lock files be used under a licence that deny.toml allows?",
    when: When::Always,
    run,
};

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::default();
    let policy = context.policy()?;
    let mut count = BTreeMap::new();
    for workspace in &context.workspaces {
        match (&workspace.lock, &workspace.metadata) {
            (Ok(lock), Ok(metadata)) => check(&mut report, lock, metadata, &policy, &mut count),
            (Err(reason), _) | (_, Err(reason)) => report.unjudged.push(reason.clone()),
        }
    }
    let packages: usize = count.values().sum();
    report.examined = format!("{packages} packages under {} expressions", count.len());
    report.fact("expressions", json!(count));
    Ok(report)
}

/// A package that no manifest was read of is not judged, whatever its name.
fn check(
    report: &mut Report,
    lock: &Lock,
    metadata: &Metadata,
    policy: &Policy,
    count: &mut BTreeMap<String, usize>,
) {
    for package in &lock.packages {
        let Some(described) = metadata.find(package) else {
            report.unjudged.push(format!("{package}: cargo tells nothing of its licence; run `cargo fetch`"));
            continue;
        };
        let Some(expression) = &described.licence else {
            report.find(format!("{package} names no licence: read its terms, or replace it"));
            continue;
        };
        let own = policy.exceptions.iter().filter(|(name, _)| *name == package.name);
        let own = own.flat_map(|(_, licences)| licences);
        let accepted: Vec<&str> = policy.licences.iter().chain(own).map(String::as_str).collect();
        match spdx::is_allowed(expression, &accepted) {
            Ok(true) => *count.entry(expression.clone()).or_default() += 1,
            Ok(false) => report.find(format!("{package}: {expression} is not allowed by deny.toml")),
            Err(reason) => {
                report.find(format!("{package}: {expression:?} is no licence expression: {reason}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn other_licences_are_found() {
        let policy = Policy {
            licences: vec!["MIT".into(), "Apache-2.0".into()],
            exceptions: vec![("libfuzzer-sys".into(), vec!["NCSA".into()])],
            ..Policy::default()
        };
        let table = [
            ("a", "\"MIT OR GPL-3.0-only\"", vec![], vec![]),
            ("a", "\"GPL-3.0-only\"", vec!["a 1.0.0: GPL-3.0-only is not allowed"], vec![]),
            ("a", "\"MIT AND NCSA\"", vec!["a 1.0.0: MIT AND NCSA is not allowed"], vec![]),
            ("libfuzzer-sys", "\"MIT AND NCSA\"", vec![], vec![]),
            ("a", "\"MIT or so\"", vec!["is no licence expression"], vec![]),
            ("a", "null", vec!["a 1.0.0 names no licence"], vec![]),
        ];
        for (name, licence, findings, unjudged) in table {
            let lock =
                Lock::parse(&format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n")).unwrap();
            let json = format!(
                r#"{{"packages": [{{"name": "{name}", "version": "1.0.0", "license": {licence}}}]}}"#
            );
            let mut report = Report::default();
            check(
                &mut report,
                &lock,
                &Metadata::parse(json.as_bytes()).unwrap(),
                &policy,
                &mut BTreeMap::new(),
            );
            assert_reported(licence, &report, &findings, &unjudged);

            let mut report = Report::default();
            check(&mut report, &lock, &Metadata::default(), &policy, &mut BTreeMap::new());
            assert_reported("no manifest", &report, &[], &["cargo tells nothing of its licence"]);
        }
    }
}
