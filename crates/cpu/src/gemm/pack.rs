//! Packing: a few columns of an operand copied into the order in which a tile reads them.

use super::element::Element;
use super::operand::Operand;

/// Copies `panel`, widened, to the start of `into`: its rows one after the other, each filled up with zeros
/// to `width` elements. Rows of the left operand are packed as columns of its transpose.
pub(super) fn pack<T: Element>(panel: Operand<'_, T>, width: usize, into: &mut [T::Sum]) {
    let rows = into.chunks_exact_mut(width).take(panel.rows());
    if panel.col_stride() == 1 {
        for (p, into) in rows.enumerate() {
            if let Some(row) = panel.row(p) {
                let (elements, padding) = into.split_at_mut(row.len());
                T::widen_slice(row, elements);
                padding.fill(bytemuck::Zeroable::zeroed());
            }
        }
    } else if panel.row_stride() == 1 {
        transpose(panel, width, into);
    } else {
        for (p, into) in rows.enumerate() {
            for (j, into) in into.iter_mut().enumerate() {
                *into = if j < panel.cols() { panel.at(p, j).widen() } else { bytemuck::Zeroable::zeroed() };
            }
        }
    }
}

/// Packs a panel whose columns are contiguous, several columns at a time: so many streams the prefetcher can
/// follow.
fn transpose<T: Element>(panel: Operand<'_, T>, width: usize, into: &mut [T::Sum]) {
    const STREAMS: usize = 4;
    let columns = panel.transposed();
    let column = |j: usize| columns.row(j).unwrap_or_default();
    let mut j = 0;
    while j < width {
        if j + STREAMS <= columns.rows() {
            let streams: [&[T]; STREAMS] = std::array::from_fn(|stream| column(j + stream));
            let [a, b, c, d] = streams;
            for ((((into, a), b), c), d) in into.chunks_exact_mut(width).zip(a).zip(b).zip(c).zip(d) {
                into[j..j + STREAMS].copy_from_slice(&[a.widen(), b.widen(), c.widen(), d.widen()]);
            }
            j += STREAMS;
        } else if j < columns.rows() {
            for (into, x) in into.chunks_exact_mut(width).zip(column(j)) {
                into[j] = x.widen();
            }
            j += 1;
        } else {
            for into in into.chunks_exact_mut(width).take(panel.rows()) {
                into[j..].fill(bytemuck::Zeroable::zeroed());
            }
            break;
        }
    }
}
