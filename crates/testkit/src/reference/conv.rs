//! Convolution and its gradients, by one enumeration of the products that each is a sum of.

use tensorkeep_tensor::Shape;
use tensorkeep_tensor::op::{Conv, Spec, Window};

use super::Operand;
use super::sum::Sum;
use crate::expected::indices;
use crate::{Arithmetic, Expected};

pub(super) fn forward(conv: &Conv, inputs: &[Operand<'_>], spec: Spec, arithmetic: Arithmetic) -> Expected {
    let (x, w) = (inputs[0], inputs[1]);
    let geometry = Geometry { conv, x: *x.shape(), w: *w.shape(), y: spec.shape };
    let sums = geometry.sums(spec, |x_at, w_at, y_at| (y_at.to_vec(), x.at(x_at), w.at(w_at)));
    finish(spec, sums, arithmetic)
}

pub(super) fn input_grad(
    conv: &Conv,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Expected {
    let (dy, w) = (inputs[0], inputs[1]);
    let geometry = Geometry { conv, x: spec.shape, w: *w.shape(), y: *dy.shape() };
    let sums = geometry.sums(spec, |x_at, w_at, y_at| (x_at.to_vec(), dy.at(y_at), w.at(w_at)));
    finish(spec, sums, arithmetic)
}

pub(super) fn weight_grad(
    conv: &Conv,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Expected {
    let (x, dy) = (inputs[0], inputs[1]);
    let geometry = Geometry { conv, x: *x.shape(), w: spec.shape, y: *dy.shape() };
    let sums = geometry.sums(spec, |x_at, w_at, y_at| (w_at.to_vec(), x.at(x_at), dy.at(y_at)));
    finish(spec, sums, arithmetic)
}

fn finish(spec: Spec, sums: Vec<Sum>, arithmetic: Arithmetic) -> Expected {
    Expected::new(spec, sums.iter().map(|sum| sum.bounded(arithmetic)).collect())
}

struct Geometry<'a> {
    conv: &'a Conv,
    x: Shape,
    w: Shape,
    y: Shape,
}

impl Geometry<'_> {
    /// For every triple of indices (input, weight, result) that the convolution connects, adds the product told by `pick` to the
    /// element that it names.
    fn sums(
        &self,
        spec: Spec,
        pick: impl Fn(
            &[usize],
            &[usize],
            &[usize],
        ) -> (Vec<usize>, tensorkeep_tensor::Scalar, tensorkeep_tensor::Scalar),
    ) -> Vec<Sum> {
        let mut sums = vec![Sum::new(spec.dtype); spec.shape.elements()];
        let outputs_a_group = self.w[0] / self.conv.groups;
        for y_at in indices(&self.y) {
            for w_rest in indices(&Shape::new(&self.w[1..]).unwrap_or(Shape::SCALAR)) {
                let group = y_at[1] / outputs_a_group.max(1);
                let Some(place) = source(&self.conv.window, &y_at[2..], &w_rest[1..], &self.x[2..]) else {
                    continue;
                };
                let x_at = [&[y_at[0], group * self.w[1] + w_rest[0]], &place[..]].concat();
                let w_at = [&[y_at[1]], &w_rest[..]].concat();
                let (to, a, b) = pick(&x_at, &w_at, &y_at);
                let position = to.iter().zip(spec.shape.iter()).fold(0, |at, (&i, &n)| at * n + i);
                sums[position].add_product(a, b);
            }
        }
        sums
    }
}

/// Where in the input element `k` of the window at position `p` lies, `p·stride + k·dilation − padding`; `None` in the
/// padding.
pub(super) fn source(window: &Window, p: &[usize], k: &[usize], sizes: &[usize]) -> Option<Vec<usize>> {
    (0..sizes.len())
        .map(|axis| {
            let reach = p[axis] * window.stride[axis] + k[axis] * window.dilation[axis];
            reach.checked_sub(window.padding[axis].0).filter(|&i| i < sizes[axis])
        })
        .collect()
}
