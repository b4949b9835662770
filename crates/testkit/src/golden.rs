//! Golden arrays, as they lie in JSON.

use serde_json::Value;
use tensorkeep_tensor::{DType, Device, Error, Result, Tensor};

/// A nested list of numbers as a tensor in `dtype`; a lone number has rank 0. The words `"nan"`, `"inf"` and
/// `"-inf"` are numbers, `true` and `false` are 1 and 0.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for anything else, and for a ragged list.
pub fn array(value: &Value, dtype: DType, device: &Device) -> Result<Tensor> {
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    flatten(value, 0, &mut shape, &mut numbers)?;
    Tensor::from_vec(numbers, shape, device)?.to_dtype(dtype)
}

/// The same in `f64` on the CPU, where golden values are compared.
///
/// # Errors
///
/// Those of [`array()`].
pub fn doubles(value: &Value) -> Result<Tensor> {
    array(value, DType::F64, &tensorkeep_cpu::device())
}

fn flatten(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<f64>) -> Result<()> {
    let number = match value {
        Value::Array(items) => {
            if shape.len() == depth {
                shape.push(items.len());
            }
            return items.iter().try_for_each(|item| flatten(item, depth + 1, shape, numbers));
        }
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(word) => word.parse().ok(),
        Value::Null | Value::Object(_) => None,
    };
    numbers.push(number.ok_or_else(|| {
        Error::value("golden", format!("{value} is not a number: give this case a row of its own"))
    })?);
    Ok(())
}
