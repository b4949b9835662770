//! The training loop: what listeners are told, what stops it, and that it gives the same bits every time.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_data::{Dataset, Loader, TensorDataset, digits};
use tensorkeep_nn::layers::{Dense, Dropout, Flatten};
use tensorkeep_nn::losses::{cross_entropy, mse};
use tensorkeep_nn::{Context, Layer, Sequential};
use tensorkeep_tensor::module::parameters;
use tensorkeep_tensor::{Device, Error, ErrorKind, HostArray, HostData, Result, Rng, Tensor};
use tensorkeep_train::schedules::{OneCycle, ReduceOnPlateau, Schedule};
use tensorkeep_train::{
    AdamW, EarlyStopping, Event, Fit, Goal, History, Listener, NonFinite, Optimiser, Progress, Sgd,
};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// Inputs 1 to 5, targets twice that, in batches of 2: the last is smaller.
fn doubling() -> Loader {
    let array = |factor: f32| {
        HostArray::new(HostData::F32((1..=5).map(|i| i as f32 * factor).collect()), [5]).unwrap()
    };
    Loader::new(TensorDataset::new(array(1.0), array(2.0)).unwrap(), 2, &cpu()).unwrap()
}

fn number(x: f32) -> Tensor {
    Tensor::new([x], &cpu()).unwrap()
}

fn squared(w: &Tensor, x: &Tensor, y: &Tensor, _: &Context) -> Result<Tensor> {
    mse(&x.mul(w)?, y)
}

fn descent(rate: f64) -> Optimiser {
    Optimiser::new(Sgd::new(rate)).unwrap()
}

/// With a rate of 0 every number is known: the losses are mean((i − 2 i)²) of i in 1, 2; 3, 4; 5.
#[test]
fn events_come_in_order() {
    let mut told = Vec::new();
    let mut second = 0;
    let mut record = |event: &Event<'_>| {
        told.push(match event {
            Event::EpochStart { epoch, epochs, batches } => {
                format!("start {epoch} of {epochs}, {batches} steps")
            }
            Event::Step { epoch, batch, samples, loss } => {
                format!("step {epoch}.{batch}: {samples} samples, {}", loss.item()?.as_f64())
            }
            Event::Metric { epoch, name, value } => format!("{name} after {epoch}: {value}"),
            Event::EpochEnd { epoch, loss, seconds, samples } => {
                assert!(*seconds >= 0.0);
                format!("end {epoch}: {samples} samples, {loss}")
            }
            _ => "unknown".to_owned(),
        });
        Ok(())
    };
    let mut count = |_: &Event<'_>| {
        second += 1;
        Ok(())
    };
    let mut measured = 0;
    let measure = |w: &Tensor| {
        measured += 1;
        Ok(vec![("weight", w.item()?.as_f64()), ("measured", f64::from(measured))])
    };
    let history = Fit::new(2, 0)
        .listen(&mut record)
        .listen(&mut count)
        .run_measured(&mut number(1.0), &mut descent(0.0), &doubling(), squared, measure)
        .unwrap();
    let epoch = |n: usize| {
        [
            format!("start {n} of 2, 3 steps"),
            format!("step {n}.0: 2 samples, 2.5"),
            format!("step {n}.1: 2 samples, 12.5"),
            format!("step {n}.2: 1 samples, 25"),
            format!("weight after {n}: 1"),
            format!("measured after {n}: {}", n + 1),
            format!("end {n}: 5 samples, 11"),
        ]
    };
    assert_eq!(told, [epoch(0), epoch(1)].concat());
    assert_eq!(second, told.len(), "every listener is told everything");
    // The mean over samples, not over batches.
    assert_eq!((history.losses, history.samples), (vec![11.0, 11.0], 10));
    assert!(history.seconds >= 0.0);
}

#[test]
fn training_finds_the_factor() {
    let mut w = number(0.0);
    let history = Fit::new(30, 0).run(&mut w, &mut descent(0.02), &doubling().shuffle(1), squared).unwrap();
    assert!((w.item().unwrap().as_f64() - 2.0).abs() < 1e-4, "{w}");
    assert!(history.losses[29] < 1e-6 && history.losses[0] > 1.0, "{:?}", history.losses);
}

