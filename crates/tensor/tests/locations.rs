//! Errors blame the line of the user, whichever way the call takes.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::module;
use tensorkeep_tensor::op::{Op, Row, Spec, View};
use tensorkeep_tensor::{
    Backend, Buffer, DType, DTypes, Device, Error, ErrorKind, HostArray, Layout, Limits, Memory, Outputs,
    Result, Rng, Shape, Tensor, ToHostArray, meta,
};

#[track_caller]
fn at<T>(line: u32, result: Result<T>) {
    let error = result.err().unwrap();
    let place = (error.location().file(), error.location().line());
    assert_eq!(place, (file!(), line), "{error}");
}

/// A device that refuses everything, at a level of its choice.
#[derive(Debug)]
struct Refusing {
    level: u64,
    limits: Limits,
}

impl Refusing {
    fn device(level: u64) -> Device {
        let limits = Limits { dtypes: DTypes::all(), buffer_bytes: 1 << 20, memory_bytes: 1 << 20 };
        Device::new(Self { level, limits })
    }

    fn refuse<T>() -> Result<T> {
        Err(Error::new(ErrorKind::DeviceLost, "refuse", "as it always does: use another device"))
    }
}

impl Backend for Refusing {
    fn name(&self) -> &str {
        "refusing"
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn level(&self) -> u64 {
        self.level
    }

    fn upload(&self, _: &Device, _: HostArray) -> Result<Tensor> {
        Self::refuse()
    }

    fn download(&self, _: &Tensor) -> Result<HostArray> {
        Self::refuse()
    }

    fn apply(&self, _: &Device, _: &Op, _: &[&Tensor], _: &[Spec]) -> Result<Outputs> {
        Self::refuse()
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }
}

/// A tensor on a device, put there by hand.
fn seated(device: &Device) -> Tensor {
    let layout = Layout::contiguous(Shape::new(&[2, 3]).unwrap());
    Tensor::from_buffer(Buffer::new(()), layout, DType::F32, device.clone())
}

#[test]
fn methods_and_functions() {
    let device = meta::device();
    let x = seated(&device);
    at(line!(), x.matmul(&x));
    at(line!(), x.exp().unwrap().reshape([5]));
    at(line!(), x.permute([0, 5]));
    at(line!(), x.clamp(1.0, 0.0));
    at(line!(), Tensor::stack(&[&x, &x], 9));
    at(line!(), Tensor::einsum("ij,jk", &[&x, &x, &x]));
    at(line!(), Tensor::einsum("ij,ji", &[&x, &x]));
    at(line!(), x.map(|x| x + Expr::input(20)));
    at(line!(), x.map(|x| !x.clone()));
    at(line!(), x.dims::<3>());
    at(line!(), x.shape().dims::<3>("mine"));
    at(line!(), Tensor::zeros(vec![1; 9], DType::F32, &device));
    at(line!(), Tensor::new(vec![vec![1.0], vec![]], &device));
    at(line!(), [[[[[[[[[1]]]]]]]]].to_host_array());
    at(line!(), Rng::new(0, &device).uniform((), 1.0, 0.0));
    at(line!(), Program::new("mine", &[]));
    at(line!(), Program::new("mine", &[Expr::input(20)]));
    at(line!(), Program::new("mine", &[Expr::input(0)]).unwrap().eval(&[]));
}

#[test]
fn operators() {
    let (x, y) = (seated(&meta::device()), seated(&meta::device()));
    at(line!(), &x + &y);
    at(line!(), x.clone() - &y);
    at(line!(), &x * y.clone());
    at(line!(), x.clone() / y.clone());
    at(line!(), &x + y.exp());
    at(line!(), x.exp() + &y);
    at(line!(), x.exp() + y.clone());
    at(line!(), x.clone() % y.exp());
    let n = x.to_dtype(DType::I32).unwrap();
    at(line!(), 0.5 * &n);
    at(line!(), 0.5 + n.clone());
    at(line!(), &n - 0.5);
    at(line!(), -&x.is_nan().unwrap());
    at(line!(), -x.is_nan().unwrap());
}

#[test]
fn operations_as_values() {
    let device = meta::device();
    let x = seated(&device);
    let softmax = Op::Row(Row::Softmax);
    at(line!(), softmax.infer(&[]));
    at(line!(), Tensor::apply(&softmax, &[]));
    at(line!(), Tensor::apply(&softmax, &[&x, &x]));
    at(line!(), device.apply(&softmax, &[]));
    at(line!(), device.apply(&Op::View(View::Reshape(Shape::SCALAR)), &[&x]));
}

/// Behind a backend's pointer the caller is forgotten, and told again.
#[test]
fn devices_that_fail() {
    let lower = seated(&meta::device());
    for level in [0, 1] {
        let device = Refusing::device(level);
        let x = seated(&device);
        at(line!(), x.exp());
        at(line!(), x.softmax());
        at(line!(), &x + 1.0);
        at(line!(), x.add(&lower));
        at(line!(), lower.outer(&x));
        at(line!(), x.to_host());
        at(line!(), x.to_vec::<f32>());
        at(line!(), Tensor::new([1.0], &device));
        at(line!(), Tensor::zeros(3, DType::F32, &device));
        at(line!(), Tensor::eye(3, DType::F32, &device));
        at(line!(), lower.to_device(&device));
        at(line!(), module::to_device(&seated(&device), &meta::device()));
        at(line!(), Rng::new(0, &device).permutation(5));
    }
    let strict = Refusing::device(0).strict();
    at(line!(), seated(&strict).softmax());
    at(line!(), seated(&strict).exp());
}
