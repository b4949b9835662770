//! Convolutions, pools, edges, and what moves between channels and places.

use serde_json::Value;
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, Conv, ConvTranspose, GlobalMaxPool, GlobalMeanPool, LpPool, MaxPool,
    MeanPool, Pad, Padding, PixelShuffle, PixelUnshuffle,
};
use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{PadMode, Result, Tensor};

use crate::group::{Group, WIDE};
use crate::{Row, rng};

pub(crate) const GROUP: Group = Group { json: include_str!("../golden/spatial.json"), tolerances: WIDE, row };

#[test]
fn spatial_layers_are_pytorchs() {
    GROUP.check();
}

fn row(name: &str, _: &Value) -> Result<Row> {
    Ok(match name.split(' ').next() {
        Some("conv") => conv(name)?,
        Some("transpose") => transpose(name)?,
        Some("max") => max_pool(name),
        Some("pad") => pad(name),
        _ => other(name),
    })
}

/// The same at both ends.
fn both<const N: usize>(padding: [usize; N]) -> Padding<N> {
    Padding::Explicit(padding.map(|p| (p, p)))
}

fn conv(name: &str) -> Result<Row> {
    let rng = &mut rng();
    Ok(match name {
        "conv 1d" => Row::layer(Conv { stride: [2], padding: both([1]), ..Conv::new([3], 3, 2, rng)? }),
        "conv 1d, depthwise" => Row::layer(Conv::depthwise([3], 2, 2, rng)?),
        "conv 2d" => {
            let conv = Conv::grouped([3, 2], 4, 2, 2, rng)?;
            Row::layer(Conv { stride: [2, 1], padding: both([1, 0]), dilation: [1, 2], ..conv })
        }
        "conv 2d, same" => {
            let conv = Conv::new([2, 3], 2, 1, rng)?;
            Row::layer(Conv { padding: Padding::Same, dilation: [3, 2], ..conv })
        }
        "conv 2d, unbiased" => {
            let padding = Padding::Explicit([(2, 0), (0, 1)]);
            Row::layer(Conv { bias: None, padding, ..Conv::new([2, 2], 1, 2, rng)? })
        }
        "conv 3d" => {
            let conv = Conv::grouped([2, 3, 2], 2, 2, 2, rng)?;
            Row::layer(Conv { stride: [1, 2, 1], padding: both([0, 1, 1]), dilation: [2, 1, 1], ..conv })
        }
        _ => panic!("no row for {name}"),
    })
}

fn transpose(name: &str) -> Result<Row> {
    let rng = &mut rng();
    Ok(match name {
        "transpose 1d" => {
            let up = ConvTranspose::new([3], 2, 3, rng)?;
            Row::layer(ConvTranspose { stride: [2], padding: both([1]), output_padding: [1], ..up })
        }
        "transpose 1d, dilated" => {
            let up = ConvTranspose::new([2], 2, 1, rng)?;
            Row::layer(ConvTranspose { dilation: [3], output_padding: [2], ..up })
        }
        "transpose 2d" => {
            let up = ConvTranspose::grouped([2, 3], 4, 2, 2, rng)?;
            let up = ConvTranspose { stride: [2, 3], padding: both([1, 0]), ..up };
            Row::layer(ConvTranspose { output_padding: [1, 2], dilation: [1, 2], ..up })
        }
        "transpose 3d" => {
            let up = ConvTranspose::new([2, 1, 2], 1, 2, rng)?;
            Row::layer(ConvTranspose { stride: [1, 2, 2], padding: both([0, 0, 1]), ..up })
        }
        _ => panic!("no row for {name}"),
    })
}

/// The largest numbers, and where they stand.
fn winners<const N: usize>(pool: MaxPool<N>) -> Row {
    Row::of(pool, |pool, x, _| pool.forward_with_indices(&x[0]).map(|(y, indices)| vec![y, indices]))
}