/// The rate is a function of the share of training that is done, also for absurdly many epochs.
#[test]
fn rates_follow_progress() {
    let mut seen = Vec::new();
    let seen_by = std::cell::RefCell::new(&mut seen);
    let rate = |done: f64| {
        seen_by.borrow_mut().push(done);
        0.0
    };
    Fit::new(2, 0).rate(rate).run(&mut number(1.0), &mut descent(1.0), &doubling(), squared).unwrap();
    let want = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(|step| step / 6.0);
    assert!(seen.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-12), "{seen:?}");
    assert_eq!(seen.len(), want.len());

    let mut stop = |event: &Event<'_>| match event {
        Event::EpochEnd { epoch: 2, .. } => Err(Error::value("test", "enough")),
        _ => Ok(()),
    };
    let mut fit = Fit::new(usize::MAX, 0).rate(|done| done).listen(&mut stop);
    let error = fit.run(&mut number(1.0), &mut descent(1.0), &doubling(), squared).unwrap_err();
    assert_eq!(error.message(), "enough");
}

/// What stops training: the model, a listener, the data, the rate.
#[test]
fn errors_stop_training() {
    let run = |fit: &mut Fit<'_>, loader: &Loader, rate: f64| {
        fit.run(&mut number(1.0), &mut descent(rate), loader, squared).unwrap_err()
    };
    let diverged = run(&mut Fit::new(9, 0), &doubling(), 1e30);
    assert_eq!(diverged.kind(), ErrorKind::Value);
    assert!(diverged.message().starts_with("the loss of epoch 1 is "), "{diverged}");
    assert!(diverged.location().file().ends_with("fit.rs"), "{diverged}");

    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        let error = run(&mut Fit::new(1, 0).rate(|_| bad), &doubling(), 0.1);
        assert!(error.message().starts_with("learning rate"), "{error}");
    }
    let none = Loader::new(digits().unwrap(), 5000, &cpu()).unwrap().drop_last();
    assert!(run(&mut Fit::new(1, 0), &none, 0.1).message().starts_with("the loader has no batches"));
    let broken = doubling_with(f32::NAN);
    assert!(run(&mut Fit::new(1, 0), &broken, 0.1).message().starts_with("the loss of epoch 1 is NaN"));

    let fit = |loss: fn(&Tensor, &Tensor, &Tensor, &Context) -> Result<Tensor>| {
        Fit::new(1, 0).run(&mut number(1.0), &mut descent(0.1), &doubling(), loss).unwrap_err().kind()
    };
    assert_eq!(fit(|w, x, _, _| x.mul(w)), ErrorKind::Shape, "a loss that is not a single number");
    assert_eq!(fit(|_, x, _, _| x.sum_all()), ErrorKind::NoGradient, "a loss that does not use the model");
}

fn doubling_with(bad: f32) -> Loader {
    let x = HostArray::new(HostData::F32(vec![1.0, bad]), [2]).unwrap();
    Loader::new(TensorDataset::new(x.clone(), x).unwrap(), 2, &cpu()).unwrap()
}

#[test]
fn no_epochs_are_no_training() {
    let history = Fit::new(0, 0).run(&mut number(1.0), &mut descent(0.1), &doubling(), squared).unwrap();
    assert_eq!(history, History::default());
}

