//! Each parameter of each layer moves the loss as its gradient says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{Gradcheck, value_and_grad};
use tensorkeep_nn::layers::{
    BatchNorm, Conv, Dense, Dropout, Embedding, Flatten, Gru, LayerNorm, Lstm, MaxPool, MeanPool, Padding,
};
use tensorkeep_nn::losses::{binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, mse};
use tensorkeep_nn::module::parameters;
use tensorkeep_nn::{Context, Layer, LeafMut, Module, Path, Sequential};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn rng() -> Rng {
    Rng::new(11, &cpu())
}

/// Normal numbers in `f64`.
fn normal(shape: &[usize]) -> Tensor {
    rng().normal(shape, 0.0, 1.0).unwrap().to_dtype(DType::F64).unwrap()
}

/// The model with every parameter `f(position of the parameter, its value)`.
fn replace<M: Module + Clone>(model: &M, mut f: impl FnMut(usize, &Tensor) -> Tensor) -> M {
    let (mut model, mut i) = (model.clone(), 0);
    model.visit_mut(&mut Path::root(), &mut |_, leaf| match leaf {
        LeafMut::Parameter(x) => {
            *x = f(i, x);
            i += 1;
        }
        LeafMut::State(state) => state.set(&state.get().to_dtype(DType::F64).unwrap()),
    });
    model
}