fn max_pool(name: &str) -> Row {
    match name {
        "max pool 1d, dilated" => {
            winners(MaxPool { stride: [2], dilation: [2], padding: both([1]), ..MaxPool::new([3]) })
        }
        "max pool 2d, ceil" => winners(MaxPool { ceil_mode: true, ..MaxPool::new([2, 3]) }),
        "max pool 2d, ceil, dilated" => {
            let pool = MaxPool { dilation: [2, 3], padding: both([1, 1]), ..MaxPool::new([3, 2]) };
            winners(MaxPool { ceil_mode: true, ..pool })
        }
        "max pool 2d, ceil, all begin inside" => {
            let pool = MaxPool { stride: [3, 3], padding: both([0, 1]), ..MaxPool::new([2, 2]) };
            winners(MaxPool { ceil_mode: true, ..pool })
        }
        "max pool 3d, ceil" => {
            winners(MaxPool { stride: [2, 3, 3], ceil_mode: true, ..MaxPool::new([2; 3]) })
        }
        _ => panic!("no row for {name}"),
    }
}

fn pad(name: &str) -> Row {
    match name {
        "pad 1d, circular" => Row::layer(Pad { padding: [(4, 3)], mode: PadMode::Circular }),
        "pad 2d, constant" => {
            Row::layer(Pad { padding: [(0, 1), (1, 2)], mode: PadMode::Constant(0.5.into()) })
        }
        "pad 2d, reflect" => Row::layer(Pad { padding: [(1, 2), (3, 2)], mode: PadMode::Reflect }),
        "pad 3d, replicate" => {
            Row::layer(Pad { padding: [(1, 0), (0, 2), (4, 1)], mode: PadMode::Replicate })
        }
        _ => panic!("no row for {name}"),
    }
}

fn other(name: &str) -> Row {
    let mean = MeanPool { stride: [2, 2], padding: both([1, 1]), ..MeanPool::new([3, 2]) };
    let window = Window { stride: [2, 2, 1], dilation: [2, 1, 1], padding: [(1, 1); 3] };
    let of = |f: fn(&Tensor, Window) -> Result<Tensor>| {
        Row::function(name, move |x, _| Ok(vec![f(&x[0], window)?]))
    };
    match name {
        "mean pool 1d" => Row::layer(MeanPool { stride: [2], ..MeanPool::new([3]) }),
        "mean pool 2d" => Row::layer(mean),
        "mean pool 2d, not counting" => Row::layer(MeanPool { count_padding: false, ..mean }),
        "mean pool 3d" => Row::layer(MeanPool { stride: [1; 3], ..MeanPool::new([2, 3, 1]) }),
        "adaptive mean 1d" => Row::layer(AdaptiveMeanPool::new([3])),
        "adaptive mean 2d" => Row::layer(AdaptiveMeanPool::new([5, 4])),
        "adaptive mean 2d, even" => Row::layer(AdaptiveMeanPool::new([2, 3])),
        "adaptive mean 3d" => Row::layer(AdaptiveMeanPool::new([2, 1, 3])),
        "adaptive max 1d" => Row::layer(AdaptiveMaxPool::new([3])),
        "adaptive max 2d" => Row::layer(AdaptiveMaxPool::new([5, 4])),
        "adaptive max 3d" => Row::layer(AdaptiveMaxPool::new([2, 1, 3])),
        "global mean" => Row::layer(GlobalMeanPool),
        "global max" => Row::layer(GlobalMaxPool),
        "lp pool 1d" => Row::layer(LpPool { stride: [2], ..LpPool::new(3.0, [3]) }),
        "lp pool 2d" => Row::layer(LpPool { stride: [2, 1], ..LpPool::new(2.0, [2, 3]) }),
        "lp pool 3d" => Row::layer(LpPool { stride: [1, 2, 2], ..LpPool::new(2.0, [2, 1, 2]) }),
        "shuffle" => Row::layer(PixelShuffle { factor: 2 }),
        "unshuffle" => Row::layer(PixelUnshuffle { factor: 2 }),
        "unfold" => of(|x, window| x.unfold(&[2, 3], window)),
        "fold" => of(|x, window| x.fold(&[5, 4], &[2, 3], window)),
        _ => panic!("no row for {name}"),
    }
}
