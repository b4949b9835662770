//! What the elements of a tensor are like.

use half::{bf16, f16};
use serde::Serialize;
use tensorkeep_format::DType;

/// Elements that are decoded at a time.
const BLOCK: usize = 4096;

/// Counts and moments of a tensor's elements, taken in pieces, so that a tensor of any size takes a few kilobytes.
///
/// Minimum, maximum, mean and standard deviation are those of the finite elements.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    dtype: DType,
    zeros: u64,
    nan: u64,
    infinite: u64,
    extremes: Option<(f64, f64)>,
    /// Of integers that f64 cannot hold.
    exact: Option<(i128, i128)>,
    finite: u64,
    mean: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
}

/// Statistics, as they are shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) min: Option<Number>,
    pub(crate) max: Option<Number>,
    pub(crate) mean: Option<f64>,
    /// Of the population: the root of the mean squared distance from the mean.
    pub(crate) std: Option<f64>,
    pub(crate) zeros: u64,
    pub(crate) nan: u64,
    pub(crate) infinite: u64,
}

/// A number as the file has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&short(*value)),
        }
    }
}

/// A float in a handful of characters.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude == 0.0 || (1e-3..1e6).contains(&magnitude) => {
            let text = format!("{value:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => format!("{value:.3e}"),
    }
}

impl Statistics {
    pub(crate) fn new(dtype: DType) -> Self {
        Self {
            dtype,
            zeros: 0,
            nan: 0,
            infinite: 0,
            extremes: None,
            exact: None,
            finite: 0,
            mean: 0.0,
            squares: 0.0,
        }
    }

    /// The next elements, little-endian; their bytes must be whole.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let size = usize::try_from(self.dtype.size()).unwrap_or(1);
        let mut values = Vec::with_capacity(BLOCK);
        for block in bytes.chunks(size * BLOCK) {
            values.clear();
            decode(self.dtype, block, &mut values);
            self.absorb(&mut values);
            self.note_exact(block);
        }
    }

    fn absorb(&mut self, values: &mut Vec<f64>) {
        let all = values.len() as u64;
        let nan = values.iter().filter(|value| value.is_nan()).count() as u64;
        self.zeros += values.iter().filter(|value| **value == 0.0).count() as u64;
        values.retain(|value| value.is_finite());
        let finite = values.len() as u64;
        self.nan += nan;
        self.infinite += all - nan - finite;
        if finite == 0 {
            return;
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = self.extremes.unwrap_or((least, most));
        self.extremes = Some((low.min(least), high.max(most)));
        self.merge(values);
    }

    /// Mean and squares of two parts together. Source: Chan, Golub and LeVeque, *Updating Formulae and a Pairwise Algorithm for
    /// Computing Sample Variances*, 1979.
    fn merge(&mut self, values: &[f64]) {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let before = self.finite as f64;
        let both = before + count;
        let apart = mean - self.mean;
        self.mean += apart * (count / both);
        self.squares += squares + apart * apart * (before * count / both);
        self.finite += values.len() as u64;
    }

    /// The extremes of 64-bit integers, which f64 would round.
    fn note_exact(&mut self, block: &[u8]) {
        let words = block.as_chunks::<8>().0.iter();
        let range = match self.dtype {
            DType::I64 => range(words.map(|word| i64::from_le_bytes(*word).into())),
            DType::U64 => range(words.map(|word| u64::from_le_bytes(*word).into())),
            _ => None,
        };
        if let Some((least, most)) = range {
            let (low, high) = self.exact.unwrap_or((least, most));
            self.exact = Some((low.min(least), high.max(most)));
        }
    }

    /// What was found. A mean or deviation beyond f64 is not told.
    pub(crate) fn summary(&self) -> Summary {
        let number = |value: f64| match self.dtype.is_float() {
            true => Number::Float(value),
            // At most 32 bits, or a bool: exact.
            false => Number::Integer(value as i128),
        };
        let extremes = match self.exact {
            Some((low, high)) => Some((Number::Integer(low), Number::Integer(high))),
            None => self.extremes.map(|(low, high)| (number(low), number(high))),
        };
        let told = |value: f64| (self.finite > 0 && value.is_finite()).then_some(value);
        Summary {
            min: extremes.map(|(low, _)| low),
            max: extremes.map(|(_, high)| high),
            mean: told(self.mean),
            std: told((self.squares / self.finite.max(1) as f64).sqrt()),
            zeros: self.zeros,
            nan: self.nan,
            infinite: self.infinite,
        }
    }
}

fn range(values: impl Iterator<Item = i128>) -> Option<(i128, i128)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

