//! Attention against NNlib's cases; what masks, caches and positions mean.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::layers::{
    AttentionMask, AttentionSizes, Dropout, KeyValueCache, LearnedPositions, MultiHeadAttention, Rotary,
    RotaryLayout, SinusoidalPositions, attention_weights, causal_mask, scaled_dot_product_attention,
};
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, Device, Error, ErrorKind, Result, Rng, Tensor};
use tensorkeep_testkit::flux::{Case, every_case};
use tensorkeep_testkit::golden::doubles;
use tensorkeep_testkit::{assert_near, gradient};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// NNlib has features in contiguous blocks of heads, `[batch, length, features]` here, and gives the weights
/// too.
#[test]
fn attention_follows_nnlibs_cases() {
    every_case("attention", |case: &Case| {
        if case.id().contains("mask") && case.input("q").is_null() {
            let length = case
                .param("len")
                .as_u64()
                .or_else(|| case.expected().as_array().map(|rows| rows.len() as u64));
            let length = length.unwrap_or(0) as usize;
            return case.expect(&causal_mask(length, length, &cpu())?.to_dtype(DType::F64)?);
        }
        let heads = case.param("heads").as_u64().unwrap_or(1) as usize;
        let split = |name: &str| -> Result<Tensor> {
            let x = doubles(case.input(name))?;
            let [batch, length, features] = x.dims()?;
            x.reshape([batch, length, heads, features / heads])?.transpose(1, 2)
        };
        let (q, k, v) = (split("q")?, split("k")?, split("v")?);
        let given = |name: &str| (!case.input(name).is_null()).then(|| doubles(case.input(name))).transpose();
        let keep = given("mask")?.map(|mask| mask.ne(0)).transpose()?;
        let bias = given("bias")?;
        let causal = *case.param("causal") == true;
        let mask = AttentionMask { causal, keep: keep.as_ref(), bias: bias.as_ref() };
        let y = scaled_dot_product_attention(&q, &k, &v, mask)?.transpose(1, 2)?.flatten(2)?;
        case.same(&y, &case.expected()["y"])?;
        match &case.expected()["scores"] {
            Value::Null => Ok(()),
            scores => case.same(&attention_weights(&q, &k, mask)?, scores),
        }
    });
}

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Rng::new(seed, &cpu()).normal(shape, 0.0, 1.0).unwrap().to_dtype(DType::F64).unwrap()
}

#[test]
fn causal_masks_end_at_the_last_key() {
    let rows: [(usize, usize, &[u8]); 4] = [
        (3, 3, &[1, 0, 0, 1, 1, 0, 1, 1, 1]),
        (2, 3, &[1, 1, 0, 1, 1, 1]),
        (3, 2, &[0, 0, 1, 0, 1, 1]),
        (1, 2, &[1, 1]),
    ];
    for (queries, keys, want) in rows {
        let mask = causal_mask(queries, keys, &cpu()).unwrap();
        assert_eq!(mask.shape().sizes(), [queries, keys]);
        assert_eq!(mask.to_dtype(DType::U8).unwrap().to_vec::<u8>().unwrap(), want, "{queries} and {keys}");
    }
}

/// Whatever makes it go another way, a mask that hides nothing changes no number; and a hidden key may hold
/// anything.
#[test]
fn the_fused_and_the_composed_way_agree() {
    let (q, k, v) = (normal(&[2, 4, 3, 5], 1), normal(&[2, 2, 6, 5], 2), normal(&[2, 2, 6, 4], 3));
    let all = Tensor::ones([6], DType::Bool, &cpu()).unwrap();
    let nothing = Tensor::zeros([3, 6], DType::F64, &cpu()).unwrap();
    for causal in [false, true] {
        let plain = AttentionMask { causal, ..AttentionMask::default() };
        let want = scaled_dot_product_attention(&q, &k, &v, plain).unwrap();
        let masks =
            [AttentionMask { keep: Some(&all), ..plain }, AttentionMask { bias: Some(&nothing), ..plain }];
        for mask in masks {
            let got = scaled_dot_product_attention(&q, &k, &v, mask).unwrap();
            assert_near("masked", &got, &want, 1e-13);
        }
    }
    let keep = Tensor::new([true, true, false, true, false, true], &cpu()).unwrap();
    let mask = AttentionMask { keep: Some(&keep), ..AttentionMask::default() };
    let want = scaled_dot_product_attention(&q, &k, &v, mask).unwrap();
    let rows = Tensor::new([0, 1, 3, 5], &cpu()).unwrap();
    let (few_k, few_v) = (k.take(2, &rows).unwrap(), v.take(2, &rows).unwrap());
    let got = scaled_dot_product_attention(&q, &few_k, &few_v, AttentionMask::default()).unwrap();
    assert_near("left out", &got, &want, 1e-13);
}

