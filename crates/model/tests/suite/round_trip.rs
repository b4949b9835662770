//! The same bits after a round trip, on every device.

use tensorkeep_autodiff::Options;
use tensorkeep_model::{Save, SaveOptions, load_into};
use tensorkeep_nn::layers::{Dense, NormOver, SpectralNorm, WeightNorm};
use tensorkeep_nn::{
    Context, Layer, Merge, PairwiseFusion, Parallel, Sequential, SkipConnection, State, module,
};
use tensorkeep_tensor::{DType, HostArray, HostData, Rng, Tensor, bf16, f16, meta};
use tensorkeep_testkit::devices;

use crate::files::{Bag, anyone, bag, code, folder, host};

/// Numbers of each dtype at the ends of what it holds, in a shape.
fn extremes(dtype: DType, sizes: &[usize]) -> HostArray {
    let n: usize = sizes.iter().product();
    let data = match dtype {
        DType::F32 => HostData::F32([f32::MIN, -0.0, f32::from_bits(1), f32::MAX].repeat(n)),
        DType::F64 => HostData::F64([f64::MIN, -0.0, f64::from_bits(1), f64::MAX].repeat(n)),
        DType::F16 => HostData::F16([f16::MIN, f16::NEG_ZERO, f16::from_bits(1), f16::MAX].repeat(n)),
        DType::BF16 => HostData::BF16([bf16::MIN, bf16::NEG_ZERO, bf16::from_bits(1), bf16::MAX].repeat(n)),
        DType::I64 => HostData::I64([i64::MIN, -1, 0, i64::MAX].repeat(n)),
        DType::I32 => HostData::I32([i32::MIN, -1, 0, i32::MAX].repeat(n)),
        DType::U8 => HostData::U8([0, 1, 128, 255].repeat(n)),
        DType::Bool => HostData::Bool([true, false, false, true].repeat(n)),
    };
    HostArray::new(data, [&[4][..], sizes].concat()).unwrap()
}

fn bits(array: &HostArray) -> Vec<u64> {
    match array.data() {
        HostData::F32(data) => data.iter().map(|x| u64::from(x.to_bits())).collect(),
        HostData::F64(data) => data.iter().map(|x| x.to_bits()).collect(),
        HostData::F16(data) => data.iter().map(|x| u64::from(x.to_bits())).collect(),
        HostData::BF16(data) => data.iter().map(|x| u64::from(x.to_bits())).collect(),
        other => other.iter().map(|x| x.as_i64().cast_unsigned()).collect(),
    }
}

#[test]
fn every_dtype_and_shape_keeps_its_bits() {
    let folder = folder("round-trip");
    for subject in devices().unwrap() {
        let device = &subject.device;
        let mut tensors = Vec::new();
        for dtype in subject.dtypes() {
            for sizes in [&[][..], &[3], &[2, 5], &[0]] {
                tensors.push(Tensor::from_host(extremes(dtype, sizes), device).unwrap());
            }
            // A scalar, a view that is not contiguous, and one that repeats an element.
            let x = Tensor::from_host(extremes(dtype, &[3]), device).unwrap();
            tensors.push(Tensor::ones([], dtype, device).unwrap());
            tensors.push(x.t().unwrap());
            tensors.push(Tensor::zeros([7, 2], dtype, device).unwrap());
        }
        let state = State::new(Tensor::new([1.5_f32, -2.0], device).unwrap());
        let model = Bag { tensors, states: vec![state.shared(), state] };
        let path = folder.join(format!("{}.tkm", device.name().len()));
        let saved = model.save(&path).unwrap();
        assert_eq!(saved.tensors, model.tensors.len() + 1);

        let zeros = |x: &Tensor| Tensor::zeros(x.shape(), x.dtype(), device).unwrap();
        let state = State::new(Tensor::zeros([2], DType::F32, device).unwrap());
        let mut loaded =
            Bag { tensors: model.tensors.iter().map(zeros).collect(), states: vec![state.shared(), state] };
        let report = load_into(&mut loaded, &path, &anyone()).unwrap();
        assert_eq!((report.loaded.len(), report.digest), (model.tensors.len() + 2, saved.digest));
        for ((name, want), (_, got)) in host(&model).iter().zip(host(&loaded)) {
            assert_eq!((got.shape(), bits(&got)), (want.shape(), bits(want)), "{name} on {}", device.name());
        }
        // Who wrote a state through one handle reads it through the other.
        loaded.states[0].set(&Tensor::ones([2], DType::F32, device).unwrap());
        assert_eq!(loaded.states[1].get().to_vec::<f32>().unwrap(), [1.0, 1.0]);
    }
}

#[test]
fn a_file_does_not_depend_on_the_device() {
    let folder = folder("devices");
    let mut files = Vec::new();
    for subject in devices().unwrap() {
        let path = folder.join("model.tkm");
        bag([Tensor::new([[1.0_f32, 2.0], [3.0, 4.0]], &subject.device).unwrap()]).save(&path).unwrap();
        files.push(std::fs::read(&path).unwrap());
    }
    assert!(files.iter().all(|file| *file == files[0]));
}

