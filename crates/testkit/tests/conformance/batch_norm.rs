//! Normalisation over a batch, fused and by its definition.

use tensorkeep_tensor::op::{BatchNorm, Op};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

#[test]
fn shapes() {
    // Channels of one element, of few neighbours, of many, of more than are handled at a time; and no input at all.
    let shapes: [&[usize]; 8] =
        [&[1, 3], &[5, 1], &[7, 4], &[2, 3, 5], &[3, 2, 17, 17], &[2, 1, 1100], &[2, 2, 3, 4, 5], &[0, 0, 4]];
    on_every_device(|subject, findings| {
        for subject in [subject.clone(), subject.strict()] {
            for dtype in subject.floats() {
                for shape in shapes {
                    let inputs = [(shape, 1), (&shape[1..2], 2), (&shape[1..2], 3)]
                        .map(|(shape, seed)| ordinary(shape, dtype, seed).unwrap());
                    for epsilon in [1e-5, 0.5] {
                        // A channel of one element has no variance to divide by, however large its rounding.
                        if epsilon > 0.1 || shape.iter().product::<usize>() > shape[1] {
                            findings.check(&subject, &Op::BatchNorm(BatchNorm { epsilon }), &inputs);
                        }
                    }
                }
            }
        }
    });
}

/// Numbers far from 0 beside their spread: a variance by E x² − (E x)² would have no digit left.
#[test]
fn shifted_channels() {
    on_every_device(|subject, findings| {
        for dtype in subject.floats().filter(|dtype| dtype.size() >= 4) {
            let shifted = ordinary([3, 2, 300], dtype, 1).unwrap();
            let x = tensorkeep_tensor::Tensor::from_host(shifted, &tensorkeep_cpu::device()).unwrap();
            let x = x.add(1000.0).unwrap().to_host().unwrap();
            let [w, b] = [2, 3].map(|seed| ordinary([2], dtype, seed).unwrap());
            findings.check(subject, &Op::BatchNorm(BatchNorm { epsilon: 1e-5 }), &[x, w, b]);
        }
    });
}
