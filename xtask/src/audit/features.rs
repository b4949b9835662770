//! What a user gets who asks for little.

use std::io;

use super::report::Report;
use super::{Check, Context, When};
use crate::cargo::cargo;

pub(super) const CHECK: Check = Check {
    name: "features",
    asks: "does a build hold nothing that it was not asked for, and nothing that speaks to a network?",
    when: When::Always,
    run,
};

/// A build and the crates that must not be in it.
struct Build {
    package: &'static str,
    features: &'static [&'static str],
    without: &'static [&'static str],
}

/// What opens sockets. Nothing that reads a model may.
const NETWORK: [&str; 8] =
    ["curl", "hyper", "mio", "native-tls", "openssl-sys", "reqwest", "rustls", "socket2"];

const BUILDS: &[Build] = &[
    Build {
        package: "tensorkeep",
        features: &["--no-default-features"],
        without: &["rayon-core", "flate2", "wgpu", "clap"],
    },
    Build {
        package: "tensorkeep",
        features: &["--no-default-features", "--features=cpu,train"],
        without: &["wgpu", "clap", "serde_json", "tensorkeep-format", "tensorkeep-trust"],
    },
    // Detached signatures are JSON, by their standard.
    Build { package: "tensorkeep", features: &[], without: &["wgpu", "naga", "libloading", "clap"] },
    Build { package: "tensorkeep-data", features: &[], without: &["rayon-core", "wgpu", "clap"] },
    Build { package: "tensorkeep-cli", features: &["--all-features"], without: &[] },
];

fn run(context: &Context) -> io::Result<Report> {
    let mut report = Report::examined(format!("the crates of {} builds", BUILDS.len()));
    for build in BUILDS {
        let name = [&[build.package], build.features].concat().join(" ");
        let output = cargo(&context.root)
            .args(["tree", "--locked", "--edges", "normal", "--target", "all", "--prefix", "none"])
            .args(["--format", "{p}", "--package", build.package])
            .args(build.features)
            .output()?;
        if !output.status.success() {
            report.unjudged.push(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()));
            continue;
        }
        let crates = crates(&String::from_utf8_lossy(&output.stdout));
        report.fact(&name, crates.len());
        check(&mut report, &name, &crates, build.without);
    }
    Ok(report)
}

/// The names in `cargo tree`'s lines, `name v1.2.3 (folder) (*)`, each once.
fn crates(tree: &str) -> Vec<String> {
    let mut names: Vec<String> =
        tree.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

fn check(report: &mut Report, build: &str, crates: &[String], without: &[&str]) {
    if crates.is_empty() {
        report.unjudged.push(format!("{build}: cargo tree names no crates"));
    }
    for name in without.iter().chain(&NETWORK).filter(|name| crates.iter().any(|other| other == *name)) {
        report.find(format!("{build} holds {name}; `cargo tree --invert {name}` tells who asks for it"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn what_nobody_asked_for_is_found() {
        let table = [
            ("a v1.0.0 (crates/a)\nlibm v0.2.0\nlibm v0.2.0 (*)\n", vec![], vec![]),
            ("a v1.0.0\nwgpu v30.0.0\n", vec!["a holds wgpu"], vec![]),
            ("a v1.0.0\nwgpu-types v30.0.0\n", vec![], vec![]),
            ("a v1.0.0\nrustls v1.0.0\n", vec!["a holds rustls"], vec![]),
            ("", vec![], vec!["names no crates"]),
        ];
        for (tree, findings, unjudged) in table {
            let mut report = Report::default();
            check(&mut report, "a", &crates(tree), &["wgpu"]);
            assert_reported(tree, &report, &findings, &unjudged);
        }
    }
}
