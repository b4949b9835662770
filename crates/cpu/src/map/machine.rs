//! The execution of a plan, tile by tile.

use std::mem;
use std::ops::Range;

use bytemuck::Pod;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use tensorkeep_tensor::DType;
use tensorkeep_tensor::expr::Unary;

use super::job::{Job, Tiles};
use super::lane::{Element as _, Lane, for_lane};
use super::plan::{Number, Place, Plan, Step};
use super::registers::{Banks, Registers};
use super::{TILE, cast, compare, float, integer};
use crate::memory::Line;

/// Computes the elements of a range into `outputs`, the parts of the results that hold them.
pub(super) fn run(job: &Job<'_>, tiles: &Tiles<'_>, range: Range<usize>, outputs: &mut [&mut [u8]]) {
    let plan = job.plan;
    let banks = match tiles.is_direct {
        true => Banks::default(),
        false => Banks { tiles: plan.registers, uniforms: plan.uniforms.len(), strips: 0 },
    };
    Registers::with(banks, |registers| {
        compute_uniforms(job, registers);
        spread_uniforms(plan, registers, TILE.min(range.len()));
        let mut machine = Machine { job, registers, outputs, start: range.start, at: 0, len: 0 };
        while machine.start < range.end {
            machine.len = tiles.len(machine.start, range.end - machine.start);
            tiles.steps.iter().for_each(|step| machine.step(step));
            machine.start += machine.len;
            machine.at += machine.len;
        }
    });
}

/// Computes what is the same for all elements into the first of each uniform register.
pub(super) fn compute_uniforms(job: &Job<'_>, registers: &mut Registers) {
    let mut machine = Machine { job, registers, outputs: &mut [], start: 0, at: 0, len: 1 };
    job.plan.uniform_steps.iter().for_each(|step| machine.step(step));
}

/// Fills the tile of each uniform number with it.
fn spread_uniforms(plan: &Plan, registers: &mut Registers, len: usize) {
    for (&lane, uniform) in plan.uniforms.iter().zip(&mut registers.uniforms) {
        for_lane!(lane, T => {
            let tile: &mut [T] = &mut bytemuck::cast_slice_mut(uniform)[..len];
            if let Some(&number) = tile.first() {
                tile.fill(number);
            }
        });
    }
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
            Step::Load { input, home } => self.load(input, home),
            Step::Fill { number, dtype, to } => self.fill(number, dtype, to),
            Step::Unary { function: Unary::IsNan, lane, x, to } => {
                for_lane!(lane, T => compare::is_nan::<T>(self, x, to));
            }
            Step::Unary { function, lane, x, to } => match lane {
                Lane::F32 => float::unary::<f32>(self, function, x, to),
                Lane::F64 => float::unary::<f64>(self, function, x, to),
                Lane::I64 => integer::unary::<i64>(self, function, x, to),
                Lane::I32 => integer::unary::<i32>(self, function, x, to),
                Lane::U8 => integer::unary::<u8>(self, function, x, to),
            },
            Step::Binary { function, lane, a, b, to } => {
                if compare::is_test(function) {
                    return for_lane!(lane, T => compare::test::<T>(self, function, [a, b], to));
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
                for_lane!(lane, T => compare::select::<T>(self, condition, [a, b], to));
            }
            Step::MulAdd { sum, of, with, to } => float::mul_add(self, sum, of, with, to),
            Step::Choose { test, of, between, to } => compare::choose_by(self, test, of, between, to),
            Step::Cast { from, dtype, x, to } => for_lane!(from, T => cast::cast::<T>(self, dtype, x, to)),
            Step::Store { dtype, x, output } => self.store(dtype, x, output),
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

    fn load(&mut self, input: usize, home: usize) {
        let source = &self.job.sources[input];
        let register = &mut self.registers.tiles[home];
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
