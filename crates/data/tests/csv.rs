//! Tables: what they mean, and what is refused with which words.

#![allow(clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tensorkeep_data::{Csv, Dataset, Label, ReadLimits, Target, TensorDataset};
use tensorkeep_tensor::{ErrorKind, HostArray, HostData};

fn csv() -> Csv {
    Csv::default()
}

fn numbers(set: &TensorDataset) -> (&[usize], &[f32]) {
    let HostData::F32(x) = set.inputs().data() else { panic!("inputs are f32") };
    (set.inputs().shape(), x)
}

/// Spellings of the same two examples.
#[test]
fn spellings() {
    let rows: [(&str, Csv, &str); 12] = [
        ("plain", csv(), "1,2.5,0\n3,-4,1\n"),
        ("no line break at the end", csv(), "1,2.5,0\n3,-4,1"),
        ("carriage returns", csv(), "1,2.5,0\r\n3,-4,1\r\n"),
        ("empty lines", csv(), "\n1,2.5,0\n\n\n3,-4,1\n\n"),
        ("spaces", csv(), " 1 , 2.5,0 \n3, -4,1\n"),
        ("quotes", csv(), "\"1\",\"2.5\",0\n3,-4,\"1\"\n"),
        ("exponents", csv(), "1e0,25e-1,0.0\n3,-.4e1,1.\n"),
        ("a byte-order mark", csv(), "\u{FEFF}1,2.5,0\n3,-4,1\n"),
        ("a header", Csv { header: true, ..csv() }, "a,b,c\n1,2.5,0\n3,-4,1\n"),
        ("semicolons", Csv { delimiter: b';', ..csv() }, "1;2.5;0\n3;-4;1\n"),
        ("the label first", Csv { label: Label::Column(0), ..csv() }, "0,1,2.5\n1,3,-4\n"),
        (
            "the label by name",
            Csv { header: true, label: Label::Name("b".into()), ..csv() },
            "a,b,c\n1,0,2.5\n3,1,-4\n",
        ),
    ];
    for (name, format, text) in rows {
        let set = format.read(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(numbers(&set), (&[2, 2][..], &[1.0, 2.5, 3.0, -4.0][..]), "{name}");
        assert_eq!(*set.targets(), HostArray::new(HostData::I32(vec![0, 1]), [2]).unwrap(), "{name}");
    }
}

#[test]
fn targets_can_be_numbers() {
    let set = Csv { target: Target::Number, ..csv() }.read("1,2.5\n3,-0.25\n".as_bytes()).unwrap();
    assert_eq!(*set.targets(), HostArray::new(HostData::F32(vec![2.5, -0.25]), [2]).unwrap());
}

#[test]
fn refusals_name_the_line() {
    let header = Csv { header: true, ..csv() };
    let named = Csv { label: Label::Name("c".into()), ..header.clone() };
    let rows: [(&str, Csv, &[u8], ErrorKind, &str); 32] = [
        ("empty", csv(), b"", ErrorKind::Format, "there are no rows"),
        ("only line breaks", csv(), b"\n\r\n\n", ErrorKind::Format, "there are no rows"),
        ("only a header", header.clone(), b"a,b\n", ErrorKind::Format, "there are no rows"),
        ("no header", header.clone(), b"", ErrorKind::Value, "no column Last among 0"),
        (
            "a short row",
            csv(),
            b"1,2,0\n3,0\n",
            ErrorKind::Format,
            "line 2: 2 fields where the rows before have 3",
        ),
        (
            "a long row",
            csv(),
            b"1,0\n1,2,0\n",
            ErrorKind::Format,
            "line 2: 3 fields where the rows before have 2",
        ),
        ("a header that is longer", header.clone(), b"a,b,c\n1,0\n", ErrorKind::Format, "line 2: 2 fields"),
        ("one column", csv(), b"1\n2\n", ErrorKind::Format, "rows of one field"),
        (
            "text",
            csv(),
            b"1,2,0\r\n3,x,0\r\n",
            ErrorKind::Format,
            "line 2, column 2: \"x\" is not a finite number",
        ),
        (
            "text at the end of a row",
            csv(),
            b"1,2,0\n3,4,five\n",
            ErrorKind::Format,
            "line 2, column 3: \"five\"",
        ),
        ("a missing value", csv(), b"1,2,0\n\n3,,0\n", ErrorKind::Format, "line 3, column 2: \"\""),
        ("NaN", csv(), b"nan,0\n", ErrorKind::Format, "line 1, column 1: \"nan\""),
        ("infinity", csv(), b"inf,0\n", ErrorKind::Format, "line 1, column 1: \"inf\""),
        ("too large for f32", csv(), b"1e39,0\n", ErrorKind::Format, "line 1, column 1: \"1e39\""),
        ("a NaN label", csv(), b"1,NaN\n", ErrorKind::Format, "line 1, column 2: \"NaN\""),
        ("a label with fractions", csv(), b"1,0.5\n", ErrorKind::Format, "line 1: label 0.5 is not a class"),
        ("a negative label", csv(), b"1,0\n1,-1\n", ErrorKind::Format, "line 2: label -1 is not a class"),
        (
            "a label beyond f32",
            csv(),
            b"1,16777218\n",
            ErrorKind::Format,
            "line 1: label 16777218 is not a class",
        ),
        ("hexadecimal", csv(), b"0x10,0\n", ErrorKind::Format, "line 1, column 1: \"0x10\""),
        (
            "two byte-order marks",
            csv(),
            "\u{FEFF}\u{FEFF}1,0\n".as_bytes(),
            ErrorKind::Format,
            "two byte-order marks",
        ),
        ("not UTF-8", csv(), b"1,0\n\xFF,0\n", ErrorKind::Format, "line 2, column 1: not UTF-8"),
        (
            "a name that is not UTF-8",
            named.clone(),
            b"a,\xFF\n1,0\n",
            ErrorKind::Format,
            "line 1, column 2: not UTF-8",
        ),
        (
            "a name twice",
            named.clone(),
            b"c,b,c\n1,2,0\n",
            ErrorKind::Format,
            "several columns are named \"c\"",
        ),
        ("zero bytes", csv(), b"1,\0\n", ErrorKind::Format, "line 1, column 2: \"\\0\""),
        ("digits of another script", csv(), "١,0\n".as_bytes(), ErrorKind::Format, "line 1, column 1: \"١\""),
        ("a negative infinity as label", csv(), b"1,-inf\n", ErrorKind::Format, "line 1, column 2: \"-inf\""),
        ("UTF-16", csv(), b"\xFF\xFE1\x00,\x000\x00\n\x00", ErrorKind::Format, "line 1, column 1: not UTF-8"),
        ("the start of a gzip", csv(), b"\x1F\x8B", ErrorKind::Format, "the file ends too early"),
        ("an open quote", csv(), b"\"1,0\n2,1\n", ErrorKind::Format, "line "),
        ("an unknown name", named, b"a,b\n1,0\n", ErrorKind::Value, "no column Name(\"c\") among 2"),
        (
            "a column that is not there",
            Csv { label: Label::Column(2), ..csv() },
            b"1,0\n",
            ErrorKind::Value,
            "no column Column(2) among 2",
        ),
        (
            "a name without header",
            Csv { header: false, label: Label::Name("a".into()), ..csv() },
            b"1,0\n",
            ErrorKind::Value,
            "no column Name(\"a\") among 2",
        ),
    ];
    for (name, format, text, kind, start) in rows {
        let error = format.read(text).expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.message().starts_with(start), "{name}: {error}");
        assert!(error.message().contains(": "), "{name} does not say what to do: {error}");
    }
}

