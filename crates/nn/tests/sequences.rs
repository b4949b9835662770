//! Recurrent and attention layers on every device and in every dtype of floats: results and gradients are those of `f64`
//! on the CPU.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::layers::{
    AttentionMask, AttentionSizes, DecoderMasks, GruCell, GruV3Cell, LstmCell, MultiHeadAttention,
    RecurrentStack, RnnCell, Rotary, RotaryLayout, SinusoidalPositions, TransformerDecoderLayer,
    TransformerEncoderLayer,
};
use tensorkeep_nn::{Context, Layer, LeafMut, Module, Path, module};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor};
use tensorkeep_testkit::devices;

/// The same tree in another dtype, on a device.
fn on<M: Module + Clone>(tree: &M, dtype: DType, device: &Device) -> M {
    let mut tree = tree.clone();
    tree.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let LeafMut::Parameter(x) = leaf {
            *x = x.to_dtype(dtype).unwrap();
        }
    });
    module::to_device(&tree, device).unwrap()
}

/// The result of `run` and the gradients of the sum of its squares, in `f64`, by place.
fn results<T: Module + Clone>(tree: &T, run: impl Fn(&T) -> Result<Tensor>) -> Vec<(String, Vec<f64>)> {
    let numbers = |x: &Tensor| x.to_dtype(DType::F32).unwrap().to_vec::<f32>().unwrap();
    let wide = |x: &Tensor| numbers(x).into_iter().map(f64::from).collect();
    let mut found = vec![("the result".to_owned(), wide(&run(tree).unwrap()))];
    let loss = |tree: &T| run(tree)?.map(|y| y * y)?.mean_all();
    let (_, gradient) = value_and_grad(loss, tree).unwrap();
    let leaves = module::parameters(&gradient);
    found.extend(leaves.iter().map(|leaf| (leaf.path.to_string(), wide(&leaf.value))));
    found
}

fn check<M: Module + Clone>(name: &str, model: &M, x: &Tensor, run: impl Fn(&M, &Tensor) -> Result<Tensor>) {
    let run = |(model, x): &(M, Tensor)| run(model, x);
    let tree = (model.clone(), x.clone());
    let cpu = tensorkeep_cpu::device();
    let want = results(&on(&tree, DType::F64, &cpu), run);
    for subject in devices().unwrap() {
        // Definitions are made of the same operations on every device: where they are slow, once is enough.
        let strict = (!subject.arithmetic.shader).then(|| subject.strict());
        for subject in [subject].into_iter().chain(strict) {
            for dtype in subject.floats() {
                let tolerance = match dtype {
                    DType::BF16 => 6e-2,
                    DType::F16 => 1e-2,
                    _ => 1e-5,
                };
                let got = results(&on(&tree, dtype, &subject.device), run);
                assert_eq!(got.len(), want.len());
                for ((place, got), (_, want)) in got.iter().zip(&want) {
                    let scale = want.iter().fold(0.1f64, |scale, x| scale.max(x.abs()));
                    for (got, want) in got.iter().zip(want) {
                        let near = (got - want).abs() <= tolerance * scale;
                        let device = subject.device.name();
                        assert!(near, "{name} on {device} in {dtype}, {place}: {got} is not {want}");
                    }
                }
            }
        }
    }
}

fn rng() -> Rng {
    Rng::new(3, &tensorkeep_cpu::device())
}

#[test]
fn recurrent_layers() {
    let rng = &mut rng();
    let x = rng.normal([2, 3, 3], 0.0, 1.0).unwrap();
    let cx = Context::evaluation();
    macro_rules! stack {
        ($cell:ident) => {
            let stack = RecurrentStack::bidirectional(3, 1, |inputs| $cell::new(inputs, 2, rng)).unwrap();
            check(stringify!($cell), &stack, &x, |stack, x| {
                let (y, last) = stack.run_packed(x, &[3, 1], None, &cx)?;
                let again = stack.run(x, Some(&last), &cx)?.0;
                Tensor::concat(&[&y, &again], 1)
            });
        };
    }
    stack!(RnnCell);
    stack!(LstmCell);
    stack!(GruCell);
    stack!(GruV3Cell);
}

#[test]
fn attention_and_transformers() {
    let rng = &mut rng();
    let x = rng.normal([2, 4, 8], 0.0, 1.0).unwrap();
    let cx = Context::evaluation();
    let sizes = AttentionSizes { key_heads: 2, ..AttentionSizes::new(8, 4) };
    let rotary = Rotary { layout: RotaryLayout::Interleaved, ..Rotary::new(2).unwrap() };
    let attention = MultiHeadAttention {
        causal: true,
        rotary: Some(rotary),
        ..MultiHeadAttention::of_sizes(sizes, rng).unwrap()
    };
    check("grouped and turned", &attention, &x, |layer, x| layer.forward(x));
    check("with positions", &(SinusoidalPositions::default(), attention.clone()), &x, |layer, x| {
        layer.forward(x)
    });
    // The first query of the second sequence sees nothing.
    let keep =
        |x: &Tensor| Tensor::new([[[[true, true, true, false]]], [[[false, true, true, true]]]], x.device());
    check("masked", &attention, &x, |layer, x| {
        let keep = keep(x)?;
        let bias = Tensor::new([[0.5f32, -1.0, 0.25, 0.0]], x.device())?.to_dtype(x.dtype())?;
        let mask = AttentionMask { keep: Some(&keep), bias: Some(&bias), ..AttentionMask::default() };
        layer.attend(x, x, x, mask, &cx)
    });
    let encoder = TransformerEncoderLayer::new(8, 2, 12, rng).unwrap();
    check("encoder", &encoder, &x, |layer, x| {
        let keep = keep(x)?;
        layer.run(x, AttentionMask { keep: Some(&keep), ..AttentionMask::default() }, &cx)
    });
    let decoder =
        TransformerDecoderLayer { norm_first: true, ..TransformerDecoderLayer::new(8, 2, 12, rng).unwrap() };
    check("decoder", &decoder, &x, |layer, x| layer.run(x, &x.narrow(1, 1..)?, DecoderMasks::default(), &cx));
}
