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
