//! Layers side by side, around and between: Flux.jl, test/layers/basic.jl, and what its rules say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{Dense, Dropout};
use tensorkeep_nn::{
    Boxed, Context, Layer, Merge, PairwiseFusion, Parallel, Sequential, SkipConnection, Step, module,
};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Rng, Tensor};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn number(x: f64) -> Tensor {
    Tensor::new([x], &cpu()).unwrap()
}

fn value(y: Result<Tensor>) -> Vec<f64> {
    y.unwrap().to_vec().unwrap()
}

fn plus(by: f64) -> impl Fn(&Tensor) -> Result<Tensor> + Clone + Send + Sync + 'static {
    move |x: &Tensor| x.add(by)
}

fn times(by: f64) -> impl Fn(&Tensor) -> Result<Tensor> + Clone + Send + Sync + 'static {
    move |x: &Tensor| x.mul(by)
}

/// `1 + 10 x − 100 y` and so on: which result is which place.
fn digits() -> Merge {
    Merge::custom(|results: &[&Tensor]| {
        let mut sum = results[0].clone();
        for other in &results[1..] {
            sum = sum.mul(100.0)?.add(*other)?;
        }
        Ok(sum)
    })
}

#[test]
fn merges() {
    let (two, five, one) = (number(2.0), number(5.0), number(1.0));
    let all = [&two, &five, &one];
    let rows: [(Merge, &[f64]); 7] = [
        (Merge::Add, &[8.0]),
        (Merge::Mul, &[10.0]),
        (Merge::Mean, &[8.0 / 3.0]),
        (Merge::Max, &[5.0]),
        (Merge::Concat(0), &[2.0, 5.0, 1.0]),
        (Merge::Concat(-1), &[2.0, 5.0, 1.0]),
        (digits(), &[20501.0]),
    ];
    for (merge, want) in rows {
        assert_eq!(value(merge.apply(&all)), want, "{merge:?}");
        assert_eq!(merge.apply(&[]).unwrap_err().kind(), ErrorKind::Value, "{merge:?}");
    }
    let wide = Tensor::new([[1.0f64, 2.0]], &cpu()).unwrap();
    for merge in [Merge::Add, Merge::Mul, Merge::Mean, Merge::Max] {
        let error = merge.apply(&[&two, &wide]).unwrap_err();
        assert_eq!(
            error.message(),
            "branches give results of different shapes: [1] and [1, 2]; make them alike, or \
             broadcast them in Merge::custom",
            "{merge:?}"
        );
    }
    assert_eq!(Merge::Concat(2).apply(&all).unwrap_err().kind(), ErrorKind::Axis);
}

#[test]
fn parallel_takes_one_input_or_one_a_branch() {
    let cx = Context::evaluation();
    let two = Parallel::new(digits()).branch(plus(1.0)).branch(plus(2.0));
    let one = Parallel::new(digits()).branch(plus(1.0));
    let x = [number(10.0), number(20.0), number(30.0)];
    let x: Vec<&Tensor> = x.iter().collect();
    assert_eq!(value(two.forward(x[0])), [1112.0]);
    assert_eq!(value(two.forward_many(&x[..2], &cx)), [1122.0]);
    // A single branch has every input in turn.
    assert_eq!(value(one.forward_many(&x, &cx)), [112_131.0]);
    let rows = [
        (two.forward_many(&x, &cx), "3 inputs for 2 branches: pass one input, or one a branch"),
        (two.forward_many(&[], &cx), "there is no input: pass one"),
        (Parallel::new(Merge::Add).forward(x[0]), "there is no branch: add one"),
        (Parallel::maxout(0, || Ok(plus(1.0))).unwrap().forward(x[0]), "there is no branch: add one"),
    ];
    for (result, want) in rows {
        assert_eq!(result.unwrap_err().message(), want);
    }
    // What runs several times is not random in the same way each time.
    let random = Parallel::new(Merge::Concat(0)).branch(Dropout::new(0.5).unwrap());
    let ones = Tensor::ones([64], DType::F64, &cpu()).unwrap();
    let y = value(random.forward_many(&[&ones, &ones], &Context::training(1)));
    assert_ne!(y[..64], y[64..]);
}

#[test]
fn maxout_is_the_largest_of_layers() {
    let mut made = 0.0;
    let make = || {
        made += 1.0;
        Ok(times(made))
    };
    let maxout = Parallel::maxout(3, make).unwrap();
    assert_eq!(value(maxout.forward(&number(2.0))), [6.0]);
    assert_eq!(value(maxout.forward(&number(-2.0))), [-2.0]);
    let failing = || Dense::new(0, 1, &mut Rng::new(0, &cpu()));
    assert_eq!(Parallel::maxout(1, failing).unwrap_err().kind(), ErrorKind::Value);
}

