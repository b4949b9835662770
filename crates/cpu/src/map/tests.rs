//! Tiles end where they should, whatever the length of rows.

use tensorkeep_tensor::{Result, Tensor};

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
            let of_rows = |i: usize| (i / plane * width + i % width) % 251;
            for (name, y, at) in [
                ("a row", x.add(&row)?, &(|i| of_row(i) + i % 251) as &dyn Fn(usize) -> usize),
                ("a row a plane", rows.add(&x)?, &|i| of_rows(i) + i % 251),
                ("both", rows.mul_add(&row, &x)?, &|i| of_rows(i) * of_row(i) + i % 251),
                ("the same", x.mul(&x)?, &|i| (i % 251) * (i % 251)),
                ("part of planes", x.narrow(1, 1..height)?.add(&row)?, &|i| {
                    let i = i + (i / (plane - width) + 1) * width;
                    of_row(i) + i % 251
                }),
            ] {
                let y = y.to_vec::<f32>()?;
                let wrong = y.iter().enumerate().find(|&(i, &y)| y != at(i) as f32);
                assert_eq!(wrong, None, "{name} of {width} on {threads} threads");
            }
        }
    }
    Ok(())
}
