//! A run that is resumed is the run that was not interrupted.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_data::{Loader, digits};
use tensorkeep_format::{Digest, LoadLimits, Provenance, Raw, SliceReader, Value};
use tensorkeep_model::{Checkpoints, LoadOptions, Position, Resume, SaveOptions};
use tensorkeep_nn::layers::{BatchNorm, Dense, Dropout, Flatten};
use tensorkeep_nn::losses::cross_entropy;
use tensorkeep_nn::{Context, Layer};
use tensorkeep_storage::Generations;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Device, HostArray, Result, Rng, Scalar, Tensor, philox};
use tensorkeep_testkit::devices;
use tensorkeep_train::schedules::ReduceOnPlateau;
use tensorkeep_train::{
    Adam, AdamW, EarlyStopping, Event, Fit, Goal, GradScaler, Group, MixedPrecision, Optimiser, Options,
    Rule, Sgd, Transform,
};

use crate::files::{anyone, bag, code, folder, host};

type Net = (Flatten, Dense, BatchNorm, fn(&Tensor) -> Result<Tensor>, Dropout, Dense);

const SEED: u64 = 5;

fn net(device: &Device) -> Net {
    let rng = &mut Rng::new(SEED, device);
    let (first, norm) = (Dense::new(64, 16, rng).unwrap(), BatchNorm::new(16, device).unwrap());
    (Flatten, first, norm, Tensor::relu, Dropout::new(0.2).unwrap(), Dense::new(16, 10, rng).unwrap())
}

fn open(folder: &Path) -> (Checkpoints<'static>, Option<Resume>) {
    Checkpoints::open(folder, 2, SaveOptions::new("test/run"), &anyone()).unwrap()
}

/// Three steps from a position on.
fn three_steps(model: &mut Net, optimiser: &mut Optimiser, position: &mut Position, device: &Device) {
    let loader = Loader::new(digits().unwrap(), 16, device).unwrap().shuffle(position.seed);
    let mut noise = Rng::at(position.streams[0], device);
    for batch in loader.epoch(position.epoch).skip(position.batch as usize).take(3) {
        let (x, y) = batch.unwrap();
        let x = x.add(&noise.normal(x.shape(), 0.0, 0.1).unwrap()).unwrap();
        let cx = Context::training(philox::child(position.seed, optimiser.steps()));
        let loss = |model: &Net| cross_entropy(&model.forward_with(&x, &cx)?, &y);
        let (_, grads) = value_and_grad(loss, model).unwrap();
        optimiser.update(model, &grads).unwrap();
        position.batch += 1;
    }
    position.streams[0] = noise.position();
}

fn start(device: &Device) -> Position {
    Position {
        seed: SEED,
        epoch: 1,
        batch: 0,
        streams: vec![Rng::new(9, device).position()],
        ..Position::default()
    }
}

/// All that a run has become.
fn state(model: &Net, optimiser: &Optimiser) -> (Vec<(String, HostArray)>, Vec<HostArray>, u64) {
    let slots = optimiser.state().flat_map(|(_, tensors)| tensors).map(|x| x.to_host().unwrap()).collect();
    (host(model), slots, optimiser.steps())
}

fn adamw() -> Optimiser {
    Optimiser::new(AdamW::new(0.01)).unwrap()
}

fn momentum() -> Optimiser {
    Optimiser::new(Sgd { momentum: 0.9, ..Sgd::new(0.1) }).unwrap()
}

/// Everything that has state around a rule, saved with one gradient held and one parameter younger than the rest.
fn everything() -> Optimiser {
    let mut optimiser = Optimiser::new(Adam { amsgrad: true, ..Adam::new(0.01) })
        .and_then(|optimiser| optimiser.accumulate(2)?.lookahead(2, 0.5)?.average(0.9))
        .and_then(|optimiser| optimiser.transform(Transform::ClipGlobalNorm { max: 1.0, p: f64::INFINITY }))
        .and_then(|optimiser| optimiser.group(Group::new("5.**").rate(0.02))?.master_weights())
        .unwrap();
    optimiser.freeze("1.bias").unwrap();
    optimiser
}

