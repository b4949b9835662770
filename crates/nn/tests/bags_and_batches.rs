//! Bags with an index of padding, and counts of batches, where they are odd. What they compute is PyTorch's: `pytorch/layers.rs`.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{BagMode, BatchNorm, EmbeddingBag};
use tensorkeep_nn::{Context, Layer, module};
use tensorkeep_tensor::{DType, ErrorKind, Rng, Tensor, meta};

/// Bags of no indices, of shapes alone, and an index of padding that no vector has.
#[test]
fn padding_of_odd_bags() {
    let cpu = tensorkeep_cpu::device();
    for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
        let bag = EmbeddingBag::new(3, 2, mode, &mut Rng::new(1, &cpu)).unwrap().with_padding(2).unwrap();
        assert_eq!(bag.weight.to_vec::<f32>().unwrap()[4..], [0.0; 2]);
        let empty = Tensor::zeros([2, 0], DType::INDEX, &cpu).unwrap();
        assert_eq!(bag.forward(&empty).unwrap().to_vec::<f32>().unwrap(), [0.0; 4], "{mode:?}");
        let none = empty.flatten(0).unwrap();
        assert_eq!(bag.bags(&none, &[0, 0], None).unwrap().to_vec::<f32>().unwrap(), [0.0; 4], "{mode:?}");
        let hollow = module::to_device(&bag, &meta::device()).unwrap();
        let words = Tensor::zeros([4, 3], DType::INDEX, hollow.weight.device()).unwrap();
        assert_eq!(*hollow.forward(&words).unwrap().shape(), [4, 2]);
        let flat = words.flatten(0).unwrap();
        assert_eq!(*hollow.bags(&flat, &[0, 5], None).unwrap().shape(), [2, 2]);

        let words = Tensor::zeros([1, 2], DType::INDEX, &cpu).unwrap();
        let beyond = EmbeddingBag { padding_index: Some(3), ..bag.clone() };
        assert_eq!(beyond.forward(&words).unwrap_err().kind(), ErrorKind::Value);
        assert!(bag.with_padding(3).unwrap_err().message().ends_with("use one of the indices"));
    }
}

/// Where nothing is kept nothing is counted, and a count that no training left does no harm.
#[test]
fn counts_of_batches_that_are_odd() {
    let cpu = tensorkeep_cpu::device();
    let none = BatchNorm { running_mean: None, running_variance: None, ..BatchNorm::new(2, &cpu).unwrap() };
    assert!(none.cumulative().unwrap().batches.is_none());
    let x = Rng::new(1, &cpu).normal([4, 2], 0.0, 1.0).unwrap();
    for count in [-1, -7, i32::MAX] {
        let norm = BatchNorm::new(2, &cpu).unwrap().cumulative().unwrap();
        norm.batches.as_ref().unwrap().set(&Tensor::full((), count, DType::INDEX, &cpu).unwrap());
        norm.forward_with(&x, &Context::training(0)).unwrap();
        let mean = norm.running_mean.unwrap().get().to_vec::<f32>().unwrap();
        assert!(mean.iter().all(|mean| mean.is_finite()), "{count}: {mean:?}");
    }
}
