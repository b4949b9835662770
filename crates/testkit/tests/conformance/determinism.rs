//! The same bits whatever the number of threads.

use tensorkeep_cpu::Options;
use tensorkeep_tensor::op::{Conv, Window};
use tensorkeep_tensor::{DType, Device, HostArray, Result, Tensor};
use tensorkeep_testkit::values::ordinary;

/// Results of operations large enough to be split.
fn results(device: &Device) -> Result<Vec<HostArray>> {
    let x = |shape: &[usize], seed| Tensor::from_host(ordinary(shape, DType::F32, seed)?, device);
    let (long, a, b) = (x(&[300, 1000], 1)?, x(&[150, 130], 2)?, x(&[130, 170], 3)?);
    let conv = Conv { window: Window { padding: [(1, 1), (1, 1), (0, 0)], ..Window::default() }, groups: 1 };
    let all = [
        long.sum_all()?,
        long.sum([0], false)?,
        long.sum([1], false)?,
        long.cumsum(0)?,
        long.softmax()?,
        long.layer_norm(1e-5)?,
        long.gelu()?,
        a.matmul(&b)?,
        x(&[4, 8, 24, 24], 4)?.conv(&x(&[16, 8, 3, 3], 5)?, conv)?,
        long.sort(1, false)?.0,
    ];
    all.iter().map(Tensor::to_host).collect()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    // They may come with a limit to the CPU's instructions, which stands before its first kernel runs.
    tensorkeep_testkit::devices().unwrap();
    let with = |threads| {
        let options = Options { threads: Some(threads), ..Options::default() };
        results(&tensorkeep_cpu::with_options(options).unwrap()).unwrap()
    };
    let one = with(1);
    for threads in [2, 3, 5] {
        for (i, (a, b)) in one.iter().zip(with(threads)).enumerate() {
            assert!(*a == b, "result {i} differs between 1 and {threads} threads");
        }
    }
}
