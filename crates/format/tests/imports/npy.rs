//! Row ST-14.

use tensorkeep_format::{Code, DType, LoadLimits, read_npy, write_npy};

use super::{Row, counting, limits, refuse, row};

const F4: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

/// A file of this version and dictionary, with so many zeros behind it.
pub(crate) fn file(version: [u8; 2], dictionary: &str, data: usize) -> Vec<u8> {
    let header = format!("{dictionary}\n");
    let length = header.len() as u32;
    let length = if version == [1, 0] {
        (length as u16).to_le_bytes().to_vec()
    } else {
        length.to_le_bytes().to_vec()
    };
    [b"\x93NUMPY", &version[..], &length, header.as_bytes(), &vec![0; data]].concat()
}

fn v1(dictionary: &str, data: usize) -> Vec<u8> {
    file([1, 0], dictionary, data)
}

pub(crate) fn rows() -> Vec<Row> {
    let shape = |shape: &str| v1(&F4.replace("(2,)", shape), 8);
    let descr = |descr: &str| v1(&F4.replace("'<f4'", descr), 8);
    let mut rows = vec![
        row("empty", Code::DataTrunc, vec![]),
        row("half of the magic number", Code::DataTrunc, b"\x93NUM".to_vec()),
        row("another magic number", Code::DataMagic, b"\x93NUMPZ\x01\0".to_vec()),
        row("a pickle", Code::DataMagic, b"\x80\x04\x95\0\0\0\0\0\0\0\0".to_vec()),
        row("version 3", Code::DataSchema, file([3, 0], F4, 8)),
        row("version 0", Code::DataSchema, file([0, 0], F4, 8)),
        row("version 1.1", Code::DataSchema, file([1, 1], F4, 8)),
        row("version 255.255", Code::DataSchema, file([255, 255], F4, 8)),
        row(
            "a header of 65,535 bytes",
            Code::DataLimit,
            v1(&format!("{F4}{}", " ".repeat(65_534 - F4.len())), 8),
        ),
        row(
            "a header of 4 GiB that is not there",
            Code::DataLimit,
            b"\x93NUMPY\x02\0\xff\xff\xff\xff{".to_vec(),
        ),
        row("a header longer than the file", Code::DataTrunc, b"\x93NUMPY\x01\0\x76\0{".to_vec()),
        row("an extra key", Code::DataSchema, v1(&F4.replace(", }", ", 'x': 1}"), 8)),
        row("`descr` twice", Code::DataDup, v1(&F4.replace(", }", ", 'descr': '<f4'}"), 8)),
        row("`shape` missing", Code::DataSchema, v1("{'descr': '<f4', 'fortran_order': False}", 8)),
        row("an empty dictionary", Code::DataSchema, v1("{}", 8)),
        row("no dictionary", Code::DataSchema, v1("['<f4', False, (2,)]", 8)),
        row("nothing", Code::DataSchema, v1("", 8)),
        row("a call", Code::DataSchema, v1(&F4.replace("False", "exit()"), 8)),
        row("a comprehension", Code::DataSchema, v1(&F4.replace("(2,)", "tuple(i for i in (2,))"), 8)),
        row("order 0", Code::DataSchema, v1(&F4.replace("False", "0"), 8)),
        row("order None", Code::DataSchema, v1(&F4.replace("False", "None"), 8)),
        row("order false", Code::DataSchema, v1(&F4.replace("False", "false"), 8)),
        row("a comment", Code::DataSchema, v1(&F4.replace(", }", ", } # x"), 8)),
        row("two dictionaries", Code::DataSchema, v1(&format!("{F4}{F4}"), 8)),
        row("a second line", Code::DataSchema, v1(&format!("{F4}\n"), 8)),
        row("no line feed", Code::DataSchema, {
            let mut file = v1(F4, 8);
            let at = file.iter().position(|byte| *byte == b'\n').unwrap();
            file[at] = b' ';
            file
        }),
        row("an escape", Code::DataSchema, v1(&F4.replace("'descr'", "'d\\x65scr'"), 8)),
        row("a prefix of a text", Code::DataSchema, v1(&F4.replace("'descr'", "u'descr'"), 8)),
        row("a text joined of two", Code::DataSchema, v1(&F4.replace("'descr'", "'des' 'cr'"), 8)),
        row("unlike quotes", Code::DataSchema, v1(&F4.replace("'descr'", "'descr\""), 8)),
        row("a key beyond ASCII", Code::DataSchema, v1(&F4.replace("'descr'", "'désc'"), 8)),
        row("a byte short", Code::DataTrunc, v1(F4, 7)),
        row("no elements", Code::DataTrunc, v1(F4, 0)),
        row("a trailing byte", Code::DataSchema, v1(F4, 9)),
        row("a second array", Code::DataSchema, [v1(F4, 8), v1(F4, 8)].concat()),
        row("a bool of 2", Code::DataType, {
            let mut file = v1("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", 0);
            file.push(2);
            file
        }),
        row(
            "NaN",
            Code::DataFinite,
            [v1(&F4.replace("(2,)", "()"), 0), f32::NAN.to_le_bytes().into()].concat(),
        ),
        row(
            "big-endian NaN",
            Code::DataFinite,
            [v1(&F4.replace("(2,)", "()").replace('<', ">"), 0), f32::NAN.to_be_bytes().into()].concat(),
        ),
        row("column-major infinity", Code::DataFinite, {
            let dictionary = F4.replace("(2,)", "(1, 2)").replace("False", "True");
            [v1(&dictionary, 4), f32::INFINITY.to_le_bytes().into()].concat()
        }),
    ];
    let shapes = [
        ("(True,)", Code::DataSchema),
        ("(-1,)", Code::DataSchema),
        ("(2.0,)", Code::DataSchema),
        ("(2L,)", Code::DataSchema),
        ("(0x2,)", Code::DataSchema),
        ("(02,)", Code::DataSchema),
        ("(1_0,)", Code::DataSchema),
        ("('2',)", Code::DataSchema),
        ("(2)", Code::DataSchema),
        ("2", Code::DataSchema),
        ("[2]", Code::DataSchema),
        ("(,)", Code::DataSchema),
        ("(2,,)", Code::DataSchema),
        ("(2 2)", Code::DataSchema),
        ("(2", Code::DataSchema),
        ("((2,),)", Code::DataSchema),
        ("(9223372036854775808,)", Code::DataLimit),
        ("(18446744073709551616,)", Code::DataLimit),
        ("(0, 9223372036854775808)", Code::DataLimit),
        ("(4294967296, 4294967296)", Code::DataLimit),
        ("(1, 1, 1, 1, 1, 1, 1, 1, 2)", Code::DataLimit),
        ("(17179869184,)", Code::DataLimit),
    ];
    rows.extend(shapes.map(|(text, code)| row(format!("shape {text}"), code, shape(text))));
    rows.push(row("65 axes", Code::DataLimit, shape(&format!("({})", "1,".repeat(65)))));
    rows.push(row(
        "tuples in tuples, 3,000",
        Code::DataSchema,
        shape(&format!("{}{}", "(".repeat(3_000), ")".repeat(3_000))),
    ));
    let descrs = [
        "'|O'",
        "'O'",
        "'|O8'",
        "'<O'",
        "'|V8'",
        "'<U2'",
        "'|S8'",
        "'<c8'",
        "'<M8[s]'",
        "'<m8'",
        "'=f4'",
        "'f4'",
        "'|f4'",
        "'<f16'",
        "'<f3'",
        "'<i3'",
        "''",
        "'<'",
        "'float32'",
        "'<f4 '",
        "[('a', '<f4')]",
        "[]",
    ];
    rows.extend(descrs.map(|text| row(format!("descr {text}"), Code::DataType, descr(text))));
    rows.push(row("descr None", Code::DataSchema, descr("None")));
    rows
}

