//! Tiles and strips end where they should, whatever the length of rows, and read nothing that was written over.

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{Access, Result, Tensor};

use crate::{Options, with_options};

#[test]
fn rows_of_any_length_are_stretched() -> Result<()> {
    for threads in [1, 3] {
        let device = with_options(Options { threads: Some(threads), ..Options::default() })?;
        for width in [1, 7, 255, 256, 300, 1024, 2047, 2048, 2049] {
            let height = 1_100_000 / width;
            let numbers = |n: usize| (0..n).map(|i| (i % 251) as f32).collect::<Vec<_>>();
            let x = Tensor::from_vec(numbers(height * width), [height, width], &device)?;
            let row = Tensor::from_vec(numbers(width), [width], &device)?;
            let column = Tensor::from_vec(numbers(height), [height, 1], &device)?;
            // Beside each other, so that tiles of both are needed at once.
            let y = row.mul_add(&column, &x)?.to_vec::<f32>()?;
            let at = |i: usize| ((i % width % 251) * (i / width % 251) + i % 251) as f32;
            let wrong = y.iter().enumerate().find(|&(i, &y)| y != at(i));
            assert_eq!(wrong, None, "rows of {width} on {threads} threads");
        }
    }
    Ok(())
}

/// Rows that are used where they lie: of one operand or two of different length, in planes, and all of it as one.
#[test]
fn rows_are_used_where_they_lie() -> Result<()> {
    for threads in [1, 3] {
        let device = with_options(Options { threads: Some(threads), ..Options::default() })?;
        for width in [256, 1000, 1024, 2047, 2048, 2049, 4096, 6000] {
            let (planes, height) = (3, 300_000 / width);
            let numbers = |n: usize| (0..n).map(|i| (i % 251) as f32).collect::<Vec<_>>();
            let x = Tensor::from_vec(numbers(planes * height * width), [planes, height, width], &device)?;
            let row = Tensor::from_vec(numbers(width), [width], &device)?;
            let rows = Tensor::from_vec(numbers(planes * width), [planes, 1, width], &device)?;
            let plane = height * width;
            let of_row = |i: usize| i % width % 251;
            let [a, b] = [0, 1].map(Expr::input);
            let program = Program::new("rows", &[(&a + &b) * &b + a])?;
            let mut place = x.add(&x)?;
            Tensor::update_all(&program, &mut [Access::Write(&mut place), Access::Read(&row)], &[])?;
            let of_rows = |i: usize| (i / plane * width + i % width) % 251;
            for (name, y, at) in [
                ("a row", x.add(&row)?, &(|i| of_row(i) + i % 251) as &dyn Fn(usize) -> usize),
                ("a row a plane", rows.add(&x)?, &|i| of_rows(i) + i % 251),
                ("both", rows.mul_add(&row, &x)?, &|i| of_rows(i) * of_row(i) + i % 251),
                ("a program", Tensor::map_all(&program, &[&x, &row], &[])?.remove(0), &|i| {
                    (i % 251 + of_row(i)) * of_row(i) + i % 251
                }),
                ("in place", place, &|i| (2 * (i % 251) + of_row(i)) * of_row(i) + 2 * (i % 251)),
                ("one number", x.mul(&row.narrow(0, 3..4)?)?, &|i| i % 251 * 3),
                ("a row and one number", x.mul_add(&row, &row.narrow(0, 5..6)?)?, &|i| {
                    i % 251 * of_row(i) + 5
                }),
                ("the same", x.mul(&x)?, &|i| (i % 251) * (i % 251)),
                ("part of planes", x.narrow(1, 1..height)?.add(&row)?, &|i| {
                    let i = i + (i / (plane - width) + 1) * width;
                    of_row(i) + i % 251
                }),
            ] {
                let y = y.to_vec::<f32>()?;
                let wrong = y.iter().enumerate().find(|&(i, &y)| y != at(i) as f32);
                assert_eq!(wrong, None, "{name}, rows of {width} on {threads} threads");
            }
        }
    }
    Ok(())
}

