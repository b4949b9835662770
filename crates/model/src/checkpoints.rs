//! Checkpoints of a run, of which the last good one is never lost.

use std::fs::File;
use std::panic::Location;
use std::path::Path;

use tensorkeep_format::{Code, Digest, Kind};
use tensorkeep_nn::Module;
use tensorkeep_storage::{Draft, Folder, Generations};
use tensorkeep_tensor::module::{parameters, replace};
use tensorkeep_tensor::{Result, Tensor};
use tensorkeep_train::Optimiser;

use crate::leaves::{entries, name_of};
use crate::load_into::{match_up, mismatch, read, read_tensor};
use crate::position::Training;
use crate::refusal::Refusal;
use crate::report::admit;
use crate::save::add_model;
use crate::source::Source;
use crate::ties;
use crate::{LoadOptions, Position, Report, SaveOptions, elements};

/// What stands before the names of the model's tensors.
const MODEL: &str = "model/";

/// The checkpoints of one run, in a directory of their own: what a run is resumed from.
///
/// Each holds the model, the optimiser's state and the [`Position`]. They are written as the generations of
/// `tensorkeep-storage`: after a crash at any instant the newest one that was acknowledged is found, whole.
///
/// ```
/// use tensorkeep_model::{Checkpoints, LoadOptions, Position, SaveOptions};
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_tensor::Rng;
/// use tensorkeep_train::{AdamW, Optimiser};
///
/// # let folder = std::env::temp_dir().join(format!("tensorkeep-checkpoints-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let mut rng = Rng::new(0, &tensorkeep_cpu::device());
/// let mut model = Dense::new(3, 2, &mut rng)?;
/// let mut optimiser = Optimiser::new(AdamW::new(0.01))?;
///
/// // A folder that only this program writes to needs no signatures; otherwise sign, and load with a trust store.
/// let options = LoadOptions::strict().insecure_allow_unsigned();
/// let (mut checkpoints, resume) = Checkpoints::open(&folder, 2, SaveOptions::new("example/run"), &options)?;
/// assert!(resume.is_none()); // the run begins
/// checkpoints.save(&model, &optimiser, &Position { seed: 7, epoch: 3, ..Position::default() })?;
/// drop(checkpoints);
///
/// let (_, resume) = Checkpoints::open(&folder, 2, SaveOptions::new("example/run"), &options)?;
/// let position = resume.unwrap().restore(&mut model, &mut optimiser)?;
/// assert_eq!((position.seed, position.epoch), (7, 3));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Checkpoints<'a> {
    generations: Generations,
    options: SaveOptions<'a>,
    previous: Option<Digest>,
}

/// The newest good checkpoint of a run.
#[derive(Debug)]
pub struct Resume {
    source: Source,
    training: Training,
    report: Report,
    limits: tensorkeep_format::LoadLimits,
    skipped: Vec<String>,
}

impl<'a> Checkpoints<'a> {
    /// Becomes the writer of the checkpoints in a directory, and finds the newest one that is whole and that the options
    /// take. At least `keep` good ones are kept, and `keep` is at least 2.
    ///
    /// Checkpoints are saved as `save` says, whose identifier and plan (`provenance.plan`) are those of the run: a checkpoint of
    /// another run is not taken.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](tensorkeep_tensor::ErrorKind::File): if there are checkpoints and none is taken, with the code of why
    /// the newest is not, as for [`load_into`](crate::load_into), and `E_CHAIN` for another plan; `E_BUSY` if another writer is at
    /// work; `E_LIMIT` for a `keep` below 2; `E_IO`, `E_PERM`.
    #[track_caller]
    pub fn open(
        folder: impl AsRef<Path>,
        keep: usize,
        save: SaveOptions<'a>,
        load: &LoadOptions<'_>,
    ) -> Result<(Self, Option<Resume>)> {
        let at = Location::caller();
        open(folder.as_ref(), keep, save, load).map_err(|refusal| refusal.into_error("checkpoints", at))
    }

    /// Saves a checkpoint. When this returns, it is what a resumed run finds, whatever crashes.
    ///
    /// # Errors
    ///
    /// Those of [`Save::save_with`](crate::Save::save_with). The checkpoints before stay.
    #[track_caller]
    pub fn save<M: Module + ?Sized>(
        &mut self,
        model: &M,
        optimiser: &Optimiser,
        position: &Position,
    ) -> Result<()> {
        let at = Location::caller();
        self.write(model, optimiser, position).map_err(|refusal| refusal.into_error("checkpoints", at))
    }

    fn write<M: Module + ?Sized>(
        &mut self,
        model: &M,
        optimiser: &Optimiser,
        position: &Position,
    ) -> Result<(), Refusal> {
        let mut contents = self.options.contents(Kind::Checkpoint);
        contents.manifest.provenance.step = Some(optimiser.steps());
        contents.manifest.provenance.previous = self.previous;
        add_model(&mut contents, model, MODEL, None)?;
        for (path, tensors) in optimiser.state() {
            for (slot, tensor) in tensors.iter().enumerate() {
                contents.push(&slot_name(path.as_str(), slot), tensor)?;
            }
        }
        let limits = contents.limits();
        Training::of(optimiser, position).write(&mut contents.manifest, &limits)?;
        let (signatures, digest) = contents.sign(&self.options.keys)?;
        self.generations.save(|draft: &mut Draft<&Folder>| contents.write(draft, signatures.as_deref()))?;
        self.previous = Some(Digest::new(*digest.as_bytes()));
        Ok(())
    }
}