#[test]
fn hostile_files_are_refused() {
    refuse(&rows(), |file| read_npy(file, &limits()).map(drop));
}

#[test]
fn python_objects_are_refused_by_name() {
    let error = read_npy(&v1(&F4.replace("'<f4'", "'|O'"), 8), &limits()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("D_TYPE: the array holds Python objects, which are stored as pickle, a program"),
        "{error}"
    );
}

#[test]
fn what_other_writers_write_is_read() {
    let table = [
        v1(F4, 8),
        file([2, 0], F4, 8),
        v1("{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}", 8),
        v1("{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2,)}", 8),
        v1("{ 'descr':'<f4','fortran_order':False,'shape':( 2 , ) , }   ", 8),
        v1(&F4.replace("(2,)", "(2, 1)"), 8),
        v1(&F4.replace("(2,)", "(2, 1,)"), 8),
        v1(&F4.replace("(2,)", "(0, 7)"), 0),
        v1(&F4.replace("(2,)", "()"), 4),
        v1(&F4.replace("<f4", "<u1"), 2),
        v1(&format!("{F4}{}", " ".repeat(9_000)), 8),
    ];
    for file in table {
        let array = read_npy(&file, &limits()).unwrap_or_else(|error| panic!("{error}"));
        assert!(file.ends_with(array.bytes()));
    }
}

