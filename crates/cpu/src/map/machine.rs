//! The execution of a plan, tile by tile.

use std::mem;

use bytemuck::Pod;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use tensorkeep_tensor::{DType, Scalar};

use super::lane::{Element, Lane, for_lane};
use super::loops::map3;
use super::plan::{Number, Place, Plan, Step};
use super::registers::Registers;
use super::source::Source;
use super::{TILE, cast, compare, float, integer};
use crate::memory::Line;

/// What is to be computed.
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sources: &'a [Source<'a>],
    pub(super) params: &'a [Scalar],
}

/// Computes `count` elements from number `start` on into `outputs`, the parts of the results that hold them.
pub(super) fn run(job: &Job<'_>, start: usize, count: usize, outputs: &mut [&mut [u8]]) {
    let plan = job.plan;
    // Tiles end where rows do that can be used where they lie.
    let row = job.sources.iter().filter_map(Source::row).min().unwrap_or(TILE);
    let loaded = !job.sources.iter().all(|source| source.is_direct(row));
    let banks = if loaded || !plan.is_direct { [plan.registers, plan.uniforms.len()] } else { [0, 0] };
    let steps = if loaded { &plan.steps } else { &plan.steps_of_direct };
    // A single step leaves nothing in cache for another, and without registers nothing bounds it.
    let is_one_pass = banks == [0, 0] && steps.len() == 1 && job.sources.iter().all(Source::is_contiguous);
    let longest = if is_one_pass { usize::MAX } else { row };
    Registers::with(banks, |registers| {
        let mut machine = Machine { job, registers, outputs, start, at: 0, len: 1 };
        plan.uniform_steps.iter().for_each(|step| machine.step(step));
        machine.spread_uniforms(TILE.min(count));
        let mut at = 0;
        while at < count {
            let len = (longest - (start + at) % longest).min(count - at);
            (machine.start, machine.at, machine.len) = (start + at, at, len);
            steps.iter().for_each(|step| machine.step(step));
            at += len;
        }
    });
}

/// A run, at one of its tiles.
pub(super) struct Machine<'a, 'o> {
    job: &'a Job<'a>,
    registers: &'a mut Registers,
    outputs: &'a mut [&'o mut [u8]],
    /// Number of the tile's first element in the whole of the inputs.
    start: usize,
    /// Its number in this part of the outputs.
    at: usize,
    /// Elements of the tile.
    len: usize,
}

