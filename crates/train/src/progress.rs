//! A progress bar in the terminal.

use indicatif::{ProgressBar, ProgressStyle};
use tensorkeep_tensor::{Error, Result};

use crate::{Event, Listener};

/// A [`Listener`] that draws a progress bar for each epoch and leaves a line with its loss and metrics.
///
/// It draws to the standard error stream, and only lines, no bar, where that is not a terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    epochs: usize,
    metrics: String,
}

/// The bar reads the loss every so many steps: each reading waits for the device.
const READ_EVERY: usize = 20;

impl Progress {
    /// A bar that waits for the first epoch.
    pub fn new() -> Self {
        Self { bar: ProgressBar::hidden(), epochs: 0, metrics: String::new() }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

/// What a bar looks like.
fn style() -> Result<ProgressStyle> {
    ProgressStyle::with_template("{prefix} {bar:30} {pos:>4}/{len} {msg} {elapsed}")
        .map_err(|error| Error::internal("progress", error.to_string()))
}

impl Listener for Progress {
    fn on(&mut self, event: &Event<'_>) -> Result<()> {
        match *event {
            Event::EpochStart { epoch, epochs, batches } => {
                self.epochs = epochs;
                self.metrics.clear();
                self.bar = ProgressBar::new(batches as u64).with_style(style()?);
                self.bar.set_prefix(format!("epoch {:>3}/{epochs}", epoch + 1));
            }
            Event::Step { batch, loss, .. } => {
                if batch % READ_EVERY == 0 {
                    self.bar.set_message(format!("loss {:.4}", loss.item()?.as_f64()));
                }
                self.bar.inc(1);
            }
            Event::Skip { .. } => self.bar.inc(1),
            Event::Metric { name, value, .. } => self.metrics += &format!("  {name} {value:.4}"),
            Event::EpochEnd { epoch, loss, seconds, samples } => {
                self.bar.finish_and_clear();
                // A clock may not tell the first steps from none.
                let rate = samples as f64 / seconds.max(1e-9);
                let line = format!(
                    "epoch {:>3}/{}  loss {loss:.4}{}  {rate:.0} samples/s",
                    epoch + 1,
                    self.epochs,
                    self.metrics
                );
                write_line(&line);
            }
        }
        Ok(())
    }
}

/// A line on the standard error stream, beside the bar. If nobody reads it, training goes on.
fn write_line(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
