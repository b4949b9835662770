//! What the program understands.

mod files;
mod signing;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use files::{Convert, Decrypt, Encrypt, Inspect, KindName, Passphrase, Renaming};
pub(crate) use signing::{Generate, Key, Show, Sign, Trust, Trusting, Verify};

/// Train and look at neural networks.
#[derive(Debug, Parser)]
#[command(
    name = "tensorkeep",
    version,
    about = "Train neural networks on the CPU or a GPU, and keep their files trustworthy.",
    after_help = "Start here: `tensorkeep train digits` trains on 1,797 embedded images and needs nothing else.\n\n\
                  Exit codes: 0 done, 1 failed or refused, 2 not understood.",
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a model and show how well it does.
    #[command(
        after_help = "Examples:\n  tensorkeep train digits\n  tensorkeep train digits --device wgpu --report out\n  \
                      tensorkeep train mnist --data mnist-folder --model lenet --epochs 3"
    )]
    Train(Train),
    /// Show how well a saved model does on the test images.
    Eval(Eval),
    /// Show what a saved model makes of an image, or of rows of numbers.
    #[command(
        after_help = "Examples:\n  tensorkeep predict --model digits.tkm --store trusted.toml seven.pgm\n  \
                      tensorkeep predict --model digits.tkm --store trusted.toml rows.csv --max 16"
    )]
    Predict(Predict),
    /// List the devices of this machine.
    Devices,
    /// Make keys, show their public parts, trust the keys of others.
    #[command(subcommand)]
    Key(Key),
    /// Sign a model file, or a folder.
    Sign(Sign),
    /// Check who signed a file or a folder, and that nothing in it was changed.
    Verify(Verify),
    /// Show what is in a file. Safe for files of any origin: nothing in a file is run, and text is shown escaped.
    Inspect(Inspect),
    /// Convert between .tkm, .safetensors, .npz and .npy.
    Convert(Convert),
    /// Encrypt a file in the format of age. Sign first, then encrypt.
    Encrypt(Encrypt),
    /// Decrypt a file in the format of age.
    Decrypt(Decrypt),
}

/// How to train. The defaults suit the data set.
#[derive(Args, Clone, Debug)]
pub(crate) struct Train {
    /// What to learn: `digits` is embedded, `mnist` is read from a folder.
    #[arg(value_enum)]
    pub(crate) task: TaskName,
    /// Folder with the four MNIST files (train-images-idx3-ubyte and so on, plain or .gz).
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Which network: two dense layers, or convolutions.
    #[arg(long, value_enum, default_value_t = ModelName::Mlp)]
    pub(crate) model: ModelName,
    /// Where to compute: cpu, wgpu (the first graphics adapter) or wgpu:N; see `tensorkeep devices`.
    #[arg(long, default_value_t = DeviceName::Cpu, value_name = "cpu|wgpu|wgpu:N")]
    pub(crate) device: DeviceName,
    /// How often to go through the training data [default: 40 for digits, 3 for mnist].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) epochs: Option<u32>,
    /// How many images a step sees [default: 128 for digits, 64 for mnist].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) batch_size: Option<u32>,
    /// Learning rate of the optimiser, AdamW; it falls to 0 in a straight line [default: 0.015 for digits, 0.002 for mnist].
    #[arg(long, value_name = "X", value_parser = rate, allow_negative_numbers = true)]
    pub(crate) lr: Option<f64>,
    /// What all randomness comes from; the same seed gives the same model, bit for bit.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) seed: u64,
    /// Threads of the CPU device [default: one a core]. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
    /// Write summary.json and report.html into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Save the model into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Sign the saved model with this secret key; see `tensorkeep key gen`.
    #[arg(long, value_name = "FILE", requires = "save")]
    pub(crate) sign: Option<PathBuf>,
    /// What the saved model is called [default: TASK/MODEL].
    #[arg(long, value_name = "ID", requires = "save")]
    pub(crate) id: Option<String>,
    /// The number of the saved model's release, which should only grow.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "save")]
    pub(crate) release: u64,
    /// Replace the saved model if it is there.
    #[arg(long, requires = "save")]
    pub(crate) force: bool,
}

