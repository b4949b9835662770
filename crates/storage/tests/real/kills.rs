//! Row CK-02: a writer killed without warning, a thousand times.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tensorkeep_storage::{Generations, recover};

use super::scratch::Scratch;

/// Set for the child: the directory to write to.
const DIRECTORY: &str = "TENSORKEEP_TEST_GENERATIONS";

/// Of different lengths, and a function of the first byte.
fn content(tag: u8) -> Vec<u8> {
    vec![tag; 1 + usize::from(tag) * 79]
}

/// The tag of a content, if it is one.
fn check(mut file: File) -> io::Result<u8> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    match bytes.first() {
        Some(&tag) if bytes == content(tag) => Ok(tag),
        _ => Err(io::Error::other("a mixture")),
    }
}

/// What the child runs: recovers, saves, and says what is acknowledged, until it is killed.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let (mut generations, recovery) = Generations::open(directory, 2, |_, file| check(file)).unwrap();
    let mut tag = recovery.found.map_or(0, |(_, tag)| tag);
    println!("recovered");
    loop {
        tag = tag.wrapping_add(1);
        let saved = generations.save(|out| -> io::Result<()> { out.write_all(&content(tag)) });
        println!("acknowledged {} {tag}", saved.unwrap().number);
    }
}

/// The number and the tag in a line of the child.
fn acknowledged(line: &str) -> Option<(u64, u8)> {
    let (number, tag) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
    Some((number.parse().ok()?, tag.parse().ok()?))
}

fn spawn(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::child", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_writer_loses_nothing() {
    let scratch = Scratch::new("kills");
    let mut last = (0, 0);
    for round in 0..1000 {
        let mut child = spawn(scratch.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // The kill comes while the child does whatever follows its n-th line: 0 is before it recovers.
        for _ in 0..round % 7 {
            let Some(line) = lines.next() else { panic!("round {round}: the child ended by itself") };
            last = acknowledged(&line).unwrap_or(last);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before the kill reached it. A pipe takes a short line wholly or not at all.
        last = lines.filter_map(|line| acknowledged(&line)).last().unwrap_or(last);

        let recovery = recover(scratch.path(), |_, file| check(file)).unwrap();
        let found = recovery.found.map_or((0, 0), |(found, tag)| (found.number, tag));
        assert!(found == last || found.0 > last.0, "round {round}: {found:?} found, {last:?} acknowledged");
    }
    println!("1000 kills, {} generations", last.0);
    assert!(last.0 > 500);
}
