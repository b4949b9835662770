//! What the test suites of Flux.jl, NNlib, Optimisers, ParameterSchedulers, MLUtils and Zygote say, as cases of numbers:
//! `golden/flux.json` (MIT licence, © the contributors of those packages).
//!
//! Arrays are in our layout, `[batch, channels, spatial..]`, and indices start at 0. Where Flux's convention differs
//! from the field's, a case says so, and its row in a test turns one into the other.
//!
//! A test takes a whole [area](Case::area) by [`every_case`]: it has a row for each case, and a case without a row fails it.

use std::error::Error;
use std::sync::LazyLock;

use serde_json::Value;
use tensorkeep_tensor::Tensor;

use crate::golden;

/// What a row of a test says: nothing, or what is wrong.
pub type Outcome = Result<(), Box<dyn Error>>;

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../golden/flux.json")).unwrap_or_default();
    cases.into_iter().map(Case).collect()
});

/// One case: a name, what goes in, and what comes out.
#[derive(Debug)]
pub struct Case(Value);

impl Case {
    /// Its name, of which there is no second.
    pub fn id(&self) -> &str {
        self.0["id"].as_str().unwrap_or_default()
    }

    /// What it is about: `loss`, `conv`, `optim` and so on.
    pub fn area(&self) -> &str {
        self.0["area"].as_str().unwrap_or_default()
    }

    /// A value that goes in; null where there is none of that name.
    pub fn input(&self, name: &str) -> &Value {
        &self.0["input"][name]
    }

    /// An option; null where there is none of that name.
    pub fn param(&self, name: &str) -> &Value {
        &self.0["params"][name]
    }

    /// What comes out.
    pub fn expected(&self) -> &Value {
        &self.0["expected"]
    }

    /// Compares what came out with [`expected`](Case::expected), in shape and, within the case's tolerance, in numbers.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn expect(&self, got: &Tensor) -> Outcome {
        self.same(got, self.expected())
    }

    /// Compares what came out with a part of what is expected, within the case's tolerance.
    ///
    /// # Errors
    ///
    /// What differs.
    pub fn same(&self, got: &Tensor, want: &Value) -> Outcome {
        let want = golden::doubles(want)?;
        if got.shape() != want.shape() {
            return Err(format!("shape {}, where {} is due", got.shape(), want.shape()).into());
        }
        let tolerance = |name: &str| self.0["tol"][name].as_f64().unwrap_or(0.0);
        let got = got.to_dtype(tensorkeep_tensor::DType::F64)?.to_vec::<f64>()?;
        for (i, (got, want)) in got.iter().zip(want.to_vec::<f64>()?).enumerate() {
            let near = (got - want).abs() <= tolerance("atol") + tolerance("rtol") * want.abs();
            if !(near || *got == want || (got.is_nan() && want.is_nan())) {
                return Err(format!("element {i} is {got}, where {want} is due").into());
            }
        }
        Ok(())
    }

    /// What the row for every other case says.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn unknown(&self) -> Outcome {
        Err("no row here takes this case: write one".into())
    }
}

/// Asks `row` of every case of an area.
///
/// # Panics
///
/// If there is no such area, or a row says what is wrong: with the names of all such cases.
#[expect(clippy::panic, reason = "this is the end of a test")]
pub fn every_case(area: &str, row: impl Fn(&Case) -> Outcome) {
    let mut cases = CASES.iter().filter(|case| case.area() == area).peekable();
    assert!(cases.peek().is_some(), "no case is about {area}");
    let wrong = cases.filter_map(|case| row(case).err().map(|wrong| format!("{}: {wrong}", case.id())));
    let wrong: Vec<String> = wrong.collect();
    if !wrong.is_empty() {
        panic!("{} cases about {area}:\n{}", wrong.len(), wrong.join("\n"));
    }
}
