//! Dense layers, normalisations, embeddings, products and scalers.

use serde_json::Value;
use tensorkeep_nn::init;
use tensorkeep_nn::layers::{
    AlphaDropout, BagMode, BatchNorm, Bilinear, Conv, Dense, Dropout, Embedding, EmbeddingBag, Flatten,
    GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm, MinMax, NormOver, RmsNorm, Rrelu, Scale,
    SpectralNorm, Standardise, WeightNorm,
};
use tensorkeep_nn::{Layer, State};
use tensorkeep_tensor::{Result, Tensor};

use crate::group::{ALL, Group};
use crate::row::{Row, short};
use crate::{cpu, rng};

pub(crate) const GROUP: Group = Group { json: include_str!("../golden/layers.json"), tolerances: ALL, row };

#[test]
fn layers_are_pytorchs() {
    GROUP.check();
}

fn row(name: &str, _: &Value) -> Result<Row> {
    Ok(match name.split('_').next() {
        Some("batch" | "instance") => tracked_norm(name)?,
        Some("group" | "layer" | "rms" | "local") => norm(name)?,
        Some("weight" | "spectral") => norm_of_weights(name)?,
        Some("embedding") => embedding(name)?,
        _ => other(name)?,
    })
}

fn other(name: &str) -> Result<Row> {
    let rng = &mut rng();
    let dense = Dense::new(3, 2, rng)?;
    Ok(match name {
        "dense" | "dense_of_stack" => Row::layer(dense),
        "dense_unbiased" => Row::layer(Dense { bias: None, ..dense }),
        "scale" => Row::layer(Scale::new([2, 1, 3], &cpu())?),
        "scale_unbiased" => Row::layer(Scale { bias: None, ..Scale::new([2, 1, 3], &cpu())? }),
        "flatten" => Row::layer(Flatten),
        "dropout_evaluation" => Row::layer(Dropout::new(0.4)?),
        "dropout_of_all" => Row::training(Dropout::new(1.0)?),
        "alpha_dropout_evaluation" => Row::layer(AlphaDropout::new(0.4)?),
        "rrelu_evaluation" => Row::layer(Rrelu::new(0.125, 0.5)?),
        "bilinear" => Row::of(Bilinear::new([3, 2], 2, rng)?, |product, x, _| {
            Ok(vec![product.forward_pair(&x[0], &x[1])?])
        }),
        "bilinear_of_itself" => Row::layer(Bilinear { bias: None, ..Bilinear::new([2, 2], 3, rng)? }),
        "standardise" => Row::function(short::<Standardise>(), |x, fitted| {
            let layer = Standardise::fit(&fitted[0], 1)?;
            Ok(vec![layer.forward(&x[0])?, layer.inverse(&x[0])?])
        }),
        "min_max" => Row::function(short::<MinMax>(), |x, fitted| {
            let layer = MinMax { low: -1.0, high: 2.0, ..MinMax::fit(&fitted[0], 1)? };
            Ok(vec![layer.forward(&x[0])?, layer.inverse(&x[0])?])
        }),
        _ => panic!("no row for {name}"),
    })
}

fn tracked_norm(name: &str) -> Result<Row> {
    let batch = |n: usize| BatchNorm::new(n, &cpu());
    let ones = || init::ones([2], &cpu());
    let tracked = InstanceNorm {
        weight: Some(ones()?),
        bias: Some(ones()?),
        running_mean: Some(State::new(ones()?)),
        running_variance: Some(State::new(ones()?)),
        ..InstanceNorm::new(2)?
    };
    Ok(match name {
        "batch_norm" => Row::training(BatchNorm { momentum: 0.3, ..batch(3)? }),
        "batch_norm_of_rows" => Row::training(batch(2)?),
        "batch_norm_of_volumes" => Row::training(BatchNorm { weight: None, bias: None, ..batch(2)? }),
        "batch_norm_evaluation" => Row::layer(batch(3)?),
        "batch_norm_cumulative" => Row::training(batch(3)?.cumulative()?),
        "batch_norm_cumulative_evaluation" => Row::layer(batch(3)?.cumulative()?),
        "batch_norm_untracked" => {
            Row::layer(BatchNorm { running_mean: None, running_variance: None, ..batch(2)? })
        }
        "instance_norm" => Row::training(InstanceNorm::new(3)?),
        "instance_norm_plain_evaluation" => Row::layer(InstanceNorm::new(3)?),
        "instance_norm_tracked" => Row::training(tracked),
        "instance_norm_evaluation" => Row::layer(tracked),
        _ => panic!("no row for {name}"),
    })
}

