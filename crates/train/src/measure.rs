//! Norms of whole tensors, read back.

use tensorkeep_tensor::{DType, Result, Tensor};

/// The `p`-norms of `count` tensors, which are made one at a time. All are read at once.
#[track_caller]
pub(crate) fn norms(count: usize, p: f64, value: impl Fn(usize) -> Result<Tensor>) -> Result<Vec<f64>> {
    let mut sums = Vec::with_capacity(count);
    for i in 0..count {
        sums.push(power_sum(&value(i)?, p)?);
    }
    let mut norms = read(&sums)?;
    if p.is_infinite() {
        return Ok(norms);
    }
    for (i, norm) in norms.iter_mut().enumerate() {
        *norm = root(*norm, p);
        // Powers leave the range of numbers long before the norm itself does.
        if *norm == 0.0 || !norm.is_finite() {
            let value = value(i)?;
            let largest = read(&[power_sum(&value, f64::INFINITY)?])?.first().copied().unwrap_or(0.0);
            *norm = largest;
            if largest > 0.0 && largest.is_finite() {
                let sum = read(&[power_sum(&wide(&value)?.div(largest)?, p)?])?;
                *norm = largest * root(sum.first().copied().unwrap_or(0.0), p);
            }
        }
    }
    Ok(norms)
}

/// The `p`-norm of all tensors together, of the norms of each.
pub(crate) fn together(norms: &[f64], p: f64) -> f64 {
    // Not `f64::max`, which passes over a NaN.
    let largest = norms.iter().fold(0.0, |a: f64, &b| if b > a || b.is_nan() { b } else { a });
    if p.is_infinite() || largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * root(norms.iter().map(|norm| (norm / largest).powf(p)).sum(), p)
}

fn root(sum: f64, p: f64) -> f64 {
    if p == 2.0 { sum.sqrt() } else { sum.powf(1.0 / p) }
}

/// The sum of the `p`-th powers of the magnitudes, or the largest of them if `p` is infinite, as a tensor of one element.
#[track_caller]
fn power_sum(value: &Tensor, p: f64) -> Result<Tensor> {
    if value.elements() == 0 {
        return Tensor::zeros([1], DType::F32, value.device());
    }
    let value = wide(value)?;
    let sum = if p.is_infinite() {
        value.abs()?.max_all()?
    } else if p == 2.0 {
        value.map(|x| x * x)?.sum_all()?
    } else if p == 1.0 {
        value.abs()?.sum_all()?
    } else {
        value.map(|x| x.abs().pow(p))?.sum_all()?
    };
    sum.reshape([1])
}

/// Sums of halves would soon overflow.
#[track_caller]
fn wide(value: &Tensor) -> Result<Tensor> {
    value.to_dtype(value.dtype().widened())
}

/// The elements of tensors of one element each: in one piece where they lie on one device in one dtype.
#[track_caller]
fn read(values: &[Tensor]) -> Result<Vec<f64>> {
    let Some(first) = values.first() else { return Ok(Vec::new()) };
    if values.iter().all(|x| x.dtype() == first.dtype() && x.device() == first.device()) {
        let parts: Vec<&Tensor> = values.iter().collect();
        return Ok(Tensor::concat(&parts, 0)?.to_host()?.data().iter().map(|x| x.as_f64()).collect());
    }
    values.iter().map(|x| Ok(x.item()?.as_f64())).collect()
}
