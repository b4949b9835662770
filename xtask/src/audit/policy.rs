//! The policy, which is written once, in `deny.toml`: cargo-deny reads it, and so do the audit's own checks.

use semver::{Version, VersionReq};

use super::date::Day;

/// What `deny.toml` says.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// SPDX licences that may enter the tree.
    pub(crate) licences: Vec<String>,
    /// Further licences of single crates.
    pub(crate) exceptions: Vec<(String, Vec<String>)>,
    /// Crates that may not, but for those that these crates ask for.
    pub(crate) banned: Vec<(String, Vec<String>)>,
    /// Crates of which a second version is known, with that version.
    pub(crate) second: Vec<(String, VersionReq)>,
    /// Crates whose build scripts somebody has read.
    pub(crate) build_scripts: Vec<String>,
    /// Advisories that do not concern us.
    pub(crate) ignored: Vec<Ignored>,
}

/// An advisory that is set aside.
#[derive(Debug)]
pub(crate) struct Ignored {
    pub(crate) id: String,
    /// `.. review by YYYY-MM-DD`.
    pub(crate) reason: String,
}

impl Policy {
    pub(crate) fn parse(text: &str) -> Result<Policy, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let list = |section: &str, key: &str| -> Vec<toml::Value> {
            let section = section.split('.').try_fold(&table, |table, name| table.get(name)?.as_table());
            section.and_then(|table| table.get(key)?.as_array().cloned()).unwrap_or_default()
        };
        Ok(Policy {
            licences: strings(&list("licenses", "allow")),
            exceptions: list("licenses", "exceptions").iter().filter_map(exception).collect(),
            banned: list("bans", "deny").iter().map(banned).collect::<Result<_, _>>()?,
            second: list("bans", "skip").iter().map(crate_spec).collect::<Result<_, _>>()?,
            build_scripts: strings(&list("bans.build", "allow-build-scripts")),
            ignored: list("advisories", "ignore").iter().map(ignored).collect::<Result<_, _>>()?,
        })
    }

    /// Whether this is the version of a crate that is known to be there besides the main one.
    pub(crate) fn is_second(&self, name: &str, version: &Version) -> bool {
        self.second.iter().any(|(other, required)| other == name && required.matches(version))
    }
}

impl Ignored {
    /// The day by which somebody must look again.
    pub(crate) fn review(&self) -> Option<Day> {
        Day::parse(self.reason.split_once("review by ")?.1)
    }
}

fn strings(list: &[toml::Value]) -> Vec<String> {
    list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn text(value: &toml::Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// `"name"`, `"name@1.2"` or `{ crate = "name@1.2", .. }`.
fn crate_spec(value: &toml::Value) -> Result<(String, VersionReq), String> {
    let spec = value.as_str().map(str::to_owned).or_else(|| text(value, "crate"));
    let spec = spec.ok_or_else(|| format!("deny.toml: {value:?} names no crate"))?;
    match spec.split_once('@') {
        None => Ok((spec, VersionReq::STAR)),
        Some((name, version)) => {
            let version = version.parse().map_err(|error| format!("deny.toml: {spec}: {error}"))?;
            Ok((name.into(), version))
        }
    }
}

fn banned(value: &toml::Value) -> Result<(String, Vec<String>), String> {
    let wrappers = value.get("wrappers").and_then(toml::Value::as_array);
    Ok((crate_spec(value)?.0, wrappers.map(|list| strings(list)).unwrap_or_default()))
}

fn exception(value: &toml::Value) -> Option<(String, Vec<String>)> {
    Some((text(value, "crate")?, strings(value.get("allow")?.as_array()?)))
}

fn ignored(value: &toml::Value) -> Result<Ignored, String> {
    let id = value.as_str().map(str::to_owned).or_else(|| text(value, "id"));
    let id = id.ok_or_else(|| format!("deny.toml: {value:?} names no advisory"))?;
    Ok(Ignored { id, reason: text(value, "reason").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_read() {
        let text = "\
[advisories]
ignore = [{ id = \"RUSTSEC-2020-0001\", reason = \"not called; review by 2027-01-31\" }, \"RUSTSEC-2020-0002\"]
[licenses]
allow = [\"MIT\"]
exceptions = [{ crate = \"x\", allow = [\"NCSA\"] }]
[bans]
deny = [\"cmake\", { crate = \"libloading\", wrappers = [\"ash\"] }]
skip = [{ crate = \"syn@2\", reason = \"half\" }]
[bans.build]
allow-build-scripts = [\"libc\"]
";
        let policy = Policy::parse(text).unwrap();
        assert_eq!(policy.licences, ["MIT"]);
        assert_eq!(policy.exceptions, [("x".to_owned(), vec!["NCSA".to_owned()])]);
        let banned = [("cmake".to_owned(), vec![]), ("libloading".to_owned(), vec!["ash".to_owned()])];
        assert_eq!(policy.banned, banned);
        assert_eq!(policy.build_scripts, ["libc"]);
        assert!(policy.is_second("syn", &Version::new(2, 0, 119)));
        assert!(!policy.is_second("syn", &Version::new(3, 0, 1)));
        assert_eq!(policy.ignored[0].review(), Day::parse("2027-01-31"));
        assert_eq!(policy.ignored[1].review(), None);
        for bad in ["[bans]\nskip = [1]", "[bans]\nskip = [\"syn@?\"]", "[advisories]\nignore = [{}]", "["] {
            assert!(Policy::parse(bad).is_err(), "{bad}");
        }
    }
}
