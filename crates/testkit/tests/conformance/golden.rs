//! What NumPy says: `golden/numpy.json`, written by `golden/make.py`. The reference has to agree with it too.

use serde_json::Value;
use tensorkeep_tensor::op::{Axes, Conv, Gather, GatherKind, Op, Reduce, ReduceKind, ScatterMode, Window};
use tensorkeep_tensor::{DType, Device, Error, HostArray, HostData, Result, Scalar, Shape, Tensor};
use tensorkeep_testkit::{Findings, Subject, devices, reference};

#[test]
fn devices_agree_with_numpy() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../golden/numpy.json")).unwrap();
    let mut subjects = devices().unwrap();
    subjects.push(Subject { device: reference::device(), ..subjects[0].clone() });
    let mut findings = Findings::default();
    for subject in &subjects {
        for (i, case) in cases.iter().enumerate() {
            findings.note(subject, &format!("case {i}, {}", case["op"]), check(case, &subject.device));
        }
    }
    findings.settle().unwrap();
}

fn check(case: &Value, device: &Device) -> Result<()> {
    if !list(&case["inputs"]).iter().all(|x| survives(x, device)) {
        return Ok(());
    }
    let inputs = list(&case["inputs"]).iter().map(|x| Tensor::from_host(array(x, device)?, device));
    let inputs = inputs.collect::<Result<Vec<_>>>()?;
    let got = run(case, &inputs)?.to_host()?;
    let want = array(&case["want"], device)?;
    if (got.shape(), got.dtype()) != (want.shape(), want.dtype()) {
        return Err(Error::value(
            "numpy",
            format!("{}{}, {}{} is due", got.dtype(), got.shape(), want.dtype(), want.shape()),
        ));
    }
    // NumPy's own functions and sums are a few units off as well.
    let unit = match want.dtype() {
        DType::F64 => 1e-14,
        DType::F32 => 4e-6,
        _ => 0.0,
    };
    for (i, (got, want)) in got.data().iter().zip(want.data().iter()).enumerate() {
        let (g, w) = (got.as_f64(), want.as_f64());
        if !(got == want || g == w || (g.is_nan() && w.is_nan()) || (g - w).abs() <= unit * w.abs().max(1.0))
        {
            return Err(Error::value("numpy", format!("element {i} is {got}, {want} is due")));
        }
    }
    Ok(())
}

/// Whether the dtype that stands for an array's holds its numbers: integers beyond 32 bits need one of 64.
fn survives(array: &Value, device: &Device) -> bool {
    let dtype = dtype(array["dtype"].as_str().unwrap(), device);
    list(&array["data"]).iter().filter_map(Value::as_i64).all(|x| Scalar::Int(x).fits(dtype))
}

