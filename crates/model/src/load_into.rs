//! Files into models that the program has built.

use std::collections::HashMap;
use std::panic::Location;
use std::path::Path;

use tensorkeep_format::{Code, Kind, Manifest, escape};
use tensorkeep_nn::Module;
use tensorkeep_tensor::module::{Pairing, pair, replace};
use tensorkeep_tensor::{Device, Result, Tensor};

use crate::leaves::{Entry, entries};
use crate::refusal::Refusal;
use crate::report::admit;
use crate::source::Source;
use crate::ties::{self, Tie};
use crate::{LoadOptions, Report, elements};

/// Loads a file into a model that the program has built already: each tensor into the leaf of its name, on the device of
/// that leaf.
///
/// The file is opened once. Its head is checked, then who vouches for it, then that its tensors are those of the model; only
/// then are tensors read, each checked against its digest. Either all of them are put into the model or, on an error, none.
///
/// ```
/// use tensorkeep_model::{LoadOptions, Save, load_into};
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_tensor::Rng;
///
/// # let folder = std::env::temp_dir().join(format!("tensorkeep-load-into-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("dense.tkm");
/// let mut rng = Rng::new(0, &tensorkeep_cpu::device());
/// let model = Dense::new(3, 2, &mut rng)?;
/// let saved = model.save(&path)?;
///
/// let mut other = Dense::new(3, 2, &mut rng)?;
/// load_into(&mut other, &path, &LoadOptions::strict().digest(saved.digest))?;
/// assert_eq!(other.weight.to_vec::<f32>()?, model.weight.to_vec::<f32>()?);
///
/// // Nobody vouches for the file.
/// let error = load_into(&mut other, &path, &LoadOptions::strict()).unwrap_err();
/// assert_eq!(error.kind().code(), "E_UNSIGNED");
/// // The file is of another model.
/// let mut other = Dense::new(4, 2, &mut rng)?;
/// let error = load_into(&mut other, &path, &LoadOptions::strict().digest(saved.digest)).unwrap_err();
/// assert_eq!(error.kind().code(), "E_MISMATCH");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::File`](tensorkeep_tensor::ErrorKind::File) with the code of the first rule that is broken: of the format;
/// `E_KIND`; `E_UNSIGNED`, `E_SIG`, `E_KEY`, `E_ALG`, `E_EXPIRED`, `E_REVOKED`, `E_DIGEST`; `E_ROLLBACK`; `E_MISMATCH` for other
/// tensors than the model's. Those of the device.
#[track_caller]
pub fn load_into<M: Module + ?Sized>(
    model: &mut M,
    path: impl AsRef<Path>,
    options: &LoadOptions<'_>,
) -> Result<Report> {
    let at = Location::caller();
    load(model, path.as_ref(), options).map_err(|refusal| refusal.into_error("load", at))
}

fn load<M: Module + ?Sized>(
    model: &mut M,
    path: &Path,
    options: &LoadOptions<'_>,
) -> Result<Report, Refusal> {
    let source = Source::open(path, options)?;
    put(model, &source, options).map_err(|refusal| refusal.within(path))
}

fn put<M: Module + ?Sized>(
    model: &mut M,
    source: &Source,
    options: &LoadOptions<'_>,
) -> Result<Report, Refusal> {
    let report = admit(source, Kind::Model, options)?;
    let ties = ties::read(source.head().manifest(), &options.limits)?;
    let leaves = entries(model);
    let seats = match_up(&leaves, "", source.head().manifest(), &ties, options)?;
    let values = read(source, &leaves, &seats.places)?;
    replace(model, values);
    Ok(Report { loaded: seats.loaded, missing: seats.missing, unexpected: seats.unexpected, ..report })
}

