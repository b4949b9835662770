//! What the numbers of each feature are like, over all examples.

use tensorkeep_tensor::{DType, Device, Error, HostArray, HostData, Result, Scalar, Shape, Tensor};

use crate::{Setting, Settings, State};

/// Count, mean, squared deviations and bounds of each feature, in `f64`.
pub(super) struct FeatureStatistics {
    op: &'static str,
    /// 1 but along the axis of the features.
    shape: Shape,
    axis: usize,
    features: Vec<Feature>,
    /// The dtype of the statistics as tensors, and where they go.
    dtype: DType,
    device: Device,
}

#[derive(Clone, Copy)]
pub(super) struct Feature {
    count: f64,
    pub(super) mean: f64,
    /// `Σ (x − mean)²`.
    squares: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Feature {
    /// The population deviation, 0 if all numbers are the same.
    pub(super) fn deviation(&self) -> f64 {
        // Sums of equal numbers are rounded, so their squares may not be 0 when they should be.
        if self.min == self.max { 0.0 } else { (self.squares / self.count).sqrt() }
    }

    /// Numbers of a batch, of which there is at least one.
    fn of(numbers: impl Iterator<Item = f64> + Clone) -> Self {
        let count = numbers.clone().count() as f64;
        let mean = numbers.clone().sum::<f64>() / count;
        let squares = numbers.clone().map(|x| (x - mean) * (x - mean)).sum();
        let fold = |f: fn(f64, f64) -> f64| numbers.clone().reduce(f).unwrap_or(f64::NAN);
        Self { count, mean, squares, min: fold(f64::min), max: fold(f64::max) }
    }

    /// Of two batches together. Source: Chan, Golub and LeVeque, *Updating Formulae and a Pairwise Algorithm for Computing Sample
    /// Variances*, 1979, equation 2.1.
    fn with(self, other: Self) -> Self {
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * (other.count / count),
            squares: self.squares + other.squares + apart * apart * (self.count * other.count / count),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

impl FeatureStatistics {
    /// The statistics of the features along `axis` over batches that are alike but for their number of examples.
    #[track_caller]
    pub(super) fn of(
        op: &'static str,
        axis: isize,
        batches: impl IntoIterator<Item = Result<Tensor>>,
    ) -> Result<Self> {
        let mut all: Option<Self> = None;
        for batch in batches {
            let batch = batch?;
            if !batch.shape().is_empty() {
                let batch = Self::of_batch(op, axis, &batch)?;
                all = Some(match all {
                    Some(all) => all.with(batch)?,
                    None => batch,
                });
            }
        }
        all.ok_or_else(|| Error::value(op, "no examples to learn from: pass the training part"))
    }

    #[track_caller]
    fn of_batch(op: &'static str, axis: isize, x: &Tensor) -> Result<Self> {
        let axis = x.shape().axis(op, axis)?;
        let mut sizes = vec![1; x.rank()];
        sizes[axis] = x.shape()[axis];
        let dtype = if x.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
        let numbers: Vec<f64> = x.to_host()?.data().iter().map(Scalar::as_f64).collect();
        let inner: usize = x.shape()[axis + 1..].iter().product();
        let mut features = Vec::with_capacity(sizes[axis]);
        for feature in 0..sizes[axis] {
            let rows = numbers.chunks_exact(inner).skip(feature).step_by(sizes[axis]);
            let feature_of = rows.flatten().copied();
            if let Some(odd) = feature_of.clone().find(|x| !x.is_finite()) {
                let message =
                    format!("feature {feature} has {odd}: mend the data or leave such examples out");
                return Err(Error::value(op, message));
            }
            features.push(Feature::of(feature_of));
        }
        Ok(Self {
            op,
            shape: Shape::new(&sizes)?,
            axis,
            features,
            dtype,
            device: x.undecorated().device().clone(),
        })
    }

    #[track_caller]
    fn with(mut self, other: Self) -> Result<Self> {
        if self.shape != other.shape || self.axis != other.axis {
            let rule = format!("batches differ in their features, along axis {}", self.axis);
            return Err(Error::shape(self.op, rule, &[self.shape, other.shape]).advise("make them alike"));
        }
        for (feature, other) in self.features.iter_mut().zip(other.features) {
            *feature = feature.with(other);
        }
        Ok(self)
    }

    /// A number of each feature as a tensor that broadcasts to the examples.
    #[track_caller]
    pub(super) fn tensor(&self, number: impl Fn(&Feature) -> f64) -> Result<State> {
        let numbers = HostData::cast(self.dtype, self.features.iter().map(|x| Scalar::Float(number(x))));
        if let Some((feature, odd)) = numbers.iter().enumerate().find(|(_, x)| !x.as_f64().is_finite()) {
            let message =
                format!("the numbers of feature {feature} are too far apart, {odd}: scale them first");
            return Err(Error::value(self.op, message));
        }
        Ok(State::new(Tensor::from_host(HostArray::new(numbers, self.shape)?, &self.device)?))
    }
}

/// What to divide by: constant features are divided by 1, so that they become 0 and not NaN.
pub(super) fn divisor(width: f64) -> f64 {
    if width == 0.0 { 1.0 } else { width }
}

/// Examples and the numbers of a layer in one dtype of floats, if their features are the same: that of the examples, but half precision and
/// integers are computed with in that of the layer.
#[track_caller]
pub(super) fn operands(op: &'static str, x: &Tensor, states: [&State; 2]) -> Result<[Tensor; 3]> {
    let [a, b] = states.map(State::get);
    let fits = x.rank() == a.rank() && a.shape().iter().zip(x.shape().iter()).all(|(a, x)| *a == 1 || a == x);
    if !fits {
        let rule = "the input has not the features of the layer";
        return Err(Error::shape(op, rule, &[*x.shape(), *a.shape()]).advise("fit the layer to such data"));
    }
    let dtype = match x.dtype() {
        own @ (DType::F32 | DType::F64) => own,
        _ => a.dtype(),
    };
    Ok([x.to_dtype(dtype)?, a.to_dtype(dtype)?, b.to_dtype(dtype)?])
}

/// What was computed, in the dtype of the examples if that has fractions.
#[track_caller]
pub(super) fn result(y: Tensor, x: &Tensor) -> Result<Tensor> {
    if x.dtype().is_float() { y.to_dtype(x.dtype()) } else { Ok(y) }
}

/// The shape of a layer's numbers, as a setting.
#[track_caller]
pub(super) fn with_shape(state: &State) -> Result<Settings> {
    Settings::new().with_sizes("shape", state.get().shape())
}

/// The inverse of [`with_shape`].
#[track_caller]
pub(super) fn take_shape(settings: &mut Settings) -> Result<Shape> {
    let value = settings.take("shape")?;
    let Setting::List(sizes) = value else {
        return Err(Error::value("settings", format!("shape is {value}: it must be a list of sizes")));
    };
    let sizes: Vec<usize> = sizes.into_iter().map(|size| size.into_size("shape")).collect::<Result<_>>()?;
    Shape::new(&sizes)
}
