//! Stacks of transformer layers, and the language model made of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::sync::{Arc, Mutex};

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::layers::{
    AttentionMask, DecoderCache, DecoderMasks, Gpt, GptSizes, KeyValueCache, LayerNorm, MultiHeadAttention,
    Rotary, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
};
use tensorkeep_nn::losses::cross_entropy;
use tensorkeep_nn::module::{count, parameters};
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, Device, Error, ErrorKind, Result, Rng, Tensor};
use tensorkeep_testkit::assert_near;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn encoder(rng: &mut Rng) -> TransformerEncoder {
    let layer = |rng: &mut Rng| {
        let layer = TransformerEncoderLayer::new(8, 2, 12, rng).unwrap();
        let attention = MultiHeadAttention { causal: true, ..layer.attention };
        TransformerEncoderLayer { norm_first: true, attention, ..layer }
    };
    TransformerEncoder {
        layers: vec![layer(rng), layer(rng)],
        norm: Some(LayerNorm::new(8, &cpu()).unwrap()),
    }
}

#[test]
fn stacks_go_on_step_by_step() {
    let rng = &mut Rng::new(1, &cpu());
    let encoder = encoder(rng);
    let layers = vec![
        TransformerDecoderLayer::new(8, 2, 12, rng).unwrap(),
        TransformerDecoderLayer::new(8, 4, 12, rng).unwrap(),
    ];
    let decoder = TransformerDecoder { layers, norm: None };
    let (x, memory) = (rng.normal([2, 5, 8], 0.0, 1.0).unwrap(), rng.normal([2, 3, 8], 0.0, 1.0).unwrap());
    let (cx, mask, masks) = (Context::evaluation(), AttentionMask::default(), DecoderMasks::default());
    let (mut encoded, mut decoded) = (Vec::new(), Vec::new());
    let mut of_encoder = encoder.caches(5).unwrap();
    let mut of_decoder = decoder.caches(5, &memory, &cx).unwrap();
    for range in [0..2, 2..3, 3..5] {
        let part = x.narrow(1, range).unwrap();
        encoded.push(encoder.decode(&part, &mut of_encoder, mask, &cx).unwrap());
        decoded.push(decoder.decode(&part, &mut of_decoder, masks, &cx).unwrap());
    }
    let joined = |parts: &[Tensor]| Tensor::concat(&parts.iter().collect::<Vec<_>>(), 1).unwrap();
    assert_near("encoder", &joined(&encoded), &encoder.forward(&x).unwrap(), 1e-5);
    assert_near("decoder", &joined(&decoded), &decoder.run(&x, &memory, masks, &cx).unwrap(), 1e-5);
}

/// Keys and values of the memory are not computed again, and its mask and its positions are what they are in
/// one pass.
#[test]
fn a_memory_is_read_once() {
    let rng = &mut Rng::new(1, &cpu());
    let layer = TransformerDecoderLayer::new(8, 2, 12, rng).unwrap();
    let rotary = Some(Rotary::new(4).unwrap());
    let memory_attention = MultiHeadAttention { rotary, ..layer.memory_attention };
    let layer = TransformerDecoderLayer { memory_attention, ..layer };
    let (x, memory) = (rng.normal([2, 4, 8], 0.0, 1.0).unwrap(), rng.normal([2, 3, 8], 0.0, 1.0).unwrap());
    let keep = Tensor::new([[true, true, true], [true, false, true]], &cpu()).unwrap();
    let keep = keep.reshape([2, 1, 1, 3]).unwrap();
    let memory_mask = AttentionMask { keep: Some(&keep), ..AttentionMask::default() };
    let masks = DecoderMasks { memory: memory_mask, ..DecoderMasks::default() };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&seen);
    let cx = Context::evaluation().observed(move |path: &str, _: &dyn Layer, _: &Tensor| {
        paths.lock().unwrap().push(path.to_owned());
    });
    let reads = |part: &str| seen.lock().unwrap().iter().filter(|path| path.as_str() == part).count();
    let mut cache = layer.cache(4, &memory, &cx).unwrap();
    let step = |t: usize| layer.decode(&x.narrow(1, t..=t).unwrap(), &mut cache, masks, &cx).unwrap();
    let steps: Vec<Tensor> = (0..4).map(step).collect();
    let counts = ["key", "value", "query"].map(|part| reads(&format!("memory_attention.{part}")));
    assert_eq!(counts, [1, 1, 4]);
    let got = Tensor::concat(&steps.iter().collect::<Vec<_>>(), 1).unwrap();
    assert_near("step by step", &got, &layer.run(&x, &memory, masks, &cx).unwrap(), 1e-5);
}

