//! Whether the rules of secure coding are held by something.

use std::io;

use super::report::Report;
use super::{CHECKS, Check, Context, When};
use crate::cargo::cargo;
use crate::tidy;
use crate::tidy::manifest::Manifest;

pub(super) const CHECK: Check = Check {
    name: "lints",
    asks: "is each rule of docs/secure-coding.md held by a lint, a check or a test that exists?",
    when: When::Always,
    run,
};

const PAGE: &str = "docs/secure-coding.md";

fn run(context: &Context) -> io::Result<Report> {
    let page = std::fs::read_to_string(context.root.join(PAGE))?;
    let manifest = Manifest::parse(&std::fs::read_to_string(context.root.join("Cargo.toml"))?);
    let mut report = check(&page, &manifest);
    if context.options.full {
        let status = cargo(&context.root)
            .args(["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"])
            .status()?;
        if !status.success() {
            report.find("cargo clippy --workspace finds something; see above");
        }
        report.examined.push_str(", and clippy over the workspace");
    }
    Ok(report)
}

/// The page names a keeper as `` `clippy: unwrap_used` ``, with the tool before the colon.
fn check(page: &str, manifest: &Manifest) -> Report {
    let mut keepers = Vec::new();
    let mut report = Report::default();
    for (i, line) in page.lines().enumerate().filter(|(_, line)| is_rule(line)) {
        let named: Vec<(&str, &str)> = line.split('`').skip(1).step_by(2).filter_map(keeper).collect();
        if named.is_empty() {
            report.find(format!("{PAGE}:{}: nothing is named that holds this rule", i + 1));
        }
        for &(tool, name) in &named {
            if !exists(tool, name, manifest) {
                report.find(format!("{PAGE}:{}: there is no `{tool}: {name}`", i + 1));
            }
        }
        keepers.extend(named);
    }
    for tool in ["rust", "clippy"] {
        for entry in manifest.section(&format!("workspace.lints.{tool}")) {
            if !keepers.contains(&(tool, entry.key.as_str())) {
                report.find(format!(
                    "Cargo.toml:{}: `{tool}: {}` holds no rule of {PAGE}",
                    entry.line, entry.key
                ));
            }
        }
    }
    if keepers.is_empty() {
        report.unjudged.push(format!("{PAGE} has no table of rules"));
    }
    report.examined = format!("{} lints, checks and settings that rules name", keepers.len());
    report
}

/// A row of the table, but not its head.
fn is_rule(line: &str) -> bool {
    line.starts_with("| ") && !line.starts_with("| rule ")
}

fn keeper(code: &str) -> Option<(&str, &str)> {
    let (tool, name) = code.split_once(": ")?;
    ["rust", "clippy", "clippy.toml", "tidy", "audit", "profile"].contains(&tool).then_some((tool, name))
}

fn exists(tool: &str, name: &str, manifest: &Manifest) -> bool {
    match tool {
        "rust" | "clippy" => manifest
            .get(&format!("workspace.lints.{tool}"), name)
            .is_some_and(|entry| entry.value.contains("deny") || entry.value.contains("forbid")),
        "tidy" => tidy::has_rule(name),
        "audit" => CHECKS.iter().any(|check| check.name == name),
        // `release.package.tensorkeep-data.overflow-checks`
        "profile" => name.rsplit_once('.').is_some_and(|(section, key)| {
            manifest.get(&format!("profile.{section}"), key).is_some_and(|entry| entry.value == "true")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    const HEAD: &str = "| rule | held by |\n|---|---|\n";

    #[test]
    fn rules_without_a_keeper_are_found() {
        let manifest = Manifest::parse(
            "[workspace.lints.clippy]\npanic = \"deny\"\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\nwarned = \"warn\"\n\
             [profile.release.package.a]\noverflow-checks = true\n",
        );
        let all = "| No panic. | `clippy: panic` |\n| No `unsafe`. | `rust: unsafe_code`, `rust: warned` |\n";
        let good = all.replace(", `rust: warned`", "");
        let surplus = "`rust: warned` holds no rule";
        let table = [
            (good.clone(), vec![surplus]),
            (format!("{good}| Layers. | `tidy: layering`, `audit: lock` |\n"), vec![surplus]),
            (format!("{good}| Sums. | `profile: release.package.a.overflow-checks` |\n"), vec![surplus]),
            (
                format!("{good}| Be nice. | kindness |\n"),
                vec!["nothing is named that holds this rule", surplus],
            ),
            (format!("{good}| X. | `tidy: no-such` |\n"), vec!["there is no `tidy: no-such`", surplus]),
            (format!("{good}| X. | `audit: no-such` |\n"), vec!["there is no `audit: no-such`", surplus]),
            (all.into(), vec!["there is no `rust: warned`"]),
            ("| No panic. | `clippy: panic` |\n".into(), vec!["`rust: unsafe_code` holds no rule", surplus]),
        ];
        for (rows, findings) in table {
            assert_reported(&rows, &check(&format!("{HEAD}{rows}"), &manifest), &findings, &[]);
        }
        assert_reported("empty", &check("", &Manifest::default()), &[], &["has no table of rules"]);
    }
}
