//! What Flux.jl's own suite says of layers, normalisations, initialisers and sizes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_nn::init::{self, Fan, FanMode};
use tensorkeep_nn::layers::{
    AlphaDropout, BagMode, BatchNorm, Conv, Dense, Dropout, Embedding, EmbeddingBag, Flatten, GroupNorm,
    InstanceNorm, LayerNorm, MeanPool, NormOver, Padding, Scale, WeightNorm,
};
use tensorkeep_nn::{
    Boxed, Context, Layer, Merge, Module, Parallel, Path, Sequential, SkipConnection, State, module, summary,
};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::{array, doubles};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn rng() -> Rng {
    Rng::new(5, &cpu())
}

fn sizes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn indices(value: &Value) -> Tensor {
    array(value, DType::INDEX, &cpu()).unwrap()
}

/// An activation by the name that a case gives it; none is the identity.
fn activation(case: &Case) -> Boxed {
    let tanh = case.id().contains("tanh");
    match case.param("activation").as_str() {
        None if tanh => Boxed::new(Tensor::tanh),
        None => Boxed::new(None::<Flatten>),
        Some("tanh") => Boxed::new(Tensor::tanh),
        Some("sigmoid") => Boxed::new(Tensor::sigmoid),
        Some("relu") => Boxed::new(Tensor::relu),
        Some("x^2") => Boxed::new(square),
        Some(other) => panic!("{}: the activation {other} has no row here", case.id()),
    }
}

fn square(x: &Tensor) -> Result<Tensor> {
    x.mul(x)
}

fn merge(case: &Case) -> Merge {
    match case.param("connection").as_str().unwrap() {
        "add" => Merge::Add,
        "mul" => Merge::Mul,
        "max" => Merge::Max,
        other => panic!("{}: the connection {other} has no row here", case.id()),
    }
}

/// `gain` times the identity, `[vocab, dim]`.
fn gained(case: &Case) -> Result<Tensor> {
    let shape = [size(case.param("vocab")), size(case.param("dim"))];
    init::identity(shape, case.param("gain").as_f64().unwrap() as f32, &cpu())?.to_dtype(DType::F64)
}

fn option(value: &Value) -> Option<Tensor> {
    value.is_array().then(|| doubles(value).unwrap())
}

