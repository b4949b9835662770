//! Layers in every float dtype, and statistics that stay in `f32`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{Options, grad};
use tensorkeep_nn::layers::{
    BatchNorm, Conv, Dense, Dropout, Embedding, Flatten, Gru, LayerNorm, Lstm, MaxPool, MeanPool, Padding,
};
use tensorkeep_nn::losses::{binary_cross_entropy_with_logits, cross_entropy, mse};
use tensorkeep_nn::{Boxed, Context, Layer, module};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor, bf16};
use tensorkeep_testkit::flux::every_case;
use tensorkeep_testkit::golden;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Rng::new(seed, &cpu()).normal(shape, 0.0, 1.0).unwrap()
}

/// Every layer that there is, and an input.
fn layers() -> Vec<(&'static str, Boxed, Tensor)> {
    let rng = &mut Rng::new(3, &cpu());
    let words = Tensor::new([[0, 2, 2], [1, 0, 2]], &cpu()).unwrap();
    let image = || normal(&[2, 2, 6, 6], 1);
    let conv = Conv::new([3, 3], 2, 3, rng).unwrap();
    vec![
        ("dense", Boxed::new(Dense::new(4, 3, rng).unwrap()), normal(&[5, 4], 1)),
        ("embedding", Boxed::new(Embedding::new(3, 4, rng).unwrap()), words),
        ("convolution", Boxed::new(Conv { padding: Padding::Same, ..conv.clone() }), image()),
        ("max pool", Boxed::new((conv.clone(), MaxPool::new([2, 2]))), image()),
        ("mean pool", Boxed::new((conv.clone(), MeanPool::new([2, 2]), Flatten)), image()),
        (
            "dropout",
            Boxed::new((Dense::new(4, 3, rng).unwrap(), Dropout::new(0.4).unwrap())),
            normal(&[5, 4], 1),
        ),
        ("layer norm", Boxed::new(LayerNorm::new(6, &cpu()).unwrap()), normal(&[4, 6], 1)),
        ("batch norm", Boxed::new((conv, BatchNorm::new(3, &cpu()).unwrap())), image()),
        (
            "batch norm without parameters",
            Boxed::new((
                Dense::new(4, 3, rng).unwrap(),
                BatchNorm { weight: None, bias: None, ..BatchNorm::new(3, &cpu()).unwrap() },
            )),
            normal(&[5, 4], 1),
        ),
        ("lstm", Boxed::new(Lstm::new(3, 4, rng).unwrap()), normal(&[2, 5, 3], 1)),
        ("gru", Boxed::new(Gru::new(3, 4, rng).unwrap()), normal(&[2, 5, 3], 1)),
        (
            "activations",
            Boxed::new((Dense::new(4, 3, rng).unwrap(), Tensor::gelu, Tensor::softmax)),
            normal(&[5, 4], 1),
        ),
    ]
}

fn cast(x: &Tensor, dtype: DType) -> Tensor {
    if x.dtype().is_float() { x.to_dtype(dtype).unwrap() } else { x.clone() }
}

/// The distance of one from the next number.
fn unit(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 2f64.powi(-10),
        DType::BF16 => 2f64.powi(-7),
        DType::F32 => 2f64.powi(-23),
        _ => 2f64.powi(-52),
    }
}

fn numbers(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::F64).unwrap().to_vec().unwrap()
}

fn largest<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> f64 {
    tensors.into_iter().flat_map(numbers).fold(0.0, |most, x| most.max(x.abs()))
}

/// How far two tensors are apart.
fn gap(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let pairs = numbers(a).into_iter().zip(numbers(b));
    pairs.fold(0.0, |most, (a, b)| if a == b { most } else { most.max((a - b).abs()) })
}

/// The same, relative to the largest number of the second.
fn distance(a: &Tensor, b: &Tensor) -> f64 {
    gap(a, b) / largest([b]).max(1e-3)
}

/// A result and the gradients of what it is weighted to, in training and in evaluation.
fn passes(layer: &Boxed, x: &Tensor) -> Result<Vec<(String, Tensor)>> {
    let mut found = Vec::new();
    for cx in [Context::training(5), Context::evaluation()] {
        let y = layer.forward_with(x, &cx)?;
        let weights = cast(&normal(y.shape(), 2), y.dtype());
        let loss = |layer: &Boxed| layer.forward_with(x, &cx)?.mul(&weights)?.sum_all();
        found.push(("the result".to_owned(), y));
        for leaf in module::parameters(&grad(loss, layer)?) {
            found.push((leaf.path.to_string(), leaf.value));
        }
    }
    Ok(found)
}

