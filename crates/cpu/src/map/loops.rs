//! Loops over tiles.

use bytemuck::Pod;

use super::lane::Element;
use crate::dispatch::{Loop, dispatch};

/// Elements that a loop handles between two looks at its operands. The last elements of a tile are filled up to a whole
/// block, so that there is no other code for them.
pub(super) const BLOCK: usize = 32;

/// An operand of a loop: elements, or a block of one number that stands for all.
#[derive(Clone, Copy)]
pub(super) struct Side<'a, T> {
    blocks: &'a [[T; BLOCK]],
    rest: &'a [T],
    /// From one block to the next.
    step: usize,
}

impl<'a, T: Pod> Side<'a, T> {
    /// Elements one after the other.
    pub(super) fn varying(data: &'a [T]) -> Self {
        let (blocks, rest) = data.as_chunks();
        Self { blocks, rest, step: 1 }
    }

    /// A block of one number, for as many elements as are wanted.
    pub(super) fn uniform(data: &'a [T]) -> Self {
        Self { step: 0, ..Self::varying(data) }
    }

    /// Block `i`.
    #[inline(always)]
    pub(super) fn block(&self, i: usize) -> &'a [T; BLOCK] {
        &self.blocks[i * self.step]
    }

    /// Writes what is left after the last whole block to the start of `block`. Where they stand, since to return blocks
    /// copies them.
    #[inline(always)]
    pub(super) fn last(&self, block: &mut [T; BLOCK]) {
        match self.step {
            0 => *block = self.blocks[0],
            _ => block[..self.rest.len()].copy_from_slice(self.rest),
        }
    }
}

/// `to[i] = f(x[i])`.
pub(super) fn map1<A: Element, Z: Pod>(x: Side<'_, A>, to: &mut [Z], f: impl Fn(A) -> Z) {
    dispatch(Map { x, y: x, to, f: |x, _| f(x) });
}

/// `to[i] = f(x[i], y[i])`.
pub(super) fn map2<A: Element, Z: Pod>(x: Side<'_, A>, y: Side<'_, A>, to: &mut [Z], f: impl Fn(A, A) -> Z) {
    dispatch(Map { x, y, to, f });
}

/// `to[i] = if condition[i] ≠ 0 { x[i] } else { y[i] }`.
pub(super) fn select<A: Element>(condition: Side<'_, u8>, x: Side<'_, A>, y: Side<'_, A>, to: &mut [A]) {
    dispatch(Select { condition, x, y, to });
}

struct Map<'a, A, Z, F> {
    x: Side<'a, A>,
    y: Side<'a, A>,
    to: &'a mut [Z],
    f: F,
}

impl<A: Element, Z: Pod, F: Fn(A, A) -> Z> Loop for Map<'_, A, Z, F> {
    type Output = ();

    const IN_AVX512: bool = A::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        let Self { x, y, to, f } = self;
        let (blocks, rest) = to.as_chunks_mut();
        for (i, to) in blocks.iter_mut().enumerate() {
            map_block(x.block(i), y.block(i), to, &f);
        }
        if !rest.is_empty() {
            let ([mut xs, mut ys], mut to) = ([[A::zeroed(); BLOCK]; 2], [Z::zeroed(); BLOCK]);
            x.last(&mut xs);
            y.last(&mut ys);
            map_block(&xs, &ys, &mut to, &f);
            rest.copy_from_slice(&to[..rest.len()]);
        }
    }
}

#[inline(always)]
fn map_block<A: Copy, Z>(x: &[A; BLOCK], y: &[A; BLOCK], to: &mut [Z; BLOCK], f: &impl Fn(A, A) -> Z) {
    for (k, to) in to.iter_mut().enumerate() {
        *to = f(x[k], y[k]);
    }
}

struct Select<'a, A> {
    condition: Side<'a, u8>,
    x: Side<'a, A>,
    y: Side<'a, A>,
    to: &'a mut [A],
}

impl<A: Element> Loop for Select<'_, A> {
    type Output = ();

    const IN_AVX512: bool = A::IN_AVX512;

    #[inline(always)]
    fn run(self) {
        let Self { condition, x, y, to } = self;
        let (blocks, rest) = to.as_chunks_mut();
        for (i, to) in blocks.iter_mut().enumerate() {
            select_block(condition.block(i), x.block(i), y.block(i), to);
        }
        if !rest.is_empty() {
            let (mut conditions, [mut xs, mut ys, mut to]) = ([0; BLOCK], [[A::zeroed(); BLOCK]; 3]);
            condition.last(&mut conditions);
            x.last(&mut xs);
            y.last(&mut ys);
            select_block(&conditions, &xs, &ys, &mut to);
            rest.copy_from_slice(&to[..rest.len()]);
        }
    }
}

#[inline(always)]
fn select_block<A: Pod>(condition: &[u8; BLOCK], x: &[A; BLOCK], y: &[A; BLOCK], to: &mut [A; BLOCK]) {
    for (((to, &condition), &x), &y) in to.iter_mut().zip(condition).zip(x).zip(y) {
        *to = if condition != 0 { x } else { y };
    }
}
