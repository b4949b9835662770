//! Other sizes.

use serde_json::Value;
use tensorkeep_autodiff::vjp;
use tensorkeep_tensor::{DType, Interpolation, Tensor};
use tensorkeep_testkit::flux::{Case, every_case};

use super::{array, option, per_axis};

/// The sizes that are asked for, or come of a scale.
fn target(case: &Case, input: &[usize]) -> Option<Vec<usize>> {
    if let Some(sizes) = case.param("size").as_array() {
        return sizes.iter().map(|size| size.as_u64().map(|size| size as usize)).collect();
    }
    let scale = case.param("scale");
    let scales =
        scale.as_array().cloned().unwrap_or_else(|| vec![scale.clone(); input.len().saturating_sub(2)]);
    let sizes = &input[input.len().checked_sub(scales.len())?..];
    sizes.iter().zip(&scales).map(|(&n, scale)| Some((n as f64 * scale.as_f64()?) as usize)).collect()
}

#[test]
fn sizes_by_interpolation() {
    every_case("upsample", |case| {
        let align_corners = case.param("align_corners") != false;
        let how = match case.param("mode").as_str() {
            Some("nearest") => Interpolation::Nearest,
            Some("linear" | "bilinear" | "trilinear") => Interpolation::Linear { align_corners },
            None if case.id().contains("nearest") => Interpolation::Nearest,
            None if case.id().contains("pixel_shuffle") => {
                let factor = per_axis::<1>(option(case, &["r", "factor", "scale"]), 1)[0];
                return case.expect(&array(case.input("x"))?.pixel_shuffle(factor)?);
            }
            _ => return case.unknown(),
        };
        let input =
            [case.param("input_size"), case.input("input_size")].into_iter().find_map(Value::as_array);
        let x = match input {
            None => array(case.input("x"))?,
            Some(sizes) => {
                let sizes: Vec<usize> = sizes.iter().filter_map(Value::as_u64).map(|n| n as usize).collect();
                Tensor::zeros(sizes, DType::F64, &tensorkeep_cpu::device())?
            }
        };
        let upstream = case.input("dy");
        let size = match upstream.is_null() {
            true => target(case, x.shape()).ok_or("no size")?,
            false => array(upstream)?.shape().to_vec(),
        };
        let size = &size[size.len().saturating_sub(x.rank())..];
        let resize = |x: &Tensor| x.interpolate(size, how);
        let got = match (upstream.is_null(), case.id().contains("grad")) {
            (false, _) => vjp(resize, &x)?.1.call(&array(upstream)?)?,
            // The upstream is the result itself.
            (true, true) => vjp(resize, &x)?.1.call(&resize(&x)?)?,
            (true, false) => resize(&x)?,
        };
        match case.expected() {
            // NNlib refuses what PyTorch and we define.
            Value::String(word) if word == "error" => {
                assert_eq!(&got.shape()[got.rank() - size.len()..], size);
                Ok(())
            }
            Value::Object(parts) => {
                parts.iter().try_for_each(|(name, want)| match name.strip_prefix("row") {
                    Some(row) => case.same(&got.at(0, row.parse()?)?, want),
                    None => {
                        case.same(&got.sub(want.as_f64().ok_or("no number")?)?.abs()?.max_all()?, &0.0.into())
                    }
                })
            }
            _ => case.expect(&got),
        }
    });
}
