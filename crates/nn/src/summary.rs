//! What a model consists of, printed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tensorkeep_tensor::meta::Work;
use tensorkeep_tensor::{DType, Device, Result, Shape, Tensor, ToShape, meta, module};

use crate::{Context, Layer, Module, Observer, Path, Warning, warnings};

/// The layers of a model in the order in which they run, with the shapes of their results, the numbers of
/// their parameters and what they cost. Made by [`summary`]; printing it gives a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layers, outer ones before those inside them.
    pub rows: Vec<SummaryRow>,
    /// The number of trainable numbers of the model, tied ones counted once.
    pub parameters: usize,
    /// The arithmetic operations of one pass.
    pub flops: u64,
    /// The bytes that one pass writes.
    pub activations: u64,
    /// The layers whose parameters look as if something went wrong.
    pub warnings: Vec<Warning>,
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
    /// The arithmetic operations of one pass, as [`Op::flops`](tensorkeep_tensor::op::Op::flops) counts them:
    /// a multiplication and an addition are two. Those of the layers inside it are included.
    pub flops: u64,
    /// The bytes of the results of its operations, which is what a gradient may have to remember of it. Views
    /// have none.
    pub activations: u64,
}

/// Runs a model on the device that knows only shapes, in evaluation, and lists what ran and what it would
/// cost. Nothing is computed, but that the parameters are looked at for [`warnings`].
///
/// Layers are seen where a container or [`Context::run`] runs them; a model that runs none is listed itself.
///
/// # Errors
///
/// If an input of this shape and dtype does not fit the model, with the path of the layer that it does not
/// fit. Those of the device that the parameters are on.
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
/// layer  kind   output    parameters    FLOPs  bytes
/// 0      Dense  [1, 128]     100,480  200,832    512
/// 1      relu   [1, 128]           0      128    512
/// 2      Dense  [1, 10]        1,290    2,570     40
/// total                      101,770  203,530  1,064
/// "
/// );
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn summary<M: Layer + Clone>(model: &M, input: impl ToShape, dtype: DType) -> Result<Summary> {
    let (device, work) = meta::counting();
    let (model_there, x) = (hollow(model, &device)?, Tensor::zeros(input, dtype, &device)?);
    let rows = Arc::new(Mutex::new(Vec::new()));
    let lister = Lister { work: work.clone(), entered: Mutex::default(), rows: Arc::clone(&rows) };
    let before = Spent::so_far(&work);
    let y = model_there.forward_with(&x, &Context::evaluation().observed_by(lister))?;
    let spent = Spent::so_far(&work).since(before);
    let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if rows.is_empty() {
        rows.push(row(&Path::root().to_string(), &model_there, &y, spent));
    }
    Ok(Summary {
        rows,
        parameters: module::count(model),
        flops: spent.flops,
        activations: spent.bytes,
        warnings: warnings(model)?,
    })
}

/// Makes a row of each layer that runs.
struct Lister {
    work: Work,
    /// What had been spent when the layers that still run were entered.
    entered: Mutex<Vec<Spent>>,
    rows: Arc<Mutex<Vec<SummaryRow>>>,
}

/// What operations have cost up to a moment.
#[derive(Clone, Copy)]
struct Spent {
    flops: u64,
    bytes: u64,
}

impl Spent {
    fn so_far(work: &Work) -> Self {
        Self { flops: work.flops(), bytes: work.bytes() }
    }

    fn since(self, before: Self) -> Self {
        let (flops, bytes) =
            (self.flops.saturating_sub(before.flops), self.bytes.saturating_sub(before.bytes));
        Self { flops, bytes }
    }
}

impl Observer for Lister {
    fn enter(&self, _: &str, _: &dyn Layer, _: &Tensor) {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner).push(Spent::so_far(&self.work));
    }

    fn leave(&self, path: &str, layer: &dyn Layer, y: &Tensor) {
        let now = Spent::so_far(&self.work);
        let before = self.entered.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let row = row(path, layer, y, now.since(before.unwrap_or(now)));
        insert(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner), row);
    }
}

fn row(path: &str, layer: &dyn Layer, y: &Tensor, spent: Spent) -> SummaryRow {
    SummaryRow {
        path: path.to_owned(),
        kind: layer.kind(),
        output: *y.shape(),
        parameters: module::count(layer),
        flops: spent.flops,
        activations: spent.bytes,
    }
}

/// Puts a layer before those inside it, which ran, and so were listed, before it was done.
fn insert(rows: &mut Vec<SummaryRow>, row: SummaryRow) {
    let inside = format!("{}.", row.path);
    let at = rows.iter().rposition(|other| !other.path.starts_with(&inside)).map_or(0, |last| last + 1);
    rows.insert(at, row);
}

/// The model with leaves of the same shapes and dtypes on another device, all zero: on the device that knows
/// only shapes it can be run without computing anything.
///
/// # Errors
///
/// If the device lacks a dtype or has no room.
#[track_caller]
pub fn hollow<M: Module + Clone>(model: &M, device: &Device) -> Result<M> {
    module::map(model, |leaf| Tensor::zeros(leaf.value.shape(), leaf.value.dtype(), device))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers =
            |parameters: usize, flops, bytes| [grouped(parameters as u64), grouped(flops), grouped(bytes)];
        let cells = |row: &SummaryRow| {
            let words = [row.path.clone(), row.kind.to_owned(), row.output.to_string()];
            (words, numbers(row.parameters, row.flops, row.activations))
        };
        let head = (
            ["layer", "kind", "output"].map(str::to_owned),
            ["parameters", "FLOPs", "bytes"].map(str::to_owned),
        );
        let total =
            (["total", "", ""].map(str::to_owned), numbers(self.parameters, self.flops, self.activations));
        let table: Vec<_> = [head].into_iter().chain(self.rows.iter().map(cells)).chain([total]).collect();
        let mut widths = [0; 6];
        for (words, numbers) in &table {
            for (width, cell) in widths.iter_mut().zip(words.iter().chain(numbers)) {
                *width = cell.chars().count().max(*width);
            }
        }
        let [path, kind, output, count, flops, bytes] = widths;
        for ([a, b, c], [d, e, g]) in &table {
            writeln!(f, "{a:path$}  {b:kind$}  {c:output$}  {d:>count$}  {e:>flops$}  {g:>bytes$}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}

/// A number with its digits in threes.
fn grouped(number: u64) -> String {
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
layer       kind        output           parameters      FLOPs      bytes
features    Sequential  [32, 6, 12, 12]         168  6,082,596  1,990,752
features.0  Conv        [32, 6, 24, 24]         156  5,640,192    884,736
features.1  BatchNorm   [32, 6, 24, 24]          12    221,220    442,464
features.2  relu        [32, 6, 24, 24]           0    110,592    442,368
features.3  MaxPool     [32, 6, 12, 12]           0    110,592    221,184
head        tuple       [32, 10]              8,650    553,280      1,280
head.0      Flatten     [32, 864]                 0          0          0
head.1      None        [32, 864]                 0          0          0
head.2      Dense       [32, 10]              8,650    553,280      1,280
total                                         8,818  6,635,876  1,992,032
";
        assert_eq!(table, want);
    }

    #[test]
    fn a_single_layer_is_listed() {
        let dense = Dense::new(3, 2, &mut Rng::new(1, &meta::device())).unwrap();
        let want = "\
layer   kind   output  parameters  FLOPs  bytes
(root)  Dense  [5, 2]           8     70     40
total                           8     70     40
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
