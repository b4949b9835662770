//! What activations do at the edges, and what they refuse.

use tensorkeep_autodiff::grad;
use tensorkeep_nn::layers::{
    Celu, Elu, Glu, HardShrink, HardTanh, LeakyRelu, Prelu, Rrelu, SoftShrink, Softplus, Threshold,
};
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, ErrorKind, Result, Tensor};

use crate::{Activation, cpu, row};

/// The slope of the slope of `f`.
fn bend(f: impl Fn(&Tensor) -> Result<Tensor>, at: &[f64]) -> Vec<f64> {
    let slope = |x: &Tensor| grad(|x: &Tensor| f(x)?.sum_all(), x)?.sum_all();
    grad(slope, &row(at)).unwrap().to_vec().unwrap()
}

/// Smooth at 0, to the second order (NNlib issue 671).
#[test]
fn softplus_is_smooth() {
    assert_eq!(bend(Tensor::softplus, &[0.0]), [0.25]);
    for (got, want) in
        bend(Tensor::log_cosh, &[0.0, 1e-9, -1.0]).into_iter().zip([1.0, 1.0, 0.419_974_341_614_026])
    {
        assert!((got - want).abs() < 1e-9, "{got} is not {want}");
    }
}

/// Small numbers keep their digits where eˣ − 1 and log(1 + x) would lose them.
#[test]
fn near_zero() {
    let x = -1e-10f64;
    let rows: [(&str, Result<Tensor>, f64); 5] = [
        ("elu", row(&[x]).elu(2.0), 2.0 * (x + x * x / 2.0)),
        ("celu", row(&[x]).celu(2.0), x + x * x / 4.0),
        ("selu", row(&[x]).selu(), 1.758_099_340_847_376_6 * (x + x * x / 2.0)),
        ("softplus", row(&[-40.0]).softplus(), (-40f64).exp()),
        ("log_cosh", row(&[1e-7]).log_cosh(), 5e-15),
    ];
    for (name, got, want) in rows {
        let got = got.unwrap().item().unwrap().as_f64();
        assert!((got / want - 1.0).abs() < 1e-13, "{name}: {got} is not {want}");
    }
}

