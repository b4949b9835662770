//! What a child that was taken over might try. It is in this program alone.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use memmap2::MmapMut;
use rustix::process::{Pid, test_kill_process};
use tensorkeep_format::{Code, Error, Result};
use tensorkeep_sandbox::testing::Job;

use super::place;

/// How a file begins that names an act.
const PREFIX: &str = "test:";

/// A file that names an act. It is as long as a small model, for acts that give one back.
pub(super) fn file(name: &str) -> PathBuf {
    let mut content = format!("{PREFIX}{name}").into_bytes();
    content.resize(place::model(1).len(), 0);
    place::file("act", &content)
}

/// What this program's child does: the act that the file names, or the usual work.
pub(super) fn act(job: &mut Job) -> Result<()> {
    let mut first = [0; 32];
    let read = job.input.read(&mut first).map_err(|error| Error::io("reading the act", &error))?;
    let text = std::str::from_utf8(&first[..read]).unwrap_or_default();
    match text.trim_end_matches('\0').strip_prefix(PREFIX) {
        Some(name) => {
            let (_, act) = ACTS.iter().find(|(each, _)| *each == name).expect("an act of the table");
            act(job)
        }
        None => {
            job.input.rewind().map_err(|error| Error::io("going back", &error))?;
            job.read_container()
        }
    }
}

type Act = (&'static str, fn(&mut Job) -> Result<()>);

/// What came of an attempt that should not even come to an end.
fn tried<T>(result: io::Result<T>) -> Result<()> {
    match result {
        Ok(_) => Err(Error::new(Code::Io, "it worked")),
        Err(error) => Err(Error::new(Code::Io, format!("it went on: {error}"))),
    }
}

/// What came of asking for memory.
fn asked<T, E>(result: Result<T, E>) -> Result<()> {
    match result {
        Ok(_) => Err(Error::new(Code::Io, "it got the memory")),
        Err(_) => Err(Error::new(Code::Limit, "no memory")),
    }
}

/// Says that the file is good, and that this is its image.
fn give_back(job: &mut Job, image: &[u8]) -> Result<()> {
    job.output.write_all(image).map_err(|error| Error::io("writing", &error))
}

#[allow(unconditional_recursion, reason = "it is to overflow the stack")]
fn fall(depth: u64) -> u64 {
    let deeper = std::hint::black_box([depth; 64]);
    fall(deeper[0] + 1) + deeper[1]
}

const ACTS: &[Act] = &[
    ("open", |_| tried(File::open("/etc/passwd"))),
    ("create", |_| tried(File::create("tensorkeep-escaped"))),
    ("remove", |_| tried(fs::remove_file("tensorkeep-escaped"))),
    ("stat", |_| tried(fs::metadata("/etc/passwd"))),
    ("list", |_| tried(fs::read_dir("/"))),
    ("tcp", |_| tried(TcpStream::connect("127.0.0.1:9"))),
    ("udp", |_| tried(UdpSocket::bind("127.0.0.1:0"))),
    ("unix", |_| tried(UnixStream::connect("/run/tensorkeep"))),
    ("spawn", |_| tried(Command::new("/bin/true").spawn())),
    ("thread", |_| tried(std::thread::Builder::new().spawn(|| ()))),
    ("signal", |_| tried(test_kill_process(Pid::INIT).map_err(Into::into))),
    ("parent", |_| tried(Ok(rustix::process::getppid()))),
    ("sleep", |_| {
        std::thread::sleep(Duration::from_nanos(1));
        tried(Ok(()))
    }),
    ("truncate", |job| tried(job.output.set_len(0))),
    ("duplicate", |job| tried(job.output.try_clone())),
    ("unlimit", |_| {
        let none = rustix::process::Rlimit { current: None, maximum: None };
        tried(rustix::process::setrlimit(rustix::process::Resource::As, none).map_err(Into::into))
    }),
    ("execute", |_| tried(MmapMut::map_anon(4096).and_then(MmapMut::make_exec))),
    ("allocate", |_| asked(Vec::<u8>::new().try_reserve_exact(300 << 20))),
    ("map a terabyte", |_| asked(MmapMut::map_anon(1 << 40))),
    ("allocate or die", |_| {
        std::hint::black_box(vec![1_u8; 300 << 20]);
        Ok(())
    }),
    ("spin", |_| {
        loop {
            std::hint::spin_loop();
        }
    }),
    ("write", |job| {
        let write = |_| job.output.write_all(&[7; 4096]);
        tried((0..1 << 20).try_for_each(write))
    }),
    ("write the file", |job| tried(job.input.write_all(b"changed"))),
    ("nothing", |_| Ok(())),
    ("no image", |job| give_back(job, &vec![7; usize::try_from(job.size).unwrap()])),
    ("another weight", |job| {
        let mut model = place::model(1);
        model[4096] ^= 1;
        give_back(job, &model)
    }),
    ("environment", |_| match std::env::vars_os().next() {
        None => Err(Error::new(Code::Name, "there is none")),
        Some(first) => Err(Error::new(Code::Io, format!("{first:?}"))),
    }),
    ("panic", |_| panic!("\u{1b}[31mred")),
    ("abort", |_| std::process::abort()),
    ("overflow", |_| {
        std::hint::black_box(fall(0));
        Ok(())
    }),
    ("exit", |_| std::process::exit(77)),
    ("talk", |_| {
        let _ = io::stderr().write_all(&[b'a'; 1 << 20]);
        Ok(())
    }),
    ("forge", |_| Err(Error::new(Code::Name, "\u{1b}[2J\nready\n+seccomp: \u{202e}é…"))),
];
