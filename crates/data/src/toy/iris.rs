//! The embedded flowers.

use tensorkeep_tensor::Result;

use crate::{Csv, TensorDataset};

/// Fisher's 150 irises: lengths and widths of sepal and petal, and the species.
///
/// | | shape | dtype | values |
/// |---|---|---|---|
/// | inputs | `[150, 4]` | `f32` | centimetres |
/// | targets | `[150]` | `i32` | 0 setosa, 1 versicolor, 2 virginica |
///
/// Source: R. A. Fisher, *The Use of Multiple Measurements in Taxonomic Problems*, 1936; UCI Machine Learning Repository,
/// <https://doi.org/10.24432/C56C76>, CC BY 4.0, as scikit-learn ships it.
///
/// # Errors
///
/// Never, as the tests show; the type says what reading can do.
///
/// ```
/// use tensorkeep_data::{Dataset, iris};
///
/// assert_eq!(iris()?.len(), 150);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub fn iris() -> Result<TensorDataset> {
    // The first line names species where a header names columns; it is as long as one.
    Csv { header: true, ..Csv::default() }.read(&include_bytes!("../../assets/iris.csv")[..])
}
