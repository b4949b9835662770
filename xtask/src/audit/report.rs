//! What a check says, and how the whole is written for people and for programs.

use std::fmt;
use std::fmt::Write;

use serde_json::{Map, Value, json};

/// What one check looked at and what it found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// In a few words, with numbers: what was really looked at.
    pub(crate) examined: String,
    /// What is wrong, each with what to do.
    pub(crate) findings: Vec<String>,
    /// What could not be looked at, each with what is missing.
    pub(crate) unjudged: Vec<String>,
    /// Why the check did not run at all, though nothing is wrong with that: a tool that is a second opinion is missing.
    pub(crate) not_run: Option<String>,
    /// Numbers and names for programs, by stable keys.
    pub(crate) facts: Map<String, Value>,
}

impl Report {
    pub(crate) fn examined(what: impl Into<String>) -> Report {
        Report { examined: what.into(), ..Report::default() }
    }

    pub(crate) fn unjudged(reason: impl Into<String>) -> Report {
        Report { unjudged: vec![reason.into()], ..Report::default() }
    }

    pub(crate) fn not_run(reason: impl Into<String>) -> Report {
        Report { not_run: Some(reason.into()), ..Report::default() }
    }

    pub(crate) fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    pub(crate) fn fact(&mut self, key: &str, value: impl Into<Value>) {
        self.facts.insert(key.into(), value.into());
    }

    /// A finding weighs more than what could not be judged.
    pub(crate) fn status(&self) -> Status {
        match (self.findings.is_empty(), self.unjudged.is_empty(), &self.not_run) {
            (false, ..) => Status::Fail,
            (true, false, _) => Status::Unjudged,
            (true, true, Some(_)) => Status::NotRun,
            (true, true, None) => Status::Pass,
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Everything was looked at, and nothing is wrong.
    Pass,
    /// Something is wrong.
    Fail,
    /// Nothing wrong was seen, but not all could be looked at: never a pass.
    Unjudged,
    /// Not asked for, or a second opinion whose tool is missing.
    NotRun,
}

impl Status {
    /// Its name in `audit.json`.
    fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Unjudged => "unjudged",
            Status::NotRun => "not-run",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Pass => "pass",
            Status::Fail => "FAIL",
            Status::Unjudged => "UNJUDGED",
            Status::NotRun => "not run",
        })
    }
}

/// A check that was considered, with its time.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) asks: &'static str,
    pub(crate) report: Report,
    pub(crate) seconds: f64,
}

/// What all checks say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit code 0: every check that was asked for passed.
    Green,
    /// Exit code 1: at least one finding.
    Findings,
    /// Exit code 3: no finding, but something could not be judged.
    Incomplete,
}

impl Verdict {
    pub(crate) fn of(entries: &[Entry]) -> Verdict {
        let any = |status| entries.iter().any(|entry| entry.report.status() == status);
        match (any(Status::Fail), any(Status::Unjudged), any(Status::Pass)) {
            (true, ..) => Verdict::Findings,
            (false, true, _) => Verdict::Incomplete,
            (false, false, true) => Verdict::Green,
            // Nothing ran: nothing was judged.
            (false, false, false) => Verdict::Incomplete,
        }
    }

    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Verdict::Green => 0,
            Verdict::Findings => 1,
            Verdict::Incomplete => 3,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Verdict::Green => "green",
            Verdict::Findings => "findings",
            Verdict::Incomplete => "incomplete",
        }
    }
}

/// The lines of one check in the table for people.
pub(crate) fn lines(entry: &Entry) -> String {
    let Entry { name, report, seconds, .. } = entry;
    let status = report.status();
    let said = shown(report.not_run.as_deref().unwrap_or(&report.examined));
    let mut text = format!("{name:<13} {status:<8} {seconds:>6.1} s  {said}").trim_end().to_owned();
    text.push('\n');
    for finding in &report.findings {
        let _ = writeln!(text, "              - {}", shown(finding));
    }
    for reason in &report.unjudged {
        let _ = writeln!(text, "              ? {}", shown(reason));
    }
    text
}

