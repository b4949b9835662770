//! Models from files that were trusted first.

use tensorkeep_format::{Axis, Code, FileRules, escape};
use tensorkeep_model::{CostLimits, LayerRegistry, LoadOptions, LoadedModel};
use tensorkeep_tensor::Device;
use tensorkeep_trust::Policy;

use crate::arguments::Saved;
use crate::failure::Failure;
use crate::verify;

/// Examples that a model sees at a time.
pub(crate) const BATCH: usize = 500;

/// Loads a model that passes, and says who vouches for it.
pub(crate) fn load(saved: &Saved, device: &Device) -> Result<(LoadedModel, String), Failure> {
    let trusting = &saved.trusting;
    let store = trusting.store()?;
    // Each tensor is read once and checked against its digest, so it does not matter who else can write to the file.
    let options = LoadOptions::strict()
        .trust(&store)
        .file_rules(FileRules::default())
        .cost(CostLimits { batch: BATCH, ..CostLimits::default() });
    let options = match trusting.policy()? {
        Policy::RequireDigest(digest) => options.digest(digest),
        Policy::AllowUnsigned => options.insecure_allow_unsigned(),
        _ => options.signers(trusting.threshold),
    };
    let options = trusting.id.iter().fold(options, |options, id| options.id(id));
    let options = if saved.sandbox { options.sandboxed(Default::default()) } else { options };
    let (model, report) = LoadedModel::load(&saved.model, &LayerRegistry::standard(), device, &options)?;
    let mut said = format!("model {} release {}\n", escape(&report.id), report.release);
    verify::tell(&report.verdict, &mut said);
    if report.sandbox.is_some() {
        said.push_str("read in a sandbox\n");
    }
    Ok((model, said))
}

/// The sizes of one example.
pub(crate) fn sizes(model: &LoadedModel) -> Result<Vec<usize>, Failure> {
    let axes = model.input().shape.iter().skip(1);
    let sizes = axes.map(|axis| match axis {
        Axis::Size(size) => usize::try_from(*size).ok(),
        Axis::Any => None,
    });
    sizes.collect::<Option<Vec<_>>>().ok_or_else(|| {
        Failure::new(
            Code::Graph,
            "the model takes examples of any size: give it one whose input has a fixed size",
        )
    })
}
