//! Layers and what PyTorch says of them: parameters and gradients by path, inputs, results.

use serde_json::Value;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::module::parameters;
use tensorkeep_nn::{LeafMut, Module, Path};
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::golden::doubles;

/// A case of a golden file, in one dtype.
pub(crate) struct Torch<'a> {
    case: &'a Value,
    dtype: DType,
}

impl<'a> Torch<'a> {
    pub(crate) fn in_both_dtypes(case: &'a Value) -> [Self; 2] {
        [DType::F64, DType::F32].map(|dtype| Self { case, dtype })
    }

    pub(crate) fn tolerance(&self) -> f64 {
        if self.dtype == DType::F64 { 1e-12 } else { 3e-5 }
    }

    fn array(&self, value: &Value) -> Tensor {
        tensor(value).to_dtype(self.dtype).unwrap()
    }

    fn arrays(&self, name: &str) -> Vec<Tensor> {
        self.case[name].as_array().unwrap().iter().map(|value| self.array(value)).collect()
    }

    pub(crate) fn array_if_any(&self, name: &str) -> Option<Tensor> {
        self.case.get(name).map(|value| self.array(value))
    }

    pub(crate) fn keep(&self) -> Option<Tensor> {
        self.array_if_any("keep").map(|keep| keep.ne(0).unwrap())
    }

    pub(crate) fn inputs(&self) -> Vec<Tensor> {
        self.arrays("inputs")
    }

    /// The same model with PyTorch's parameters, one for each of its own.
    pub(crate) fn load<M: Module + Clone>(&self, model: &M) -> M {
        let mut model = model.clone();
        let mut count = 0;
        model.visit_mut(&mut Path::root(), &mut |path, leaf| {
            if let LeafMut::Parameter(x) = leaf {
                let value = self.array(&self.case["parameters"][path.as_str()]);
                assert_eq!(value.shape(), x.shape(), "{path}");
                *x = value;
                count += 1;
            }
        });
        assert_eq!(count, self.case["parameters"].as_object().map_or(0, serde_json::Map::len));
        model
    }

    /// Compares the result of `run`, and the gradients of its weighted sum by all parameters and inputs.
    pub(crate) fn check<M: Module + Clone>(
        &self,
        name: &str,
        model: &M,
        run: impl Fn(&M, &[Tensor]) -> Result<Tensor>,
    ) {
        let model = self.load(model);
        let inputs = self.inputs();
        let y = run(&model, &inputs).unwrap();
        assert_near(&format!("{name}: y"), &y, &tensor(&self.case["y"]), self.tolerance());
        let weights = self.array(&self.case["dy"]);
        let loss = |(model, inputs): &(M, Vec<Tensor>)| run(model, inputs)?.mul(&weights)?.sum_all();
        let (_, (by_model, by_inputs)) = value_and_grad(loss, &(model, inputs)).unwrap();
        for (i, (got, want)) in by_inputs.iter().zip(self.arrays("dinputs")).enumerate() {
            assert_near(&format!("{name}: gradient by input {i}"), got, &want, self.tolerance());
        }
        for leaf in parameters(&by_model) {
            let want = tensor(&self.case["gradients"][leaf.path.as_str()]);
            assert_near(&format!("{name}: gradient by {}", leaf.path), &leaf.value, &want, self.tolerance());
        }
    }
}

pub(crate) fn tensor(value: &Value) -> Tensor {
    doubles(value).unwrap()
}

/// Compares within a part of the largest number.
#[track_caller]
pub(crate) fn assert_near(name: &str, x: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(x.shape(), expected.shape(), "{name}");
    let numbers = |x: &Tensor| x.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
    let expected = numbers(expected);
    let scale = expected.iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
    for (x, expected) in numbers(x).into_iter().zip(expected) {
        assert!((x - expected).abs() <= tolerance * scale, "{name}: {x} is not {expected}");
    }
}
