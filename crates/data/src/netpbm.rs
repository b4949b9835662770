//! PGM and PPM images.

use tensorkeep_tensor::{Error, ErrorKind, HostArray, HostData, Result};

use crate::rows::room;

const OP: &str = "netpbm";

/// Reads a grey image in PGM or a coloured one in PPM, binary or plain, of at most 8 bits a sample: `f32` in 0 to 1 of shape
/// `[1, height, width]` or `[3, height, width]`.
///
/// No more room is made than the bytes are many, times four.
///
/// ```
/// use tensorkeep_data::read_netpbm;
///
/// let image = read_netpbm(b"P5 2 1 255\n\x00\xff")?;
/// assert_eq!(*image.shape(), [1, 1, 2]);
/// assert!(read_netpbm(b"\x89PNG").is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: the manual pages pgm(5) and ppm(5) of Netpbm.
///
/// # Errors
///
/// [`ErrorKind::Format`] for other bytes than one such image.
#[track_caller]
pub fn read_netpbm(bytes: &[u8]) -> Result<HostArray> {
    let (plain, channels) = match bytes.first_chunk() {
        Some(b"P2") => (true, 1),
        Some(b"P3") => (true, 3),
        Some(b"P5") => (false, 1),
        Some(b"P6") => (false, 3),
        _ => {
            return Err(damaged("no PGM or PPM image: convert it, as `magick in.png -depth 8 out.ppm` does"));
        }
    };
    let mut rest = bytes.get(2..).unwrap_or_default();
    let [width, height, max] = [(); 3].map(|()| number(&mut rest));
    let (width, height, max) = (width?, height?, max?);
    if !(1..=255).contains(&max) {
        return Err(damaged(format!("white is {max}, not 1 to 255: use 8 bits a sample")));
    }
    let cut = || damaged(format!("the file has not {width} × {height} pixels: fetch the whole file again"));
    let pixels =
        width.checked_mul(height).filter(|pixels| (1..=bytes.len()).contains(pixels)).ok_or_else(cut)?;
    let count = pixels * channels;
    if count > bytes.len() {
        return Err(cut());
    }
    let mut samples = room(OP, count)?;
    if plain {
        for _ in 0..count {
            samples.push(number(&mut rest)?);
        }
    } else {
        // One blank ends the header.
        let (image, behind) = rest.get(1..).and_then(|rest| rest.split_at_checked(count)).ok_or_else(cut)?;
        samples.extend(image.iter().copied().map(usize::from));
        rest = behind;
    }
    if !rest.trim_ascii().is_empty() || !(plain || rest.is_empty()) {
        return Err(damaged(format!("{} bytes follow the image: write it anew", rest.len())));
    }
    if let Some(sample) = samples.iter().find(|sample| **sample > max) {
        return Err(damaged(format!("a sample is {sample}, above white, {max}: write the image anew")));
    }
    // A file has the channels of a pixel together, a tensor the pixels of a channel.
    let planes = (0..channels).flat_map(|channel| samples.iter().skip(channel).step_by(channels));
    let data = planes.map(|&sample| sample as f32 / max as f32).collect();
    HostArray::new(HostData::F32(data), [channels, height, width])
}

