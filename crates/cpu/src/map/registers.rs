//! The memory of the machine, kept from run to run.

use std::cell::Cell;

use bytemuck::Zeroable;

use super::TILE;
use crate::memory::Line;

/// Registers kept for the next run; programs with more let go of the rest.
const KEPT: usize = 32;

/// Registers for tiles, and for uniform numbers.
#[derive(Default)]
pub(super) struct Registers {
    /// Each with room for [`TILE`] elements of any lane.
    pub(super) tiles: Vec<Vec<Line>>,
    /// As large.
    pub(super) uniforms: Vec<Vec<Line>>,
}

impl Registers {
    /// Lends `f` at least so many registers for tiles and for uniform numbers, with stale contents.
    pub(super) fn with<R>([tiles, uniforms]: [usize; 2], f: impl FnOnce(&mut Self) -> R) -> R {
        if tiles + uniforms == 0 {
            return f(&mut Self::default());
        }
        thread_local! {
            static KEPT_REGISTERS: Cell<Option<Box<Registers>>> = const { Cell::new(None) };
        }
        let mut registers = KEPT_REGISTERS.take().unwrap_or_default();
        if registers.tiles.len() < tiles || registers.uniforms.len() < uniforms {
            registers.grow(tiles, uniforms);
        }
        let result = f(&mut registers);
        if tiles > KEPT || uniforms > KEPT {
            registers.tiles.truncate(KEPT);
            registers.uniforms.truncate(KEPT);
        }
        KEPT_REGISTERS.set(Some(registers));
        result
    }

    #[cold]
    fn grow(&mut self, tiles: usize, uniforms: usize) {
        const LINES: usize = TILE * size_of::<u64>() / size_of::<Line>();
        for (bank, count) in [(&mut self.tiles, tiles), (&mut self.uniforms, uniforms)] {
            bank.resize_with(bank.len().max(count), || vec![Line::zeroed(); LINES]);
        }
    }
}
