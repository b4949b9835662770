//! Files that are traps, files that change, sources that fail: MF-67 to MF-70; and mapped files.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failing test may say so in the shortest way")]
#![cfg(unix)]

mod model;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tensorkeep_format::{
    Code, FileReader, FileRules, LoadLimits, MapPolicy, MappedReader, StreamReader, Tensor,
};

/// A new folder with a model in it.
fn folder(name: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.tkm");
    fs::write(&path, model::file(None).unwrap()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    (folder, path)
}

fn open(path: &Path, rules: &FileRules) -> Result<FileReader, Code> {
    FileReader::open(path, &LoadLimits::default(), rules).map_err(|error| error.code())
}

#[test]
fn only_regular_files_are_opened() {
    let (folder, model) = folder("types");
    let [link, fifo, socket] = ["link", "fifo", "socket"].map(|name| folder.join(name));
    symlink(&model, &link).unwrap();
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    open(&model, &FileRules::strict()).unwrap().verify().unwrap();
    for path in [&link, &fifo, &socket, &folder, Path::new("/dev/zero")] {
        assert_eq!(open(path, &FileRules::default()).unwrap_err(), Code::FileType, "{}", path.display());
    }
    assert_eq!(open(&folder.join("missing"), &FileRules::default()).unwrap_err(), Code::Io);
}

#[test]
fn rules_are_the_callers() {
    let (folder, model) = folder("rules");
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&model, Permissions::from_mode(mode)).unwrap();
        assert_eq!(open(&model, &FileRules::strict()).unwrap_err(), Code::Perm, "{mode:o}");
        open(&model, &FileRules::default()).unwrap();
    }
    fs::set_permissions(&model, Permissions::from_mode(0o644)).unwrap();
    fs::hard_link(&model, folder.join("second")).unwrap();
    assert_eq!(open(&model, &FileRules::strict()).unwrap_err(), Code::FileType);
    open(&model, &FileRules::default()).unwrap();
    fs::remove_file(folder.join("second")).unwrap();
    open(&model, &FileRules::strict()).unwrap();
    match chown(&model, Some(12_345), None) {
        Ok(()) => assert_eq!(open(&model, &FileRules::strict()).unwrap_err(), Code::Perm),
        Err(error) => println!("skipped: a file of another user, which only root can make: {error}"),
    }
}

#[test]
fn sparse_files_take_nothing() {
    let (_, model) = folder("sparse");
    let mut bytes = model::file(None).unwrap();
    // Lengths that agree with each other, for a terabyte of tensors.
    let (start, length) = (u64::from_le_bytes(bytes[32..40].try_into().unwrap()), 1_u64 << 40);
    bytes[40..48].copy_from_slice(&length.to_le_bytes());
    bytes[48..56].copy_from_slice(&(start + length).to_le_bytes());
    let digest = blake3::derive_key("tensorkeep v1 header", &bytes[..96]);
    bytes[96..128].copy_from_slice(&digest);
    let mut file = File::create(&model).unwrap();
    file.write_all(&bytes).unwrap();
    file.set_len(start + length).unwrap();
    assert_eq!(open(&model, &FileRules::default()).unwrap_err(), Code::Limit);
}

#[test]
fn files_that_change_are_refused_or_stay_what_they_were() {
    let (folder, path) = folder("change");
    let (_, tensors) = model::model().unwrap();
    let reader = open(&path, &FileRules::default()).unwrap();

    // Another file takes the name: the reader has the old one.
    fs::write(folder.join("new"), b"something else").unwrap();
    fs::rename(folder.join("new"), &path).unwrap();
    assert_eq!(&reader.tensor(0).unwrap()[..], tensors[0]);

    // The same file is written into, and then cut.
    fs::write(&path, model::file(None).unwrap()).unwrap();
    let reader = open(&path, &FileRules::default()).unwrap();
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&[1]).unwrap();
    let mut into = [7; 24];
    assert_eq!(reader.read_into(0, &mut into).unwrap_err().code(), Code::Digest);
    assert_eq!(into, [0; 24], "bytes that were refused are not left behind");
    file.set_len(4096 + 8).unwrap();
    assert_eq!(reader.tensor(0).unwrap_err().code(), Code::Trunc);
    assert_eq!(reader.tensor(99).unwrap_err().code(), Code::Len);
}

/// Fails once, or gives a byte at a time.
struct Faulty<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where, and how.
    fault: Option<(usize, io::ErrorKind)>,
    step: usize,
}

