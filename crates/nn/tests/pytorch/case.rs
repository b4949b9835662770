//! A case of PyTorch's, in one dtype on one device: see `golden/cases.py`.

use std::collections::BTreeSet;

use serde_json::Value;
use tensorkeep_nn::{Leaf, LeafMut, Module, Path, State};
use tensorkeep_tensor::{DType, Device, Error, Tensor};
use tensorkeep_testkit::golden::doubles;

pub(crate) struct Case<'a> {
    pub(crate) name: String,
    pub(crate) value: &'a Value,
    pub(crate) dtype: DType,
    pub(crate) device: &'a Device,
    pub(crate) tolerance: f64,
}

/// Something and what belongs to it: an input and its gradient, a state before and after, a result and its
/// weight.
type Pair<'a> = (&'a Value, &'a Value);

impl Case<'_> {
    pub(crate) fn fail(&self, error: &Error) -> ! {
        panic!("{}: {error}", self.name)
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.value[name].as_array().into_iter().flatten()
    }

    fn pairs(&self, name: &str) -> impl Iterator<Item = Pair<'_>> {
        self.list(name).map(|pair| (&pair[0], &pair[1]))
    }

    fn at(&self, kind: &str, path: &Path) -> Pair<'_> {
        let pair = &self.value[kind][path.as_str()];
        (&pair[0], &pair[1])
    }

    /// The numbers in the case's dtype; integers are indices, and truth values are themselves.
    fn tensor(&self, value: &Value) -> Tensor {
        let mut first = value;
        while let Value::Array(items) = first {
            first = &items[0];
        }
        let dtype = match first {
            Value::Bool(_) => DType::Bool,
            Value::Number(number) if !number.is_f64() => DType::INDEX,
            _ => self.dtype,
        };
        let x = doubles(value).unwrap_or_else(|error| self.fail(&error));
        x.to_dtype(dtype).unwrap().to_device(self.device).unwrap()
    }

    pub(crate) fn inputs(&self) -> Vec<Tensor> {
        self.pairs("inputs").map(|(x, _)| self.tensor(x)).collect()
    }

    pub(crate) fn constants(&self) -> Vec<Tensor> {
        self.list("constants").map(|x| self.tensor(x)).collect()
    }

    /// The weight of each result in the sum whose gradients are compared.
    pub(crate) fn weights(&self) -> Vec<Option<Tensor>> {
        let weight = |(_, weight): Pair<'_>| (!weight.is_null()).then(|| self.tensor(weight));
        self.pairs("results").map(weight).collect()
    }

    /// The model with the leaves of the case, which names each of them.
    pub(crate) fn filled<M: Module + Clone>(&self, model: &M) -> M {
        let mut model = model.clone();
        let mut named = BTreeSet::new();
        model.visit_mut(&mut Path::root(), &mut |path, leaf| {
            named.insert(path.to_string());
            match leaf {
                LeafMut::Parameter(x) => {
                    let value = self.tensor(self.at("parameters", path).0);
                    *x = value.reshape(x.shape()).unwrap_or_else(|error| self.fail(&error));
                }
                LeafMut::State(state) => *state = State::new(self.tensor(self.at("states", path).0)),
            }
        });
        let keys = ["parameters", "states"].iter().filter_map(|kind| self.value[kind].as_object());
        let known: BTreeSet<String> = keys.flat_map(|leaves| leaves.keys().cloned()).collect();
        assert_eq!(named, known, "{}", self.name);
        model
    }

    /// Compares results with the case's. Those that are weighed are of its dtype.
    pub(crate) fn compare_results(&self, results: &[Tensor]) {
        assert_eq!(results.len(), self.list("results").count(), "{}", self.name);
        for (i, (got, (want, weight))) in results.iter().zip(self.pairs("results")).enumerate() {
            assert_eq!(got.shape(), doubles(want).unwrap().shape(), "{}, result {i}", self.name);
            assert!(weight.is_null() || got.dtype() == self.dtype, "{}, result {i}", self.name);
            self.compare(&format!("result {i}"), got, want);
        }
    }

    pub(crate) fn compare_gradients<M: Module>(&self, by_model: &M, by_inputs: &[Tensor]) {
        for (i, (got, (_, want))) in by_inputs.iter().zip(self.pairs("inputs")).enumerate() {
            self.compare(&format!("the gradient by input {i}"), got, want);
        }
        by_model.visit(&mut Path::root(), &mut |path, leaf| {
            if let Leaf::Parameter(got) = leaf {
                self.compare(&format!("the gradient by {path}"), got, self.at("parameters", path).1);
            }
        });
    }

    /// Compares what a pass has left in the states.
    pub(crate) fn compare_states<M: Module>(&self, model: &M) {
        model.visit(&mut Path::root(), &mut |path, leaf| {
            if let Leaf::State(state) = leaf {
                self.compare(path.as_str(), &state.get(), self.at("states", path).1);
            }
        });
    }

    fn compare(&self, what: &str, got: &Tensor, want: &Value) {
        let numbers = |x: &Tensor| {
            let x = x.to_device(&tensorkeep_cpu::device()).and_then(|x| x.to_dtype(DType::F64));
            x.and_then(|x| x.to_vec::<f64>()).unwrap_or_else(|error| panic!("{}, {what}: {error}", self.name))
        };
        let (got, want) = (numbers(got), numbers(&doubles(want).unwrap()));
        assert_eq!(got.len(), want.len(), "{}, {what}", self.name);
        for (i, (got, want)) in got.into_iter().zip(want).enumerate() {
            let near = (got - want).abs() <= self.tolerance * want.abs().max(1.0) || got == want;
            assert!(near, "{}, {what}, element {i}: {got} is not {want}", self.name);
        }
    }
}
