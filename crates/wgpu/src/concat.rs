//! Joining tensors: each operand is put into its part of the result.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::Concat;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::axes::{Axes, Axis, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;

/// Threads in a workgroup.
const THREADS: u64 = 256;

pub(crate) fn apply(context: &Context<'_>, op: &Concat, inputs: &[&Tensor]) -> Result<Outputs> {
    let outputs = context.outputs()?;
    let [y] = outputs.as_slice() else {
        return Err(Error::internal("concat", "joining gives one result"));
    };
    let strides = y.layout().strides();
    let mut start = 0usize;
    for x in inputs {
        let place = |strides: &[isize]| -> Axes {
            merge(x.shape().iter().zip(strides).map(|(&size, &stride)| Axis::of(size, stride)))
        };
        let (own, part) = (place(x.layout().strides()), place(strides));
        let count = context.count(x.elements())?;
        let mut params: SmallVec<[u32; 48]> = smallvec![
            count,
            x.layout().offset() as u32,
            (start * strides[op.axis] as usize) as u32,
            own.len() as u32,
            part.len() as u32,
        ];
        push_axes(&mut params, &own);
        push_axes(&mut params, &part);
        let variant = variant(context.element(x)?);
        context.launch(variant, &params, &[x], &outputs, u64::from(count).div_ceil(THREADS))?;
        start += x.shape()[op.axis];
    }
    Ok(outputs)
}

fn variant(element: Element) -> Variant {
    Variant::of(Shader::Concat).element("X", element)
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    Element::ALL.map(variant).to_vec()
}
