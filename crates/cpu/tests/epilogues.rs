//! Epilogues of products large enough to be cut into blocks and divided among threads: the same bits as the elementwise
//! operation on the whole product.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_cpu::Options;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Tensor};

/// The shape of the product, its inner dimension, and the shapes of the bias and the residual.
type Case = (&'static [usize], usize, [&'static [usize]; 2]);

#[test]
fn blocks_get_what_the_whole_would() {
    let [product, bias, residual] = [0, 1, 2].map(Expr::input);
    let program = Program::new("epilogue", &[(product + bias).relu() + residual]).unwrap();
    let table: [Case; 7] = [
        (&[5, 7], 3, [&[7], &[5, 7]]),
        (&[260, 2100], 65, [&[2100], &[260, 1]]), // wider than a block
        (&[600, 300], 300, [&[300], &[600, 300]]), // taller than a block, several rounds of the inner dimension
        (&[64, 512], 600, [&[64, 1], &[]]),
        (&[3, 4000], 300, [&[4000], &[1]]),      // few rows
        (&[3000, 1], 700, [&[1], &[3000, 1]]),   // a column
        (&[9, 70, 80], 90, [&[80], &[9, 1, 1]]), // a batch
    ];
    for threads in [1, 2] {
        let options = Options { threads: Some(threads), memory_bytes: None };
        let device = tensorkeep_cpu::with_options(options).unwrap();
        let numbers = |shape: &[usize], seed: usize, dtype| {
            let values =
                (0..shape.iter().product()).map(|i: usize| ((i * 37 + seed * 11) % 29) as f32 / 8.0 - 1.75);
            Tensor::from_vec(values.collect::<Vec<_>>(), shape, &device).unwrap().to_dtype(dtype).unwrap()
        };
        for (shape, inner, [bias, residual]) in table {
            let ([batch @ .., m, n], by_columns) = (shape, [false, true]) else { continue };
            for (dtype, by_columns) in
                [DType::F32, DType::F64, DType::BF16].into_iter().zip(by_columns.into_iter().cycle())
            {
                let a = numbers(&[batch, &[*m, inner]].concat(), 1, dtype);
                let b = match by_columns {
                    false => numbers(&[inner, *n], 2, dtype),
                    true => numbers(&[*n, inner], 2, dtype).t().unwrap(),
                };
                let [bias, residual] = [bias, residual].map(|shape| numbers(shape, 3, dtype));
                let apart = a.matmul(&b).unwrap();
                let apart = &Tensor::map_all(&program, &[&apart, &bias, &residual], &[]).unwrap()[0];
                let together = a.matmul_map(&b, &program, &[&bias, &residual], &[]).unwrap();
                let [together, apart] =
                    [&together, apart].map(|x| x.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap());
                assert!(together == apart, "{shape:?} {inner} {dtype} {threads}");
            }
        }
    }
}
