//! What is in the dependency tree: `Cargo.lock`, and what `cargo metadata` says of it.

use std::io;
use std::path::{Path, PathBuf};

use semver::Version;
use serde_json::Value;

use crate::cargo::cargo;

/// The one registry that packages may come from.
pub(crate) const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A workspace with a lock file of its own.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// From the root of the repository; empty for the root's own.
    pub(crate) folder: &'static str,
    pub(crate) lock: Result<Lock, String>,
    pub(crate) metadata: Result<Metadata, String>,
}

impl Workspace {
    pub(crate) fn read(root: &Path, folder: &'static str) -> Workspace {
        let lock = std::fs::read_to_string(root.join(folder).join("Cargo.lock"))
            .map_err(|error| error.to_string())
            .and_then(|text| Lock::parse(&text));
        let named = |reason| format!("{}: {reason}", Path::new(folder).join("Cargo.lock").display());
        Workspace { folder, lock: lock.map_err(named), metadata: Metadata::read(&root.join(folder)) }
    }

    /// What a file of it is called in findings.
    pub(crate) fn file(&self, name: &str) -> String {
        if self.folder.is_empty() { name.into() } else { format!("{}/{name}", self.folder) }
    }
}

/// A lock file.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    pub(crate) version: i64,
    pub(crate) packages: Vec<Package>,
}

/// A package as a lock file has it.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// Where it comes from; `None` for a folder of this repository.
    pub(crate) source: Option<String>,
    /// SHA-256 of its archive, in hexadecimal digits.
    pub(crate) checksum: Option<String>,
    /// `name`, `name version`, or `name version (source)`.
    pub(crate) dependencies: Vec<String>,
}

impl Lock {
    pub(crate) fn parse(text: &str) -> Result<Lock, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let version = table.get("version").and_then(toml::Value::as_integer).unwrap_or(1);
        let packages = table.get("package").and_then(toml::Value::as_array).into_iter().flatten();
        Ok(Lock { version, packages: packages.map(Package::parse).collect::<Result<_, _>>()? })
    }

    /// The packages that come from elsewhere.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_some())
    }
}

impl Package {
    fn parse(table: &toml::Value) -> Result<Package, String> {
        let text = |key| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let name = text("name").ok_or("a package has no name")?;
        let version = text("version").ok_or_else(|| format!("{name} has no version"))?;
        let version = version.parse().map_err(|error| format!("{name} {version}: {error}"))?;
        let dependencies = table.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        let dependencies = dependencies.filter_map(|name| name.as_str().map(str::to_owned)).collect();
        Ok(Package { name, version, source: text("source"), checksum: text("checksum"), dependencies })
    }

    /// Package URL, <https://github.com/package-url/purl-spec>, type `cargo`.
    pub(crate) fn purl(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version.to_string().replace('+', "%2B"))
    }
}

impl std::fmt::Display for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The packages' own manifests, as cargo read them.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Described>,
}

/// A package by its manifest.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) version: String,
    /// `None` for a folder of this repository.
    pub(crate) source: Option<String>,
    pub(crate) licence: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) manifest: PathBuf,
    /// It runs a program of its own while it is built.
    pub(crate) has_build_script: bool,
    pub(crate) dependencies: Vec<Asked>,
}

/// A dependency as a manifest asks for it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) requirement: String,
    /// `None` for a folder.
    pub(crate) source: Option<String>,
}

impl Metadata {
    /// Asks cargo, which refuses if the lock file does not fit the manifests.
    fn read(folder: &Path) -> Result<Metadata, String> {
        let output = cargo(folder)
            .args(["metadata", "--locked", "--all-features", "--format-version", "1"])
            .output()
            .map_err(|error| format!("cargo metadata: {error}"))?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            let error = reason.lines().find(|line| line.starts_with("error")).unwrap_or(reason.trim());
            return Err(format!("cargo metadata --locked: {error}"));
        }
        Metadata::parse(&output.stdout)
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Metadata, String> {
        let document: Value =
            serde_json::from_slice(json).map_err(|error| format!("cargo metadata: {error}"))?;
        let packages = document["packages"].as_array().ok_or("cargo metadata names no packages")?;
        Ok(Metadata { packages: packages.iter().map(Described::parse).collect() })
    }

    pub(crate) fn find(&self, package: &Package) -> Option<&Described> {
        let version = package.version.to_string();
        self.packages.iter().find(|other| other.name == package.name && other.version == version)
    }
}

impl Described {
    fn parse(package: &Value) -> Described {
        let text = |key: &str| package[key].as_str().map(str::to_owned);
        let kinds = package["targets"].as_array().into_iter().flatten();
        let mut kinds = kinds.flat_map(|target| target["kind"].as_array().into_iter().flatten());
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        Described {
            name: text("name").unwrap_or_default(),
            version: text("version").unwrap_or_default(),
            source: text("source"),
            licence: text("license"),
            repository: text("repository"),
            manifest: text("manifest_path").unwrap_or_default().into(),
            has_build_script: kinds.any(|kind| kind == "custom-build"),
            dependencies: dependencies
                .map(|asked| Asked {
                    name: asked["name"].as_str().unwrap_or_default().into(),
                    requirement: asked["req"].as_str().unwrap_or_default().into(),
                    source: asked["source"].as_str().map(str::to_owned),
                })
                .collect(),
        }
    }
}

/// Where cargo keeps archives and indices.
pub(crate) fn cargo_home() -> io::Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let user = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    home.or_else(user).ok_or_else(|| io::Error::other("neither CARGO_HOME nor HOME is set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_read() {
        let text = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0+x\"\nsource = \"s\"\nchecksum = \"c\"\n\
                    dependencies = [\"b\", \"c 2.0.0\"]\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
        let lock = Lock::parse(text).unwrap();
        assert_eq!((lock.version, lock.packages.len(), lock.foreign().count()), (4, 2, 1));
        assert_eq!(lock.packages[0].to_string(), "a 1.0.0+x");
        assert_eq!(lock.packages[0].purl(), "pkg:cargo/a@1.0.0%2Bx");
        assert_eq!(lock.packages[0].dependencies, ["b", "c 2.0.0"]);
        for bad in ["[[package]]\nname = \"a\"\n", "[[package]]\nname = \"a\"\nversion = \"1\"\n", "= 1"] {
            assert!(Lock::parse(bad).is_err(), "{bad}");
        }
    }
}
