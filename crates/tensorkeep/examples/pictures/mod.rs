//! Digits to learn from, and pictures to look at.

#![allow(dead_code, reason = "each example uses what it needs")]

use std::path::Path;
use std::sync::Arc;

use tensorkeep::data::{self, Dataset, Pair, ReadLimits, write_netpbm};
use tensorkeep::tensor::{HostArray, HostData};
use tensorkeep::{Error, ErrorKind, Result, Tensor};

/// Height and width of a digit.
pub(crate) const SIDE: usize = 28;

/// A data set to learn from and one to test on.
pub(crate) type Parts = [Arc<dyn Dataset>; 2];

/// The digits of MNIST from a folder; or else the embedded ones, enlarged to the same `[n, 1, 28, 28]`.
pub(crate) fn digits(folder: Option<&Path>) -> Result<Parts> {
    match folder {
        Some(folder) => {
            let (train, test) = data::mnist(folder, &ReadLimits::default())?;
            Ok([Arc::new(train), Arc::new(test)])
        }
        None => {
            let (train, test) = data::digits()?.map(enlarged).split(0.2, 0)?;
            Ok([Arc::new(train), Arc::new(test)])
        }
    }
}

/// Every pixel of `[n, 1, 8, 8]` as 3 × 3, with a margin of 2.
fn enlarged(x: HostArray, y: HostArray) -> Result<Pair> {
    let ([n, ..], HostData::F32(small)) = (x.shape().sizes(), x.data()) else {
        return Err(Error::internal("digits", "the embedded digits are not f32"));
    };
    let at = |i: usize| (2..SIDE - 2).contains(&i).then(|| (i - 2) / 3);
    let pixel = |image: usize, row: usize, column: usize| match (at(row), at(column)) {
        (Some(row), Some(column)) => small.get((image * 8 + row) * 8 + column).copied().unwrap_or(0.0),
        _ => 0.0,
    };
    let large = (0..n * SIDE * SIDE).map(|i| pixel(i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE)).collect();
    Ok((HostArray::new(HostData::F32(large), [*n, 1, SIDE, SIDE])?, y))
}

/// Pictures `[n, 1, height, width]` of 0 to 1 as one, `[height, width]`, with so many side by side.
pub(crate) fn tiled(pictures: &Tensor, columns: usize) -> Result<Tensor> {
    let [n, _, height, width] = pictures.dims()?;
    let rows = n.div_ceil(columns);
    let all = pictures.pad(&[(0, rows * columns - n), (0, 0), (0, 0), (0, 0)], 0.0)?;
    let grid = all.reshape([rows, columns, height, width])?.transpose(1, 2)?;
    grid.reshape([rows * height, columns * width])
}

/// [`write`], and says so.
#[allow(clippy::print_stdout, reason = "an example shows what it does")]
pub(crate) fn save(picture: &Tensor, path: &Path) -> Result<()> {
    write(picture, path)?;
    println!("picture in {}", path.display());
    Ok(())
}

/// Writes a grey picture `[height, width]` of 0 to 1 in the format PGM, which most viewers show.
pub(crate) fn write(picture: &Tensor, path: &Path) -> Result<()> {
    let [height, width] = picture.dims()?;
    let file = write_netpbm(&picture.reshape([1, height, width])?.to_host()?)?;
    std::fs::write(path, file).map_err(|error| {
        let message = format!("{}: {error}: choose another --out", path.display());
        Error::new(ErrorKind::Io, "picture", message)
    })
}

/// A grey picture `[height, width]` of 0 to 1 in characters, two rows a line.
pub(crate) fn in_terminal(picture: &Tensor) -> Result<String> {
    let [_, width] = picture.dims()?;
    let pixels = picture.to_vec::<f32>()?;
    let lines = pixels.chunks(2 * width).map(|rows| {
        let cell = |column: usize| {
            let [upper, lower] =
                [column, width + column].map(|at| rows.get(at).copied().unwrap_or(0.0).clamp(0.0, 1.0));
            match (upper >= 0.5, lower >= 0.5) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) if upper.max(lower) >= 0.2 => '░',
                (false, false) => ' ',
            }
        };
        (0..width).map(cell).collect::<String>().trim_end().to_owned()
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
