//! Row ST-15.

use tensorkeep_format::{Array, Code, DType, LoadLimits, Npz, Rename, Result, write_npy, write_npz};

use super::zip::{Member, archive, archive_with, crc, deflated, stored};
use super::{Named, Row, counting, limits, refuse, row};

/// An array as a file.
fn npy(array: &Array<'_>) -> Vec<u8> {
    let mut file = Vec::new();
    write_npy(&mut file, array).unwrap();
    file
}

fn small() -> Vec<u8> {
    npy(&counting(DType::U8, &[3]))
}

/// 64-bit sizes, unpacked and packed, as NumPy writes them in front of each member.
fn long_sizes(size: u64, packed: u64) -> Vec<u8> {
    [&[1, 0, 16, 0][..], &size.to_le_bytes(), &packed.to_le_bytes()].concat()
}

pub(crate) fn rows() -> Vec<Row> {
    let content = small();
    let good = || stored("a.npy", &content);
    let size = content.len();
    let one = |change: &dyn Fn(&mut Member)| archive(&[good().with(change)]);
    let named = |name: &str| archive(&[stored(name, &content)]);
    let bomb =
        deflated("a.npy", &npy(&Array::new(DType::U8, shape(&[64 << 20]), vec![0; 64 << 20]).unwrap()));
    let zeros = vec![0; 200 << 10];
    let spread: Vec<Member> = (0..40).map(|i| deflated(&format!("{i}.npy"), &zeros)).collect();
    let inner = archive(&[good()]);
    let mut rows = vec![
        row("empty", Code::DataTrunc, vec![]),
        row("two bytes", Code::DataTrunc, b"PK".to_vec()),
        row("an array", Code::DataMagic, content.clone()),
        row("a spanned archive", Code::DataMagic, b"PK\x07\x08PK\x03\x04".to_vec()),
        row("gzip", Code::DataMagic, b"\x1f\x8b\x08\0".to_vec()),
        row("a start alone", Code::DataTrunc, b"PK\x03\x04".to_vec()),
        row("an end record in part", Code::DataSchema, b"PK\x05\x06\0\0".to_vec()),
        row("duplicate member", Code::DataDup, archive(&[good(), good()])),
        row(
            "duplicate member, other content",
            Code::DataDup,
            archive(&[good(), stored("a.npy", &npy(&counting(DType::F32, &[1])))]),
        ),
        row("a link", Code::DataPath, one(&|m| m.mode = 0o120_777)),
        row("a directory", Code::DataPath, one(&|m| m.mode = 0o040_755)),
        row("a pipe", Code::DataPath, one(&|m| m.mode = 0o010_644)),
        row("encrypted", Code::DataSchema, one(&|m| m.flags = 1)),
        row("strongly encrypted", Code::DataSchema, one(&|m| m.flags = 0x41)),
        row("sizes behind the data", Code::DataSchema, one(&|m| m.flags = 8)),
        row("patched data", Code::DataSchema, one(&|m| m.flags = 0x20)),
        row("a reader of version 4.6", Code::DataSchema, one(&|m| m.needs = 46)),
        row("bzip2", Code::DataSchema, one(&|m| m.method = 12)),
        row("an unknown method", Code::DataSchema, one(&|m| m.method = 0xffff)),
        row("stored size a byte more", Code::DataSchema, one(&|m| m.size += 1)),
        row("stored size a byte less", Code::DataSchema, one(&|m| m.size -= 1)),
        row(
            "packed size a byte more",
            Code::DataSchema,
            one(&|m| (m.size, m.packed_size) = (m.size + 1, m.packed_size + 1)),
        ),
        row(
            "packed size a byte less",
            Code::DataSchema,
            one(&|m| (m.size, m.packed_size) = (m.size - 1, m.packed_size - 1)),
        ),
        row(
            "packed size beyond the file",
            Code::DataSchema,
            one(&|m| (m.size, m.packed_size) = (1 << 20, 1 << 20)),
        ),
        row(
            "unpacked size a byte more",
            Code::DataSchema,
            archive(&[deflated("a.npy", &content).with(|m| m.size += 1)]),
        ),
        row(
            "unpacked size a byte less",
            Code::DataSchema,
            archive(&[deflated("a.npy", &content).with(|m| m.size -= 1)]),
        ),
        row(
            "unpacked size 0",
            Code::DataSchema,
            archive(&[deflated("a.npy", &content).with(|m| m.size = 0)]),
        ),
        row(
            "a deflated stream that is cut",
            Code::DataSchema,
            archive(&[deflated("a.npy", &content).with(|m| {
                m.packed.pop();
                m.packed_size -= 1;
            })]),
        ),
        row(
            "bytes behind a deflated stream",
            Code::DataSchema,
            archive(&[deflated("a.npy", &content).with(|m| {
                m.packed.push(0);
                m.packed_size += 1;
            })]),
        ),
        row("no deflated stream", Code::DataSchema, one(&|m| (m.method, m.packed[0]) = (8, 0xff))),
        row("wrong checksum", Code::DataDigest, one(&|m| m.crc ^= 1)),
        row(
            "wrong checksum, deflated",
            Code::DataDigest,
            archive(&[deflated("a.npy", &content).with(|m| m.crc ^= 1)]),
        ),
        row("another name in front", Code::DataSchema, one(&|m| m.local_name = Some(b"b.npy".to_vec()))),
        row("other sizes in front", Code::DataSchema, one(&|m| m.local_sizes = Some([0, 0]))),
        row(
            "64-bit sizes asked for and not given",
            Code::DataSchema,
            one(&|m| m.local_sizes = Some([u32::MAX; 2])),
        ),
        row(
            "64-bit sizes not asked for",
            Code::DataSchema,
            one(&|m| m.local_extra = long_sizes(size as u64, size as u64)),
        ),
        row(
            "64-bit sizes in the directory",
            Code::DataSchema,
            one(&|m| m.extra = long_sizes(size as u64, size as u64)),
        ),
        row("a comment of a member", Code::DataSchema, one(&|m| m.comment = b"x".to_vec())),
        row("an unknown extra field", Code::DataSchema, one(&|m| m.extra = vec![0x75, 0x70, 1, 0, 0])),
        row("an extra field that is cut", Code::DataSchema, one(&|m| m.extra = vec![0x55, 0x54, 9, 0, 0])),
        row(
            "a member that is 4 GiB",
            Code::DataLimit,
            one(&|m| (m.size, m.packed_size) = (u32::MAX, u32::MAX)),
        ),
        row("an offset of 4 GiB", Code::DataLimit, one(&|m| m.offset = Some(u32::MAX))),
        row("an offset a byte off", Code::DataSchema, one(&|m| m.offset = Some(1))),
        row("bytes in front", Code::DataMagic, one(&|m| m.gap = b"#!/bin/sh\n".to_vec())),
        row(
            "bytes between",
            Code::DataSchema,
            archive(&[good(), stored("b.npy", &content).with(|m| m.gap = vec![0])]),
        ),
        row(
            "a hidden member between",
            Code::DataSchema,
            archive(&[good(), stored("b.npy", &content).with(|m| m.gap = inner.clone())]),
        ),
        row(
            "two entries for one place",
            Code::DataSchema,
            archive(&[good(), stored("b.npy", &content).with(|m| m.offset = Some(0))]),
        ),
        row(
            "an entry inside another's member",
            Code::DataSchema,
            archive(&[
                stored("a.npy", &[&b"PK\x03\x04"[..], &content].concat()),
                stored("b.npy", &content).with(|m| m.offset = Some(35)),
            ]),
        ),
        row("bytes behind", Code::DataSchema, [archive(&[good()]), vec![0]].concat()),
        row("a second archive behind", Code::DataSchema, [archive(&[good()]), archive(&[good()])].concat()),
        row("a comment", Code::DataSchema, archive_with(&[good()], |end| end.6 = b"x".to_vec())),
        row("another disk", Code::DataSchema, archive_with(&[good()], |end| end.0 = 1)),
        row(
            "a member too few",
            Code::DataSchema,
            archive_with(&[good(), stored("b.npy", &content)], |end| (end.2, end.3) = (1, 1)),
        ),
        row("a member too many", Code::DataSchema, archive_with(&[good()], |end| (end.2, end.3) = (2, 2))),
        row("two counts", Code::DataSchema, archive_with(&[good()], |end| end.2 = 0)),
        row(
            "65,534 members that are not there",
            Code::DataSchema,
            archive_with(&[good()], |end| (end.2, end.3) = (65_534, 65_534)),
        ),
        row(
            "65,535 members",
            Code::DataLimit,
            archive_with(&[good()], |end| (end.2, end.3) = (65_535, 65_535)),
        ),
        row("65,536 members", Code::DataLimit, {
            // As every writer of 64-bit directories must: the count in the plain record is its highest.
            let members: Vec<Member> = (0..65_536).map(|i| stored(&format!("{i}.npy"), b"")).collect();
            archive_with(&members, |end| (end.2, end.3) = (u16::MAX, u16::MAX))
        }),
        row("a directory that starts elsewhere", Code::DataSchema, archive_with(&[good()], |end| end.5 += 1)),
        row("a directory beyond the file", Code::DataSchema, archive_with(&[good()], |end| end.5 = 1 << 30)),
        row("a directory of another length", Code::DataSchema, archive_with(&[good()], |end| end.4 -= 1)),
        row("a directory of 4 GiB", Code::DataLimit, archive_with(&[good()], |end| end.4 = u32::MAX)),
        row("a bomb of 64 MiB, 1,000 : 1", Code::DataRatio, archive(&[bomb])),
        row("a bomb of many members", Code::DataRatio, archive(&spread)),
        row("a nested archive", Code::DataMagic, archive(&[stored("a.npy", &inner)])),
        row("a PyTorch archive", Code::DataMagic, archive(&[stored("model/data.pkl", b"\x80\x02}q\0.")])),
        row(
            "Python objects in a member",
            Code::DataType,
            archive(&[stored(
                "a.npy",
                &super::npy::file([1, 0], "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8),
            )]),
        ),
        row("an empty member", Code::DataTrunc, archive(&[stored("a.npy", b"")])),
    ];
    let paths = [
        "../../evil.npy",
        "/evil.npy",
        "a/../b.npy",
        "a//b.npy",
        "./a.npy",
        "..npy.npy/",
        "C:\\a.npy",
        "a\\b.npy",
        "a\0.npy",
        ".npy",
        "nul.npy",
        "a b.npy",
        "a\n.npy",
        "../x",
        "/x",
        "folder/",
    ];
    rows.extend(paths.map(|name| row(format!("the name {name:?}"), Code::DataPath, named(name))));
    rows.push(row(
        "a name beyond ASCII",
        Code::DataPath,
        archive(&[good().with(|m| m.name = "é.npy".into())]),
    ));
    rows.push(row(
        "a name that is not UTF-8",
        Code::DataPath,
        archive(&[good().with(|m| m.name = b"\xff.npy".to_vec())]),
    ));
    rows.extend(
        ["a", "a.NPY", "a.npy.bak", "readme.txt"]
            .map(|name| row(format!("the member {name}"), Code::DataSchema, named(name))),
    );
    rows
}

fn shape(dims: &[u64]) -> tensorkeep_format::Shape {
    tensorkeep_format::Shape::new(dims).unwrap()
}

/// Reads everything that there is.
pub(crate) fn read_all(file: &[u8], limits: &LoadLimits) -> Result<Vec<Array<'static>>> {
    let npz = Npz::read(file, limits, &Rename::default())?;
    npz.names().map(|name| npz.array(name).map(Array::into_owned)).collect()
}

