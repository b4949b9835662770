//! Samples between elements, and turned images.

use serde_json::Value;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_tensor::{DType, GridSample, Rotation, SampleMode, SamplePadding, Tensor};
use tensorkeep_testkit::flux::every_case;

use super::array;
use tensorkeep_testkit::assert_near;

#[test]
fn samples() {
    every_case("sampling", |case| {
        let padding = match case.param("padding_mode").as_str() {
            Some("zeros") | None => SamplePadding::Zeros,
            Some("border") => SamplePadding::Border,
            _ => return case.unknown(),
        };
        // NNlib aligns corners always.
        let how = GridSample { padding, align_corners: true, ..GridSample::default() };
        let pair = (array(case.input("x"))?, array(case.input("grid"))?);
        let sample = |(x, grid): &(Tensor, Tensor)| x.grid_sample(grid, how);
        let y = sample(&pair)?;
        let Value::Object(parts) = case.expected() else {
            return case.expect(&y);
        };
        let dy = array(case.input("dy"))?;
        let (_, (dx, dgrid)) =
            value_and_grad(|pair: &(Tensor, Tensor)| sample(pair)?.mul(&dy)?.sum_all(), &pair)?;
        parts.iter().try_for_each(|(name, want)| match name.as_str() {
            "y" => case.same(&y, want),
            "grad_input" => case.same(&dx, want),
            "grad_grid" => case.same(&dgrid, want),
            _ => case.unknown(),
        })
    });
}

/// The examples of `imrotate`, whose centre is the element behind the middle. NNlib drops what lies partly
/// outside, so only elements within are compared.
#[test]
fn turned_images() {
    let mut bar = vec![0.0; 36];
    (bar[2 * 6 + 3], bar[3 * 6 + 3]) = (1.0, 1.0);
    // Julia's first axis is our last.
    let image = |numbers: Vec<f64>, n: usize| {
        Tensor::from_vec(numbers, [1, 1, n, n], &tensorkeep_cpu::device()).unwrap().t().unwrap()
    };
    let behind = |n: usize| Some([(n / 2) as f64; 2]);
    let (a, b, c) = (0.292_893_218_813_452_5, 0.585_786_437_626_905, 0.085_786_437_626_904_95);
    let mut want = vec![0.0; 36];
    for (place, value) in [((2, 3), a), ((2, 4), b), ((3, 2), c), ((3, 3), 1.0), ((3, 4), a), ((4, 3), c)] {
        let (i, j): (usize, usize) = place;
        want[i * 6 + j] = value;
    }
    let turned =
        image(bar, 6).rotate(45f64.to_radians(), Rotation { center: behind(6), ..Rotation::default() });
    assert_near("45 degrees", &turned.unwrap(), &image(want, 6), 1e-9);

    let (mut x, mut y) = (vec![0.0; 16], vec![0.0; 16]);
    (x[5], y[7]) = (1.0, 1.0);
    let turned =
        image(x, 4).rotate(90f64.to_radians(), Rotation { center: behind(4), ..Rotation::default() });
    assert_near("90 degrees", &turned.unwrap(), &image(y, 4), 0.0);

    let (mut x, mut y) = (vec![0.0; 9], vec![0.0; 9]);
    (x[1], y[2]) = (1.0, 1.0);
    let nearest = Rotation { mode: SampleMode::Nearest, center: behind(3) };
    let whole = image(x, 3).to_dtype(DType::I32).unwrap();
    assert_near("nearest", &whole.rotate(45f64.to_radians(), nearest).unwrap(), &image(y, 3), 0.0);
}