/// Compares the gradient of `loss` by each number of each parameter with the central difference.
fn check<M: Module + Clone>(name: &str, model: &M, loss: impl Fn(&M) -> Result<Tensor>) {
    // In f64, and away from the ones and zeros that layers start with.
    let model = replace(model, |i, x| {
        let noise = Rng::new(i as u64, &cpu()).normal(x.shape(), 0.0, 0.3).unwrap();
        x.add(&noise.to_dtype(x.dtype()).unwrap()).unwrap().to_dtype(DType::F64).unwrap()
    });
    // Every parameter has a gradient of its shape, and it is right.
    let (_, gradient) = value_and_grad(&loss, &model).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (parameter, slope) in parameters(&model).iter().zip(parameters(&gradient)) {
        assert_eq!(slope.value.shape(), parameter.value.shape(), "{name}, {}", parameter.path);
    }
    let differences = Gradcheck { step: 1e-5, tolerance: 1e-8, ..Gradcheck::new() };
    differences.check(loss, &model).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// The loss of a layer: its result weighted with fixed random numbers, squared a little so that it bends.
fn layer<L: Layer + Clone>(name: &str, layer: &L, x: &Tensor) {
    check(name, layer, |layer: &L| {
        let y = layer.forward_with(x, &Context::training(5))?;
        y.zip(&normal(y.shape()), |y, w| w * y + 0.1 * (y * y))?.mean_all()
    });
}

#[test]
fn dense_and_embedding() {
    layer("dense", &Dense::new(4, 3, &mut rng()).unwrap(), &normal(&[5, 4]));
    layer("dense of a stack", &Dense::new(4, 3, &mut rng()).unwrap(), &normal(&[2, 3, 4]));
    let words = Tensor::new([[0, 2, 2], [1, 0, 2]], &cpu()).unwrap();
    layer("embedding", &Embedding::new(3, 4, &mut rng()).unwrap(), &words);
}

#[test]
fn convolutions() {
    let conv = Conv::new([3], 2, 3, &mut rng()).unwrap();
    layer("one axis", &conv, &normal(&[2, 2, 6]));
    let strided = Conv { stride: [2], dilation: [2], padding: Padding::Explicit([(1, 2)]), ..conv };
    layer("strided and dilated", &strided, &normal(&[2, 2, 6]));
    let grouped = Conv::grouped([3, 2], 4, 2, 2, &mut rng()).unwrap();
    layer("groups", &grouped, &normal(&[2, 4, 4, 3]));
    let same = Conv { padding: Padding::Same, ..Conv::new([1, 3, 3], 1, 2, &mut rng()).unwrap() };
    layer("three axes", &same, &normal(&[1, 1, 2, 3, 3]));
}

#[test]
fn recurrent() {
    layer("lstm", &Lstm::new(3, 4, &mut rng()).unwrap(), &normal(&[2, 5, 3]));
    layer("gru", &Gru::new(3, 4, &mut rng()).unwrap(), &normal(&[2, 5, 3]));
    let stack = (Lstm::new(3, 4, &mut rng()).unwrap(), Gru::new(4, 2, &mut rng()).unwrap());
    layer("one upon the other", &stack, &normal(&[1, 3, 3]));
}

#[test]
fn norms() {
    layer("layer norm", &LayerNorm::new(5, &cpu()).unwrap(), &normal(&[3, 5]));
    layer("batch norm", &BatchNorm::new(3, &cpu()).unwrap(), &normal(&[4, 3, 2]));
    // A layer below, so that the gradient passes through the statistics of the batch.
    let model = (Dense::new(3, 4, &mut rng()).unwrap(), BatchNorm::new(4, &cpu()).unwrap());
    layer("dense and batch norm", &model, &normal(&[5, 3]));
    let model = (Dense::new(3, 4, &mut rng()).unwrap(), LayerNorm::new(4, &cpu()).unwrap());
    layer("dense and layer norm", &model, &normal(&[5, 3]));
}

#[test]
fn pools_dropout_and_functions() {
    let conv = || Conv::new([2, 2], 1, 2, &mut rng()).unwrap();
    let image = normal(&[2, 1, 5, 5]);
    layer("max pool", &(conv(), MaxPool::new([2, 2])), &image);
    layer("mean pool", &(conv(), MeanPool::new([2, 2]), Flatten), &image);
    layer("dropout", &(conv(), Dropout::new(0.4).unwrap(), Flatten, Tensor::softmax), &image);
    let dense = || Dense::new(3, 3, &mut rng()).unwrap();
    let model = Sequential::new()
        .then(dense())
        .then(Tensor::gelu)
        .then(dense())
        .then(Tensor::swish)
        .then(vec![dense(), dense()])
        .then(Tensor::log_softmax);
    layer("functions", &model, &normal(&[4, 3]));
}

#[test]
fn losses() {
    let x = normal(&[4, 3]);
    let targets = x.flip(0).and_then(|x| x.sigmoid()).unwrap();
    let labels = Tensor::new([2, 0, 1, 1], &cpu()).unwrap();
    check("mse", &x, |x: &Tensor| mse(x, &targets));
    check("binary cross-entropy", &x, |x: &Tensor| binary_cross_entropy(&x.sigmoid()?, &targets));
    check("binary cross-entropy of logits", &x, |x: &Tensor| binary_cross_entropy_with_logits(x, &targets));
    check("cross-entropy", &x, |x: &Tensor| cross_entropy(x, &labels));
}

/// What a recorded pass leaves in the running statistics is what a plain pass leaves.
#[test]
fn statistics_survive_the_gradient() {
    let x = normal(&[6, 2]).to_dtype(DType::F32).unwrap();
    let statistics = |recorded: bool| {
        let norm = BatchNorm::new(2, &cpu()).unwrap();
        let loss = |norm: &BatchNorm| norm.forward_with(&x, &Context::training(0))?.sum_all();
        if recorded {
            value_and_grad(loss, &norm).unwrap();
        } else {
            loss(&norm).unwrap();
        }
        let of = |state: &tensorkeep_nn::State| state.get().to_vec::<f32>().unwrap();
        assert_eq!(norm.running_mean.get().device(), &cpu(), "no recording is kept");
        [of(&norm.running_mean), of(&norm.running_variance)]
    };
    assert_eq!(statistics(true), statistics(false));
    assert_ne!(statistics(true)[0], [0.0, 0.0]);
}