#[test]
fn layers() {
    every_case("layer", |case| match case.id() {
        "dense_identity_init" => {
            let x = doubles(case.input("x"))?;
            let weight = |shape: &[usize]| init::identity(shape, 1.0, &cpu())?.to_dtype(DType::F64);
            let dense = Dense { weight: weight(&[3, 3])?, bias: None };
            case.expect(&dense.forward(&x)?)?;
            let conv = Conv::new([3, 3], 1, 1, &mut rng())?;
            let conv = Conv { weight: weight(&[1, 1, 3, 3])?, bias: None, padding: Padding::Same, ..conv };
            case.expect(&conv.forward(&x.reshape([1, 1, 3, 3])?)?.reshape([3, 3])?)
        }
        id if id.starts_with("dense") => {
            let dense = Dense { weight: doubles(case.input("weight"))?, bias: option(case.input("bias")) };
            case.expect(&(dense, activation(case)).forward(&doubles(case.input("x"))?)?)
        }
        "embedding_bag_bad_offsets" => {
            let n = size(case.input("n"));
            let bag = EmbeddingBag::new(n, 2, BagMode::Sum, &mut rng())?;
            let words = Tensor::arange(n, DType::INDEX, &cpu())?;
            for offsets in case.param("offsets").as_array().unwrap() {
                let offsets = sizes(offsets);
                // Flux refuses empty bags; here, as in PyTorch, they give zeros.
                let empty = offsets.windows(2).position(|pair| pair[0] == pair[1]);
                match (bag.bags(&words, &offsets, None), empty) {
                    (Err(error), None) if error.kind().code() == "value" => {}
                    (Ok(y), Some(bag)) if y.at(0, bag)?.to_vec::<f32>()? == [0.0; 2] => {}
                    (result, _) => return Err(format!("{offsets:?}: {result:?}").into()),
                }
            }
            Ok(())
        }
        "embedding_padding_idx_bad" => {
            for index in case.param("padding_idx").as_array().unwrap() {
                // A negative index is no usize.
                let Some(index) = index.as_u64() else { continue };
                let embedding = Embedding::new(size(case.input("vocab")), 2, &mut rng())?;
                let error = embedding.with_padding(index as usize).err().ok_or("it is accepted")?;
                assert_eq!(error.kind().code(), "value");
            }
            Ok(())
        }
        id if id.starts_with("embedding_bag") => {
            let mode = match case.param("reduction").as_str() {
                Some("mean") | None => BagMode::Mean,
                Some("sum") => BagMode::Sum,
                Some("max" | "maximum") => BagMode::Max,
                Some(other) => return Err(format!("the reduction {other} has no row here").into()),
            };
            let bag = EmbeddingBag { weight: gained(case)?, mode, padding_index: None };
            match case.input("offsets") {
                Value::Null => case.expect(&bag.forward(&indices(case.input("indices")))?),
                offsets => case.expect(&bag.bags(&indices(case.input("data")), &sizes(offsets), None)?),
            }
        }
        id if id.starts_with("embedding") => {
            let padding_index = case.param("padding_idx").as_u64().map(|index| index as usize);
            let embedding = Embedding { weight: gained(case)?, padding_index };
            case.expect(&embedding.forward(&indices(case.input("indices")))?)
        }
        "maxout" => {
            let maxout = Parallel::new(Merge::Max).branch(square).branch(|x: &Tensor| x.mul(3.0));
            case.expect(&maxout.forward(&doubles(case.input("x"))?)?)
        }
        id if id.starts_with("parallel") => {
            let inputs = case.input("x").as_array().unwrap().iter().map(|x| doubles(x).unwrap());
            let inputs: Vec<Tensor> = inputs.collect();
            let model = Parallel::new(merge(case)).branch(square).branch(Tensor::sqrt);
            let inputs: Vec<&Tensor> = inputs.iter().collect();
            case.expect(&model.forward_many(&inputs, &Context::evaluation())?)
        }
        id if id.starts_with("scale") => {
            let scale = Scale { weight: doubles(case.input("scale"))?, bias: option(case.input("bias")) };
            case.expect(&(scale, activation(case)).forward(&doubles(case.input("x"))?)?)
        }
        _ => case.unknown(),
    });
}

/// A layer in `f64`, with the numbers that it starts with.
fn wide<L: Module + Clone>(layer: &L) -> Result<L> {
    let mut layer = layer.clone();
    let mut result = Ok(());
    layer.visit_mut(&mut Path::root(), &mut |_, leaf| {
        let cast = |x: &Tensor| x.to_dtype(DType::F64);
        let done = match leaf {
            tensorkeep_nn::LeafMut::Parameter(x) => cast(x).map(|wide| *x = wide),
            tensorkeep_nn::LeafMut::State(state) => cast(&state.get()).map(|wide| *state = State::new(wide)),
        };
        if let Err(error) = done {
            result = Err(error);
        }
    });
    result.map(|()| layer)
}

/// The result of a normalisation against what is expected: the result alone, or one entry for the result and
/// each statistic after it.
fn normalised(case: &Case, y: &Tensor, states: [&Option<State>; 2]) -> Outcome {
    let Some(entries) = case.expected().as_object() else {
        return case.expect(y);
    };
    for (key, want) in entries {
        match key.as_str() {
            "y" | "output" => case.same(y, want)?,
            "running_mean" | "mean" => case.same(&states[0].as_ref().unwrap().get(), want)?,
            "running_var" | "var" => case.same(&states[1].as_ref().unwrap().get(), want)?,
            other => return Err(format!("the entry {other} has no row here").into()),
        }
    }
    Ok(())
}

