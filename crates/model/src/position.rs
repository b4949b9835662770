//! Where in a run a checkpoint was made, as an extension of the container.

use std::collections::BTreeMap;

use tensorkeep_format::{Code, LoadLimits, Manifest, Map, Raw, Value};
use tensorkeep_train::{Optimiser, Standing};

use crate::refusal::Refusal;

/// The key of the extension.
const KEY: &str = "tensorkeep.training";

/// Where a run stands: all that decides what comes next besides the model and the optimiser.
///
/// Batches are a function of (seed, epoch, batch), and what is random in a step is one of (seed, step), so these numbers
/// are enough for a run that is resumed to give the same bits as one that was not interrupted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch that comes next, or that is under way, from 0.
    pub epoch: u64,
    /// The batch of that epoch that comes next, from 0.
    pub batch: u64,
    /// The [positions](tensorkeep_tensor::Rng::position) of the streams that the program draws from.
    pub streams: Vec<[u64; 3]>,
    /// What other parts of the program keep, by names of its own: `("scaler", scaler.words())` of a
    /// [`GradScaler`](tensorkeep_train::GradScaler), `("plateau", plateau.words())` of a
    /// [`ReduceOnPlateau`](tensorkeep_train::schedules::ReduceOnPlateau). What goes around a rule, such as averages of the weights,
    /// looking ahead and gradients that are held, is part of the optimiser's state.
    pub words: BTreeMap<String, Vec<u64>>,
}

/// What a checkpoint says about training besides its tensors.
#[derive(Debug)]
pub(crate) struct Training {
    pub(crate) position: Position,
    pub(crate) standing: Standing,
    rule: String,
    constants: Vec<(String, f64)>,
}

impl Training {
    pub(crate) fn of(optimiser: &Optimiser, position: &Position) -> Self {
        // A file has no negative zero.
        let constants = optimiser.constants().into_iter().map(|(name, value)| (name, value + 0.0));
        let standing = optimiser.standing();
        let group_rates = standing.group_rates.iter().map(|rate| rate + 0.0).collect();
        Self {
            position: position.clone(),
            standing: Standing { rate: standing.rate + 0.0, group_rates, ..standing },
            rule: optimiser.rule().to_owned(),
            constants: constants.collect(),
        }
    }

    pub(crate) fn write(&self, manifest: &mut Manifest, limits: &LoadLimits) -> Result<(), Refusal> {
        let number = |value: u64| Value::Bytes(value.to_le_bytes().into());
        let numbers = |list: &[u64]| Value::List(list.iter().copied().map(number).collect());
        let streams = self.position.streams.iter().map(|stream| numbers(stream));
        let words = self.position.words.iter().map(|(name, words)| (name.as_str(), numbers(words)));
        let Standing { steps, held, rate, group_rates, ages } = &self.standing;
        let group_rates = group_rates.iter().copied().map(Value::Float);
        let constants = self.constants.iter().map(|(name, value)| (name.as_str(), Value::Float(*value)));
        let map: Map<Value> = [
            ("seed", number(self.position.seed)),
            ("epoch", number(self.position.epoch)),
            ("batch", number(self.position.batch)),
            ("streams", Value::List(streams.collect())),
            ("words", Value::Map(words.collect())),
            ("step", number(*steps)),
            ("held", number(*held)),
            ("rate", Value::Float(*rate)),
            ("group_rates", Value::List(group_rates.collect())),
            ("ages", numbers(ages)),
            ("rule", Value::Text(self.rule.clone())),
            ("constants", Value::Map(constants.collect())),
        ]
        .into_iter()
        .collect();
        manifest.extensions.insert(KEY, Raw::of(&Value::Map(map), limits)?);
        Ok(())
    }

    pub(crate) fn read(manifest: &Manifest, limits: &LoadLimits) -> Result<Self, Refusal> {
        let value = manifest.extensions.get(KEY).map(|raw| raw.value(limits)).transpose()?;
        let Some(Value::Map(map)) = value else {
            return Err(fault("is missing"));
        };
        Self::of_map(&map).ok_or_else(|| fault("is not as it is written"))
    }

    fn of_map(map: &Map<Value>) -> Option<Self> {
        let number = |name: &str| number(map.get(name)?);
        let float = |value: &Value| match value {
            Value::Float(value) => Some(*value),
            _ => None,
        };
        let (Value::Map(words), Value::Map(constants)) = (map.get("words")?, map.get("constants")?) else {
            return None;
        };
        let Value::Text(rule) = map.get("rule")? else { return None };
        let constants = constants.iter().map(|(name, value)| Some((name.to_owned(), float(value)?)));
        let words = words.iter().map(|(name, value)| Some((name.to_owned(), numbers(value)?)));
        let position = Position {
            seed: number("seed")?,
            epoch: number("epoch")?,
            batch: number("batch")?,
            streams: list(map.get("streams")?)?.iter().map(stream).collect::<Option<_>>()?,
            words: words.collect::<Option<_>>()?,
        };
        let standing = Standing {
            steps: number("step")?,
            held: number("held")?,
            rate: float(map.get("rate")?)?,
            group_rates: list(map.get("group_rates")?)?.iter().map(float).collect::<Option<_>>()?,
            ages: numbers(map.get("ages")?)?,
        };
        let constants = constants.collect::<Option<_>>()?;
        (map.len() == 12 && standing.rate >= 0.0).then(|| Self {
            position,
            standing,
            rule: rule.clone(),
            constants,
        })
    }

    /// Refuses an optimiser that would go on in another way.
    pub(crate) fn check_rule(&self, optimiser: &Optimiser) -> Result<(), Refusal> {
        let own = Self::of(optimiser, &self.position);
        // In a file, names are in an order of their own.
        let sorted = |constants: &[(String, f64)]| {
            let mut sorted: Vec<(String, u64)> =
                constants.iter().map(|(name, value)| (name.clone(), value.to_bits())).collect();
            sorted.sort();
            sorted
        };
        if own.rule == self.rule && sorted(&own.constants) == sorted(&self.constants) {
            return Ok(());
        }
        let shown = |training: &Self| {
            let constants = training
                .constants
                .iter()
                .take(8)
                .map(|(name, value)| format!("{} {value:?}", name.escape_default()));
            format!(
                "{} ({})",
                tensorkeep_format::escape(&training.rule),
                constants.collect::<Vec<_>>().join(", ")
            )
        };
        let message = format!(
            "the run was made with {} and would go on with {}: use the same rule, or start a new run",
            shown(self),
            shown(&own)
        );
        Err(Refusal::new(Code::Mismatch, message))
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Bytes(bytes) => Some(u64::from_le_bytes(bytes.as_slice().try_into().ok()?)),
        _ => None,
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(list) => Some(list),
        _ => None,
    }
}

fn numbers(value: &Value) -> Option<Vec<u64>> {
    list(value)?.iter().map(number).collect()
}

fn stream(value: &Value) -> Option<[u64; 3]> {
    numbers(value)?.try_into().ok()
}

#[cold]
fn fault(what: &str) -> Refusal {
    Refusal::new(Code::Value, format!("the extension {KEY} {what}: this is no checkpoint of a run"))
}
