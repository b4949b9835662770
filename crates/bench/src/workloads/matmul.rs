//! Matrix products.

use crate::workload::{Work, Workload};

use super::{discard, random};

/// A name, the shapes of both operands as they are stored, and which of them are transposed.
type Row = (&'static str, &'static [usize], &'static [usize], [bool; 2]);

const ROWS: [Row; 12] = [
    ("sq64", &[64, 64], &[64, 64], [false, false]),
    ("sq128", &[128, 128], &[128, 128], [false, false]),
    ("sq256", &[256, 256], &[256, 256], [false, false]),
    ("sq512", &[512, 512], &[512, 512], [false, false]),
    ("sq1024", &[1024, 1024], &[1024, 1024], [false, false]),
    ("sq2048", &[2048, 2048], &[2048, 2048], [false, false]),
    ("skinny64x784x512", &[64, 784], &[784, 512], [false, false]),
    ("gemv4096", &[1, 4096], &[4096, 4096], [false, false]),
    ("batched32", &[32, 128, 64], &[32, 64, 128], [false, false]),
    ("nt512", &[512, 512], &[512, 512], [false, true]),
    ("tn512", &[512, 512], &[512, 512], [true, false]),
    ("nt_64x784x512", &[64, 784], &[512, 784], [false, true]),
];

pub(super) fn all() -> Vec<Workload> {
    ROWS.into_iter().map(workload).collect()
}

fn workload((name, a, b, [a_transposed, b_transposed]): Row) -> Workload {
    // Both operands are as large whether or not they are transposed: what they share is the inner size.
    let elements: usize = a.iter().product();
    let columns = b[b.len() - if b_transposed { 2 } else { 1 }];
    let flops = 2.0 * elements as f64 * columns as f64;
    Workload::new(format!("mm/{name}"), Work::Flops(flops), move |device| {
        let (a, b) = (random(a, 1, device)?, random(b, 2, device)?);
        let a = if a_transposed { a.t()? } else { a };
        let b = if b_transposed { b.t()? } else { b };
        Ok(move || a.matmul(&b).map(discard))
    })
}
