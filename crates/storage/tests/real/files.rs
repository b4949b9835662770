//! Permissions, links, and writers at the same time.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use tensorkeep_storage::{Code, Draft, Error, write, write_with};

use super::scratch::Scratch;

#[test]
fn the_caller_s_error_comes_back_and_nothing_changes() {
    let scratch = Scratch::new("caller");
    let path = scratch.join("a");
    write(&path, b"old").unwrap();
    let error = write_with(&path, |out| -> io::Result<()> {
        out.write_all(&vec![1; 1 << 20])?;
        Err(io::Error::other("the model has no tensors"))
    });
    assert_eq!(error.unwrap_err().to_string(), "the model has no tensors");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(scratch.names(), ["a"]);
}

#[test]
fn any_pieces_make_the_same_file() {
    let scratch = Scratch::new("pieces");
    let bytes: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    for size in [1000, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, bytes.len()] {
        let mut draft = Draft::create(scratch.join("a")).unwrap();
        bytes.chunks(size).for_each(|piece| draft.write_all(piece).unwrap());
        let written = draft.commit().unwrap();
        assert_eq!((written.bytes, written.digest), (bytes.len() as u64, *blake3::hash(&bytes).as_bytes()));
        assert!(fs::read(scratch.join("a")).unwrap() == bytes, "pieces of {size}");
    }
}

#[test]
fn paths_that_name_no_file_are_refused() {
    let scratch = Scratch::new("paths");
    fs::create_dir(scratch.join("folder")).unwrap();
    let table: [(PathBuf, Code); 6] = [
        ("/".into(), Code::Name),
        ("..".into(), Code::Name),
        ("".into(), Code::Name),
        (scratch.join("nowhere/a"), Code::Io),
        (scratch.join("folder"), Code::FileType),
        ("/dev/null".into(), Code::FileType),
    ];
    for (path, code) in table {
        assert_eq!(write(&path, b"x").unwrap_err().code(), code, "{path:?}");
    }
    assert_eq!(scratch.names(), ["folder"]);
}

#[test]
fn names_may_be_long_and_odd() {
    let scratch = Scratch::new("names");
    for name in ["a".repeat(255), "-rf".into(), "line\nbreak".into(), "größe".into()] {
        write(scratch.join(&name), b"x").unwrap();
        assert_eq!(scratch.names(), [&*name]);
        fs::remove_file(scratch.join(&name)).unwrap();
    }
    let error = write(scratch.join("new\n\u{1b}[2J/a"), b"x").unwrap_err();
    assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error}");
}

/// Threads of one process hold different locks, as processes do: a lock belongs to an open file.
#[test]
fn writers_at_the_same_time_do_not_mix() {
    let scratch = Scratch::new("writers");
    let path = scratch.join("a");
    let contents: Vec<Vec<u8>> = (0..8u8).map(|i| vec![i; 100_000 + usize::from(i)]).collect();
    std::thread::scope(|scope| {
        for content in &contents {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..40 {
                    write(path, content).unwrap();
                    let found = fs::read(path).unwrap();
                    assert!(found.iter().all(|byte| found.len() == 100_000 + usize::from(*byte)));
                }
            });
        }
    });
    assert_eq!(scratch.names(), ["a"]);
}

#[test]
fn what_a_dead_writer_left_goes_and_what_a_living_one_has_stays() {
    let scratch = Scratch::new("dead");
    let path = scratch.join("a");
    let mut living = Draft::create(&path).unwrap();
    living.write_all(b"living").unwrap();
    let [name] = &scratch.names()[..] else { panic!("one file is there") };
    // As a dead writer of the same target leaves it: the same name but for the number, and no lock.
    fs::write(scratch.join(&name.replace("-0.tmp", "-1.tmp")), b"dead").unwrap();
    write(&path, b"other").unwrap();
    assert_eq!(scratch.names(), [name, "a"]);
    living.commit().unwrap();
    assert_eq!(scratch.names(), ["a"]);
    assert_eq!(fs::read(&path).unwrap(), b"living");
}

#[test]
fn there_are_writers_enough_and_not_too_many() {
    let scratch = Scratch::new("many");
    let path = scratch.join("a");
    let drafts: Vec<Draft> = (0..64).map(|_| Draft::create(&path).unwrap()).collect();
    assert_eq!(Draft::create(&path).unwrap_err().code(), Code::Limit);
    assert_eq!(scratch.names().into_iter().collect::<BTreeSet<_>>().len(), 64);
    drop(drafts);
    assert!(scratch.names().is_empty());
}

#[test]
fn errors_turn_into_those_of_the_system() {
    let error: Error = write("/dev/null", b"x").unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("E_FILETYPE: \"null\": cannot replace: is not a regular file; "), "{text}");
    let error = io::Error::from(error);
    assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, text));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn files_are_their_owner_s_alone() {
        let scratch = Scratch::new("mode");
        let path = scratch.join("a");
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let mut draft = Draft::create(&path).unwrap();
        draft.write_all(b"new").unwrap();
        for name in scratch.names().iter().filter(|name| *name != "a") {
            assert_eq!(
                fs::metadata(scratch.join(name)).unwrap().mode() & 0o777,
                0o600,
                "while it is written"
            );
        }
        draft.commit().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn links_and_pipes_are_not_written_through() {
        let scratch = Scratch::new("links");
        let victim = scratch.join("victim");
        fs::write(&victim, b"precious").unwrap();

        symlink(&victim, scratch.join("link")).unwrap();
        symlink("nowhere", scratch.join("dangling")).unwrap();
        assert!(Command::new("mkfifo").arg(scratch.join("pipe")).status().unwrap().success());
        for name in ["link", "dangling", "pipe"] {
            assert_eq!(write(scratch.join(name), b"x").unwrap_err().code(), Code::FileType, "{name}");
        }

        // A hard link is a second name of one file; the name gets a new file, and the old one keeps its content.
        fs::hard_link(&victim, scratch.join("hard")).unwrap();
        write(scratch.join("hard"), b"x").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(scratch.names(), ["dangling", "hard", "link", "pipe", "victim"]);
    }

    #[test]
    fn links_planted_at_the_unfinished_name_are_not_followed() {
        let scratch = Scratch::new("planted");
        let victim = scratch.join("victim");
        let draft = Draft::create(scratch.join("a")).unwrap();
        let name = scratch.names().remove(0);
        drop(draft);

        fs::write(&victim, b"precious").unwrap();
        symlink(&victim, scratch.join(&name)).unwrap();
        assert_eq!(write(scratch.join("a"), b"x").unwrap_err().code(), Code::FileType);
        fs::remove_file(scratch.join(&name)).unwrap();
        fs::hard_link(&victim, scratch.join(&name)).unwrap();
        write(scratch.join("a"), b"x").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(scratch.names(), ["a", "victim"]);
    }

    #[test]
    fn a_directory_swapped_meanwhile_changes_nothing() {
        let scratch = Scratch::new("swapped");
        for name in ["real", "other"] {
            fs::create_dir(scratch.join(name)).unwrap();
        }
        let mut draft = Draft::create(scratch.join("real/a")).unwrap();
        draft.write_all(b"x").unwrap();
        fs::rename(scratch.join("real"), scratch.join("moved")).unwrap();
        symlink(scratch.join("other"), scratch.join("real")).unwrap();
        draft.commit().unwrap();
        assert_eq!(fs::read(scratch.join("moved/a")).unwrap(), b"x");
        assert_eq!(fs::read_dir(scratch.join("other")).unwrap().count(), 0);
    }
}
