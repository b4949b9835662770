//! Known faults of what we build on.

use std::collections::BTreeSet;
use std::io;

use semver::Version;

use super::advisory_db::{Advisory, Database, Refusal, SNAPSHOTS, Snapshot};
use super::date::Day;
use super::packages::Lock;
use super::policy::Policy;
use super::report::Report;
use super::{Check, Context, When};

pub(super) const CHECK: Check = Check {
    name: "advisories",
    asks: "does no advisory of a recent RustSec database concern a version of the lock files or the toolchain?",
    when: When::Always,
    run,
};

fn run(context: &Context) -> io::Result<Report> {
    let Some(folder) = &context.options.advisory_db else {
        return Ok(Report::unjudged(
            "no database was named: pass `--advisory-db DIR` or set TENSORKEEP_ADVISORY_DB; \
             `git clone https://github.com/RustSec/advisory-db` makes one",
        ));
    };
    let policy = context.policy()?;
    let known = std::fs::read_to_string(context.root.join(SNAPSHOTS))?;
    let known =
        Snapshot::parse_all(&known).map_err(|reason| io::Error::other(format!("{SNAPSHOTS}: {reason}")))?;
    let database = match Database::open(folder, &known) {
        Ok(database) => database,
        Err(Refusal::Unusable(reason)) => return Ok(Report::unjudged(reason)),
        Err(Refusal::Tampered(reason)) => {
            return Ok(Report { findings: vec![reason], ..Report::examined("no advisory") });
        }
    };
    let mut packages = vec![toolchain(&std::fs::read_to_string(context.root.join("rust-toolchain.toml"))?)?];
    let mut report = Report::default();
    for workspace in &context.workspaces {
        match &workspace.lock {
            Ok(lock) => packages.extend(foreign(lock)),
            Err(reason) => report.unjudged.push(reason.clone()),
        }
    }
    let today = Day::today();
    check_age(&mut report, &database, today, context.options.max_age);
    check(&mut report, &database, &packages, &policy, today);
    Ok(report)
}

/// Name and version, as advisories speak of them.
type Named = (String, Version);

fn foreign(lock: &Lock) -> impl Iterator<Item = Named> {
    lock.foreign().map(|package| (package.name.clone(), package.version.clone()))
}

/// The standard library has advisories too.
fn toolchain(text: &str) -> io::Result<Named> {
    let table: toml::Table = text.parse().map_err(io::Error::other)?;
    let channel = table.get("toolchain").and_then(|toolchain| toolchain.get("channel")?.as_str());
    let version = channel.and_then(|channel| channel.parse().ok());
    let version = version.ok_or_else(|| io::Error::other("rust-toolchain.toml pins no version"))?;
    Ok(("std".into(), version))
}

fn check_age(report: &mut Report, database: &Database, today: Day, limit: i64) {
    let age = database.day.until(today);
    if age > limit {
        report.unjudged.push(format!(
            "the database is of {}, {age} days old, {limit} are allowed: fetch a newer one",
            database.day
        ));
    } else if age < 0 {
        report
            .unjudged
            .push(format!("the database is of {}, which is to come: check the clock", database.day));
    }
    report.fact("database_commit", database.commit.as_str());
    report.fact("database_date", database.day.to_string());
    report.fact("database_age_days", age);
}

fn check(report: &mut Report, database: &Database, packages: &[Named], policy: &Policy, today: Day) {
    let mut used = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (name, version) in packages {
        for advisory in database.advisories.iter().filter(|advisory| advisory.affects(name, version)) {
            used.insert(advisory.id.as_str());
            let ignored = policy.ignored.iter().any(|ignored| ignored.id == advisory.id);
            if !ignored && seen.insert((&advisory.id, name, version)) {
                report.find(objection(advisory, name, version));
            }
        }
    }
    for ignored in &policy.ignored {
        let id = &ignored.id;
        match ignored.review() {
            _ if !used.contains(id.as_str()) => {
                report.find(format!("deny.toml sets {id} aside, which concerns nothing here; remove it"));
            }
            None => report.find(format!("deny.toml sets {id} aside without a `review by YYYY-MM-DD`")),
            Some(day) if day < today => {
                report.find(format!("deny.toml sets {id} aside until {day}, which is over; look again"));
            }
            Some(_) => {}
        }
    }
    if let Some(first) = database.unread.first() {
        let others = database.unread.len() - 1;
        report.unjudged.push(format!("{first} (and {others} others) could not be understood"));
    }
    report.examined = format!(
        "{} versions against {} advisories of {}",
        packages.len(),
        database.advisories.len(),
        database.day
    );
    report.fact("advisories", database.advisories.len());
    report.fact("ignored", policy.ignored.len());
}

