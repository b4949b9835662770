//! Convolution and its gradients: three bilinear operations, each the derivative of the others.

use smallvec::smallvec;
use tensorkeep_tensor::op::{Conv, ConvInputGrad, ConvWeightGrad};
use tensorkeep_tensor::{Shape, Tensor};

use super::{Wanted, several};
use crate::tape::Pull;

fn spatial(shape: &Shape) -> [usize; 3] {
    let mut sizes = [1; 3];
    for (size, &n) in sizes.iter_mut().zip(shape.iter().skip(2)) {
        *size = n;
    }
    sizes
}

pub(super) fn forward(conv: Conv, x: &Tensor, w: &Tensor, wanted: Wanted) -> Pull {
    let input_grad = ConvInputGrad { conv, input: spatial(x.shape()) };
    let weight_grad = ConvWeightGrad { conv, kernel: spatial(w.shape()) };
    let (x, w) = kept(x, w, &wanted);
    several(move |dy| {
        let by_x = w.as_ref().map(|w| dy.conv_input_grad(w, input_grad)).transpose()?;
        let by_w = x.as_ref().map(|x| x.conv_weight_grad(dy, weight_grad)).transpose()?;
        Ok(smallvec![by_x, by_w])
    })
}

pub(super) fn input_grad(op: ConvInputGrad, dy: &Tensor, w: &Tensor, wanted: Wanted) -> Pull {
    let weight_grad = ConvWeightGrad { conv: op.conv, kernel: spatial(w.shape()) };
    let (dy, w) = kept(dy, w, &wanted);
    several(move |dx| {
        let by_dy = w.as_ref().map(|w| dx.conv(w, op.conv)).transpose()?;
        let by_w = dy.as_ref().map(|dy| dx.conv_weight_grad(dy, weight_grad)).transpose()?;
        Ok(smallvec![by_dy, by_w])
    })
}

pub(super) fn weight_grad(op: ConvWeightGrad, x: &Tensor, dy: &Tensor, wanted: Wanted) -> Pull {
    let input_grad = ConvInputGrad { conv: op.conv, input: spatial(x.shape()) };
    let (x, dy) = kept(x, dy, &wanted);
    several(move |dw| {
        let by_x = dy.as_ref().map(|dy| dy.conv_input_grad(dw, input_grad)).transpose()?;
        let by_dy = x.as_ref().map(|x| x.conv(dw, op.conv)).transpose()?;
        Ok(smallvec![by_x, by_dy])
    })
}

/// Each operand, if the gradient of the other is wanted: the operation is bilinear.
fn kept(a: &Tensor, b: &Tensor, wanted: &Wanted) -> (Option<Tensor>, Option<Tensor>) {
    (wanted.contains(1).then(|| a.clone()), wanted.contains(0).then(|| b.clone()))
}
