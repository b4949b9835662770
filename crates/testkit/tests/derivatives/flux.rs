//! What the suites of Zygote, Optimisers and Flux say of derivatives and of flat parameters.

use tensorkeep_autodiff::{grad, hessian, hessian_diagonal, jacobian, value_and_jacobian};
use tensorkeep_tensor::module::{flatten, unflatten};
use tensorkeep_tensor::{Result, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::doubles;

fn cubes(x: &Tensor) -> Result<Tensor> {
    x.mul(x)?.mul(x)?.sum_all()
}

#[test]
fn every_case_of_autodiff() {
    every_case("autodiff", |case| {
        let (id, want) = (case.id(), case.expected());
        match id.split_once('_').unwrap_or((id, "")) {
            ("diag", "hessian") => case.expect(&hessian_diagonal(cubes, &doubles(case.input("x"))?)?),
            // Flux numbers the entries of a matrix by columns; the case has them in a vector already.
            ("hessian", "cubes") => case.expect(&hessian(cubes, &doubles(case.input("x"))?)?),
            ("hessian", "product") => {
                case.expect(&hessian(|x: &Tensor| x.prod([0], false), &doubles(case.input("x"))?)?)
            }
            ("jacobian", "cumsum") => {
                let (y, j) = value_and_jacobian(|x: &Tensor| x.cumsum(0), &doubles(case.input("x"))?)?;
                case.same(&y, &want["y"])?;
                case.same(&j, &want["J"])
            }
            ("jacobian", "two_args") => {
                let both = (doubles(case.input("a"))?, doubles(case.input("x"))?);
                let (da, dx) = jacobian(|(a, x): &(Tensor, Tensor)| a.mul(a)?.mul(x), &both)?;
                case.same(&da, &want["da"])?;
                case.same(&dx, &want["dx"])
            }
            ("flatten", "tied") => tied(case),
            ("grad", "norm_of_params") => {
                let both = (doubles(case.input("x"))?, doubles(case.input("y"))?);
                let norms = |(x, y): &(Tensor, Tensor)| x.norm([0], false)?.add(&y.norm([0], false)?);
                let (dx, dy) = grad(norms, &both)?;
                case.same(&dx, &want["x"])?;
                case.same(&dy, &want["y"])
            }
            ("second", "derivative_flatten") => second(case),
            _ => case.unknown(),
        }
    });
}

/// A tensor that stands in two places is in the vector once.
fn tied(case: &Case) -> Outcome {
    let (x, z) = (doubles(case.input("x"))?, doubles(case.input("z"))?);
    let model = (x.clone(), x, z);
    case.same(&flatten(&model)?, &case.expected()["flat"])?;
    let rebuilt = unflatten(&model, &doubles(case.param("rebuild_from"))?)?;
    for (x, name) in [(&rebuilt.0, "x"), (&rebuilt.1, "y"), (&rebuilt.2, "z")] {
        case.same(x, &case.expected()["rebuilt"][name])?;
    }
    if rebuilt.0.is_same(&rebuilt.1) { Ok(()) } else { Err("the tie is lost".into()) }
}

/// The gradient of the squared norm of a gradient, all by the vector of the parameters.
fn second(case: &Case) -> Outcome {
    let v = doubles(case.input("v"))?;
    let model = (v.narrow(0, ..1)?, v.narrow(0, 1..)?);
    let squares = |flat: &Tensor| {
        let (a, b) = unflatten(&model, flat)?;
        a.mul(&a)?.sum_all()?.add(&b.mul(&b)?.sum_all()?)
    };
    let of_gradient = |flat: &Tensor| {
        let slope = grad(squares, flat)?;
        slope.mul(&slope)?.sum_all()
    };
    case.expect(&grad(of_gradient, &flatten(&model)?)?)
}
