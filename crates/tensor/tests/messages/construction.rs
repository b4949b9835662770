//! Shapes, devices and constructors.

use tensorkeep_tensor::op::{Distribution, Op, Random, Row};
use tensorkeep_tensor::{DType, HostArray, HostData, Layout, Rng, Shape, Tensor, ToHostArray};

use crate::{Narrow, Table, device, floats};

#[test]
fn shapes() {
    let mut t = Table::of(file!());
    let x = floats(&[2, 3]);
    t.row(Shape::new(&[1; 9]), "shape: rank 9 is more than 8: merge axes with reshape first");
    t.row(
        Shape::new(&[1 << 32, 1 << 32]),
        "shape: [4294967296, 4294967296] has more elements than can be addressed: use smaller sizes",
    );
    t.row(
        floats(&[1 << 20]).outer(&floats(&[1 << 50])),
        "shape: [1048576, 1125899906842624] has more elements than can be addressed: use smaller sizes",
    );
    t.row(x.dims::<3>(), "dims: rank 2 where rank 3 is needed: [2, 3]; reshape it");
    t.row(x.sum([2], false), "sum: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(x.sum([-3], false), "sum: axis -3 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(
        floats(&[]).cumsum(0),
        "cumsum: axis 0 is outside a tensor of rank 0, shape []: it has no axes, add one with unsqueeze",
    );
    t.row(
        x.add(&floats(&[2])),
        "add: shapes do not broadcast together: [2, 3] and [2]; make sizes equal or 1",
    );
    t.row(
        Layout::contiguous(*x.shape()).position(&[1, 3]),
        "index: index [1, 3] is outside shape [2, 3]: give each axis a number below its size",
    );
    t.row(
        HostArray::new(HostData::F32(vec![1.0]), [2, 2]),
        "tensor: 1 elements do not fill the shape: [2, 2]; pass as many as it has places",
    );
    t.row(
        vec![vec![1], vec![2, 3]].to_host_array(),
        "tensor: a row of 2 elements among rows of 1: make them equal",
    );
    t.row([[[[[[[[[1]]]]]]]]].to_host_array(), "shape: rank 9 is more than 8: merge axes with reshape first");
    t.finish();
}

#[test]
fn devices() {
    let mut t = Table::of(file!());
    let (x, narrow) = (floats(&[2, 3]), Narrow::holding(64));
    t.row(
        Tensor::apply(&Op::Row(Row::Softmax), &[]),
        "softmax: no operand tells the device: use Device::apply",
    );
    t.row(
        x.add(&Tensor::zeros([3], DType::F32, &narrow).unwrap()),
        "device: operands live on narrow and meta: move one with to_device",
    );
    t.row(Tensor::zeros([2], DType::I64, &narrow), "full: narrow has no i64: cast to one of f32 first");
    t.row(
        Tensor::zeros([2], DType::F32, &narrow).unwrap().gt(0.0),
        "gt: narrow has no bool: cast to one of f32 first",
    );
    t.row(
        Tensor::zeros([17], DType::F32, &narrow),
        "full: a tensor of shape [17] takes 68 bytes, narrow allows 64 in one: use smaller pieces",
    );
    t.row(
        Tensor::zeros([4, 4], DType::F32, &narrow).unwrap().pad(&[(0, 0), (1, 0)], 0.0),
        "pad: a tensor of shape [4, 5] takes 80 bytes, narrow allows 64 in one: use smaller pieces",
    );
    let stretched = Tensor::zeros([1], DType::F32, &narrow).unwrap().broadcast_to([1 << 40]).unwrap();
    t.row(
        stretched.sum_all(),
        "sum: a tensor of shape [1099511627776] takes 4398046511104 bytes, narrow allows 64 in one: use smaller pieces",
    );
    t.row(
        stretched.to_host(),
        "download: a tensor of shape [1099511627776] takes 4398046511104 bytes, narrow allows 64 in one: use smaller pieces",
    );
    t.row(
        Tensor::zeros([4, 4], DType::F32, &narrow).unwrap().exp(),
        "exp: nothing can be done: use another device",
    );
    t.row(
        Tensor::zeros([4, 4], DType::F32, &narrow).unwrap().to_host(),
        "download: nothing was kept: use another device",
    );
    t.row(
        x.to_vec::<f32>(),
        "download: a tensor of the meta device has a shape but no elements: compute on a real device",
    );
    t.row(x.to_vec::<i32>(), "to_vec: f32 read as i32: cast with to_dtype first");
    t.row(x.item(), "item: only a single element can be an item: [2, 3]; use to_vec, or reduce first");
    t.row(
        x.to_device(&narrow),
        "download: a tensor of the meta device has a shape but no elements: compute on a real device",
    );
    t.finish();
}

#[test]
fn construction() {
    let mut t = Table::of(file!());
    let (device, vast) = (device(), Narrow::holding(u64::MAX));
    t.row(Tensor::full([2], 0.5, DType::I32, &device), "full: 0.5 does not fit into i32: use another dtype");
    t.row(
        Tensor::full([2], 1e300, DType::I64, &device),
        "full: 1e300 does not fit into i64: use another dtype",
    );
    t.row(Tensor::full([1 << 62], 0, DType::F64, &device), "full: a tensor of shape [4611686018427387904] takes 36893488147419103232 bytes, meta allows 18446744073709551615 in one: use smaller pieces");
    t.row(Tensor::arange(300, DType::U8, &device), "arange: 299 does not fit into u8: use another dtype");
    t.row(
        Tensor::arange(1 << 50, DType::F32, &vast),
        "arange: the host has no room for 1125899906842624 numbers of f32: use fewer",
    );
    t.row(
        Tensor::arange(1 << 63, DType::I64, &device),
        "shape: [9223372036854775808] has more elements than can be addressed: use smaller sizes",
    );
    t.row(
        Tensor::linspace(0.0, 1.0, 1 << 50, DType::F32, &vast),
        "linspace: the host has no room for 1125899906842624 numbers of f32: use fewer",
    );
    t.row(
        floats(&[2]).one_hot(10, DType::F32),
        "one_hot: indices of f32: cast to an integer dtype with to_dtype",
    );
    t.row(Rng::new(0, &device).uniform([2], 1.0, 0.0), "uniform: bounds 1 and 0: use finite bounds in order");
    t.row(
        Rng::new(0, &device).normal([2], 0.0, -1.0),
        "normal: mean 0, deviation -1: use finite numbers, the second not negative",
    );
    t.row(
        Rng::new(0, &device).bernoulli([2], DType::Bool, 1.5),
        "bernoulli: probability 1.5 is outside 0..=1: pass a value in it",
    );
    t.row(
        Rng::new(0, &device).draw([2], DType::U8, Distribution::Bits),
        "random_bits: bits come as i32, not u8: cast them with to_dtype",
    );
    t.row(
        Rng::new(0, &device).draw([2], DType::I32, Distribution::Uniform { low: 0.0, high: 1.0 }),
        "uniform: i32 has no fractions: cast to a float dtype with to_dtype",
    );
    t.row(
        Rng::new(0, &device).permutation(1 << 32),
        "sort: an axis is longer than an i32 index counts: [4294967296]; sort it in pieces",
    );
    let random = Random {
        distribution: Distribution::Bits,
        shape: Shape::SCALAR,
        dtype: DType::I32,
        key: 0,
        offset: 0,
    };
    t.row(
        Tensor::apply(&Op::Random(random), &[&floats(&[2])]),
        "random_bits: 1 operands where 0 are needed: pass 0",
    );
    t.finish();
}
