//! Products of queries, keys and values, heads of them, and positions.

use serde_json::Value;
use tensorkeep_nn::Context;
use tensorkeep_nn::layers::{
    AttentionMask, AttentionSizes, LearnedPositions, MultiHeadAttention, Rotary, RotaryLayout,
    SinusoidalPositions, scaled_dot_product_attention,
};
use tensorkeep_tensor::{Result, Tensor};

use crate::group::{Group, WIDE};
use crate::rng;
use crate::row::{Row, short};

pub(crate) const GROUP: Group =
    Group { json: include_str!("../golden/attention.json"), tolerances: WIDE, row };

#[test]
fn attention_is_pytorchs() {
    GROUP.check();
}

/// What a layer gives, and the weights that it gave the values, by queries, keys and values.
fn heads(layer: MultiHeadAttention) -> Row {
    Row::of(layer, |layer, x, keep| {
        let mask = AttentionMask { keep: keep.first(), ..AttentionMask::default() };
        let [q, k, v]: [&Tensor; 3] = match x {
            [x] => [x; 3],
            [q, k, v] => [q, k, v],
            _ => panic!("{} inputs", x.len()),
        };
        let cx = Context::evaluation();
        Ok(vec![layer.attend(q, k, v, mask, &cx)?, layer.attend_with_weights(q, k, v, mask, &cx)?.1])
    })
}

fn row(name: &str, _: &Value) -> Result<Row> {
    let rng = &mut rng();
    let causal = name.contains("causal");
    let layer = MultiHeadAttention { causal, ..MultiHeadAttention::new(4, 2, rng)? };
    Ok(match name {
        "heads, causal, masked" => heads(layer),
        "heads, across, unbiased" => {
            let sizes = AttentionSizes { keys: 3, values: 2, bias: false, ..AttentionSizes::new(4, 2) };
            heads(MultiHeadAttention::of_sizes(sizes, rng)?)
        }
        "heads, causal, turned" => Row::layer(MultiHeadAttention { rotary: Some(Rotary::new(2)?), ..layer }),
        "turned in halves" | "turned in pairs" => {
            let layout =
                if name.ends_with("pairs") { RotaryLayout::Interleaved } else { RotaryLayout::HalfSplit };
            let rotary = Rotary { layout, ..Rotary::new(4)? };
            Row::function(short::<Rotary>(), move |x, _| Ok(vec![rotary.rotate(&x[0], 5)?]))
        }
        "sinusoidal" => {
            Row::of(SinusoidalPositions::default(), |positions, x, _| Ok(vec![positions.add_from(2, &x[0])?]))
        }
        "learned" => Row::of(LearnedPositions::new(5, 4, rng)?, |positions, x, _| {
            Ok(vec![positions.add_from(2, &x[0])?])
        }),
        _ if name.starts_with("product") => Row::function("scaled_dot_product_attention", move |x, keep| {
            let mask = AttentionMask { causal, keep: keep.first(), bias: x.get(3) };
            Ok(vec![scaled_dot_product_attention(&x[0], &x[1], &x[2], mask)?])
        }),
        _ => panic!("no row for {name}"),
    })
}
