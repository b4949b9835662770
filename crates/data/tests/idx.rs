//! IDX files: what they mean, and that none of them, however made, does harm.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::io::{BufRead, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use tensorkeep_data::{ReadLimits, read_idx, read_idx_file};
use tensorkeep_tensor::{ErrorKind, HostArray, HostData, Result};

/// A file of these sizes, with this code of the element type.
fn idx(code: u8, sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let header = [0, 0, code, sizes.len() as u8];
    let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
    header.into_iter().chain(sizes).chain(data.iter().copied()).collect()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A gzip stream whose header holds a file name of this many bytes.
fn gzip_with_name(data: &[u8], length: usize) -> Vec<u8> {
    let mut file = gzip(data);
    file[3] |= 8; // FNAME, RFC 1952, section 2.3.1
    file.splice(10..10, std::iter::repeat_n(b'x', length).chain([0]));
    file
}

fn read(bytes: &[u8]) -> Result<HostArray> {
    read_idx(bytes, &ReadLimits::default())
}

#[test]
fn every_element_type_is_read() {
    let rows: [(u8, &[u8], HostData); 6] = [
        (0x08, &[0, 255], HostData::U8(vec![0, 255])),
        (0x09, &[0x80, 0x7F], HostData::I32(vec![-128, 127])),
        (0x0B, &[0xFF, 0xFE, 0x01, 0x00], HostData::I32(vec![-2, 256])),
        (0x0C, &[0x80, 0, 0, 0, 0, 0, 0, 7], HostData::I32(vec![i32::MIN, 7])),
        (0x0D, &[0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0], HostData::F32(vec![1.5, -2.0])),
        (0x0E, &[0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0], HostData::F64(vec![1.5, -2.0])),
    ];
    for (code, data, want) in rows {
        let file = idx(code, &[2], data);
        let want = HostArray::new(want, [2]).unwrap();
        assert_eq!(read(&file).unwrap(), want, "code {code:#x}");
        assert_eq!(read(&gzip(&file)).unwrap(), want, "code {code:#x}, gzip");
    }
}

#[test]
fn shapes_of_any_rank_are_read() {
    let rows: [(&[u32], usize); 5] = [(&[], 1), (&[0], 0), (&[3, 0, 2], 0), (&[2, 1, 3], 6), (&[1; 8], 1)];
    for (sizes, count) in rows {
        let array = read(&idx(8, sizes, &vec![7; count])).unwrap();
        assert_eq!(array.shape().to_vec(), sizes.iter().map(|&size| size as usize).collect::<Vec<_>>());
        assert_eq!(array.data().len(), count);
    }
}

/// Files that lie, with the kind of error each must give.
#[test]
fn lies_are_errors() {
    let good = idx(8, &[2, 3], &[1, 2, 3, 4, 5, 6]);
    let with = |i: usize, byte: u8| {
        let mut file = good.clone();
        file[i] = byte;
        file
    };
    let twice = [gzip(&good), gzip(&good)].concat();
    let name = gzip_with_name(&good, 1 << 20);
    let rows: [(&str, Vec<u8>, ErrorKind); 21] = [
        ("empty", Vec::new(), ErrorKind::Format),
        ("first byte", with(0, 1), ErrorKind::Format),
        ("second byte", with(1, 1), ErrorKind::Format),
        ("unknown type", with(2, 0x0A), ErrorKind::Format),
        ("one size fewer, so bytes follow", with(3, 1), ErrorKind::Format),
        ("one size more", with(3, 3), ErrorKind::Format),
        ("rank 9", idx(8, &[1; 9], &[1]), ErrorKind::Limit),
        ("rank 255", idx(8, &[1; 255], &[1]), ErrorKind::Limit),
        ("a row more than there is", with(7, 3), ErrorKind::Format),
        ("2^31 rows", with(4, 0x80), ErrorKind::Limit),
        ("sizes that overflow", idx(8, &[u32::MAX; 8], &[]), ErrorKind::Limit),
        (
            "sizes that overflow beside a zero",
            idx(8, &[u32::MAX, u32::MAX, u32::MAX, 0], &[]),
            ErrorKind::Limit,
        ),
        ("a gzip of nothing", gzip(&[]), ErrorKind::Format),
        ("a gzip whose name does not end", name, ErrorKind::Format),
        ("a gzip in a gzip", gzip(&gzip(&good)), ErrorKind::Format),
        ("bytes that overflow", idx(0x0E, &[1 << 31, 1 << 31, 1], &[]), ErrorKind::Limit),
        ("half a gigabyte that is not there", idx(8, &[1 << 29], &[1, 2, 3]), ErrorKind::Format),
        ("bytes behind", [good.clone(), vec![0]].concat(), ErrorKind::Format),
        ("bytes behind, gzip", gzip(&[good.clone(), vec![0]].concat()), ErrorKind::Format),
        ("bytes behind the gzip", [gzip(&good), vec![0]].concat(), ErrorKind::Format),
        ("a second gzip", twice, ErrorKind::Format),
    ];
    for (name, file, kind) in rows {
        let error = read(&file).expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.message().contains(": "), "{name} does not say what to do: {error}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let plain = idx(0x0C, &[2, 2], &[9; 16]);
    for file in [gzip(&plain), plain] {
        for length in 0..file.len() {
            let error = read(&file[..length]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Format, "{length} of {}: {error}", file.len());
        }
    }
}

/// Any byte replaced by any other: an error or an array, never a panic.
#[test]
fn mutations_do_no_harm() {
    let plain = idx(8, &[2, 3], &[1, 2, 3, 4, 5, 6]);
    for file in [gzip(&plain), plain] {
        for i in 0..file.len() {
            for byte in 0..=255 {
                let mut mutant = file.clone();
                mutant[i] = byte;
                if let Ok(array) = read(&mutant) {
                    assert!(array.data().len() <= 6, "byte {i} as {byte}");
                }
            }
        }
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    // 64 MiB of zeros in 64 kB.
    let bomb = gzip(&idx(8, &[1 << 26], &vec![0; 1 << 26]));
    assert!(bomb.len() < 1 << 17);
    let small = ReadLimits { bytes: 1 << 20, ..ReadLimits::default() };
    assert_eq!(read_idx(&bomb[..], &small).unwrap_err().kind(), ErrorKind::Limit);
    // The same with a header that admits to little.
    let modest = gzip(&idx(8, &[10], &vec![0; 1 << 26]));
    assert_eq!(read_idx(&modest[..], &small).unwrap_err().kind(), ErrorKind::Format);
}

#[test]
fn the_limit_counts_the_whole_file() {
    let file = idx(8, &[4], &[1, 2, 3, 4]);
    let limits = |bytes| ReadLimits { bytes, ..ReadLimits::default() };
    assert!(read_idx(&file[..], &limits(12)).is_ok());
    for bytes in 0..12 {
        let error = read_idx(&file[..], &limits(bytes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{bytes} bytes: {error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = read_idx_file("no/such/file", &ReadLimits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().starts_with("no/such/file: "), "{error}");
}

#[test]
fn a_folder_is_no_file() {
    let error = read_idx_file(env!("CARGO_MANIFEST_DIR"), &ReadLimits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
}

/// A reader that has one byte at a time, as a pipe may.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut start = self.fill_buf()?;
        let read = start.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Trickle<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(&self.0[..self.0.len().min(1)])
    }

    fn consume(&mut self, amount: usize) {
        self.0 = &self.0[amount..];
    }
}

#[test]
fn bytes_may_come_one_at_a_time() {
    let plain = idx(8, &[2, 3], &[1, 2, 3, 4, 5, 6]);
    for file in [gzip_with_name(&plain, 100), gzip(&plain), plain] {
        let array = read_idx(Trickle(&file), &ReadLimits::default()).unwrap();
        assert_eq!(*array.data(), HostData::U8(vec![1, 2, 3, 4, 5, 6]));
        let behind = [file, vec![0]].concat();
        let error = read_idx(Trickle(&behind), &ReadLimits::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format, "{error}");
    }
}

/// A reader whose disk fails.
#[test]
fn a_failing_disk_is_told() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let good = idx(8, &[6], &[1, 2, 3, 4, 5, 6]);
    for file in [gzip(&good), good] {
        for length in 0..file.len() {
            let input = std::io::BufReader::new(file[..length].chain(Broken));
            let error = read_idx(input, &ReadLimits::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io, "{length}: {error}");
            assert!(error.message().contains("the disk is gone"), "{error}");
        }
    }
}