/// Two epochs of a network with dropout on 200 digits: its losses and its weights, bit for bit.
fn trained(threads: usize, workers: usize, seed: u64) -> (Vec<u64>, Vec<u32>) {
    let options = tensorkeep_cpu::Options { threads: Some(threads), ..tensorkeep_cpu::Options::default() };
    let device = tensorkeep_cpu::with_options(options).unwrap();
    let (_, few) = digits().unwrap().split(200.0 / 1797.0, 0).unwrap();
    assert_eq!(few.len(), 200);
    // Wide enough for products and maps that are shared among threads.
    let mut rng = Rng::new(seed, &device);
    let mut model = Sequential::new()
        .then(Flatten)
        .then(Dense::new(64, 1024, &mut rng).unwrap())
        .then(Tensor::relu)
        .then(Dropout::new(0.5).unwrap())
        .then(Dense::new(1024, 256, &mut rng).unwrap())
        .then(Tensor::gelu)
        .then(Dense::new(256, 10, &mut rng).unwrap());
    let loader = Loader::new(few, 100, &device).unwrap().shuffle(seed).workers(workers);
    let mut optimiser = Optimiser::new(AdamW::new(1e-3)).unwrap();
    let history = Fit::new(2, seed)
        .run(&mut model, &mut optimiser, &loader, |m, x, y, cx| cross_entropy(&m.forward_with(x, cx)?, y))
        .unwrap();
    let bits = |x: Tensor| x.to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let weights = parameters(&model).into_iter().flat_map(|leaf| bits(leaf.value)).collect();
    (history.losses.iter().map(|loss| loss.to_bits()).collect(), weights)
}

#[test]
fn bits_do_not_depend_on_threads_and_workers() {
    let want = trained(1, 0, 3);
    for (threads, workers) in [(1, 0), (2, 0), (2, 1), (3, 2)] {
        assert!(trained(threads, workers, 3) == want, "{threads} threads, {workers} workers");
    }
    assert_ne!(trained(1, 0, 4).0, want.0, "another seed is another training");
}

/// A progress bar is a listener that survives any order of events.
#[test]
fn a_bar_takes_every_event() {
    let loss = number(0.5).sum_all().unwrap();
    let start = Event::EpochStart { epoch: 0, epochs: 1, batches: 1 };
    let step = Event::Step { epoch: 0, batch: 0, samples: 2, loss: &loss };
    let metric = Event::Metric { epoch: 0, name: "accuracy", value: f64::NAN };
    let end = Event::EpochEnd { epoch: 0, loss: 0.5, seconds: 0.0, samples: 2 };
    let mut bar = Progress::new();
    for event in [&end, &step, &metric, &start, &step, &step, &metric, &end, &start] {
        bar.on(event).unwrap();
    }
}

/// How many steps were made, and the losses of the epochs.
fn train(mut fit: Fit<'_>, optimiser: &mut Optimiser) -> Result<(usize, Vec<f64>)> {
    let (mut w, steps) = (number(1.0), std::cell::Cell::new(0));
    let history = fit.run(&mut w, optimiser, &doubling(), |w, x, y, cx| {
        steps.set(steps.get() + 1);
        squared(w, x, y, cx)
    })?;
    Ok((steps.get(), history.losses))
}

