//! Loops over tiles.

use bytemuck::Pod;

use super::lane::Element;
use crate::dispatch::{Loop, dispatch};

/// `to[i] = f(x[i])`.
pub(super) fn map1<A: Element, Z: Pod>(x: &[A], to: &mut [Z], f: impl Fn(A) -> Z) {
    dispatch(Map1 { x, to, f });
}

/// `to[i] = f(x[i], y[i])`.
pub(super) fn map2<A: Element, Z: Pod>(x: &[A], y: &[A], to: &mut [Z], f: impl Fn(A, A) -> Z) {
    dispatch(Map2 { x, y, to, f });
}

/// `to[i] = if condition[i] { x[i] } else { y[i] }`, where conditions are 0 or 1.
pub(super) fn select<A: Element>(condition: &[u8], x: &[A], y: &[A], to: &mut [A]) {
    dispatch(Select { condition, x, y, to });
}

/// `to[i] = if test(a[i], b[i]) { x[i] } else { y[i] }`.
pub(super) fn choose(
    [a, b]: [&[f32]; 2],
    [x, y]: [&[f32]; 2],
    to: &mut [f32],
    test: impl Fn(f32, f32) -> bool,
) {
    dispatch(Choose { a, b, x, y, to, test });
}

struct Choose<'a, F> {
    a: &'a [f32],
    b: &'a [f32],
    x: &'a [f32],
    y: &'a [f32],
    to: &'a mut [f32],
    test: F,
}

impl<F: Fn(f32, f32) -> bool> Loop for Choose<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (of, between) = (self.a.iter().zip(self.b), self.x.iter().zip(self.y));
        for ((to, (&a, &b)), (&x, &y)) in self.to.iter_mut().zip(of).zip(between) {
            *to = f32::blend(u8::from((self.test)(a, b)), x, y);
        }
    }
}

/// `to[i] = sum(a[i] · b[i], x[i])`.
pub(super) fn mul_add([a, b]: [&[f32]; 2], x: &[f32], to: &mut [f32], sum: impl Fn(f32, f32) -> f32) {
    dispatch(MulAdd { a, b, x, to, sum });
}

struct MulAdd<'a, F> {
    a: &'a [f32],
    b: &'a [f32],
    x: &'a [f32],
    to: &'a mut [f32],
    sum: F,
}

impl<F: Fn(f32, f32) -> f32> Loop for MulAdd<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (((to, &a), &b), &x) in self.to.iter_mut().zip(self.a).zip(self.b).zip(self.x) {
            *to = (self.sum)(a * b, x);
        }
    }
}

struct Map1<'a, A, Z, F> {
    x: &'a [A],
    to: &'a mut [Z],
    f: F,
}

impl<A: Element, Z: Pod, F: Fn(A) -> Z> Loop for Map1<'_, A, Z, F> {
    type Output = ();

    const IN_AVX512: bool = A::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        for (to, &x) in self.to.iter_mut().zip(self.x) {
            *to = (self.f)(x);
        }
    }
}

struct Map2<'a, A, Z, F> {
    x: &'a [A],
    y: &'a [A],
    to: &'a mut [Z],
    f: F,
}

impl<A: Element, Z: Pod, F: Fn(A, A) -> Z> Loop for Map2<'_, A, Z, F> {
    type Output = ();

    const IN_AVX512: bool = A::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        for ((to, &x), &y) in self.to.iter_mut().zip(self.x).zip(self.y) {
            *to = (self.f)(x, y);
        }
    }
}

struct Select<'a, A> {
    condition: &'a [u8],
    x: &'a [A],
    y: &'a [A],
    to: &'a mut [A],
}

impl<A: Element> Loop for Select<'_, A> {
    type Output = ();

    const IN_AVX512: bool = A::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        for (((to, &condition), &x), &y) in self.to.iter_mut().zip(self.condition).zip(self.x).zip(self.y) {
            *to = A::blend(condition, x, y);
        }
    }
}
