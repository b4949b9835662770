//! What each layer computes, against numbers by hand and from the tests of Flux and NNlib.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{BatchNorm, Conv, Dense, Embedding, LayerNorm, MaxPool, MeanPool, Padding};
use tensorkeep_nn::{Context, Layer, State};
use tensorkeep_tensor::{DType, Device, Nested, Result, Rng, Tensor};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn tensor(data: impl Nested) -> Tensor {
    Tensor::new(data, &cpu()).unwrap()
}

/// `first, first + 1, …` in this shape.
fn count_from<const N: usize>(first: i64, shape: [usize; N]) -> Tensor {
    let n = shape.iter().product();
    Tensor::arange(n, DType::F32, &cpu()).unwrap().add(first).unwrap().reshape(shape).unwrap()
}

#[track_caller]
fn assert_close(name: &str, got: Result<Tensor>, want: &[f32]) {
    let got = got.unwrap_or_else(|error| panic!("{name}: {error}")).to_vec::<f32>().unwrap();
    assert_eq!(got.len(), want.len(), "{name}: {got:?}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= 1e-5 * want.abs().max(1.0), "{name}, element {i}: {got} is not {want}");
    }
}

#[test]
fn dense() {
    let weight = tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let layer = Dense { weight, bias: Some(tensor([0.5f32, -0.5])) };
    let x = tensor([[1.0f32, 1.0, 1.0], [1.0, 0.0, -1.0]]);
    let want = [6.5, 14.5, -1.5, -2.5];
    assert_close("a matrix", layer.forward(&x), &want);
    assert_close("a vector", layer.forward(&x.at(0, 0).unwrap()), &want[..2]);
    assert_close("a stack", layer.forward(&x.reshape([2, 1, 1, 3]).unwrap()), &want);
    assert_close(
        "a transposed view",
        layer.forward(&x.t().unwrap().contiguous().unwrap().t().unwrap()),
        &want,
    );
    assert_close("without bias", Dense { bias: None, ..layer }.forward(&x), &[6.0, 15.0, -2.0, -2.0]);

    // Flux.jl, src/layers/basic.jl, the examples of `Dense`: `tanh` over a weight of ones.
    let ones = Dense { weight: tensor([[1.0f32; 5]; 2]), bias: None };
    assert_close("ones", (ones, Tensor::tanh).forward(&tensor([1.0f32; 5])), &[0.999_909_2; 2]);
}

/// NNlib.jl, test/conv.jl: x = 1..5, w = 1..2, `crosscor`; what is not there, by hand.
#[test]
fn conv_over_one_axis() {
    let x = tensor([[[1.0f32, 2.0, 3.0, 4.0, 5.0]]]);
    let plain = Conv::<1> {
        weight: tensor([[[1.0f32, 2.0]]]),
        bias: None,
        stride: [1],
        dilation: [1],
        padding: Padding::Valid,
        groups: 1,
    };
    let explicit = |low, high| Padding::Explicit([(low, high)]);
    let with_bias = Some(tensor([10.0f32]));
    let rows = [
        ("plain", plain.clone(), vec![5.0, 8.0, 11.0, 14.0]),
        ("bias", Conv { bias: with_bias, ..plain.clone() }, vec![15.0, 18.0, 21.0, 24.0]),
        ("stride 2", Conv { stride: [2], ..plain.clone() }, vec![5.0, 11.0]),
        ("dilation 2", Conv { dilation: [2], ..plain.clone() }, vec![7.0, 10.0, 13.0]),
        (
            "same, dilation 2",
            Conv { dilation: [2], padding: Padding::Same, ..plain.clone() },
            vec![4.0, 7.0, 10.0, 13.0, 4.0],
        ),
        ("before", Conv { padding: explicit(1, 0), ..plain.clone() }, vec![2.0, 5.0, 8.0, 11.0, 14.0]),
        ("behind", Conv { padding: explicit(0, 1), ..plain }, vec![5.0, 8.0, 11.0, 14.0, 5.0]),
    ];
    for (name, layer, want) in rows {
        assert_close(name, layer.forward(&x), &want);
    }
}

/// Flux.jl, test/layers/conv.jl, "asymmetric padding": an image and a kernel of ones count the elements under
/// the window.
#[test]
fn conv_with_uneven_padding() {
    let layer = Conv::<2> {
        weight: tensor([[[[1.0f32; 3]; 3]]]),
        bias: None,
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Explicit([(0, 1), (1, 2)]),
        groups: 1,
    };
    let y = layer.forward(&Tensor::ones([1, 1, 28, 28], DType::F32, &cpu()).unwrap()).unwrap();
    assert_eq!(*y.shape(), [1, 1, 27, 29]);
    let y = y.to_vec::<f32>().unwrap();
    for (i, j, want) in [(0, 0, 6.0), (1, 1, 9.0), (26, 0, 4.0), (0, 28, 3.0), (0, 27, 6.0), (26, 28, 2.0)] {
        assert_eq!(y[i * 29 + j], want, "{i} {j}");
    }
}