/// Names come from lock files, manifests and advisories, and could speak to a terminal.
fn shown(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The last line for people.
pub(crate) fn summary(entries: &[Entry]) -> String {
    let count = |status| entries.iter().filter(|entry| entry.report.status() == status).count();
    let (passed, failed) = (count(Status::Pass), count(Status::Fail));
    let (unjudged, not_run) = (count(Status::Unjudged), count(Status::NotRun));
    let verdict = Verdict::of(entries);
    let counts = format!("{passed} passed, {failed} failed, {unjudged} not judged, {not_run} not run");
    format!("audit: {} ({counts}), exit code {}", verdict.name(), verdict.exit_code())
}

/// `audit.json`, as `docs/AUDIT.md` describes it.
pub(crate) fn json(entries: &[Entry], header: Map<String, Value>) -> Value {
    let verdict = Verdict::of(entries);
    let checks: Vec<Value> = entries.iter().map(check_json).collect();
    let mut document = Map::new();
    document.insert("format".into(), json!(1));
    document.insert("verdict".into(), json!(verdict.name()));
    document.insert("exit_code".into(), json!(verdict.exit_code()));
    document.extend(header);
    document.insert("checks".into(), Value::Array(checks));
    Value::Object(document)
}

fn check_json(entry: &Entry) -> Value {
    let Entry { name, asks, report, seconds } = entry;
    json!({
        "name": name,
        "asks": asks,
        "status": report.status().name(),
        "examined": report.examined,
        "findings": report.findings,
        "unjudged": report.unjudged,
        "not_run": report.not_run,
        "facts": report.facts,
        "seconds": (seconds * 1e3).round() / 1e3,
    })
}

/// Asserts what a check finds and what it cannot judge: each line must contain the expected words, in order.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_reported(case: &str, report: &Report, findings: &[&str], unjudged: &[&str]) {
    let matches = |found: &[String], expected: &[&str]| {
        found.len() == expected.len() && found.iter().zip(expected).all(|(line, words)| line.contains(words))
    };
    assert!(
        matches(&report.findings, findings) && matches(&report.unjudged, unjudged),
        "{case}: expected findings {findings:?} and unjudged {unjudged:?} in {report:#?}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(findings: &[&str], unjudged: &[&str], not_run: Option<&str>) -> Entry {
        let own = |lines: &[&str]| lines.iter().map(|&line| line.into()).collect();
        let report = Report {
            examined: "2 things".into(),
            findings: own(findings),
            unjudged: own(unjudged),
            not_run: not_run.map(Into::into),
            facts: Map::new(),
        };
        Entry { name: "lock", asks: "is it?", report, seconds: 0.25 }
    }

    #[test]
    fn the_worst_decides() {
        let pass = || entry(&[], &[], None);
        let fail = || entry(&["bad"], &["unread"], None);
        let unjudged = || entry(&[], &["unread"], None);
        let not_run = || entry(&[], &[], Some("no tool"));
        let table = [
            (vec![pass(), not_run()], Verdict::Green, 0),
            (vec![pass(), unjudged()], Verdict::Incomplete, 3),
            (vec![unjudged(), fail(), pass()], Verdict::Findings, 1),
            (vec![not_run()], Verdict::Incomplete, 3),
            (vec![], Verdict::Incomplete, 3),
        ];
        for (entries, verdict, code) in table {
            assert_eq!(Verdict::of(&entries), verdict, "{entries:?}");
            assert_eq!(verdict.exit_code(), code);
        }
    }

    #[test]
    fn people_and_programs_read_the_same() {
        let hostile = entry(&["\u{1b}[2Jgreen\n"], &[], None);
        assert!(lines(&hostile).ends_with("- \\u{1b}[2Jgreen\\n\n"), "{}", lines(&hostile));
        let entries = [entry(&["bad: mend it"], &["unread"], None)];
        assert_eq!(
            lines(&entries[0]),
            "lock          FAIL        0.2 s  2 things\n              - bad: mend it\n              ? unread\n"
        );
        assert_eq!(
            summary(&entries),
            "audit: findings (0 passed, 1 failed, 0 not judged, 0 not run), exit code 1"
        );
        let document = json(&entries, Map::new());
        assert_eq!((&document["format"], &document["exit_code"]), (&json!(1), &json!(1)));
        let check = &document["checks"][0];
        let keys: Vec<&str> = check.as_object().unwrap().keys().map(String::as_str).collect();
        let stable =
            ["asks", "examined", "facts", "findings", "name", "not_run", "seconds", "status", "unjudged"];
        assert_eq!(keys, stable);
        assert_eq!((&check["status"], &check["findings"]), (&json!("fail"), &json!(["bad: mend it"])));
    }
}
