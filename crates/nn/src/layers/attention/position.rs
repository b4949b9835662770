//! Angles of positions: what rotary and sinusoidal positions have in common.

use std::ops::Range;

use tensorkeep_tensor::{
    DType, Device, Error, ErrorKind, HostArray, HostData, Result, Scalar, Shape, Tensor,
};

/// `f(p · base^(−2i / width))` for each position `p` and `i` in `0..width / 2`: `[positions, width / 2]`.
///
/// Computed in `f64`: a late position turns by thousands of radians, of which `f32` would keep three digits.
#[track_caller]
pub(super) fn of_angles(
    positions: Range<usize>,
    width: usize,
    base: f64,
    dtype: DType,
    device: &Device,
    f: fn(f64) -> f64,
) -> Result<Tensor> {
    let shape = Shape::new(&[positions.len(), width / 2])?;
    if device.is_hollow() || shape.is_empty() {
        return Tensor::zeros(shape, dtype, device);
    }
    let mut values = Vec::new();
    if values.try_reserve_exact(shape.elements()).is_err() {
        let message = format!("the host has no room for {} angles: use fewer positions", shape.elements());
        return Err(Error::new(ErrorKind::OutOfMemory, "positions", message));
    }
    let rates: Vec<f64> = (0..width / 2).map(|i| base.powf(-2.0 * i as f64 / width as f64)).collect();
    for position in positions {
        values.extend(rates.iter().map(|rate| Scalar::Float(f(position as f64 * rate))));
    }
    Tensor::from_host(HostArray::new(HostData::cast(dtype, values.into_iter()), shape)?, device)
}