/// What overflows in the branch that does not count has no effect, nor has its slope.
#[test]
fn far_from_zero() {
    let functions: [(&str, Activation); 6] = [
        ("elu", |x| x.elu(1.0)),
        ("celu", |x| x.celu(0.5)),
        ("selu", Tensor::selu),
        ("log_cosh", Tensor::log_cosh),
        ("mish", Tensor::mish),
        ("log_sigmoid", Tensor::log_sigmoid),
    ];
    for (name, f) in functions {
        for dtype in [DType::F64, DType::F32, DType::F16] {
            let x = row(&[-6e4, 6e4]).to_dtype(dtype).unwrap();
            let slopes = grad(|x: &Tensor| f(x)?.sum_all(), &x).unwrap();
            assert!(f(&x).unwrap().all_finite().unwrap(), "{name} of {dtype}");
            assert!(slopes.all_finite().unwrap(), "slope of {name} of {dtype}: {slopes:?}");
        }
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let nan = f64::NAN;
    let rows: Vec<(Box<dyn Layer>, &str)> = vec![
        (Box::new(LeakyRelu { slope: nan }), "slope is NaN: use a finite number"),
        (Box::new(Elu { alpha: f64::INFINITY }), "alpha is inf"),
        (Box::new(Celu { alpha: 0.0 }), "alpha is 0: use a finite number other than 0"),
        (Box::new(Softplus { beta: 0.0 }), "beta is 0: use a finite number above 0"),
        (Box::new(SoftShrink { lambda: -0.5 }), "lambda is -0.5: use a finite number that is not negative"),
        (Box::new(HardShrink { lambda: nan }), "lambda is NaN"),
        (Box::new(Threshold { threshold: nan, value: 0.0 }), "threshold is NaN"),
        (Box::new(Threshold { threshold: 0.0, value: nan }), "value is NaN"),
        (Box::new(HardTanh { low: 1.0, high: 1.0 }), "bounds 1 and 1: give the smaller first"),
        (Box::new(HardTanh { low: nan, high: 1.0 }), "low is NaN"),
    ];
    for (layer, message) in rows {
        let error = layer.forward(&row(&[1.0])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{error}");
        assert!(error.message().starts_with(message), "{error}");
        assert!(error.location().file().ends_with("edges.rs"), "{error}");
        assert_eq!(layer.describe().unwrap_err().kind(), ErrorKind::Value);
    }
    for (low, high) in [(0.5, 0.25), (f32::NAN, 1.0), (0.0, f32::INFINITY)] {
        assert_eq!(Rrelu::new(low, high).unwrap_err().kind(), ErrorKind::Value);
    }
    assert!(Rrelu::new(0.25, 0.25).unwrap().forward_with(&row(&[-1.0]), &Context::training(1)).is_ok());
    assert_eq!(Prelu::new(0, &cpu()).unwrap_err().kind(), ErrorKind::Value);
    let scalar = row(&[-2.0]).squeeze(0).unwrap();
    let one = Prelu { slope: row(&[0.5]) };
    assert_eq!(one.forward(&scalar).unwrap().item().unwrap().as_f64(), -1.0);
    let three = Prelu { slope: row(&[0.5; 3]) };
    assert_eq!(three.forward(&row(&[1.0; 3])).unwrap_err().kind(), ErrorKind::Shape);
    for axis in [1, -2, isize::MIN, isize::MAX] {
        let error = Glu { axis, ..Glu::default() }.forward(&row(&[1.0; 4])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Axis);
    }
    assert_eq!(row(&[1.0; 3]).glu(0).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(row(&[]).glu(0).unwrap().elements(), 0);
    assert_eq!(row(&[1.0]).softmax_over([0, 0]).unwrap_err().kind(), ErrorKind::Axis);
}

/// Infinite numbers, and numbers of which nothing is left.
#[test]
fn logarithms_of_sums() {
    let rows: [(&[f64], f64, &[f64]); 4] = [
        (&[f64::NEG_INFINITY, f64::NEG_INFINITY], f64::NEG_INFINITY, &[0.0, 0.0]),
        (&[0.0, f64::NEG_INFINITY, 0.0], 2f64.ln(), &[0.5, 0.0, 0.5]),
        (&[1e300, 0.0], 1e300, &[1.0, 0.0]),
        (&[-1e300, -1e300], -1e300, &[0.5, 0.5]),
    ];
    for (x, want, slopes) in rows {
        let f = |x: &Tensor| x.logsumexp([0], false);
        assert_eq!(f(&row(x)).unwrap().item().unwrap().as_f64(), want, "{x:?}");
        assert_eq!(grad(f, &row(x)).unwrap().to_vec::<f64>().unwrap(), slopes, "{x:?}");
    }
    let value = |x: &[f64]| row(x).logsumexp([0], false).unwrap().item().unwrap().as_f64();
    assert_eq!(value(&[f64::INFINITY, 1.0, f64::NEG_INFINITY]), f64::INFINITY);
    assert!(value(&[f64::NAN, f64::INFINITY]).is_nan());
    assert!(row(&[]).logsumexp([0], false).is_err());
}

/// A row whose largest number is infinite has no softmax, as in PyTorch; clamped, it has.
#[test]
fn softmaxes_of_infinities() {
    let (minus, plus, nan) = (f64::NEG_INFINITY, f64::INFINITY, f64::NAN);
    let softmax: [Activation; 2] = [Tensor::softmax, |x| x.softmax_over([0])];
    let log_softmax: [Activation; 2] = [Tensor::log_softmax, |x| x.log_softmax_over([0])];
    let clamped: [Activation; 1] = [|x| x.clamp(f32::MIN, f32::MAX)?.softmax()];
    let rows: [(&[f64], &[Activation], [f64; 2]); 9] = [
        (&[minus, minus], &softmax, [nan, nan]),
        (&[0.0, minus], &softmax, [1.0, 0.0]),
        (&[0.0, plus], &softmax, [nan, nan]),
        (&[minus, minus], &log_softmax, [nan, nan]),
        (&[0.0, minus], &log_softmax, [0.0, minus]),
        (&[0.0, plus], &log_softmax, [nan, nan]),
        (&[plus, plus], &[Tensor::softmin], [nan, nan]),
        (&[minus, minus], &clamped, [0.5, 0.5]),
        (&[0.0, plus], &clamped, [0.0, 1.0]),
    ];
    for (i, (x, functions, want)) in rows.into_iter().enumerate() {
        for (f, dtype) in functions.iter().flat_map(|f| [DType::F64, DType::F32].map(|dtype| (f, dtype))) {
            let got = f(&row(x).to_dtype(dtype).unwrap()).unwrap().to_dtype(DType::F64).unwrap();
            let got = got.to_vec::<f64>().unwrap();
            let same = got.iter().zip(want).all(|(got, want)| *got == want || got.is_nan() && want.is_nan());
            assert!(same, "row {i}, {dtype}: {got:?} is not {want:?}");
        }
    }
}
