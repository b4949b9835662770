//! Reports on their way from the child to the parent.

use std::fmt;

use crate::{Measure, Outcome, Report};

impl Report {
    /// What is missing and why, in one line.
    pub(crate) fn missing(&self) -> String {
        let missing = Measure::ALL.iter().filter_map(|measure| match self.get(*measure) {
            Some(Outcome::Enforced(_)) => None,
            Some(Outcome::Missing(reason)) => Some(format!("{} ({reason})", measure.name())),
            None => Some(measure.name().to_string()),
        });
        missing.collect::<Vec<_>>().join(", ")
    }

    /// Notes what became of a measure.
    pub(crate) fn note<E: fmt::Display>(&mut self, measure: Measure, result: Result<String, E>) {
        let outcome = match result {
            Ok(detail) => Outcome::Enforced(detail),
            Err(reason) => Outcome::Missing(reason.to_string()),
        };
        self.outcomes.push((measure, outcome));
    }

    /// A line a measure, for the way from the child to the parent.
    pub(crate) fn encode(&self) -> String {
        let line = |(measure, outcome): &(Measure, Outcome)| {
            let (sign, text) = match outcome {
                Outcome::Enforced(text) => ('+', text),
                Outcome::Missing(text) => ('-', text),
            };
            format!("{sign}{}: {}\n", measure.name(), text.replace(char::is_control, " "))
        };
        self.outcomes.iter().map(line).collect()
    }

    /// The inverse of [`encode`](Self::encode); nothing if it is not a report.
    pub(crate) fn decode<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        let outcome = |line: &str| {
            let (name, text) = line.get(1..)?.split_once(": ")?;
            let measure = *Measure::ALL.iter().find(|measure| measure.name() == name)?;
            match line.as_bytes().first()? {
                b'+' => Some((measure, Outcome::Enforced(text.into()))),
                b'-' => Some((measure, Outcome::Missing(text.into()))),
                _ => None,
            }
        };
        lines.map(outcome).collect::<Option<_>>().map(|outcomes| Self { outcomes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(missing: Option<Measure>) -> Report {
        let mut report = Report::default();
        for measure in Measure::ALL {
            let result = if Some(*measure) == missing { Err("no\nkernel") } else { Ok("7".into()) };
            report.note(*measure, result);
        }
        report
    }

    #[test]
    fn reports_survive_the_way() {
        let whole = report(None);
        assert!(whole.is_complete());
        assert_eq!(Report::decode(whole.encode().lines()), Some(whole));
        let partial = report(Some(Measure::Landlock));
        let read = Report::decode(partial.encode().lines()).unwrap();
        assert!(!read.is_complete());
        assert_eq!(read.missing(), "Landlock (no kernel)");
        assert!(read.to_string().contains("Landlock: MISSING, no kernel\n"), "{read}");
        assert!(!Report::default().is_complete());
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for line in ["", "+", "+Landlock", "*Landlock: 7", "+landlock: 7", "é: ", "+: "] {
            assert_eq!(Report::decode([line].into_iter()), None, "{line}");
        }
    }
}
