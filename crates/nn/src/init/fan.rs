//! How many numbers flow into and out of one number of a layer.

use tensorkeep_tensor::{Error, Result, Shape, ToShape};

/// How many inputs one output of a layer sees, and how many outputs one input reaches.
///
/// | weight | `inputs` | `outputs` |
/// |---|---|---|
/// | `[n]` | `n` | `n` |
/// | `[outputs, inputs]` | `inputs` | `outputs` |
/// | `[outputs, inputs, kernel..]` | `inputs · kernel` | `outputs · kernel` |
///
/// ```
/// use tensorkeep_nn::init::Fan;
///
/// assert_eq!(Fan::of([16, 3, 5, 5])?, Fan { inputs: 75, outputs: 400 });
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fan {
    /// Inputs that one output sees.
    pub inputs: usize,
    /// Outputs that one input reaches.
    pub outputs: usize,
}

/// Which of the [fans](Fan) a variance is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanMode {
    /// That of the inputs, which keeps the forward pass level: PyTorch's `fan_in`.
    Inputs,
    /// That of the outputs, which keeps the backward pass level: PyTorch's `fan_out`.
    Outputs,
}

impl Fan {
    /// That of a mode.
    pub fn of_mode(self, mode: FanMode) -> usize {
        match mode {
            FanMode::Inputs => self.inputs,
            FanMode::Outputs => self.outputs,
        }
    }

    /// The fans of a weight of this shape.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0.
    #[track_caller]
    pub fn of(shape: impl ToShape) -> Result<Self> {
        let shape = not_empty(shape)?;
        // A shape's sizes multiply without overflow, so those of a part do.
        Ok(match *shape.sizes() {
            [] => Self { inputs: 1, outputs: 1 },
            [n] => Self { inputs: n, outputs: n },
            [outputs, inputs, ref kernel @ ..] => {
                let kernel: usize = kernel.iter().product();
                Self { inputs: inputs * kernel, outputs: outputs * kernel }
            }
        })
    }
}

/// The shape, unless a size is 0.
#[track_caller]
pub(super) fn not_empty(shape: impl ToShape) -> Result<Shape> {
    let shape = shape.to_shape()?;
    if shape.is_empty() {
        return Err(Error::value(
            "init",
            format!("a parameter of shape {shape} is empty: use sizes of at least 1"),
        ));
    }
    Ok(shape)
}
