//! Every function that expressions are made of, at ordinary and at awkward numbers, against the reference evaluation.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod support;

use tensorkeep_tensor::expr::{Binary, Domain, Expr, Program, Unary};
use tensorkeep_tensor::{DType, Device, HostArray, HostData, Scalar, Tensor};

/// Numbers at which functions of floats go wrong.
const FLOATS: [f64; 39] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1.5,
    2.5,
    -2.5,
    0.1,
    -0.1,
    1e-3,
    -1e-3,
    1e-6,
    0.3,
    -0.28,
    0.41,
    0.99,
    1.01,
    0.624,
    0.626,
    5.0,
    -7.25,
    10.0,
    20.0,
    -20.0,
    80.0,
    -80.0,
    100.0,
    -200.0,
    1e4,
    3e8,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

const INTEGERS: [i64; 14] =
    [0, 1, -1, 2, -2, 3, 7, -7, 31, 255, 65_536, -65_537, i32::MAX as i64, i32::MIN as i64];

const BYTES: [i64; 8] = [0, 1, 2, 3, 7, 100, 200, 255];

fn samples(dtype: DType) -> Vec<Scalar> {
    match dtype {
        DType::F32 | DType::F16 => FLOATS.map(Scalar::Float).to_vec(),
        DType::I32 => INTEGERS.map(Scalar::Int).to_vec(),
        DType::U8 => BYTES.map(Scalar::Int).to_vec(),
        _ => [false, true].map(Scalar::Bool).to_vec(),
    }
}

/// How far a float may be from the reference, as a fraction of the exact value and as such.
fn tolerance(dtype: DType) -> (f64, f64) {
    if dtype == DType::F16 { (2e-3, 1e-5) } else { (4e-6, 3e-7) }
}

fn tensor(device: &Device, dtype: DType, values: &[Scalar]) -> Tensor {
    let data = HostData::cast(dtype, values.iter().copied());
    Tensor::from_host(HostArray::new(data, [values.len()]).unwrap(), device).unwrap()
}

/// Compares one elementwise program over vectors of inputs with its evaluation number by number.
fn check(
    device: &Device,
    name: &'static str,
    expr: &Expr,
    dtypes: &[DType],
    inputs: &[Vec<Scalar>],
) -> Vec<String> {
    let program = Program::with_inputs(name, std::slice::from_ref(expr), inputs.len()).unwrap();
    let typed = program.typed(dtypes.iter().copied(), &[]).unwrap();
    let tensors: Vec<Tensor> =
        inputs.iter().zip(dtypes).map(|(values, &dtype)| tensor(device, dtype, values)).collect();
    let refs: Vec<&Tensor> = tensors.iter().collect();
    let got = Tensor::map_all(&program, &refs, &[]).unwrap()[0].to_host().unwrap();
    let mut wrong = Vec::new();
    for (i, got) in got.data().iter().enumerate() {
        let at: Vec<Scalar> =
            inputs.iter().zip(dtypes).map(|(values, &dtype)| values[i].cast(dtype)).collect();
        let want = typed.eval(&at, &[]).unwrap()[0];
        let modulo =
            name == "rem" && agree_modulo(got.as_f64(), want.as_f64(), at[0].as_f64(), at[1].as_f64());
        if !modulo && !agree(got, want, typed.results().next().unwrap(), dtypes[0]) {
            wrong.push(format!("{name} of {dtypes:?} at {at:?}: {got} where {want} is right"));
        }
    }
    wrong
}

/// Whether two remainders by `b` are the same up to what the quotient's rounding takes away: 0 and `b` are neighbours.
fn agree_modulo(got: f64, want: f64, a: f64, b: f64) -> bool {
    let apart = (got - want).abs();
    apart.min((apart - b.abs()).abs()) <= 3e-7 * a.abs().max(b.abs())
}

