//! The programs of single functions, compiled once.

use std::sync::{Arc, OnceLock};

use super::{Binary, Expr, Program, Unary};
use crate::{DType, Result};

type Slot = OnceLock<Result<Arc<Program>>>;

/// What stands on each side of a function of two numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sides {
    /// Two tensors.
    Tensors,
    /// A tensor, then a parameter.
    ParamRight,
    /// A parameter, then a tensor.
    ParamLeft,
}

/// `f(x₀)`.
#[track_caller]
pub(crate) fn unary(function: Unary) -> Result<Arc<Program>> {
    static SLOTS: [Slot; Unary::ALL.len()] = [const { OnceLock::new() }; Unary::ALL.len()];
    fetch(&SLOTS[function as usize], || Program::new(function.name(), &[Expr::input(0).unary(function)]))
}

/// `f(x₀, x₁)`, or with a parameter on one side.
#[track_caller]
pub(crate) fn binary(function: Binary, sides: Sides) -> Result<Arc<Program>> {
    static SLOTS: [[Slot; Binary::ALL.len()]; 3] =
        [const { [const { OnceLock::new() }; Binary::ALL.len()] }; 3];
    fetch(&SLOTS[sides as usize][function as usize], || {
        let (a, b) = match sides {
            Sides::Tensors => (Expr::input(0), Expr::input(1)),
            Sides::ParamRight => (Expr::input(0), Expr::param(0)),
            Sides::ParamLeft => (Expr::param(0), Expr::input(0)),
        };
        Program::new(function.name(), &[a.binary(function, b)])
    })
}

/// `x₀`: a copy.
#[track_caller]
pub(crate) fn identity() -> Result<Arc<Program>> {
    static SLOT: Slot = OnceLock::new();
    fetch(&SLOT, || Program::new("copy", &[Expr::input(0)]))
}

/// `x₀` in another dtype.
#[track_caller]
pub(crate) fn cast(dtype: DType) -> Result<Arc<Program>> {
    static SLOTS: [Slot; DType::ALL.len()] = [const { OnceLock::new() }; DType::ALL.len()];
    fetch(&SLOTS[dtype as usize], || Program::new("cast", &[Expr::input(0).cast(dtype)]))
}

/// `x₀ · x₁ + x₂`.
#[track_caller]
pub(crate) fn mul_add() -> Result<Arc<Program>> {
    static SLOT: Slot = OnceLock::new();
    fetch(&SLOT, || Program::new("mul_add", &[Expr::input(0) * Expr::input(1) + Expr::input(2)]))
}

/// `x₁` where `x₀` holds, else `x₂`.
#[track_caller]
pub(crate) fn select() -> Result<Arc<Program>> {
    static SLOT: Slot = OnceLock::new();
    fetch(&SLOT, || Program::new("select", &[Expr::input(0).select(Expr::input(1), Expr::input(2))]))
}

/// An activation by its name and expression, in a slot of its own.
#[track_caller]
pub(crate) fn named(slot: &'static Slot, name: &'static str, f: fn(&Expr) -> Expr) -> Result<Arc<Program>> {
    fetch(slot, || Program::new(name, &[f(&Expr::input(0))]))
}

#[track_caller]
fn fetch(slot: &'static Slot, compile: impl FnOnce() -> Result<Arc<Program>>) -> Result<Arc<Program>> {
    slot.get_or_init(compile).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        assert!(Unary::ALL.iter().enumerate().all(|(i, &f)| f as usize == i));
        assert!(Binary::ALL.iter().enumerate().all(|(i, &f)| f as usize == i));
    }
}
