//! Runs that crash, recover, and crash again.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use tensorkeep_storage::{Code, Directory, Generations};

use super::disk::{Disk, Fault};
use super::random::Random;
use super::sloppy::{Omission, Sloppy};
use super::{Tally, content};

const RUNS: u64 = 2500;
const ROUNDS: usize = 6;

/// What a run has tried to save, and what it was told is safe.
#[derive(Default)]
struct Ledger {
    attempts: BTreeMap<u64, Vec<Vec<u8>>>,
    acknowledged: u64,
    tags: u64,
}

impl Ledger {
    /// Opens, and saves a few generations, until something fails.
    fn round<D: Directory>(&mut self, directory: D, random: &mut Random, keep: usize) -> io::Result<()> {
        let (mut generations, recovery) = Generations::open_in(directory, keep, |_, file| read(file))?;
        let mut next = recovery.found.map_or(0, |(generation, _)| generation.number);
        for _ in 0..1 + random.below(4) {
            self.tags += 1;
            let bytes = content(self.tags, random.below(3000));
            // Numbers of failed saves are skipped, so an attempt may bear any of the next few.
            for number in next + 1..next + 12 {
                self.attempts.entry(number).or_default().push(bytes.clone());
            }
            let generation = generations.save(|out| out.write_all(&bytes))?;
            self.attempts.insert(generation.number, vec![bytes]);
            self.acknowledged = generation.number;
            next = generation.number;
        }
        Ok(())
    }

    /// Whether what a recovery finds is what was saved, and not older than what was acknowledged.
    fn check(&self, disk: &Disk) -> Result<(), String> {
        let opened = Generations::open_in(disk.clone(), 2, |_, file| read(file));
        let (_, recovery) = opened.map_err(|error| error.to_string())?;
        let lost = recovery.skipped.iter().any(|error| error.code() == Code::Rollback);
        let (number, bytes) = match recovery.found {
            Some((generation, bytes)) => (generation.number, bytes),
            None => (0, Vec::new()),
        };
        if number < self.acknowledged || lost {
            return Err(format!("{number} found, {} acknowledged", self.acknowledged));
        }
        let known = number == 0 || self.attempts.get(&number).is_some_and(|all| all.contains(&bytes));
        if known { Ok(()) } else { Err(format!("{number} is a mixture of {} bytes", bytes.len())) }
    }
}

fn read(mut file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn search(omission: Omission, runs: u64) -> Tally {
    let mut tally = Tally::default();
    for run in 0..runs {
        let mut random = Random(run);
        let keep = 2 + random.below(2);
        let mut ledger = Ledger::default();
        let mut disk = Disk::new();
        for round in 0..ROUNDS {
            let at = random.below(120);
            disk.arm(match random.below(4) {
                0 => Fault::Fail(at, [5, 28, 30, 13][random.below(4)]),
                1 => Fault::None,
                _ => Fault::Crash(at),
            });
            let _ = ledger.round(Sloppy::new(&disk, omission), &mut random, keep);
            for _ in 0..3 {
                let after = disk.crash(&mut random);
                tally.states += 1;
                let verdict = ledger.check(&after);
                let broken = verdict.is_err();
                tally.hold(!broken, || format!("run {run}, round {round}: {}", verdict.unwrap_err()));
                if broken {
                    return tally;
                }
            }
            disk = disk.crash(&mut random);
        }
    }
    tally
}

#[test]
fn a_crash_loses_no_acknowledged_generation() {
    let tally = search(Omission::Nothing, RUNS);
    println!("{} crash states of a directory of generations", tally.states);
    assert!(tally.broken.is_empty(), "{:#?}", tally.broken);
    assert!(tally.states >= 10_000);
}

#[test]
fn the_search_catches_a_protocol_without_a_step() {
    for omission in [Omission::FileFlush, Omission::DirectoryFlush, Omission::Order, Omission::FinalFailure] {
        let tally = search(omission, RUNS);
        println!("{omission:?}: broken after {} states: {:?}", tally.states, tally.broken);
        assert!(!tally.broken.is_empty(), "{omission:?} goes unnoticed");
    }
}