/// A query that sees no key gives zeros, and so does its gradient: by masks, by −∞, by fewer keys than
/// queries, by none at all.
#[test]
fn a_query_that_sees_nothing_takes_nothing() {
    let x = |length: usize| normal(&[1, 2, length, 3], 4);
    let keep = Tensor::new([[true, false, true], [false, false, false]], &cpu()).unwrap();
    let bias = keep.select(&Tensor::zeros((), DType::F64, &cpu()).unwrap(), &infinite()).unwrap();
    let plain = AttentionMask::default();
    // Queries, keys, the mask, and which queries see something.
    let rows = [
        (2, 3, AttentionMask { keep: Some(&keep), ..plain }, vec![true, false]),
        (2, 3, AttentionMask { bias: Some(&bias), ..plain }, vec![true, false]),
        (4, 3, AttentionMask::causal(), vec![false, true, true, true]),
        (2, 0, plain, vec![false, false]),
    ];
    for (i, (queries, keys, mask, sees)) in rows.into_iter().enumerate() {
        let (q, k) = (x(queries), x(keys));
        let y = scaled_dot_product_attention(&q, &k, &k, mask).unwrap();
        let weights = attention_weights(&q, &k, mask).unwrap().sum([-1], false).unwrap();
        for (query, sees) in sees.into_iter().enumerate() {
            let taken = y.narrow(2, query..=query).unwrap().to_vec::<f64>().unwrap();
            assert_eq!(taken.iter().all(|&y| y == 0.0), !sees, "row {i}, query {query}: {taken:?}");
            for sum in weights.narrow(2, query..=query).unwrap().to_vec::<f64>().unwrap() {
                assert!((sum - f64::from(u8::from(sees))).abs() < 1e-12, "row {i}, query {query}: {sum}");
            }
        }
        if keys > 0 {
            let run = |x: &[Tensor]| scaled_dot_product_attention(&x[0], &x[1], &x[1], mask);
            gradient::check(run, &[q, k]).unwrap();
        }
    }
}

fn infinite() -> Tensor {
    Tensor::full((), f64::NEG_INFINITY, DType::F64, &cpu()).unwrap()
}

/// NaN is not mistaken for a row that sees nothing.
#[test]
fn nan_is_not_hidden() {
    let q = normal(&[1, 1, 2, 3], 4);
    let bad = Tensor::full([1, 1, 2, 3], f64::NAN, DType::F64, &cpu()).unwrap();
    let keep = Tensor::ones([2, 2], DType::Bool, &cpu()).unwrap();
    let mask = AttentionMask { keep: Some(&keep), ..AttentionMask::default() };
    let y = scaled_dot_product_attention(&q, &bad, &q, mask).unwrap();
    assert!(y.to_vec::<f64>().unwrap().iter().all(|y| y.is_nan()));
}

#[test]
fn dropout_is_of_the_weights() {
    let rng = &mut Rng::new(1, &cpu());
    let plain = MultiHeadAttention::new(4, 2, rng).unwrap();
    let layer = MultiHeadAttention { dropout: Dropout::new(0.5).unwrap(), ..plain.clone() };
    let x = rng.normal([2, 3, 4], 0.0, 1.0).unwrap();
    let cx = Context::training(3);
    let mask = AttentionMask::default();
    let (y, weights) = layer.attend_with_weights(&x, &x, &x, mask, &cx).unwrap();
    let (_, whole) = plain.attend_with_weights(&x, &x, &x, mask, &cx).unwrap();
    // Each weight is 0 or twice what it was; the layer itself gives the same.
    let pairs = weights.to_vec::<f32>().unwrap().into_iter().zip(whole.to_vec::<f32>().unwrap());
    assert!(pairs.clone().all(|(got, whole)| got == 0.0 || (got - 2.0 * whole).abs() < 1e-6));
    assert!(pairs.clone().any(|(got, _)| got == 0.0) && pairs.into_iter().any(|(got, _)| got > 0.0));
    assert_near("y", &layer.forward_with(&x, &cx).unwrap(), &y, 1e-6);
    assert_near("evaluation", &layer.forward(&x).unwrap(), &plain.forward(&x).unwrap(), 1e-6);
}

fn masked(keep: &Tensor) -> AttentionMask<'_> {
    AttentionMask { keep: Some(keep), ..AttentionMask::default() }
}

