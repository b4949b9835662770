//! Every message that a user of the crate can meet. A message is lower-case, names the values and the
//! operation, ends with what to do, and blames the user's line.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod construction;
mod elementwise;
mod narrow;
mod picking;
mod products;
mod views;
mod windows;

use std::sync::LazyLock;

use tensorkeep_tensor::{DType, Device, Result, Tensor, meta};

use narrow::Narrow;

/// Collects what is not as the table says.
struct Table {
    file: &'static str,
    wrong: Vec<String>,
}

impl Table {
    /// The table in this file.
    fn of(file: &'static str) -> Self {
        Self { file, wrong: Vec::new() }
    }

    /// `result` must be an error of this message, located in the file of the table.
    #[track_caller]
    fn row<T>(&mut self, result: Result<T>, want: &str) {
        let line = std::panic::Location::caller().line();
        let got = match result {
            Ok(_) => "no error".to_owned(),
            Err(error) if error.location().file() != self.file => error.to_string(),
            Err(error) => format!("{}: {}", error.op(), error.message()),
        };
        if got != want {
            self.wrong.push(format!("{line}: {got}"));
        }
    }

    fn finish(self) {
        assert!(self.wrong.is_empty(), "\n{}\n", self.wrong.join("\n"));
    }
}

/// The one device of the tables.
fn device() -> Device {
    static DEVICE: LazyLock<Device> = LazyLock::new(meta::device);
    DEVICE.clone()
}

/// A tensor without elements.
fn hollow(shape: &[usize], dtype: DType) -> Tensor {
    Tensor::zeros(shape, dtype, &device()).unwrap()
}

fn floats(shape: &[usize]) -> Tensor {
    hollow(shape, DType::F32)
}

fn integers(shape: &[usize]) -> Tensor {
    hollow(shape, DType::I32)
}

fn truths(shape: &[usize]) -> Tensor {
    hollow(shape, DType::Bool)
}