/// A stack as a layer is the stack without a mask, and draws the same random numbers.
#[test]
fn a_stack_is_a_layer() {
    let rng = &mut Rng::new(1, &cpu());
    let mut encoder = encoder(rng);
    for layer in &mut encoder.layers {
        *layer = layer.clone().with_dropout(0.5).unwrap();
    }
    let x = rng.normal([2, 5, 8], 0.0, 1.0).unwrap();
    for cx in [Context::evaluation(), Context::training(4)] {
        let want = encoder.run(&x, AttentionMask::default(), &cx).unwrap();
        assert_near("stack", &encoder.forward_with(&x, &cx).unwrap(), &want, 0.0);
    }
}

fn sizes() -> GptSizes {
    GptSizes { vocabulary: 11, context: 6, features: 8, heads: 2, layers: 2, ..GptSizes::default() }
}

/// A model whose weights are large enough that differences show.
fn gpt(sizes: GptSizes) -> Gpt {
    let mut model = Gpt::new(sizes, &mut Rng::new(1, &cpu())).unwrap();
    for block in &mut model.blocks.layers {
        block.attention.query.weight = block.attention.query.weight.mul(20.0).unwrap();
        block.attention.key.weight = block.attention.key.weight.mul(20.0).unwrap();
        block.attention.value.weight = block.attention.value.weight.mul(20.0).unwrap();
        block.attention.output.weight = block.attention.output.weight.mul(20.0).unwrap();
    }
    model
}

#[test]
fn a_language_model_sees_no_future_and_goes_on() {
    let tokens = Tensor::new([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]], &cpu()).unwrap();
    for (rotary, tied) in [(false, true), (true, false)] {
        let model = gpt(GptSizes { rotary, tied, ..sizes() });
        let whole = model.forward(&tokens).unwrap();
        assert_eq!(whole.shape().sizes(), [2, 6, 11]);
        for cut in 1..6 {
            let first = model.forward(&tokens.narrow(1, ..cut).unwrap()).unwrap();
            assert_near("the past", &first, &whole.narrow(1, ..cut).unwrap(), 1e-5);
        }
        let (mut caches, cx) = (model.caches(6).unwrap(), Context::evaluation());
        for t in 0..6 {
            let logits = model.decode(&tokens.narrow(1, t..=t).unwrap(), &mut caches, &cx).unwrap();
            assert_near("a step", &logits, &whole.narrow(1, t..=t).unwrap(), 1e-5);
        }
        // Another order of the past gives other logits: positions are told.
        let swapped =
            Tensor::concat(&[&tokens.narrow(1, 1..2).unwrap(), &tokens.narrow(1, ..1).unwrap()], 1).unwrap();
        let swapped = Tensor::concat(&[&swapped, &tokens.narrow(1, 2..).unwrap()], 1).unwrap();
        let gap = model.forward(&swapped).unwrap().sub(&whole).unwrap().narrow(1, 5..).unwrap();
        let gap = gap.abs().unwrap().max_all().unwrap().item().unwrap().as_f64();
        assert!(gap > 1e-4, "rotary {rotary}: {gap}");
    }
}

#[test]
fn a_language_model_starts_as_it_says_and_learns() {
    let rng = &mut Rng::new(2, &cpu());
    let model = Gpt::new(GptSizes { features: 64, heads: 4, vocabulary: 100, ..sizes() }, rng).unwrap();
    // Tied weights are one leaf: 100 tokens, 6 positions, two blocks, one norm.
    let block = 4 * (64 * 64 + 64) + (64 * 256 + 256) + (256 * 64 + 64) + 4 * 64;
    assert_eq!(count(&model), 100 * 64 + 6 * 64 + 2 * block + 128);
    for leaf in parameters(&model).iter().filter(|leaf| leaf.value.rank() == 2) {
        let path = leaf.path.as_str();
        let sums = path.ends_with("output.weight") || path.ends_with("contract.weight");
        let want = if sums { 0.01 } else { 0.02 };
        let got = leaf.value.variance([0, 1], false).unwrap().sqrt().unwrap().item().unwrap().as_f64();
        assert!((got / want - 1.0).abs() < 0.2, "{path}: {got}");
    }
    let tokens = Tensor::new([[3, 1, 4, 1, 5, 9]], &cpu()).unwrap();
    let next = Tensor::new([[1, 4, 1, 5, 9, 2]], &cpu()).unwrap();
    let loss = |model: &Gpt| cross_entropy(&model.forward(&tokens)?, &next);
    let (before, gradient) = value_and_grad(loss, &model).unwrap();
    let mut moved = model;
    for (block, by) in moved.blocks.layers.iter_mut().zip(&gradient.blocks.layers) {
        let step = by.feed_forward.contract.weight.mul(0.5).unwrap();
        block.feed_forward.contract.weight = block.feed_forward.contract.weight.sub(&step).unwrap();
    }
    let value = |x: Tensor| x.item().unwrap().as_f64();
    assert!(value(loss(&moved).unwrap()) < value(before));
}