#[test]
fn conv_in_groups_and_over_three_axes() {
    let layer = Conv::<1> {
        weight: tensor([[[1.0f32, 1.0]], [[1.0, -1.0]]]),
        bias: Some(tensor([10.0f32, 20.0])),
        stride: [1],
        dilation: [1],
        padding: Padding::Valid,
        groups: 2,
    };
    let x = tensor([[[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]]);
    assert_close("groups", layer.forward(&x), &[13.0, 15.0, 19.0, 19.0]);

    // NNlib.jl, test/conv.jl, `conv3d`: x = 1..60, w = 1..8, `crosscor`; the first row of the result.
    let layer = Conv::<3> {
        weight: count_from(1, [1, 1, 2, 2, 2]),
        bias: None,
        stride: [1; 3],
        dilation: [1; 3],
        padding: Padding::Valid,
        groups: 1,
    };
    let y = layer.forward(&count_from(1, [1, 1, 3, 4, 5])).unwrap();
    assert_eq!(*y.shape(), [1, 1, 2, 3, 4]);
    assert_close("three axes", y.flatten(0).and_then(|y| y.narrow(0, ..4)), &[686.0, 722.0, 758.0, 794.0]);
}

#[test]
fn pools() {
    let x = count_from(0, [1, 1, 4, 4]);
    assert_close("max", MaxPool::new([2, 2]).forward(&x), &[5.0, 7.0, 13.0, 15.0]);
    assert_close("mean", MeanPool::new([2, 2]).forward(&x), &[2.5, 4.5, 10.5, 12.5]);
    let rows = count_from(0, [1, 2, 5]);
    assert_close("max of a row", MaxPool::new([2]).forward(&rows), &[1.0, 3.0, 6.0, 8.0]);
    let overlapping = MaxPool { stride: [1], ..MaxPool::new([3]) };
    assert_close("max, stride 1", overlapping.forward(&rows), &[2.0, 3.0, 4.0, 7.0, 8.0, 9.0]);

    // Windows of 3 × 3 around the corners of 1..9 hold 1 2 4 5, 2 3 5 6, 4 5 7 8, 5 6 8 9.
    let x = count_from(1, [1, 1, 3, 3]);
    let padded = MeanPool { stride: [2, 2], padding: Padding::Same, ..MeanPool::new([3, 3]) };
    let counted = [12.0 / 9.0, 16.0 / 9.0, 24.0 / 9.0, 28.0 / 9.0];
    assert_close("mean with padding", padded.forward(&x), &counted);
    let real = MeanPool { count_padding: false, ..padded };
    assert_close("mean without padding", real.forward(&x), &[3.0, 4.0, 6.0, 7.0]);
    let x = x.neg().unwrap();
    let padded = MaxPool { stride: [2, 2], padding: Padding::Same, ..MaxPool::new([3, 3]) };
    assert_close("padding never wins", padded.forward(&x), &[-1.0, -2.0, -4.0, -5.0]);
}

/// Flux.jl, src/layers/normalise.jl, the rule of `LayerNorm`, computed in f64.
#[test]
fn layer_norm() {
    let x = tensor([[1.0f32, 2.0, 3.0, 4.0], [2.0, 4.0, 4.0, 8.0]]);
    let layer = LayerNorm::new(4, &cpu()).unwrap();
    let want = [
        -1.341_635_4,
        -0.447_211_8,
        0.447_211_8,
        1.341_635_4,
        -1.147_077_5,
        -0.229_415_5,
        -0.229_415_5,
        1.605_908_4,
    ];
    assert_close("normalised", layer.forward(&x), &want);
    let layer =
        LayerNorm { weight: Some(tensor([2.0f32; 4])), bias: Some(tensor([0.0f32, 1.0, 2.0, 3.0])), ..layer };
    let want: Vec<f32> = want.iter().enumerate().map(|(i, y)| 2.0 * y + (i % 4) as f32).collect();
    assert_close("scaled and shifted", layer.forward(&x), &want);
}

/// A running statistic that is kept.
fn value(state: &Option<State>) -> Tensor {
    state.as_ref().unwrap().get()
}

/// Flux.jl, test/layers/normalisation.jl, the first set of `BatchNorm`: one step of training, then evaluation.
#[test]
fn batch_norm() {
    let x = tensor([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let layer = BatchNorm::new(2, &cpu()).unwrap();
    let deep = x.reshape([3, 2, 1, 1]).unwrap();
    let y = layer.forward_with(&x, &Context::training(0));
    assert_close("training", y, &[-1.224_742_6, -1.224_742_6, 0.0, 0.0, 1.224_742_6, 1.224_742_6]);
    assert_close("running mean", Ok(value(&layer.running_mean)), &[0.3, 0.4]);
    assert_close("running variance", Ok(value(&layer.running_variance)), &[1.3, 1.3]);
    let want = [0.613_938_2, 1.403_287_4, 2.368_047_5, 3.157_396_7, 4.122_156_8, 4.911_506];
    assert_close("evaluation", layer.forward(&x), &want);
    assert_close("evaluation changes nothing", layer.forward(&deep), &want);

    let other = BatchNorm::new(2, &cpu()).unwrap();
    let pixels = deep.reshape([3, 1, 1, 2]).and_then(|x| x.permute([0, 3, 1, 2])).unwrap();
    assert_close(
        "a view",
        other.forward_with(&pixels, &Context::training(0)),
        &[-1.224_742_6, -1.224_742_6, 0.0, 0.0, 1.224_742_6, 1.224_742_6],
    );
    let bare = BatchNorm { weight: None, bias: None, ..layer };
    assert_close("without scale and shift", bare.forward(&x), &want);
    let scaled = BatchNorm { weight: Some(tensor([2.0f32, 0.0])), bias: Some(tensor([1.0f32, 5.0])), ..bare };
    let want = [2.227_876_5, 5.0, 5.736_095, 5.0, 9.244_314, 5.0];
    assert_close("scaled and shifted", scaled.forward(&x), &want);
}

/// Every axis but 1 is averaged over.
#[test]
fn batch_norm_of_images() {
    let x = count_from(0, [2, 2, 2, 2]);
    let layer = BatchNorm { epsilon: 0.0, ..BatchNorm::new(2, &cpu()).unwrap() };
    let y = layer.forward_with(&x, &Context::training(0)).unwrap();
    // Channel 0 holds 0 1 2 3 8 9 10 11: mean 5.5, variance 17.25.
    let deviation = 17.25f32.sqrt();
    let want: Vec<f32> =
        [0.0, 1.0, 2.0, 3.0, 8.0, 9.0, 10.0, 11.0].map(|x: f32| (x - 5.5) / deviation).to_vec();
    assert_close("channel 0", y.at(1, 0), &want);
    assert_close("channel 1", y.at(1, 1), &want);
    assert_close("mean", Ok(value(&layer.running_mean)), &[0.55, 0.95]);
    // Unbiased: 17.25 · 8 / 7.
    let variance = 0.9 + 0.1 * 17.25 * 8.0 / 7.0;
    assert_close("variance", Ok(value(&layer.running_variance)), &[variance, variance]);
}

/// A clone has statistics of its own.
#[test]
fn states_are_cloned() {
    let layer = BatchNorm::new(1, &cpu()).unwrap();
    let clone = layer.clone();
    layer.forward_with(&tensor([[1.0f32], [3.0]]), &Context::training(0)).unwrap();
    let mean = |state: &Option<State>| value(state).item().unwrap().as_f64();
    assert!((mean(&layer.running_mean) - 0.2).abs() < 1e-6);
    assert_eq!(mean(&clone.running_mean), 0.0);
}

/// Flux.jl, src/layers/basic.jl, the examples of `Embedding`: a weight of 22 times the identity.
#[test]
fn embedding() {
    let weight =
        Tensor::eye(26, DType::F32, &cpu()).and_then(|eye| eye.narrow(1, ..4)).and_then(|eye| eye.mul(22.0));
    let layer = Embedding { weight: weight.unwrap(), padding_index: None };
    let words = tensor([2, 0, 19, 13, 3, 14, 6]);
    let mut want = [0.0; 28];
    (want[2], want[4], want[19]) = (22.0, 22.0, 22.0);
    assert_close("words", layer.forward(&words), &want);
    let y = layer.forward(&words.reshape([7, 1]).unwrap()).unwrap();
    assert_eq!(*y.shape(), [7, 1, 4]);
    let outside = layer.forward(&tensor([26])).and_then(|y| y.to_vec::<f32>());
    assert_eq!(outside.unwrap_err().kind(), tensorkeep_tensor::ErrorKind::Index);
    assert_eq!(*Embedding::new(3, 2, &mut Rng::new(0, &cpu())).unwrap().weight.shape(), [3, 2]);
}
