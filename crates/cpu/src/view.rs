//! A view to be read: few axes, in row-major order.

use smallvec::SmallVec;
use tensorkeep_tensor::{Layout, MAX_RANK, Shape};

/// Where the elements of a view lie, as few axes as address them in row-major order, outermost first. A single element
/// has no axes.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) offset: usize,
    /// Size and stride of each axis; no size is 1.
    pub(crate) axes: SmallVec<[(usize, isize); MAX_RANK]>,
}

impl View {
    /// The view that a layout describes.
    pub(crate) fn new(layout: &Layout) -> Self {
        Self { offset: layout.offset(), axes: layout.merged() }
    }

    /// The view stretched to `shape`, to which it must broadcast.
    pub(crate) fn broadcast(layout: &Layout, shape: &Shape) -> Self {
        if layout.shape() == shape {
            return Self::new(layout);
        }
        let mut axes: SmallVec<[(usize, isize); MAX_RANK]> = SmallVec::new();
        let inner = layout.shape().iter().zip(layout.strides()).rev();
        let inner = inner.map(|(&n, &stride)| if n == 1 { 0 } else { stride });
        let strides = inner.chain(std::iter::repeat(0));
        for (&n, stride) in shape.iter().rev().zip(strides) {
            match axes.last_mut() {
                _ if n == 1 => {}
                Some(last) if stride == last.1 * last.0 as isize => last.0 *= n,
                _ => axes.push((n, stride)),
            }
        }
        axes.reverse();
        Self { offset: layout.offset(), axes }
    }

    /// Whether neighbours lie on different cache lines though other elements of the view share those.
    pub(crate) fn is_scattered(&self, element_bytes: usize) -> bool {
        let Some(((n, stride), outer)) = self.axes.split_last() else { return false };
        let far = stride.unsigned_abs().saturating_mul(element_bytes) >= 64;
        let nearer = |axis: &(usize, isize)| axis.1.unsigned_abs() < stride.unsigned_abs();
        *n > 8 && far && outer.iter().any(nearer) && outer.iter().all(|axis| axis.1 != 0)
    }

    /// Where `len` elements from number `start` on lie side by side, if they do: in one row.
    pub(crate) fn run(&self, start: usize, len: usize) -> Option<usize> {
        let (&(n, stride), outer) = self.axes.split_last()?;
        if stride != 1 || start % n + len > n {
            return None;
        }
        let (mut row, mut position) = (start / n, self.offset as isize + (start % n) as isize);
        for (depth, &(n, stride)) in outer.iter().enumerate().rev() {
            // The outermost needs no division, which is most of what this costs.
            let (left, index) = if depth == 0 { (0, row) } else { (row / n, row % n) };
            position += index as isize * stride;
            row = left;
        }
        Some(position as usize)
    }

    /// Copies the elements from number `start` on, as many as fit into `out`.
    pub(crate) fn read<T: Copy>(&self, data: &[T], start: usize, out: &mut [T]) {
        let Some((&(n, stride), outer)) = self.axes.split_last() else {
            return out.fill(data[self.offset]);
        };
        let (mut left, mut position) = (start / n, self.offset as isize);
        let mut index = [0; MAX_RANK];
        for (i, &(n, stride)) in index.iter_mut().zip(outer).rev() {
            (*i, left) = (left % n, left / n);
            position += *i as isize * stride;
        }
        let (mut first, mut rest) = (start % n, out);
        loop {
            let (run, after) = rest.split_at_mut(rest.len().min(n - first));
            read_run(data, position + first as isize * stride, stride, run);
            if after.is_empty() {
                return;
            }
            (first, rest) = (0, after);
            advance(&mut index, outer, &mut position);
        }
    }
}

/// Moves on to the next row of the outer axes.
fn advance(index: &mut [usize; MAX_RANK], outer: &[(usize, isize)], position: &mut isize) {
    for (i, &(n, stride)) in index.iter_mut().zip(outer).rev() {
        *i += 1;
        *position += stride;
        if *i < n {
            return;
        }
        *position -= stride * n as isize;
        *i = 0;
    }
}

/// Copies elements `stride` apart.
#[inline]
pub(crate) fn read_run<T: Copy>(data: &[T], start: isize, stride: isize, out: &mut [T]) {
    match stride {
        1 => out.copy_from_slice(&data[start as usize..][..out.len()]),
        0 => out.fill(data[start as usize]),
        _ => {
            let mut position = start;
            for out in out {
                *out = data[position as usize];
                position += stride;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_any_view_is_read() {
        let data: Vec<i32> = (0..60).collect();
        let shape = |sizes: &[usize]| Shape::new(sizes).unwrap();
        let base = Layout::contiguous(shape(&[3, 4, 5]));
        let row = Layout::contiguous(shape(&[4, 1]));
        let planes = Layout::contiguous(shape(&[3, 1, 5]));
        let whole: Vec<i32> = data.clone();
        let stretched: Vec<i32> = [0, 1, 2, 3].iter().flat_map(|&i| [i; 5]).collect::<Vec<_>>().repeat(3);
        let (whole_shape, vector) = (shape(&[3, 4, 5]), Layout::contiguous(shape(&[5])));
        for (view, want) in [
            (View::new(&base), whole),
            (View::broadcast(&row, &whole_shape), stretched),
            (View::broadcast(&vector, &whole_shape), [0, 1, 2, 3, 4].repeat(12)),
            (
                View::broadcast(&planes, &whole_shape),
                [0, 1, 2].map(|i| [5 * i, 5 * i + 1, 5 * i + 2, 5 * i + 3, 5 * i + 4].repeat(4)).concat(),
            ),
        ] {
            for start in 0..want.len() {
                for len in 1..=want.len() - start {
                    let mut out = vec![-1; len];
                    view.read(&data, start, &mut out);
                    assert_eq!(out, want[start..start + len], "{view:?} from {start}");
                    if let Some(at) = view.run(start, len) {
                        assert_eq!(data[at..at + len], want[start..start + len], "{view:?} from {start}");
                    }
                }
            }
        }
    }
}
