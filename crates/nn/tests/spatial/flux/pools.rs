//! Pools, and adaptive ones with Flux's windows.

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{AdaptiveMaxPool, AdaptiveMeanPool, LpPool, MaxPool, MeanPool};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};

use super::{array, asked, padding, per_axis, sizes};
use tensorkeep_testkit::assert_near;

use crate::numbers;

/// Which pool a case speaks of, with its windows, by how the name begins.
fn pool<const N: usize>(case: &Case, kind: &str) -> Box<dyn Layer> {
    let (kernel, stride) = (per_axis::<N>(case.param("kernel"), 1), per_axis(case.param("stride"), 1));
    let padding = padding(case.param("padding"));
    let count_padding = case.param("count_include_pad") != false;
    match kind {
        "max" => Box::new(MaxPool { stride, padding, ..MaxPool::new(kernel) }),
        "mean" => Box::new(MeanPool { kernel, stride, padding, count_padding }),
        _ => Box::new(LpPool { p: case.param("p").as_f64().unwrap(), kernel, stride, padding }),
    }
}

/// The sizes of a pool under several settings, its stride being its kernel unless it is said.
fn pool_sizes(case: &Case) -> Outcome {
    for (settings, i) in case.param("settings").as_array().into_iter().flatten().zip(0..) {
        let kernel: [usize; 2] = per_axis(&settings["kernel"], 1);
        let stride = if settings["stride"].is_null() { kernel } else { per_axis(&settings["stride"], 1) };
        let pool = MaxPool { stride, padding: padding(&settings["pad"]), ..MaxPool::new(kernel) };
        assert_eq!(sizes(case, &pool)?, per_axis::<4>(&case.expected()[i], 0), "{settings}");
    }
    Ok(())
}

#[test]
fn pools() {
    every_case("pooling", |case| {
        let id = case.id();
        if id == "pool_sizes" {
            return pool_sizes(case);
        }
        let axes = ["1d", "2d", "3d"].into_iter().position(|axes| id.contains(axes));
        let pool = |kind: &str| match axes {
            Some(0) => pool::<1>(case, kind),
            Some(1) => pool::<2>(case, kind),
            _ => pool::<3>(case, kind),
        };
        let kind = ["max", "mean", "lp"].into_iter().find(|kind| id.starts_with(kind));
        match (axes, kind) {
            (Some(_), Some(kind)) => {
                let pool = pool(kind);
                case.expect(&asked(case, |x, _| pool.forward(x), &array(case.input("x"))?)?)
            }
            // The gradients of the sums of a max and a mean pool.
            (Some(_), None) if id.contains("natural") => ["max", "mean"].into_iter().try_for_each(|kind| {
                let pool = pool(kind);
                let (_, dx) = value_and_grad(|x| pool.forward(x)?.sum_all(), &array(case.input("x"))?)?;
                case.same(&dx, &case.expected()[format!("grad_{kind}pool")])
            }),
            _ => case.unknown(),
        }
    });
}

/// Adaptive pools whose windows are all alike: 10 elements in 4 windows of 4, two apart.
#[test]
fn uniform_windows() {
    let x = numbers(&[1, 2, 10], 0);
    let mean = AdaptiveMeanPool { uniform: true, ..AdaptiveMeanPool::new([4]) }.forward(&x).unwrap();
    assert_near("mean", &mean, &MeanPool { stride: [2], ..MeanPool::new([4]) }.forward(&x).unwrap(), 0.0);
    let max = AdaptiveMaxPool { uniform: true, ..AdaptiveMaxPool::new([4]) }.forward(&x).unwrap();
    assert_near("max", &max, &MaxPool { stride: [2], ..MaxPool::new([4]) }.forward(&x).unwrap(), 0.0);
    assert_ne!(
        AdaptiveMeanPool::new([4]).forward(&x).unwrap().to_vec::<f64>().unwrap(),
        mean.to_vec::<f64>().unwrap()
    );
}
