//! The memory of the machine, kept from run to run.

use std::cell::Cell;

use bytemuck::Zeroable;

use super::TILE;
use crate::memory::Line;

/// Registers kept for the next run; programs with more let go of the rest.
const KEPT: usize = 32;

/// Cache lines of strips that are kept, the same way.
const KEPT_LINES: usize = 2048;

/// Registers for tiles, for uniform numbers, and for strips.
#[derive(Default)]
pub(super) struct Registers {
    /// Each with room for [`TILE`] elements of any lane.
    pub(super) tiles: Vec<Vec<Line>>,
    /// As large.
    pub(super) uniforms: Vec<Vec<Line>>,
    /// Those of a program, one behind the other: apart by a power of two they would share few sets of the cache.
    pub(super) strips: Vec<Line>,
}

/// How many registers of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Banks {
    pub(super) tiles: usize,
    pub(super) uniforms: usize,
    /// Cache lines of all strips.
    pub(super) strips: usize,
}

impl Registers {
    /// Lends `f` at least so many registers, with stale contents.
    pub(super) fn with<R>(banks: Banks, f: impl FnOnce(&mut Self) -> R) -> R {
        if banks == Banks::default() {
            return f(&mut Self::default());
        }
        thread_local! {
            static KEPT_REGISTERS: Cell<Option<Box<Registers>>> = const { Cell::new(None) };
        }
        let mut registers = KEPT_REGISTERS.take().unwrap_or_default();
        if registers.tiles.len() < banks.tiles
            || registers.uniforms.len() < banks.uniforms
            || registers.strips.len() < banks.strips
        {
            registers.grow(banks);
        }
        let result = f(&mut registers);
        if banks.tiles.max(banks.uniforms) > KEPT {
            registers.tiles.truncate(KEPT);
            registers.uniforms.truncate(KEPT);
        }
        if banks.strips > KEPT_LINES {
            registers.strips.truncate(KEPT_LINES);
            registers.strips.shrink_to_fit();
        }
        KEPT_REGISTERS.set(Some(registers));
        result
    }

    #[cold]
    fn grow(&mut self, banks: Banks) {
        const LINES: usize = TILE * size_of::<u64>() / size_of::<Line>();
        for (bank, count) in [(&mut self.tiles, banks.tiles), (&mut self.uniforms, banks.uniforms)] {
            bank.resize_with(bank.len().max(count), || vec![Line::zeroed(); LINES]);
        }
        let lines = self.strips.len().max(banks.strips);
        self.strips.resize(lines, Line::zeroed());
    }
}
