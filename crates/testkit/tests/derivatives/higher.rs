//! Jacobians, Hessians and gradients of single examples against those of PyTorch (`golden/higher.py`), in
//! `f64` and in `f32`.

use serde_json::Value;
use tensorkeep_autodiff::{hessian, hessian_diagonal, hvp, jacfwd, jacobian, jacrev, per_example_grads};
use tensorkeep_tensor::module::{flatten, unflatten};
use tensorkeep_tensor::op::{Conv, Window};
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::golden;

type Parameters = Vec<Tensor>;
type Function = fn(&Parameters, &Tensor) -> Result<Tensor>;

/// What is being differentiated, and by what.
struct Case<'a> {
    golden: &'a Value,
    dtype: DType,
    f: Function,
    parameters: Parameters,
    x: Tensor,
    labels: Tensor,
}

fn network(p: &Parameters, x: &Tensor) -> Result<Tensor> {
    x.matmul(&p[0])?.add(&p[1])?.tanh()?.matmul(&p[2])
}

fn convolution(p: &Parameters, x: &Tensor) -> Result<Tensor> {
    let window = Window { stride: [2, 2, 1], ..Window::default() };
    x.conv(&p[0], Conv { window, groups: 1 })?.tanh()?.add(&p[1].reshape([1, 2, 1, 1])?)?.mean([2, 3], false)
}

impl Case<'_> {
    fn array(&self, name: &str) -> Tensor {
        array(&self.golden[name], self.dtype)
    }

    fn loss(&self, p: &Parameters) -> Result<Tensor> {
        (self.f)(p, &self.x)?.cross_entropy(&self.labels)?.mean_all()
    }

    /// Each number within a few units of its dtype of the golden one, relative to the largest of them.
    fn near(&self, what: &str, got: &Tensor, want: &Value) {
        let want = array(want, DType::F64);
        assert_eq!((got.shape(), got.dtype()), (want.shape(), self.dtype), "{what}");
        let got = got.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
        let want = want.to_vec::<f64>().unwrap();
        let scale = want.iter().fold(1e-3, |scale: f64, x| scale.max(x.abs()));
        let unit = if self.dtype == DType::F64 { 1e-12 } else { 2e-6 };
        for (i, (got, want)) in got.iter().zip(&want).enumerate() {
            assert!((got - want).abs() <= unit * scale, "{what}, element {i}: {got}, {want} is due");
        }
    }

    fn all_near(&self, what: &str, got: &[Tensor], name: &str) {
        let want = self.golden[name].as_array().unwrap();
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            self.near(what, got, want);
        }
    }
}

fn array(value: &Value, dtype: DType) -> Tensor {
    golden::array(value, dtype, &tensorkeep_cpu::device()).unwrap()
}

/// Asks `row` of both functions in both dtypes.
fn every_case(row: impl Fn(&Case<'_>)) {
    let golden: Value = serde_json::from_str(include_str!("../../golden/higher.json")).unwrap();
    let functions: [(&str, Function); 2] = [("network", network), ("convolution", convolution)];
    for (name, f) in functions {
        for dtype in [DType::F64, DType::F32] {
            let golden = &golden[name];
            let parameters =
                golden["parameters"].as_array().unwrap().iter().map(|p| array(p, dtype)).collect();
            let (x, labels) = (array(&golden["x"], dtype), array(&golden["labels"], DType::I32));
            row(&Case { golden, dtype, f, parameters, x, labels });
        }
    }
}

#[test]
fn jacobians() {
    every_case(|case| {
        case.near("the value", &(case.f)(&case.parameters, &case.x).unwrap(), &case.golden["y"]);
        let by_parameters = |p: &Parameters| (case.f)(p, &case.x);
        let rows = [
            ("by rows", jacrev(by_parameters, &case.parameters)),
            ("by columns", jacfwd(by_parameters, &case.parameters)),
            ("by either", jacobian(by_parameters, &case.parameters)),
        ];
        for (name, j) in rows {
            case.all_near(name, &j.unwrap(), "jacobian");
        }
        let by_x = jacobian(|x: &Tensor| (case.f)(&case.parameters, x), &case.x).unwrap();
        case.near("by the input", &by_x, &case.golden["jacobian_by_x"]);
    });
}

#[test]
fn hessians() {
    every_case(|case| {
        let loss = |p: &Parameters| case.loss(p);
        case.near("the whole", &hessian(loss, &case.parameters).unwrap(), &case.golden["hessian"]);
        let v = unflatten(&case.parameters, &case.array("v")).unwrap();
        let hv = flatten(&hvp(loss, &case.parameters, &v).unwrap()).unwrap();
        case.near("a product", &hv, &case.golden["hvp"]);
        let diagonal = flatten(&hessian_diagonal(loss, &case.parameters).unwrap()).unwrap();
        let rows = case.golden["hessian"].as_array().unwrap().iter().enumerate();
        case.near("the diagonal", &diagonal, &rows.map(|(i, row)| row[i].clone()).collect());
    });
}

#[test]
fn gradients_of_examples() {
    every_case(|case| {
        let loss =
            |p: &Parameters, batch: &[Tensor]| (case.f)(p, &batch[0])?.cross_entropy(&batch[1])?.mean_all();
        let batch = [&case.x, &case.labels];
        let (losses, grads) = per_example_grads(loss, &case.parameters, &batch).unwrap();
        case.near("losses", &losses, &case.golden["losses"]);
        case.all_near("gradients", &grads, "per_example");
    });
}
