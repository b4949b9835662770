//! Random numbers have the bits that `philox` defines, whatever a driver does to arithmetic.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod support;

use tensorkeep_tensor::op::{Distribution, Op, Random};
use tensorkeep_tensor::{DType, Device, Shape, Tensor, f16, philox};

const COUNT: usize = 4099;

/// Streams and first blocks, with carries between the words of the counter.
const STREAMS: [(u64, u64); 4] = [(0, 0), (7, 3), (!0, u32::MAX as u64 - 1), (1 << 40, u64::MAX)];

fn draw(device: &Device, distribution: Distribution, dtype: DType, (key, offset): (u64, u64)) -> Tensor {
    let shape = Shape::new(&[COUNT]).unwrap();
    let op = Op::Random(Random { distribution, shape, dtype, key, offset });
    device.apply(&op, &[]).unwrap().pop().unwrap()
}

/// What `numbers` makes of each block, in order.
fn expected<T>((key, offset): (u64, u64), numbers: impl Fn([u32; 4]) -> [T; 4]) -> Vec<T> {
    let blocks = (0..COUNT.div_ceil(4) as u64).map(|i| philox::block(key, offset.wrapping_add(i)));
    blocks.flat_map(numbers).take(COUNT).collect()
}

#[test]
fn bits_are_those_of_philox() {
    let Some(device) = support::device() else { return };
    for stream in STREAMS {
        let got = draw(&device, Distribution::Bits, DType::I32, stream).to_vec::<i32>().unwrap();
        assert_eq!(got, expected(stream, |words| words.map(|word| word as i32)), "{stream:?}");
    }
}

#[test]
fn floats_have_the_same_bits() {
    let Some(device) = support::device() else { return };
    let (low, high, mean, deviation) = (-0.7f32, 1.9f32, 0.3f32, 2.7f32);
    let uniform = |words: [u32; 4]| words.map(|word| philox::uniform(word, low, high));
    let normal = |[a, b, c, d]: [u32; 4]| {
        let ([a, b], [c, d]) = (philox::normal_pair(a, b), philox::normal_pair(c, d));
        [a, b, c, d].map(|z| z * deviation + mean)
    };
    for stream in STREAMS {
        let rows = [
            (Distribution::Uniform { low, high }, expected(stream, uniform)),
            (Distribution::Normal { mean, deviation }, expected(stream, normal)),
        ];
        for (distribution, want) in rows {
            let got = draw(&device, distribution, DType::F32, stream).to_vec::<f32>().unwrap();
            let differ = got.iter().zip(&want).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            assert_eq!(differ, 0, "{distribution:?} {stream:?}");
            if device.limits().dtypes.contains(DType::F16) {
                let got = draw(&device, distribution, DType::F16, stream).to_vec::<f16>().unwrap();
                assert_eq!(
                    got,
                    want.iter().map(|&x| f16::from_f32(x)).collect::<Vec<_>>(),
                    "{distribution:?}"
                );
            }
        }
    }
}

#[test]
fn truths_are_ones_of_every_dtype() {
    let Some(device) = support::device() else { return };
    for (stream, probability) in STREAMS.into_iter().zip([0.0, 0.3, 0.5, 1.0]) {
        let want = expected(stream, |words| words.map(|word| philox::bernoulli(word, probability)));
        for dtype in device.limits().dtypes.iter() {
            let got =
                draw(&device, Distribution::Bernoulli { probability }, dtype, stream).to_host().unwrap();
            assert!(
                got.data().iter().map(|x| x.as_f64() == 1.0).eq(want.iter().copied()),
                "{dtype} {stream:?}"
            );
        }
    }
}
