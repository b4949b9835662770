//! What a load takes beside the tensors: they are read where they will stay.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use peak_alloc::PeakAlloc;
use tensorkeep_model::{LoadOptions, Save, load_into};
use tensorkeep_tensor::{DType, Tensor};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

// Alone in its program: memory is counted for all of it. The CPU's buffers of this size come from the system, uncounted.
#[test]
fn no_second_copy_of_a_tensor_is_made() {
    const BYTES: usize = 64 << 20;
    let device = tensorkeep_cpu::device();
    let path = std::env::temp_dir().join(format!("tensorkeep-memory-{}.tkm", std::process::id()));
    let saved = Tensor::arange(BYTES / 8, DType::F64, &device).unwrap();
    vec![saved.clone()].save(&path).unwrap();
    let mut model = vec![saved.zeros_like().unwrap()];

    let (before, live) = (MEMORY.current_usage(), device.memory().live);
    MEMORY.reset_peak_usage();
    load_into(&mut model, &path, &LoadOptions::strict().insecure_allow_unsigned()).unwrap();
    let taken = MEMORY.peak_usage() - before;
    std::fs::remove_file(&path).unwrap();

    assert!((1..=16 << 20).contains(&taken), "{taken} bytes beside {BYTES} of tensors");
    assert!(device.memory().live - live <= BYTES as u64, "the device holds two copies");
    assert_eq!(model[0].to_vec::<f64>().unwrap(), saved.to_vec::<f64>().unwrap());
}
