//! What can be learnt, and with which defaults.

use std::path::Path;
use std::sync::Arc;

use tensorkeep_data::{Dataset, Images, ReadLimits, Shift, digits, mnist};
use tensorkeep_tensor::{Error, Result};

use crate::arguments::TaskName;

/// A data set in two parts, and how to train on it.
pub(crate) struct Task {
    pub(crate) train: Arc<dyn Dataset>,
    pub(crate) test: Arc<dyn Dataset>,
    /// Images have `side × side` pixels in one channel.
    pub(crate) side: usize,
    pub(crate) classes: usize,
    pub(crate) epochs: u32,
    pub(crate) batch_size: u32,
    /// Learning rate.
    pub(crate) rate: f64,
    /// What is done to the images that are learnt from, if anything.
    pub(crate) shift: Option<Shift>,
}

/// The part of the digits that is kept for testing.
const HELD_OUT: f64 = 0.2;

impl Task {
    /// Reads a task, of which some lie in a folder.
    pub(crate) fn load(task: TaskName, data: Option<&Path>) -> Result<Self> {
        match (task, data) {
            (TaskName::Digits, None) => {
                // The split is part of the task, not of the run: every seed is tested on the same images.
                let (train, test) = digits()?.split(HELD_OUT, 0)?;
                Ok(Self {
                    train: Arc::new(train),
                    test: Arc::new(test),
                    side: 8,
                    classes: 10,
                    epochs: 40,
                    batch_size: 128,
                    rate: 0.015,
                    // So few images need company. The numbers were chosen by cross-validation among these.
                    shift: Some(Shift::new(0.2)?),
                })
            }
            (TaskName::Digits, Some(_)) => {
                Err(Error::value("train", "the digits are embedded and need no --data: leave it out"))
            }
            (TaskName::Mnist, None) => {
                let message = "mnist needs --data DIR: a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, \
                               t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz";
                Err(Error::value("train", message))
            }
            (TaskName::Mnist, Some(folder)) => {
                let (train, test) = mnist(folder, &ReadLimits::default())?;
                let side = side(&train, &test)?;
                Ok(Self {
                    train: Arc::new(train),
                    test: Arc::new(test),
                    side,
                    classes: 10,
                    epochs: 3,
                    batch_size: 64,
                    rate: 0.002,
                    shift: None,
                })
            }
        }
    }
}

/// The longest side of an image: the weights of a dense layer grow with its square.
const LONGEST: usize = 256;

/// The side of the images, which are square and alike in both parts.
fn side(train: &Images, test: &Images) -> Result<usize> {
    let [train, test] = [train, test].map(|images| *images.inner().inputs().shape());
    let ([n @ (1..), 1, height, width], [m @ (1..), 1, ..]) = (train.sizes(), test.sizes()) else {
        let rule = "images are missing, to learn from or to test on";
        return Err(Error::shape("train", rule, &[train, test]).advise("use files that have some"));
    };
    if height != width || train.sizes()[1..] != test.sizes()[1..] || !(1..=LONGEST).contains(height) {
        let rule = format!("the {n} and {m} images must be square and alike, at most {LONGEST} pixels wide");
        return Err(Error::shape("train", rule, &[train, test]).advise("use files that fit"));
    }
    Ok(*height)
}
