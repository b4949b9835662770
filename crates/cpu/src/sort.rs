//! Sorting along an axis.

use bytemuck::Pod;
use half::{bf16, f16};
use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::{Sort, Spec};
use tensorkeep_tensor::{DType, Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::storage::{Context, Stored, contiguous, for_stored};

/// Elements in the piece that a thread sorts at a time, at least a lane.
const CHUNK: usize = 1 << 12;

/// The most runs that a lane is sorted as: to merge them costs as many comparisons an element.
const MAX_RUNS: usize = 8;

/// What it costs to sort an element of a lane of average length, in steps of [`Workers`](crate::workers::Workers).
const SORT_WORK: u64 = 64;

pub(crate) fn apply(cpu: &Context<'_>, op: &Sort, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x] = inputs else {
        return Err(Error::internal("sort", "sort takes one operand"));
    };
    // With the sorted axis as the last, whose lanes lie side by side, and back again.
    let swapped = |x: &Tensor| to_contiguous(cpu, &x.transpose(op.axis as isize, -1)?);
    let x = swapped(x)?;
    let [values, index] = [x.dtype(), DType::INDEX].map(|dtype| Spec::new(*x.shape(), dtype));
    for_stored!(x.dtype(), T => {
        let (mut places, len) = (cpu.alloc(&index)?, x.shape()[x.rank() - 1]);
        let values = cpu.filled::<T>(&values, |values| {
            sort(cpu, op.descending, len, contiguous(&x)?, values, places.as_mut_slice())
        })?;
        Ok(smallvec![swapped(&values)?, swapped(&cpu.tensor(places, &index))?])
    })
}

/// Sorts lanes of `len` elements.
fn sort<T: Key>(
    cpu: &Context<'_>,
    descending: bool,
    len: usize,
    x: &[T],
    values: &mut [T],
    index: &mut [i32],
) -> Result<()> {
    let work = (x.len() as u64).saturating_mul(SORT_WORK);
    let group = (CHUNK / len).max(1) * len;
    let results = values.chunks_mut(group).zip(index.chunks_mut(group));
    let mut groups: Vec<_> = x.chunks(group).zip(results).collect();
    // If there are too few groups for all threads, each lane is sorted as several runs.
    let runs = cpu.workers.threads(work).div_ceil(groups.len().max(1)).min(MAX_RUNS);
    cpu.workers.try_for_each(work, &mut groups, |_, (x, (values, index))| {
        let mut keys = cpu.scratch::<T::Ranked>(len)?;
        let keys = keys.as_mut_slice::<T::Ranked>();
        let results = values.chunks_exact_mut(len).zip(index.chunks_exact_mut(len));
        for (x, (values, index)) in x.chunks_exact(len).zip(results) {
            for (i, (key, &x)) in keys.iter_mut().zip(x).enumerate() {
                *key = x.ranked(descending, i as u32);
            }
            // No two are equal, since each holds its place: so this is stable, and the same however it is divided.
            let run = len.div_ceil(runs);
            cpu.workers.chunks(work, keys, run, |_, keys| keys.sort_unstable());
            for ((key, value), index) in merged(keys.chunks(run)).zip(values).zip(index) {
                let i = T::place(key);
                (*value, *index) = (x[i as usize], i as i32);
            }
        }
        Ok(())
    })
}

/// The elements of sorted runs in order.
fn merged<'a, K: Copy + Ord + 'a>(runs: impl Iterator<Item = &'a [K]>) -> impl Iterator<Item = K> {
    let mut runs: SmallVec<[&[K]; MAX_RUNS]> = runs.collect();
    std::iter::from_fn(move || {
        let first = |run: &&mut &[K]| run.first().copied();
        let run = runs.iter_mut().filter(|run| !run.is_empty()).min_by_key(first)?;
        let (&least, rest) = run.split_first()?;
        *run = rest;
        Some(least)
    })
}

/// An element that can be sorted: by a whole number that is larger where the element is, with the place behind it.
trait Key: Stored {
    /// Room for both.
    type Ranked: Pod + Ord + Send;

