//! Numbers to test with.

use tensorkeep_tensor::{DType, HostArray, HostData, Result, Scalar, ToShape, philox};

/// Ordinary numbers, a function of the seed: floats in ±2, integers in ±9 (0 to 18 without a sign), truth values.
///
/// # Errors
///
/// Those of the shape.
pub fn ordinary(shape: impl ToShape, dtype: DType, seed: u64) -> Result<HostArray> {
    let shape = shape.to_shape()?;
    let word = |i: usize| philox::block(seed, (i / 4) as u64)[i % 4];
    let value = |i: usize| match dtype {
        DType::F64 | DType::F32 | DType::F16 | DType::BF16 => {
            Scalar::Float(f64::from(word(i)) / f64::from(1u32 << 30) - 2.0)
        }
        DType::I64 | DType::I32 => Scalar::Int(i64::from(word(i) % 19) - 9),
        DType::U8 => Scalar::Int(i64::from(word(i) % 19)),
        DType::Bool => Scalar::Bool(word(i) & 1 == 1),
    };
    HostArray::new(HostData::cast(dtype, (0..shape.elements()).map(value)), shape)
}

/// Indices in `0..bound`, a function of the seed.
///
/// # Errors
///
/// Those of the shape.
pub fn indices(shape: impl ToShape, dtype: DType, bound: usize, seed: u64) -> Result<HostArray> {
    let shape = shape.to_shape()?;
    let word = |i: usize| philox::block(seed, i as u64)[0] as usize;
    let value = |i: usize| Scalar::Int((word(i) % bound.max(1)) as i64);
    HostArray::new(HostData::cast(dtype, (0..shape.elements()).map(value)), shape)
}

/// `values` as an array of one axis.
///
/// # Errors
///
/// None.
pub fn listed(values: &[Scalar], dtype: DType) -> Result<HostArray> {
    HostArray::new(HostData::cast(dtype, values.iter().copied()), [values.len()])
}

/// Every number of `dtype` that deserves a test of its own: zeros, ties, ends, what is not finite, subnormals.
pub fn awkward(dtype: DType) -> Vec<Scalar> {
    let integers = |values: &[i64]| values.iter().map(|&x| Scalar::Int(x)).collect();
    match dtype {
        DType::Bool => vec![Scalar::Bool(false), Scalar::Bool(true)],
        DType::U8 => integers(&[0, 1, 2, 3, 7, 127, 128, 254, 255]),
        DType::I32 => {
            let (least, most) = (i64::from(i32::MIN), i64::from(i32::MAX));
            integers(&[
                0,
                1,
                -1,
                2,
                -2,
                3,
                -3,
                7,
                -7,
                255,
                256,
                65537,
                1 << 24,
                most,
                most - 1,
                least,
                least + 1,
            ])
        }
        DType::I64 => {
            let beyond = i64::from(u32::MAX) + 2;
            integers(&[0, 1, -1, 2, -2, 3, -3, 7, -7, beyond, -beyond, (1 << 53) + 1, i64::MAX, i64::MIN])
        }
        DType::F64 => floats(f64::MIN_POSITIVE, f64::MAX, f64::EPSILON),
        DType::F32 => floats(f32::MIN_POSITIVE.into(), f32::MAX.into(), f32::EPSILON.into()),
        DType::F16 => floats(6.103515625e-5, 65504.0, 2f64.powi(-10)),
        DType::BF16 => floats(f32::MIN_POSITIVE.into(), largest_bf16(), 2f64.powi(-7)),
    }
}

fn largest_bf16() -> f64 {
    tensorkeep_tensor::bf16::MAX.to_f64()
}

/// Floats of a dtype with this least normal number, largest number, and distance from 1 to the next.
fn floats(least: f64, most: f64, epsilon: f64) -> Vec<Scalar> {
    let positive = [
        0.0,
        least * epsilon,
        least * 0.5,
        least,
        1e-3,
        0.25,
        0.5,
        1.0 - epsilon / 2.0,
        1.0,
        1.0 + epsilon,
        1.5,
        2.0,
        2.5,
        std::f64::consts::PI,
        7.0,
        20.0,
        88.0,
        100.0,
        1.0 / epsilon,
        most,
        f64::INFINITY,
    ];
    let both = positive.into_iter().flat_map(|x| [x, -x]);
    both.chain([f64::NAN]).map(Scalar::Float).collect()
}
