//! What fuzzers run: what becomes of a file's manifest, whatever it says.

use tensorkeep_format::Manifest;

use crate::loaded_model::plan;
use crate::position::Training;
use crate::{CostLimits, LayerRegistry, LoadOptions};

/// A model is rebuilt or refused before anything is allocated for it, and costs no more than its limits; a checkpoint's position is read
/// or refused.
///
/// # Panics
///
/// If a promise is broken.
pub fn manifest(bytes: &[u8]) {
    let cost = CostLimits { parameters: 1 << 20, activations: 1 << 24, batch: 2 };
    let mut options = LoadOptions::strict();
    options.cost = cost;
    let Ok(manifest) = Manifest::decode(bytes, &options.limits) else {
        return;
    };
    let _ = Training::read(&manifest, &options.limits);
    if let Ok(plan) = plan(&manifest, &LayerRegistry::standard(), &options) {
        assert!(plan.cost.parameters <= cost.parameters, "more numbers than the limit");
        assert!(plan.cost.activations <= cost.activations, "more activations than the limit");
        let ops = manifest.architecture.as_ref().map_or(0, |architecture| architecture.ops.len());
        assert!(plan.layers.len() == ops, "layers were lost");
    }
}
