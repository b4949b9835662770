//! Grey images: the reader of PGM.

use tensorkeep_format::{Code, Error, Result, recognise};

/// A grey image.
#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// In `0..=1`, row by row.
    pub(crate) pixels: Vec<f32>,
}

/// Reads a grey image in PGM, binary or plain, of at most 8 bits. Source: the manual page pgm(5) of Netpbm.
pub(crate) fn read_pgm(bytes: &[u8]) -> Result<Picture> {
    let plain = match bytes.first_chunk() {
        Some(b"P5") => false,
        Some(b"P2") => true,
        _ => {
            let what = recognise(bytes)
                .map_or("no PGM image".into(), |foreign| format!("{}, no PGM image", foreign.name));
            return Err(Error::new(Code::DataMagic, format!("this is {what}: convert it")));
        }
    };
    let mut rest = bytes.get(2..).unwrap_or_default();
    let [width, height, max] = [(); 3].map(|()| number(&mut rest));
    let (width, height, max) = (width?, height?, max?);
    if !(1..=255).contains(&max) {
        return Err(Error::new(Code::DataRange, format!("white is {max}, not 1 to 255: use 8 bits a pixel")));
    }
    let count = width.checked_mul(height).filter(|count| (1..=bytes.len()).contains(count));
    let count = count.ok_or_else(|| cut(width, height))?;
    let grey = |value: usize| match value <= max {
        true => Ok(value as f32 / max as f32),
        false => Err(Error::new(
            Code::DataRange,
            format!("a pixel is {value}, above white, {max}: write the image anew"),
        )),
    };
    let pixels: Vec<f32> = match plain {
        true => (0..count).map(|_| number(&mut rest).and_then(grey)).collect::<Result<_>>()?,
        false => {
            // One blank ends the header.
            let (pixels, behind) = rest
                .get(1..)
                .and_then(|rest| rest.split_at_checked(count))
                .ok_or_else(|| cut(width, height))?;
            rest = behind;
            pixels.iter().map(|&pixel| grey(pixel.into())).collect::<Result<_>>()?
        }
    };
    if rest.trim_ascii().is_empty() && (plain || rest.is_empty()) {
        return Ok(Picture { width, height, pixels });
    }
    Err(Error::new(Code::DataSchema, format!("{} bytes follow the image: write it anew", rest.len())))
}

/// The next number, behind blanks and comments.
fn number(rest: &mut &[u8]) -> Result<usize> {
    loop {
        *rest = rest.trim_ascii_start();
        match rest.first() {
            Some(b'#') => {
                *rest = rest
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .and_then(|end| rest.get(end..))
                    .unwrap_or_default()
            }
            _ => break,
        }
    }
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    value.ok_or_else(|| {
        Error::new(Code::DataSchema, "a number is missing or too large in the image: write it anew")
    })
}

fn cut(width: usize, height: usize) -> Error {
    Error::new(
        Code::DataTrunc,
        format!("the file has not {width} × {height} pixels: fetch the whole file again"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let found = read_pgm(bytes);
            match want {
                Ok(pixels) => {
                    assert_eq!(found.unwrap(), Picture { width: 2, height: 1, pixels: pixels.into() })
                }
                Err(code) => assert_eq!(found.unwrap_err().code(), code, "{bytes:?}"),
            }
        }
    }
}