/// An image as the bytes of a file, grey for `[1, height, width]` and coloured for `[3, height, width]`: 0 is black and
/// 1 is white, what lies beyond is cut, and 255 steps are told apart.
///
/// ```
/// use tensorkeep_data::{read_netpbm, write_netpbm};
/// use tensorkeep_tensor::{HostArray, HostData};
///
/// let image = HostArray::new(HostData::F32(vec![0.0, 1.0]), [1, 1, 2])?;
/// assert_eq!(read_netpbm(&write_netpbm(&image)?)?, image);
/// assert!(write_netpbm(&HostArray::new(HostData::F32(vec![0.0, 1.0]), [2])?).is_err()); // no height
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Shape`] for another shape or an empty one, [`ErrorKind::DType`] for other elements than `f32`.
#[track_caller]
pub fn write_netpbm(image: &HostArray) -> Result<Vec<u8>> {
    let (&[channels @ (1 | 3), height, width], false) = (image.shape().sizes(), image.shape().is_empty())
    else {
        let rule = "an image is [1 or 3, height, width]";
        return Err(Error::shape(OP, rule, &[*image.shape()]).advise("reshape it"));
    };
    let HostData::F32(samples) = image.data() else {
        return Err(Error::dtype(OP, format!("an image of {}: cast it to f32", image.dtype())));
    };
    let kind = if channels == 1 { "P5" } else { "P6" };
    let mut file = format!("{kind}\n{width} {height}\n255\n").into_bytes();
    let pixels = (0..height * width).flat_map(|pixel| samples.iter().skip(pixel).step_by(height * width));
    file.extend(pixels.map(|sample| (sample.clamp(0.0, 1.0) * 255.0).round() as u8));
    Ok(file)
}

/// The next number, behind blanks and comments.
fn number(rest: &mut &[u8]) -> Result<usize> {
    loop {
        *rest = rest.trim_ascii_start();
        if rest.first() != Some(&b'#') {
            break;
        }
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        *rest = rest.get(end..).unwrap_or_default();
    }
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    value.ok_or_else(|| damaged("a number is missing or too large in the image: write it anew"))
}

#[track_caller]
#[cold]
fn damaged(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Format, OP, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_or_refused() {
        type Row = (&'static [u8], Result<(&'static [usize], &'static [f32]), &'static str>);
        let rows: [Row; 20] = [
            (b"P5 2 1 255\n\x00\xff", Ok((&[1, 1, 2], &[0.0, 1.0]))),
            (b"P5\n# by me\n2 1\n4\n\x01\x02", Ok((&[1, 1, 2], &[0.25, 0.5]))),
            (b"P2 2 1 4 1 2\n", Ok((&[1, 1, 2], &[0.25, 0.5]))),
            (b"P6 1 2 4\n\x00\x01\x02\x03\x04\x00", Ok((&[3, 2, 1], &[0.0, 0.75, 0.25, 1.0, 0.5, 0.0]))),
            (b"P3 1 2 4 0 1 2 3 4 0", Ok((&[3, 2, 1], &[0.0, 0.75, 0.25, 1.0, 0.5, 0.0]))),
            (b"P2 2 1 4 1", Err("a number is missing")),
            (b"P3 1 1 4 1 2", Err("a number is missing")),
            (b"P5 2 1 255\n\x00", Err("the file has not 2 × 1 pixels")),
            (b"P6 1 1 255\n\x00\x01", Err("the file has not 1 × 1 pixels")),
            (b"P5 2 1 255", Err("the file has not 2 × 1 pixels")),
            (b"P5 2 1 255\n\x00\xff\n", Err("1 bytes follow the image")),
            (b"P2 2 1 4 1 2 3", Err("2 bytes follow the image")),
            (b"P5 2 1 65535\n\x00\x00\x00\x00", Err("white is 65535")),
            (b"P5 2 1 0\n\x00\x00", Err("white is 0")),
            (b"P5 2 1 4\n\x00\x05", Err("a sample is 5, above white, 4")),
            (b"P5 0 1 4\n", Err("the file has not 0 × 1 pixels")),
            (b"P5 4294967296 4294967296 4\n", Err("the file has not 4294967296 × 4294967296 pixels")),
            (b"P5 99999999999999999999 1 4\n", Err("a number is missing or too large")),
            (b"\x89PNG\r\n", Err("no PGM or PPM image")),
            (b"", Err("no PGM or PPM image")),
        ];
        for (bytes, want) in rows {
            match (read_netpbm(bytes), want) {
                (Ok(image), Ok((shape, pixels))) => {
                    assert_eq!(image.shape().sizes(), shape, "{bytes:?}");
                    assert_eq!(*image.data(), HostData::F32(pixels.into()), "{bytes:?}");
                }
                (Err(error), Err(words)) => {
                    assert_eq!(error.kind(), ErrorKind::Format, "{bytes:?}: {error}");
                    assert!(error.message().starts_with(words), "{bytes:?}: {error}");
                }
                (found, want) => panic!("{bytes:?}: {found:?} is not {want:?}"),
            }
        }
    }
}
