//! Functions of one and two numbers, and whole expressions.

use tensorkeep_tensor::expr::{Binary, Expr, Program, Unary};
use tensorkeep_tensor::op::{Map, Op};
use tensorkeep_tensor::{Scalar, Tensor};
use tensorkeep_testkit::gradient;

use crate::{check, listed, ordinary};

fn map(results: &[Expr], params: &[Scalar]) -> Op {
    Op::Map(Map::new(Program::new("map", results).unwrap(), params))
}

/// Points inside the domain, away from kinks; saturated ones included.
fn points(function: Unary) -> &'static [f64] {
    match function {
        Unary::Recip => &[-2.0, -0.3, 0.1, 5.0],
        Unary::Sqrt | Unary::Rsqrt | Unary::Log => &[0.05, 0.3, 1.0, 40.0],
        Unary::Log1p => &[-0.9, -1e-3, 0.0, 1e-4, 3.0],
        Unary::Tan => &[-1.2, -0.1, 0.0, 0.7, 1.4, 3.0],
        Unary::Tanh | Unary::Sigmoid | Unary::Erf => &[-30.0, -2.0, -1e-3, 0.0, 0.7, 6.0, 40.0],
        Unary::Exp | Unary::Expm1 => &[-40.0, -1.0, -1e-4, 0.0, 0.5, 3.0],
        Unary::Sin | Unary::Cos => &[-100.0, -1.0, 0.0, 0.5, 3.1, 12.0],
        Unary::Neg | Unary::Abs | Unary::Sign => &[-3.0, -0.2, 0.4, 2.0],
        Unary::Floor | Unary::Ceil | Unary::Round => &[-1.3, -0.2, 0.3, 0.7, 2.2],
        // They give truth values, which have no derivative.
        Unary::Not | Unary::IsNan => &[],
    }
}

#[test]
fn functions_of_one_number() {
    for function in Unary::ALL {
        let points = points(function);
        if !points.is_empty() {
            check(&map(&[Expr::input(0).unary(function)], &[]), &[listed(points)]);
        }
    }
}

/// Pairs inside the domain, away from kinks.
fn pairs(function: Binary) -> (&'static [f64], &'static [f64]) {
    match function {
        Binary::Add | Binary::Sub | Binary::Mul => (&[-2.0, 0.0, 3.0], &[0.5, -4.0, 0.0]),
        Binary::Div => (&[-2.0, 0.0, 3.0], &[0.5, -4.0, 7.0]),
        Binary::Rem => (&[5.3, -5.3, 5.3, -5.3], &[2.0, 2.0, -2.0, -2.0]),
        Binary::Pow => (&[0.2, 1.0, 3.0, 2.0], &[2.5, -3.0, 0.5, 3.0]),
        Binary::Max | Binary::Min => (&[1.0, -2.0, 0.0], &[0.9, 3.0, -1e-3]),
        Binary::Atan2 => (&[1.0, -1.0, 0.0, 2.0], &[1.0, -2.0, 3.0, 0.0]),
        // They give truth values, which have no derivative.
        Binary::Eq | Binary::Ne | Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => (&[], &[]),
        Binary::And | Binary::Or | Binary::Xor => (&[], &[]),
    }
}

#[test]
fn functions_of_two_numbers() {
    for function in Binary::ALL {
        let (a, b) = pairs(function);
        if !a.is_empty() {
            check(&map(&[Expr::input(0).binary(function, Expr::input(1))], &[]), &[listed(a), listed(b)]);
        }
    }
}

#[test]
fn whole_powers_of_negative_numbers() {
    for power in [-2.0, 0.0, 1.0, 2.0, 3.0] {
        let op = map(&[Expr::input(0).pow(Expr::param(0))], &[Scalar::Float(power)]);
        check(&op, &[listed(&[-2.0, -0.5, 1.5])]);
    }
    let square = map(&[Expr::input(0).pow(2.0)], &[]);
    check(&square, &[listed(&[-1.0, 0.0, 2.0])]);
}

#[test]
fn activations() {
    let table: [fn(&Expr) -> Expr; 22] = [
        Expr::relu,
        Expr::gelu,
        Expr::gelu_tanh,
        Expr::swish,
        Expr::softplus,
        Expr::relu6,
        Expr::hard_swish,
        Expr::hard_sigmoid,
        Expr::log_sigmoid,
        Expr::selu,
        Expr::mish,
        Expr::lisht,
        Expr::softsign,
        Expr::log_cosh,
        Expr::tanh_shrink,
        |x| x.leaky_relu(-0.5),
        |x| x.elu(-0.5),
        |x| x.celu(0.5),
        |x| x.hard_tanh(-1.0, 0.5),
        |x| x.soft_shrink(0.5),
        |x| x.hard_shrink(0.5),
        |x| x.threshold(0.5, 2.0),
    ];
    for f in table {
        check(&map(&[f(&Expr::input(0))], &[]), &[listed(&[-20.0, -2.0, -0.3, 0.1, 1.5, 30.0])]);
    }
}

/// Broadcasting sums the gradient over what it stretched.
#[test]
fn broadcast_operands() {
    let product = map(&[Expr::input(0) * Expr::input(1) + Expr::input(2)], &[]);
    for [a, b, c] in
        [[vec![2, 3], vec![3], vec![]], [vec![2, 1], vec![1, 4], vec![2, 4]], [vec![], vec![], vec![1, 1]]]
    {
        check(&product, &[ordinary(a, 1), ordinary(b, 2), ordinary(c, 3)]);
    }
}

#[test]
fn several_results() {
    let [x, y] = [0, 1].map(Expr::input);
    let op = map(&[&x * &y, x.sin() * Expr::param(0), y.exp()], &[Scalar::Float(0.5)]);
    // All results used, and some.
    let all = |x: &[Tensor]| {
        let outputs = Tensor::apply(&op, &[&x[0], &x[1]])?;
        outputs[0].mul(&outputs[1])?.add(&outputs[2])
    };
    let some = |x: &[Tensor]| Ok(Tensor::apply(&op, &[&x[0], &x[1]])?.remove(1));
    let inputs = [ordinary([2, 3], 1), ordinary([3], 2)];
    gradient::check(all, &inputs).unwrap();
    gradient::check(some, &inputs).unwrap();
}

#[test]
fn choices() {
    let condition = ordinary([2, 3], 1).gt(0.0).unwrap();
    let f = |x: &[Tensor]| condition.select(&x[0].exp()?, &x[1].sin()?);
    gradient::check(f, &[ordinary([2, 3], 2), ordinary([3], 3)]).unwrap();
}

/// A change of dtype and back changes no slope: rounding counts as the identity.
#[test]
fn casts() {
    let f = |x: &[Tensor]| x[0].to_dtype(tensorkeep_tensor::DType::F32)?.to_dtype(x[0].dtype())?.mul(3.0);
    let slopes = gradient::of(f, &[listed(&[1.0, 2.0])]).unwrap();
    let exact = gradient::of(|x| x[0].mul(3.0), &[listed(&[1.0, 2.0])]).unwrap();
    for (got, want) in slopes[0].to_vec::<f64>().unwrap().iter().zip(exact[0].to_vec::<f64>().unwrap()) {
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }
}
