//! Other sizes, samples at places, turned images.

use serde_json::Value;
use tensorkeep_nn::layers::{Resize, Upsample};
use tensorkeep_tensor::{GridSample, Interpolation, Result, Rotation, SampleMode, SamplePadding, Tensor};

use crate::Row;
use crate::group::{Group, WIDE};

pub(crate) const GROUP: Group = Group { json: include_str!("../golden/samples.json"), tolerances: WIDE, row };

#[test]
fn samples_are_pytorchs() {
    GROUP.check();
}

fn of(covers: &str, f: impl Fn(&[Tensor]) -> Result<Tensor> + 'static) -> Row {
    Row::function(covers, move |x, _| Ok(vec![f(x)?]))
}

fn row(name: &str, _: &Value) -> Result<Row> {
    let (plain, align_corners) = (name.trim_end_matches(", aligned"), name.ends_with(", aligned"));
    let nearest = Interpolation::Nearest;
    let (linear, cubic) = (Interpolation::Linear { align_corners }, Interpolation::Cubic { align_corners });
    Ok(match plain {
        "nearest 1d" => Row::layer(Upsample { to: Resize::Size([7]), mode: nearest }),
        "nearest 2d" => Row::layer(Upsample { to: Resize::Scale([2.0, 3.0]), mode: nearest }),
        "nearest 3d" => Row::layer(Upsample { to: Resize::Size([2, 3, 2]), mode: nearest }),
        "linear" => Row::layer(Upsample { to: Resize::Scale([1.75]), mode: linear }),
        "bilinear" => Row::layer(Upsample { to: Resize::Size([5, 3]), mode: linear }),
        "trilinear" => Row::layer(Upsample { to: Resize::Size([3, 2, 4]), mode: linear }),
        "bicubic" => Row::layer(Upsample { to: Resize::Size([5, 3]), mode: cubic }),
        "to one" => Row::layer(Upsample { to: Resize::Size([1, 1]), mode: linear }),
        "cubic to one" => Row::layer(Upsample { to: Resize::Size([1, 2]), mode: cubic }),
        "grid 2d" => of("affine_grid", move |x| x[0].affine_grid(&[2, 3], align_corners)),
        "grid 3d" => of("affine_grid", move |x| x[0].affine_grid(&[2, 1, 3], align_corners)),
        "transformer" => of("grid_sample", move |x| {
            let grid = x[1].affine_grid(&[3, 3], align_corners)?;
            x[0].grid_sample(&grid, GridSample { align_corners, ..GridSample::default() })
        }),
        "rotate" => of("rotate", |x| x[0].rotate(27f64.to_radians(), Rotation::default())),
        "rotate a quarter" => of("rotate", |x| x[0].rotate(90f64.to_radians(), Rotation::default())),
        _ if plain.starts_with("sample") => {
            let how = sampler(plain, align_corners);
            of("grid_sample", move |x| x[0].grid_sample(&x[1], how))
        }
        _ => panic!("no row for {name}"),
    })
}

/// `sample 4d bilinear zeros` and its kin.
fn sampler(name: &str, align_corners: bool) -> GridSample {
    let has = |word: &str| name.contains(word);
    let mode = if has("nearest") { SampleMode::Nearest } else { SampleMode::Linear };
    let padding = match () {
        () if has("border") => SamplePadding::Border,
        () if has("reflection") => SamplePadding::Reflection,
        () => SamplePadding::Zeros,
    };
    GridSample { mode, padding, align_corners }
}
