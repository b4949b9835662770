//! The training loop: what listeners are told, what stops it, and that it gives the same bits every time.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tensorkeep_autodiff::{Options, hook};
use tensorkeep_data::{Dataset, Loader, TensorDataset, digits};
use tensorkeep_nn::layers::{Dense, Dropout, Flatten};
use tensorkeep_nn::losses::{cross_entropy, mse};
use tensorkeep_nn::{Context, Layer, Sequential};
use tensorkeep_tensor::module::parameters;
use tensorkeep_tensor::{DType, Device, Error, ErrorKind, HostArray, HostData, Result, Rng, Tensor};
use tensorkeep_train::schedules::{OneCycle, ReduceOnPlateau, Schedule};
use tensorkeep_train::{
    AdamW, EarlyStopping, Event, Fit, Goal, History, Listener, MixedPrecision, NonFinite, Optimiser,
    Progress, Sgd, SkipCause,
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
    let skip = Event::Skip { epoch: 0, batch: 0, samples: 2, loss: &loss, cause: SkipCause::Loss };
    let metric = Event::Metric { epoch: 0, name: "accuracy", value: f64::NAN };
    let end = Event::EpochEnd { epoch: 0, loss: 0.5, seconds: 0.0, samples: 2 };
    let mut bar = Progress::new();
    for event in [&end, &skip, &step, &metric, &start, &step, &step, &metric, &end, &start] {
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

/// What no step was made of, as words: the batch, its loss, and the cause.
fn skips(told: &mut Vec<String>) -> impl FnMut(&Event<'_>) -> Result<()> {
    |event| {
        if let Event::Skip { epoch, batch, samples, loss, cause } = event {
            let loss = loss.item()?.as_f64();
            let cause = match cause {
                SkipCause::Gradient { path, factor } => format!("gradient of {path}, then {factor:?}"),
                cause => format!("{cause:?}"),
            };
            told.push(format!("{epoch}.{batch}: {samples} samples, loss {loss}, {cause}"));
        }
        Ok(())
    }
}

/// The second batch has a loss, or a gradient, that is not finite. The loss counts if it is finite itself.
#[test]
fn listeners_are_told_of_skipped_batches() {
    let run = |fit: NonFinite, optimiser: NonFinite, loss: f64, slope: f64| {
        let (mut told, count) = (Vec::new(), std::cell::Cell::new(0));
        let mut optimiser = descent(0.0).non_finite(optimiser);
        let mut listener = skips(&mut told);
        let history = Fit::new(1, 0)
            .non_finite(fit)
            .listen(&mut listener)
            .run(&mut number(1.0), &mut optimiser, &doubling(), |w, x, y, cx| {
                count.set(count.get() + 1);
                let (loss, slope) = if count.get() == 2 { (loss, slope) } else { (1.0, 1.0) };
                squared(&hook(w, move |dw| dw.mul(slope))?, x, y, cx)?.mul(loss)
            })
            .unwrap();
        drop(listener);
        (told, history.losses, history.samples, history.skipped, optimiser.steps())
    };
    let (skip, unchecked) = (NonFinite::Skip, NonFinite::Unchecked);
    let told = |cause: &str| vec![format!("0.1: 2 samples, loss {cause}")];
    let by_loss = run(skip, unchecked, f64::NAN, 1.0);
    assert_eq!(by_loss, (told("NaN, Loss"), vec![10.0], 3, 1, 2));
    let by_gradient = run(unchecked, skip, 1.0, f64::INFINITY);
    assert_eq!(by_gradient, (told("12.5, gradient of (root), then None"), vec![11.0], 5, 1, 2));
    let by_both = run(unchecked, skip, f64::INFINITY, 1.0);
    assert_eq!(by_both, (told("inf, gradient of (root), then None"), vec![10.0], 3, 1, 2));
}

/// What is scaled by 65,536 is no half, which ends at 65,504.
#[test]
fn an_overflow_is_skipped_and_recovered_from() {
    let predict = |w: &Tensor, x: &Tensor, y: &Tensor, _: &Context| {
        assert_eq!((w.dtype(), x.dtype(), y.dtype()), (DType::F16, DType::F16, DType::F32));
        mse(&x.mul(w)?.to_dtype(DType::F32)?, y)
    };
    let (mut w, mut optimiser, mut told) = (number(1.0), descent(0.02), Vec::new());
    let mut mixed = MixedPrecision::f16();
    let mut listener = skips(&mut told);
    let history = Fit::new(40, 0)
        .mixed_precision(&mut mixed)
        .listen(&mut listener)
        .run(&mut w, &mut optimiser, &doubling(), predict)
        .unwrap();
    drop(listener);
    // Gradients at w = 1: −Σ x² of a batch of two, −50 of the last, which has but one.
    let cause = |factor: &str| format!("gradient of (root), then Some({factor})");
    let want = [
        format!("0.0: 2 samples, loss 2.5, {}", cause("32768.0")),
        format!("0.1: 2 samples, loss 12.5, {}", cause("16384.0")),
        format!("0.2: 1 samples, loss 25, {}", cause("8192.0")),
    ];
    assert_eq!(told[..3], want);
    let scaler = mixed.scaler.unwrap().state;
    assert_eq!((history.skipped, scaler.skipped), (told.len(), told.len() as u64));
    assert_eq!(optimiser.steps() + scaler.skipped, 120, "what was skipped is no step");
    assert_eq!((history.samples, history.losses[0]), (200, 11.0), "losses before the first step are known");
    assert!(history.losses[39] < 1e-4 && (w.item().unwrap().as_f64() - 2.0).abs() < 1e-2, "{history:?}");
    assert_eq!(w.dtype(), DType::F32);
}

type Net = (Flatten, Dense, fn(&Tensor) -> Result<Tensor>, Dropout, Dense);

fn net() -> Net {
    let rng = &mut Rng::new(2, &cpu());
    let (first, last) = (Dense::new(64, 16, rng).unwrap(), Dense::new(16, 10, rng).unwrap());
    (Flatten, first, Tensor::relu, Dropout::new(0.1).unwrap(), last)
}

fn bits(model: &impl tensorkeep_nn::Module) -> Vec<(String, Vec<u32>)> {
    let bits = |x: &Tensor| x.to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect();
    parameters(model).iter().map(|leaf| (leaf.path.to_string(), bits(&leaf.value))).collect()
}

/// A network of digits after two epochs: its losses, and its weights, which are of `f32`.
fn digits_in(mut mixed: Option<MixedPrecision>, workers: usize) -> (History, Vec<(String, Vec<u32>)>) {
    let loader = Loader::new(digits().unwrap(), 64, &cpu()).unwrap().shuffle(5).workers(workers);
    let (mut model, mut optimiser) = (net(), Optimiser::new(AdamW::new(0.01)).unwrap());
    let dtype = mixed.as_ref().map_or(DType::F32, |mixed| mixed.dtype);
    let mut fit = Fit::new(3, 5);
    if let Some(mixed) = &mut mixed {
        fit = fit.mixed_precision(mixed);
    }
    let loss = |m: &Net, x: &Tensor, y: &Tensor, cx: &Context| {
        let logits = m.forward_with(x, cx)?;
        assert_eq!(logits.dtype(), dtype);
        cross_entropy(&logits, y)
    };
    let history = fit.run(&mut model, &mut optimiser, &loader, loss).unwrap();
    drop(fit);
    let skipped = mixed.and_then(|mixed| mixed.scaler).map_or(0, |scaler| scaler.state.skipped);
    assert_eq!(optimiser.steps() + skipped, 3 * loader.batches() as u64);
    (history, bits(&model))
}

#[test]
fn a_network_learns_in_half_precision() {
    let full = digits_in(None, 0).0.losses;
    assert!(full[2] < full[0] / 2.0, "{full:?}");
    for mixed in [MixedPrecision::f16(), MixedPrecision::bf16()] {
        let (history, weights) = digits_in(Some(mixed.clone()), 0);
        let near = history.losses.iter().zip(&full).all(|(got, want)| (got - want).abs() < 0.1);
        assert!(near && history.losses[2] < history.losses[0], "{mixed:?}: {history:?} and not {full:?}");
        let (again, same) = digits_in(Some(mixed.clone()), 2);
        assert_eq!(again.losses, history.losses, "{mixed:?}");
        assert!(same == weights, "{mixed:?}: the same bits every time");
    }
}

/// What the optimiser freezes stays as it is, and no gradient comes back to it, in any precision.
#[test]
fn frozen_leaves_are_not_asked_for_gradients() {
    for mut mixed in [None, Some(MixedPrecision::f16()), Some(MixedPrecision::bf16())] {
        let (mut model, start, asked) = (net(), bits(&net()), Arc::new(AtomicUsize::new(0)));
        let mut optimiser = Optimiser::new(AdamW::new(0.01)).unwrap();
        let mut train = |model: &mut Net, optimiser: &mut Optimiser| {
            let mut fit = Fit::new(1, 0);
            if let Some(mixed) = &mut mixed {
                fit = fit.mixed_precision(mixed);
            }
            let loader = Loader::new(digits().unwrap(), 600, &cpu()).unwrap();
            fit.run(model, optimiser, &loader, |m, x, y, cx| {
                let (mut m, asked) = (m.clone(), Arc::clone(&asked));
                m.1.weight = hook(&m.1.weight, move |dw| {
                    asked.fetch_add(1, Ordering::Relaxed);
                    Ok(dw.clone())
                })?;
                cross_entropy(&m.forward_with(x, cx)?, y)
            })
            .unwrap()
        };
        optimiser.freeze("1.**").unwrap();
        let history = train(&mut model, &mut optimiser);
        assert!(history.skipped < 3, "{history:?}");
        let moved = |model: &Net| -> Vec<bool> {
            bits(model).iter().zip(&start).map(|(now, before)| now != before).collect()
        };
        assert_eq!((moved(&model), asked.load(Ordering::Relaxed)), (vec![false, false, true, true], 0));
        optimiser.thaw("1.weight").unwrap();
        train(&mut model, &mut optimiser);
        assert_eq!((moved(&model), asked.load(Ordering::Relaxed)), (vec![true, false, true, true], 3));
        optimiser.freeze("**").unwrap();
        let all = Fit::new(1, 0).run(&mut model, &mut optimiser, &doubling(), |_, x, _, _| x.sum_all());
        let error = all.unwrap_err();
        assert!(error.kind() == ErrorKind::NoGradient && error.message().contains("all frozen"), "{error}");
    }
    let mut optimiser = descent(0.1);
    optimiser.freeze("encodr.**").unwrap();
    let error = train(Fit::new(1, 0), &mut optimiser).unwrap_err();
    assert!(error.message().contains("the pattern encodr.** covers no parameter"), "{error}");
}

/// Leaves that the loss does not depend on are an error, but for those that are frozen or may be unused.
#[test]
fn unused_leaves() {
    type Pair = (Tensor, Tensor);
    type Row = (&'static str, fn() -> Options, &'static str, &'static str);
    let rows: [Row; 5] = [
        ("strict", Options::new, "", "leaf 1"),
        ("allowed", || Options::new().allow_unused("1"), "", "ok"),
        ("frozen", Options::new, "1", "ok"),
        ("frozen by the options", || Options::new().freeze("1"), "", "ok"),
        ("misspelt", || Options::new().allow_unused("2"), "", "pattern `2` covers no leaf"),
    ];
    for (name, options, frozen, want) in rows {
        for half in [false, true] {
            let mut optimiser = descent(0.0);
            if !frozen.is_empty() {
                optimiser.freeze(frozen).unwrap();
            }
            let mut mixed = MixedPrecision { options: options(), ..MixedPrecision::bf16() };
            let mut fit = match half {
                true => Fit::new(1, 0).mixed_precision(&mut mixed),
                false => Fit::new(1, 0).options(options()),
            };
            let loss =
                |m: &Pair, x: &Tensor, y: &Tensor, _: &Context| mse(&x.mul(&m.0)?.to_dtype(DType::F32)?, y);
            let result = fit.run(&mut (number(1.0), number(2.0)), &mut optimiser, &doubling(), loss);
            let words = result.map_or_else(|error| error.message().to_owned(), |_| "ok".to_owned());
            assert!(words.contains(want), "{name}: {words}");
        }
    }
}

/// A batch whose gradient overflows is no part of the mean that a step is made of.
#[test]
fn half_precision_accumulates() {
    let run = |mut mixed: MixedPrecision| {
        let (mut w, mut optimiser) = (number(1.0), descent(0.02).accumulate(3).unwrap());
        let loss = |w: &Tensor, x: &Tensor, y: &Tensor, _: &Context| mse(&x.mul(w)?.to_dtype(DType::F32)?, y);
        let history = Fit::new(10, 0)
            .mixed_precision(&mut mixed)
            .run(&mut w, &mut optimiser, &doubling(), loss)
            .unwrap();
        let gathered = 3 * optimiser.steps() + optimiser.held();
        (w.item().unwrap().as_f64(), history.skipped as u64, gathered)
    };
    let (full, none, gathered) = run(MixedPrecision { dtype: DType::F32, ..MixedPrecision::bf16() });
    assert_eq!((none, gathered), (0, 30));
    let (bf16, none, gathered) = run(MixedPrecision::bf16());
    assert_eq!((none, gathered), (0, 30));
    let (f16, skipped, gathered) = run(MixedPrecision::f16());
    assert!(skipped > 2 && skipped + gathered == 30, "{skipped}, {gathered}");
    // Rounding to halves, and two steps fewer that each go 0.4 of the way.
    for w in [full, bf16, f16] {
        assert!((w - 2.0).abs() < 0.05, "{w} and not {full}");
    }
}
