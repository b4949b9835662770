//! Writing each format.

use std::io::Write;

use tensorkeep_format::{
    Array, Code, Kind, LoadLimits, Manifest, Tensor, Writer, write_npy, write_npz, write_safetensors,
};

use super::content::Content;
use crate::arguments::{Convert, KindName};
use crate::failure::Failure;
use crate::form::Form;

/// Writes a container. What came from one keeps its manifest, but for the names of tensors.
pub(super) fn container(
    out: &mut dyn Write,
    content: Content,
    arguments: &Convert,
    limits: &LoadLimits,
) -> Result<(), Failure> {
    let Content { tensors, metadata, manifest, .. } = content;
    let mut manifest = manifest.unwrap_or_else(|| {
        let id = arguments.output.file_stem().unwrap_or_default().to_string_lossy();
        Manifest { metadata: metadata.into_iter().collect(), ..Manifest::new(Kind::Model, &id) }
    });
    if let Some(id) = &arguments.id {
        manifest.id.clone_from(id);
    }
    if let Some(kind) = arguments.kind {
        manifest.kind = match kind {
            KindName::Model => Kind::Model,
            KindName::Dataset => Kind::Dataset,
        };
    }
    manifest.tensors.clear();
    for (name, array) in &tensors {
        manifest.push(Tensor::new(name, array.dtype(), array.shape().clone(), array.bytes())?)?;
    }
    let mut writer = Writer::new(out, &manifest, None, limits)?;
    tensors.iter().try_for_each(|(_, array)| writer.update(array.bytes()))?;
    Ok(writer.finish().map(drop)?)
}

/// Writes a file of another program's format.
pub(super) fn foreign(out: &mut dyn Write, form: Form, content: &Content) -> Result<(), Failure> {
    let tensors: Vec<(&str, &Array<'_>)> =
        content.tensors.iter().map(|(name, array)| (name.as_str(), array)).collect();
    let metadata: Vec<(&str, &str)> =
        content.metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    match (form, tensors.as_slice()) {
        (Form::SafeTensors, _) => write_safetensors(out, &tensors, &metadata)?,
        (Form::Npz | Form::Container, _) => write_npz(out, &tensors)?,
        (Form::Npy, [(_, array)]) => write_npy(out, array)?,
        (Form::Npy, _) => {
            let message = format!("an .npy file has one array, and there are {}: write .npz", tensors.len());
            return Err(Failure::new(Code::Value, message));
        }
    }
    Ok(())
}