#[test]
fn normalisations() {
    every_case("normalisation", |case| {
        let epsilon = case.param("eps").as_f64().unwrap_or(1e-5);
        let state = |name: &str| option(case.param(name)).map(State::new);
        // Where no statistics are given, those of the batch are meant.
        let training = case.param("running_mean").is_null() && !case.id().contains("eval");
        let cx = if training { Context::training(0) } else { Context::evaluation() };
        match case.id() {
            "alpha_dropout_constants" => {
                let p = case.input("p").as_array().unwrap().iter();
                let rows = p.map(|p| Ok(AlphaDropout::new(p.as_f64().unwrap() as f32)?.scale_and_shift()));
                let rows = rows.collect::<Result<Vec<[f64; 2]>>>()?;
                case.expect(&Tensor::from_vec(rows.concat(), [rows.len(), 2], &cpu())?)
            }
            "dropout_limits" => {
                let x = doubles(case.input("x"))?;
                for (p, want) in
                    case.param("p").as_array().unwrap().iter().zip(case.expected().as_array().unwrap())
                {
                    let dropout = Dropout::new(p.as_f64().unwrap() as f32)?;
                    case.same(&dropout.forward_with(&x, &Context::training(1))?, want)?;
                    case.same(&dropout.forward(&x)?, case.input("x"))?;
                }
                Ok(())
            }
            "weightnorm_rule" => {
                let weight = doubles(case.input("v"))?;
                let norm = WeightNorm::new(Dense { weight, bias: None }, "weight", NormOver::AllBut(0))?;
                let scale = doubles(case.input("g"))?.unsqueeze(-1)?;
                case.expect(&WeightNorm { scale, ..norm }.fold()?.weight)
            }
            id => {
                let x = doubles(case.input("x"))?;
                let channels = x.shape()[1];
                match id.split('_').next() {
                    Some("batchnorm") => {
                        let norm = wide(&BatchNorm::new(channels, &cpu())?)?;
                        let running_mean = state("running_mean").or(norm.running_mean);
                        let running_variance = state("running_var").or(norm.running_variance);
                        let (weight, bias) = (norm.weight, norm.bias);
                        let norm =
                            BatchNorm { weight, bias, running_mean, running_variance, epsilon, ..norm };
                        let y = activation(case).forward(&norm.forward_with(&x, &cx)?)?;
                        normalised(case, &y, [&norm.running_mean, &norm.running_variance])
                    }
                    Some("instancenorm") => {
                        let tracked = case.expected().is_object();
                        let start = |value: f64| {
                            let start = Tensor::full([channels], value, DType::F64, &cpu()).unwrap();
                            tracked.then(|| State::new(start))
                        };
                        let running_mean = state("running_mean").or_else(|| start(0.0));
                        let running_variance = state("running_var").or_else(|| start(1.0));
                        let norm = InstanceNorm::new(channels)?;
                        let norm = InstanceNorm { running_mean, running_variance, epsilon, ..norm };
                        let y = activation(case).forward(&norm.forward_with(&x, &cx)?)?;
                        normalised(case, &y, [&norm.running_mean, &norm.running_variance])
                    }
                    Some("groupnorm") => {
                        let norm = wide(&GroupNorm::new(size(case.param("groups")), channels, &cpu())?)?;
                        case.expect(&(GroupNorm { epsilon, ..norm }, activation(case)).forward(&x)?)
                    }
                    Some("layernorm") => {
                        let norm = wide(&LayerNorm::new(x.shape()[x.rank() - 1], &cpu())?)?;
                        case.expect(&(LayerNorm { epsilon, ..norm }, activation(case)).forward(&x)?)
                    }
                    _ => case.unknown(),
                }
            }
        }
    });
}

/// The largest number that an initialiser draws is the bound of the case, to a thousandth.
fn bounded(case: &Case, weight: &Tensor) -> Outcome {
    let want = case.expected().as_f64().unwrap();
    let largest = weight.abs()?.max_all()?.item()?.as_f64();
    match largest <= want * (1.0 + 1e-6) && largest > 0.999 * want {
        true => Ok(()),
        false => Err(format!("numbers reach {largest}, where the bound is {want}").into()),
    }
}