#[test]
fn hostile_files_are_refused() {
    refuse(&rows(), |file| read_all(file, &limits()));
}

#[test]
fn what_other_writers_write_is_read() {
    let content = small();
    let size = content.len() as u32;
    let big = npy(&counting(DType::U32, &[70_000]));
    let table: [Vec<Member>; 8] = [
        vec![],
        vec![stored("a.npy", &content), deflated("b/c.npy", &content)],
        // As NumPy writes it.
        vec![stored("a.npy", &content).with(|m| {
            m.local_sizes = Some([u32::MAX; 2]);
            m.local_extra = long_sizes(size.into(), size.into());
        })],
        // As Info-ZIP writes it.
        vec![stored("a.npy", &content).with(|m| {
            m.local_extra = [&[0x55, 0x54, 9, 0][..], &[0; 9], &[0x75, 0x78, 11, 0], &[0; 11]].concat();
            m.extra = [&[0x55, 0x54, 5, 0][..], &[0; 5]].concat();
            m.flags = 0x806;
        })],
        // Zeros may shrink as much as they like, while they are few.
        vec![deflated(
            "a.npy",
            &npy(&Array::new(DType::U8, shape(&[1_000_000]), vec![0; 1_000_000]).unwrap()),
        )],
        vec![deflated("a.npy", &big)],
        vec![deflated("a.npy", &npy(&counting(DType::U8, &[65_536 - 128])))],
        vec![stored("a.npy", &content).with(|m| m.mode = 0)],
    ];
    for (i, members) in table.iter().enumerate() {
        let arrays = read_all(&archive(members), &limits()).unwrap_or_else(|error| panic!("{i}: {error}"));
        assert_eq!(arrays.len(), members.len(), "{i}");
    }
}