/// Pairs the leaves of a model with the tensors of a file whose names start with `prefix`: for each leaf the place of its
/// tensor in the manifest's list.
pub(crate) fn match_up(
    leaves: &[Entry],
    prefix: &str,
    manifest: &Manifest,
    ties: &[Tie],
    options: &LoadOptions<'_>,
) -> Result<Pairing, Refusal> {
    let own = manifest.tensors.iter().enumerate().map(|(i, tensor)| (tensor.name.as_str(), i));
    let tied = ties.iter().map(|tie| (tie.name.as_str(), tie.tensor));
    let named: Vec<(&str, usize)> =
        own.chain(tied).filter_map(|(name, place)| Some((name.strip_prefix(prefix)?, place))).collect();
    let mut seats = pair(leaves.iter().map(|leaf| leaf.name.as_str()), named.iter().map(|(name, _)| *name));
    for (leaf, seat) in leaves.iter().zip(&mut seats.places) {
        *seat = seat.and_then(|i| named.get(i)).map(|(_, place)| *place);
        if let Some(place) = *seat {
            check(leaf, manifest, place)?;
        }
    }
    check_ties(leaves, &seats.places)?;
    if options.partial || (seats.missing.is_empty() && seats.unexpected.is_empty()) {
        return Ok(seats);
    }
    Err(mismatch(format!(
        "the file lacks {} tensors of the model{}, and has {} that the model lacks{}: build the model that was saved, or allow \
         this with LoadOptions::partial",
        seats.missing.len(),
        some(&seats.missing),
        seats.unexpected.len(),
        some(&seats.unexpected)
    )))
}

/// Whether a tensor of a file fits a leaf.
fn check(leaf: &Entry, manifest: &Manifest, place: usize) -> Result<(), Refusal> {
    let Some(tensor) = manifest.tensors.get(place) else {
        return Err(Refusal::new(Code::Graph, format!("there is no tensor {place}: write the file again")));
    };
    let shape = elements::shape_to_file(leaf.value.shape())?;
    if tensor.shape == shape && tensor.dtype == elements::to_file(leaf.value.dtype()) {
        return Ok(());
    }
    Err(mismatch(format!(
        "{} is {}{} in the model and {}{} in the file: build the model that was saved",
        escape(&leaf.name),
        leaf.value.dtype(),
        shape,
        tensor.dtype,
        tensor.shape
    )))
}

/// What is one in the model is one in the file, and nothing else is.
fn check_ties(leaves: &[Entry], places: &[Option<usize>]) -> Result<(), Refusal> {
    let mut first = HashMap::new();
    for (i, (leaf, place)) in leaves.iter().zip(places).enumerate() {
        let in_model = leaf.tied.unwrap_or(i);
        let agree = match place {
            Some(place) => {
                *first.entry(*place).or_insert(in_model) == in_model
                    && places.get(in_model) == Some(&Some(*place))
            }
            None => true,
        };
        if !agree {
            return Err(mismatch(format!(
                "{} is tied to other tensors in the model than in the file: build the model that was saved",
                escape(&leaf.name)
            )));
        }
    }
    Ok(())
}

/// Reads a tensor for each leaf that has a place; tied ones once, and those of them that the file does not name follow.
pub(crate) fn read(
    source: &Source,
    leaves: &[Entry],
    places: &[Option<usize>],
) -> Result<Vec<Option<Tensor>>, Refusal> {
    let mut values: Vec<Option<Tensor>> = Vec::with_capacity(leaves.len());
    for (leaf, place) in leaves.iter().zip(places) {
        let value = match (leaf.tied.and_then(|first| values.get(first)), place) {
            (Some(earlier), _) => earlier.clone(),
            (None, None) => None,
            (None, Some(place)) => Some(read_tensor(source, *place, leaf.value.device())?),
        };
        values.push(value);
    }
    Ok(values)
}

/// Reads a tensor onto a device.
pub(crate) fn read_tensor(source: &Source, place: usize, device: &Device) -> Result<Tensor, Refusal> {
    let Some(tensor) = source.head().manifest().tensors.get(place) else {
        return Err(Refusal::new(Code::Graph, format!("there is no tensor {place}: write the file again")));
    };
    let (dtype, shape) = (elements::of_file(tensor.dtype)?, elements::shape_of_file(&tensor.shape)?);
    Tensor::written_by(dtype, shape, device, |bytes| source.read_into(place, bytes))
}

#[cold]
pub(crate) fn mismatch(message: String) -> Refusal {
    Refusal::new(Code::Mismatch, message)
}

/// The first few names, for a message.
fn some(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| escape(name)).collect();
    match names.len() {
        0 => String::new(),
        1..=3 => format!(" ({})", shown.join(", ")),
        _ => format!(" ({}, …)", shown.join(", ")),
    }
}