/// A program of two results over three operands, and the same of one element of each.
type Case = (&'static str, [Expr; 2], fn([f32; 3]) -> [f32; 2]);

fn cases() -> Vec<Case> {
    let [x, y, z] = [0, 1, 2].map(Expr::input);
    let many: Vec<Expr> = (1..40).map(|i| &x * &y + i as f32).collect();
    let folded = many.iter().zip(many.iter().rev()).fold(z.clone(), |sum, (a, b)| sum + a.max(b));
    vec![
        ("a mean", [0.5 * &x + 0.25 * &z, 2.0 * &y - &z], |[x, y, z]| [0.5 * x + 0.25 * z, 2.0 * y - z]),
        ("read after it is written", [&x + &y, &x * &z + &y], |[x, y, z]| [x + y, x * z + y]),
        ("read where it is written", [&z - &x * 3.0, (&y * &y).sqrt() / 2.0], |[x, y, z]| {
            [z - x * 3.0, (y * y).sqrt() / 2.0]
        }),
        ("an operand in another's place", [y.clone(), &x + &z], |[x, y, z]| [y, x + z]),
        ("a choice by a number", [x.le(3.0).select(1.0, &y), y.gt(2.0).select(5.0, &z)], |[x, y, z]| {
            [if x <= 3.0 { 1.0 } else { y }, if y > 2.0 { 5.0 } else { z }]
        }),
        ("a choice by another", [x.lt(&y).select(&z, &x), y.ne(&z).select(2.0, &x)], |[x, y, z]| {
            [if x < y { z } else { x }, if y != z { 2.0 } else { x }]
        }),
        ("one result twice", [&x * &y * &z, &x * &y * &z], |[x, y, z]| [x * y * z; 2]),
        ("more values than a strip is short for", [folded, &x * &y], |[x, y, z]| {
            let value = |i: i32| x * y + i as f32;
            [(1..40).fold(z, |sum, i| sum + value(i).max(value(40 - i))), x * y]
        }),
    ]
}

#[test]
fn strips_of_any_length_are_computed_beside_and_in_place() -> Result<()> {
    for threads in [1, 3] {
        let device = with_options(Options { threads: Some(threads), ..Options::default() })?;
        for count in
            [0, 1, 15, 16, 17, 63, 64, 65, 447, 448, 449, 1025, 2047, 2048, 2049, 4097, 70_001, 300_000]
        {
            let numbers = |step: usize| (0..count).map(|i| (i * step % 7) as f32).collect::<Vec<_>>();
            let lists = [3, 4, 5].map(numbers);
            let of = |list: &Vec<f32>| Tensor::from_vec(list.clone(), [count], &device);
            let operands = [of(&lists[0])?, of(&lists[1])?, of(&lists[2])?];
            // The same numbers where no tile can use them as they lie.
            let apart = |x: &Tensor| Tensor::stack(&[x, x], 1)?.narrow(1, 1..)?.squeeze(1);
            for (name, results, at) in cases() {
                let program = Program::new("case", &results)?;
                let expected = (0..count).map(|i| at([0, 1, 2].map(|k| lists[k][i])));
                let expected: Vec<[f32; 2]> = expected.collect();
                let [x, y, z] = &operands;
                let (mut first, mut second) = (of(&lists[0])?, of(&lists[1])?);
                let places = &mut [Access::Write(&mut first), Access::Write(&mut second), Access::Read(z)];
                Tensor::update_all(&program, places, &[])?;
                let beside = Tensor::map_all(&program, &[x, y, z], &[])?;
                let loaded = Tensor::map_all(&program, &[&apart(x)?, &apart(y)?, &apart(z)?], &[])?;
                let mixed = Tensor::map_all(&program, &[x, &apart(y)?, z], &[])?;
                for (how, made) in [
                    ("in place", [first, second]),
                    ("beside", [beside[0].clone(), beside[1].clone()]),
                    ("of operands apart", [loaded[0].clone(), loaded[1].clone()]),
                    ("of one apart", [mixed[0].clone(), mixed[1].clone()]),
                ] {
                    let [a, b] = [made[0].to_vec::<f32>()?, made[1].to_vec::<f32>()?];
                    let wrong = (0..count).find(|&i| [a[i], b[i]] != expected[i]);
                    assert_eq!(wrong, None, "{name}, {how}, {count} numbers on {threads} threads");
                }
            }
        }
    }
    Ok(())
}
