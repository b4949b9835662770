//! Stacks of layers that were made alike, as data.

use tensorkeep_tensor::{Error, Result, Rng};

use crate::{Rebuild, Settings};

/// Each costs a moment and some room even where there are only shapes.
const MAX_LAYERS: usize = 1 << 12;

/// The settings that all of the layers have, and their number.
#[track_caller]
pub(super) fn settings_of_alike<L: Rebuild>(stack: &'static str, layers: &[L]) -> Result<Settings> {
    let Some((first, rest)) = layers.split_first() else {
        return Err(Error::value(stack, "there are 0 layers: use at least 1"));
    };
    let settings = first.settings()?;
    for (i, layer) in rest.iter().enumerate() {
        if layer.settings()? != settings {
            let message = format!(
                "layer {} is made otherwise than layer 0: chain stacks of equal layers to save them",
                i + 1
            );
            return Err(Error::value(stack, message));
        }
    }
    Settings::new().with_part("layer", &settings).with_size("layers", layers.len())
}

/// The layers that [`settings_of_alike`] told of.
#[track_caller]
pub(super) fn rebuild_alike<L: Rebuild>(
    stack: &'static str,
    settings: &mut Settings,
    rng: &mut Rng,
) -> Result<Vec<L>> {
    let count = settings.take_size("layers")?;
    if !(1..=MAX_LAYERS).contains(&count) {
        return Err(Error::value(stack, format!("{count} layers: use 1 to {MAX_LAYERS}")));
    }
    settings.take_part("layer", |layer| {
        let told = layer.clone();
        let build = |_| {
            // Every layer takes the same; what the last one leaves is left.
            *layer = told.clone();
            L::rebuild(layer, rng)
        };
        (0..count).map(build).collect()
    })
}
