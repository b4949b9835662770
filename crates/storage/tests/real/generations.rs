//! Rows CK: damage, strangers, links and a second writer in a directory of generations.

use std::fs::{self, File};
use std::io::{self, Read, Write};

use tensorkeep_storage::{Code, Generation, Generations, Recovery, recover};

use super::scratch::Scratch;

fn load(_: &Generation, mut file: File) -> io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn open(scratch: &Scratch) -> (Generations, Recovery<String>) {
    Generations::open(scratch.path(), 2, load).unwrap()
}

fn save(generations: &mut Generations, text: &str) -> Generation {
    generations.save(|out| -> io::Result<()> { out.write_all(text.as_bytes()) }).unwrap()
}

/// A directory where `texts` were saved one after the other.
fn run(test: &str, texts: &[&str]) -> Scratch {
    let scratch = Scratch::new(test);
    let (mut generations, _) = open(&scratch);
    texts.iter().for_each(|text| drop(save(&mut generations, text)));
    scratch
}

fn file(number: u64) -> String {
    format!("generation-{number:08}")
}

fn record(number: u64) -> String {
    file(number) + ".record"
}

/// What is found, and the codes of what is reported.
fn found(scratch: &Scratch) -> (String, Vec<Code>) {
    let recovery = recover(scratch.path(), load).unwrap();
    let codes = recovery.skipped.iter().map(|error| error.code()).collect();
    (recovery.found.unwrap().1, codes)
}

#[test]
fn the_newest_are_kept() {
    let scratch = run("kept", &["one", "two", "three", "four"]);
    let kept = ["LATEST".into(), file(3), record(3), file(4), record(4), "lock".into()];
    assert_eq!(scratch.names(), kept);
    assert_eq!(found(&scratch), ("four".into(), vec![]));
    assert_eq!(Generations::open(scratch.path(), 1, load).unwrap_err().code(), Code::Limit);
}

/// Rows CK-05, CK-06 and CK-08: what is done to a run of three generations, what is found, what is reported.
#[test]
fn damage_falls_back_and_is_reported() {
    type Row<'t> = (&'t str, &'t dyn Fn(&Scratch), &'t str, &'t [Code]);
    let write = |name: &str, bytes: &[u8], scratch: &Scratch| fs::write(scratch.join(name), bytes).unwrap();
    let flip = |name: &str, at: usize, scratch: &Scratch| {
        let mut bytes = fs::read(scratch.join(name)).unwrap();
        bytes[at] ^= 1;
        fs::write(scratch.join(name), bytes).unwrap();
    };
    let table: &[Row<'_>] = &[
        ("data damaged", &|s| flip(&file(3), 0, s), "two", &[Code::Digest, Code::Rollback]),
        ("data cut", &|s| write(&file(3), b"thre", s), "two", &[Code::Digest, Code::Rollback]),
        ("data longer", &|s| write(&file(3), b"three!", s), "two", &[Code::Digest, Code::Rollback]),
        ("data gone", &|s| fs::remove_file(s.join(&file(3))).unwrap(), "two", &[Code::Io, Code::Rollback]),
        ("record damaged", &|s| flip(&record(3), 30, s), "two", &[Code::Digest, Code::Rollback]),
        ("record empty", &|s| write(&record(3), b"", s), "two", &[Code::Digest, Code::Rollback]),
        ("record long", &|s| write(&record(3), &[b' '; 1 << 20], s), "two", &[Code::Digest, Code::Rollback]),
        (
            "record gone",
            &|s| fs::remove_file(s.join(&record(3))).unwrap(),
            "two",
            &[Code::Io, Code::Rollback],
        ),
        ("LATEST gone", &|s| fs::remove_file(s.join("LATEST")).unwrap(), "three", &[Code::Io]),
        ("LATEST empty", &|s| write("LATEST", b"", s), "three", &[Code::Digest]),
        ("LATEST damaged", &|s| flip("LATEST", 40, s), "three", &[Code::Digest]),
        (
            "the older one under the newer one's name",
            &|s| {
                fs::copy(s.join(&file(2)), s.join(&file(3))).unwrap();
                fs::copy(s.join(&record(2)), s.join(&record(3))).unwrap();
            },
            "two",
            &[Code::Chain, Code::Rollback],
        ),
        (
            "everything newest gone",
            &|s| [file(3), record(3)].iter().for_each(|name| fs::remove_file(s.join(name)).unwrap()),
            "two",
            &[Code::Rollback],
        ),
        ("the predecessor damaged", &|s| flip(&record(2), 30, s), "three", &[]),
    ];
    for (damage, apply, expected, codes) in table {
        let scratch = run("damage", &["one", "two", "three"]);
        apply(&scratch);
        assert_eq!(found(&scratch), (expected.to_string(), codes.to_vec()), "{damage}");
        // Whoever goes on does so from what was found, and then all is well.
        let (mut generations, recovery) = open(&scratch);
        assert_eq!(recovery.found.unwrap().1, *expected, "{damage}");
        save(&mut generations, "next");
        drop(generations);
        assert_eq!(found(&scratch), ("next".into(), vec![]), "{damage}");
    }
}

#[test]
fn latest_of_another_time_or_run_is_not_believed() {
    let older = run("older", &["one", "two"]);
    let scratch = run("latest", &["one", "two", "three"]);
    fs::copy(older.join("LATEST"), scratch.join("LATEST")).unwrap();
    assert_eq!(found(&scratch), ("three".into(), vec![Code::Chain]));

    let other = run("other", &["a", "b", "c", "d"]);
    fs::copy(other.join("LATEST"), scratch.join("LATEST")).unwrap();
    assert_eq!(found(&scratch), ("three".into(), vec![Code::Rollback]));
}

