//! `tensorkeep train`.

use std::io::Write;

use tensorkeep_data::{Dataset, Loader};
use tensorkeep_nn::losses::cross_entropy;
use tensorkeep_nn::{Layer, Sequential, module, summary};
use tensorkeep_tensor::{DType, Device, Error, HostData, Result, Rng};
use tensorkeep_train::{AdamW, Evaluation, Fit, History, Optimiser, Progress, evaluate};

use crate::arguments::{DeviceName, Train};
use crate::failure::Failure;
use crate::report::{Folder, Mistake, Summary};
use crate::save::Destination;
use crate::task::Task;
use crate::{draw, model};

/// Threads that make batches ready ahead.
const WORKERS: usize = 1;
/// How many mistakes are shown.
const SHOWN: usize = 5;
/// Images a step of testing sees.
const TEST_BATCH: usize = 500;

/// Trains, tests and reports.
pub(crate) fn run(arguments: &Train, out: &mut impl Write) -> Result<(), Failure> {
    let report = arguments.report.as_deref().map(Folder::create).transpose()?;
    let destination = Destination::open(arguments)?;
    let device = open(arguments)?;
    let task = Task::load(arguments.task, arguments.data.as_deref())?;
    let plan = Plan::new(arguments, &task);
    let mut network =
        model::build(arguments.model, task.side, task.classes, &mut Rng::new(arguments.seed, &device))?;
    let test = Loader::new(task.test.clone(), TEST_BATCH, &device)?;
    writeln!(
        out,
        "{} on {}: {} images to learn from, {} to test on, device {}",
        arguments.model,
        arguments.task,
        task.train.len(),
        test.examples(),
        device.name()
    )?;
    writeln!(out, "{}", summary(&network, [plan.batch_size, 1, task.side, task.side], DType::F32)?)?;

    let history = plan.train(&task, &device, &mut network)?;
    let evaluation = evaluate(&network, &test)?;
    let accuracy = evaluation.confusion.accuracy();
    let mistakes = mistakes(&evaluation, &*task.test)?;
    // Written before anything more is said, which may fail.
    if let Some(folder) = &report {
        let numbers = Summary {
            task: arguments.task.to_string(),
            model: arguments.model.to_string(),
            device: device.name().to_owned(),
            seed: arguments.seed,
            parameters: module::count(&network),
            epochs: plan.epochs,
            batch_size: plan.batch_size,
            learning_rate: plan.rate,
            train_loss: history.losses,
            test_accuracy: accuracy,
            seconds: history.seconds,
            samples_per_second: history.samples as f64 / history.seconds.max(1e-9),
            peak_bytes: device.memory().peak,
        };
        folder.write(&numbers, &evaluation.confusion, &mistakes, task.side)?;
    }
    let saved = destination.save(&network, &task, accuracy)?;
    writeln!(out, "\ntest accuracy {:.2} % of {} images", accuracy * 100.0, test.examples())?;
    writeln!(out, "\n{}", evaluation.confusion)?;
    show(&mistakes, task.side, out)?;
    if let Some(saved) = saved {
        writeln!(out, "\n{saved}")?;
    }
    if let Some(folder) = &report {
        writeln!(out, "\nreport in {}", folder.page().display())?;
    }
    Ok(())
}

/// How to train: what the user said, or else what suits the task.
struct Plan {
    seed: u64,
    epochs: u32,
    batch_size: usize,
    rate: f64,
}

impl Plan {
    fn new(arguments: &Train, task: &Task) -> Self {
        Self {
            seed: arguments.seed,
            epochs: arguments.epochs.unwrap_or(task.epochs),
            batch_size: arguments.batch_size.unwrap_or(task.batch_size) as usize,
            rate: arguments.lr.unwrap_or(task.rate),
        }
    }

    fn train(&self, task: &Task, device: &Device, network: &mut Sequential) -> Result<History> {
        let loader = Loader::new(task.train.clone(), self.batch_size, device)?.shuffle(self.seed);
        let loader = match task.shift {
            Some(shift) => loader.transform(self.seed, shift),
            None => loader,
        };
        let loader = loader.workers(WORKERS);
        let mut optimiser = Optimiser::new(AdamW::new(self.rate))?;
        let mut progress = Progress::new();
        // Down to nothing in a straight line: the last steps settle what the first ones found.
        Fit::new(self.epochs as usize, self.seed)
            .rate(|done| self.rate * (1.0 - done))
            .listen(&mut progress)
            .run(network, &mut optimiser, &loader, |network, x, y, cx| {
                cross_entropy(&network.forward_with(x, cx)?, y)
            })
    }
}

fn open(arguments: &Train) -> Result<Device> {
    match (arguments.device, arguments.threads) {
        (DeviceName::Cpu, None) => Ok(tensorkeep_cpu::device()),
        (DeviceName::Cpu, Some(threads)) => tensorkeep_cpu::with_options(tensorkeep_cpu::Options {
            threads: Some(threads as usize),
            ..tensorkeep_cpu::Options::default()
        }),
        (DeviceName::Wgpu(index), None) => tensorkeep_wgpu::device(index),
        (DeviceName::Wgpu(_), Some(_)) => {
            Err(Error::value("train", "--threads is for the device cpu: leave it out"))
        }
    }
}

/// The wrong guesses with the largest losses.
fn mistakes(evaluation: &Evaluation, test: &dyn Dataset) -> Result<Vec<Mistake>> {
    let Evaluation { labels, guesses, losses, .. } = evaluation;
    let mut wrong: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] != guesses[i]).collect();
    wrong.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
    wrong.truncate(SHOWN);
    let worst = wrong.into_iter().map(|i| {
        let (x, _) = test.batch(&[i])?;
        let HostData::F32(pixels) = x.into_parts().1 else {
            return Err(Error::internal("train", "images are not of f32"));
        };
        Ok(Mistake { label: labels[i], guess: guesses[i], loss: losses[i], pixels })
    });
    worst.collect()
}

fn show(mistakes: &[Mistake], side: usize, out: &mut impl Write) -> Result<(), Failure> {
    if mistakes.is_empty() {
        return Ok(writeln!(out, "\nno mistakes")?);
    }
    let captioned: Vec<(String, Vec<f32>)> =
        mistakes.iter().map(|m| (format!("{} taken for {}", m.label, m.guess), m.pixels.clone())).collect();
    Ok(writeln!(out, "\nworst mistakes:\n{}", draw::images(&captioned, side))?)
}