fn decode(dtype: DType, bytes: &[u8], values: &mut Vec<f64>) {
    macro_rules! each {
        ($size:literal, $value:expr) => {
            values.extend(bytes.as_chunks::<$size>().0.iter().map(|word| $value(*word)))
        };
    }
    match dtype {
        DType::F16 => each!(2, |word| f16::from_le_bytes(word).to_f64()),
        DType::BF16 => each!(2, |word| bf16::from_le_bytes(word).to_f64()),
        DType::F32 => each!(4, |word| f64::from(f32::from_le_bytes(word))),
        DType::F64 => each!(8, f64::from_le_bytes),
        DType::I8 => each!(1, |word| f64::from(i8::from_le_bytes(word))),
        DType::I16 => each!(2, |word| f64::from(i16::from_le_bytes(word))),
        DType::I32 => each!(4, |word| f64::from(i32::from_le_bytes(word))),
        DType::I64 => each!(8, |word| i64::from_le_bytes(word) as f64),
        DType::U8 | DType::Bool => each!(1, |word| f64::from(u8::from_le_bytes(word))),
        DType::U16 => each!(2, |word| f64::from(u16::from_le_bytes(word))),
        DType::U32 => each!(4, |word| f64::from(u32::from_le_bytes(word))),
        DType::U64 => each!(8, |word| u64::from_le_bytes(word) as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(dtype: DType, bytes: &[u8]) -> Summary {
        let mut statistics = Statistics::new(dtype);
        statistics.update(bytes);
        statistics.summary()
    }

    /// Elements as bytes, and what is shown: least, greatest, mean, deviation, zeros, NaN, infinite.
    #[test]
    fn every_type_is_counted() {
        let f32s = [0.0, -0.0, 1.0, -3.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(f32::to_le_bytes);
        let f64s = [1e308, 1e308, -1e308].map(f64::to_le_bytes);
        let f16s = [0x3c00_u16, 0xc000, 0x7c00, 0x7e00].map(u16::to_le_bytes);
        let bf16s = [0x3f80_u16, 0xc000, 0xff80, 0x7fc0].map(u16::to_le_bytes);
        let i64s = [i64::MIN, i64::MAX].map(i64::to_le_bytes);
        let u64s = [u64::MAX, u64::MAX - 2].map(u64::to_le_bytes);
        let i8s = [0x80, 0x7f, 0];
        let rows: [(DType, &[u8], &str); 10] = [
            (DType::F32, f32s.as_flattened(), "-3 1 -0.5 1.5 2 1 2"),
            (DType::F64, f64s.as_flattened(), "-1.000e308 1.000e308 - - 0 0 0"),
            (DType::F16, f16s.as_flattened(), "-2 1 -0.5 1.5 0 1 1"),
            (DType::BF16, bf16s.as_flattened(), "-2 1 -0.5 1.5 0 1 1"),
            (DType::I64, i64s.as_flattened(), "-9223372036854775808 9223372036854775807 0 9.223e18 0 0 0"),
            (DType::U64, u64s.as_flattened(), "18446744073709551613 18446744073709551615 1.845e19 0 0 0 0"),
            (DType::I8, &i8s, "-128 127 -0.3333 104.1036 1 0 0"),
            (DType::U16, &[1, 0, 0, 1], "1 256 128.5 127.5 0 0 0"),
            (DType::Bool, &[0, 1, 1, 1], "0 1 0.75 0.433 1 0 0"),
            (DType::U8, &[], "- - - - 0 0 0"),
        ];
        for (dtype, bytes, want) in rows {
            let found = summary(dtype, bytes);
            let number = |number: Option<Number>| number.map_or("-".into(), |number| number.to_string());
            let float = |float: Option<f64>| float.map_or("-".into(), short);
            let shown = format!(
                "{} {} {} {} {} {} {}",
                number(found.min),
                number(found.max),
                float(found.mean),
                float(found.std),
                found.zeros,
                found.nan,
                found.infinite
            );
            assert_eq!(shown, want, "{dtype}");
        }
    }

    /// Mean and deviation of 0..n have closed forms; an offset of 10^9 would eat a naive sum of squares.
    #[test]
    fn pieces_do_not_change_the_numbers() {
        let n = 100_000_u32;
        let bytes: Vec<u8> = (0..n).flat_map(|i| (f64::from(i) + 1e9).to_le_bytes()).collect();
        for piece in [8, 8 * 777, 8 * BLOCK, bytes.len()] {
            let mut statistics = Statistics::new(DType::F64);
            bytes.chunks(piece).for_each(|piece| statistics.update(piece));
            let found = statistics.summary();
            let n = f64::from(n);
            assert!((found.mean.unwrap() - (1e9 + (n - 1.0) / 2.0)).abs() < 1e-5, "{found:?}");
            assert!((found.std.unwrap() / ((n * n - 1.0) / 12.0).sqrt() - 1.0).abs() < 1e-9, "{found:?}");
        }
    }
}
