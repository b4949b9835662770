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
///
/// Types that a program names, and the modules `init`, `losses`, `module` and `schedules`, whose names say more in front of what
/// they hold: `losses::huber`, `schedules::WarmUp`.
pub mod prelude {
    #[cfg(feature = "data")]
    pub use tensorkeep_data::{Dataset, Loader, Subset, TensorDataset};
    #[cfg(feature = "model")]
    pub use tensorkeep_model::{
        Blueprint, Checkpoints, IntoResult, LayerRegistry, LoadOptions, LoadedModel, Position, Save,
        SaveOptions, load_into,
    };
    #[cfg(feature = "train")]
    pub use tensorkeep_train::{
        Adam, AdamW, EarlyStopping, Evaluation, Event, Fit, History, Optimiser, Progress, Sgd, accuracy,
        evaluate, schedules,
    };

    pub use crate::Module;
    pub use tensorkeep_autodiff::{grad, value_and_grad};
    pub use tensorkeep_nn::layers::{
        AdaptiveMeanPool, BatchNorm, Conv, ConvTranspose, Dense, Dropout, Embedding, Flatten, GlobalMeanPool,
        GroupNorm, Gru, LayerNorm, LeakyRelu, Lstm, MaxPool, MeanPool, MultiHeadAttention, Padding, RmsNorm,
        Standardise, TransformerEncoder, TransformerEncoderLayer, Upsample,
    };
    pub use tensorkeep_nn::losses::{binary_cross_entropy_with_logits, cross_entropy, mse};
    pub use tensorkeep_nn::{Boxed, Context, Layer, Sequential, State, init, losses, module, summary};
    pub use tensorkeep_tensor::{
        DType, Device, Error, ErrorKind, HostArray, HostData, Result, Rng, Shape, Tensor, ToHostArray,
    };
}