/// Dropout has another mask in every place, and none in evaluation.
#[test]
fn dropout_is_in_every_place() {
    let rng = &mut Rng::new(1, &cpu());
    let layer = TransformerEncoderLayer::new(8, 2, 12, rng).unwrap();
    let x = rng.normal([2, 5, 8], 0.0, 1.0).unwrap();
    let plain = layer.forward(&x).unwrap();
    let dropped = layer.clone().with_dropout(0.5).unwrap();
    assert_near("evaluation", &dropped.forward(&x).unwrap(), &plain, 0.0);
    let cx = Context::training(1);
    let gap = |layer: &TransformerEncoderLayer| {
        let y = layer.forward_with(&x, &cx).unwrap().sub(&plain).unwrap();
        y.abs().unwrap().max_all().unwrap().item().unwrap().as_f64()
    };
    let half = || dropped.dropout.clone();
    let mut one_place = [layer.clone(), layer.clone(), layer.clone()];
    one_place[0].dropout = half();
    one_place[1].attention.dropout = half();
    one_place[2].feed_forward.dropout = half();
    assert_eq!(gap(&layer), 0.0);
    for (i, layer) in one_place.iter().chain([&dropped]).enumerate() {
        assert!(gap(layer) > 1e-3, "{i}");
    }
    // Everything dropped: the shortcut alone.
    let silent = TransformerEncoderLayer { norm_first: true, ..layer.with_dropout(1.0).unwrap() };
    assert_near("the shortcut", &silent.forward_with(&x, &cx).unwrap(), &x, 0.0);
}

/// Two places of equal shape draw apart: a quarter of the numbers passes both, not half.
#[test]
fn dropouts_draw_apart() {
    let layer = TransformerEncoderLayer::new(8, 2, 8, &mut Rng::new(1, &cpu())).unwrap();
    let mut layer = TransformerEncoderLayer { norm_first: true, ..layer.with_dropout(0.5).unwrap() };
    // Zero from attention; from the dense layers ones, dropped twice.
    layer.attention.output.weight = zeros(&[8, 8]);
    layer.feed_forward.expand.weight = zeros(&[8, 8]);
    layer.feed_forward.expand.bias = Some(zeros(&[8]).add(1.0).unwrap());
    layer.feed_forward.contract.weight = Tensor::eye(8, DType::F32, &cpu()).unwrap();
    let y = layer.forward_with(&zeros(&[2, 100, 8]), &Context::training(1)).unwrap().to_vec::<f32>().unwrap();
    assert!(y.iter().all(|&y| y == 0.0 || y == 4.0));
    let passed = y.iter().filter(|&&y| y > 0.0).count();
    assert!((300..500).contains(&passed), "{passed} of 1600");
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &cpu()).unwrap()
}

