//! Grey images.

use tensorkeep_format::{Code, LoadLimits, Pgm, read_pgm, write_pgm};

#[test]
fn images_are_read_or_refused() {
    type Row = (&'static [u8], Result<&'static [f32], Code>);
    let rows: [Row; 16] = [
        (b"P5 2 1 255\n\x00\xff", Ok(&[0.0, 1.0])),
        (b"P5\n# by me\n2 1\n4\n\x01\x02", Ok(&[0.25, 0.5])),
        (b"P2 2 1 4 1 2\n", Ok(&[0.25, 0.5])),
        (b"P2 2 1 4 1", Err(Code::DataSchema)),
        (b"P5 2 1 255\n\x00", Err(Code::DataTrunc)),
        (b"P5 2 1 255", Err(Code::DataTrunc)),
        (b"P5 2 1 255\n\x00\xff\n", Err(Code::DataSchema)),
        (b"P2 2 1 4 1 2 3", Err(Code::DataSchema)),
        (b"P5 2 1 65535\n\x00\x00\x00\x00", Err(Code::DataRange)),
        (b"P5 2 1 0\n\x00\x00", Err(Code::DataRange)),
        (b"P5 2 1 4\n\x00\x05", Err(Code::DataRange)),
        (b"P5 0 1 4\n", Err(Code::DataTrunc)),
        (b"P5 4294967296 4294967296 4\n", Err(Code::DataTrunc)),
        (b"P5 99999999999999999999 1 4\n", Err(Code::DataSchema)),
        (b"P6 1 1 255\n\x00\x00\x00", Err(Code::DataMagic)),
        (b"", Err(Code::DataMagic)),
    ];
    for (bytes, want) in rows {
        let found = read_pgm(bytes, &LoadLimits::default());
        match want {
            Ok(pixels) => {
                let image = found.unwrap();
                assert_eq!((image.width(), image.height()), (2, 1));
                assert_eq!(image.brightness().collect::<Vec<_>>(), pixels);
            }
            Err(code) => assert_eq!(found.unwrap_err().code(), code, "{bytes:?}"),
        }
    }
    let small = LoadLimits { file: 12, ..LoadLimits::default() };
    assert_eq!(read_pgm(b"P5 2 1 255\n\x00\xff", &small).unwrap_err().code(), Code::Limit);
}

#[test]
fn what_is_written_is_read_again() {
    let image = Pgm::new(3, 2, vec![0, 10, 13, 32, 35, 255]).unwrap();
    let mut file = Vec::new();
    write_pgm(&mut file, &image).unwrap();
    assert_eq!(read_pgm(&file, &LoadLimits::default()).unwrap(), image);
    for (width, height, pixels) in [(2, 2, 3), (0, 0, 0), (0, 5, 0), (usize::MAX, 2, 2)] {
        let error = Pgm::new(width, height, vec![0; pixels]).unwrap_err();
        assert_eq!(error.code(), Code::DataSchema, "{width} × {height}");
    }
}