/// The same numbers in fewer bits, up to some units of them.
#[test]
fn every_layer_runs_in_every_precision() {
    for (name, layer, x) in layers() {
        for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
            let narrow = module::to_dtype(&layer, dtype).unwrap();
            // What it holds is the same: what differs is computed.
            let wide = module::to_dtype(&narrow, DType::F64).unwrap();
            let x = cast(&x, dtype);
            let got = passes(&narrow, &x).unwrap_or_else(|error| panic!("{name} in {dtype}: {error}"));
            let want = passes(&wide, &cast(&x, DType::F64)).unwrap();
            assert_eq!(got.len(), want.len());
            // Gradients cancel, so that what is left of them is small beside what they were made of.
            let scale = largest(want.iter().map(|(_, x)| x));
            for ((what, got), (_, want)) in got.iter().zip(&want) {
                assert!(numbers(got).iter().all(|x| x.is_finite()), "{name} in {dtype}, {what}");
                let off = gap(got, want) / scale / unit(dtype);
                assert!(got.dtype() == dtype && off < 12.0, "{name} in {dtype}, {what}: off by {off} units");
            }
            for (got, want) in module::leaves(&narrow).iter().zip(module::leaves(&wide)) {
                if got.is_state {
                    // Statistics of a half are as good as its input.
                    assert_eq!(got.value.dtype(), dtype.widened());
                    assert!(
                        distance(&got.value, &want.value) < 4.0 * unit(dtype),
                        "{name} in {dtype}, {}",
                        got.path
                    );
                }
            }
        }
    }
}

#[test]
fn losses_run_in_every_precision() {
    let (x, y) = (normal(&[4, 3], 1), normal(&[4, 3], 2).sigmoid().unwrap());
    let labels = Tensor::new([2, 0, 1, 1], &cpu()).unwrap();
    for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
        let (x, y) = (cast(&x, dtype), cast(&y, dtype));
        let of = |x: &Tensor, y: &Tensor| -> Result<Vec<Tensor>> {
            Ok(vec![
                grad(|x: &Tensor| mse(x, y), x)?,
                grad(|x: &Tensor| cross_entropy(x, &labels), x)?,
                grad(|x: &Tensor| binary_cross_entropy_with_logits(x, y), x)?,
            ])
        };
        let wide = [&x, &y].map(|x| cast(x, DType::F64));
        for (got, want) in of(&x, &y).unwrap().iter().zip(of(&wide[0], &wide[1]).unwrap()) {
            assert!(got.dtype() == dtype && distance(got, &want) < 8.0 * unit(dtype), "{dtype}");
        }
    }
}

/// In `bf16` the mean would stop where a hundredth of what is missing is less than half a unit: at about 0.8.
#[test]
fn running_statistics_do_not_stall() {
    let norm = BatchNorm { momentum: 0.01, ..BatchNorm::new(1, &cpu()).unwrap() };
    let x = Tensor::new([[0.5f32], [1.5]], &cpu()).unwrap();
    for dtype in [DType::F16, DType::BF16] {
        let (norm, x) = (module::to_dtype(&norm, dtype).unwrap(), cast(&x, dtype));
        for step in 0..1000 {
            norm.forward_with(&x, &Context::training(step)).unwrap();
        }
        let mean = norm.running_mean.as_ref().unwrap().get().to_vec::<f32>().unwrap()[0];
        assert!((mean - 1.0).abs() < 1e-3, "{dtype}: {mean}");
    }
}

/// What a mixed pass sees: half precision inside, gradients and statistics in the model's own dtype.
#[test]
fn a_pass_in_half_precision_trains_the_model_itself() {
    let mut rng = Rng::new(3, &cpu());
    let model = (Dense::new(2, 3, &mut rng).unwrap(), BatchNorm::new(3, &cpu()).unwrap());
    type Model = (Dense, BatchNorm);
    let x = normal(&[8, 2], 1);
    let loss = |dtype: DType| {
        let x = cast(&x, dtype);
        move |m: &Model| {
            let y = module::autocast(m, dtype)?.forward_with(&x, &Context::training(0))?;
            assert_eq!(y.dtype(), dtype);
            let y = y.to_dtype(DType::F32)?;
            y.mul(&y)?.mul(&y)?.sum_all()
        }
    };
    let full = grad(loss(DType::F32), &model).unwrap();
    for dtype in [DType::F16, DType::BF16] {
        let before = module::get(&model, "1.running_mean").unwrap();
        let half = grad(loss(dtype), &model).unwrap();
        assert!(module::parameters(&half).iter().all(|leaf| leaf.value.dtype() == DType::F32), "{dtype}");
        let slopes = |m: &Model| m.1.weight.clone().unwrap();
        assert!(distance(&slopes(&half), &slopes(&full)) < 8.0 * unit(dtype), "{dtype}");
        assert!(distance(&module::get(&model, "1.running_mean").unwrap(), &before) > 0.01, "{dtype}");
    }
    // And a cast of a frozen model's copy reaches no gradient.
    assert!(Options::new().freeze("**").value_and_grad(loss(DType::F16), &model).is_err());
}

/// Rounding to `bf16` is to the nearest, halves to even.
#[test]
fn every_case_of_precision() {
    every_case("precision", |case| match case.id().split_once('_') {
        Some(("bf16", "bits_rule")) => {
            let x = golden::array(case.input("x"), DType::F32, &cpu())?;
            let rounded = x.to_dtype(DType::BF16)?.to_vec::<bf16>()?;
            let bits: Vec<f64> = rounded.iter().map(|x| f64::from(x.to_bits())).collect();
            case.expect(&Tensor::from_vec(bits, x.shape(), &cpu())?)
        }
        _ => case.unknown(),
    });
}