    fn ranked(self, descending: bool, place: u32) -> Self::Ranked;

    fn place(ranked: Self::Ranked) -> u32;
}

/// The key of an element, by `$rank`: a function to `$bits`, of which `$ranked` has twice the room.
macro_rules! key {
    ($($element:ident: $bits:ident in $ranked:ident, $rank:expr;)*) => {$(
        impl Key for $element {
            type Ranked = $ranked;

            fn ranked(self, descending: bool, place: u32) -> $ranked {
                let rank: $bits = $rank(self);
                let rank = if descending { !rank } else { rank };
                $ranked::from(rank) << $bits::BITS | $ranked::from(place)
            }

            fn place(ranked: $ranked) -> u32 {
                ranked as u32
            }
        }
    )*};
}

key! {
    u8: u32 in u64, u32::from;
    i32: u32 in u64, |x: i32| x as u32 ^ 1 << 31;
    i64: u64 in u128, |x: i64| x as u64 ^ 1 << 63;
    f16: u32 in u64, |x: f16| rank_f32(x.to_f32());
    bf16: u32 in u64, |x: bf16| rank_f32(x.to_f32());
    f32: u32 in u64, rank_f32;
    f64: u64 in u128, rank_f64;
}

macro_rules! rank_float {
    ($name:ident, $float:ident, $bits:ident) => {
        /// A whole number in the order of the floats: both zeros alike, NaN above all.
        fn $name(x: $float) -> $bits {
            const SIGN: $bits = 1 << ($bits::BITS - 1);
            if x.is_nan() {
                return $bits::MAX;
            }
            // Zeros of both signs become the positive one.
            let bits = (x + 0.0).to_bits();
            if bits & SIGN == 0 { bits | SIGN } else { !bits }
        }
    };
}

rank_float!(rank_f32, f32, u32);
rank_float!(rank_f64, f64, u64);

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::Tensor;
    use tensorkeep_tensor::op::Op;

    use super::*;
    use crate::{Options, with_options};

    #[test]
    fn equal_elements_keep_their_order() -> Result<()> {
        let data = vec![0.0, f32::NAN, -1.0, -0.0, f32::INFINITY, f32::NAN, -1.0, f32::NEG_INFINITY];
        let x = Tensor::from_vec(data, [8], &crate::device())?;
        for (descending, want) in [(false, [7, 2, 6, 0, 3, 4, 1, 5]), (true, [1, 5, 4, 0, 3, 2, 6, 7])] {
            let sorted = Tensor::apply(&Op::Sort(Sort { axis: 0, descending }), &[&x])?;
            assert_eq!(sorted[1].to_vec::<i32>()?, want);
        }
        Ok(())
    }

    #[test]
    fn extreme_integers_are_in_order() {
        let ordered = [i64::MIN, -1, 0, 1, i64::MAX];
        assert!(ordered.is_sorted_by_key(|&x| x.ranked(false, 0)));
        assert!([i32::MIN, -1, 0, 1, i32::MAX].is_sorted_by_key(|&x| x.ranked(false, 0)));
        assert_eq!(i64::place(i64::MIN.ranked(true, u32::MAX)), u32::MAX);
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        // A long lane, which is divided itself, and many short ones.
        for (shape, axis) in [([1, 30_000], 1), ([300, 100], 0)] {
            let data: Vec<f64> = (0..30_000).map(|i| f64::from(i * i % 97)).collect();
            let results = |threads| {
                let device = with_options(Options { threads: Some(threads), memory_bytes: None }).unwrap();
                let x = Tensor::from_vec(data.clone(), shape, &device).unwrap();
                let sorted = Tensor::apply(&Op::Sort(Sort { axis, descending: true }), &[&x]).unwrap();
                (sorted[0].to_vec::<f64>().unwrap(), sorted[1].to_vec::<i32>().unwrap())
            };
            assert!(results(1) == results(3), "{shape:?}");
        }
    }
}
