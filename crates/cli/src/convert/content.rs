//! What was in a file, whatever its format.

use std::collections::BTreeMap;
use std::path::Path;

use half::bf16;
use tensorkeep_format::{
    Array, Code, DType, Error, FileReader, FileRules, LoadLimits, Manifest, Npz, Provenance, Rename, Result,
    SafeTensorsFile, read_file, read_npy,
};

use crate::arguments::Renaming;
use crate::failure::Failure;
use crate::form::{Form, first_bytes, foreign};
use crate::open::open;

/// All that was in a file, in memory.
pub(super) struct Content {
    /// In the order of the file, under their new names.
    pub(super) tensors: Vec<(String, Array<'static>)>,
    pub(super) metadata: BTreeMap<String, String>,
    /// Of a container.
    pub(super) manifest: Option<Manifest>,
    signed: bool,
}

impl Content {
    /// Reads a file whose content is what its extension says, if that says anything.
    pub(super) fn read(path: &Path, renaming: &[Renaming], limits: &LoadLimits) -> Result<Self, Failure> {
        let within = |error: Error| Failure::from(super::advised(error).within(&path.to_string_lossy()));
        let first = first_bytes(&mut open(path)?).map_err(within)?;
        let form = Form::of_content(&first).ok_or_else(|| within(foreign(&first)))?;
        if let Some(promised) = Form::of_extension(path).filter(|promised| *promised != form) {
            let (promised, found) = (promised.name(), form.name());
            let message =
                format!("its name says {promised} and its content {found}: find out which, and rename it");
            return Err(within(Error::new(Code::Magic, message)));
        }
        let rename = Renaming::all(renaming);
        let read = || match form {
            Form::Container => Self::of_container(path, &rename, limits),
            Form::SafeTensors => Self::of_safetensors(path, &rename, limits),
            Form::Npz => Self::of_npz(&read_file(path, limits, &FileRules::default())?, &rename, limits),
            Form::Npy => Self::of_npy(path, &rename, limits),
        };
        // The readers that open files say which.
        read().map_err(|error| super::advised(error).into())
    }

    fn of_container(path: &Path, rename: &Rename, limits: &LoadLimits) -> Result<Self> {
        let reader = FileReader::open(path, limits, &FileRules::default())?;
        let head = reader.head();
        let manifest = head.manifest().clone();
        let names = rename.apply(manifest.tensors.iter().map(|tensor| tensor.name.as_str()))?;
        let arrays = manifest.tensors.iter().zip(names).enumerate().map(|(place, (tensor, name))| {
            let mut bytes = room(tensor.length)?;
            reader.read_into(place, &mut bytes)?;
            Ok((name, Array::new(tensor.dtype, tensor.shape.clone(), bytes)?))
        });
        Ok(Self {
            tensors: arrays.collect::<Result<_>>()?,
            metadata: manifest.metadata.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect(),
            signed: head.signatures().is_some(),
            manifest: Some(manifest),
        })
    }

    fn of_safetensors(path: &Path, rename: &Rename, limits: &LoadLimits) -> Result<Self> {
        let mut file = SafeTensorsFile::open(path, limits, &FileRules::default(), rename)?;
        let names: Vec<String> = file.iter().map(|(name, ..)| name.to_owned()).collect();
        let tensors = names.into_iter().map(|name| {
            let array = file.tensor(&name)?;
            Ok((name, array))
        });
        let tensors = tensors.collect::<Result<_>>()?;
        Ok(Self { tensors, metadata: file.metadata().clone(), manifest: None, signed: false })
    }

    fn of_npz(bytes: &[u8], rename: &Rename, limits: &LoadLimits) -> Result<Self> {
        let npz = Npz::read(bytes, limits, rename)?;
        let tensors = npz.names().map(|name| Ok((name.to_owned(), npz.array(name)?.into_owned())));
        Ok(Self::plain(tensors.collect::<Result<_>>()?))
    }

    /// An NPY file does not name its array: it is called as the file is.
    fn of_npy(path: &Path, rename: &Rename, limits: &LoadLimits) -> Result<Self> {
        let names = rename.apply([path.file_stem().unwrap_or_default().to_string_lossy()])?;
        let bytes = read_file(path, limits, &FileRules::default())?;
        let array = read_npy(&bytes, limits)?.into_owned();
        Ok(Self::plain(names.into_iter().zip([array]).collect()))
    }

    fn plain(tensors: Vec<(String, Array<'static>)>) -> Self {
        Self { tensors, metadata: BTreeMap::new(), manifest: None, signed: false }
    }

    /// What the format has no place for. Of a container, its name and kind are not counted: a file's name stands for them.
    pub(super) fn lost_in(&self, form: Form) -> Vec<&'static str> {
        let foreign = form != Form::Container;
        let of_manifest = |has: fn(&Manifest) -> bool| foreign && self.manifest.as_ref().is_some_and(has);
        let table = [
            (of_manifest(|manifest| manifest.architecture.is_some()), "the architecture"),
            (of_manifest(|manifest| manifest.provenance != Provenance::default()), "the provenance"),
            (of_manifest(|manifest| !manifest.extensions.is_empty()), "the extensions"),
            (
                of_manifest(|manifest| manifest.release > 0 || manifest.created > 0),
                "the release and its date",
            ),
            // They are about the bytes of the manifest, which is written anew.
            (self.signed, "the signatures"),
            (matches!(form, Form::Npz | Form::Npy) && !self.metadata.is_empty(), "the metadata"),
        ];
        table.into_iter().filter(|(lost, _)| *lost).map(|(_, what)| what).collect()
    }

    /// Turns bf16 into f32 for a format without bf16, if the user said so, and returns how many tensors that were.
    pub(super) fn widen_for(&mut self, form: Form, allowed: bool) -> Result<usize, Failure> {
        if !matches!(form, Form::Npz | Form::Npy) {
            return Ok(0);
        }
        let narrow = self.tensors.iter_mut().filter(|(_, array)| array.dtype() == DType::BF16);
        let mut count = 0;
        for (name, array) in narrow {
            if !allowed {
                let message = format!(
                    "tensor {} is bf16, which NumPy does not have: say --widen for f32, or write .safetensors",
                    tensorkeep_format::escape(name)
                );
                return Err(Failure::new(Code::DataType, message));
            }
            let halves = array.bytes().as_chunks().0.iter();
            let bytes: Vec<u8> =
                halves.flat_map(|half| bf16::from_le_bytes(*half).to_f32().to_le_bytes()).collect();
            *array = Array::new(DType::F32, array.shape().clone(), bytes)?;
            count += 1;
        }
        Ok(count)
    }
}

/// Room for a tensor, all zero. The reader has found the file to be so long.
fn room(length: u64) -> Result<Vec<u8>> {
    let full = |_| Error::new(Code::Limit, format!("no memory for a tensor of {length} bytes: free some"));
    let mut bytes = Vec::new();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(length).map_err(full)?;
    bytes.resize(length, 0);
    Ok(bytes)
}