fn agree(got: Scalar, want: Scalar, result: DType, operand: DType) -> bool {
    let (Scalar::Float(got), Scalar::Float(want)) = (got, want) else {
        return got == want;
    };
    if want.is_nan() || got.is_nan() || got == want {
        return got.is_nan() == want.is_nan();
    }
    let (relative, absolute) = tolerance(if operand == DType::F16 { operand } else { result });
    // Subnormal numbers may be taken for zero.
    (got - want).abs() <= relative * want.abs() + absolute
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn unary_functions_agree_with_the_reference() {
    let Some(device) = support::device() else { return };
    let mut wrong = Vec::new();
    for function in Unary::ALL {
        for dtype in device.limits().dtypes.iter().filter(|&dtype| function.domain().result(dtype).is_some())
        {
            let expr = Expr::input(0).unary(function);
            let values = samples(dtype).into_iter().filter(|&x| is_in_reach(function, x)).collect();
            wrong.extend(check(&device, function.name(), &expr, &[dtype], &[values]));
        }
    }
    report(&wrong);
}

/// Leaves out angles of which single precision says nothing.
fn is_in_reach(function: Unary, x: Scalar) -> bool {
    let periodic = matches!(function, Unary::Sin | Unary::Cos | Unary::Tan);
    !periodic || !x.as_f64().is_finite() || x.as_f64().abs() < 1e5
}

#[test]
fn binary_functions_agree_with_the_reference() {
    let Some(device) = support::device() else { return };
    let mut wrong = Vec::new();
    for function in Binary::ALL {
        for dtype in device.limits().dtypes.iter().filter(|&dtype| function.domain().result(dtype).is_some())
        {
            let values = samples(dtype);
            let pairs = values.iter().flat_map(|&a| values.iter().map(move |&b| (a, b)));
            let (a, b): (Vec<Scalar>, Vec<Scalar>) = pairs.filter(|&(a, b)| is_meant(function, a, b)).unzip();
            let expr = Expr::input(0).binary(function, Expr::input(1));
            wrong.extend(check(&device, function.name(), &expr, &[dtype, dtype], &[a, b]));
        }
    }
    report(&wrong);
}

/// Leaves out what nobody can get right in single precision: remainders and powers of numbers far apart.
fn is_meant(function: Binary, a: Scalar, b: Scalar) -> bool {
    let (Scalar::Float(x), Scalar::Float(y)) = (a, b) else { return true };
    match function {
        Binary::Rem => !(x / y).is_finite() || (x / y).abs() < 1e3,
        Binary::Pow => !(x.is_finite() && y.is_finite()) || (y * x.abs().ln()).abs() < 20.0 || x == 0.0,
        _ => true,
    }
}

#[test]
fn casts_agree_with_the_reference() {
    let Some(device) = support::device() else { return };
    let mut wrong = Vec::new();
    let more = [254.9, 255.0, 256.0, 2_147_483_647.0, 2_147_483_648.0, -2_147_483_649.0, 70_000.0, 1e-8]
        .map(Scalar::Float);
    for from in device.limits().dtypes.iter() {
        for to in device.limits().dtypes.iter() {
            let mut values = samples(from);
            if from.is_float() {
                values.extend(more);
            }
            let expr = Expr::input(0).cast(to);
            wrong.extend(check(&device, "cast", &expr, &[from], &[values]));
        }
    }
    report(&wrong);
}

#[test]
fn constants_and_parameters_keep_every_bit() {
    let Some(device) = support::device() else { return };
    let numbers = [
        0.1f32,
        -0.0,
        f32::MAX,
        f32::MIN_POSITIVE,
        f32::INFINITY,
        f32::NAN,
        1.0 + f32::EPSILON,
        16_777_217.0,
    ];
    let x = Tensor::new([true], &device).unwrap();
    for number in numbers {
        let kept = Expr::input(0).select(Expr::from(number), Expr::param(0)).cast(DType::F32);
        let params = [Scalar::from(number)];
        let program = Program::new("constant", &[kept]).unwrap();
        for x in [&x, &x.map(|x| !x.clone()).unwrap()] {
            let y = Tensor::map_all(&program, &[x], &params).unwrap();
            assert_eq!(y[0].to_vec::<f32>().unwrap()[0].to_bits(), number.to_bits(), "{number}");
        }
    }
    assert_eq!(Domain::Float.result(DType::F32), Some(DType::F32));
}