#[test]
fn schedules_follow_the_steps() {
    use tensorkeep_train::schedules::Linear;
    let seen = std::cell::RefCell::new(Vec::new());
    let schedule = |step: u64| {
        let rate = Linear { start: 0.0, end: 1.0, steps: 8 }.at(step)? / 1e3;
        seen.borrow_mut().push(rate);
        Ok(rate)
    };
    let mut optimiser = descent(0.5);
    // Three steps in each of two epochs.
    train(Fit::new(2, 0).schedule(schedule), &mut optimiser).unwrap();
    assert_eq!(*seen.borrow(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(|i| i / 8.0 / 1e3));
    assert_eq!(optimiser.rate(), 5.0 / 8e3);
    let error = train(Fit::new(1, 0).schedule(OneCycle::new(0.1, 2)), &mut descent(0.1)).unwrap_err();
    assert!(error.message().starts_with("step 2 of a schedule of 2"), "{error}");
}

/// Nothing is learnt at a rate of 0, so the second epoch is no better.
#[test]
fn plateaus_lower_the_rate() {
    let mut plateau = ReduceOnPlateau { patience: 0, factor: 0.5, ..ReduceOnPlateau::new(1e-3) };
    let mut optimiser = descent(0.0);
    train(Fit::new(1, 0).reduce_on_plateau(&mut plateau), &mut optimiser).unwrap();
    assert_eq!(optimiser.rate(), 1e-3);
    optimiser.set_rate(0.0).unwrap();
    train(Fit::new(1, 0).reduce_on_plateau(&mut plateau), &mut optimiser).unwrap();
    assert_eq!(optimiser.rate(), 5e-4);
}

#[test]
fn training_ends_when_it_is_told() {
    let mut stopping = EarlyStopping::new(2, 0.0, Goal::Smallest).unwrap();
    let stop = |event: &Event<'_>| matches!(event, Event::EpochEnd { loss, .. } if stopping.observe(*loss));
    let (steps, losses) = train(Fit::new(100, 0).stop_when(stop), &mut descent(0.0)).unwrap();
    // The first is the best, and two are no better.
    assert_eq!((steps, losses.len()), (9, 3));
    // In the middle of an epoch, whose loss is that of the steps made.
    let stop = |event: &Event<'_>| matches!(event, Event::Step { batch: 1, .. });
    let (steps, losses) = train(Fit::new(100, 0).stop_when(stop), &mut descent(0.0)).unwrap();
    assert_eq!((steps, losses), (2, vec![(1.0 + 4.0 + 9.0 + 16.0) / 4.0]));
}

/// The second batch has a loss that is not finite.
#[test]
fn losses_that_are_not_finite() {
    let run = |non_finite, bad: f64| {
        let mut w = number(1.0);
        let mut count = std::cell::Cell::new(0);
        let result = Fit::new(1, 0).non_finite(non_finite).run(
            &mut w,
            &mut descent(0.0),
            &doubling(),
            |w, x, y, cx| {
                count.set(count.get() + 1);
                squared(w, x, y, cx)?.mul(if count.get() == 2 { bad } else { 1.0 })
            },
        );
        (result, *count.get_mut())
    };
    let error = run(NonFinite::Refuse, f64::NAN).0.unwrap_err();
    assert!(error.message().starts_with("the loss of batch 1 of epoch 1 is NaN"), "{error}");
    let error = run(NonFinite::Refuse, f64::INFINITY).0.unwrap_err();
    assert!(error.message().starts_with("the loss of batch 1 of epoch 1 is inf"), "{error}");
    let (history, batches) = run(NonFinite::Skip, f64::NAN);
    let history = history.unwrap();
    // (1 + 4 + 25) / 3: the batch of 9 and 16 does not count.
    assert_eq!((batches, history.samples, history.losses), (3, 3, vec![10.0]));
    let all = Fit::new(1, 0).non_finite(NonFinite::Skip).run(
        &mut number(1.0),
        &mut descent(0.0),
        &doubling(),
        |w, x, y, cx| squared(w, x, y, cx)?.mul(f64::NAN),
    );
    assert!(all.unwrap_err().message().starts_with("no batch of epoch 1 has a finite loss"));
    assert!(run(NonFinite::Unchecked, f64::NAN).0.is_err(), "the loss of the epoch is checked in any case");
}

/// A step of two gradients has two seeds, and without accumulation the seeds are those that they were.
#[test]
fn every_gradient_has_a_seed() {
    let seeds = |accumulate: Option<u64>| {
        let mut optimiser = descent(0.0);
        if let Some(n) = accumulate {
            optimiser = optimiser.accumulate(n).unwrap();
        }
        let seeds = std::cell::RefCell::new(Vec::new());
        Fit::new(2, 7)
            .run(&mut number(1.0), &mut optimiser, &doubling(), |w, x, y, cx| {
                let drawn =
                    Dropout::new(0.5)?.forward_with(&Tensor::ones([64], x.dtype(), x.device())?, cx)?;
                seeds.borrow_mut().push(drawn.to_vec::<f32>()?.iter().map(|x| *x > 0.0).collect::<Vec<_>>());
                squared(w, x, y, cx)
            })
            .unwrap();
        seeds.into_inner()
    };
    for accumulate in [None, Some(1), Some(2), Some(4)] {
        let mut seeds = seeds(accumulate);
        assert_eq!(seeds.len(), 6);
        seeds.sort();
        seeds.dedup();
        assert_eq!(seeds.len(), 6, "{accumulate:?}");
    }
    assert_eq!(seeds(None), seeds(Some(1)));
}
