//! What a run leaves behind: numbers for programs, a page for people.

mod html;
mod svg;
mod ticks;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tensorkeep_tensor::{Error, ErrorKind, Result};
use tensorkeep_train::Confusion;

/// The numbers of a run, as `summary.json` has them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) task: String,
    pub(crate) model: String,
    pub(crate) device: String,
    pub(crate) seed: u64,
    pub(crate) parameters: usize,
    pub(crate) epochs: u32,
    pub(crate) batch_size: usize,
    pub(crate) learning_rate: f64,
    /// The mean loss of each epoch.
    pub(crate) train_loss: Vec<f64>,
    pub(crate) test_accuracy: f64,
    /// Training alone, without reading the data and testing.
    pub(crate) seconds: f64,
    pub(crate) samples_per_second: f64,
    /// The most bytes that the device's tensors took.
    pub(crate) peak_bytes: u64,
}

/// A test image that the model got wrong.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) label: usize,
    pub(crate) guess: usize,
    pub(crate) loss: f32,
    pub(crate) pixels: Vec<f32>,
}

/// The folder of a report.
pub(crate) struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    /// Makes the folder if it is not there. Done before training, which would be in vain without it.
    pub(crate) fn create(path: &'a Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(|error| failed(path, &error))?;
        Ok(Self(path))
    }

    /// Where the page is.
    pub(crate) fn page(&self) -> PathBuf {
        self.0.join("report.html")
    }

    /// Writes `summary.json` and the page.
    pub(crate) fn write(
        &self,
        summary: &Summary,
        confusion: &Confusion,
        mistakes: &[Mistake],
        side: usize,
    ) -> Result<()> {
        let json = self.0.join("summary.json");
        let text = serde_json::to_string_pretty(summary).map_err(|error| failed(&json, &error))?;
        tensorkeep_storage::write(&json, (text + "\n").as_bytes()).map_err(|error| failed(&json, &error))?;
        let page = html::page(summary, confusion, mistakes, side);
        tensorkeep_storage::write(self.page(), page.as_bytes()).map_err(|error| failed(&self.page(), &error))
    }
}

#[track_caller]
fn failed(what: &Path, error: &dyn Display) -> Error {
    let message = format!("{} cannot be written ({error}): choose another folder", what.display());
    Error::new(ErrorKind::Io, "report", message)
}
