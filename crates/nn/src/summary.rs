//! What a model consists of, printed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tensorkeep_tensor::{DType, Device, Result, Shape, Tensor, ToShape, meta, module};

use crate::{Context, Layer, LeafMut, Module, Path, State};

/// The layers of a model in the order in which they run, with the shapes of their results and the numbers of their
/// parameters. Made by [`summary`]; printing it gives a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layers, outer ones before those inside them.
    pub rows: Vec<SummaryRow>,
    /// The number of trainable numbers of the model, tied ones counted once.
    pub parameters: usize,
}

/// A layer in a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// Where it is: `encoder.2`.
    pub path: String,
    /// What it is: `Dense`.
    pub kind: &'static str,
    /// The shape of its result.
    pub output: Shape,
    /// The number of its trainable numbers, those of the layers inside it included.
    pub parameters: usize,
}

/// Runs a model on the device that knows only shapes and lists what ran. Nothing is computed.
///
/// Layers are seen where a container or [`Context::run`] runs them; a model that runs none is listed itself.
///
/// # Errors
///
/// If an input of this shape and dtype does not fit the model, with the path of the layer that it does not fit.
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::summary;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(42, &meta::device());
/// let model = (Dense::new(784, 128, &mut rng)?, Tensor::relu, Dense::new(128, 10, &mut rng)?);
/// let table = summary(&model, [1, 784], DType::F32)?.to_string();
/// assert_eq!(
///     table,
///     "\
/// layer  kind   output    parameters
/// 0      Dense  [1, 128]     100,480
/// 1      relu   [1, 128]           0
/// 2      Dense  [1, 10]        1,290
/// total                      101,770
/// "
/// );
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn summary<M: Layer + Clone>(model: &M, input: impl ToShape, dtype: DType) -> Result<Summary> {
    let device = meta::device();
    let x = Tensor::zeros(input, dtype, &device)?;
    let rows = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&rows);
    let cx = Context::evaluation().observed(move |path: &str, layer: &dyn Layer, y: &Tensor| {
        let row = SummaryRow {
            path: path.to_owned(),
            kind: layer.kind(),
            output: *y.shape(),
            parameters: module::count(layer),
        };
        insert(&mut list.lock().unwrap_or_else(PoisonError::into_inner), row);
    });
    let y = hollow(model, &device)?.forward_with(&x, &cx)?;
    let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let parameters = module::count(model);
    if rows.is_empty() {
        rows.push(SummaryRow {
            path: Path::root().to_string(),
            kind: model.kind(),
            output: *y.shape(),
            parameters,
        });
    }
    Ok(Summary { rows, parameters })
}

/// Puts a layer before those inside it, which ran, and so were listed, before it was done.
fn insert(rows: &mut Vec<SummaryRow>, row: SummaryRow) {
    let inside = format!("{}.", row.path);
    let at = rows.iter().rposition(|other| !other.path.starts_with(&inside)).map_or(0, |last| last + 1);
    rows.insert(at, row);
}

/// The model with leaves of the same shapes and dtypes on another device, all zero: on the device that knows only shapes it
/// can be run without computing anything.
///
/// # Errors
///
/// If the device lacks a dtype or has no room.
#[track_caller]
pub fn hollow<M: Module + Clone>(model: &M, device: &Device) -> Result<M> {
    let mut model = model.clone();
    let mut result = Ok(());
    let empty = |x: &Tensor| Tensor::zeros(x.shape(), x.dtype(), device);
    model.visit_mut(&mut Path::root(), &mut |_, leaf| {
        let replaced = match leaf {
            LeafMut::Parameter(x) => empty(x).map(|hollow| *x = hollow),
            LeafMut::State(state) => empty(&state.get()).map(|hollow| *state = State::new(hollow)),
        };
        if let Err(error) = replaced {
            result = Err(error);
        }
    });
    result.map(|()| model)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |row: &SummaryRow| {
            [row.path.clone(), row.kind.to_owned(), row.output.to_string(), grouped(row.parameters)]
        };
        let head = ["layer", "kind", "output", "parameters"].map(str::to_owned);
        let total = ["total".to_owned(), String::new(), String::new(), grouped(self.parameters)];
        let table: Vec<_> = [head].into_iter().chain(self.rows.iter().map(cells)).chain([total]).collect();
        let mut widths = [0; 4];
        for cells in &table {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
        }
        let [path, kind, output, count] = widths;
        for [a, b, c, d] in &table {
            writeln!(f, "{a:path$}  {b:kind$}  {c:output$}  {d:>count$}")?;
        }
        Ok(())
    }
}

/// A number with its digits in threes.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::Rng;

    use super::*;
    use crate::Sequential;
    use crate::layers::{BatchNorm, Conv, Dense, Dropout, Flatten, MaxPool};

    #[derive(Clone, Debug, Module)]
    struct Net {
        features: Sequential,
        head: (Flatten, Option<Dropout>, Dense),
    }

    impl Layer for Net {
        fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
            let x = cx.run("features", &self.features, x)?;
            cx.run("head", &self.head, &x)
        }
    }

    fn net() -> Net {
        let mut rng = Rng::new(1, &meta::device());
        let features = Sequential::new()
            .then(Conv::new([5, 5], 1, 6, &mut rng).unwrap())
            .then(BatchNorm::new(6, rng.device()).unwrap())
            .then(Tensor::relu)
            .then(MaxPool::new([2, 2]));
        Net { features, head: (Flatten, None, Dense::new(864, 10, &mut rng).unwrap()) }
    }

    #[test]
    fn a_table_shows_the_tree() {
        let table = summary(&net(), [32, 1, 28, 28], DType::F32).unwrap().to_string();
        let want = "\
layer       kind        output           parameters
features    Sequential  [32, 6, 12, 12]         168
features.0  Conv        [32, 6, 24, 24]         156
features.1  BatchNorm   [32, 6, 24, 24]          12
features.2  relu        [32, 6, 24, 24]           0
features.3  MaxPool     [32, 6, 12, 12]           0
head        tuple       [32, 10]              8,650
head.0      Flatten     [32, 864]                 0
head.1      None        [32, 864]                 0
head.2      Dense       [32, 10]              8,650
total                                         8,818
";
        assert_eq!(table, want);
    }

    #[test]
    fn a_single_layer_is_listed() {
        let dense = Dense::new(3, 2, &mut Rng::new(1, &meta::device())).unwrap();
        let want = "\
layer   kind   output  parameters
(root)  Dense  [5, 2]           8
total                           8
";
        assert_eq!(summary(&dense, [5, 3], DType::F32).unwrap().to_string(), want);
    }

    #[test]
    fn a_layer_that_does_not_fit_is_named() {
        let error = summary(&net(), [32, 1, 30, 30], DType::F32).unwrap_err();
        assert_eq!(error.layer(), "head.2");
    }

    #[test]
    fn digits_come_in_threes() {
        for (number, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), want);
        }
    }
}
