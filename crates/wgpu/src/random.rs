//! Random numbers, with the same bits as on the CPU.

use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Distribution, Random};
use tensorkeep_tensor::{Outputs, Result, philox};

use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;

/// Elements that a workgroup makes: four a thread.
const ELEMENTS: u64 = 1024;

pub(crate) fn apply(context: &Context<'_>, op: &Random) -> Result<Outputs> {
    let variant = variant(op.distribution, Element::of(context.op, op.dtype)?);
    let count = context.count(op.shape.elements())?;
    let numbers = match op.distribution {
        Distribution::Bits => [0; 2],
        Distribution::Uniform { low, high } => [low.to_bits(), (high - low).to_bits()],
        Distribution::Normal { mean, deviation } => [mean.to_bits(), deviation.to_bits()],
        Distribution::Bernoulli { probability } => [philox::bernoulli_bound(probability), 0],
    };
    let [key, offset] = [op.key, op.offset].map(|x| [x as u32, (x >> 32) as u32]);
    // The zero is one that the shader compiler cannot know.
    let params = [count, 0, key[0], key[1], offset[0], offset[1], numbers[0], numbers[1]];
    let outputs = context.outputs()?;
    context.launch(variant, &params, &[], &outputs, u64::from(count).div_ceil(ELEMENTS))?;
    Ok(outputs)
}

fn variant(distribution: Distribution, element: Element) -> Variant {
    let number = match distribution {
        Distribution::Bits => 0,
        Distribution::Uniform { .. } => 1,
        Distribution::Normal { .. } => 2,
        Distribution::Bernoulli { .. } => 3,
    };
    Variant::of(Shader::Random).constant("DISTRIBUTION", number).element("Y", element)
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let (low, high, probability) = (0.0, 1.0, 0.5);
    let distributions = [
        Distribution::Bits,
        Distribution::Uniform { low, high },
        Distribution::Normal { mean: low, deviation: high },
        Distribution::Bernoulli { probability },
    ];
    let variants = distributions.into_iter().flat_map(|d| Element::ALL.map(|element| variant(d, element)));
    variants.collect()
}
