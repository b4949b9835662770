//! The embedded digits.

use tensorkeep_tensor::{Error, HostArray, HostData, Result};

use crate::{Csv, Dataset, TensorDataset};

/// 1,797 handwritten digits of 8 × 8 pixels: enough to train on for seconds, and always there.
///
/// | | shape | dtype | values |
/// |---|---|---|---|
/// | inputs | `[1797, 1, 8, 8]` | `f32` | 0 to 1, in sixteenths |
/// | targets | `[1797]` | `i32` | 0 to 9 |
///
/// Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
/// Repository, 1998, <https://doi.org/10.24432/C50P49>, CC BY 4.0; the test part, as scikit-learn ships it.
///
/// # Errors
///
/// Never, as the tests show; the type says what reading can do.
///
/// ```
/// use tensorkeep_data::{Dataset, digits};
///
/// assert_eq!(digits()?.len(), 1797);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn digits() -> Result<TensorDataset> {
    let table = Csv::default().read(&include_bytes!("../assets/digits.csv.gz")[..])?;
    let HostData::F32(pixels) = table.inputs().data() else {
        return Err(Error::internal("digits", "the reader of tables gave another dtype than f32"));
    };
    let scaled = pixels.iter().map(|pixel| pixel / 16.0).collect();
    let images = HostArray::new(HostData::F32(scaled), [table.len(), 1, 8, 8])?;
    TensorDataset::new(images, table.targets().clone())
}
