//! Attention, fused and by its definition.

use tensorkeep_tensor::op::{Attention, AttentionGrad, Op};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

/// Queries, keys, values.
const TABLE: [[&[usize]; 3]; 12] = [
    [&[1, 1], &[1, 1], &[1, 1]],
    [&[4, 3], &[4, 3], &[4, 5]],
    [&[2, 8], &[7, 8], &[7, 8]],
    [&[1, 16], &[33, 16], &[33, 16]],
    [&[2, 5, 4], &[2, 5, 4], &[2, 5, 6]],
    [&[2, 3, 9, 8], &[2, 3, 9, 8], &[2, 3, 9, 8]],
    [&[1, 2, 65, 16], &[1, 2, 65, 16], &[1, 2, 65, 16]],
    [&[1, 17, 33], &[1, 70, 33], &[1, 70, 9]],
    [&[130, 1], &[131, 1], &[131, 1]],
    [&[3, 0], &[4, 0], &[4, 2]],
    [&[2, 3], &[4, 3], &[4, 0]],
    [&[2, 0, 3], &[2, 4, 3], &[2, 4, 2]],
];

#[test]
fn every_shape() {
    on_every_device(|subject, findings| {
        for subject in [subject.clone(), subject.strict()] {
            for dtype in subject.floats() {
                for shapes in TABLE {
                    let inputs: Vec<_> = shapes
                        .iter()
                        .zip(1..)
                        .map(|(shape, seed)| ordinary(*shape, dtype, seed).unwrap())
                        .collect();
                    for (scale, causal) in [(1.0, false), (0.35, true), (-0.5, false), (4.0, true)] {
                        let attention = Attention { scale, causal };
                        findings.check(&subject, &Op::Attention(attention), &inputs);
                        let [q, .., v] = shapes;
                        let dy = ordinary([&q[..q.len() - 1], &v[v.len() - 1..]].concat(), dtype, 4).unwrap();
                        let inputs = [&inputs[..], &[dy]].concat();
                        findings.check(&subject, &Op::AttentionGrad(AttentionGrad { attention }), &inputs);
                    }
                }
            }
        }
    });
}
