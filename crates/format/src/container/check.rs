//! The rules of a manifest.

use super::{Manifest, graph, layout, name};
use crate::limits::keep;
use crate::{Code, Error, LoadLimits, Result, escape};

impl Manifest {
    /// Checks every rule that needs no bytes of tensors.
    pub(super) fn check(&self, limits: &LoadLimits) -> Result<()> {
        name::check(&self.id, name::OTHER)?;
        self.check_critical()?;
        keep("tensors", self.tensors.len() as u64, limits.tensors)?;
        layout::check(&self.tensors)?;
        self.tensors.iter().try_for_each(|tensor| tensor.check(limits))?;
        name::check_distinct(self.tensors.iter().map(|tensor| tensor.name.as_str()))?;
        let metadata = self
            .metadata
            .iter()
            .fold(0, |sum: usize, (key, value)| sum.saturating_add(key.len()).saturating_add(value.len()));
        keep("metadata", metadata as u64, limits.metadata)?;
        for extension in self.extensions.iter().map(|(key, _)| key) {
            name::check(extension, name::OTHER)?;
        }
        self.architecture.as_ref().map_or(Ok(()), |architecture| graph::check(self, architecture))
    }

    /// No critical feature exists in version 1.0. One that is added will be handled here.
    fn check_critical(&self) -> Result<()> {
        match self.critical.first() {
            None => Ok(()),
            Some(feature) => {
                let message =
                    format!("the file needs the feature {}: read it with a newer version", escape(feature));
                Err(Error::new(Code::Crit, message))
            }
        }
    }
}