/// The dtype that stands for `name`: the narrower one where the device lacks the wide one. Every float input is exact in `f32`.
fn dtype(name: &str, device: &Device) -> DType {
    let named = DType::ALL.into_iter().find(|dtype| dtype.name() == name).unwrap();
    match named {
        DType::F64 if !device.limits().dtypes.contains(DType::F64) => DType::F32,
        DType::I64 if !device.limits().dtypes.contains(DType::I64) => DType::I32,
        other => other,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn sizes(value: &Value) -> Vec<usize> {
    list(value).iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn array(value: &Value, device: &Device) -> Result<HostArray> {
    let number = |value: &Value| match value {
        Value::String(text) => Scalar::Float(text.parse().unwrap()),
        Value::Bool(truth) => Scalar::Bool(*truth),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Scalar::Float(number.as_f64().unwrap()), Scalar::Int)
        }
        Value::Null | Value::Array(_) | Value::Object(_) => panic!("{value} is not a number"),
    };
    let dtype = dtype(value["dtype"].as_str().unwrap(), device);
    HostArray::new(HostData::cast(dtype, list(&value["data"]).iter().map(number)), sizes(&value["shape"]))
}

fn run(case: &Value, x: &[Tensor]) -> Result<Tensor> {
    let a = &x[0];
    let axis = || case["axis"].as_i64().unwrap() as isize;
    let axes =
        || -> Vec<isize> { list(&case["axes"]).iter().map(|axis| axis.as_i64().unwrap() as isize).collect() };
    let keep = || case["keep"].as_bool().unwrap();
    let reduce = |kind| {
        let axes = Axes::resolve("test", a.shape(), &axes())?;
        Ok(Tensor::apply(&Op::Reduce(Reduce { kind, axes, keep: keep() }), &[a])?.remove(0))
    };
    let scatter = |kind, mode| a.scatter(Gather { kind, axis: axis() as usize }, mode, &x[1], &x[2]);
    match case["op"].as_str().unwrap() {
        "add" => a.add(&x[1]),
        "sub" => a.sub(&x[1]),
        "mul" => a.mul(&x[1]),
        "div" => a.div(&x[1]),
        "rem" => a.rem(&x[1]),
        "pow" => a.pow(&x[1]),
        "maximum" => a.maximum(&x[1]),
        "minimum" => a.minimum(&x[1]),
        "atan2" => a.atan2(&x[1]),
        "lt" => a.lt(&x[1]),
        "ge" => a.ge(&x[1]),
        "round" => a.round(),
        "floor" => a.floor(),
        "ceil" => a.ceil(),
        "sign" => a.sign(),
        "abs" => a.abs(),
        "exp" => a.exp(),
        "expm1" => a.expm1(),
        "log" => a.log(),
        "log1p" => a.log1p(),
        "sqrt" => a.sqrt(),
        "tanh" => a.tanh(),
        "sin" => a.sin(),
        "cos" => a.cos(),
        "tan" => a.tan(),
        "is_nan" => a.is_nan(),
        "sum" => reduce(ReduceKind::Sum),
        "prod" => reduce(ReduceKind::Prod),
        "max" => reduce(ReduceKind::Max),
        "min" => reduce(ReduceKind::Min),
        "mean" | "variance" => moment(case, a, &axes(), keep()),
        "argmax" => a.argmax(axis(), keep()),
        "argmin" => a.argmin(axis(), keep()),
        "cumsum" => a.cumsum(axis()),
        "cumprod" => a.cumprod(axis()),
        "cummax" => a.cummax(axis()),
        "cummin" => a.cummin(axis()),
        "matmul" => a.matmul(&x[1]),
        "matmul_transposed" => a.matmul(&x[1].t()?),
        "conv" => a.conv(&x[1], Conv { window: Window::default(), groups: 1 }),
        "sort" => Ok(a.sort(axis(), false)?.0),
        "argsort" => a.argsort(axis(), case["descending"].as_bool().unwrap()),
        "take" => a.take(axis(), &x[1]),
        "gather" => a.gather(axis(), &x[1]),
        "scatter_add" => scatter(GatherKind::Select, ScatterMode::Add),
        "scatter_along_set" => scatter(GatherKind::Along, ScatterMode::Set),
        "select" => a.select(&x[1], &x[2]),
        "pad" => {
            let widths: Vec<(usize, usize)> =
                list(&case["axes"]).iter().map(sizes).map(|pair| (pair[0], pair[1])).collect();
            a.pad(&widths, case["value"].as_f64().unwrap())
        }
        "permute" => a.permute(<[isize; 3]>::try_from(axes()).unwrap()),
        "reshape" => a.reshape(sizes(&case["shape"])),
        "flip" => a.flip(axis()),
        "slice" => {
            let bound = |name: &str| case[name].as_u64().unwrap() as usize;
            a.slice(axis(), bound("start")..bound("end"), case["step"].as_i64().unwrap() as isize)
        }
        "broadcast_to" => a.broadcast_to(Shape::new(&sizes(&case["shape"]))?),
        "concat" => Tensor::concat(&x.iter().collect::<Vec<_>>(), axis()),
        "stack" => Tensor::stack(&x.iter().collect::<Vec<_>>(), axis()),
        "to_dtype" => a.to_dtype(dtype(case["dtype"].as_str().unwrap(), a.device())),
        other => panic!("{other}: add it to this table"),
    }
}

/// Mean or variance over one, two or three axes.
fn moment(case: &Value, x: &Tensor, axes: &[isize], keep: bool) -> Result<Tensor> {
    let variance = case["op"] == "variance";
    match *axes {
        [a] if variance => x.variance([a], keep),
        [a, b] if variance => x.variance([a, b], keep),
        [a, b, c] if variance => x.variance([a, b, c], keep),
        [a] => x.mean([a], keep),
        [a, b] => x.mean([a, b], keep),
        [a, b, c] => x.mean([a, b, c], keep),
        _ => panic!("{axes:?}: add it to this table"),
    }
}
