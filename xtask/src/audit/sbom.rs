//! A bill of materials: what is in the tree, for programs that ask.
//!
//! Source: CycloneDX 1.5, JSON (ECMA-424).

use std::collections::HashSet;
use std::fs;
use std::io;

use serde_json::{Value, json};

use super::packages::{Lock, Metadata, Package};
use super::report::Report;
use super::{Check, Context, When, spdx};

pub(super) const CHECK: Check = Check {
    name: "sbom",
    asks: "can a complete CycloneDX bill of materials be written?",
    when: When::Always,
    run,
};

/// The program that the bill is about.
const MAIN: &str = "tensorkeep-cli";

fn run(context: &Context) -> io::Result<Report> {
    let Some(workspace) = context.workspaces.first() else {
        return Ok(Report::unjudged("there is no workspace"));
    };
    let (lock, metadata) = match (&workspace.lock, &workspace.metadata) {
        (Ok(lock), Ok(metadata)) => (lock, metadata),
        (Err(reason), _) | (_, Err(reason)) => return Ok(Report::unjudged(reason.clone())),
    };
    let bill = bill(lock, metadata);
    let path = context.out()?.join("sbom.cdx.json");
    let mut text = serde_json::to_string_pretty(&bill).map_err(io::Error::other)?;
    text.push('\n');
    fs::write(&path, text)?;
    let mut report =
        Report::examined(format!("{} components, in {}", lock.packages.len(), context.shown(&path)));
    report.findings = faults(&bill, lock);
    report.fact("components", lock.packages.len());
    report.fact("file", context.shown(&path));
    Ok(report)
}

/// Equal for equal lock files: it holds neither a time nor a random serial number, both of which are optional.
fn bill(lock: &Lock, metadata: &Metadata) -> Value {
    let main = lock.packages.iter().find(|package| package.name == MAIN);
    let others = lock.packages.iter().filter(|package| package.name != MAIN);
    let dependencies = lock.packages.iter().map(|package| {
        let edges = package.dependencies.iter().filter_map(|dependency| resolve(lock, dependency));
        let edges: HashSet<String> = edges.map(Package::purl).collect();
        let mut edges: Vec<String> = edges.into_iter().collect();
        edges.sort();
        json!({ "ref": package.purl(), "dependsOn": edges })
    });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": main.map(|package| component(package, metadata, "application")),
            "tools": { "components": [{ "type": "application", "name": "cargo xtask audit" }] },
        },
        "components": others.map(|package| component(package, metadata, "library")).collect::<Vec<_>>(),
        "dependencies": dependencies.collect::<Vec<_>>(),
    })
}

fn component(package: &Package, metadata: &Metadata, kind: &str) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": package.purl(),
        "name": package.name,
        "version": package.version.to_string(),
        "purl": package.purl(),
    });
    if let Some(sum) = &package.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    if let Some(described) = metadata.find(package) {
        if let Some(licence) = &described.licence {
            component["licenses"] = json!([{ "expression": spdx::modern(licence) }]);
        }
        if let Some(repository) = &described.repository {
            component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
        }
    }
    component
}

/// The package that a lock file means by `name`, `name version` or `name version (source)`.
fn resolve<'l>(lock: &'l Lock, dependency: &str) -> Option<&'l Package> {
    let mut words = dependency.split(' ');
    let (name, version) = (words.next()?, words.next());
    lock.packages.iter().find(|package| {
        package.name == name && version.is_none_or(|version| package.version.to_string() == version)
    })
}