#[test]
fn a_stranger_with_a_high_number_is_passed_over() {
    let other = run("stranger", &["a", "b", "c", "d", "e"]);
    let scratch = run("host", &["one", "two", "three"]);
    for name in [file(5), record(5)] {
        fs::copy(other.join(&name), scratch.join(&name)).unwrap();
    }
    assert_eq!(found(&scratch), ("three".into(), vec![Code::Chain]));
}

#[test]
fn the_caller_s_check_decides() {
    let scratch = run("check", &["one", "two"]);
    let only_one = |_: &Generation, mut file: File| {
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| error.to_string())?;
        if text == "one" { Ok(()) } else { Err(format!("{text} is of another plan")) }
    };
    let recovery = recover(scratch.path(), only_one).unwrap();
    assert_eq!(recovery.found.unwrap().0.number, 1);
    assert_eq!(
        recovery.skipped[0].to_string(),
        "E_VALUE: \"generation-00000002\": is refused: two is of another plan"
    );

    let none = recover(scratch.path(), |_, _| Err::<(), _>("no")).unwrap_err();
    assert_eq!(none.code(), Code::Chain);
    let none = Generations::open(scratch.path(), 2, |_, _| Err::<(), _>("no")).unwrap_err();
    assert!(none.to_string().contains("none of 2 generations is good"), "{none}");
}

#[test]
fn damaged_generations_do_not_count_as_kept() {
    let scratch = run("count", &["one", "two"]);
    fs::write(scratch.join(&file(2)), b"damage").unwrap();
    let (mut generations, recovery) = open(&scratch);
    assert_eq!(recovery.found.unwrap().1, "one");
    assert_eq!(save(&mut generations, "three").number, 3);
    // Two good ones: the first and the third.
    assert!(scratch.join(&file(1)).exists());
    save(&mut generations, "four");
    assert!(!scratch.join(&file(1)).exists() && !scratch.join(&file(2)).exists());
}

#[test]
fn a_failed_save_leaves_no_trace() {
    let scratch = run("failed", &["one", "two"]);
    let (mut generations, _) = open(&scratch);
    let before = scratch.names();
    let error = generations.save(|out| {
        out.write_all(b"half")?;
        Err(io::Error::other("no more"))
    });
    assert_eq!(error.unwrap_err().to_string(), "no more");
    assert_eq!(scratch.names(), before);
    assert_eq!(save(&mut generations, "three").number, 4, "numbers are not used twice");
}

#[test]
fn an_empty_directory_is_a_fresh_start_and_an_emptied_one_is_not() {
    let scratch = Scratch::new("empty");
    assert!(recover(scratch.path(), load).unwrap().found.is_none());
    assert_eq!(recover(scratch.join("nowhere"), load).unwrap_err().code(), Code::Io);

    // The traces of a first save that never ended.
    fs::write(scratch.join(&file(1)), b"half").unwrap();
    let recovery = recover(scratch.path(), load).unwrap();
    assert!(recovery.found.is_none());
    assert_eq!(recovery.skipped.len(), 1);

    let emptied = run("emptied", &["one"]);
    for name in [file(1), record(1)] {
        fs::remove_file(emptied.join(&name)).unwrap();
    }
    assert_eq!(recover(emptied.path(), load).unwrap_err().code(), Code::Rollback);
}

#[test]
fn the_highest_number_is_the_end() {
    let scratch = run("highest", &["one"]);
    fs::write(scratch.join("generation-18446744073709551615"), b"planted").unwrap();
    fs::write(scratch.join("generation-18446744073709551616"), b"no number").unwrap();
    fs::write(scratch.join("generation-+0000003"), b"no number").unwrap();
    let (mut generations, _) = open(&scratch);
    let error = generations.save(|_| -> io::Result<()> { Ok(()) }).unwrap_err();
    assert!(error.to_string().starts_with("E_LIMIT: \"generation-18446744073709551615\""), "{error}");
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let scratch = Scratch::new("busy");
    let (first, _) = open(&scratch);
    assert_eq!(Generations::open(scratch.path(), 2, load).unwrap_err().code(), Code::Busy);
    assert!(recover(scratch.path(), load).unwrap().found.is_none(), "readers may");
    drop(first);
    open(&scratch);
}

#[test]
fn unfinished_files_of_dead_writers_go() {
    let scratch = run("unfinished", &["one"]);
    let names = scratch.names();
    fs::write(scratch.join(".tensorkeep-0123456789abcdef-0.tmp"), b"dead").unwrap();
    open(&scratch);
    assert_eq!(scratch.names(), names);
}

#[cfg(unix)]
#[test]
fn links_in_place_of_files_are_refused() {
    use std::os::unix::fs::symlink;

    // The target is a copy, so that only its being a link is wrong.
    for (name, codes) in [
        (file(2), vec![Code::FileType, Code::Rollback]),
        (record(2), vec![Code::FileType, Code::Rollback]),
        ("LATEST".into(), vec![Code::FileType]),
    ] {
        let scratch = run("links", &["one", "two"]);
        let outside = Scratch::new("outside");
        fs::rename(scratch.join(&name), outside.join("copy")).unwrap();
        symlink(outside.join("copy"), scratch.join(&name)).unwrap();
        let expected = if name == "LATEST" { "two" } else { "one" };
        assert_eq!(found(&scratch), (expected.into(), codes), "{name}");
    }
    let scratch = Scratch::new("lock-link");
    symlink("elsewhere", scratch.join("lock")).unwrap();
    assert_eq!(Generations::open(scratch.path(), 2, load).unwrap_err().code(), Code::FileType);
}
