//! Gradients on every device in `f32` against those on the CPU in `f64`.

use tensorkeep_tensor::op::{Attention, Conv, Pool, PoolKind, Window};
use tensorkeep_tensor::{DType, Error, Result, Tensor};
use tensorkeep_testkit::{Findings, devices, gradient, values};

/// What it is called, the shapes of its inputs, and the function.
type Row = (&'static str, &'static [&'static [usize]], fn(&[Tensor]) -> Result<Tensor>);

const PADDED: Window = Window { stride: [1; 3], dilation: [1; 3], padding: [(1, 1), (1, 1), (0, 0)] };

const TABLE: [Row; 18] = [
    ("dense layer", &[&[5, 7], &[7, 3], &[3]], |x| x[0].matmul(&x[1])?.add(&x[2])?.gelu()),
    ("batched product", &[&[2, 5, 7], &[2, 7, 3]], |x| x[0].matmul(&x[1])?.tanh()),
    ("broadcast", &[&[4, 1], &[5]], |x| x[0].mul(&x[1])?.sigmoid()),
    ("sum of squares", &[&[3, 40]], |x| x[0].mul(&x[0])?.sum([1], false)),
    ("largest", &[&[3, 40]], |x| x[0].max([1], false)),
    ("product", &[&[3, 6]], |x| x[0].prod([1], true)),
    ("running sum", &[&[3, 20]], |x| x[0].cumsum(1)?.sin()),
    ("recurrence", &[&[2, 9], &[2, 9]], |x| x[0].tanh()?.linear_scan(&x[1], 1, true)),
    ("convolution", &[&[2, 3, 6, 5], &[4, 3, 3, 3]], |x| {
        x[0].conv(&x[1], Conv { window: PADDED, groups: 1 })
    }),
    ("depthwise", &[&[1, 4, 6, 5], &[4, 1, 3, 3]], |x| {
        x[0].conv(&x[1], Conv { window: PADDED, groups: 4 })?.relu()
    }),
    ("largest of windows", &[&[2, 2, 6, 6]], |x| pool(&x[0], PoolKind::Max)),
    ("mean of windows", &[&[2, 2, 6, 6]], |x| pool(&x[0], PoolKind::Mean { count_padding: false })),
    ("softmax", &[&[4, 9]], |x| x[0].softmax()),
    ("norms", &[&[4, 9]], |x| x[0].layer_norm(1e-3)?.add(&x[0].rms_norm(1e-3)?)),
    ("norms that scale", &[&[70, 9], &[9], &[9]], |x| {
        x[0].layer_norm_scaled(&x[1], Some(&x[2]), 1e-3)?.rms_norm_scaled(&x[1], None, 1e-3)
    }),
    ("attention", &[&[2, 5, 4], &[2, 5, 4], &[2, 5, 3]], |x| {
        x[0].attention(&x[1], &x[2], Attention { scale: 0.5, causal: true })
    }),
    ("moving", &[&[3, 4]], |x| x[0].t()?.flip(0)?.pad(&[(1, 0), (0, 2)], 0.0)?.exp()),
    ("sorting", &[&[3, 8]], |x| Ok(x[0].mul(&x[0])?.sort(1, true)?.0)),
];

fn pool(x: &Tensor, kind: PoolKind) -> Result<Tensor> {
    x.pool(Pool { kind, kernel: [3, 3, 1], window: Window { stride: [2, 2, 1], ..PADDED } })
}

#[test]
fn gradients_in_single_precision() {
    let cpu = tensorkeep_cpu::device();
    let mut findings = Findings::default();
    for subject in devices().unwrap() {
        for (name, shapes, f) in TABLE {
            let narrow: Vec<_> = (0u64..)
                .zip(shapes)
                .map(|(seed, shape)| values::ordinary(*shape, DType::F32, seed).unwrap())
                .collect();
            let outcome = (|| {
                let on_device = narrow.iter().map(|x| Tensor::from_host(x.clone(), &subject.device));
                let wide = narrow.iter().map(|x| Tensor::from_host(x.clone(), &cpu)?.to_dtype(DType::F64));
                let got = gradient::of(f, &on_device.collect::<Result<Vec<_>>>()?)?;
                let want = gradient::of(f, &wide.collect::<Result<Vec<_>>>()?)?;
                got.iter().zip(&want).try_for_each(|(got, want)| compare(got, want))
            })();
            findings.note(&subject, name, outcome);
        }
    }
    findings.settle().unwrap();
}

/// Relative to the largest slope: single steps are held to their own bounds by the conformance suite.
fn compare(got: &Tensor, want: &Tensor) -> Result<()> {
    let (got, want) = (got.to_vec::<f32>()?, want.to_vec::<f64>()?);
    let scale = want.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (i, (&got, &want)) in got.iter().zip(&want).enumerate() {
        if (f64::from(got) - want).abs() > 2e-5 * scale || got.is_nan() {
            return Err(Error::value("gradient", format!("element {i} is {got}, {want} is due")));
        }
    }
    if got.len() == want.len() {
        Ok(())
    } else {
        Err(Error::value("gradient", "the gradient has another shape"))
    }
}
