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

/// `to[i] = f(x[i], y[i], z[i])`.
pub(super) fn map3<A: Pod, B: Element>(x: &[A], y: &[B], z: &[B], to: &mut [B], f: impl Fn(A, B, B) -> B) {
    dispatch(Map3 { x, y, z, to, f });
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

struct Map3<'a, A, B, F> {
    x: &'a [A],
    y: &'a [B],
    z: &'a [B],
    to: &'a mut [B],
    f: F,
}

impl<A: Pod, B: Element, F: Fn(A, B, B) -> B> Loop for Map3<'_, A, B, F> {
    type Output = ();

    const IN_AVX512: bool = B::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        for (((to, &x), &y), &z) in self.to.iter_mut().zip(self.x).zip(self.y).zip(self.z) {
            *to = (self.f)(x, y, z);
        }
    }
}