fn plain() -> Optimiser {
    Optimiser::new(Sgd::new(0.1)).unwrap()
}

#[test]
fn a_resumed_run_gives_the_same_bits() {
    for subject in devices().unwrap() {
        let device = &subject.device;
        for optimiser in [adamw, momentum, plain, everything] {
            let (mut model, mut whole, mut position) = (net(device), optimiser(), start(device));
            three_steps(&mut model, &mut whole, &mut position, device);
            three_steps(&mut model, &mut whole, &mut position, device);
            let want = state(&model, &whole);

            let folder = folder("resume");
            let (mut checkpoints, resume) = open(&folder);
            assert!(resume.is_none());
            let (mut model, mut first, mut position) = (net(device), optimiser(), start(device));
            three_steps(&mut model, &mut first, &mut position, device);
            checkpoints.save(&model, &first, &position).unwrap();
            drop((checkpoints, model, first, position));

            let (mut model, mut second) = (net(device), optimiser());
            let resume = open(&folder).1.unwrap();
            assert_eq!((resume.position().batch, resume.skipped().len()), (3, 0));
            let mut position = resume.restore(&mut model, &mut second).unwrap();
            three_steps(&mut model, &mut second, &mut position, device);
            let got = state(&model, &second);
            assert!(got == want, "{} on {}", second.rule(), device.name());
        }
    }
}

/// The training loop goes on at an epoch.
#[test]
fn the_loop_goes_on_at_an_epoch() {
    let device = &tensorkeep_cpu::device();
    let loader = Loader::new(digits().unwrap(), 256, device).unwrap().shuffle(SEED);
    let fit = |fit: Fit<'_>, model: &mut Net, optimiser: &mut Optimiser| {
        let mut fit = fit.rate(|done| 0.01 * (1.0 - done));
        fit.run(model, optimiser, &loader, |m, x, y, cx| cross_entropy(&m.forward_with(x, cx)?, y)).unwrap()
    };
    let (mut model, mut optimiser) = (net(device), adamw());
    let losses = fit(Fit::new(2, SEED), &mut model, &mut optimiser).losses;
    let want = state(&model, &optimiser);

    // A run of one epoch at the rate that the first of two has.
    let (mut model, mut optimiser) = (net(device), adamw());
    let mut first = Fit::new(1, SEED).rate(|done| 0.01 * (1.0 - done / 2.0));
    first
        .run(&mut model, &mut optimiser, &loader, |m, x, y, cx| cross_entropy(&m.forward_with(x, cx)?, y))
        .unwrap();
    let folder = folder("epoch");
    let position = Position { seed: SEED, epoch: 1, ..Position::default() };
    open(&folder).0.save(&model, &optimiser, &position).unwrap();

    let (mut model, mut optimiser) = (net(device), adamw());
    let position = open(&folder).1.unwrap().restore(&mut model, &mut optimiser).unwrap();
    let rest =
        fit(Fit::new(2, position.seed).from_epoch(position.epoch as usize), &mut model, &mut optimiser);
    assert_eq!(rest.losses, losses[1..]);
    assert!(state(&model, &optimiser) == want);
}

/// All that has a state in a run of the training loop.
struct Run {
    model: Net,
    optimiser: Optimiser,
    mixed: Option<MixedPrecision>,
    plateau: Option<ReduceOnPlateau>,
}

impl Run {
    fn start(optimiser: fn() -> Optimiser, mixed: Option<DType>, plateau: bool) -> Self {
        let mixed = mixed.map(|dtype| match dtype {
            // It grows after three good steps, which overflows soon.
            DType::F16 => {
                let scaler = Some(GradScaler { interval: 3, ..GradScaler::new() });
                MixedPrecision { scaler, ..MixedPrecision::f16() }
            }
            _ => MixedPrecision::bf16(),
        });
        // No loss is so much better: the rate falls at every second epoch.
        let threshold = tensorkeep_train::schedules::Threshold::Absolute(100.0);
        let falling = ReduceOnPlateau { patience: 0, cooldown: 1, threshold, ..ReduceOnPlateau::new(0.01) };
        Self {
            model: net(&tensorkeep_cpu::device()),
            optimiser: optimiser(),
            mixed,
            plateau: plateau.then_some(falling),
        }
    }