/// The decompressor may be asked for any number of bytes: the end of a stream can fall anywhere.
#[test]
fn members_of_any_length_unpack() {
    for length in (0..40).chain(65_400..65_560).chain(131_000..131_100) {
        let content = npy(&counting(DType::U8, &[length]));
        let arrays = read_all(&archive(&[deflated("a.npy", &content)]), &limits()).unwrap();
        assert_eq!(arrays[0].bytes().len() as u64, length);
    }
}

#[test]
fn limits_are_the_caller_s() {
    let content = small();
    let file = archive(&[stored("a.npy", &content), stored("b.npy", &content)]);
    let fits = LoadLimits { file: file.len() as u64, tensor: content.len() as u64, tensors: 2, ..limits() };
    read_all(&file, &fits).unwrap();
    let table = [
        LoadLimits { file: fits.file - 1, ..fits.clone() },
        LoadLimits { tensor: fits.tensor - 1, ..fits.clone() },
        LoadLimits { tensors: 1, ..fits.clone() },
    ];
    for limits in table {
        assert_eq!(read_all(&file, &limits).unwrap_err().code(), Code::DataLimit);
    }
    // What grows beyond the limit of a file is one beyond it.
    let grown = archive(&[deflated("a.npy", &npy(&counting(DType::U8, &[50_000])))]);
    let limits = LoadLimits { file: 49_000, ..limits() };
    assert!(grown.len() < 49_000);
    assert_eq!(read_all(&grown, &limits).unwrap_err().code(), Code::DataLimit);
}

#[test]
fn the_writer_is_canonical() {
    let (a, b) = (counting(DType::F64, &[2, 2]), counting(DType::Bool, &[]));
    let mut files = [Vec::new(), Vec::new()];
    write_npz(&mut files[0], &[("b", &b), ("a/x", &a)]).unwrap();
    write_npz(&mut files[1], &[("a/x", &a), ("b", &b)]).unwrap();
    assert!(files[0] == files[1]);
    let expected = archive(&[stored("a/x.npy", &npy(&a)), stored("b.npy", &npy(&b))]);
    assert!(files[0] == expected);
    assert_eq!(crc(b"123456789"), 0xcbf4_3926, "the check value of CRC-32");

    let table: [(Named<'_>, Code); 3] = [
        (&[("x", &a), ("x", &b)], Code::DataDup),
        (&[("../x", &a)], Code::DataPath),
        (&[("x", &counting(DType::BF16, &[1]))], Code::DataType),
    ];
    for (arrays, code) in table {
        assert_eq!(write_npz(&mut Vec::new(), arrays).unwrap_err().code(), code);
    }
}