/// A saved model, and how it is read.
#[derive(Args, Debug)]
pub(crate) struct Saved {
    /// The saved model.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Read it in a process of its own that can do nothing else (Linux), or not at all.
    #[arg(long)]
    pub(crate) sandbox: bool,
    #[command(flatten)]
    pub(crate) trusting: Trusting,
}

/// What to test a model with.
#[derive(Args, Debug)]
pub(crate) struct Eval {
    /// What the model learnt.
    #[arg(value_enum, default_value_t = TaskName::Digits)]
    pub(crate) task: TaskName,
    /// Folder with the four MNIST files.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) saved: Saved,
}

/// What to show a model.
#[derive(Args, Debug)]
pub(crate) struct Predict {
    /// A grey (.pgm) or coloured (.ppm) image of the model's size, or a table (.csv) with the numbers of an example in each row.
    pub(crate) input: PathBuf,
    #[command(flatten)]
    pub(crate) saved: Saved,
    /// What stands for white in the table. An image says it itself.
    #[arg(long, value_name = "X", value_parser = white, default_value = "1")]
    pub(crate) max: f32,
}

/// A greatest value as the user writes it.
fn white(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(white) if white.is_normal() && white > 0.0 => Ok(white),
        Ok(_) | Err(_) => Err("use a number above 0, such as 255".to_owned()),
    }
}

/// A learning rate as the user writes it.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate >= 0.0 && rate.is_finite() => Ok(rate),
        Ok(_) | Err(_) => Err("use a number from 0 on, such as 0.01".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TaskName {
    /// 1,797 images of 8×8, embedded (UCI optical digits).
    Digits,
    /// 70,000 images of 28×28, from --data.
    Mnist,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelName {
    /// Dense layers.
    Mlp,
    /// Convolutions, after LeNet-5.
    Lenet,
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits => "digits",
            Self::Mnist => "mnist",
        })
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mlp => "mlp",
            Self::Lenet => "lenet",
        })
    }
}

/// A device as the user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceName {
    Cpu,
    Wgpu(usize),
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "wgpu" => Ok(Self::Wgpu(0)),
            Some(("wgpu", index)) => index
                .parse()
                .map(Self::Wgpu)
                .map_err(|_| format!("`{index}` is not the number of an adapter")),
            _ => Err("use cpu, wgpu or wgpu:N".to_owned()),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Wgpu(index) => write!(f, "wgpu:{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn devices_are_named() {
        let rows = [
            ("cpu", Some(DeviceName::Cpu)),
            ("wgpu", Some(DeviceName::Wgpu(0))),
            ("wgpu:3", Some(DeviceName::Wgpu(3))),
            ("wgpu:", None),
            ("wgpu:-1", None),
            ("wgpu:99999999999999999999", None),
            ("cuda", None),
            ("cpu:0", None),
        ];
        for (text, want) in rows {
            assert_eq!(text.parse::<DeviceName>().ok(), want, "{text}");
        }
    }

    #[test]
    fn bad_arguments_are_refused() {
        let rows: [&[&str]; 8] = [
            &["tensorkeep", "train"],
            &["tensorkeep", "train", "cifar"],
            &["tensorkeep", "train", "digits", "--epochs", "0"],
            &["tensorkeep", "train", "digits", "--epochs", "-1"],
            &["tensorkeep", "train", "digits", "--threads", "0"],
            &["tensorkeep", "train", "digits", "--lr", "fast"],
            &["tensorkeep", "train", "digits", "--device", "tpu"],
            &["tensorkeep", "train", "digits", "--frobnicate"],
        ];
        for row in rows {
            assert!(Arguments::try_parse_from(row).is_err(), "{row:?}");
        }
    }
}
