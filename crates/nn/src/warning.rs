//! Parameters that look as if something went wrong.

use std::fmt;

use tensorkeep_tensor::{Result, Tensor};

use crate::{Module, module};

/// What is wrong with the parameters of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All of them are zero: it gives the same for every input, and its gradient may vanish.
    AllZero,
    /// Some are NaN.
    SomeNan,
    /// Some are infinite.
    SomeInfinite,
}

/// A fault, and the layer that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The path of the layer; empty for the model itself.
    pub path: String,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "(root)" } else { &self.path };
        let fault = match self.fault {
            Fault::AllZero => "all zero",
            Fault::SomeNan => "some NaN",
            Fault::SomeInfinite => "some infinite",
        };
        write!(f, "the parameters of {path}: {fault}")
    }
}

/// The layers of a model whose float parameters are all zero, or some of them not finite, in the order of the
/// walk. A layer is what the last name of a path is in: `encoder.0` for `encoder.0.weight`. Waits for the
/// device; a model on the device that knows only shapes has no faults.
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::warnings;
/// use tensorkeep_tensor::{Rng, Tensor};
///
/// let mut rng = Rng::new(0, &tensorkeep_cpu::device());
/// let mut model = (Dense::new(3, 2, &mut rng)?, Dense::new(2, 1, &mut rng)?);
/// assert!(warnings(&model)?.is_empty()); // biases alone may be zero
/// model.1.weight = model.1.weight.mul(f64::NAN)?;
/// assert_eq!(warnings(&model)?[0].to_string(), "the parameters of 1: some NaN");
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of the device.
#[track_caller]
pub fn warnings<M: Module + ?Sized>(model: &M) -> Result<Vec<Warning>> {
    let mut layers: Vec<(String, Health)> = Vec::new();
    for leaf in module::parameters(model) {
        let is_looked_at = leaf.value.dtype().is_float() && leaf.value.elements() > 0;
        if !is_looked_at || leaf.value.device().is_hollow() {
            continue;
        }
        let path = leaf.path.as_str().rsplit_once('.').map_or("", |(layer, _)| layer);
        let health = Health::of(&leaf.value)?;
        match layers.iter_mut().find(|(layer, _)| layer == path) {
            Some((_, layer)) => *layer = layer.with(health),
            None => layers.push((path.to_owned(), health)),
        }
    }
    let faults = layers
        .into_iter()
        .flat_map(|(path, health)| health.faults().map(move |fault| Warning { path: path.clone(), fault }));
    Ok(faults.collect())
}

/// What some of a list of numbers are.
#[derive(Clone, Copy)]
struct Health {
    other_than_zero: bool,
    nan: bool,
    infinite: bool,
}

impl Health {
    #[track_caller]
    fn of(x: &Tensor) -> Result<Self> {
        let any = |flags: Tensor| Ok(flags.max_all()?.item()?.as_bool());
        Ok(Self {
            other_than_zero: any(x.ne(0.0)?)?,
            nan: any(x.is_nan()?)?,
            infinite: any(x.abs()?.eq(f64::INFINITY)?)?,
        })
    }

    fn with(self, other: Self) -> Self {
        Self {
            other_than_zero: self.other_than_zero || other.other_than_zero,
            nan: self.nan || other.nan,
            infinite: self.infinite || other.infinite,
        }
    }

    fn faults(self) -> impl Iterator<Item = Fault> {
        let zero = (!self.other_than_zero).then_some(Fault::AllZero);
        let nan = self.nan.then_some(Fault::SomeNan);
        [zero, nan, self.infinite.then_some(Fault::SomeInfinite)].into_iter().flatten()
    }
}
