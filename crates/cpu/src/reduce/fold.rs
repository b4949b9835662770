//! What is folded with.

use super::element::Number;
use crate::dispatch::{Loop, dispatch};
use crate::storage::Stored;

/// A way of folding numbers `L`.
pub(crate) trait Fold<L: Number> {
    /// What a tile's worth is folded into.
    type Part: Stored;
    /// What parts are merged into.
    type Sum: Stored;
    /// The fold of nothing.
    const START: Self::Part;
    /// What changes no fold.
    const NEUTRAL: L;
    /// Whether it is worth compiling for AVX-512 too.
    const IN_AVX512: bool = L::IN_AVX512;
    /// Whether [`join_numbers`](Self::join_numbers) drops NaN, which must then be looked for.
    const DROPS_NAN: bool = false;

    fn lift(x: L) -> Self::Part;
    fn join(a: Self::Part, b: Self::Part) -> Self::Part;

    /// [`join`](Self::join) where none is NaN.
    #[inline(always)]
    fn join_numbers(a: Self::Part, b: Self::Part) -> Self::Part {
        Self::join(a, b)
    }

    fn widen(part: Self::Part) -> Self::Sum;
    fn merge(a: Self::Sum, b: Self::Sum) -> Self::Sum;
    fn finish(sum: Self::Sum) -> L;
}

/// Σ x: a tile at a time in the lane, tiles together in `f64` for floats, so that the error hardly grows with the count.
pub(crate) struct Sum;

impl<L: Number> Fold<L> for Sum {
    type Part = L;
    type Sum = L::Wide;
    const START: L = L::ZERO;
    const NEUTRAL: L = L::ZERO;

    #[inline(always)]
    fn lift(x: L) -> L {
        x
    }

    #[inline(always)]
    fn join(a: L, b: L) -> L {
        a.add(b)
    }

    #[inline(always)]
    fn widen(part: L) -> L::Wide {
        part.wide()
    }

    #[inline(always)]
    fn merge(a: L::Wide, b: L::Wide) -> L::Wide {
        L::add_wide(a, b)
    }

    #[inline(always)]
    fn finish(sum: L::Wide) -> L {
        L::of_wide(sum)
    }
}

/// Σ x², squared in the lane and summed as by [`Sum`].
pub(crate) struct SquareSum;

impl<L: Number + std::ops::Mul<Output = L>> Fold<L> for SquareSum {
    type Part = L;
    type Sum = L::Wide;
    const START: L = L::ZERO;
    const NEUTRAL: L = L::ZERO;

    #[inline(always)]
    fn lift(x: L) -> L {
        x * x
    }

    #[inline(always)]
    fn join(a: L, b: L) -> L {
        <Sum as Fold<L>>::join(a, b)
    }

    #[inline(always)]
    fn widen(part: L) -> L::Wide {
        <Sum as Fold<L>>::widen(part)
    }

    #[inline(always)]
    fn merge(a: L::Wide, b: L::Wide) -> L::Wide {
        <Sum as Fold<L>>::merge(a, b)
    }

    #[inline(always)]
    fn finish(sum: L::Wide) -> L {
        <Sum as Fold<L>>::finish(sum)
    }
}

/// Π x, in `f64` for floats, which has room for factors of `f32` that leave it on the way.
pub(crate) struct Product;

impl<L: Number> Fold<L> for Product {
    type Part = L::Wide;
    type Sum = L::Wide;
    const START: L::Wide = L::WIDE_ONE;
    const NEUTRAL: L = L::ONE;
    const IN_AVX512: bool = false;

    #[inline(always)]
    fn lift(x: L) -> L::Wide {
        x.wide()
    }

    #[inline(always)]
    fn join(a: L::Wide, b: L::Wide) -> L::Wide {
        L::mul_wide(a, b)
    }

    #[inline(always)]
    fn widen(part: L::Wide) -> L::Wide {
        part
    }

    #[inline(always)]
    fn merge(a: L::Wide, b: L::Wide) -> L::Wide {
        L::mul_wide(a, b)
    }

    #[inline(always)]
    fn finish(sum: L::Wide) -> L {
        L::of_wide(sum)
    }
}

/// The largest or the smallest; NaN if any is.
macro_rules! extreme {
    ($(#[$doc:meta])* $name:ident: $start:ident $beats:tt, $in_avx512:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl<L: Number> Fold<L> for $name {
            type Part = L;
            type Sum = L;
            const START: L = L::$start;
            const NEUTRAL: L = L::$start;
            const IN_AVX512: bool = $in_avx512;
            const DROPS_NAN: bool = true;

            #[inline(always)]
            fn lift(x: L) -> L {
                x
            }

            #[inline(always)]
            fn join(a: L, b: L) -> L {
                L::choose((b $beats a) | b.is_nan(), b, a)
            }

            // So written it is one instruction.
            #[inline(always)]
            fn join_numbers(a: L, b: L) -> L {
                if b $beats a { b } else { a }
            }

            #[inline(always)]
            fn widen(part: L) -> L {
                part
            }

            #[inline(always)]
            fn merge(a: L, b: L) -> L {
                <Self as Fold<L>>::join(a, b)
            }

            #[inline(always)]
            fn finish(sum: L) -> L {
                sum
            }
        }
    };
}

extreme! {
    /// The largest; NaN if any is.
    Largest: LEAST >, L::IN_AVX512
}

extreme! {
    /// The smallest; NaN if any is.
    Smallest: GREATEST <, false
}

/// `to[j] = join(join(parts[j], x[0][j]), x[1][j])` and so on. Not in place: of a part that may stay as it is the compiler
/// makes a masked store, which some processors take very long for.
#[inline]
pub(crate) fn fold_columns<L: Number, F: Fold<L>, const ROWS: usize>(
    parts: &[F::Part],
    x: [&[L]; ROWS],
    to: &mut [F::Part],
) {
    dispatch(Columns::<L, F, ROWS> { parts, x, to });
}

struct Columns<'a, L: Number, F: Fold<L>, const ROWS: usize> {
    parts: &'a [F::Part],
    x: [&'a [L]; ROWS],
    to: &'a mut [F::Part],
}

impl<L: Number, F: Fold<L>, const ROWS: usize> Loop for Columns<'_, L, F, ROWS> {
    type Output = ();

    const IN_AVX512: bool = F::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        let count = self.to.len();
        let (parts, x) = (&self.parts[..count], self.x.map(|x| &x[..count]));
        for j in 0..count {
            let mut part = parts[j];
            for x in x {
                part = F::join(part, F::lift(x[j]));
            }
            self.to[j] = part;
        }
    }
}