    /// Goes on from one epoch to another, of four. The last step of an epoch may be one with a gradient held.
    fn epochs(&mut self, from: usize, to: usize) {
        let loader = Loader::new(digits().unwrap(), 600, &tensorkeep_cpu::device()).unwrap().shuffle(SEED);
        let stop = |event: &Event<'_>| matches!(event, Event::EpochEnd { epoch, .. } if *epoch + 1 == to);
        let mut fit = Fit::new(4, SEED).from_epoch(from).stop_when(stop);
        if let Some(mixed) = &mut self.mixed {
            fit = fit.mixed_precision(mixed);
        }
        if let Some(plateau) = &mut self.plateau {
            fit = fit.reduce_on_plateau(plateau);
        }
        let loss = |m: &Net, x: &Tensor, y: &Tensor, cx: &Context| cross_entropy(&m.forward_with(x, cx)?, y);
        fit.run(&mut self.model, &mut self.optimiser, &loader, loss).unwrap();
    }

    fn scaler(&mut self) -> Option<&mut GradScaler> {
        self.mixed.as_mut()?.scaler.as_mut()
    }

    fn save(&mut self, epoch: usize, folder: &Path) {
        let scaler = self.scaler().map(|scaler| ("scaler".to_owned(), scaler.words().to_vec()));
        let plateau = self.plateau.map(|plateau| ("plateau".to_owned(), plateau.words().to_vec()));
        let words = scaler.into_iter().chain(plateau).collect();
        let position = Position { seed: SEED, epoch: epoch as u64, words, ..Position::default() };
        open(folder).0.save(&self.model, &self.optimiser, &position).unwrap();
    }

    fn restore(&mut self, folder: &Path) -> usize {
        let resume = open(folder).1.unwrap();
        let position = resume.restore(&mut self.model, &mut self.optimiser).unwrap();
        if let Some(scaler) = self.scaler() {
            scaler.restore(&position.words["scaler"]).unwrap();
        }
        if let Some(plateau) = &mut self.plateau {
            plateau.restore(&position.words["plateau"]).unwrap();
        }
        position.epoch as usize
    }

    /// All that it has become, to be compared as text where numbers may be NaN.
    fn end(&mut self) -> (impl PartialEq, Option<Vec<(String, HostArray)>>, String) {
        let averaged = self.optimiser.averaged(&self.model).ok().map(|model| host(&model));
        let scaler = self.scaler().map(|scaler| scaler.state);
        let counters = format!("{:?} {scaler:?} {}", self.plateau, self.optimiser.rate());
        (state(&self.model, &self.optimiser), averaged, counters)
    }
}