#[test]
fn a_skip_connection_merges_the_result_and_then_the_input() {
    let skip = SkipConnection { layer: plus(1.0), merge: digits() };
    assert_eq!(value(skip.forward(&number(10.0))), [1110.0]);
    let fails = SkipConnection { layer: |x: &Tensor| x.transpose(0, 5), merge: Merge::Add };
    assert_eq!(fails.forward(&number(1.0)).unwrap_err().layer(), "layer");
}

/// Flux's rule: `y₁ = f₁(x₁)`, `yᵢ = fᵢ(merge(yᵢ₋₁, xᵢ))`.
#[test]
fn pairwise_fusion_merges_each_result_with_the_next_input() {
    let cx = Context::evaluation();
    let fusion = PairwiseFusion::new(digits()).then(plus(1.0)).then(times(2.0)).then(plus(3.0));
    let x = [number(1.0), number(2.0), number(3.0)];
    let x: Vec<&Tensor> = x.iter().collect();
    let all = |x: &[&Tensor]| -> Vec<Vec<f64>> {
        fusion.forward_many(x, &cx).unwrap().into_iter().map(|y| value(Ok(y))).collect()
    };
    assert_eq!(all(&x), [[2.0], [404.0], [40_406.0]]);
    assert_eq!(all(&x[..1]), [[2.0], [402.0], [40_204.0]]);
    assert_eq!(value(fusion.forward(x[0])), [40_204.0]);
    let error = fusion.forward_many(&x[..2], &cx).unwrap_err();
    assert_eq!(error.message(), "2 inputs for 3 layers: pass one, or one a layer");
    assert!(PairwiseFusion::new(Merge::Add).forward(x[0]).is_err());
}

#[test]
fn sequential_gives_all_results() {
    let cx = Context::evaluation();
    let model = Sequential::new().then(plus(1.0)).then(times(10.0)).then(plus(5.0));
    let all = model.forward_all(&number(1.0), &cx).unwrap();
    assert_eq!(all.into_iter().map(|y| value(Ok(y))[0]).collect::<Vec<_>>(), [2.0, 20.0, 25.0]);
    assert!(Sequential::new().forward_all(&number(1.0), &cx).unwrap().is_empty());
    assert_eq!(value(Sequential::new().forward(&number(1.0))), [1.0]);
    // The same masks as in a plain pass.
    let random = Sequential::new().then(Dropout::new(0.5).unwrap()).then(Dropout::new(0.5).unwrap());
    let (ones, cx) = (Tensor::ones([64], DType::F64, &cpu()).unwrap(), Context::training(3));
    let last = random.forward_all(&ones, &cx).unwrap().pop();
    assert_eq!(value(last.ok_or_else(|| panic!("no result"))), value(random.forward_with(&ones, &cx)));
}

#[test]
fn layers_have_names() {
    let rng = &mut Rng::new(0, &cpu());
    let model = Sequential::new().then_named("encoder", Dense::new(2, 3, rng).unwrap()).unwrap();
    let model = model.then(Tensor::relu).then_named("head", Dense::new(3, 1, rng).unwrap()).unwrap();
    let paths: Vec<String> =
        module::parameters(&model).iter().map(|parameter| parameter.path.to_string()).collect();
    assert_eq!(paths, ["encoder.weight", "encoder.bias", "head.weight", "head.bias"]);
    let steps: Vec<Step<'_>> = model.iter().map(|(step, _)| step).collect();
    assert_eq!(steps, [Step::Name("encoder"), Step::Index(1), Step::Name("head")]);
    assert_eq!(model.get("head").map(Boxed::kind), Some("Dense"));
    assert_eq!(model.get(1).map(Boxed::kind), Some("relu"));
    assert!(model.get("tail").is_none() && model.get(3).is_none());

    let x = Tensor::ones([1, 7], DType::F32, &cpu()).unwrap();
    assert_eq!(model.forward(&x).unwrap_err().layer(), "encoder");
    let head = model.slice(1..).unwrap();
    assert_eq!((head.len(), head.get("head").is_some()), (2, true));
    assert_eq!(head.forward(&x).unwrap_err().layer(), "head");
    for range in [2..4, 4..4] {
        assert_eq!(model.slice(range).unwrap_err().kind(), ErrorKind::Index);
    }
    #[expect(clippy::reversed_empty_ranges, reason = "a range that is none")]
    let reversed = model.slice(2..1);
    assert_eq!(reversed.unwrap_err().kind(), ErrorKind::Index);

    for name in ["", "a.b", "0", "1a", "*", "a b", "head"] {
        let error = model.clone().then_named(name, Tensor::relu).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{name}");
    }
    let parallel = Parallel::new(Merge::Add).branch_named("left", Tensor::relu).unwrap();
    assert!(parallel.branch_named("left", Tensor::relu).is_err());
}
