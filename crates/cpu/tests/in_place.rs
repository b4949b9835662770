//! Results that take the places of operands: the same numbers as elsewhere, in the same memory, and never in memory that
//! somebody else sees.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::sync::Arc;

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Access, DType, Device, Result, Tensor};

/// Numbers from a quarter to 16, by quarters, over and over.
fn quarters(shape: &[usize], dtype: DType, device: &Device) -> Tensor {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i| (i % 64 + 1) as f32 / 4.0).collect();
    let x = Tensor::from_vec(values, [count], device).unwrap();
    x.to_dtype(dtype).unwrap().reshape(shape).unwrap()
}

fn program(results: impl FnOnce([Expr; 3]) -> Vec<Expr>) -> Arc<Program> {
    Program::with_inputs("in place", &results([0, 1, 2].map(Expr::input)), 3).unwrap()
}

/// Where the elements of a tensor are.
fn place(x: &Tensor) -> usize {
    x.buffer().id()
}

fn numbers(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap()
}

#[test]
fn results_are_those_of_a_program_elsewhere() {
    // Over the first input and the third; the second is read.
    let programs = [
        ("each its own", program(|[x, y, z]| vec![&x + &y, z * y - x]), false),
        ("the moment first", program(|[x, y, z]| vec![x - (0.5 * &z + &y).sqrt(), 0.5 * z + y]), true),
        ("not read at all", program(|[_, y, _]| vec![&y + 1.0, y]), true),
        ("copies", program(|[x, _, z]| vec![x, z]), true),
        ("one copied", program(|[x, y, z]| vec![(x + &y) * y, z]), true),
        // The first result is written before the input whose place it would take is read.
        ("swapped", program(|[x, y, z]| vec![z + y, x]), false),
    ];
    let shapes: [(&[usize], &[usize]); 6] = [
        (&[7], &[7]),
        (&[3, 5], &[5]),
        (&[2100], &[1]),
        (&[600, 900], &[]),
        (&[3, 4099], &[3, 1]),
        (&[600, 900], &[600, 900]),
    ];
    let device = tensorkeep_cpu::device();
    for (name, program, in_place) in &programs {
        for (shape, read) in shapes {
            for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
                let [x, z] = [0.0, 1.0].map(|more| quarters(shape, dtype, &device).add(more).unwrap());
                let y = quarters(read, dtype, &device);
                let expected = Tensor::map_all(program, &[&x, &y, &z], &[]).unwrap();
                let [mut a, mut b] = [&x, &z].map(|x| x.mul(1.0).unwrap());
                let places = [place(&a), place(&b)];
                let operands = &mut [Access::Write(&mut a), Access::Read(&y), Access::Write(&mut b)];
                Tensor::update_all(program, operands, &[]).unwrap();
                let case = format!("{name}: {shape:?}, {read:?}, {dtype}");
                // Told apart by name alone: there are too many to print.
                assert!(numbers(&a) == numbers(&expected[0]), "first of {case}");
                assert!(numbers(&b) == numbers(&expected[1]), "second of {case}");
                assert!(!in_place || [place(&a), place(&b)] == places, "{case}");
            }
        }
    }
}

#[test]
fn nobody_else_sees_it() {
    type Sharing = fn(&Tensor) -> Result<Tensor>;
    let sharings: [(&str, Sharing); 4] = [
        ("a clone", |x| Ok(x.clone())),
        ("a view of all", |x| x.reshape([2, 3])),
        ("a slice", |x| x.narrow(0, 1..3)),
        ("its transpose", |x| x.reshape([3, 2])?.t()),
    ];
    let device = tensorkeep_cpu::device();
    for (name, sharing) in sharings {
        let x = quarters(&[6], DType::F32, &device);
        let other = sharing(&x).unwrap();
        let before = numbers(&other);
        let x = ((x + 1.0) * quarters(&[6], DType::F32, &device)).unwrap();
        assert_eq!(numbers(&other), before, "{name}");
        let expected: Vec<f64> = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5].map(|x| (x + 1.0) * x).into();
        assert_eq!(numbers(&x), expected, "{name}");
    }
}

#[test]
fn operators_that_consume_give_what_others_give() {
    let device = tensorkeep_cpu::device();
    let fresh = || quarters(&[2, 3], DType::F32, &device);
    let others =
        [("as large", [2, 3].as_slice()), ("a row", &[3]), ("a column", &[2, 1]), ("larger", &[4, 2, 3])];
    for (name, shape) in others {
        let other = quarters(shape, DType::F32, &device);
        let x = fresh();
        let at = place(&x);
        let consumed = (x - &other).unwrap();
        assert_eq!(place(&consumed) == at, name != "larger", "{name}");
        assert_eq!(numbers(&consumed), numbers(&(&fresh() - &other).unwrap()), "{name}");
    }
    assert!((fresh() + quarters(&[4], DType::F32, &device)).is_err());
    assert!((fresh() + quarters(&[2, 3], DType::F64, &device)).is_err());
}

#[test]
fn an_error_changes_nothing() {
    let device = tensorkeep_cpu::device();
    let program = program(|[x, y, z]| vec![x + y, z]);
    let (mut a, mut b) = (quarters(&[6], DType::F32, &device), quarters(&[6], DType::F32, &device));
    let before = numbers(&a);
    for wrong in [quarters(&[5], DType::F32, &device), quarters(&[6], DType::F64, &device)] {
        let operands = &mut [Access::Write(&mut a), Access::Read(&wrong), Access::Write(&mut b)];
        assert!(Tensor::update_all(&program, operands, &[]).is_err());
        assert_eq!([numbers(&a), numbers(&b)], [before.clone(), before.clone()]);
    }
}