/// Whatever a run of the loop keeps goes through a checkpoint at any epoch.
#[test]
fn a_resumed_loop_gives_the_same_bits() {
    type Row = (&'static str, fn() -> Optimiser, Option<DType>, bool);
    let rows: [Row; 7] = [
        ("plain", adamw, None, false),
        ("f16 with a scaler", adamw, Some(DType::F16), false),
        ("bf16", adamw, Some(DType::BF16), false),
        ("an average of the weights", || adamw().average(0.9).unwrap(), None, false),
        ("looking ahead", || adamw().lookahead(4, 0.5).unwrap(), None, false),
        ("a rate that falls", adamw, None, true),
        (
            "all together",
            || adamw().accumulate(2).unwrap().lookahead(2, 0.5).unwrap().average(0.9).unwrap(),
            Some(DType::F16),
            true,
        ),
    ];
    for (name, optimiser, mixed, plateau) in rows {
        let mut whole = Run::start(optimiser, mixed, plateau);
        whole.epochs(0, 4);
        if let Some(scaler) = whole.scaler() {
            assert!(scaler.state.skipped > 0, "{name}: something overflows");
        }
        if plateau {
            assert!(whole.optimiser.rate() < 0.01, "{name}: the rate falls");
        }
        for cut in 1..4 {
            let folder = folder("loop");
            let mut first = Run::start(optimiser, mixed, plateau);
            first.epochs(0, cut);
            first.save(cut, &folder);
            drop(first);
            let mut second = Run::start(optimiser, mixed, plateau);
            let epoch = second.restore(&folder);
            second.epochs(epoch, 4);
            assert!(second.end() == whole.end(), "{name}, cut after {cut} epochs");
        }
    }
}

/// The state of a parameter in half precision may be in single.
#[test]
fn master_weights_are_saved() {
    let device = &tensorkeep_cpu::device();
    let half = |x: f32| Tensor::new([x, -x], device).unwrap().to_dtype(DType::F16).unwrap();
    let folder = folder("masters");
    let masters = || adamw().master_weights().unwrap();
    let (mut model, mut optimiser, grads) = (bag([half(1.0)]), masters(), bag([half(0.25)]));
    optimiser.update(&mut model, &grads).unwrap();
    open(&folder).0.save(&model, &optimiser, &Position::default()).unwrap();
    let resume = open(&folder).1.unwrap();
    assert_eq!(code(resume.restore(&mut bag([half(3.0)]), &mut adamw())), "E_MISMATCH");
    let (mut again, mut resumed) = (bag([half(3.0)]), masters());
    resume.restore(&mut again, &mut resumed).unwrap();
    for (model, optimiser) in [(&mut model, &mut optimiser), (&mut again, &mut resumed)] {
        optimiser.update(model, &grads).unwrap();
    }
    let state = |optimiser: &Optimiser| -> Vec<HostArray> {
        optimiser.state().flat_map(|(_, tensors)| tensors).map(|x| x.to_host().unwrap()).collect()
    };
    assert!(state(&optimiser)[2].dtype() == DType::F32 && state(&resumed) == state(&optimiser));
    assert!(host(&again) == host(&model));
}

/// What follows a loss is saved beside the model.
#[test]
fn counters_are_saved_as_words() {
    let device = &tensorkeep_cpu::device();
    let folder = folder("words");
    let mut stopping = EarlyStopping::new(3, 0.0, Goal::Smallest).unwrap();
    let mut plateau = ReduceOnPlateau::new(0.1);
    for loss in [3.0, f64::NAN, 2.0, 2.0] {
        stopping.observe(loss);
        plateau.observe(loss).unwrap();
    }
    let words =
        [("stopping", stopping.words().to_vec()), ("plateau", plateau.words().to_vec()), ("none", vec![])];
    let words = words.map(|(name, words)| (name.to_owned(), words)).into();
    open(&folder).0.save(&net(device), &adamw(), &Position { words, ..start(device) }).unwrap();
    let position = open(&folder).1.unwrap().restore(&mut net(device), &mut adamw()).unwrap();
    let mut again = EarlyStopping::new(3, 0.0, Goal::Smallest).unwrap();
    again.restore(&position.words["stopping"]).unwrap();
    let mut plateaued = ReduceOnPlateau::new(0.5);
    plateaued.restore(&position.words["plateau"]).unwrap();
    assert_eq!((again, plateaued, position.words.len()), (stopping, plateau, 3));
}

/// A rule that differs from AdamW in its program alone.
#[derive(Clone, Debug)]
struct Impostor(AdamW);

impl Rule for Impostor {
    fn slots(&self) -> usize {
        self.0.slots()
    }

    fn options(&mut self) -> Options<'_> {
        self.0.options()
    }

    fn program(&self) -> Result<Arc<Program>> {
        Program::new("impostor", &[0, 2, 3].map(Expr::input))
    }

    fn params(&self, step: u64) -> SmallVec<[Scalar; 4]> {
        self.0.params(step)
    }
}

