//! One format for all numbers of an array: which digits, how wide, where the point stands.

use std::fmt;

use crate::{DType, Scalar, bf16, f16};

/// The elements as words of one width. A single number (rank 0) is written with all its digits instead.
pub(super) fn words(elements: &[Scalar], dtype: DType, rank: usize, precision: usize) -> Vec<String> {
    if dtype.is_float() {
        let numbers: Vec<Decimal> = elements.iter().map(|x| Decimal::new(x.as_f64(), dtype)).collect();
        return match rank {
            0 => numbers.iter().map(Decimal::alone).collect(),
            _ => floats(&numbers, dtype, precision),
        };
    }
    let mut words: Vec<String> = elements.iter().map(|x| word(*x)).collect();
    if rank > 0 {
        // NumPy gives `True` the width of `False`, even where there is no `False`.
        let least = if dtype == DType::Bool { 5 } else { 0 };
        let width = words.iter().map(String::len).fold(least, usize::max);
        words.iter_mut().for_each(|word| *word = format!("{word:>width$}"));
    }
    words
}

fn word(x: Scalar) -> String {
    match x {
        Scalar::Bool(true) => "True".to_owned(),
        Scalar::Bool(false) => "False".to_owned(),
        Scalar::Int(x) => x.to_string(),
        Scalar::Float(x) => x.to_string(),
    }
}

/// A float with its value and the fewest digits that tell it from its neighbours in its dtype.
struct Decimal {
    value: f64,
    /// As `{:e}` writes it: `-1.25e-3`.
    shortest: String,
}

impl Decimal {
    fn new(value: f64, dtype: DType) -> Self {
        let shortest = match dtype {
            DType::F32 => format!("{:e}", value as f32),
            // Neither half has a shortest form of its own: the first of 1, 2, … digits that reads back as the
            // same number.
            DType::F16 => fewest_digits(value, |x| f16::from_f64(x).to_f64()),
            DType::BF16 => fewest_digits(value, |x| bf16::from_f64(x).to_f64()),
            DType::F64 | DType::I64 | DType::I32 | DType::U8 | DType::Bool => format!("{value:e}"),
        };
        Self { value, shortest }
    }

    /// Mantissa and exponent of the shortest form.
    fn parts(&self) -> (&str, i32) {
        split_exponent(&self.shortest)
    }

    /// How many digits the shortest form has after the point, written without an exponent.
    fn places(&self) -> usize {
        let (mantissa, exponent) = self.parts();
        let digits = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        (digits as i64 - i64::from(exponent)).max(0) as usize
    }

    /// `1.25` or `1.`: at most `precision` digits after the point, no zeros at the end.
    fn positional(&self, precision: usize) -> (String, String) {
        split_point(&format!("{:.*}", self.places().min(precision), self.value))
    }

    /// `1.25` and the exponent, with at most `precision` digits after the point and no zeros at the end.
    fn scientific(&self, precision: usize) -> (String, String, i32) {
        let (mantissa, _) = self.parts();
        let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let rounded = format!("{:.*e}", places.min(precision), self.value);
        let (mantissa, exponent) = split_exponent(&rounded);
        let (whole, fraction) = split_point(mantissa);
        (whole, fraction, exponent)
    }

    /// All digits, as a number that stands alone: `0.1`, `3.0`, `1e-05`.
    fn alone(&self) -> String {
        let size = self.value.abs();
        if !self.value.is_finite() {
            return non_finite(self.value).to_owned();
        }
        if size == 0.0 || (1e-4..1e16).contains(&size) {
            return format!("{:.*}", self.places().max(1), self.shortest.parse().unwrap_or(self.value));
        }
        let (mantissa, exponent) = self.parts();
        format!("{mantissa}e{}", Exponent { value: exponent, digits: 2 })
    }
}

fn fewest_digits(value: f64, round: impl Fn(f64) -> f64) -> String {
    let forms = (0..8).map(|digits| format!("{value:.digits$e}"));
    let exact = |form: &String| form.parse().is_ok_and(|x| round(x) == value);
    forms.into_iter().find(exact).unwrap_or_else(|| format!("{value:e}"))
}

fn split_exponent(number: &str) -> (&str, i32) {
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}

/// The digits before and after the point, without zeros at the end.
fn split_point(number: &str) -> (String, String) {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    (whole.to_owned(), fraction.trim_end_matches('0').to_owned())
}

fn non_finite(x: f64) -> &'static str {
    match x {
        x if x.is_nan() => "nan",
        x if x > 0.0 => "inf",
        _ => "-inf",
    }
}

/// `+05`: a sign and at least this many digits.
struct Exponent {
    value: i32,
    digits: usize,
}

impl fmt::Display for Exponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.value < 0 { '-' } else { '+' };
        write!(f, "{sign}{:0digits$}", self.value.unsigned_abs(), digits = self.digits)
    }
}

/// Floats in one format, points below each other.
fn floats(numbers: &[Decimal], dtype: DType, precision: usize) -> Vec<String> {
    let finite: Vec<&Decimal> = numbers.iter().filter(|number| number.value.is_finite()).collect();
    let finite = if needs_exponent(&finite, dtype) {
        with_exponent(&finite, precision)
    } else {
        without_exponent(&finite, precision)
    };
    let mut finite = finite.into_iter();
    let words = numbers.iter().map(|number| match number.value.is_finite() {
        true => finite.next().unwrap_or_default(),
        false => non_finite(number.value).to_owned(),
    });
    let words: Vec<String> = words.collect();
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.iter().map(|word| format!("{word:>width$}")).collect()
}

/// NumPy's rule: from 10⁸ on, below 10⁻⁴, or where the largest is more than a thousand times the smallest, by
/// a division in the dtype.
fn needs_exponent(finite: &[&Decimal], dtype: DType) -> bool {
    let sizes = finite.iter().map(|number| number.value.abs()).filter(|&size| size > 0.0);
    let (least, most) = sizes.fold((f64::INFINITY, 0f64), |(least, most), x| (least.min(x), most.max(x)));
    let ratio = Scalar::Float(most / least).cast(dtype).as_f64();
    most > 0.0 && (most >= 1e8 || least < 1e-4 || ratio > 1e3)
}

fn without_exponent(finite: &[&Decimal], precision: usize) -> Vec<String> {
    let parts: Vec<_> = finite.iter().map(|number| number.positional(precision)).collect();
    let right = parts.iter().map(|(_, fraction)| fraction.len()).max().unwrap_or(0);
    parts.iter().map(|(whole, fraction)| format!("{whole}.{fraction:<right$}")).collect()
}

fn with_exponent(finite: &[&Decimal], precision: usize) -> Vec<String> {
    let parts: Vec<_> = finite.iter().map(|number| number.scientific(precision)).collect();
    let right = parts.iter().map(|(_, fraction, _)| fraction.len()).max().unwrap_or(0);
    let wide = parts.iter().any(|(_, _, exponent)| exponent.unsigned_abs() > 99);
    let digits = if wide { 3 } else { 2 };
    let write = |(whole, fraction, exponent): &(String, String, i32)| {
        format!("{whole}.{fraction:0<right$}e{}", Exponent { value: *exponent, digits })
    };
    parts.iter().map(write).collect()
}
