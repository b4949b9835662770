//! What a cotangent, a gradient or a tangent has in common with the value it belongs to.

use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{Device, Error, ErrorKind, Result, Tensor};

/// The shape, dtype and device of a value, without its numbers.
#[derive(Debug)]
pub(crate) struct Like {
    spec: Spec,
    device: Device,
}

impl Like {
    /// That of `x`, whose device is the one below all recorders.
    pub(crate) fn of(x: &Tensor) -> Self {
        Self { spec: x.spec(), device: x.undecorated().device().clone() }
    }

    /// The shape.
    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Refuses `dx`, called `what`, for a value called `whose`, unless it is like it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`], [`ErrorKind::DType`] or [`ErrorKind::Device`].
    #[track_caller]
    pub(crate) fn check(&self, op: &'static str, what: &str, whose: &str, dx: &Tensor) -> Result<()> {
        if *dx.shape() != self.spec.shape {
            let rule = format!("{what} is not shaped like {whose}");
            return Err(Error::shape(op, rule, &[*dx.shape(), self.spec.shape]).advise("reshape it"));
        }
        if dx.dtype() != self.spec.dtype {
            let message = format!("{what} is {}, {whose} is {}: cast it", dx.dtype(), self.spec.dtype);
            return Err(Error::dtype(op, message));
        }
        let device = dx.undecorated().device().clone();
        if device != self.device {
            let (here, there) = (device.name(), self.device.name());
            let message = format!("{what} lives on {here}, {whose} on {there}: move it with to_device");
            return Err(Error::new(ErrorKind::Device, op, message));
        }
        Ok(())
    }
}