impl Machine<'_, '_> {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Load { input } => self.load(input),
            Step::Fill { number, dtype, to } => self.fill(number, dtype, to),
            Step::Unary { function, lane, x, to } => match lane {
                Lane::F32 => float::unary::<f32>(self, function, x, to),
                Lane::F64 => float::unary::<f64>(self, function, x, to),
                Lane::I64 => integer::unary::<i64>(self, function, x, to),
                Lane::I32 => integer::unary::<i32>(self, function, x, to),
                Lane::U8 => integer::unary::<u8>(self, function, x, to),
            },
            Step::Binary { function, lane, a, b, to } => {
                if compare::is_test(function) {
                    return for_lane!(lane, T => compare::test::<T>(self, function, a, b, to));
                }
                match lane {
                    Lane::F32 => float::binary::<f32>(self, function, [a, b], to),
                    Lane::F64 => float::binary::<f64>(self, function, [a, b], to),
                    Lane::I64 => integer::binary::<i64>(self, function, [a, b], to),
                    Lane::I32 => integer::binary::<i32>(self, function, [a, b], to),
                    Lane::U8 => integer::binary::<u8>(self, function, [a, b], to),
                }
            }
            Step::Select { lane, condition, a, b, to } => {
                for_lane!(lane, T => self.select::<T>(condition, [a, b], to));
            }
            Step::MulAdd { sum, of, with, to } => float::mul_add(self, sum, of, with, to),
            Step::Choose { test, of, between, to } => compare::choose(self, test, of, between, to),
            Step::Cast { from, dtype, x, to } => for_lane!(from, T => cast::cast::<T>(self, dtype, x, to)),
            Step::Store { dtype, x, output } => self.store(dtype, x, output),
        }
    }

    /// Fills the tile of each uniform number with it.
    fn spread_uniforms(&mut self, len: usize) {
        for (&lane, uniform) in self.job.plan.uniforms.iter().zip(&mut self.registers.uniforms) {
            for_lane!(lane, T => {
                let tile: &mut [T] = &mut bytemuck::cast_slice_mut(uniform)[..len];
                if let Some(&number) = tile.first() {
                    tile.fill(number);
                }
            });
        }
    }

    /// The tile at a place.
    pub(super) fn tile<T: Pod>(&self, place: Place) -> &[T] {
        match place {
            Place::Register(i) => tile(&self.registers.tiles[i], self.len),
            Place::Uniform(i) => tile(&self.registers.uniforms[i], self.len),
            Place::Input(i) => match self.job.sources[i].direct(self.start, self.len) {
                Some(tile) => tile,
                None => tile(&self.registers.tiles[self.job.plan.homes[i]], self.len),
            },
            Place::Output(i) => &bytemuck::cast_slice(&*self.outputs[i])[self.at..][..self.len],
            // No plan reads it.
            Place::Nowhere => &[],
        }
    }

    /// Lets `f` write the tile at a place, which it may not read.
    pub(super) fn write<T: Pod>(&mut self, place: Place, f: impl FnOnce(&Self, &mut [T])) {
        match place {
            Place::Register(i) => {
                let mut register = mem::take(&mut self.registers.tiles[i]);
                f(self, &mut bytemuck::cast_slice_mut(&mut register)[..self.len]);
                self.registers.tiles[i] = register;
            }
            Place::Uniform(i) => {
                let mut register = mem::take(&mut self.registers.uniforms[i]);
                f(self, &mut bytemuck::cast_slice_mut(&mut register)[..self.len]);
                self.registers.uniforms[i] = register;
            }
            Place::Output(i) => {
                let output = mem::take(&mut self.outputs[i]);
                f(self, &mut bytemuck::cast_slice_mut(output)[self.at..][..self.len]);
                self.outputs[i] = output;
            }
            // No plan writes to an input, or to nothing.
            Place::Input(_) | Place::Nowhere => {}
        }
    }

    fn load(&mut self, input: usize) {
        let source = &self.job.sources[input];
        let register = &mut self.registers.tiles[self.job.plan.homes[input]];
        if let Some(output) = source.taken_by() {
            source.row_of(self.outputs[output]).load(self.at, self.len, bytemuck::cast_slice_mut(register));
        } else if source.direct::<u8>(self.start, self.len).is_none() {
            source.load(self.start, self.len, bytemuck::cast_slice_mut(register));
        }
    }

    fn fill(&mut self, number: Number, dtype: DType, to: Place) {
        let value = match number {
            Number::Const(value) => value,
            Number::Param(i) => self.job.params[i],
        };
        for_lane!(Lane::of(dtype), T => {
            self.write(to, |_, to| to.fill(T::from_scalar(value.cast(dtype))));
        });
    }

    fn select<T: Element>(&mut self, condition: Place, [a, b]: [Place; 2], to: Place) {
        self.write(to, |machine, to: &mut [T]| {
            map3(machine.tile(condition), machine.tile(a), machine.tile(b), to, T::blend);
        });
    }

    fn store(&mut self, dtype: DType, x: Place, output: usize) {
        let to = Place::Output(output);
        match dtype {
            DType::F16 => self.write(to, |machine, to: &mut [f16]| {
                to.convert_from_f32_slice(machine.tile(x));
            }),
            DType::BF16 => self.write(to, |machine, to: &mut [bf16]| {
                to.convert_from_f32_slice(machine.tile(x));
            }),
            DType::F32 | DType::F64 | DType::I64 | DType::I32 | DType::U8 | DType::Bool => {
                for_lane!(Lane::of(dtype), T => {
                    self.write(to, |machine, to: &mut [T]| to.copy_from_slice(machine.tile(x)));
                });
            }
        }
    }
}

/// The first elements of a register.
fn tile<T: Pod>(register: &[Line], len: usize) -> &[T] {
    &bytemuck::cast_slice(register)[..len]
}