#[test]
fn what_does_not_fit_is_refused() {
    let rng = &mut Rng::new(1, &cpu());
    let encoder = encoder(rng);
    let free =
        TransformerEncoder { layers: vec![TransformerEncoderLayer::new(8, 2, 12, rng).unwrap()], norm: None };
    let layers = vec![TransformerDecoderLayer::new(8, 2, 12, rng).unwrap()];
    let decoder = TransformerDecoder { layers, norm: None };
    let empty = KeyValueCache::new(4).unwrap();
    let mut forgetful = [DecoderCache { own: empty.clone(), memory: empty }];
    let model = gpt(sizes());
    let (cx, mask, masks) = (Context::evaluation(), AttentionMask::default(), DecoderMasks::default());
    let x = zeros(&[2, 3, 8]);
    let token = |n: i32, length: usize| Tensor::full([1, length], n, DType::INDEX, &cpu()).unwrap();
    let made = |sizes: GptSizes| Gpt::new(sizes, &mut Rng::new(1, &cpu())).err();
    let read = |y: Result<Tensor>| y.and_then(|y| y.to_vec::<f32>()).err();
    let (shape, value, limit) = (ErrorKind::Shape, ErrorKind::Value, ErrorKind::Limit);
    let rows: Vec<(&str, Option<Error>, ErrorKind, &str)> = vec![
        ("no batch", encoder.forward(&zeros(&[3, 8])).err(), shape, "layers.0.attention"),
        ("other features", encoder.forward(&zeros(&[2, 3, 7])).err(), shape, "layers.0.attention_norm"),
        (
            "a cache too few",
            encoder.decode(&x, &mut encoder.caches(4).unwrap()[..1], mask, &cx).err(),
            value,
            "",
        ),
        (
            "no room",
            encoder.decode(&x, &mut encoder.caches(2).unwrap(), mask, &cx).err(),
            limit,
            "layers.0.attention",
        ),
        (
            "no causality",
            free.decode(&x, &mut free.caches(4).unwrap(), mask, &cx).err(),
            value,
            "layers.0.attention",
        ),
        ("no capacity", encoder.caches(0).err(), value, ""),
        (
            "a memory of another batch",
            decoder.run(&x, &zeros(&[1, 3, 8]), masks, &cx).err(),
            shape,
            "layers.0.memory_attention",
        ),
        (
            "a narrow memory",
            decoder.run(&x, &zeros(&[2, 3, 4]), masks, &cx).err(),
            shape,
            "layers.0.memory_attention.key",
        ),
        (
            "a decoder without room",
            decoder.decode(&x, &mut decoder.caches(2, &x, &cx).unwrap(), masks, &cx).err(),
            limit,
            "layers.0.attention",
        ),
        ("a decoder without caches", decoder.decode(&x, &mut [], masks, &cx).err(), value, ""),
        ("a decoder of no steps", decoder.caches(0, &x, &cx).err(), value, "layers.0"),
        (
            "a narrow memory of steps",
            decoder.caches(4, &zeros(&[2, 3, 4]), &cx).err(),
            shape,
            "layers.0.memory_attention.key",
        ),
        (
            "a memory of no batch",
            decoder.caches(4, &zeros(&[3, 8]), &cx).err(),
            shape,
            "layers.0.memory_attention",
        ),
        (
            "a memory of another batch of steps",
            decoder.decode(&x, &mut decoder.caches(4, &zeros(&[1, 3, 8]), &cx).unwrap(), masks, &cx).err(),
            shape,
            "layers.0.memory_attention",
        ),
        (
            "no memory",
            decoder.decode(&x, &mut forgetful, masks, &cx).err(),
            value,
            "layers.0.memory_attention",
        ),
        ("no layers", made(GptSizes { layers: 0, ..sizes() }), value, ""),
        ("heads that do not divide", made(GptSizes { heads: 3, ..sizes() }), value, ""),
        ("no heads", made(GptSizes { heads: 0, rotary: true, ..sizes() }), value, ""),
        ("odd turns", made(GptSizes { heads: 8, rotary: true, ..sizes() }), value, ""),
        ("no vocabulary", made(GptSizes { vocabulary: 0, ..sizes() }), value, ""),
        ("no dropout", made(GptSizes { dropout: f32::NAN, ..sizes() }), value, ""),
        ("beyond the context", model.forward(&token(1, 7)).err(), limit, "positions"),
        ("one text", model.forward(&token(1, 3).squeeze(0).unwrap()).err(), shape, ""),
        ("tokens of floats", model.forward(&zeros(&[1, 3])).err(), ErrorKind::DType, "tokens"),
        ("no such token", read(model.forward(&token(11, 3))), ErrorKind::Index, "tokens"),
    ];
    for (name, error, kind, layer) in rows {
        let error = error.unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert_eq!(error.layer(), layer, "{name}: {error}");
        assert!(error.location().file().ends_with("transformer.rs"), "{name}: {error}");
    }
    let mut caches = encoder.caches(4).unwrap();
    encoder.decode(&x, &mut caches, mask, &cx).unwrap();
    assert!(encoder.decode(&x, &mut caches, mask, &cx).is_err());
    // The second layer fails, and the first one forgets.
    let mut lame = encoder.clone();
    lame.layers[1].attention.causal = false;
    assert!(lame.decode(&x.narrow(1, ..1).unwrap(), &mut caches, mask, &cx).is_err());
    assert!(caches.iter().all(|cache| cache.len() == 3), "what was refused is held by none");
    assert!(forgetful[0].own.is_empty(), "what was refused is not held");
}