#[test]
fn a_single_tensor_is_a_model() {
    let path = folder("single").join("x.tkm");
    let device = tensorkeep_cpu::device();
    let mut x = Tensor::new([1.0_f32, 2.0], &device).unwrap();
    x.save(&path).unwrap();
    let report = load_into(&mut x, &path, &anyone()).unwrap();
    assert_eq!(report.loaded, ["_"]);
}

/// Ties are part of what a model is.
#[test]
fn tied_weights_stay_tied() {
    let path = folder("ties").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let tensor = |value: f32| Tensor::new([value; 3], &device).unwrap();
    let tied = |value: f32| {
        let x = tensor(value);
        bag([x.clone(), tensor(0.5), x])
    };
    let saved = tied(1.0).save(&path).unwrap();
    assert_eq!(saved.tensors, 2);

    let mut loaded = tied(0.0);
    load_into(&mut loaded, &path, &anyone()).unwrap();
    assert!(loaded.tensors[0].is_same(&loaded.tensors[2]));
    assert_eq!(loaded.tensors[2].to_vec::<f32>().unwrap(), [1.0; 3]);

    let untied = || bag([tensor(0.0), tensor(0.0), tensor(0.0)]);
    let all = tensor(0.0);
    let rows =
        [(untied(), "apart in the model"), (bag([all.clone(), all.clone(), all]), "all tied in the model")];
    for (mut model, name) in rows {
        for options in [anyone(), anyone().partial()] {
            assert_eq!(code(load_into(&mut model, &path, &options)), "E_MISMATCH", "{name}");
        }
    }
    // A file that names a tied weight once is a part of the model; the tie stays.
    bag([tensor(1.0), tensor(0.5)]).save(&path).unwrap();
    let report = load_into(&mut loaded, &path, &anyone().partial()).unwrap();
    assert_eq!(report.missing.len(), 1);
    assert!(loaded.tensors[0].is_same(&loaded.tensors[2]));
    untied().save(&path).unwrap();
    assert_eq!(code(load_into(&mut tied(0.0), &path, &anyone())), "E_MISMATCH", "apart in the file");
}

#[test]
fn values_that_are_not_finite_are_asked_for() {
    let path = folder("nonfinite").join("model.tkm");
    let device = tensorkeep_cpu::device();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut model = bag([Tensor::new([1.0, value], &device).unwrap()]);
        assert_eq!(code(model.save(&path)), "E_VALUE");
        assert!(!path.exists());
        model.save_with(&path, &SaveOptions::new("example").allow_nonfinite()).unwrap();
        assert_eq!(code(load_into(&mut model, &path, &anyone())), "E_VALUE");
        let limits = tensorkeep_format::LoadLimits { nonfinite: true, ..Default::default() };
        load_into(&mut model, &path, &anyone().limits(limits)).unwrap();
        assert_eq!(model.tensors[0].to_vec::<f32>().unwrap()[1].to_bits(), value.to_bits());
        std::fs::remove_file(&path).unwrap();
    }
}

/// Layers in containers and wrappers: saved, loaded into another of the same form, cloned, moved and frozen.
#[test]
fn containers_and_wrappers_survive() {
    let path = folder("wrappers").join("model.tkm");
    for subject in devices().unwrap() {
        let net = |seed: u64| {
            let rng = &mut Rng::new(seed, &subject.device);
            let mut dense = || Dense::new(3, 3, rng).unwrap();
            let weight = WeightNorm::new(dense(), "weight", NormOver::AllBut(0)).unwrap();
            let skip = SkipConnection { layer: dense(), merge: Merge::Add };
            let parallel = Parallel::new(Merge::Mean).branch(dense()).branch_named("left", dense()).unwrap();
            let fusion = PairwiseFusion::new(Merge::Mul).then(dense()).then(dense());
            let named = Sequential::new().then_named("last", dense()).unwrap();
            let spectral = SpectralNorm::new(dense(), "weight", 0, rng).unwrap();
            (weight, spectral, skip, parallel, fusion, named)
        };
        let (model, mut other) = (net(1), net(2));
        let x = Rng::new(3, &subject.device).normal([4, 3], 0.0, 1.0).unwrap();
        // A step of training, so that states are not what they began as.
        model.forward_with(&x, &Context::training(0)).unwrap();
        let run = |model: &dyn Layer| model.forward(&x).unwrap().to_vec::<f32>().unwrap();
        assert_ne!(run(&other), run(&model));
        model.save(&path).unwrap();
        load_into(&mut other, &path, &anyone()).unwrap();
        assert_eq!(run(&other), run(&model));
        assert_eq!(run(&other.clone()), run(&model));

        let there = module::to_device(&model, &meta::device()).unwrap();
        let back = module::parameters(&there);
        assert!(back.iter().all(|parameter| parameter.value.device().is_hollow()));
        assert_eq!(module::count(&there), module::count(&model));

        let loss = |model: &_| Layer::forward(model, &x)?.sum_all();
        let options = Options::new().freeze("3.left.**").freeze("0.scale");
        let (_, gradient) = options.value_and_grad(loss, &model).unwrap();
        let still = |path: &str| path.starts_with("3.left.") || path == "0.scale";
        for leaf in module::parameters(&gradient) {
            let moved = leaf.value.to_vec::<f32>().unwrap().iter().any(|&slope| slope != 0.0);
            assert_eq!(moved, !still(leaf.path.as_str()), "{}", leaf.path);
        }
    }
}
