//! What a run leaves behind: numbers for programs, a page for people.

mod html;
mod svg;

use std::fs;
use std::path::Path;

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

/// Writes `summary.json` and `report.html` into a folder, which is made if it is not there.
pub(crate) fn write(
    folder: &Path,
    summary: &Summary,
    confusion: &Confusion,
    mistakes: &[Mistake],
    side: usize,
) -> Result<()> {
    let failed = |what: &Path, error: &dyn std::fmt::Display| {
        let message = format!("{} cannot be written ({error}): choose another folder", what.display());
        Error::new(ErrorKind::Io, "report", message)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let json = folder.join("summary.json");
    let text = serde_json::to_string_pretty(summary).map_err(|error| failed(&json, &error))?;
    fs::write(&json, text + "\n").map_err(|error| failed(&json, &error))?;
    let page = folder.join("report.html");
    fs::write(&page, html::page(summary, confusion, mistakes, side)).map_err(|error| failed(&page, &error))
}
