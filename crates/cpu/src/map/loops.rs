//! Loops over tiles and strips, for functions that are compiled for an instruction set.

use super::lane::Element;

/// `to[i] = f(x[i])`.
#[inline(always)]
pub(super) fn map1<A: Copy, Z>(x: &[A], to: &mut [Z], f: impl Fn(A) -> Z) {
    for (to, &x) in to.iter_mut().zip(x) {
        *to = f(x);
    }
}

/// `to[i] = f(x[i], y[i])`.
#[inline(always)]
pub(super) fn map2<A: Copy, Z>([x, y]: [&[A]; 2], to: &mut [Z], f: impl Fn(A, A) -> Z) {
    for ((to, &x), &y) in to.iter_mut().zip(x).zip(y) {
        *to = f(x, y);
    }
}

/// `to[i] = f(x[i], y[i], z[i])`.
#[inline(always)]
pub(super) fn map3<A: Copy, B: Copy>(x: &[A], [y, z]: [&[B]; 2], to: &mut [B], f: impl Fn(A, B, B) -> B) {
    for (((to, &x), &y), &z) in to.iter_mut().zip(x).zip(y).zip(z) {
        *to = f(x, y, z);
    }
}

/// Where a loop finds an operand: side by side, or as one number for all.
pub(super) trait Numbers<T>: Copy {
    /// As many of its numbers as there are indices.
    fn first(self, count: usize) -> Self;

    /// That of index `i`.
    fn at(self, i: usize) -> T;
}

impl<T: Copy> Numbers<T> for &[T] {
    #[inline(always)]
    fn first(self, count: usize) -> Self {
        &self[..count]
    }

    #[inline(always)]
    fn at(self, i: usize) -> T {
        self[i]
    }
}

impl<T: Element> Numbers<T> for T {
    #[inline(always)]
    fn first(self, _count: usize) -> Self {
        self
    }

    #[inline(always)]
    fn at(self, _i: usize) -> T {
        self
    }
}

/// `to[i] = if test(a[i], b[i]) { x[i] } else { y[i] }`.
#[inline(always)]
pub(super) fn choose<T: Element, N: Numbers<T>>(
    (a, b): (&[T], N),
    (x, y): (N, &[T]),
    to: &mut [T],
    test: impl Fn(T, T) -> bool,
) {
    let count = to.len();
    let (a, b, x, y) = (&a[..count], b.first(count), x.first(count), &y[..count]);
    for (i, (to, (&a, &y))) in to.iter_mut().zip(a.iter().zip(y)).enumerate() {
        *to = T::blend(u8::from(test(a, b.at(i))), x.at(i), y);
    }
}