/// Step by step, in pieces and at once: the same numbers, with groups, positions and a mask over what is
/// held.
#[test]
fn a_cache_gives_the_numbers_of_a_whole_pass() {
    let rng = &mut Rng::new(1, &cpu());
    let sizes = AttentionSizes { key_heads: 2, ..AttentionSizes::new(16, 4) };
    let layer = MultiHeadAttention {
        causal: true,
        rotary: Some(Rotary::new(4).unwrap()),
        ..MultiHeadAttention::of_sizes(sizes, rng).unwrap()
    };
    let x = rng.normal([2, 7, 16], 0.0, 1.0).unwrap();
    let keep = Tensor::new([[true; 7], [false, false, true, true, true, true, true]], &cpu()).unwrap();
    let keep = keep.reshape([2, 1, 1, 7]).unwrap();
    let cx = Context::evaluation();
    let want = layer.attend(&x, &x, &x, masked(&keep), &cx).unwrap();
    for pieces in [vec![1; 7], vec![4, 3], vec![7], vec![5, 1, 1]] {
        let mut cache = KeyValueCache::new(7).unwrap();
        let mut parts = Vec::new();
        for piece in pieces {
            let start = cache.len();
            let seen = keep.narrow(-1, ..start + piece).unwrap();
            let part = x.narrow(1, start..start + piece).unwrap();
            parts.push(layer.decode(&part, &mut cache, masked(&seen), &cx).unwrap());
        }
        let got = Tensor::concat(&parts.iter().collect::<Vec<_>>(), 1).unwrap();
        assert_near("in pieces", &got, &want, 2e-6);
        assert_eq!((cache.len(), cache.room(), cache.is_empty()), (7, 0, false));
        let full = layer.decode(&x.narrow(1, ..1).unwrap(), &mut cache, AttentionMask::default(), &cx);
        let error = full.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert_eq!(
            error.message(),
            "1 more positions do not fit: 7 of 7 are taken; clear the cache, or make a larger one"
        );
        assert_eq!(cache.len(), 7);
        cache.clear();
        assert!(cache.is_empty());
    }
}

#[test]
fn positions_go_on_from_where_they_start() {
    let zeros = Tensor::zeros([1, 5, 6], DType::F32, &cpu()).unwrap();
    let learned = LearnedPositions::new(5, 6, &mut Rng::new(1, &cpu())).unwrap();
    let waves = SinusoidalPositions::default();
    let turned = |x: &Tensor, start| Rotary::new(6).unwrap().rotate(&x.add(1.0).unwrap(), start).unwrap();
    let check = |name: &str, f: &dyn Fn(&Tensor, usize) -> Tensor| {
        let (whole, tail) = (f(&zeros, 0), f(&zeros.narrow(1, 2..).unwrap(), 2));
        assert_near(name, &tail, &whole.narrow(1, 2..).unwrap(), 1e-6);
    };
    check("learned", &|x, start| learned.add_from(start, x).unwrap());
    check("sinusoidal", &|x, start| waves.add_from(start, x).unwrap());
    check("rotary", &turned);
    for layout in [RotaryLayout::HalfSplit, RotaryLayout::Interleaved] {
        let rotary = Rotary { layout, ..Rotary::new(4).unwrap() };
        gradient::check(|x| rotary.rotate(&x[0], 5), &[normal(&[2, 3, 6], 1)]).unwrap();
    }
}

/// What rotary positions are for: scores depend on how far apart queries and keys are, and on nothing else.
#[test]
fn turned_scores_depend_on_distance() {
    let rotary = Rotary::new(8).unwrap();
    let (q, k) = (normal(&[1, 3, 8], 1), normal(&[1, 3, 8], 2));
    let scores = |start| rotary.rotate(&q, start)?.matmul(&rotary.rotate(&k, start)?.t()?);
    let (near, far) = (scores(0).unwrap(), scores(100_000).unwrap());
    assert_near("scores", &far, &near, 1e-9);
}

/// The gradient of a step is its own; what is held from before is a constant.
#[test]
fn a_cache_keeps_no_recording() {
    let rng = &mut Rng::new(1, &cpu());
    let layer = MultiHeadAttention { causal: true, ..MultiHeadAttention::new(4, 2, rng).unwrap() };
    let x = rng.normal([1, 2, 4], 0.0, 1.0).unwrap();
    let cx = Context::evaluation();
    let mut cache = KeyValueCache::new(3).unwrap();
    let mut step = |layer: &MultiHeadAttention| {
        layer.decode(&x.narrow(1, ..1)?, &mut cache, AttentionMask::default(), &cx)?.sum_all()
    };
    value_and_grad(&mut step, &layer).unwrap();
    assert!(step(&layer).unwrap().item().unwrap().as_f64().is_finite());
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &cpu()).unwrap()
}

