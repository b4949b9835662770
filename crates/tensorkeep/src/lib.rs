#![doc = include_str!("../README.md")]

pub use tensorkeep_autodiff as autodiff;
#[cfg(feature = "cpu")]
pub use tensorkeep_cpu as cpu;
#[cfg(feature = "data")]
pub use tensorkeep_data as data;
pub use tensorkeep_derive::UmbrellaModule as Module;
#[cfg(feature = "model")]
pub use tensorkeep_format as format;
#[cfg(feature = "model")]
pub use tensorkeep_model as model;
pub use tensorkeep_nn as nn;
#[cfg(feature = "model")]
pub use tensorkeep_sandbox as sandbox;
#[cfg(feature = "model")]
pub use tensorkeep_storage as storage;
pub use tensorkeep_tensor as tensor;
pub use tensorkeep_tensor::module;
#[cfg(feature = "train")]
pub use tensorkeep_train as train;
#[cfg(feature = "model")]
pub use tensorkeep_trust as trust;
#[cfg(feature = "wgpu")]
pub use tensorkeep_wgpu as wgpu;

pub use tensorkeep_tensor::Module;
pub use tensorkeep_tensor::{DType, Device, Error, ErrorKind, Result, Rng, Shape, Tensor};

/// What most programs use: `use tensorkeep::prelude::*`.
pub mod prelude {
    #[cfg(feature = "data")]
    pub use tensorkeep_data::{Dataset, Loader};
    #[cfg(feature = "model")]
    pub use tensorkeep_model::{
        Blueprint, Checkpoints, LayerRegistry, LoadOptions, LoadedModel, Position, Save, SaveOptions,
        load_into,
    };
    #[cfg(feature = "train")]
    pub use tensorkeep_train::{Adam, AdamW, Fit, Optimiser, Sgd, accuracy};

    pub use crate::Module;
    pub use tensorkeep_autodiff::{grad, value_and_grad};
    pub use tensorkeep_nn::layers::{
        BatchNorm, Conv, Dense, Dropout, Embedding, Flatten, LayerNorm, MaxPool, MeanPool, Padding,
    };
    pub use tensorkeep_nn::losses::{binary_cross_entropy_with_logits, cross_entropy, mse};
    pub use tensorkeep_nn::{Context, Layer, Sequential, summary};
    pub use tensorkeep_tensor::{DType, Device, Error, ErrorKind, Result, Rng, Shape, Tensor};
}
