//! `tensorkeep train --save`.

use std::path::Path;

use tensorkeep_model::{Blueprint, Save, SaveOptions};
use tensorkeep_nn::Sequential;
use tensorkeep_tensor::DType;
use tensorkeep_trust::SecretKey;

use crate::arguments::Train;
use crate::failure::Failure;
use crate::moment;
use crate::open::expect_free;
use crate::task::Task;

/// Where a trained model goes, if anywhere.
pub(crate) struct Destination<'a> {
    path: Option<&'a Path>,
    key: Option<SecretKey>,
    arguments: &'a Train,
}

impl<'a> Destination<'a> {
    /// Looks whether the model can be saved there. Done before training, which would be in vain otherwise.
    pub(crate) fn open(arguments: &'a Train) -> Result<Self, Failure> {
        let path = arguments.save.as_deref();
        path.map_or(Ok(()), |path| expect_free(path, arguments.force))?;
        let key = arguments.sign.as_deref().map(SecretKey::open).transpose()?;
        Ok(Self { path, key, arguments })
    }

    /// Saves the model, and says where it is and what `--digest` asks for.
    pub(crate) fn save(
        &self,
        network: &Sequential,
        task: &Task,
        accuracy: f64,
    ) -> Result<Option<String>, Failure> {
        let Some(path) = self.path else {
            return Ok(None);
        };
        let Train { task: name, model, id, release, seed, .. } = self.arguments;
        let shape = [None, Some(1), Some(task.side), Some(task.side)];
        let blueprint = Blueprint::of(network, &shape, DType::F32)?.range(0.0, 1.0);
        let labels = (0..task.classes).map(|class| class.to_string());
        let options = SaveOptions::new(id.clone().unwrap_or_else(|| format!("{name}/{model}")))
            .release(*release)
            .created(u64::try_from(moment::now()).unwrap_or(0))
            .note("task", name.to_string())
            .note("seed", seed.to_string())
            .note("test accuracy", format!("{accuracy:.4}"))
            .architecture(blueprint.labels(labels));
        let options = self.key.iter().fold(options, SaveOptions::sign);
        let saved = network.save_with(path, &options)?;
        let key = self.key.as_ref().map(|key| format!(", signed with kid {}", key.public_key().key_id()));
        Ok(Some(format!("model in {}{}\ndigest {}", path.display(), key.unwrap_or_default(), saved.digest)))
    }
}
