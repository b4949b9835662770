//! What goes wrong on the way to a gradient: it is told, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tensorkeep_autodiff::{Options, checkpoint, custom_vjp, grad, jvp, stop_gradient, value_and_grad, vjp};
use tensorkeep_cpu::{Options as CpuOptions, with_options};
use tensorkeep_tensor::{DType, Device, Error, ErrorKind, Result, Tensor, meta};

type Pair = (Tensor, Tensor);

/// A device of one's own, so that nobody else moves its live bytes.
fn private() -> Device {
    with_options(CpuOptions { threads: Some(1), ..CpuOptions::default() }).unwrap()
}

fn ones(shape: &[usize], dtype: DType, device: &Device) -> Tensor {
    Tensor::ones(shape, dtype, device).unwrap()
}

fn vector(values: [f64; 2]) -> Tensor {
    Tensor::new(values, &tensorkeep_cpu::device()).unwrap()
}

/// What is wrong, what comes of it, the kind of error, and its message, with … for what is left out.
type Row = (&'static str, Result<Tensor>, ErrorKind, &'static str);

#[track_caller]
fn check(rows: impl IntoIterator<Item = Row>) {
    for (name, got, kind, words) in rows {
        let error = got.map(|_| ()).err().unwrap_or_else(|| panic!("{name} went through"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        for word in words.split('…') {
            assert!(error.message().contains(word.trim()), "{name}: {error}");
        }
        assert!(error.location().file().ends_with("failures.rs"), "{name}: {error}");
    }
}

#[test]
fn results_that_have_no_gradient() {
    let x = vector([1.0, 2.0]);
    let grad = |f: fn(&Tensor) -> Result<Tensor>| grad(f, &x);
    check([
        ("a vector", grad(|x| x.mul(2.0)), ErrorKind::Shape, "single float … [2] … reduce it, or use vjp"),
        ("nothing", grad(|x| x.narrow(0, ..0)), ErrorKind::Shape, "single float … [0]"),
        ("an index", grad(|x| x.argmax(0, false)), ErrorKind::Shape, "not i32 … []"),
        ("a truth", grad(|x| x.sum_all()?.gt(0.0)), ErrorKind::Shape, "not bool"),
        (
            "another number",
            grad(|x| x.undecorated().sum_all()),
            ErrorKind::NoGradient,
            "the result does not depend on leaf (root) … Options::allow_unused",
        ),
        (
            "a recorded tensor on another device",
            grad(|x| x.to_device(&meta::device())?.sum_all()),
            ErrorKind::Device,
            "recorded by grad(cpu) … does not follow it to meta … undecorated",
        ),
        ("its numbers alone", grad(|x| stop_gradient(x).sum_all()), ErrorKind::NoGradient, "leaf (root)"),
    ]);
}

#[test]
fn arguments_without_leaves() {
    let none = "no trainable leaf";
    let loss = || Tensor::new(1.0, &tensorkeep_cpu::device());
    let unit = grad(|(): &()| loss(), &()).and_then(|()| loss());
    let function = grad(|_: &f64| loss(), &2.0).and_then(|_| loss());
    let empty = grad(|_: &Vec<Tensor>| loss(), &vec![]).and_then(|_| loss());
    let frozen = Options::new().freeze("**").value_and_grad(|x: &Tensor| x.sum_all(), &vector([1.0, 2.0]));
    let pair = (vector([1.0, 2.0]), vector([3.0, 4.0]));
    let misspelt = |options: Options| {
        options.value_and_grad(|m: &Pair| m.0.mul(&m.1)?.sum_all(), &pair).map(|(value, _)| value)
    };
    let words = "pattern `2` covers no leaf, the first of 2 is 0";
    check([
        ("a misspelt frozen leaf", misspelt(Options::new().freeze("2")), ErrorKind::Value, words),
        ("a misspelt unused leaf", misspelt(Options::new().allow_unused("2")), ErrorKind::Value, words),
        ("nothing", unit, ErrorKind::NoGradient, none),
        ("a number", function, ErrorKind::NoGradient, none),
        ("an empty list", empty, ErrorKind::NoGradient, none),
        ("all frozen", frozen.map(|(value, _)| value), ErrorKind::NoGradient, "no trainable leaf … frozen"),
    ]);
}

#[test]
fn cotangents_and_tangents_that_do_not_fit() {
    let (cpu, meta) = (tensorkeep_cpu::device(), meta::device());
    let x = vector([1.0, 2.0]);
    let pull = |dy: &Tensor| vjp(|x: &Tensor| x.mul(2.0), &x)?.1.call(dy);
    let push = |model: &Pair, v: &Pair| Ok(jvp(|m: &Pair| m.0.mul(&m.1), model, v)?.1);
    let (f32s, strangers) = (ones(&[2], DType::F32, &cpu), ones(&[2], DType::F64, &meta));
    let model = (x.clone(), vector([3.0, 4.0]));
    let tied = (x.clone(), x.clone());
    let along = |v: &Tensor| push(&model, &(x.clone(), v.clone()));
    let list = jvp(|m: &Vec<Tensor>| m[0].sum_all(), &vec![x.clone()], &vec![x.clone(), x.clone()]);
    let index = jvp(|x: &Tensor| x.argmax(0, false), &x, &x);
    check([
        ("a cotangent's shape", pull(&ones(&[1], DType::F64, &cpu)), ErrorKind::Shape, "[1] and [2]"),
        ("a cotangent's dtype", pull(&f32s), ErrorKind::DType, "f32 … f64"),
        ("a cotangent's device", pull(&strangers), ErrorKind::Device, "meta … cpu"),
        ("a tangent's shape", along(&ones(&[], DType::F64, &cpu)), ErrorKind::Shape, "leaf 1 … [] and [2]"),
        ("a tangent's dtype", along(&f32s), ErrorKind::DType, "leaf 1 … f32 … f64"),
        ("a tangent's device", along(&strangers), ErrorKind::Device, "leaf 1 … meta … cpu"),
        ("two ways for one", push(&tied, &model), ErrorKind::Value, "0 and 1 are tied"),
        ("another length", list.map(|(y, _)| y), ErrorKind::Value, "2 leaves for 1"),
        ("an index", index.map(|(y, _)| y), ErrorKind::DType, "i32"),
    ]);
}

#[test]
fn rules_that_do_not_fit() {
    let x = vector([1.0, 2.0]);
    type Rule = fn(&Tensor) -> Result<Vec<Tensor>>;
    let with =
        |rule: Rule| grad(|x: &Tensor| custom_vjp(&[x], |x| x[0].sum_all(), move |x, _, _| rule(&x[0])), &x);
    let input = "input 0";
    check_kinds([
        ("none", with(|_| Ok(vec![])), ErrorKind::Value, "0 gradients for 1 inputs"),
        ("shape", with(|x| Ok(vec![x.unsqueeze(0)?])), ErrorKind::Shape, input),
        ("dtype", with(|x| Ok(vec![x.to_dtype(DType::F32)?])), ErrorKind::DType, input),
        ("device", with(|x| Ok(vec![x.to_device(&meta::device())?])), ErrorKind::Device, input),
        ("its own error", with(|_| Err(Error::value("mine", "my own"))), ErrorKind::Value, "my own"),
    ]);
}

/// Errors from inside a rule are told where the rule was called from, which may be anywhere.
fn check_kinds(rows: impl IntoIterator<Item = (&'static str, Result<Tensor>, ErrorKind, &'static str)>) {
    for (name, got, kind, word) in rows {
        let error = got.map(|_| ()).err().unwrap_or_else(|| panic!("{name} went through"));
        assert!(error.kind() == kind && error.message().contains(word), "{name}: {error}");
    }
}

/// A captured tensor that a gradient is asked of, in every way it can come about.
#[test]
fn captured_tensors() {
    let x = vector([1.0, 2.0]);
    let word = "pass it among the inputs";
    let same = |x: &Tensor| {
        let captured = x.mul(3.0)?;
        checkpoint(x, move |x: &Tensor| x.mul(&captured)?.sum_all())
    };
    // The captured tensor belongs to a recording inside that of the input.
    let deeper = |x: &Tensor| {
        grad(
            |y: &Tensor| custom_vjp(&[x], |x| x[0].mul(y)?.sum_all(), |_, _, _| Ok(vec![])),
            &stop_gradient(x),
        )?
        .sum_all()
    };
    check_kinds([
        ("checkpoint", grad(same, &x), ErrorKind::Value, word),
        ("a deeper level", grad(deeper, &x), ErrorKind::Value, word),
    ]);
    // One of a recording outside takes part in that one.
    let outer = |y: &Tensor| {
        grad(
            |x: &Tensor| {
                custom_vjp(&[x], |x| x[0].mul(y)?.sum_all(), |_, _, dy| Ok(vec![dy.broadcast_to([2])?]))
            },
            &x,
        )?;
        y.sum_all()
    };
    assert_eq!(grad(outer, &x).unwrap().to_vec::<f64>().unwrap(), [1.0, 1.0]);
}

#[test]
fn devices_are_not_mixed() {
    let (cpu, meta) = (tensorkeep_cpu::device(), meta::device());
    let model = (ones(&[2], DType::F32, &cpu), ones(&[2], DType::F32, &meta));
    let swapped = (model.1.clone(), model.0.clone());
    let product = |m: &Pair| m.0.mul(&m.1)?.sum_all();
    let both = "cpu … meta … to_device";
    let first = |result: Result<Pair>| result.map(|dx| dx.0);
    let stranger = model.1.clone();
    let captured = grad(|x: &Tensor| x.mul(&stranger)?.sum_all(), &model.0);
    let nested = |m: &Pair| first(grad(product, m))?.sum_all();
    check([
        ("leaves", first(grad(product, &model)), ErrorKind::Device, both),
        ("leaves, swapped", first(grad(product, &swapped)), ErrorKind::Device, both),
        ("leaves, nested", first(grad(nested, &model)), ErrorKind::Device, both),
        ("a captured tensor", captured, ErrorKind::Device, both),
    ]);
    // A model on two devices is fine as long as no operation is.
    let apart = |m: &Pair| {
        let one = m.0.mul(&m.0)?.sum_all()?;
        m.1.mul(&m.1)?.sum_all()?;
        Ok(one)
    };
    let (_, dx) = Options::new().allow_unused("1").value_and_grad(apart, &model).unwrap();
    assert_eq!((dx.0.device(), dx.1.device()), (&cpu, &meta));
}

/// A thousand recorded operations, and then no result.
fn stop<T>(x: &Tensor, how: impl FnOnce() -> T) -> Result<T> {
    let mut y = x.clone();
    for _ in 0..1000 {
        y = y.mul(x)?.tanh()?;
    }
    Ok(how())
}

#[test]
fn nothing_is_left_behind() {
    let device = private();
    let x = ones(&[16, 16], DType::F32, &device);
    let fail = || Err::<Tensor, _>(Error::value("mine", "stop"));
    type Run<'a> = Box<dyn Fn() + 'a>;
    let rows: [(&str, Run<'_>); 7] = [
        ("an error", Box::new(|| drop(grad(|x: &Tensor| stop(x, fail)?, &x).unwrap_err()))),
        (
            "an error further in",
            Box::new(|| {
                let inner = |x: &Tensor| grad(|x: &Tensor| stop(x, fail)?, x)?.sum_all();
                drop(grad(inner, &x).unwrap_err());
            }),
        ),
        (
            "an error on the way back",
            Box::new(|| {
                let rule =
                    |x: &Tensor| custom_vjp(&[x], |x| x[0].sum_all(), move |_, _, _| fail().map(|x| vec![x]));
                drop(grad(|x: &Tensor| rule(&stop(x, || x.mul(x))??), &x).unwrap_err());
            }),
        ),
        ("no single number", Box::new(|| drop(grad(|x: &Tensor| stop(x, || x.mul(x))?, &x).unwrap_err()))),
        ("an unused pullback", Box::new(|| drop(vjp(|x: &Tensor| stop(x, || x.mul(x))?, &x).unwrap()))),
        (
            "a panic",
            Box::new(|| {
                let run = AssertUnwindSafe(|| grad(|x: &Tensor| stop(x, || panic!("on purpose"))?, &x));
                assert!(catch_unwind(run).is_err());
            }),
        ),
        (
            "a panic on the way back",
            Box::new(|| {
                let rule = |x: &Tensor| custom_vjp(&[x], |x| x[0].sum_all(), |_, _, _| panic!("on purpose"));
                let run = AssertUnwindSafe(|| grad(|x: &Tensor| rule(&x.mul(x)?), &x));
                assert!(catch_unwind(run).is_err());
            }),
        ),
    ];
    for (name, run) in rows {
        let before = device.memory().live;
        run();
        assert_eq!(device.memory().live, before, "{name}");
        // And the next gradient is as if nothing had been.
        let dx = grad(|x: &Tensor| x.mul(x)?.sum_all(), &x).unwrap();
        assert_eq!(dx.to_vec::<f32>().unwrap(), [2.0; 256], "{name}");
    }
}

/// A tensor that a closure lets out of an inner recording still belongs to the outer one.
#[test]
fn what_escapes_an_inner_recording_stays_in_the_outer() {
    let x = vector([2.0, 3.0]);
    let leaked = |x: &Tensor| {
        let cell = RefCell::new(None);
        value_and_grad(
            |y: &Tensor| {
                let z = y.mul(x)?.sum_all()?;
                *cell.borrow_mut() = Some(z.clone());
                Ok(z)
            },
            &x.mul(x)?,
        )?;
        cell.into_inner().ok_or_else(|| Error::value("mine", "nothing escaped"))
    };
    // Σ x³, returned as it is and after another operation.
    for f in [&leaked as &dyn Fn(&Tensor) -> Result<Tensor>, &|x| leaked(x)?.mul(1.0)] {
        let (value, dx) = value_and_grad(f, &x).unwrap();
        assert_eq!((value.item().unwrap().as_f64(), value.device().name()), (35.0, "cpu"));
        assert_eq!(dx.to_vec::<f64>().unwrap(), [12.0, 27.0]);
    }
}
