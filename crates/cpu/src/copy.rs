//! Strided copies: any view into row-major order.

use smallvec::SmallVec;
use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{MAX_RANK, Result, Tensor};

use crate::cache::{LARGE, Past, prefetch_at};
use crate::memory::Line;
use crate::storage::{Context, Stored, elements, for_bits};
use crate::transpose::{SIDE, blocks, transposed};
use crate::view::{View, read_run};
use crate::workers::Workers;

/// Elements in the piece that a thread copies at a time.
const CHUNK: usize = 1 << 16;

/// The blocks in which matrices are transposed. Those rows that are read are a cache line each, and those written
/// several, so that no line is needed twice: rows a power of two apart put each other out of the cache.
const BLOCK: [usize; 2] = [16, 64];

/// How many lines of a matrix to transpose are asked for before they are needed.
const AHEAD: usize = 32;

/// Steps that it is to copy an element out of order.
const STRIDED_WORK: u64 = 4;

/// The tensor itself if it is contiguous, else a contiguous copy of it.
pub(crate) fn to_contiguous(cpu: &Context<'_>, x: &Tensor) -> Result<Tensor> {
    if x.layout().is_contiguous() { Ok(x.clone()) } else { duplicate(cpu, x) }
}

/// A contiguous copy in memory of its own.
pub(crate) fn duplicate(cpu: &Context<'_>, x: &Tensor) -> Result<Tensor> {
    duplicate_as(cpu, x, &x.spec())
}

/// [`duplicate`] with another shape of as many elements.
pub(crate) fn duplicate_as(cpu: &Context<'_>, x: &Tensor, spec: &Spec) -> Result<Tensor> {
    let mut bytes = cpu.alloc(spec)?;
    copy_to(cpu.workers, x, bytes.as_mut_slice())?;
    Ok(cpu.tensor(bytes, spec))
}

/// Copies the elements of a tensor in row-major order to the bytes of as many elements.
pub(crate) fn copy_to(workers: &Workers, x: &Tensor, out: &mut [u8]) -> Result<()> {
    for_bits!(x.dtype(), T => {
        copy::<T>(workers, elements(x)?, &View::new(x.layout()), bytemuck::cast_slice_mut(out));
    });
    Ok(())
}

/// Copies all elements of a view in row-major order.
pub(crate) fn copy<T: Stored>(workers: &Workers, data: &[T], view: &View, out: &mut [T]) {
    match *view.axes {
        [] => out.fill(data[view.offset]),
        [(_, 1)] => {
            let data = &data[view.offset..];
            workers.chunks(out.len() as u64, out, CHUNK, |i, chunk| {
                chunk.copy_from_slice(&data[i * CHUNK..][..chunk.len()]);
            });
        }
        // Few and large slices: each is divided by itself.
        [(n, stride), _, ..] if n < 16 && out.len() / n > CHUNK => {
            for (i, slice) in out.chunks_exact_mut(out.len() / n).enumerate() {
                let offset = (view.offset as isize + i as isize * stride) as usize;
                copy(workers, data, &View { offset, axes: view.axes[1..].into() }, slice);
            }
        }
        [(n, stride), ..] => {
            let row = out.len() / n;
            let rows = (CHUNK / row).next_multiple_of(BLOCK[0]).max(1);
            let past_caches = size_of_val(out) >= LARGE;
            workers.chunks(out.len() as u64 * STRIDED_WORK, out, rows * row, |i, chunk| {
                let mut axes = view.axes.clone();
                axes[0].0 = chunk.len() / row;
                let offset = view.offset as isize + (i * rows) as isize * stride;
                copy_part(data, offset, &axes, chunk, past_caches);
            });
        }
    }
}

/// Copies a row that may be short, as those of small images are: a call for each would take longer than what it does.
#[inline]
pub(crate) fn copy_row<T: Copy>(from: &[T], to: &mut [T]) {
    match to.len() {
        4..16 => copy_chunks::<T, 4>(from, to),
        16..128 => copy_chunks::<T, 16>(from, to),
        _ => to.copy_from_slice(from),
    }
}

/// Copies at least `N` elements, so many at a time, of which the last overlap those before.
#[inline(always)]
fn copy_chunks<T: Copy, const N: usize>(from: &[T], to: &mut [T]) {
    let last = to.len() - N;
    for i in (0..to.len()).step_by(N).map(|i| i.min(last)) {
        if let (Some(from), Some(to)) = (from[i..].first_chunk::<N>(), to[i..].first_chunk_mut()) {
            *to = *from;
        }
    }
}

/// The axes of a view.
type Axes = SmallVec<[(usize, isize); MAX_RANK]>;

/// Copies a view on this thread.
fn copy_part<T: Stored>(data: &[T], offset: isize, axes: &Axes, out: &mut [T], past_caches: bool) {
    let nearness = |i: &usize| if axes[*i].1 == 0 { usize::MAX } else { axes[*i].1.unsigned_abs() };
    let last = axes.len() - 1;
    match (0..last).min_by_key(nearness) {
        Some(near) if nearness(&near) < nearness(&last) => {
            copy_transposed(data, offset, axes, near, out, past_caches);
        }
        _ => View { offset: offset as usize, axes: axes.clone() }.read(data, 0, out),
    }
}