fn open<'a>(
    folder: &Path,
    keep: usize,
    save: SaveOptions<'a>,
    load: &LoadOptions<'_>,
) -> Result<(Checkpoints<'a>, Option<Resume>), Refusal> {
    let load = load.clone().id(&save.id);
    let mut newest = None;
    let opened = Generations::open(folder, keep, |_, file| {
        examine(file, &save, &load).map_err(|refusal| {
            let shown = refusal.to_string();
            newest.get_or_insert(refusal);
            shown
        })
    });
    let (generations, recovery) = match (opened, newest) {
        (Ok(opened), _) => opened,
        (Err(error), Some(refusal)) if error.code() == tensorkeep_storage::Code::Chain => {
            return Err(refusal);
        }
        (Err(error), _) => return Err(error.into()),
    };
    let skipped = recovery.skipped.iter().map(ToString::to_string).collect();
    let resume = recovery.found.map(|(_, resume)| Resume { skipped, ..resume });
    let previous = resume.as_ref().map(|resume| Digest::new(*resume.report.digest.as_bytes()));
    Ok((Checkpoints { generations, options: save, previous }, resume))
}

/// Whether a file is a checkpoint of the run, and whole.
fn examine(file: File, save: &SaveOptions<'_>, load: &LoadOptions<'_>) -> Result<Resume, Refusal> {
    let source = Source::from_file(file, load)?;
    let report = admit(&source, Kind::Checkpoint, load)?;
    if report.provenance.plan != save.provenance.plan || report.provenance.data != save.provenance.data {
        let message =
            "the checkpoint is of another plan or other data: resume it with its own, or start a new run";
        return Err(Refusal::new(Code::Chain, message));
    }
    let training = Training::read(source.head().manifest(), &load.limits)?;
    source.verify()?;
    Ok(Resume { source, training, report, limits: load.limits.clone(), skipped: Vec::new() })
}

impl Resume {
    /// What is known of the checkpoint.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Where the run stands.
    pub fn position(&self) -> &Position {
        &self.training.position
    }

    /// The newer checkpoints that were passed over, and why; the traces of a crash.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Puts the state of the run into a model and an optimiser that the program has built, and returns where the run stands.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](tensorkeep_tensor::ErrorKind::File), and both are as they were: `E_MISMATCH` if the model has other
    /// tensors, or the optimiser another rule or other constants (its learning rate is set); `E_DIGEST`, `E_TRUNC`, `E_IO` if the
    /// file was changed meanwhile. Those of the device.
    #[track_caller]
    pub fn restore<M: Module>(&self, model: &mut M, optimiser: &mut Optimiser) -> Result<Position> {
        let at = Location::caller();
        self.put(model, optimiser).map_err(|refusal| refusal.into_error("checkpoints", at))?;
        Ok(self.training.position.clone())
    }

    fn put<M: Module>(&self, model: &mut M, optimiser: &mut Optimiser) -> Result<(), Refusal> {
        self.training.check_rule(optimiser)?;
        let manifest = self.source.head().manifest();
        let leaves = entries(model);
        let strict = LoadOptions::strict();
        let seats = match_up(&leaves, MODEL, manifest, &ties::read(manifest, &self.limits)?, &strict)?;
        let state = self.state(model, optimiser)?;
        let own = leaves.iter().filter(|leaf| leaf.tied.is_none()).count();
        if own + state.iter().map(Vec::len).sum::<usize>() != manifest.tensors.len() {
            return Err(mismatch(
                "the checkpoint has tensors of another optimiser: use the rule that made it".into(),
            ));
        }
        let values = read(&self.source, &leaves, &seats.places)?;
        drop(leaves);
        optimiser.restore(model, &self.training.standing, state)?;
        replace(model, values);
        Ok(())
    }

    /// The optimiser's state, in the order of the model's walk.
    fn state<M: Module>(&self, model: &M, optimiser: &Optimiser) -> Result<Vec<Vec<Tensor>>, Refusal> {
        if self.training.standing.steps == 0 && self.training.standing.held == 0 {
            return Ok(Vec::new());
        }
        let manifest = self.source.head().manifest();
        let mut state = Vec::new();
        for leaf in parameters(model) {
            let mut tensors = Vec::new();
            let (slots, dtype) = optimiser.slots(leaf.value.dtype());
            for slot in 0..slots {
                let name = slot_name(leaf.path.as_str(), slot);
                let place = manifest.tensors.iter().position(|tensor| tensor.name == name);
                let Some((place, tensor)) =
                    place.and_then(|place| Some((place, manifest.tensors.get(place)?)))
                else {
                    return Err(mismatch(format!(
                        "the checkpoint lacks {name}: use the rule and the model that made it"
                    )));
                };
                // Before room is made for it.
                if tensor.shape != elements::shape_to_file(leaf.value.shape())?
                    || tensor.dtype != elements::to_file(dtype)
                {
                    return Err(mismatch(format!(
                        "{name} is not shaped like {}: the file is not of one run",
                        leaf.path
                    )));
                }
                tensors.push(read_tensor(&self.source, place, leaf.value.device())?);
            }
            state.push(tensors);
        }
        Ok(state)
    }
}

/// The name of a tensor of the optimiser's state.
fn slot_name(path: &str, slot: usize) -> String {
    format!("optimiser/{}/{slot}", name_of(path))
}
