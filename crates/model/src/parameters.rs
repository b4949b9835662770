//! What layers are made with, as a file keeps it: layers inside of layers are among it.

use tensorkeep_format::{Architecture, Code, LoadLimits, Map, Value};
use tensorkeep_nn::{Boxed, Module, Part, Path, Setting, Settings};
use tensorkeep_tensor::{Device, Rng};

use crate::LayerRegistry;
use crate::refusal::Refusal;

/// In the map that a layer inside another is, the keys beside those of its parameters. No parameter has such a name.
const LAYER: &str = "@layer";
const VERSION: &str = "@version";

/// So deep may layers be inside of layers, whatever nesting the caller's limits allow: what is done to them recurses.
const DEEPEST: usize = 32;

/// Settings as parameters.
pub(crate) fn write(settings: &Settings) -> Map<Value> {
    settings.iter().map(|(name, value)| (name, value_of(value))).collect()
}

fn value_of(setting: &Setting) -> Value {
    match setting {
        Setting::Flag(flag) => Value::Bool(*flag),
        Setting::Int(value) => Value::Int(*value),
        // A file has no negative zero.
        Setting::Float(value) => Value::Float(value + 0.0),
        Setting::Text(text) => Value::Text(text.clone()),
        Setting::List(list) => Value::List(list.iter().map(value_of).collect()),
        Setting::Layer(part) => {
            let mut map = write(part.settings());
            map.insert(LAYER, Value::Text(part.name().into()));
            map.insert(VERSION, Value::Int(part.version().into()));
            Value::Map(map)
        }
    }
}

/// Builds the layers of a file on the device that knows only shapes, the innermost first.
///
/// A few bytes of a file may stand for thousands of leaves, so these are counted as they come.
pub(crate) struct Builder<'a> {
    registry: &'a LayerRegistry,
    rng: Rng,
    /// How many operations and layers inside of them there may be, and how many there are.
    most: u64,
    count: u64,
    /// How many more leaves there may be.
    leaves: usize,
}

impl<'a> Builder<'a> {
    /// Of layers that the registry knows, that keep the limits, and that have no more than so many leaves together.
    pub(crate) fn new(
        registry: &'a LayerRegistry,
        hollow: &Device,
        limits: &LoadLimits,
        leaves: usize,
    ) -> Self {
        Self { registry, rng: Rng::new(0, hollow), most: limits.ops, count: 0, leaves }
    }

    /// All operations.
    pub(crate) fn layers(mut self, architecture: &Architecture) -> Result<Vec<Boxed>, Refusal> {
        let build = |op: &tensorkeep_format::Op| {
            let part = self.part(&op.name, op.version, op.parameters.iter(), 0)?;
            Ok(part.into_layer(self.rng.device())?)
        };
        architecture.ops.iter().map(build).collect()
    }

    /// A layer, `depth` layers inside of an operation.
    fn part<'v>(
        &mut self,
        name: &str,
        version: u32,
        parameters: impl Iterator<Item = (&'v str, &'v Value)>,
        depth: usize,
    ) -> Result<Part, Refusal> {
        self.count += 1;
        if self.count > self.most {
            let message = format!(
                "operations and layers inside of them are more than {}, LoadLimits::ops: raise it if the file is \
                 genuine",
                self.most
            );
            return Err(Refusal::new(Code::Limit, message));
        }
        let before = self.leaves;
        let mut settings = Settings::new();
        for (name, value) in parameters {
            settings = settings.with(name, self.setting(value, depth)?);
        }
        let part = self.registry.build(name, version, settings, &mut self.rng)?;
        // Those of the layers inside are among them.
        let mut leaves = 0;
        if let Some(layer) = part.layer() {
            layer.visit(&mut Path::root(), &mut |_, _| leaves += 1);
        }
        self.leaves = before.checked_sub(leaves).ok_or_else(|| {
            Refusal::new(Code::Graph, "the layers have more tensors than the file: write the file again")
        })?;
        Ok(part)
    }

    fn setting(&mut self, value: &Value, depth: usize) -> Result<Setting, Refusal> {
        Ok(match value {
            Value::Bool(flag) => Setting::Flag(*flag),
            Value::Int(value) => Setting::Int(*value),
            Value::Float(value) => Setting::Float(*value),
            Value::Text(text) => Setting::Text(text.clone()),
            Value::List(list) => {
                let list: Result<_, Refusal> = list.iter().map(|value| self.setting(value, depth)).collect();
                Setting::List(list?)
            }
            Value::Map(map) => Setting::Layer(self.inside(map, depth + 1)?),
            Value::Null | Value::Bytes(_) => {
                let message = "a setting is a number, a switch, a word, a layer or a list of those: write the file \
                               again";
                return Err(Refusal::new(Code::Layer, message));
            }
        })
    }

    fn inside(&mut self, map: &Map<Value>, depth: usize) -> Result<Part, Refusal> {
        if depth > DEEPEST {
            let message =
                format!("layers are more than {DEEPEST} deep inside of each other: use a flatter model");
            return Err(Refusal::new(Code::Depth, message));
        }
        let version = match map.get(VERSION) {
            Some(Value::Int(version)) => u32::try_from(*version).ok(),
            _ => None,
        };
        let (Some(Value::Text(name)), Some(version)) = (map.get(LAYER), version) else {
            let message = format!(
                "a map among settings is a layer, which has a name at {LAYER} and a number at {VERSION}: write the \
                 file again"
            );
            return Err(Refusal::new(Code::Layer, message));
        };
        let parameters = map.iter().filter(|(key, _)| ![LAYER, VERSION].contains(key));
        self.part(name, version, parameters, depth)
    }
}