fn norm(name: &str) -> Result<Row> {
    let layer = |n: usize| LayerNorm::new(n, &cpu());
    Ok(match name {
        "group_norm" => Row::training(GroupNorm::new(2, 4, &cpu())?),
        "group_norm_plain" => {
            let norm = GroupNorm::new(1, 4, &cpu())?;
            Row::training(GroupNorm { weight: None, bias: None, epsilon: 1e-3, ..norm })
        }
        "layer_norm" => Row::training(layer(4)?),
        "layer_norm_two_axes" => Row::training(LayerNorm { bias: None, ..LayerNorm::new([2, 3], &cpu())? }),
        "layer_norm_plain" => {
            Row::training(LayerNorm { weight: None, bias: None, epsilon: 1e-3, ..layer(3)? })
        }
        "rms_norm" => Row::training(RmsNorm::new(4, &cpu())?),
        "rms_norm_two_axes" => Row::training(RmsNorm { epsilon: 1e-2, ..RmsNorm::new([2, 3], &cpu())? }),
        "local_response_norm" | "local_response_norm_even" => {
            let size = if name.ends_with("even") { 4 } else { 3 };
            Row::training(LocalResponseNorm { size, alpha: 0.7, beta: 0.6, k: 1.5 })
        }
        _ => panic!("no row for {name}"),
    })
}

/// In training, power iterations move with the weight, and are constants for the gradient.
fn norm_of_weights(name: &str) -> Result<Row> {
    let rng = &mut rng();
    let (dense, conv) = (Dense::new(3, 2, rng)?, Conv::new([2], 2, 3, rng)?);
    Ok(match name {
        "weight_norm" => Row::layer(WeightNorm::new(dense, "weight", NormOver::AllBut(0))?),
        "weight_norm_of_kernels" => Row::layer(WeightNorm::new(conv, "weight", NormOver::AllBut(0))?),
        "weight_norm_of_inputs" => Row::layer(WeightNorm::new(conv, "weight", NormOver::AllBut(1))?),
        "weight_norm_whole" => Row::layer(WeightNorm::new(dense, "weight", NormOver::All)?),
        "weight_norm_of_flux" => Row::layer(WeightNorm::new(conv, "weight", NormOver::Axis(0))?),
        "spectral_norm" => Row::training(SpectralNorm::new(dense, "weight", 0, rng)?).with_constants(),
        "spectral_norm_evaluation" => Row::layer(SpectralNorm::new(dense, "weight", 0, rng)?),
        "spectral_norm_of_kernels" => {
            let norm = SpectralNorm { iterations: 3, ..SpectralNorm::new(conv, "weight", 0, rng)? };
            Row::training(norm).with_constants()
        }
        "spectral_norm_of_inputs" => {
            Row::training(SpectralNorm::new(conv, "weight", 1, rng)?).with_constants()
        }
        _ => panic!("no row for {name}"),
    })
}

fn embedding(name: &str) -> Result<Row> {
    /// Bags of two words, none, and the rest.
    const OFFSETS: &[usize] = &[0, 2, 2, 5];
    /// One of padding alone besides.
    const PADDED_OFFSETS: &[usize] = &[0, 3, 3, 4, 6];
    let rng = &mut rng();
    if name == "embedding_unpadded" {
        return Ok(Row::training(Embedding::new(4, 2, rng)?));
    }
    if name == "embedding" {
        // The vector of padding moves the result, and has no gradient.
        return Ok(Row::training(Embedding::new(5, 3, rng)?.with_padding(1)?).with_constants());
    }
    let mode = match name.split('_').nth(2) {
        Some("sum" | "factors") => BagMode::Sum,
        Some("mean") => BagMode::Mean,
        Some("max") => BagMode::Max,
        _ => panic!("no row for {name}"),
    };
    let bag = EmbeddingBag::new(5, 3, mode, rng)?;
    let (bag, offsets) = match name.contains("padded") {
        true => (bag.with_padding(1)?, PADDED_OFFSETS),
        false => (bag, OFFSETS),
    };
    if name.ends_with("offsets") || name.contains("factors") {
        let bags = |bag: &EmbeddingBag, factors: &[Tensor], words: &[Tensor]| {
            Ok(vec![bag.bags(&words[0], offsets, factors.first())?])
        };
        return Ok(Row::of(bag, bags));
    }
    Ok(Row::training(bag))
}
