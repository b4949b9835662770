//! What is in the files of other formats.

use std::fs::File;
use std::path::Path;

use tensorkeep_format::{
    Array, Digest, FileRules, LoadLimits, Npz, Rename, Result, SafeTensorsFile, read_file, read_npy,
};

use super::statistics::Statistics;
use super::{Line, Report};
use crate::form::Form;

/// Reads a file tensor by tensor. What is unpacked from an archive, or put into another order, takes the memory of one of them.
pub(super) fn read(
    report: &mut Report,
    form: Form,
    file: File,
    path: &Path,
    limits: &LoadLimits,
) -> Result<()> {
    match form {
        Form::SafeTensors => safetensors(report, file, limits),
        Form::Npz => {
            let bytes = read_file(path, limits, &FileRules::default())?;
            let npz = Npz::read(&bytes, limits, &Rename::default())?;
            npz.names()
                .try_for_each(|name| npz.array(name).map(|array| report.tensors.push(line(name, &array))))
        }
        Form::Npy | Form::Container => {
            let bytes = read_file(path, limits, &FileRules::default())?;
            let array = read_npy(&bytes, limits)?;
            report.tensors.push(line("", &array));
            Ok(())
        }
    }
}

fn safetensors(report: &mut Report, file: File, limits: &LoadLimits) -> Result<()> {
    let mut file = SafeTensorsFile::new(file, limits, &Rename::default())?;
    report.metadata = file.metadata().clone();
    report.tensors = file.iter().map(|(name, dtype, shape)| Line::new(name, dtype, shape)).collect();
    report.tensors.iter_mut().try_for_each(|tensor| {
        let array = file.tensor(&tensor.name)?;
        *tensor = line(&tensor.name, &array);
        Ok(())
    })
}

fn line(name: &str, array: &Array<'_>) -> Line {
    let mut statistics = Statistics::new(array.dtype());
    statistics.update(array.bytes());
    Line {
        digest: Some(Digest::of(array.bytes()).to_string()),
        statistics: Some(statistics.summary()),
        ..Line::new(name, array.dtype(), array.shape())
    }
}