impl Read for Faulty<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some((at, kind)) = self.fault.filter(|(at, _)| self.at >= *at) {
            self.fault = None;
            return Err(io::Error::new(kind, format!("at {at}")));
        }
        let until = self.fault.map_or(usize::MAX, |(at, _)| at - self.at);
        let count = self.step.min(until).min(into.len()).min(self.bytes.len() - self.at);
        into[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[test]
fn sources_may_stutter_and_fail_anywhere() {
    let bytes = model::file(Some(b"signatures")).unwrap();
    let verify = |fault, step| {
        let source = Faulty { bytes: &bytes, at: 0, fault, step };
        StreamReader::new(source, &LoadLimits::default())
            .and_then(StreamReader::verify)
            .err()
            .map(|error| error.code())
    };
    for step in [1, 7, 1000] {
        assert_eq!(verify(None, step), None);
    }
    for at in 0..=bytes.len() {
        assert_eq!(verify(Some((at, io::ErrorKind::Interrupted)), 4096), None, "interrupted at {at}");
        assert_eq!(verify(Some((at, io::ErrorKind::Other)), 4096), Some(Code::Io), "failed at {at}");
    }
}

#[test]
fn what_is_refused_is_not_left_behind() {
    let (_, path) = folder("behind");
    let good = model::file(None).unwrap();
    // In the last byte of the first tensor, and in the gap behind it.
    for (at, code) in [(4096 + 23, Code::Digest), (4096 + 24, Code::Pad)] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (mut file, mut stream) = ([7; 24], [7; 24]);
        let error = open(&path, &FileRules::default()).unwrap().read_into(0, &mut file).unwrap_err();
        let mut reader = StreamReader::new(&bytes[..], &LoadLimits::default()).unwrap();
        assert_eq!((error.code(), reader.next_into(&mut stream).unwrap_err().code()), (code, code));
        assert_eq!((file, stream), ([0; 24], [0; 24]));
    }
}

#[test]
fn a_stream_that_failed_gives_nothing_more() {
    let mut bytes = model::file(None).unwrap();
    bytes[4096] ^= 1;
    let mut reader = StreamReader::new(&bytes[..], &LoadLimits::default()).unwrap();
    assert_eq!(reader.next_tensor().unwrap_err().code(), Code::Digest);
    assert_eq!(reader.next_tensor().unwrap_err().code(), Code::Io);
}

#[test]
fn large_tensors_pass_through_every_reader() {
    use tensorkeep_format::{DType, Kind, Manifest, Shape, Writer};

    let (folder, path) = folder("large");
    let limits = LoadLimits::default();
    // Several blocks, and an odd end.
    let bytes: Vec<u8> = (0..9_000_001_u32).map(|i| (i % 251) as u8).collect();
    let mut manifest = Manifest::new(Kind::Dataset, "large");
    manifest.push(Tensor::new("a", DType::U8, Shape::new(&[9_000_001]).unwrap(), &bytes).unwrap()).unwrap();
    manifest.push(Tensor::new("b", DType::U8, Shape::new(&[3]).unwrap(), &[1, 2, 3]).unwrap()).unwrap();
    let mut writer = Writer::new(File::create(&path).unwrap(), &manifest, None, &limits).unwrap();
    bytes.chunks(12_345).for_each(|piece| writer.update(piece).unwrap());
    writer.update(&[1, 2, 3]).unwrap();
    writer.finish().unwrap();

    let reader = open(&path, &FileRules::default()).unwrap();
    let mut stream = StreamReader::new(File::open(&path).unwrap(), &limits).unwrap();
    for (place, expected) in [&bytes[..], &[1, 2, 3]].into_iter().enumerate() {
        assert!(reader.tensor(place).unwrap()[..] == *expected);
        assert!(stream.next_tensor().unwrap().unwrap()[..] == *expected);
    }
    assert!(stream.next_tensor().unwrap().is_none());
    StreamReader::new(File::open(&path).unwrap(), &limits).unwrap().verify().unwrap();

    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    let mapped = MappedReader::map(&File::open(&path).unwrap(), &limits, MapPolicy::Trusted).unwrap();
    assert!(mapped.tensor(0).unwrap() == bytes);
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let mut damaged = OpenOptions::new().write(true).open(&path).unwrap();
    damaged.seek(SeekFrom::Start(4096 + 8_999_999)).unwrap();
    damaged.write_all(&[255]).unwrap();
    assert_eq!(open(&path, &FileRules::default()).unwrap().tensor(0).unwrap_err().code(), Code::Digest);
    drop(folder);
}

#[test]
fn only_files_that_stay_are_mapped() {
    let (_, path) = folder("map");
    let map = |policy| {
        let file = File::open(&path).unwrap();
        MappedReader::map(&file, &LoadLimits::default(), policy)
            .and_then(|reader| reader.verify())
            .map_err(|error| error.code())
    };
    assert_eq!(map(MapPolicy::Trusted), Err(Code::Perm));
    assert_eq!(map(MapPolicy::Sealed), Err(Code::Perm));
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert_eq!(map(MapPolicy::Trusted), Ok(()));
    assert_eq!(map(MapPolicy::Sealed), Err(Code::Perm));
}

#[cfg(target_os = "linux")]
#[test]
fn sealed_memory_files_are_mapped() {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let limits = LoadLimits::default();
    let mut file = File::from(memfd_create("model", MemfdFlags::ALLOW_SEALING).unwrap());
    file.write_all(&model::file(None).unwrap()).unwrap();
    assert_eq!(MappedReader::map(&file, &limits, MapPolicy::Sealed).unwrap_err().code(), Code::Perm);
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW).unwrap();
    MappedReader::map(&file, &limits, MapPolicy::Sealed).unwrap().verify().unwrap();
}