#[test]
fn what_does_not_fit_is_refused() {
    let rng = &mut Rng::new(1, &cpu());
    let layer = MultiHeadAttention::new(8, 4, rng).unwrap();
    let causal = MultiHeadAttention { causal: true, ..layer.clone() };
    let x = zeros(&[2, 3, 8]);
    let cx = Context::evaluation();
    let plain = AttentionMask::default();
    let of_sizes =
        |sizes: AttentionSizes| MultiHeadAttention::of_sizes(sizes, &mut Rng::new(1, &cpu())).err();
    let sizes = AttentionSizes::new(8, 4);
    let wide = Tensor::ones([2, 4, 3, 4], DType::Bool, &cpu()).unwrap();
    let more = Tensor::ones([1, 2, 4, 3, 3], DType::Bool, &cpu()).unwrap();
    let (numbers, wide_bias) = (zeros(&[3, 3]), zeros(&[2, 3]));
    let doubles = Tensor::zeros([3, 3], DType::F64, &cpu()).unwrap();
    let keep = |keep| layer.attend(&x, &x, &x, AttentionMask { keep: Some(keep), ..plain }, &cx).err();
    let bias = |bias| layer.attend(&x, &x, &x, AttentionMask { bias: Some(bias), ..plain }, &cx).err();
    let product = |q: &[usize], k: &[usize], v: &[usize]| {
        scaled_dot_product_attention(&zeros(q), &zeros(k), &zeros(v), plain).err()
    };
    let mut cache = KeyValueCache::new(8).unwrap();
    causal.decode(&x, &mut cache, plain, &cx).unwrap();
    let other_batch = causal.decode(&zeros(&[1, 3, 8]), &mut cache, plain, &cx).err();
    let wrong = AttentionMask { bias: Some(&wide_bias), ..plain };
    let other_mask = causal.decode(&x, &mut cache, wrong, &cx).err();
    let positions = LearnedPositions::new(4, 8, rng).unwrap();
    let rotary = |base| Rotary { base, ..Rotary::new(2).unwrap() };
    let (shape, value, dtype, limit) =
        (ErrorKind::Shape, ErrorKind::Value, ErrorKind::DType, ErrorKind::Limit);
    let rows: Vec<(&str, Option<Error>, ErrorKind, &str)> = vec![
        (
            "heads that do not divide",
            MultiHeadAttention::new(8, 3, rng).err(),
            value,
            "3 heads do not divide the width 8",
        ),
        ("no heads", MultiHeadAttention::new(8, 0, rng).err(), value, "0 heads do not divide the width 8"),
        (
            "no features",
            MultiHeadAttention::new(0, 1, rng).err(),
            value,
            "a parameter of shape [0, 0] is empty",
        ),
        (
            "values that do not divide",
            of_sizes(AttentionSizes { value_width: 6, ..sizes }),
            value,
            "4 heads do not divide the value width 6",
        ),
        ("key heads", of_sizes(AttentionSizes { key_heads: 3, ..sizes }), value, "3 key heads for 4 heads"),
        (
            "more key heads",
            of_sizes(AttentionSizes { key_heads: 8, ..sizes }),
            value,
            "8 key heads for 4 heads",
        ),
        (
            "no key heads",
            of_sizes(AttentionSizes { key_heads: 0, ..sizes }),
            value,
            "a parameter of shape [0, 8]",
        ),
        (
            "other heads than it was made for",
            MultiHeadAttention { heads: 2, ..layer.clone() }.forward(&x).err(),
            value,
            "4 key heads for 2 heads",
        ),
        ("no batch", layer.forward(&zeros(&[3, 8])).err(), shape, "the inputs are not [batch, queries, ·]"),
        (
            "other features",
            layer.forward(&zeros(&[2, 3, 7])).err(),
            shape,
            "the last axis of the input is not 8",
        ),
        (
            "another batch",
            layer.attend(&x, &zeros(&[1, 3, 8]), &zeros(&[1, 3, 8]), plain, &cx).err(),
            shape,
            "the inputs are not [batch, queries, ·]",
        ),
        (
            "a value too few",
            layer.attend(&x, &x, &zeros(&[2, 2, 8]), plain, &cx).err(),
            shape,
            "the inputs are not [batch, queries, ·]",
        ),
        (
            "a wide mask",
            keep(&wide),
            shape,
            "a mask does not broadcast to the scores, [batch, heads, queries, keys]",
        ),
        ("a mask of five axes", keep(&more), shape, "a mask does not broadcast"),
        ("a mask of numbers", keep(&numbers), dtype, "a mask of f32 keeps nothing: compare it"),
        ("a bias of two rows", bias(&wide_bias), shape, "a mask does not broadcast"),
        ("a bias of another dtype", bias(&doubles), dtype, ""),
        (
            "other widths",
            product(&[2, 3, 4], &[2, 3, 5], &[2, 3, 4]),
            shape,
            "queries and keys differ in width",
        ),
        (
            "three key heads",
            product(&[4, 3, 4], &[3, 3, 4], &[3, 3, 4]),
            shape,
            "the heads of the queries are no multiple of those of the keys",
        ),
        (
            "no key head",
            product(&[4, 3, 4], &[0, 3, 4], &[0, 3, 4]),
            shape,
            "the heads of the queries are no multiple",
        ),
        (
            "batches of two",
            product(&[2, 4, 3, 4], &[3, 4, 3, 4], &[3, 4, 3, 4]),
            shape,
            "queries and keys differ before their heads",
        ),
        (
            "a value for no key",
            product(&[2, 3, 4], &[2, 3, 4], &[2, 2, 4]),
            shape,
            "keys and values differ in more than their last axis",
        ),
        ("a vector", product(&[4], &[4], &[4]), shape, "queries and keys have at least 2 axes"),
        (
            "a cache without causality",
            layer.decode(&x, &mut cache.clone(), plain, &cx).err(),
            value,
            "the attention is not causal",
        ),
        ("a cache of nothing", KeyValueCache::new(0).err(), value, "room for 0 positions"),
        (
            "the cache of another batch",
            other_batch,
            shape,
            "keys and values are not [batch, heads, length, width]",
        ),
        ("a mask of the steps alone", other_mask, shape, "a mask does not broadcast"),
        ("odd turns", Rotary::new(3).err(), value, "3 features are no pairs"),
        ("no base", rotary(0.0).rotate(&x, 0).err(), value, "base 0.0 is no base"),
        ("a base of nothing", rotary(f64::NAN).rotate(&x, 0).err(), value, "base NaN is no base"),
        (
            "turns beyond the head",
            Rotary::new(10).unwrap().rotate(&x, 0).err(),
            shape,
            "the input is not [.., length, features]",
        ),
        (
            "turns beyond counting",
            rotary(1e4).rotate(&x, usize::MAX).err(),
            value,
            "position 18446744073709551615",
        ),
        (
            "odd waves",
            SinusoidalPositions::default().forward(&zeros(&[3, 7])).err(),
            shape,
            "the input is not",
        ),
        ("no wave", SinusoidalPositions { base: -1.0 }.forward(&x).err(), value, "base -1.0 is no base"),
        (
            "a position too many",
            positions.forward(&zeros(&[5, 8])).err(),
            limit,
            "5 steps from position 0 on, of 4",
        ),
        (
            "features without positions",
            positions.forward(&zeros(&[4, 7])).err(),
            shape,
            "the input is not [.., length, 8]",
        ),
    ];
    for (name, error, kind, message) in rows {
        let error = error.unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.message().starts_with(message), "{name}: {error}");
        assert!(error.location().file().ends_with("attention.rs"), "{name}: {error}");
    }
    assert_eq!(cache.len(), 3, "what was refused is not held");
}

/// Nothing is allocated where there are only shapes, whatever the length; and no batch and no steps are no
/// error.
#[test]
fn lengths_at_the_edge() {
    let meta = &mut Rng::new(1, &tensorkeep_tensor::meta::device());
    let layer = MultiHeadAttention {
        causal: true,
        rotary: Some(Rotary::new(2).unwrap()),
        ..MultiHeadAttention::new(8, 4, meta).unwrap()
    };
    let endless = Tensor::zeros([1, 1 << 30, 8], DType::F32, meta.device()).unwrap();
    assert_eq!(layer.forward(&endless).unwrap().shape(), endless.shape());
    assert_eq!(SinusoidalPositions::default().forward(&endless).unwrap().shape(), endless.shape());
    let layer = MultiHeadAttention::new(8, 4, &mut Rng::new(1, &cpu())).unwrap();
    for shape in [[0, 3, 8], [2, 0, 8]] {
        assert_eq!(layer.forward(&zeros(&shape)).unwrap().shape().sizes(), shape);
    }
}
