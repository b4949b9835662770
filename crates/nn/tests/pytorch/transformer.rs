//! The layers of transformers, stacks of them, and the language model.

use serde_json::Value;
use tensorkeep_nn::layers::{
    AttentionMask, DecoderMasks, FeedForward, Gpt, GptSizes, LayerNorm, TransformerDecoder,
    TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
};
use tensorkeep_nn::{Boxed, Context};
use tensorkeep_tensor::{Result, Tensor};

use crate::group::{Group, WIDE};
use crate::{Row, cpu, rng};

pub(crate) const LAYERS: Group =
    Group { json: include_str!("../golden/transformer.json"), tolerances: WIDE, row };

pub(crate) const STACKS: Group = Group { json: include_str!("../golden/stacks.json"), tolerances: WIDE, row };

#[test]
fn layers_are_pytorchs() {
    LAYERS.check();
}

#[test]
fn stacks_are_pytorchs() {
    STACKS.check();
}

fn row(name: &str, _: &Value) -> Result<Row> {
    let rng = &mut rng();
    let cx = Context::evaluation();
    let norm_first = name.ends_with("first") || !name.contains("_layer");
    let gelu = |dense: FeedForward| FeedForward { activation: Boxed::new(Tensor::gelu), ..dense };
    let norm = Some(LayerNorm::new(4, &cpu())?);
    let sizes =
        GptSizes { vocabulary: 4, context: 5, features: 4, heads: 2, layers: 1, ..GptSizes::default() };
    Ok(match name {
        "feed_forward" => Row::layer(gelu(FeedForward::new(3, 5, rng)?)),
        "encoder_layer_norm_last" | "encoder_layer_norm_first" => {
            let layer = TransformerEncoderLayer { norm_first, ..TransformerEncoderLayer::new(4, 2, 5, rng)? };
            let layer = TransformerEncoderLayer { feed_forward: gelu(layer.feed_forward), ..layer };
            Row::of(layer, move |layer, x, keep| {
                let mask = AttentionMask { keep: keep.first(), ..AttentionMask::default() };
                Ok(vec![layer.run(&x[0], mask, &cx)?])
            })
        }
        "decoder_layer_norm_last" | "decoder_layer_norm_first" => {
            let layer = TransformerDecoderLayer { norm_first, ..TransformerDecoderLayer::new(4, 2, 5, rng)? };
            Row::of(layer, move |layer, x, keep| {
                let memory = AttentionMask { keep: keep.first(), ..AttentionMask::default() };
                let masks = DecoderMasks { memory, ..DecoderMasks::default() };
                Ok(vec![layer.run(&x[0], &x[1], masks, &cx)?])
            })
        }
        "encoder" => {
            let layer = TransformerEncoderLayer { norm_first, ..TransformerEncoderLayer::new(4, 2, 3, rng)? };
            Row::layer(TransformerEncoder { layers: vec![layer; 2], norm })
        }
        "decoder" => {
            let layer = TransformerDecoderLayer { norm_first, ..TransformerDecoderLayer::new(4, 2, 3, rng)? };
            Row::of(TransformerDecoder { layers: vec![layer; 2], norm }, move |stack, x, _| {
                Ok(vec![stack.run(&x[0], &x[1], DecoderMasks::default(), &cx)?])
            })
        }
        "gpt" => Row::layer(Gpt::new(sizes, rng)?),
        "gpt, turned" => Row::layer(Gpt::new(GptSizes { rotary: true, tied: false, ..sizes }, rng)?),
        _ => panic!("no row for {name}"),
    })
}
