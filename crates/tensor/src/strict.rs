//! A device that replaces fused operations by their definitions, so that a wrong number can be bisected in
//! one line.

use smallvec::SmallVec;

use crate::backend::{Backend, Device, Limits, Memory, Outputs};
use crate::op::{Op, Spec};
use crate::{HostArray, Result, Tensor};

impl Device {
    /// This device with every fused operation (softmax, norms, cross-entropy, attention, a product with an
    /// epilogue) computed by its definition in simple ones. If a number changes, the fused kernel is wrong.
    ///
    /// Tensors must be moved to it with [`Tensor::to_device`].
    #[must_use]
    pub fn strict(&self) -> Self {
        Self::new(Strict { name: format!("strict({})", self.name()), base: self.clone() })
    }
}

#[derive(Debug)]
struct Strict {
    name: String,
    base: Device,
}

/// The same elements, said to live on `device`.
fn reseat(x: &Tensor, device: &Device) -> Tensor {
    Tensor::from_buffer(x.buffer().clone(), *x.layout(), x.dtype(), device.clone())
}

impl Backend for Strict {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> &Limits {
        self.base.limits()
    }

    #[track_caller]
    fn upload(&self, device: &Device, data: HostArray) -> Result<Tensor> {
        Ok(reseat(&self.base.upload(&self.base, data)?, device))
    }

    #[track_caller]
    fn download(&self, x: &Tensor) -> Result<HostArray> {
        self.base.download(&reseat(x, &self.base))
    }

    #[track_caller]
    fn apply(&self, device: &Device, op: &Op, inputs: &[&Tensor], _: &[Spec]) -> Result<Outputs> {
        if let Some(result) = op.composed(inputs) {
            return result;
        }
        let inputs: SmallVec<[Tensor; 4]> = inputs.iter().map(|x| reseat(x, &self.base)).collect();
        let inputs: SmallVec<[&Tensor; 4]> = inputs.iter().collect();
        let outputs = self.base.apply(op, &inputs)?;
        Ok(outputs.iter().map(|x| reseat(x, device)).collect())
    }

    fn synchronize(&self) -> Result<()> {
        self.base.synchronize()
    }

    fn memory(&self) -> Memory {
        self.base.memory()
    }

    fn trim(&self) {
        self.base.trim();
    }
}