/// NumPy's own order of the elements of `numpy.arange(24).reshape(2, 3, 4)`, in columns and big-endian.
#[test]
fn other_orders_become_ours() {
    let columns: [u16; 24] =
        [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23];
    let rows: Vec<u8> = (0..24_u16).flat_map(u16::to_le_bytes).collect();
    let header = |order: &str, fortran: &str| {
        v1(&format!("{{'descr': '{order}u2', 'fortran_order': {fortran}, 'shape': (2, 3, 4)}}"), 0)
    };
    let table = [
        [header("<", "True"), columns.iter().flat_map(|x| x.to_le_bytes()).collect()].concat(),
        [header(">", "True"), columns.iter().flat_map(|x| x.to_be_bytes()).collect()].concat(),
        [header(">", "False"), (0..24_u16).flat_map(u16::to_be_bytes).collect()].concat(),
        [header("<", "False"), rows.clone()].concat(),
    ];
    for file in table {
        let array = read_npy(&file, &limits()).unwrap();
        assert_eq!((array.bytes(), array.shape().dims()), (&rows[..], &[2, 3, 4][..]));
    }
    // Nothing to reorder.
    for shape in ["()", "(4,)", "(0, 3)", "(4, 1, 1)", "(1, 4)"] {
        let file = v1(&format!("{{'descr': '<u1', 'fortran_order': True, 'shape': {shape}}}"), 0);
        let elements = match shape {
            "()" => &b"a"[..],
            "(0, 3)" => b"",
            _ => b"abcd",
        };
        assert_eq!(read_npy(&[&file, elements].concat(), &limits()).unwrap().bytes(), elements, "{shape}");
    }
}

#[test]
fn limits_are_the_caller_s() {
    let file = v1(F4, 8);
    let fits = LoadLimits { file: file.len() as u64, tensor: 8, ..limits() };
    read_npy(&file, &fits).unwrap();
    for limits in [LoadLimits { file: fits.file - 1, ..fits.clone() }, LoadLimits { tensor: 7, ..fits }] {
        assert_eq!(read_npy(&file, &limits).unwrap_err().code(), Code::DataLimit);
    }
}

#[test]
fn there_is_no_bf16() {
    let error = write_npy(&mut Vec::new(), &counting(DType::BF16, &[1])).unwrap_err();
    assert_eq!(error.to_string(), "D_TYPE: NumPy has no type bf16: convert the tensor to f32 first");
}
