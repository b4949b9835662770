//! Folds of elements that lie side by side.

use std::array;
use std::marker::PhantomData;

use bytemuck::Zeroable;

use super::element::{Element, Number, TILE};
use super::fold::Fold;
use crate::dispatch::{Loop, dispatch};

/// Accumulators side by side: enough to hide the latency of the widest registers.
const LANES: usize = 64;

/// Folds elements that lie side by side.
pub(crate) fn fold_row<T: Element, F: Fold<T::Lane>>(x: &[T]) -> F::Sum {
    fold_row_of::<T, F>(x, same)
}

// A function and not closures, for each of which the loop would be compiled again.
#[inline(always)]
fn same<L>(x: L) -> L {
    x
}

/// Folds what `f` makes of elements that lie side by side.
pub(crate) fn fold_row_of<T: Element, F: Fold<T::Lane>>(
    x: &[T],
    f: impl Fn(T::Lane) -> T::Lane + Copy,
) -> F::Sum {
    let start = F::widen(F::START);
    let tiles = x.chunks(TILE);
    if T::lanes(x).is_some() {
        let parts = tiles.filter_map(T::lanes).map(|tile| F::widen(fold_tile_of::<T::Lane, F>(tile, f)));
        return parts.fold(start, F::merge);
    }
    let mut buffer = [T::Lane::ZERO; TILE];
    tiles.fold(start, |sum, tile| {
        F::merge(sum, F::widen(fold_tile_of::<T::Lane, F>(T::widen(tile, &mut buffer), f)))
    })
}

/// Folds at most [`TILE`] numbers.
#[inline]
pub(crate) fn fold_tile<L: Number, F: Fold<L>>(x: &[L]) -> F::Part {
    fold_tile_of::<L, F>(x, same)
}

/// Folds what `f` makes of at most [`TILE`] numbers.
#[inline]
fn fold_tile_of<L: Number, F: Fold<L>>(x: &[L], f: impl Fn(L) -> L + Copy) -> F::Part {
    if x.len() < LANES {
        return x.iter().fold(F::START, |part, &x| F::join(part, F::lift(f(x))));
    }
    dispatch(Row::<L, F, _> { x, f, with: PhantomData })
}

pub(super) struct Row<'a, L, F, M> {
    pub(super) x: &'a [L],
    pub(super) f: M,
    pub(super) with: PhantomData<F>,
}

impl<L: Number, F: Fold<L>, M: Fn(L) -> L + Copy> Loop for Row<'_, L, F, M> {
    type Output = F::Part;

    const IN_AVX512: bool = F::IN_AVX512;

    #[inline(always)]
    fn run(self) -> F::Part {
        let (chunks, rest) = self.x.as_chunks();
        let lanes = Lanes::<L, F>::of(chunks, self.f);
        // Filled up, so that there is no other code for it; and read last, as whatever fetches rows ahead expects.
        let mut last = [F::NEUTRAL; LANES];
        last.iter_mut().zip(rest).for_each(|(last, &x)| *last = (self.f)(x));
        let last = Lanes::<L, F>::of(&[last], same);
        if F::DROPS_NAN && (lanes.dropped_nan() | last.dropped_nan()) {
            return F::lift(self.x.iter().map(|&x| (self.f)(x)).find(|x| x.is_nan()).unwrap_or(F::NEUTRAL));
        }
        joined::<L, F>(&array::from_fn(|i| F::join_numbers(lanes.parts[i], last.parts[i])))
    }
}

/// Folds side by side.
struct Lanes<L: Number, F: Fold<L>> {
    parts: [F::Part; LANES],
    /// Bits where the fold dropped NaN: one word for two numbers, as one comparison finds it in either.
    nan: [L::Bits; LANES / 2],
}

impl<L: Number, F: Fold<L>> Lanes<L, F> {
    #[inline(always)]
    fn of(chunks: &[[L; LANES]], f: impl Fn(L) -> L + Copy) -> Self {
        let mut lanes = Self { parts: [F::START; LANES], nan: [L::Bits::zeroed(); LANES / 2] };
        for chunk in chunks {
            let chunk = &chunk.map(f);
            for (part, &x) in lanes.parts.iter_mut().zip(chunk) {
                *part = F::join_numbers(*part, F::lift(x));
            }
            if F::DROPS_NAN {
                let (low, high) = chunk.split_at(LANES / 2);
                for ((nan, &a), &b) in lanes.nan.iter_mut().zip(low).zip(high) {
                    *nan = *nan | L::nan_bits(a, b);
                }
            }
        }
        lanes
    }

    #[inline(always)]
    fn dropped_nan(&self) -> bool {
        self.nan.iter().fold(L::Bits::zeroed(), |any, &nan| any | nan) != L::Bits::zeroed()
    }
}

/// All lanes joined. By arrays that are half as long each, not in place: of a part that may stay as it is the compiler makes
/// a masked store, which some processors take very long for.
#[inline(always)]
fn joined<L: Number, F: Fold<L>>(lanes: &[F::Part; LANES]) -> F::Part {
    let lanes = halved::<L, F, 32>(lanes);
    let lanes = halved::<L, F, 16>(&lanes);
    let lanes = halved::<L, F, 8>(&lanes);
    let lanes = halved::<L, F, 4>(&lanes);
    let [a, b] = halved::<L, F, 2>(&lanes);
    F::join_numbers(a, b)
}

/// Each of the first `N` lanes joined with the one `N` later.
#[inline(always)]
fn halved<L: Number, F: Fold<L>, const N: usize>(lanes: &[F::Part]) -> [F::Part; N] {
    array::from_fn(|i| F::join_numbers(lanes[i], lanes[i + N]))
}