/// Copies a view whose elements lie closest along axis `near`, not along the last: by blocks of those two.
fn copy_transposed<T: Stored>(
    data: &[T],
    offset: isize,
    axes: &Axes,
    near: usize,
    out: &mut [T],
    past_caches: bool,
) {
    let past = past_caches.then(Past::new);
    let (rows, row_stride) = axes[near];
    let (cols, col_stride) = axes[axes.len() - 1];
    let pitch: usize = axes[near + 1..].iter().map(|axis| axis.0).product();
    // All planes of the two axes: each starts where the other axes stand.
    let others: Axes = axes[..axes.len() - 1]
        .iter()
        .enumerate()
        .filter(|&(i, _)| i != near)
        .map(|(_, &axis)| axis)
        .collect();
    let planes: usize = others.iter().map(|axis| axis.0).product();
    // Where the elements of the plane's last axis leave room for the rows of axis `near`.
    let inside = pitch / cols;
    for plane in 0..planes {
        let mut from = offset;
        let mut left = plane;
        for &(n, stride) in others.iter().rev() {
            from += (left % n) as isize * stride;
            left /= n;
        }
        let to = plane / inside * inside * rows * cols + plane % inside * cols;
        for i in (0..rows).step_by(BLOCK[0]) {
            for j in (0..cols).step_by(BLOCK[1]) {
                let size = [(rows - i).min(BLOCK[0]), (cols - j).min(BLOCK[1])];
                let from = from + i as isize * row_stride + j as isize * col_stride;
                let block = read_block(data, from, [row_stride, col_stride], size);
                for (i, row) in (i..).zip(&block[..size[0]]) {
                    let (row, out) = (&row[..size[1]], &mut out[to + i * pitch + j..][..size[1]]);
                    match (&past, bytemuck::try_cast_slice_mut::<T, Line>(out)) {
                        (Some(past), Ok(lines)) => past.copy(bytemuck::cast_slice(row), lines),
                        _ => out.copy_from_slice(row),
                    }
                }
            }
        }
    }
}

/// A block of `rows × cols` elements, of which the columns lie closest together.
fn read_block<T: Stored>(
    data: &[T],
    from: isize,
    [row_stride, col_stride]: [isize; 2],
    [rows, cols]: [usize; 2],
) -> [[T; BLOCK[1]]; BLOCK[0]] {
    let mut block = [[T::zeroed(); BLOCK[1]]; BLOCK[0]];
    let whole = if row_stride == 1 { [rows - rows % SIDE, cols - cols % SIDE] } else { [0, 0] };
    let position = |i: usize, j: usize| (from + i as isize * row_stride + j as isize * col_stride) as usize;
    for j in (0..whole[1]).step_by(SIDE) {
        for q in 0..SIDE {
            prefetch_at(data.as_ptr().wrapping_offset(from + (j + q + AHEAD) as isize * col_stride));
        }
        let columns: [&[T]; SIDE] = std::array::from_fn(|q| &data[position(0, j + q)..][..whole[0]]);
        for (rows, columns) in block.as_chunks_mut::<SIDE>().0.iter_mut().zip(blocks(columns)) {
            for (row, elements) in rows.iter_mut().zip(transposed(columns.map(|column| *column))) {
                row[j..j + SIDE].copy_from_slice(&elements);
            }
        }
    }
    for (i, row) in block[..rows].iter_mut().enumerate() {
        let done = if i < whole[0] { whole[1] } else { 0 };
        if done < cols {
            read_run(data, position(i, done) as isize, col_stride, &mut row[done..cols]);
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::{Layout, Shape};

    use super::*;

    #[test]
    fn rows_of_any_length_are_copied() {
        for len in 0..140 {
            let from: Vec<usize> = (0..len).collect();
            let mut to = vec![usize::MAX; len];
            copy_row(&from, &mut to);
            assert_eq!(to, from);
        }
    }

    #[test]
    fn any_order_of_axes_is_copied() {
        let workers = Workers::start(1).unwrap();
        let (a, b, c, d) = (3, 37, 2, 70);
        let data: Vec<u32> = (0..(a * b * c * d) as u32).collect();
        let sizes = [(a, b * c * d), (b, c * d), (c, d), (d, 1)];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [0, 3, 1, 2], [1, 3, 0, 2], [2, 0, 3, 1]] {
            let axes: Axes = order.iter().map(|&i| (sizes[i].0, sizes[i].1 as isize)).collect();
            let mut out = vec![0.0; data.len()];
            let floats: Vec<f32> = data.iter().map(|&x| x as f32).collect();
            copy(&workers, &floats, &View { offset: 0, axes: axes.clone() }, &mut out);
            let mut want = vec![0.0; data.len()];
            View { offset: 0, axes }.read(&floats, 0, &mut want);
            assert_eq!(out, want, "{order:?}");
        }
        let one = View::new(&Layout::contiguous(Shape::SCALAR));
        let mut out = [0.0];
        copy(&workers, &[7.0], &one, &mut out);
        assert_eq!(out, [7.0]);
    }
}
