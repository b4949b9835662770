//! The MNIST digits.

use std::path::{Path, PathBuf};

use tensorkeep_tensor::{DType, Error, ErrorKind, HostArray, HostData, Result};

use crate::{Dataset, Map, Pair, ReadLimits, TensorDataset, read_idx_file};

/// Images that are held as bytes and come as `f32` in 0 to 1.
pub type Images = Map<TensorDataset, fn(HostArray, HostArray) -> Result<Pair>>;

/// The training and the test digits from a folder that holds the four original files, plain or gzip (`.gz`).
///
/// | | shape | dtype | values |
/// |---|---|---|---|
/// | inputs | `[n, 1, height, width]` | `f32` | 0 to 1 |
/// | targets | `[n]` | `i32` | 0 to 9 |
///
/// Source: LeCun, Bottou, Bengio and Haffner, *Gradient-Based Learning Applied to Document Recognition*,
/// 1998. Sets in the same files, such as Fashion-MNIST, are read just so.
///
/// # Errors
///
/// [`ErrorKind::Io`] if a file is missing, [`ErrorKind::Format`] if one is damaged, counts differ or a label
/// is not a digit, [`ErrorKind::Limit`] beyond the limits.
pub fn mnist(folder: impl AsRef<Path>, limits: &ReadLimits) -> Result<(Images, Images)> {
    let folder = folder.as_ref();
    Ok((part(folder, "train", limits)?, part(folder, "t10k", limits)?))
}

fn part(folder: &Path, name: &str, limits: &ReadLimits) -> Result<Images> {
    let images = read_idx_file(find(folder, &format!("{name}-images-idx3-ubyte"))?, limits)?;
    let labels = read_idx_file(find(folder, &format!("{name}-labels-idx1-ubyte"))?, limits)?;
    let damaged = |message: String| {
        Error::new(ErrorKind::Format, "mnist", format!("{name} in {}: {message}", folder.display()))
    };
    let ([n, height, width], DType::U8) = (images.shape().sizes(), images.dtype()) else {
        let found = format!("{} of shape {}", images.dtype(), images.shape());
        return Err(damaged(format!(
            "images are {found}, not u8 of shape [n, height, width]: fetch them again"
        )));
    };
    let (HostData::U8(classes), [labels]) = (labels.data(), labels.shape().sizes()) else {
        let found = format!("{} of shape {}", labels.dtype(), labels.shape());
        return Err(damaged(format!("labels are {found}, not u8 of shape [n]: fetch them again")));
    };
    if n != labels {
        return Err(damaged(format!("{n} images but {labels} labels: fetch both again")));
    }
    if let Some((i, label)) = classes.iter().enumerate().find(|(_, label)| **label > 9) {
        return Err(damaged(format!("label {label} of image {i} is not in 0..10: fetch the labels again")));
    }
    let y = HostArray::new(HostData::I32(classes.iter().map(|&class| class.into()).collect()), [*n])?;
    let shape = [*n, 1, *height, *width];
    let x = HostArray::new(images.into_parts().1, shape)?;
    Ok(TensorDataset::new(x, y)?.map(scale as fn(HostArray, HostArray) -> Result<Pair>))
}

/// The file of this name, plain or gzip.
fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let candidates = [folder.join(name), folder.join(format!("{name}.gz"))];
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        let message = format!(
            "neither {name} nor {name}.gz in {}: put the four files of the MNIST digits there",
            folder.display()
        );
        Error::new(ErrorKind::Io, "mnist", message)
    })
}

/// Bytes 0 to 255 as numbers 0 to 1.
fn scale(x: HostArray, y: HostArray) -> Result<Pair> {
    let (shape, data) = x.into_parts();
    let HostData::U8(bytes) = data else {
        return Err(Error::internal("mnist", "images are not held as bytes"));
    };
    let scaled = bytes.into_iter().map(|byte| f32::from(byte) / 255.0).collect();
    Ok((HostArray::new(HostData::F32(scaled), shape)?, y))
}
