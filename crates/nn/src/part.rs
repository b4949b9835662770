//! Layers inside layers, as data.

use tensorkeep_tensor::{Device, Error, Result};

use crate::children::listed;
use crate::module::{leaves, to_device};
use crate::{Boxed, Description, Layer, Rebuild, Sequential, Setting, Settings, hollow};

/// A layer inside a layer, as one of its [settings](Setting::Layer): what it is as data and, once it is built, the layer.
///
/// Layers write it by [`Settings::with_layer`] and take it by [`Settings::take_layer`]. Only who reads files makes
/// one in another way, of what it has [built](Self::built) from the innermost layer outwards; so a layer that
/// holds others is given them, and needs to know nothing of what a file may name.
#[derive(Clone, Debug)]
pub struct Part {
    name: &'static str,
    version: u32,
    settings: Settings,
    layer: Option<Boxed>,
}

impl Part {
    /// A layer of a model.
    #[track_caller]
    pub(crate) fn of<L: Layer + Clone + 'static>(layer: &L) -> Result<Self> {
        let described = Self::described(layer.describe()?);
        Ok(Self { layer: Some(Boxed::new(layer.clone())), ..described })
    }

    /// What was built of these settings, by the type of this name and version.
    pub fn built(name: &'static str, version: u32, settings: &Settings, layer: Boxed) -> Self {
        Self { name, version, settings: settings.as_data(), layer: Some(layer) }
    }

    /// A layer that is data alone. Inside others a chain is the layer that it would be built as.
    fn described(description: Description) -> Self {
        let (name, version, settings) = match description {
            Description::Layer { name, version, settings } => (name, version, settings),
            Description::Chain(parts) => {
                let parts = parts.into_iter().map(|(step, part)| (step, Self::described(part)));
                (Sequential::NAME, Sequential::VERSION, listed(parts.collect()))
            }
        };
        Self { name, version, settings, layer: None }
    }

    /// The [name](Rebuild::NAME) of its type.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The [version](Rebuild::VERSION) of its meaning.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What it was made with, as [data](Settings::as_data) alone.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The layer, if it was built.
    pub fn layer(&self) -> Option<&Boxed> {
        self.layer.as_ref()
    }

    /// It as data alone.
    pub(crate) fn as_data(&self) -> Self {
        Self { name: self.name, version: self.version, settings: self.settings.as_data(), layer: None }
    }

    /// The layer, on a device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it was not built; those of the device.
    #[track_caller]
    pub fn into_layer(self, device: &Device) -> Result<Boxed> {
        let Some(layer) = self.layer else {
            let message = format!("{} is described and not built: build what is inside first", self.name);
            return Err(Error::value("settings", message));
        };
        if leaves(&layer).iter().all(|leaf| leaf.value.device() == device) {
            return Ok(layer);
        }
        if device.is_hollow() { hollow(&layer, device) } else { to_device(&layer, device) }
    }

    /// Whether there are layers in it.
    pub(crate) fn has_parts(&self) -> bool {
        fn holds(setting: &Setting) -> bool {
            match setting {
                Setting::Layer(_) => true,
                Setting::List(list) => list.iter().any(holds),
                _ => false,
            }
        }
        self.settings.iter().any(|(_, setting)| holds(setting))
    }
}

/// As data: whether the layers are built is no matter.
impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        (self.name, self.version, &self.settings) == (other.name, other.version, &other.settings)
    }
}
