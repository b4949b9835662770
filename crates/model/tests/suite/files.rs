//! What the tests share: folders, options, models.

use std::path::{Path, PathBuf};

use tensorkeep_model::LoadOptions;
use tensorkeep_nn::{Module, State};
use tensorkeep_tensor::{HostArray, Result, Tensor};

/// A new empty folder.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("model").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Any file, strict in all else.
pub(crate) fn anyone() -> LoadOptions<'static> {
    LoadOptions::strict().insecure_allow_unsigned()
}

/// The code of an error, `ok` without one.
pub(crate) fn code<T>(result: Result<T>) -> &'static str {
    result.err().map_or("ok", |error| error.kind().code())
}

/// The leaves of a model on the host.
pub(crate) fn host<M: Module + ?Sized>(model: &M) -> Vec<(String, HostArray)> {
    let mut list = Vec::new();
    model.visit(&mut tensorkeep_nn::Path::root(), &mut |path, leaf| {
        let value = match leaf {
            tensorkeep_nn::Leaf::Parameter(value) => value.clone(),
            tensorkeep_nn::Leaf::State(state) => state.get(),
        };
        list.push((path.to_string(), value.to_host().unwrap()));
    });
    list
}

/// A model of leaves that the test chooses.
#[derive(Clone, Debug, Module)]
pub(crate) struct Bag {
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) states: Vec<State>,
}

/// A bag of tensors.
pub(crate) fn bag(tensors: impl Into<Vec<Tensor>>) -> Bag {
    Bag { tensors: tensors.into(), states: Vec::new() }
}
