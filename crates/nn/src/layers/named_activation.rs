//! Activations inside layers, as data: functions by their names in files, others as the layers that they are.

use tensorkeep_tensor::{Device, Error, Result};

use crate::module::leaves;
use crate::settings::unfit;
use crate::{Boxed, Description, Layer, Part, Setting, Settings, functions};

/// The same settings with an activation.
///
/// # Errors
///
/// If it does not [describe](Layer::describe) itself: a closure.
#[track_caller]
pub(super) fn with_activation(settings: Settings, activation: &Boxed) -> Result<Settings> {
    let known = functions();
    match activation.describe()? {
        Description::Layer { name, .. } if known.iter().any(|(each, _)| *each == name) => {
            Ok(settings.with("activation", name))
        }
        _ => settings.with_layer("activation", activation),
    }
}

/// The activation that [`with_activation`] named.
#[track_caller]
pub(super) fn take_activation(settings: &mut Settings, device: &Device) -> Result<Boxed> {
    let value = match settings.take("activation")? {
        Setting::Layer(part) => return alone(part, device),
        value => value,
    };
    let found = match &value {
        Setting::Text(name) => functions().into_iter().find(|(each, _)| each == name),
        _ => None,
    };
    match found {
        Some((_, activation)) => Ok(activation),
        None => Err(unfit("activation", &value, "the name of an activation, such as \"nn.relu\"")),
    }
}

/// An activation that is a layer. Stacks have a copy of it in each of their layers, so what a file can ask for by naming
/// few things has to stay small.
#[track_caller]
fn alone(part: Part, device: &Device) -> Result<Boxed> {
    let (name, has_parts) = (part.name(), part.has_parts());
    let layer = part.into_layer(device)?;
    if has_parts || leaves(&layer).len() > 1 {
        let message = format!(
            "{name} is no activation: use a function, or a layer of at most one tensor and no layers in it"
        );
        return Err(Error::value("activation", message));
    }
    Ok(layer)
}
