//! What a result should be, and how far it may be from that.

use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{DType, Error, HostArray, HostData, Result, Scalar, Shape};

use crate::arithmetic::{largest, ulp};

/// A number, and how far a device may be from it before it rounds the number to the dtype of the result.
#[derive(Clone, Copy, Debug)]
pub struct Bounded {
    /// The number in `f64` or `i64`.
    pub value: Scalar,
    /// The largest difference allowed; infinite where nothing can be said.
    pub error: f64,
}

impl Bounded {
    /// A number that a device has to hit exactly, up to the rounding to its dtype.
    pub fn exact(value: Scalar) -> Self {
        Self { value, error: 0.0 }
    }

    /// A float and its error. What is not finite has none.
    pub fn float(value: f64, error: f64) -> Self {
        Self { value: Scalar::Float(value), error: if value.is_finite() { error } else { 0.0 } }
    }

    /// Whether `got`, an element of `dtype`, is near enough.
    pub fn admits(&self, got: Scalar, dtype: DType) -> bool {
        if self.error == f64::INFINITY {
            return true;
        }
        if !dtype.is_float() {
            return got == self.value.cast(dtype) || (got.as_f64() - self.value.as_f64()).abs() <= self.error;
        }
        let (want, got) = (self.value.as_f64(), got.as_f64());
        let rounded = self.value.cast(dtype).as_f64();
        if want.is_nan() || got.is_nan() {
            return want.is_nan() && got.is_nan();
        }
        let reach = self.error + 0.5 * ulp(dtype, want.abs().max(got.abs().min(largest(dtype))));
        if got.is_infinite() {
            return got == rounded || (want.signum() == got.signum() && want.abs() + reach >= largest(dtype));
        }
        got == rounded || (got - want).abs() <= reach
    }
}

/// A result of an operation as the reference computed it.
#[derive(Clone, Debug)]
pub struct Expected {
    spec: Spec,
    values: Vec<Bounded>,
}

impl Expected {
    /// The result of this spec whose element at each index is `f(index)`.
    pub(crate) fn from_fn(spec: Spec, mut f: impl FnMut(&[usize]) -> Bounded) -> Self {
        let values = indices(&spec.shape).map(|index| f(&index)).collect();
        Self { spec, values }
    }

    /// The result of this spec whose lines along `axis` are `f(index)`, of the line's first element.
    pub(crate) fn from_lines(spec: Spec, axis: usize, mut f: impl FnMut(&[usize]) -> Vec<Bounded>) -> Self {
        let mut values = vec![Bounded::exact(Scalar::Int(0)); spec.shape.elements()];
        let inner: usize = spec.shape[axis + 1..].iter().product();
        for (position, index) in indices(&spec.shape).enumerate().filter(|(_, index)| index[axis] == 0) {
            for (i, value) in f(&index).into_iter().enumerate() {
                values[position + i * inner] = value;
            }
        }
        Self { spec, values }
    }

    /// The result of this spec with these elements in row-major order.
    pub(crate) fn new(spec: Spec, values: Vec<Bounded>) -> Self {
        Self { spec, values }
    }

    /// The values rounded to the dtype of the result.
    ///
    /// # Errors
    ///
    /// None for results of the reference.
    pub fn rounded(&self) -> Result<HostArray> {
        let values = self.values.iter().map(|bounded| bounded.value);
        HostArray::new(HostData::cast(self.spec.dtype, values), self.spec.shape)
    }

    /// Compares a device's result.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value), naming the first element that is too far off.
    pub fn compare(&self, op: &'static str, got: &HostArray) -> Result<()> {
        let spec = Spec::new(*got.shape(), got.dtype());
        if spec != self.spec {
            return Err(Error::value(op, format!("gave {spec:?}, expected {:?}", self.spec)));
        }
        let dtype = self.spec.dtype;
        let wrong = |(want, got): &(&Bounded, Scalar)| !want.admits(*got, dtype);
        let mut differences = indices(&self.spec.shape)
            .zip(self.values.iter().zip(got.data().iter()))
            .filter(|(_, pair)| wrong(pair));
        let Some((index, (want, got))) = differences.next() else { return Ok(()) };
        let more = differences.count();
        let message = format!(
            "{dtype} {:?}, element {index:?}: {got}, expected {} within {:e}; {more} more differ",
            self.spec.shape, want.value, want.error
        );
        Err(Error::value(op, message))
    }
}

/// Every index of a shape, in row-major order.
pub(crate) fn indices(shape: &Shape) -> impl Iterator<Item = Vec<usize>> + use<> {
    let sizes = shape.sizes().to_vec();
    (0..shape.elements()).map(move |mut position| {
        let mut index = vec![0; sizes.len()];
        for axis in (0..sizes.len()).rev() {
            index[axis] = position % sizes[axis];
            position /= sizes[axis];
        }
        index
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_what_rounds_to_it() {
        let third = Bounded::exact(Scalar::Float(1.0 / 3.0));
        assert!(third.admits(Scalar::from(1.0f32 / 3.0), DType::F32));
        assert!(!third.admits(Scalar::from((1.0f32 / 3.0).next_up()), DType::F32));
        let nan = Bounded::exact(Scalar::Float(f64::NAN));
        assert!(
            nan.admits(Scalar::Float(f64::NAN), DType::F32) && !nan.admits(Scalar::Float(0.0), DType::F32)
        );
        let large = Bounded::exact(Scalar::Float(1e39));
        assert!(large.admits(Scalar::Float(f64::INFINITY), DType::F32));
        assert!(!large.admits(Scalar::Float(f64::from(f32::MAX)), DType::F32));
        assert!(!Bounded::exact(Scalar::Int(3)).admits(Scalar::Int(4), DType::I32));
    }

    #[test]
    fn indices_are_row_major() {
        let all: Vec<Vec<usize>> = indices(&Shape::new(&[2, 2]).unwrap()).collect();
        assert_eq!(all, [[0, 0], [0, 1], [1, 0], [1, 1]]);
        assert_eq!(indices(&Shape::SCALAR).count(), 1);
    }
}
