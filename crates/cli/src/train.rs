//! `tensorkeep train`.

use tensorkeep_data::{Dataset, Loader};
use tensorkeep_nn::losses::cross_entropy;
use tensorkeep_nn::{Layer, module, summary};
use tensorkeep_tensor::{DType, Device, Error, HostData, Result, Rng};
use tensorkeep_train::{AdamW, Evaluation, Fit, Optimiser, Progress, evaluate};

use crate::arguments::{DeviceName, Train};
use crate::report::{Mistake, Summary};
use crate::task::Task;
use crate::{draw, model, report};

/// How many images are made ready ahead by workers.
const WORKERS: usize = 1;
/// How many mistakes are shown.
const SHOWN: usize = 5;

/// Trains, tests and reports.
pub(crate) fn run(arguments: &Train) -> Result<()> {
    let device = open(arguments)?;
    let task = Task::load(arguments)?;
    let (batch_size, epochs) =
        (arguments.batch_size.unwrap_or(task.batch_size) as usize, arguments.epochs.unwrap_or(task.epochs));
    let rate = arguments.lr.unwrap_or(task.rate);
    let mut rng = Rng::new(arguments.seed, &device);
    let mut network = model::build(arguments.model, task.side, task.classes, &mut rng)?;
    let train =
        Loader::new(task.train.clone(), batch_size, &device)?.shuffle(arguments.seed).workers(WORKERS);
    let test = Loader::new(task.test.clone(), TEST_BATCH, &device)?;
    println!(
        "{} on {}: {} images to learn from, {} to test on, device {}",
        arguments.model,
        arguments.task,
        train.examples(),
        test.examples(),
        device.name()
    );
    println!("{}", summary(&network, [batch_size, 1, task.side, task.side], DType::F32)?);

    let mut optimiser = Optimiser::new(AdamW::new(rate))?;
    let mut progress = Progress::new();
    // Down to nothing in a straight line: the last steps settle what the first ones found.
    let mut fit =
        Fit::new(epochs as usize, arguments.seed).rate(|done| rate * (1.0 - done)).listen(&mut progress);
    let history = fit.run(&mut network, &mut optimiser, &train, |network, x, y, cx| {
        cross_entropy(&network.forward_with(x, cx)?, y)
    })?;
    let evaluation = evaluate(&network, &test)?;
    let accuracy = evaluation.confusion.accuracy();
    let mistakes = mistakes(&evaluation, &*task.test)?;
    println!("\ntest accuracy {:.2} % of {} images", accuracy * 100.0, test.examples());
    println!("\n{}", evaluation.confusion);
    show(&mistakes, task.side);

    let Some(folder) = &arguments.report else { return Ok(()) };
    let numbers = Summary {
        task: arguments.task.to_string(),
        model: arguments.model.to_string(),
        device: device.name().to_owned(),
        seed: arguments.seed,
        parameters: module::count(&network),
        epochs,
        batch_size,
        learning_rate: rate,
        train_loss: history.losses,
        test_accuracy: accuracy,
        seconds: history.seconds,
        samples_per_second: history.samples as f64 / history.seconds.max(f64::MIN_POSITIVE),
        peak_bytes: device.memory().peak,
    };
    report::write(folder, &numbers, &evaluation.confusion, &mistakes, task.side)?;
    println!("\nreport in {}", folder.join("report.html").display());
    Ok(())
}

/// Images a step of testing sees.
const TEST_BATCH: usize = 250;

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

fn show(mistakes: &[Mistake], side: usize) {
    if mistakes.is_empty() {
        println!("\nno mistakes");
        return;
    }
    let captioned: Vec<(String, Vec<f32>)> =
        mistakes.iter().map(|m| (format!("{} taken for {}", m.label, m.guess), m.pixels.clone())).collect();
    println!("\nworst mistakes:\n{}", draw::images(&captioned, side));
}
