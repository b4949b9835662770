//! Edges.

use tensorkeep_tensor::PadMode;
use tensorkeep_testkit::flux::every_case;

use super::{array, option, per_axis};

#[test]
fn edges() {
    every_case("padding", |case| {
        let value = option(case, &["value", "val"]).as_f64().unwrap_or(0.0);
        let mode = match case.param("mode").as_str() {
            Some("constant" | "zeros") => PadMode::Constant(value.into()),
            Some("repeat" | "replicate" | "edge") => PadMode::Replicate,
            Some("reflect") => PadMode::Reflect,
            Some("symmetric") => PadMode::Symmetric,
            Some("circular") => PadMode::Circular,
            _ => return case.unknown(),
        };
        let x = array(case.input("x"))?;
        let pads = case.param("pads");
        // A pair an axis, or one number for all sides.
        let pair = |axis: usize| match pads.as_u64() {
            Some(n) => (n as usize, n as usize),
            None => per_axis::<2>(&pads[axis], 0).into(),
        };
        case.expect(&x.pad_mode(&(0..x.rank()).map(pair).collect::<Vec<_>>(), mode)?)
    });
}
