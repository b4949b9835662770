//! Transposition of small blocks, in registers where elements have four bytes.
#![allow(unsafe_code, reason = "vector instructions need a machine that has them")]

use bytemuck::Pod;

/// Side of a block.
pub(crate) const SIDE: usize = 4;

/// Rows of a block, or its columns.
pub(crate) type Block<T> = [[T; SIDE]; SIDE];

/// All whole blocks of as many columns, each by its columns.
pub(crate) fn blocks<T>([a, b, c, d]: [&[T]; SIDE]) -> impl Iterator<Item = [&[T; SIDE]; SIDE]> {
    let [a, b, c, d] = [a, b, c, d].map(|column| column.as_chunks().0);
    a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d])
}

/// The columns of a block whose rows are given.
#[inline(always)]
pub(crate) fn transposed<T: Pod>(rows: Block<T>) -> Block<T> {
    #[cfg(target_arch = "x86_64")]
    if size_of::<T>() == 4 {
        // SAFETY: every x86-64 machine has SSE.
        return unsafe { transposed_sse(rows) };
    }
    std::array::from_fn(|j| rows.map(|row| row[j]))
}

/// [`transposed`] for elements of four bytes. The compiler would move one element at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse")]
#[inline]
fn transposed_sse<T: Pod>(rows: Block<T>) -> Block<T> {
    use std::arch::x86_64::{__m128, _mm_movehl_ps, _mm_movelh_ps, _mm_unpackhi_ps, _mm_unpacklo_ps};
    let [a, b, c, d]: [__m128; SIDE] = rows.map(bytemuck::cast);
    let (low_ab, low_cd) = (_mm_unpacklo_ps(a, b), _mm_unpacklo_ps(c, d));
    let (high_ab, high_cd) = (_mm_unpackhi_ps(a, b), _mm_unpackhi_ps(c, d));
    let columns = [
        _mm_movelh_ps(low_ab, low_cd),
        _mm_movehl_ps(low_cd, low_ab),
        _mm_movelh_ps(high_ab, high_cd),
        _mm_movehl_ps(high_cd, high_ab),
    ];
    columns.map(bytemuck::cast)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        fn check<T: Pod + PartialEq + std::fmt::Debug>(number: impl Fn(u8) -> T) {
            let rows: Block<T> = std::array::from_fn(|i| std::array::from_fn(|j| number((4 * i + j) as u8)));
            let columns: Block<T> =
                std::array::from_fn(|j| std::array::from_fn(|i| number((4 * i + j) as u8)));
            assert_eq!(transposed(rows), columns);
        }
        check(|x| x);
        check(u16::from);
        check(f32::from);
        check(i32::from);
        check(f64::from);
    }
}
