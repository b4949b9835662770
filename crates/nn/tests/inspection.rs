//! What a summary says of models that are not mere chains, and of models that are not well.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{BatchNorm, Dense};
use tensorkeep_nn::{Context, Fault, Layer, Module, Warning, output_shape, summary, warnings};
use tensorkeep_tensor::{DType, Result, Rng, Tensor, meta};

/// `x + relu(W x + b)`: work of its own beside that of a layer inside.
#[derive(Clone, Debug, Module)]
struct Residual {
    inner: Dense,
}

impl Layer for Residual {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        x + cx.run("inner", &self.inner, x)?.relu()
    }
}

#[test]
fn work_is_counted_where_it_is_done() {
    let block = Residual { inner: Dense::new(8, 8, &mut Rng::new(0, &meta::device())).unwrap() };
    // The same block twice: its weights are one.
    let table = summary(&(block.clone(), block), [2, 8], DType::F32).unwrap();
    let want = "\
layer    kind      output  parameters  FLOPs  bytes
0        Residual  [2, 8]          72    304    192
0.inner  Dense     [2, 8]          72    272     64
1        Residual  [2, 8]          72    304    192
1.inner  Dense     [2, 8]          72    272     64
total                              72    608    384
";
    assert_eq!(table.to_string(), want);
}

#[test]
fn the_dtype_counts() {
    let dense = Dense::new(8, 4, &mut Rng::new(0, &meta::device())).unwrap();
    let half = tensorkeep_nn::module::to_dtype(&dense, DType::F16).unwrap();
    let (full, half) =
        (summary(&dense, [2, 8], DType::F32).unwrap(), summary(&half, [2, 8], DType::F16).unwrap());
    assert_eq!((full.flops, full.activations), (136, 32));
    assert_eq!((half.flops, half.activations), (136, 16));
}

#[test]
fn faults_are_told_by_layer() {
    let device = tensorkeep_cpu::device();
    let dense = |seed| Dense::new(2, 2, &mut Rng::new(seed, &device)).unwrap();
    let with =
        |weight: [f32; 2]| Dense { weight: Tensor::new([weight, [1.0, 2.0]], &device).unwrap(), ..dense(1) };
    let zero = Dense { weight: Tensor::zeros([2, 2], DType::F32, &device).unwrap(), ..dense(1) };
    let model = vec![
        dense(1),
        with([f32::NAN, 0.0]),
        with([0.0, f32::NEG_INFINITY]),
        with([f32::INFINITY, f32::NAN]),
        zero.clone(),
    ];
    let want = [
        ("1", Fault::SomeNan),
        ("2", Fault::SomeInfinite),
        ("3", Fault::SomeNan),
        ("3", Fault::SomeInfinite),
        ("4", Fault::AllZero),
    ];
    let want: Vec<Warning> = want.map(|(path, fault)| Warning { path: path.to_owned(), fault }).into();
    assert_eq!(warnings(&model).unwrap(), want);
    let table = summary(&model, [1, 2], DType::F32).unwrap().to_string();
    assert!(
        table.ends_with(
            "\nwarning: the parameters of 3: some infinite\nwarning: the parameters of 4: all zero\n"
        ),
        "{table}"
    );
    // A single layer, a half, and one that may be: factors of 1 and terms of 0.
    let half = tensorkeep_nn::module::to_dtype(&zero, DType::F16).unwrap();
    assert_eq!(warnings(&half).unwrap(), [Warning { path: String::new(), fault: Fault::AllZero }]);
    assert!(warnings(&BatchNorm::new(3, &device).unwrap()).unwrap().is_empty());
    // Where there are no numbers there are no faults.
    let there = tensorkeep_nn::module::to_device(&model, &meta::device()).unwrap();
    assert!(warnings(&there).unwrap().is_empty());
}

#[test]
fn shapes_without_numbers() {
    let dense = Dense::new(8, 3, &mut Rng::new(0, &tensorkeep_cpu::device())).unwrap();
    assert_eq!(*output_shape(&dense, [5, 7, 8], DType::F32).unwrap(), [5, 7, 3]);
    let error = output_shape(&(Tensor::relu, dense), [5, 7], DType::F32).unwrap_err();
    assert_eq!(error.layer(), "1");
    assert!(error.location().file().ends_with("inspection.rs"), "{error}");
}
