//! What a model costs, before it costs anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tensorkeep_format::{Code, Input};
use tensorkeep_nn::{Boxed, Context, Layer};
use tensorkeep_tensor::{Device, ErrorKind, Shape, Tensor};

use crate::elements;
use crate::leaves::entries;
use crate::refusal::Refusal;

/// The most that a model rebuilt from a file may cost. What exceeds it is `E_COST`, found before a tensor is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostLimits {
    /// The numbers in the model's tensors.
    pub parameters: u64,
    /// The bytes of the results of all layers for one input.
    pub activations: u64,
    /// The size at which an axis of any size is counted: the largest batch that the program will use.
    pub batch: usize,
}

impl Default for CostLimits {
    /// 2³² numbers, activations of 4 GiB, a batch of 1.
    fn default() -> Self {
        Self { parameters: 1 << 32, activations: 4 << 30, batch: 1 }
    }
}

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The numbers in its tensors, tied ones counted once.
    pub parameters: u64,
    /// The bytes of the results of all layers for one input, views counted as if they were copies.
    pub activations: u64,
}

/// The numbers in the tensors of layers.
pub(crate) fn parameters(layers: &[Boxed], limits: &CostLimits) -> Result<u64, Refusal> {
    let mut count: u64 = 0;
    for layer in layers {
        let leaves = entries(layer);
        let own = leaves.iter().filter(|leaf| leaf.tied.is_none()).map(|leaf| leaf.value.elements() as u64);
        count = own.fold(count, u64::saturating_add);
    }
    if count <= limits.parameters {
        return Ok(count);
    }
    let message = format!(
        "the model asks for {count} numbers, CostLimits::parameters is {}: raise it if the file is genuine",
        limits.parameters
    );
    Err(Refusal::new(Code::Cost, message))
}

/// Runs layers of `hollow`, the device that knows only shapes, one after another, and adds up the bytes of what they give. Returns the
/// sum, and the last result.
pub(crate) fn activations(
    layers: &[Boxed],
    input: &Input,
    hollow: &Device,
    limits: &CostLimits,
) -> Result<(u64, Tensor), Refusal> {
    let mut x = hollow_input(input, hollow, limits)?;
    let sum = Arc::new(AtomicU64::new(bytes(&x)));
    let total = Arc::clone(&sum);
    let cx = Context::evaluation().observed(move |_: &str, _: &dyn Layer, y: &Tensor| {
        let _ = total
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sum| Some(sum.saturating_add(bytes(y))));
    });
    for (i, layer) in layers.iter().enumerate() {
        x = cx.run(i, layer, &x).map_err(|error| {
            // A shape that nothing could hold is a cost; all else is a graph that does not fit together.
            let code = if error.kind() == ErrorKind::Limit { Code::Cost } else { Code::Graph };
            Refusal::new(code, format!("operation {i}: {}: {}", error.op(), error.message()))
        })?;
        let bytes = sum.load(Ordering::Relaxed);
        if bytes > limits.activations {
            let message = format!(
                "up to operation {i} the results take {bytes} bytes, CostLimits::activations is {}: raise it if the file is \
                 genuine",
                limits.activations
            );
            return Err(Refusal::new(Code::Cost, message));
        }
    }
    Ok((sum.load(Ordering::Relaxed), x))
}

/// The input that the file declares, its open axes of the size that the limits say.
fn hollow_input(input: &Input, hollow: &Device, limits: &CostLimits) -> Result<Tensor, Refusal> {
    let sizes = input.shape.iter().map(|axis| match axis {
        tensorkeep_format::Axis::Size(size) => usize::try_from(*size).unwrap_or(usize::MAX),
        tensorkeep_format::Axis::Any => limits.batch,
    });
    let large =
        |error: tensorkeep_tensor::Error| Refusal::new(Code::Cost, format!("the input: {}", error.message()));
    let shape = Shape::new(&sizes.collect::<Vec<_>>()).map_err(large)?;
    Ok(Tensor::zeros(shape, elements::of_file(input.dtype)?, hollow)?)
}

fn bytes(x: &Tensor) -> u64 {
    (x.elements() as u64).saturating_mul(x.dtype().size() as u64)
}