#[test]
fn a_run_goes_on_with_its_own_rule_and_model() {
    let device = &tensorkeep_cpu::device();
    let folder = folder("rules");
    let (mut model, mut optimiser, mut position) = (net(device), adamw(), start(device));
    three_steps(&mut model, &mut optimiser, &mut position, device);
    open(&folder).0.save(&model, &optimiser, &position).unwrap();
    let resume = open(&folder).1.unwrap();
    let with = |change: fn(&mut AdamW)| {
        let mut rule = AdamW::new(0.5);
        change(&mut rule);
        Optimiser::new(rule).unwrap()
    };
    let rows = [
        ("another rate", with(|_| {}), "ok"),
        ("another decay", with(|rule| rule.decay = 0.1), "E_MISMATCH"),
        ("another beta", with(|rule| rule.adam.beta1 = 0.8), "E_MISMATCH"),
        ("another epsilon", with(|rule| rule.adam.epsilon = 1e-7), "E_MISMATCH"),
        (
            "another rule of the same constants",
            Optimiser::new(Impostor(AdamW::new(0.01))).unwrap(),
            "E_MISMATCH",
        ),
        ("adam", Optimiser::new(Adam::new(0.01)).unwrap(), "E_MISMATCH"),
        ("an average", adamw().average(0.9).unwrap(), "E_MISMATCH"),
        ("a transform", adamw().transform(Transform::ClipValue(1.0)).unwrap(), "E_MISMATCH"),
        ("a group", adamw().group(Group::new("1.**").decay(0.0)).unwrap(), "E_MISMATCH"),
        ("sgd", momentum(), "E_MISMATCH"),
    ];
    for (name, mut optimiser, want) in rows {
        let mut fresh = net(device);
        assert_eq!(code(resume.restore(&mut fresh, &mut optimiser)), want, "{name}");
        assert_eq!(optimiser.steps(), if want == "ok" { 3 } else { 0 }, "{name}");
        if want == "ok" {
            assert_eq!(optimiser.rate(), 0.01, "the run's rate, not the program's");
        } else {
            assert!(host(&fresh) == host(&net(device)), "{name}: the model is as it was");
        }
    }
    let mut other = bag([Tensor::zeros([2], DType::F32, device).unwrap()]);
    assert_eq!(code(resume.restore(&mut other, &mut adamw())), "E_MISMATCH");
}

#[test]
fn checkpoints_of_other_runs_are_not_taken() {
    let device = &tensorkeep_cpu::device();
    let folder = folder("runs");
    let plan = |byte| {
        let plan = Some(Digest::new([byte; 32]));
        SaveOptions::new("test/run").provenance(Provenance { plan, ..Provenance::default() })
    };
    let (mut checkpoints, _) = Checkpoints::open(&folder, 2, plan(1), &anyone()).unwrap();
    checkpoints.save(&net(device), &adamw(), &start(device)).unwrap();
    let again = Checkpoints::open(&folder, 2, plan(1), &anyone());
    assert_eq!(code(again), "E_BUSY", "one writer at a time");
    drop(checkpoints);
    let strict = LoadOptions::strict();
    let rows = [
        ("its own", plan(1), anyone(), "ok"),
        ("another plan", plan(2), anyone(), "E_CHAIN"),
        ("no plan", SaveOptions::new("test/run"), anyone(), "E_CHAIN"),
        ("another name", SaveOptions::new("test/other"), anyone(), "E_KIND"),
        ("unsigned", plan(1), strict, "E_UNSIGNED"),
    ];
    for (name, save, load, want) in rows {
        assert_eq!(code(Checkpoints::open(&folder, 2, save, &load)), want, "{name}");
    }
    assert_eq!(code(Checkpoints::open(&folder, 1, plan(1), &anyone())), "E_LIMIT");
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let device = &tensorkeep_cpu::device();
    let folder = folder("damaged");
    let (mut checkpoints, _) = open(&folder);
    let optimiser = adamw();
    for epoch in 1..=3 {
        checkpoints.save(&net(device), &optimiser, &Position { epoch, ..start(device) }).unwrap();
    }
    drop(checkpoints);
    let newest = folder.join("generation-00000003");
    let mut bytes = fs::read(&newest).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&newest, &bytes).unwrap();
    let (mut checkpoints, resume) = open(&folder);
    let resume = resume.unwrap();
    assert_eq!(resume.position().epoch, 2);
    assert!(resume.skipped()[0].starts_with("E_DIGEST"), "{:?}", resume.skipped());
    let second = resume.report().digest;
    // The next one names it as the one before.
    checkpoints.save(&net(device), &optimiser, &start(device)).unwrap();
    drop(checkpoints);
    let third = open(&folder).1.unwrap();
    assert_eq!(third.report().provenance.previous, Some(Digest::new(*second.as_bytes())));
}

