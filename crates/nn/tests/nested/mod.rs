//! Golden arrays, as they lie in JSON.

use serde_json::Value;
use tensorkeep_tensor::Tensor;

/// A nested array of numbers in `f64`, with `"nan"` as a word.
pub(crate) fn array(value: &Value) -> Tensor {
    fn flatten(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<f64>) {
        match value {
            Value::Array(items) => {
                if shape.len() == depth {
                    shape.push(items.len());
                }
                items.iter().for_each(|item| flatten(item, depth + 1, shape, numbers));
            }
            Value::String(word) => numbers.push(word.parse().unwrap()),
            number => numbers.push(number.as_f64().unwrap()),
        }
    }
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    flatten(value, 0, &mut shape, &mut numbers);
    Tensor::from_vec(numbers, shape, &tensorkeep_cpu::device()).unwrap()
}
