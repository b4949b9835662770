//! The memory of the machine, kept from run to run.

use std::cell::Cell;

use bytemuck::{Pod, Zeroable};

use super::TILE;
use super::loops::BLOCK;

/// A cache line, so that registers start at one.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line([u64; 8]);

/// Registers kept for the next run; programs with more let go of the rest.
const KEPT: usize = 32;

/// Registers for tiles, and for uniform numbers.
#[derive(Default)]
pub(super) struct Registers {
    /// Room for [`TILE`] elements of any lane.
    pub(super) tiles: Vec<Vec<Line>>,
    /// Room for [`BLOCK`] elements of any lane.
    pub(super) uniforms: Vec<Vec<Line>>,
}

impl Registers {
    /// Lends `f` so many registers with stale contents.
    pub(super) fn with<R>(tiles: usize, uniforms: usize, f: impl FnOnce(&mut Self) -> R) -> R {
        thread_local! {
            static KEPT_REGISTERS: Cell<Registers> = const { Cell::new(Registers { tiles: Vec::new(), uniforms: Vec::new() }) };
        }
        let mut registers = KEPT_REGISTERS.take();
        grow(&mut registers.tiles, tiles, TILE);
        grow(&mut registers.uniforms, uniforms, BLOCK);
        let result = f(&mut registers);
        registers.tiles.truncate(KEPT);
        registers.uniforms.truncate(KEPT);
        KEPT_REGISTERS.set(registers);
        result
    }
}

fn grow(bank: &mut Vec<Vec<Line>>, count: usize, elements: usize) {
    let lines = elements * size_of::<u64>() / size_of::<Line>();
    while bank.len() < count {
        bank.push(vec![Line::zeroed(); lines]);
    }
}
