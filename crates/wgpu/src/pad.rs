//! Surrounding and spreading a tensor with a constant.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::Pad;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::map::bits;
use crate::reduce::folded;

/// Threads in a workgroup.
const THREADS: u64 = 256;

pub(crate) fn apply(context: &Context<'_>, op: &Pad, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[x], [spec]) = (inputs, context.results) else {
        return Err(Error::internal("pad", "padding takes one operand and gives one result"));
    };
    let count = context.count(spec.shape.elements())?;
    let element = context.element(x)?;
    let value = bits(op.value.cast(x.dtype()), element);
    let mut params: SmallVec<[u32; 48]> =
        smallvec![count, value, x.layout().offset() as u32, x.shape().rank() as u32];
    for axis in (0..x.shape().rank()).rev() {
        let (size, pad) = (x.shape()[axis], op.axes[axis]);
        // There are no neighbours to be apart where there is one element.
        let step = if size == 1 { 1 } else { pad.interior + 1 };
        let stride = x.layout().strides()[axis];
        params.extend([spec.shape[axis], pad.low, step, size].map(|number| number as u32));
        params.push(stride as u32);
    }
    let outputs = context.outputs()?;
    context.launch(variant(element), &params, &[x], &outputs, u64::from(count).div_ceil(THREADS))?;
    Ok(outputs)
}

fn variant(element: Element) -> Variant {
    Variant::of(Shader::Pad).element("X", element).element("V", folded(element))
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    Element::ALL.map(variant).to_vec()
}