/// What a bill lacks: its form, a component, or something of a component.
fn faults(bill: &Value, lock: &Lock) -> Vec<String> {
    let mut faults = Vec::new();
    if bill["bomFormat"] != "CycloneDX" || bill["specVersion"] != "1.5" || !bill["version"].is_u64() {
        faults.push("the bill does not say what it is".into());
    }
    let mut components: Vec<&Value> = bill["components"].as_array().into_iter().flatten().collect();
    components.push(&bill["metadata"]["component"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let references: HashSet<String> =
        components.iter().map(|component| text(&component["bom-ref"])).collect();
    for package in &lock.packages {
        let purl = package.purl();
        let Some(component) = components.iter().find(|component| component["purl"] == purl.as_str()) else {
            faults.push(format!("{package} is not in the bill"));
            continue;
        };
        if component["licenses"][0]["expression"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{package} has no licence in the bill"));
        }
        let sum = component["hashes"][0]["content"].as_str();
        if package.source.is_some() && (sum.is_none() || sum != package.checksum.as_deref()) {
            faults.push(format!("{package} has no checksum in the bill"));
        }
    }
    let mut edges = 0;
    for dependency in bill["dependencies"].as_array().into_iter().flatten() {
        let ends = dependency["dependsOn"].as_array().into_iter().flatten();
        edges += ends.clone().count();
        for end in ends.chain([&dependency["ref"]]).map(text).filter(|end| !references.contains(end)) {
            faults.push(format!("`{end}` is depended on and is no component of the bill"));
        }
    }
    let asked: usize = lock.packages.iter().map(|package| package.dependencies.len()).sum();
    if edges != asked {
        faults.push(format!("the bill has {edges} dependencies, the lock file {asked}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::packages::CRATES_IO;
    use super::*;

    fn lock() -> Lock {
        let foreign = |name: &str, version: &str| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{CRATES_IO}\"\nchecksum = \"ab\"\n"
            )
        };
        let main = format!(
            "[[package]]\nname = \"{MAIN}\"\nversion = \"0.1.0\"\ndependencies = [\"a 2.0.0\", \"b\"]\n"
        );
        Lock::parse(&[main, foreign("a", "1.0.0"), foreign("a", "2.0.0"), foreign("b", "1.0.0+x")].concat())
            .unwrap()
    }

    fn metadata() -> Metadata {
        let package = |name: &str, version: &str| {
            format!(
                r#"{{"name": "{name}", "version": "{version}", "license": "MIT/Zlib", "repository": "https://r.example"}}"#
            )
        };
        let all = [(MAIN, "0.1.0"), ("a", "1.0.0"), ("a", "2.0.0"), ("b", "1.0.0+x")];
        let all: Vec<String> = all.iter().map(|(name, version)| package(name, version)).collect();
        Metadata::parse(format!(r#"{{"packages": [{}]}}"#, all.join(",")).as_bytes()).unwrap()
    }

    #[test]
    fn a_bill_names_everything() {
        let bill = bill(&lock(), &metadata());
        assert!(faults(&bill, &lock()).is_empty());
        assert_eq!(bill["metadata"]["component"]["purl"], "pkg:cargo/tensorkeep-cli@0.1.0");
        let expected = json!({
            "type": "library", "bom-ref": "pkg:cargo/b@1.0.0%2Bx", "name": "b", "version": "1.0.0+x",
            "purl": "pkg:cargo/b@1.0.0%2Bx",
            "hashes": [{ "alg": "SHA-256", "content": "ab" }],
            "licenses": [{ "expression": "MIT OR Zlib" }],
            "externalReferences": [{ "type": "vcs", "url": "https://r.example" }],
        });
        assert_eq!(bill["components"][2], expected);
        assert_eq!(
            bill["dependencies"][0]["dependsOn"],
            json!(["pkg:cargo/a@2.0.0", "pkg:cargo/b@1.0.0%2Bx"])
        );
    }

    /// What is taken out of a good bill, and what is said then.
    #[test]
    fn what_a_bill_lacks_is_found() {
        let table = [
            ("/specVersion", "does not say what it is"),
            ("/metadata/component", "tensorkeep-cli 0.1.0 is not in the bill"),
            ("/components/0/purl", "a 1.0.0 is not in the bill"),
            ("/components/0/licenses", "a 1.0.0 has no licence"),
            ("/components/0/hashes", "a 1.0.0 has no checksum"),
            ("/components/2/bom-ref", "`pkg:cargo/b@1.0.0%2Bx` is depended on"),
            ("/dependencies/0/dependsOn", "has 0 dependencies, the lock file 2"),
        ];
        for (pointer, expected) in table {
            let mut bill = bill(&lock(), &metadata());
            *bill.pointer_mut(pointer).unwrap() = Value::Null;
            let faults = faults(&bill, &lock());
            assert!(faults.iter().any(|fault| fault.contains(expected)), "{pointer}: {faults:?}");
        }
    }
}
