//! Running folds along an axis.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{Scan, ScanKind};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::axes::push_axes;
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::lines::Lines;
use crate::reduce::folded;

/// Threads in a workgroup: few, since lines are long and seldom many.
const THREADS: u64 = 64;

pub(crate) fn apply(context: &Context<'_>, op: &Scan, inputs: &[&Tensor]) -> Result<Outputs> {
    let (Some(&x), Some(&b)) = (inputs.first(), inputs.last()) else {
        return Err(Error::internal(context.op, "a scan takes one operand or two"));
    };
    let [x, b] = [x, b].map(|operand| Lines::of(operand, op.axis));
    let (count, length) = (context.count(x.count)?, context.count(x.length)?);
    // Backwards: from the last element on, with the sign of the stride changed.
    let along = |start: u32, stride: u32| match op.reverse {
        true => [start.wrapping_add(stride.wrapping_mul(length - 1)), stride.wrapping_neg()],
        false => [start, stride],
    };
    let inner = context.count(x.inner)?;
    let mut params: SmallVec<[u32; 48]> = smallvec![count, length];
    params.extend(along(x.offset(), x.stride as u32));
    params.extend(along(b.offset(), b.stride as u32));
    params.extend(along(0, inner));
    params.extend([inner, inner.wrapping_mul(length), x.axes.len() as u32, b.axes.len() as u32]);
    push_axes(&mut params, &x.axes);
    push_axes(&mut params, &b.axes);
    let variant = variant(op.kind, context.element(x.x)?);
    let outputs = context.outputs()?;
    context.launch(variant, &params, &[x.x, b.x], &outputs, u64::from(count).div_ceil(THREADS))?;
    Ok(outputs)
}

fn variant(kind: ScanKind, element: Element) -> Variant {
    let number = match kind {
        ScanKind::Sum => 0,
        ScanKind::Prod => 1,
        ScanKind::Max => 2,
        ScanKind::Min => 3,
        ScanKind::Linear => 4,
    };
    let mask = if element == Element::U8 { 255 } else { u32::MAX };
    let variant = Variant::of(Shader::Scan).constant("KIND", number).constant("MASK", mask);
    variant.element("X", element).element("V", folded(element))
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let elements = [Element::F32, Element::F16, Element::I32, Element::U8];
    ScanKind::ALL.into_iter().flat_map(|kind| elements.map(|element| variant(kind, element))).collect()
}
