//! Random numbers: the same bits on every device.

use tensorkeep_tensor::op::{Distribution, Op, Random};
use tensorkeep_tensor::{DType, Shape};

use crate::on_every_device;

const DISTRIBUTIONS: [Distribution; 8] = [
    Distribution::Bits,
    Distribution::Uniform { low: 0.0, high: 1.0 },
    Distribution::Uniform { low: -3.25, high: 7.1 },
    Distribution::Normal { mean: 0.0, deviation: 1.0 },
    Distribution::Normal { mean: -2.5, deviation: 0.1 },
    Distribution::Bernoulli { probability: 0.3 },
    Distribution::Bernoulli { probability: 0.0 },
    Distribution::Bernoulli { probability: 1.0 },
];

fn gives(distribution: Distribution, dtype: DType) -> bool {
    match distribution {
        Distribution::Bits => dtype == DType::I32,
        Distribution::Uniform { .. } | Distribution::Normal { .. } => dtype.is_float(),
        Distribution::Bernoulli { .. } => true,
    }
}

#[test]
fn bits_are_those_of_the_definition() {
    let shapes: [&[usize]; 7] = [&[], &[1], &[2], &[5], &[3, 7], &[1023], &[4, 1025]];
    let streams = [(0, 0), (42, 0), (u64::MAX, 1), (7, 1 << 32), (1 << 33, u64::MAX - 3)];
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for distribution in DISTRIBUTIONS.into_iter().filter(|&d| gives(d, dtype)) {
                for shape in shapes {
                    for (key, offset) in streams {
                        let shape = Shape::new(shape).unwrap();
                        let op = Op::Random(Random { distribution, shape, dtype, key, offset });
                        findings.check_plain(subject, &op, &[]);
                    }
                }
            }
        }
    });
}
