//! A fuzzer for any machine: it mutates the corpus blindly, counts, and keeps what crashes.

use std::any::Any;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Target;
use crate::corpus::Input;
use crate::mutate::Stock;

/// An input that takes longer than this is a finding.
pub const SLOW: Duration = Duration::from_secs(1);

/// After this long on one input, it is taken for one that never ends.
const HUNG: Duration = Duration::from_secs(10);

/// Which inputs to run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign<'a> {
    /// What runs them.
    pub target: Target,
    /// What they are mutated from.
    pub seeds: &'a [Input],
    /// Words that mutations insert.
    pub words: &'a [Vec<u8>],
    /// Other seeds give other mutants.
    pub seed: u64,
    /// The number of the first.
    pub first: u64,
    /// How many.
    pub runs: u64,
}

/// What a campaign saw.
#[derive(Debug)]
pub struct Report {
    /// How many inputs were run.
    pub executions: u64,
    /// What broke a promise; after the first, the campaign ends.
    pub crash: Option<Crash>,
    /// The number of the slowest input, and its time.
    pub slowest: (u64, Duration),
    /// The time of all.
    pub elapsed: Duration,
}

/// An input that broke a promise.
#[derive(Debug, PartialEq, Eq)]
pub struct Crash {
    /// Its number.
    pub number: u64,
    /// What the target was given.
    pub input: Vec<u8>,
    /// What the panic said.
    pub message: String,
}

impl Campaign<'_> {
    /// Runs the inputs one after another, up to the first that makes the target panic.
    ///
    /// An input that does not end cannot be stopped from within: `hung` is told its number, on another thread, and had
    /// better end the process.
    pub fn run(&self, hung: impl Fn(u64) + Sync) -> Report {
        let (current, done) = (AtomicU64::new(self.first), AtomicBool::new(false));
        thread::scope(|scope| {
            let watch = scope.spawn(|| self.watch(&current, &done, &hung));
            let report = self.run_all(&current);
            done.store(true, Ordering::Relaxed);
            watch.thread().unpark();
            report
        })
    }

    fn run_all(&self, current: &AtomicU64) -> Report {
        let stock = Stock { seeds: self.seeds, words: self.words };
        let started = Instant::now();
        let mut report = Report {
            executions: 0,
            crash: None,
            slowest: (self.first, Duration::ZERO),
            elapsed: Duration::ZERO,
        };
        for number in self.first..self.first.saturating_add(self.runs) {
            current.store(number, Ordering::Relaxed);
            let input = stock.input(self.seed, number);
            let began = Instant::now();
            let result = panic::catch_unwind(AssertUnwindSafe(|| (self.target.run)(&input)));
            let took = began.elapsed();
            if took > report.slowest.1 {
                report.slowest = (number, took);
            }
            report.executions += 1;
            if let Err(payload) = result {
                report.crash = Some(Crash { number, input, message: message(&*payload) });
                break;
            }
        }
        report.elapsed = started.elapsed();
        report
    }

    /// Tells once when one input takes too long.
    fn watch(&self, current: &AtomicU64, done: &AtomicBool, hung: &(dyn Fn(u64) + Sync)) {
        let mut last = (self.first, Instant::now());
        while !done.load(Ordering::Relaxed) {
            thread::park_timeout(Duration::from_secs(1));
            let now = current.load(Ordering::Relaxed);
            if now != last.0 {
                last = (now, Instant::now());
            } else if last.1.elapsed() > HUNG && !done.load(Ordering::Relaxed) {
                return hung(now);
            }
        }
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").into()
}

impl Report {
    /// Whether no promise was broken, and no input was slow.
    pub fn is_clean(&self) -> bool {
        self.crash.is_none() && self.slowest.1 <= SLOW
    }
}

impl fmt::Display for Report {
    /// One line, whose first word is the number of executions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { executions, slowest: (number, time), elapsed, .. } = self;
        let (seconds, slowest) = (elapsed.as_secs_f64(), time.as_secs_f64() * 1e3);
        write!(f, "{executions} executions in {seconds:.1} s, the slowest {slowest:.1} ms (input {number})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign(run: fn(&[u8]), seeds: &[Input], first: u64) -> Report {
        let target = Target { name: "test", run };
        let words = [b"FUZZ".to_vec()];
        Campaign { target, seeds, words: &words, seed: 3, first, runs: 100_000 }
            .run(|number| assert_eq!(number, u64::MAX, "nothing hangs here"))
    }

    fn hates_the_word(input: &[u8]) {
        assert!(!input.windows(4).any(|part| part == b"FUZZ"), "there it is");
    }

    #[test]
    fn a_broken_promise_is_found_and_can_be_repeated() {
        let seeds = [Input { name: "a".into(), bytes: b"some words".to_vec() }];
        let report = campaign(hates_the_word, &seeds, 0);
        assert!(!report.is_clean());
        let crash = report.crash.unwrap();
        assert_eq!(report.executions, crash.number + 1);
        assert!(crash.message.contains("there it is"));
        assert!(crash.input.windows(4).any(|part| part == b"FUZZ"));
        let again = campaign(hates_the_word, &seeds, crash.number);
        assert_eq!((again.executions, again.crash), (1, Some(crash)));
    }

    #[test]
    fn kept_promises_are_counted() {
        let report = campaign(|_| (), &[], 5);
        assert!(report.is_clean());
        assert!(report.to_string().starts_with("100000 executions in "), "{report}");
    }
}
