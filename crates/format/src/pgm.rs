//! Grey images: PGM of Netpbm, at most 8 bits a pixel. Source: its manual page, pgm(5).

use std::io::Write;

use crate::array::check_file;
use crate::{Code, Error, LoadLimits, Result, recognise};

/// A grey image of at most 8 bits a pixel.
///
/// ```
/// use tensorkeep_format::{Code, LoadLimits, Pgm, read_pgm, write_pgm};
///
/// let image = Pgm::new(2, 1, vec![0, 255])?;
/// let mut file = Vec::new();
/// write_pgm(&mut file, &image)?;
/// let again = read_pgm(&file, &LoadLimits::default())?;
/// assert_eq!(again.brightness().collect::<Vec<_>>(), [0.0, 1.0]);
///
/// assert_eq!(read_pgm(&file[..file.len() - 1], &LoadLimits::default()).unwrap_err().code(), Code::DataTrunc);
/// assert!(Pgm::new(2, 2, vec![0, 255]).is_err()); // two pixels of four
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pgm {
    width: usize,
    height: usize,
    /// The number of a white pixel; no pixel has a larger one.
    white: u8,
    /// As many as width times height, row by row.
    pixels: Vec<u8>,
}

impl Pgm {
    /// An image of these pixels, row by row, of which 0 are black and 255 are white.
    ///
    /// # Errors
    ///
    /// [`Code::DataSchema`] if there are none, or not as many as width times height.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        if pixels.is_empty() || width.checked_mul(height) != Some(pixels.len()) {
            let message = format!("{} pixels for {width} × {height}: pass one for each", pixels.len());
            return Err(Error::new(Code::DataSchema, message));
        }
        Ok(Self { width, height, white: u8::MAX, pixels })
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels row by row, black as 0 and white as 1.
    pub fn brightness(&self) -> impl Iterator<Item = f32> {
        self.pixels.iter().map(|&pixel| f32::from(pixel) / f32::from(self.white))
    }
}

/// Reads an image, binary (`P5`) or plain (`P2`).
///
/// # Errors
///
/// [`Code::Limit`] for more bytes than allowed; [`Code::DataMagic`] for another format; [`Code::DataRange`] for more than 8 bits a
/// pixel, or a pixel brighter than white; [`Code::DataTrunc`] for missing pixels; [`Code::DataSchema`] for numbers that are none, and
/// for bytes behind the image.
pub fn read_pgm(bytes: &[u8], limits: &LoadLimits) -> Result<Pgm> {
    check_file(bytes.len() as u64, limits)?;
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
    let [width, height, white] = [(); 3].map(|()| number(&mut rest));
    let (width, height, white) = (width?, height?, white?);
    let white = u8::try_from(white).ok().filter(|&white| white > 0).ok_or_else(|| {
        Error::new(Code::DataRange, format!("white is {white}, not 1 to 255: use 8 bits a pixel"))
    })?;
    let count = width.checked_mul(height).filter(|count| (1..=bytes.len()).contains(count));
    let count = count.ok_or_else(|| cut(width, height))?;
    let grey = |value: usize| {
        u8::try_from(value).ok().filter(|&pixel| pixel <= white).ok_or_else(|| {
            let message = format!("a pixel is {value}, above white, {white}: write the image anew");
            Error::new(Code::DataRange, message)
        })
    };
    let pixels: Vec<u8> = match plain {
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
        return Ok(Pgm { width, height, white, pixels });
    }
    Err(Error::new(Code::DataSchema, format!("{} bytes follow the image: write it anew", rest.len())))
}

/// Writes an image in binary.
///
/// # Errors
///
/// [`Code::Io`].
pub fn write_pgm(out: &mut dyn Write, image: &Pgm) -> Result<()> {
    let header = format!("P5\n{} {}\n{}\n", image.width, image.height, image.white);
    let mut write =
        |bytes: &[u8]| out.write_all(bytes).map_err(|error| Error::io("writing the file", &error));
    write(header.as_bytes())?;
    write(&image.pixels)
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