#[test]
fn initialisers() {
    every_case("init", |case| match case.id() {
        id if id.starts_with("identity_init") => {
            let gain = case.param("gain").as_f64().unwrap_or(1.0) as f32;
            case.expect(&init::identity(sizes(case.input("shape")), gain, &cpu())?)
        }
        id if id.starts_with("kaiming_bound") => {
            let gain = case.param("gain").as_f64().unwrap() as f32;
            let shape = [100, size(case.input("fan_in"))];
            bounded(case, &init::kaiming_uniform(shape, FanMode::Inputs, gain, &mut rng())?)
        }
        id if id.starts_with("glorot_bound") => {
            let gain = case.param("gain").as_f64().unwrap_or(1.0) as f32;
            let shape = [size(case.input("fan_out")), size(case.input("fan_in"))];
            bounded(case, &init::glorot_uniform(shape, gain, &mut rng())?)
        }
        "nfan_layers" => {
            let fan = |layer: &str| {
                let [inputs, outputs] = sizes(&case.expected()[layer])[..] else { panic!("two fans") };
                Fan { inputs, outputs }
            };
            assert_eq!(Fan::of(Dense::new(10, 20, &mut rng())?.weight.shape())?, fan("dense"));
            assert_eq!(Fan::of(Conv::new([3, 3], 2, 10, &mut rng())?.weight.shape())?, fan("conv"));
            Ok(())
        }
        id if id.starts_with("sparse_init") => {
            let rows = size(case.input("rows"));
            let shares = case.input("sparsity").as_array().unwrap().iter();
            for (share, want) in shares.zip(sizes(case.expected())) {
                let weight = init::sparse([rows, 50], share.as_f64().unwrap(), 0.01, &mut rng())?;
                let zeros = weight.eq(0.0)?.to_dtype(DType::I32)?.sum([0], false)?.to_vec::<i32>()?;
                assert_eq!(zeros, vec![want as i32; 50]);
            }
            Ok(())
        }
        _ => case.unknown(),
    });
}

/// The shape of a result; Flux's sizes are in the opposite order.
fn output(model: &(impl Layer + Clone), input: &Value) -> Vec<usize> {
    let mut input = sizes(input);
    input.reverse();
    let rows = summary(model, input, DType::F32).unwrap().rows;
    let mut output = rows.last().unwrap().output.to_vec();
    output.reverse();
    output
}

#[test]
fn shapes() {
    every_case("shape", |case| {
        let rng = &mut rng();
        match case.id() {
            "outputsize_autosize" => {
                let conv = Conv::new([3, 3], 1, 5, rng)?;
                let flatten = size(&case.expected()["flatten"]);
                let features = Sequential::new()
                    .then(Conv { stride: [2, 2], padding: Padding::Explicit([(1, 1); 2]), ..conv })
                    .then(MeanPool::new([3, 3]))
                    .then(BatchNorm::new(5, &cpu())?)
                    .then(Flatten);
                assert_eq!(output(&features, case.input("input"))[0], flatten);
                let skip = SkipConnection { layer: Dense::new(20, 20, rng)?, merge: Merge::Add };
                let model = (features, Dense::new(flatten, 20, rng)?, skip, Dense::new(20, 10, rng)?);
                assert_eq!(output(&model, case.input("input")), sizes(&case.expected()["output"]));
                assert_eq!(module::count(&model), size(&case.expected()["params"]));
                let mut buffers = 0;
                model.visit(&mut Path::root(), &mut |_, leaf| {
                    if let tensorkeep_nn::Leaf::State(state) = leaf {
                        buffers += state.get().elements();
                    }
                });
                assert_eq!(buffers, size(&case.expected()["buffers"]));
                Ok(())
            }
            "outputsize_conv_chain" => {
                let model = (Conv::new([3, 3], 3, 16, rng)?, Conv::new([3, 3], 16, 32, rng)?);
                assert_eq!(output(&model, case.input("input")), sizes(case.expected()));
                Ok(())
            }
            "param_count_mlp" => {
                let model = (Dense::new(2, 3, rng)?, Dense::new(3, 4, rng)?, Dense::new(4, 5, rng)?);
                assert_eq!(module::parameters(&model).len(), size(&case.expected()["arrays"]));
                assert_eq!(module::count(&model), size(&case.expected()["parameters"]));
                Ok(())
            }
            _ => case.unknown(),
        }
    });
}
