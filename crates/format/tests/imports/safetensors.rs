//! Rows ST-01 to ST-13.

use std::io::Cursor;

use tensorkeep_format::{Code, LoadLimits, Rename, Result, SafeTensors, SafeTensorsFile, write_safetensors};

use super::{Named, Row, counting, limits, refuse, row};
use tensorkeep_format::DType;

/// A file with this header, and zeros behind it.
pub(crate) fn file(header: &str, data: usize) -> Vec<u8> {
    raw(header.as_bytes(), data)
}

fn raw(header: &[u8], data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, &vec![0; data]].concat()
}

/// A header with one tensor of this entry.
fn one(name: &str, entry: &str) -> String {
    format!("{{\"{name}\":{{{entry}}}}}")
}

const A: &str = r#""a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#;

pub(crate) fn rows() -> Vec<Row> {
    let entry = |dtype: &str, shape: &str, end: u64| {
        format!(r#""dtype":"{dtype}","shape":{shape},"data_offsets":[0,{end}]"#)
    };
    let mut rows = vec![
        row("ST-01 the same tensor twice", Code::DataDup, file(&format!("{{{A},{A}}}"), 2)),
        row(
            "ST-01 two tensors of one name",
            Code::DataDup,
            file(&format!(r#"{{{A},"a":{{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}}}"#), 3),
        ),
        row(
            "ST-01 one name, once escaped",
            Code::DataDup,
            file(&format!(r#"{{{A},"\u0061":{{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}}}"#), 3),
        ),
        row("ST-02 a key of metadata twice", Code::DataDup, file(r#"{"__metadata__":{"k":"v","k":"w"}}"#, 0)),
        row("ST-02 metadata twice", Code::DataDup, file(r#"{"__metadata__":{},"__metadata__":{}}"#, 0)),
        row(
            "ST-03 an unknown field",
            Code::DataSchema,
            file(&one("a", &(entry("U8", "[0]", 0) + r#","x":1"#)), 0),
        ),
        row(
            "ST-03 a field twice",
            Code::DataDup,
            file(&one("a", &(entry("U8", "[0]", 0) + r#","dtype":"U8""#)), 0),
        ),
        row("ST-03 a field missing", Code::DataSchema, file(&one("a", r#""dtype":"U8","shape":[0]"#), 0)),
        row("ST-04 a blank in front", Code::DataSchema, file(&format!(" {{{A}}}"), 2)),
        row("ST-04 a line feed behind", Code::DataSchema, file(&format!("{{{A}}}\n"), 2)),
        row(
            "ST-06 rank 100,000",
            Code::DataLimit,
            file(&one("a", &entry("U8", &format!("[{}1]", "1,".repeat(99_999)), 1)), 1),
        ),
        row("ST-06 rank 9", Code::DataLimit, file(&one("a", &entry("U8", "[1,1,1,1,1,1,1,1,1]", 1)), 1)),
        row(
            "ST-08 a bool of 2",
            Code::DataType,
            [file(&one("a", &entry("BOOL", "[2]", 2)), 0), vec![1, 2]].concat(),
        ),
        row("ST-09 no header at all", Code::DataTrunc, vec![]),
        row("ST-09 seven bytes", Code::DataTrunc, vec![0; 7]),
        row(
            "ST-09 begins as BSON does, with a name that has no end in sight",
            Code::DataLimit,
            [&[8, 0, 0, 0, 2][..], &[b'n'; 80], &[0]].concat(),
        ),
        row("ST-09 header of 2^64-1 bytes", Code::DataLimit, [&u64::MAX.to_le_bytes()[..], b"{}"].concat()),
        row(
            "ST-09 header of 2^63 bytes",
            Code::DataLimit,
            [&(1_u64 << 63).to_le_bytes()[..], b"{}"].concat(),
        ),
        row(
            "ST-09 header of 100 MB + 1",
            Code::DataLimit,
            [&100_000_001_u64.to_le_bytes()[..], b"{}"].concat(),
        ),
        row(
            "ST-09 header of 16 MiB + 1",
            Code::DataLimit,
            [&((16 << 20) + 1_u64).to_le_bytes()[..], b"{}"].concat(),
        ),
        row(
            "ST-09 header a byte longer than the file",
            Code::DataTrunc,
            [&3_u64.to_le_bytes()[..], b"{}"].concat(),
        ),
        row("ST-10 empty header", Code::DataSchema, file("", 0)),
        row("ST-10 trailing byte", Code::DataSchema, file(&format!("{{{A}}}"), 3)),
        row("ST-10 a byte short", Code::DataSchema, file(&format!("{{{A}}}"), 1)),
        row("ST-10 data and no tensors", Code::DataSchema, file("{}", 1)),
        row(
            "ST-10 a hole in front",
            Code::DataSchema,
            file(r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, 3),
        ),
        row(
            "ST-10 a hole between",
            Code::DataSchema,
            file(&format!(r#"{{{A},"b":{{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}}}"#), 4),
        ),
        row(
            "ST-10 overlap",
            Code::DataSchema,
            file(&format!(r#"{{{A},"b":{{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}}}"#), 3),
        ),
        row(
            "ST-10 the same bytes twice",
            Code::DataSchema,
            file(&format!(r#"{{{A},"b":{{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}}}"#), 2),
        ),
        row(
            "ST-10 offsets backwards",
            Code::DataSchema,
            file(r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}"#, 2),
        ),
        row(
            "ST-10 fewer bytes than the shape",
            Code::DataSchema,
            file(&one("a", &entry("F32", "[2]", 7)), 7),
        ),
        row(
            "ST-10 three offsets",
            Code::DataLimit,
            file(r#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}"#, 0),
        ),
        row(
            "ST-10 one offset",
            Code::DataSchema,
            file(r#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}"#, 0),
        ),
        row("ST-11 not UTF-8", Code::DataSchema, raw(b"{\"\xff\":{}}", 0)),
        row("ST-11 overlong UTF-8", Code::DataSchema, raw(b"{\"\xc0\x80\":{}}", 0)),
        row("ST-11 a byte order mark", Code::DataSchema, file("\u{feff}{}", 0)),
        row("ST-11 an array", Code::DataSchema, file("[]", 0)),
        row("ST-11 a text", Code::DataSchema, file("\"a\"", 0)),
        row("ST-11 null", Code::DataSchema, file("null", 0)),
        row("ST-11 metadata is null", Code::DataSchema, file(r#"{"__metadata__":null}"#, 0)),
        row("ST-11 metadata is a number", Code::DataSchema, file(r#"{"__metadata__":{"a":1}}"#, 0)),
        row(
            "ST-11 nesting of 129",
            Code::DataSchema,
            file(&one("a", &format!("\"dtype\":{}{}", "[".repeat(129), "]".repeat(129))), 0),
        ),
        row(
            "ST-11 nesting of 100,000",
            Code::DataSchema,
            file(&one("a", &format!("\"shape\":{}", "[".repeat(100_000))), 0),
        ),
        row("ST-11 nesting of objects", Code::DataSchema, file(&"{\"a\":".repeat(100_000), 0)),
        row("ST-11 a lone surrogate", Code::DataSchema, file(&one("\\ud800", &entry("U8", "[0]", 0)), 0)),
        row("ST-11 comma at the end", Code::DataSchema, file(&format!("{{{A},}}"), 2)),
        row("ST-11 a comment", Code::DataSchema, file(&format!("{{/* */{A}}}"), 2)),
        row("ST-11 two headers", Code::DataSchema, file(&format!("{{{A}}}{{}}"), 2)),
        row("ST-11 no end", Code::DataSchema, file(&format!("{{{A}"), 2)),
        row("ST-12 300,000 empty tensors", Code::DataLimit, file(&many(300_000), 0)),
        row("ST-12 65,537 empty tensors", Code::DataLimit, file(&many(65_537), 0)),
        row(
            "metadata of 1 MiB and more",
            Code::DataLimit,
            file(&format!(r#"{{"__metadata__":{{"k":"{}"}}}}"#, "v".repeat(1 << 20)), 0),
        ),
        row("a name of 5 KiB", Code::DataLimit, file(&one(&"a".repeat(5 << 10), &entry("U8", "[0]", 0)), 0)),
        row(
            "a tensor of 16 GiB and a byte",
            Code::DataLimit,
            file(&one("a", &entry("U8", "[17179869185]", 17_179_869_185)), 0),
        ),
    ];
    let shapes = [
        ("ST-05 [0, 2^63]", "[0,9223372036854775808]", Code::DataLimit),
        ("ST-05 [0, 2^63, 2]", "[0,9223372036854775808,2]", Code::DataLimit),
        ("ST-05 [2^63, 2, 0]", "[9223372036854775808,2,0]", Code::DataLimit),
        ("ST-05 [2^32, 2^32]", "[4294967296,4294967296]", Code::DataLimit),
        ("ST-05 a product of 2^64", "[1099511627776,16777216]", Code::DataLimit),
        ("ST-05 2^64", "[18446744073709551616]", Code::DataLimit),
        ("ST-05 10^40", "[10000000000000000000000000000000000000000]", Code::DataLimit),
        ("ST-11 a float", "[0.0]", Code::DataSchema),
        ("ST-11 an exponent", "[0e1]", Code::DataSchema),
        ("ST-11 negative", "[-1]", Code::DataSchema),
        ("ST-11 minus zero", "[-0]", Code::DataSchema),
        ("ST-11 a plus", "[+0]", Code::DataSchema),
        ("ST-11 leading zero", "[00]", Code::DataSchema),
        ("ST-11 a text", "[\"0\"]", Code::DataSchema),
        ("ST-11 true", "[true]", Code::DataSchema),
        ("ST-11 no list", "0", Code::DataSchema),
        ("ST-11 a list in a list", "[[0]]", Code::DataSchema),
        ("ST-11 comma at the end of a list", "[0,]", Code::DataSchema),
        ("ST-11 comma alone", "[,]", Code::DataSchema),
    ];
    rows.extend(
        shapes.map(|(what, shape, code)| row(what, code, file(&one("a", &entry("U8", shape, 0)), 0))),
    );
    let names = [
        "",
        "\\u0000",
        "a\\u0000b",
        "../../etc/passwd",
        "/etc/passwd",
        "a/../b",
        "..",
        ".",
        "a//b",
        "a/",
        "C:\\\\x",
        "nul",
        "a b",
        "é",
        "\\u202e",
        "\\n",
        "\\u001b[2J",
        "a.",
    ];
    rows.extend(names.map(|name| {
        row(format!("ST-07 the name {name}"), Code::DataPath, file(&one(name, &entry("U8", "[0]", 0)), 0))
    }));
    rows.push(row(
        "ST-07 a name of 256 bytes",
        Code::DataPath,
        file(&one(&"a".repeat(256), &entry("U8", "[0]", 0)), 0),
    ));
    rows.push(row(
        "ST-07 a tensor called __metadata__",
        Code::DataPath,
        file(&one("__metadata__", &entry("U8", "[0]", 0)), 0),
    ));
    let dtypes = ["F8_E4M3", "F8_E5M2", "F4", "C64", "f32", "Bool", "BF32", "", "F32 ", "\\u0000"];
    rows.extend(dtypes.map(|dtype| {
        row(format!("dtype {dtype}"), Code::DataType, file(&one("a", &entry(dtype, "[0]", 0)), 0))
    }));
    for (dtype, bits) in unusual() {
        let what = format!("ST-08 {dtype} of bits {bits:02x?}");
        rows.push(row(
            what,
            Code::DataFinite,
            [file(&one("a", &entry(dtype, "[1]", bits.len() as u64)), 0), bits].concat(),
        ));
    }
    rows
}

/// NaN, a signalling NaN, and infinities.
pub(crate) fn unusual() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("F32", f32::NAN.to_le_bytes().into()),
        ("F32", 0x7f80_0001_u32.to_le_bytes().into()),
        ("F32", f32::NEG_INFINITY.to_le_bytes().into()),
        ("F64", f64::NAN.to_le_bytes().into()),
        ("F16", 0x7c00_u16.to_le_bytes().into()),
        ("BF16", 0xff80_u16.to_le_bytes().into()),
    ]
}

/// Empty tensors, as many.
fn many(count: usize) -> String {
    let entries: Vec<String> =
        (0..count).map(|i| format!(r#""{i}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)).collect();
    format!("{{{}}}", entries.join(","))
}

fn read(file: &[u8]) -> Result<SafeTensors<'_>> {
    SafeTensors::read(file, &limits(), &Rename::default())
}

#[test]
fn hostile_files_are_refused() {
    refuse(&rows(), |file| read(file).map(drop));
}

/// Nothing depends on whether the file is in memory, except that values are looked at when they are read.
#[test]
fn hostile_files_are_refused_tensor_by_tensor() {
    refuse(&rows(), |file| {
        let mut tensors = SafeTensorsFile::new(Cursor::new(file), &limits(), &Rename::default())?;
        let names: Vec<String> = tensors.iter().map(|(name, ..)| name.to_owned()).collect();
        names.iter().try_for_each(|name| tensors.tensor(name).map(drop))
    });
}

#[test]
fn what_other_writers_write_is_read() {
    let table: [(&str, String, usize); 8] = [
        ("nothing", "{}".into(), 0),
        ("nothing, filled up", "{}      ".into(), 0),
        ("blanks between", format!("{{ \t\r\n{} }}", A.replace(':', " : ").replace(',', " , ")), 2),
        ("fields in another order", r#"{"a":{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}}"#.into(), 2),
        (
            "tensors in another order",
            format!(r#"{{"b":{{"dtype":"U8","shape":[1],"data_offsets":[2,3]}},{A}}}"#),
            3,
        ),
        ("rank 0", r#"{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}"#.into(), 8),
        ("65,536 empty tensors", many(65_536), 0),
        ("metadata of any text", r#"{"__metadata__":{"":"","\u0000\n":"é☃😀"}}"#.into(), 0),
    ];
    for (what, header, data) in table {
        let file = file(&header, data);
        let tensors = read(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        for (name, array) in tensors.iter() {
            assert_eq!(tensors.tensor(name).unwrap(), array.unwrap(), "{what}");
        }
    }
}

/// Row ST-13: the length of the header is also the start of another format.
#[test]
fn a_length_that_looks_like_another_format_is_a_length() {
    // A zlib header, a pickle, a ZIP archive: their first bytes as a length, if it is one that can be.
    for start in [&b"\x78\x9c\0\0\0\0\0\0"[..], b"\x80\x02\0\0\0\0\0\0", b"\x78\x01\x01\0\0\0\0\0"] {
        let length = u64::from_le_bytes(start.try_into().unwrap());
        let file = file(&format!("{{{A}}}{}", " ".repeat(length as usize - A.len() - 2)), 2);
        assert!(file.starts_with(start));
        assert_eq!(read(&file).unwrap().tensor("a").unwrap().bytes(), [0, 0]);
    }
}

#[test]
fn names_are_mended_by_rules() {
    let array = counting(DType::I32, &[2]);
    let mut file = Vec::new();
    write_safetensors(&mut file, &[("abc.weight", &array), ("abc.bias", &array)], &[]).unwrap();
    // Two names that no tensor can have, of the same length.
    let text = b"abc.";
    let places: Vec<usize> = (0..file.len() - 4).filter(|&at| &file[at..at + 4] == text).collect();
    places.iter().for_each(|&at| file[at..at + 4].copy_from_slice(b"a:0/"));
    assert_eq!(read(&file).unwrap_err().code(), Code::DataPath);

    let rename = Rename::default().replace_prefix("a:0/", "a0.").exact("a0.bias", "b");
    let tensors = SafeTensors::read(&file, &limits(), &rename).unwrap();
    let names: Vec<&str> = tensors.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a0.weight", "b"]);
    let slip = Rename::default().strip_prefix("module.");
    assert_eq!(SafeTensors::read(&file, &limits(), &slip).unwrap_err().code(), Code::Name);
}

#[test]
fn values_that_are_not_finite_are_read_where_they_are_wanted() {
    let wanted = LoadLimits { nonfinite: true, ..limits() };
    for (dtype, bits) in unusual() {
        let entry = format!(r#""dtype":"{dtype}","shape":[1],"data_offsets":[0,{}]"#, bits.len());
        let file = [file(&one("a", &entry), 0), bits.clone()].concat();
        assert_eq!(
            SafeTensors::read(&file, &wanted, &Rename::default()).unwrap().tensor("a").unwrap().bytes(),
            bits
        );
    }
}

#[test]
fn limits_are_the_caller_s() {
    let file = file(&format!("{{{A}}}"), 2);
    let size = file.len() as u64;
    let header = size - 10;
    let fits = LoadLimits { file: size, manifest: header, tensors: 1, tensor: 2, ..limits() };
    SafeTensors::read(&file, &fits, &Rename::default()).unwrap();
    let table = [
        LoadLimits { file: size - 1, ..fits.clone() },
        LoadLimits { manifest: header - 1, ..fits.clone() },
        LoadLimits { tensors: 0, ..fits.clone() },
        LoadLimits { tensor: 1, ..fits.clone() },
    ];
    for limits in table {
        let error = SafeTensors::read(&file, &limits, &Rename::default()).unwrap_err();
        assert_eq!(error.code(), Code::DataLimit, "{error}");
    }
}

#[test]
fn the_writer_writes_nothing_that_cannot_be_read() {
    let (a, b) = (counting(DType::F32, &[2, 3]), counting(DType::Bool, &[3]));
    type Metadata<'t> = &'t [(&'t str, &'t str)];
    let table: [(Named<'_>, Metadata<'_>, Code); 5] = [
        (&[("x", &a), ("x", &b)], &[], Code::DataDup),
        (&[("__metadata__", &a)], &[], Code::DataPath),
        (&[("", &a)], &[], Code::DataPath),
        (&[("a/../b", &a)], &[], Code::DataPath),
        (&[("x", &a)], &[("k", "v"), ("k", "w")], Code::DataDup),
    ];
    for (tensors, metadata, code) in table {
        let mut out = Vec::new();
        assert_eq!(write_safetensors(&mut out, tensors, metadata).unwrap_err().code(), code);
        assert!(out.is_empty());
    }
}

/// The bytes are those that the reference writer, version 0.8.0, gives for the same tensors; a script compares more
/// of them.
#[test]
fn the_writer_is_canonical() {
    let (a, b, c) = (counting(DType::U8, &[3]), counting(DType::F32, &[]), counting(DType::F32, &[1, 2]));
    let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"c":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}"#;
    let padded = format!("{header:<width$}", width = header.len().next_multiple_of(8));
    let expected =
        [&(padded.len() as u64).to_le_bytes(), padded.as_bytes(), c.bytes(), b.bytes(), a.bytes()].concat();
    let tensors = [("a", &c), ("b", &a), ("c", &b)];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let mut out = Vec::new();
        write_safetensors(&mut out, &order.map(|i| tensors[i]), &[("format", "pt")]).unwrap();
        assert!(out == expected);
    }
}
