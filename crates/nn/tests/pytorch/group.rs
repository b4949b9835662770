//! A file of cases, and the rows of a test.

use serde_json::{Map, Value};
use tensorkeep_tensor::{DType, Result};
use tensorkeep_testkit::devices;

use crate::Row;
use crate::case::Case;

/// The dtypes that every case is run in, and how far off a number may be, beside 1 or itself if it is larger.
///
/// Cases are of f64. What PyTorch makes of them in f32 would be off by as much as ours, so both dtypes are
/// compared with the same numbers: in f32 there are some units of 6e-8 for each of the terms of a sum, whose
/// size is some ones, and of which there are some dozens. Inputs have few digits, but f32 rounds most of
/// them.
pub(crate) const WIDE: &[(DType, f64)] = &[(DType::F64, 1e-12), (DType::F32, 1e-5)];

/// The same with the halves, for what has no jumps: their inputs are rounded to 11 and 8 bits.
pub(crate) const ALL: &[(DType, f64)] =
    &[(DType::F64, 1e-12), (DType::F32, 1e-5), (DType::F16, 0.02), (DType::BF16, 0.15)];

/// A file of cases, and the row of each by its name and settings.
pub(crate) struct Group {
    pub(crate) json: &'static str,
    pub(crate) tolerances: &'static [(DType, f64)],
    pub(crate) row: fn(&str, &Value) -> Result<Row>,
}

impl Group {
    fn cases(&self) -> Map<String, Value> {
        serde_json::from_str(self.json).unwrap()
    }

    /// Of several cases of one name, the later ones are counted: `mse (2)`.
    fn row(&self, name: &str, case: &Value) -> Row {
        let plain = name.split_once(" (").map_or(name, |(plain, _)| plain);
        (self.row)(plain, &case["settings"]).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs every case on every device in every dtype that it has.
    pub(crate) fn check(&self) {
        for (name, value) in &self.cases() {
            let row = self.row(name, value);
            for subject in devices().unwrap() {
                for &(dtype, tolerance) in self.tolerances.iter().filter(|(dtype, _)| subject.has(*dtype)) {
                    let device = &subject.device;
                    let name = format!("{name} in {dtype} on {device}");
                    row.check(&Case { name, value, dtype, device, tolerance });
                }
            }
        }
    }

    /// What the rows of its cases test.
    pub(crate) fn covers(&self) -> impl Iterator<Item = String> {
        self.cases().into_iter().map(|(name, value)| self.row(&name, &value).covers)
    }
}