#[test]
fn limits_hold() {
    let base = ReadLimits::default;
    let rows: [(&str, ReadLimits, String, &str); 8] = [
        ("bytes", ReadLimits { bytes: 8, ..base() }, "1,0\n2,1\n3,1\n".into(), "more than 8 bytes"),
        ("no bytes", ReadLimits { bytes: 0, ..base() }, "1,0\n".into(), "more than 0 bytes"),
        ("rows", ReadLimits { rows: 2, ..base() }, "1,0\n2,1\n3,1\n".into(), "line 3: more rows than 2"),
        ("columns", ReadLimits { columns: 3, ..base() }, "1,2,3,0\n".into(), "line 1: more columns than 3"),
        (
            "field",
            ReadLimits { field_bytes: 4, ..base() },
            "1,0\n12345,0\n".into(),
            "line 2: a field longer than 4",
        ),
        (
            "no fields",
            ReadLimits { field_bytes: 0, ..base() },
            "1,0\n".into(),
            "line 1: a field longer than 0",
        ),
        ("a long field", base(), "0".repeat(2000) + ",0\n", "line 1: a field longer than 1024"),
        ("an endless quote", base(), format!("\"{}", "\n".repeat(2000)), "line "),
    ];
    for (name, limits, text, start) in rows {
        let error = Csv { limits, ..csv() }.read(text.as_bytes()).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Limit, "{name}: {error}");
        assert!(error.message().starts_with(start), "{name}: {error}");
    }
}

/// What just fits.
#[test]
fn limits_are_inclusive() {
    let limits = ReadLimits { bytes: 16, rows: 2, columns: 2, field_bytes: 5 };
    let set = Csv { limits, ..csv() }.read("12345,0\n12345,1\n".as_bytes()).unwrap();
    assert_eq!(numbers(&set).1, [12345.0; 2]);
    let wide = "9".repeat(30) + &"0".repeat(100) + "e-100";
    let limits = ReadLimits { field_bytes: wide.len(), ..ReadLimits::default() };
    assert!(Csv { limits, ..csv() }.read(format!("{wide},0\n").as_bytes()).is_ok());
}

/// Any byte replaced by any other, and any byte as delimiter: an error or a table, never a panic.
#[test]
fn mutations_do_no_harm() {
    let text = b"a,\"b\"\r\n1,\"2\"\n-3.5e1,0\n";
    let mut read = 0;
    for header in [false, true] {
        for byte in 0..=255 {
            let format = Csv { header, ..csv() };
            for i in 0..text.len() {
                let mut mutant = text.to_vec();
                mutant[i] = byte;
                read += usize::from(format.read(&mutant[..]).is_ok());
            }
            let _ = Csv { delimiter: byte, ..format }.read(&text[..]);
        }
    }
    assert!(read > 700, "only {read} mutants are tables");
}

/// What a table may look like on its way: every truncation is a table or an error, and one of gzip an error.
#[test]
fn truncations_do_no_harm() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"1,0\n22,1\n").unwrap_or_else(|error| panic!("{error}"));
    let file = encoder.finish().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(csv().read(&file[..]).map(|set| set.len()).ok(), Some(2));
    for length in 0..file.len() {
        let error = csv().read(&file[..length]).expect_err("truncated");
        assert_eq!(error.kind(), ErrorKind::Format, "{length}: {error}");
    }
    for (behind, what) in [(&b"1,0\n"[..], "a row"), (&file[..], "a second gzip")] {
        let error = csv().read(&[&file, behind].concat()[..]).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Format, "{what}: {error}");
    }
}