/// What a checkpoint says about training, with one of its values changed: none of it is taken for something else.
#[test]
fn positions_that_lie() {
    let device = &tensorkeep_cpu::device();
    let folder = folder("lies");
    open(&folder).0.save(&net(device), &adamw(), &start(device)).unwrap();
    let good = fs::read(folder.join("generation-00000001")).unwrap();
    let reader = SliceReader::new(&good[..], &LoadLimits::default()).unwrap();
    let number = |length: usize| Value::Bytes(vec![1; length]);
    let stream = |count: usize| Value::List(vec![Value::List(vec![number(8); count])]);
    let rows = [
        ("epoch", number(8), "ok"),
        ("epoch", number(7), "E_VALUE"),
        ("epoch", Value::Int(-1), "E_VALUE"),
        ("step", Value::Float(3.0), "E_VALUE"),
        ("step", Value::Int(-1), "E_VALUE"),
        ("streams", stream(3), "ok"),
        ("streams", stream(2), "E_VALUE"),
        ("rate", Value::Float(-0.5), "E_VALUE"),
        ("rate", Value::Int(1), "E_VALUE"),
        ("held", number(7), "E_VALUE"),
        ("group_rates", Value::List(vec![Value::Int(1)]), "E_VALUE"),
        ("ages", Value::List(vec![number(9)]), "E_VALUE"),
        ("words", Value::List(Vec::new()), "E_VALUE"),
        ("rule", Value::Null, "E_VALUE"),
        ("constants", Value::List(Vec::new()), "E_VALUE"),
        ("surprise", Value::Null, "E_VALUE"),
    ];
    for (name, value, want) in rows {
        let mut manifest = reader.head().manifest().clone();
        let limits = LoadLimits::default();
        let Value::Map(mut map) =
            manifest.extensions.get("tensorkeep.training").unwrap().value(&limits).unwrap()
        else {
            panic!("the extension is a map");
        };
        map.insert(name, value);
        manifest.extensions.insert("tensorkeep.training", Raw::of(&Value::Map(map), &limits).unwrap());
        let tensors: Vec<_> = (0..manifest.tensors.len()).map(|i| reader.tensor(i).unwrap()).collect();
        let lies = crate::files::folder("lies-written");
        let (mut generations, _) = Generations::open(&lies, 2, |_, _| Ok::<_, std::io::Error>(())).unwrap();
        let save = |draft: &mut tensorkeep_storage::Draft<&tensorkeep_storage::Folder>| {
            tensorkeep_format::write(draft, &manifest, None, tensors.iter().map(|bytes| &bytes[..])).unwrap();
            Ok::<_, tensorkeep_storage::Error>(())
        };
        generations.save(save).unwrap();
        drop(generations);
        let opened = Checkpoints::open(&lies, 2, SaveOptions::new("test/run"), &anyone());
        assert_eq!(code(opened), want, "{name}");
    }
}

/// A checkpoint is no model, and a model no checkpoint.
#[test]
fn kinds_are_kept_apart() {
    let device = &tensorkeep_cpu::device();
    let folder = folder("checkpoint-kind");
    open(&folder).0.save(&net(device), &adamw(), &start(device)).unwrap();
    let path = folder.join("generation-00000001");
    let mut model = net(device);
    assert_eq!(code(tensorkeep_model::load_into(&mut model, &path, &anyone())), "E_KIND");
}