fn objection(advisory: &Advisory, name: &str, version: &Version) -> String {
    let kind = advisory.informational.as_deref().unwrap_or("vulnerability");
    let advice = match advisory.patched.as_slice() {
        [] => "no version is patched; replace it".into(),
        ranges => {
            format!("update to {}", ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))
        }
    };
    format!("{name} {version}: {} ({kind}); {advice}", advisory.id)
}

#[cfg(test)]
mod tests {
    use super::super::advisory_db::tests::advisory;
    use super::super::report::assert_reported;
    use super::*;

    const TODAY: &str = "2026-03-01";

    fn database(day: &str, advisories: &[String]) -> Database {
        let advisories = advisories.iter().map(|text| Advisory::parse(text).unwrap()).collect();
        Database { commit: "c".into(), day: Day::parse(day).unwrap(), advisories, unread: Vec::new() }
    }

    /// Each class of advisory, made up, against `a` 1.0.0.
    #[test]
    fn every_class_is_found() {
        let id = "RUSTSEC-2026-0001";
        let open = "patched = []";
        let ignore =
            |reason: &str| format!("[advisories]\nignore = [{{ id = \"{id}\", reason = \"{reason}\" }}]");
        let table = [
            (advisory(id, "", "patched = [\">= 1.0.0\"]"), String::new(), vec![]),
            (
                advisory(id, "", "patched = [\">= 1.0.1\"]"),
                String::new(),
                vec!["a 1.0.0: RUSTSEC-2026-0001 (vulnerability); update to >=1.0.1"],
            ),
            (
                advisory(id, "informational = \"unsound\"", open),
                String::new(),
                vec!["(unsound); no version is patched"],
            ),
            (
                advisory(id, "informational = \"unmaintained\"", open),
                String::new(),
                vec!["(unmaintained); no version is patched"],
            ),
            (
                advisory(id, "informational = \"notice\"", open),
                String::new(),
                vec!["(notice); no version is patched"],
            ),
            (advisory(id, "", open), ignore("not called; review by 2026-03-01"), vec![]),
            (
                advisory(id, "", open),
                ignore("not called; review by 2026-02-28"),
                vec!["until 2026-02-28, which is over"],
            ),
            (advisory(id, "", open), ignore("not called"), vec!["without a `review by"]),
            (
                advisory(id, "", "patched = [\">= 1.0.0\"]"),
                ignore("not called; review by 2026-03-01"),
                vec!["which concerns nothing here"],
            ),
        ];
        for (text, policy, findings) in table {
            let mut report = Report::default();
            let packages = [("a".to_owned(), Version::new(1, 0, 0)), ("a".to_owned(), Version::new(1, 0, 0))];
            let policy = Policy::parse(&policy).unwrap();
            check(
                &mut report,
                &database(TODAY, std::slice::from_ref(&text)),
                &packages,
                &policy,
                Day::parse(TODAY).unwrap(),
            );
            assert_reported(&text, &report, &findings, &[]);
        }
    }

    #[test]
    fn an_old_database_judges_nothing_but_finds_what_it_knows() {
        let table = [
            ("2026-03-01", vec![]),
            ("2026-01-30", vec![]),
            ("2026-01-29", vec!["31 days old, 30 are allowed"]),
            ("2026-03-02", vec!["which is to come"]),
        ];
        for (day, unjudged) in table {
            let mut report = Report::default();
            let mut database = database(day, &[]);
            check_age(&mut report, &database, Day::parse(TODAY).unwrap(), 30);
            assert_reported(day, &report, &[], &unjudged);

            database.unread.push("RUSTSEC-2026-0009.md: broken".into());
            let mut report = Report::default();
            check(&mut report, &database, &[], &Policy::default(), Day::parse(TODAY).unwrap());
            assert_reported(day, &report, &[], &["RUSTSEC-2026-0009.md: broken (and 0 others)"]);
        }
    }

    #[test]
    fn the_toolchain_counts() {
        let version = toolchain("[toolchain]\nchannel = \"1.95.0\"\n").unwrap();
        assert_eq!(version, ("std".to_owned(), Version::new(1, 95, 0)));
        assert!(toolchain("[toolchain]\nchannel = \"stable\"\n").is_err());
    }
}
