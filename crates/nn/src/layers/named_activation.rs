//! Activations inside layers, as data: by their names in files.

use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::settings::unfit;
use crate::{Boxed, Description, Layer, Setting, Settings, functions};

/// The same settings with the name of an activation.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] if it is none of the [functions] that files know.
#[track_caller]
pub(super) fn with_activation(settings: Settings, activation: &Boxed) -> Result<Settings> {
    let known = functions();
    match activation.describe()? {
        Description::Layer { name, .. } if known.iter().any(|(each, _)| *each == name) => {
            Ok(settings.with("activation", name))
        }
        _ => {
            let kind = activation.kind();
            let message = format!(
                "an activation of {kind} has no name in files: use one of `functions` to save the layer"
            );
            Err(Error::new(ErrorKind::Unsupported, "describe", message))
        }
    }
}

/// The activation that [`with_activation`] named.
#[track_caller]
pub(super) fn take_activation(settings: &mut Settings) -> Result<Boxed> {
    let value = settings.take("activation")?;
    let found = match &value {
        Setting::Text(name) => functions().into_iter().find(|(each, _)| each == name),
        _ => None,
    };
    match found {
        Some((_, activation)) => Ok(activation),
        None => Err(unfit("activation", &value, "the name of an activation, such as \"nn.relu\"")),
    }
}
