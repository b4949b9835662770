//! Whole expressions: activations, several results, parameters, mixed dtypes.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{DType, Scalar};
use tensorkeep_testkit::values::{awkward, listed, ordinary};

use crate::{map, on_every_device};

#[test]
fn activations() {
    let table: [fn(&Expr) -> Expr; 13] = [
        Expr::relu,
        Expr::gelu,
        Expr::gelu_tanh,
        Expr::swish,
        Expr::softplus,
        Expr::mish,
        Expr::log_cosh,
        Expr::hard_swish,
        Expr::log_sigmoid,
        |x| x.celu(0.5),
        |x| x.soft_shrink(0.5),
        |x| x.gt(0.0).select(x, 1.67 * x.expm1()) * 1.05,
        |x| (x + 3.0).max(0.0).min(6.0) / 6.0 * x,
    ];
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for f in table {
                let op = map(&[f(&Expr::input(0))], &[]);
                findings.check(subject, &op, &[listed(&awkward(dtype), dtype).unwrap()]);
                findings.check(subject, &op, &[ordinary([5, 213], dtype, 1).unwrap()]);
            }
        }
    });
}

/// Adam's step: parameter, gradient and moments to parameter and moments. Kingma and Ba, 2015, arXiv:1412.6980, algorithm 1.
#[test]
fn several_results_and_parameters() {
    let [p, g, m, v] = [0, 1, 2, 3].map(Expr::input);
    let [rate, first, second] = [0, 1, 2].map(Expr::param);
    let m = &first * &m + (1.0 - &first) * &g;
    let v = &second * &v + (1.0 - &second) * (&g * &g);
    let op_of =
        |params: &[Scalar]| map(&[&p - rate.clone() * &m / (v.sqrt() + 1e-3), m.clone(), v.clone()], params);
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for rate in [0.0, 0.125, 1.0] {
                let params = [rate, 0.875, 0.9375].map(Scalar::Float);
                let inputs = |shape: &[usize]| -> Vec<_> {
                    let x = |seed| ordinary(shape, dtype, seed).unwrap();
                    let square = map(&[Expr::input(0) * Expr::input(0)], &[]);
                    let v = tensorkeep_testkit::reference::apply(&square, &[x(4)]).unwrap().remove(0);
                    vec![x(1), x(2), x(3), v]
                };
                findings.check(subject, &op_of(&params), &inputs(&[3, 41]));
                findings.check_plain(subject, &op_of(&params), &inputs(&[5000]));
            }
        }
    });
}

#[test]
fn results_of_several_dtypes() {
    let [x, y] = [0, 1].map(Expr::input);
    on_every_device(|subject, findings| {
        let wide = |dtype: DType| subject.has(dtype);
        for dtype in subject.floats().filter(|_| wide(DType::I32)) {
            let results = [
                x.lt(&y),
                x.floor().cast(DType::I32),
                x.lt(&y).select(&x, &y),
                (x.gt(0.0) & !y.is_nan()).cast(dtype) * &x,
                Expr::from(1.5),
                y.clone(),
            ];
            let inputs = [ordinary([4, 1, 9], dtype, 1).unwrap(), ordinary([5, 1], dtype, 2).unwrap()];
            findings.check(subject, &map(&results, &[]), &inputs);
        }
    });
}

#[test]
fn integers_keep_their_width() {
    let [x, y] = [0, 1].map(Expr::input);
    // A product beyond the dtype, brought back by a division: it has to wrap in between.
    let op = map(&[(&x * &y) / 3, (&x * &x) % &y, (&x + &y).max(2).min(100) - 7], &[]);
    on_every_device(|subject, findings| {
        for dtype in subject.numbers().filter(|dtype| dtype.is_integer()) {
            let points = listed(&awkward(dtype), dtype).unwrap();
            let n = points.shape()[0];
            findings.check(subject, &op, &[crate::reshaped(points.clone(), &[n, 1]), points]);
        }
    });
}

#[test]
fn many_inputs_or_results() {
    let inputs: Vec<Expr> = (0..16).map(Expr::input).collect();
    let sum = inputs.iter().skip(1).fold(inputs[0].clone(), |sum, x| sum * 0.5 + x);
    let multiples: Vec<Expr> = (0..16).map(|i| &inputs[i % 3] * f64::from(i as u32) - &inputs[2]).collect();
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for (results, count) in [(std::slice::from_ref(&sum), 16), (&multiples[..], 3)] {
                let arrays: Vec<_> = (0..count)
                    .map(|i| ordinary(if i % 3 == 0 { [1, 7] } else { [5, 7] }, dtype, i).unwrap())
                    .collect();
                findings.check(subject, &map(results, &[]), &arrays);
            }
        }
    });
}

#[test]
fn long_programs() {
    // More live values than registers, and more steps than a kernel may hold at once.
    let x = Expr::input(0);
    let terms: Vec<Expr> = (0..40).map(|i| (&x * (0.01 * f64::from(i))).sin()).collect();
    let wide = terms.iter().skip(1).fold(terms[0].clone(), |sum, term| sum + term);
    let chain = (0..100).fold(x.clone(), |y, i| (y * 0.5 + f64::from(i % 3)).abs());
    on_every_device(|subject, findings| {
        for dtype in subject.floats() {
            for expr in [&wide, &chain] {
                findings.check(
                    subject,
                    &map(std::slice::from_ref(expr), &[]),
                    &[ordinary([3, 130], dtype, 1).unwrap()],
                );
            }
        }
    });
}
