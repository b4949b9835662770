//! Arithmetic as methods and operators.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::OnceLock;

use super::{Access, Tensor};
use crate::expr::standard::{self, Sides};
use crate::expr::{Binary, Expr, Unary};
use crate::op::{Map, Op};
use crate::{DType, Error, Result, Scalar};

/// The right side of an arithmetic method: a tensor, or a number that takes the dtype of the left side.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A number.
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(x: &'a Tensor) -> Self {
        Self::Tensor(x)
    }
}

impl<T: Into<Scalar>> From<T> for Operand<'_> {
    fn from(x: T) -> Self {
        Self::Scalar(x.into())
    }
}

impl Tensor {
    #[track_caller]
    fn unary(&self, function: Unary) -> Result<Self> {
        self.map_program(standard::unary(function)?)
    }

    #[track_caller]
    fn binary(&self, function: Binary, other: Operand<'_>) -> Result<Self> {
        match other {
            Operand::Tensor(other) => {
                let program = standard::binary(function, Sides::Tensors)?;
                Self::apply_one(&Op::Map(Map::new(program, &[])), &[self, other])
            }
            Operand::Scalar(value) => {
                let program = standard::binary(function, Sides::ParamRight)?;
                Self::apply_one(&Op::Map(Map::new(program, &[value])), &[self])
            }
        }
    }

    /// [`binary`](Self::binary), in the memory of the left side if nobody else holds it and the result is like it.
    #[track_caller]
    fn into_binary(mut self, function: Binary, other: Operand<'_>) -> Result<Self> {
        if !self.is_exclusive() {
            return self.binary(function, other);
        }
        match other {
            Operand::Tensor(other) => {
                let program = standard::binary(function, Sides::Tensors)?;
                Self::update_all(&program, &mut [Access::Write(&mut self), Access::Read(other)], &[])?;
            }
            Operand::Scalar(value) => {
                let program = standard::binary(function, Sides::ParamRight)?;
                Self::update_all(&program, &mut [Access::Write(&mut self)], &[value])?;
            }
        }
        Ok(self)
    }

    /// `function(value, self)`.
    #[track_caller]
    fn binary_from(&self, function: Binary, value: Scalar) -> Result<Self> {
        let program = standard::binary(function, Sides::ParamLeft)?;
        Self::apply_one(&Op::Map(Map::new(program, &[value])), &[self])
    }

    /// The elements of `then` where `self` is true, else those of `otherwise`: NumPy's `where`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if `self` is not `bool` or the others differ in dtype.
    #[track_caller]
    pub fn select(&self, then: &Self, otherwise: &Self) -> Result<Self> {
        Self::apply_one(&Op::Map(Map::new(standard::select()?, &[])), &[self, then, otherwise])
    }

    /// `x · factor + term` in one pass over memory, rounded as the two operations are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the shapes do not broadcast,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if the dtypes differ or are not of numbers.
    #[track_caller]
    pub fn mul_add(&self, factor: &Self, term: &Self) -> Result<Self> {
        Self::apply_one(&Op::Map(Map::new(standard::mul_add()?, &[])), &[self, factor, term])
    }

    /// [`mul_add`](Self::mul_add) in the memory of `self`, if that is of the result's shape and nobody else's: an intermediate result is
    /// then written over in cache.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// # let device = meta::device();
    /// # let (x, weight) = (Tensor::ones([2, 3], DType::F32, &device)?, Tensor::ones([3], DType::F32, &device)?);
    /// # let bias = weight.clone();
    /// let y = x.layer_norm(1e-5)?.into_mul_add(&weight, &bias)?;
    /// # assert_eq!(y.shape().sizes(), [2, 3]);
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`mul_add`](Self::mul_add).
    #[track_caller]
    pub fn into_mul_add(mut self, factor: &Self, term: &Self) -> Result<Self> {
        let operands = &mut [Access::Write(&mut self), Access::Read(factor), Access::Read(term)];
        Self::update_all(&standard::mul_add()?, operands, &[])?;
        Ok(self)
    }

    /// The same numbers in another dtype, as [`Scalar::cast`] has it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if the device lacks the dtype.
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        if dtype == self.dtype() {
            return Ok(self.clone());
        }
        self.map_program(standard::cast(dtype)?)
    }

    /// Bounds each element to `low..=high`; NaN stays.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the bounds are out of order.
    #[track_caller]
    pub fn clamp(&self, low: impl Into<Scalar>, high: impl Into<Scalar>) -> Result<Self> {
        let (low, high) = (low.into(), high.into());
        if low.as_f64().partial_cmp(&high.as_f64()).is_none_or(|order| order.is_gt()) {
            return Err(Error::value("clamp", format!("bounds {low} and {high}: give the smaller first")));
        }
        self.maximum(low)?.minimum(high)
    }
}

macro_rules! methods {
    (unary { $($name:ident $function:ident $doc:literal;)* } binary { $($name2:ident $function2:ident $doc2:literal;)* } activation { $($name3:ident $doc3:literal;)* }) => {
        /// Elementwise functions. Each is an error for a dtype it has no meaning for; those of two tensors
        /// broadcast as NumPy does, or are an error.
        impl Tensor {
            $(#[doc = $doc]
            ///
            /// # Errors
            ///
            /// [`ErrorKind::DType`](crate::ErrorKind::DType) for a dtype that it has no meaning for.
            #[track_caller]
            pub fn $name(&self) -> Result<Self> {
                self.unary(Unary::$function)
            })*
            $(#[doc = $doc2]
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the shapes do not broadcast,
            /// [`ErrorKind::DType`](crate::ErrorKind::DType) if the dtypes differ or have no meaning for it.
            #[track_caller]
            pub fn $name2<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Self> {
                self.binary(Binary::$function2, other.into())
            })*
            $(#[doc = $doc3]
            #[doc = concat!("\n\nSee [`Expr::", stringify!($name3), "`] for the formula and its source.")]
            ///
            /// # Errors
            ///
            /// [`ErrorKind::DType`](crate::ErrorKind::DType) for a dtype without fractions.
            #[track_caller]
            pub fn $name3(&self) -> Result<Self> {
                static SLOT: OnceLock<Result<std::sync::Arc<crate::expr::Program>>> = OnceLock::new();
                self.map_program(standard::named(&SLOT, stringify!($name3), Expr::$name3)?)
            })*
        }
    };
}

methods! {
    unary {
        neg Neg "`−x`.";
        abs Abs "`|x|`.";
        sign Sign "−1, 0 or 1; NaN of NaN.";
        recip Recip "`1/x`.";
        sqrt Sqrt "`√x`.";
        rsqrt Rsqrt "`1/√x`.";
        exp Exp "`eˣ`.";
        expm1 Expm1 "`eˣ − 1`, exact near 0.";
        log Log "The natural logarithm.";
        log1p Log1p "`log(1 + x)`, exact near 0.";
        sin Sin "The sine of radians.";
        cos Cos "The cosine of radians.";
        tan Tan "The tangent of radians.";
        tanh Tanh "The hyperbolic tangent.";
        sigmoid Sigmoid "The logistic function `1/(1 + e⁻ˣ)`.";
        erf Erf "The error function.";
        floor Floor "The largest integer not above.";
        ceil Ceil "The smallest integer not below.";
        round Round "The nearest integer, halves to even.";
        not Not "The opposite truth value.";
        is_nan IsNan "Whether each element is NaN.";
    }
    binary {
        add Add "`x + y`.";
        sub Sub "`x − y`.";
        mul Mul "`x · y`, element by element.";
        div Div "`x / y`; integers are cut towards zero, by zero gives 0.";
        rem Rem "The remainder of `x / y`, with the sign of `y`.";
        pow Pow "`x` to the power `y`.";
        maximum Max "The larger of two; NaN if either is.";
        minimum Min "The smaller of two; NaN if either is.";
        atan2 Atan2 "The angle of the point (`y`, `x`), `self` first, in radians.";
        eq Eq "Whether elements are equal.";
        ne Ne "Whether elements differ.";
        lt Lt "Whether `x < y`.";
        le Le "Whether `x ≤ y`.";
        gt Gt "Whether `x > y`.";
        ge Ge "Whether `x ≥ y`.";
        and And "Whether both hold.";
        or Or "Whether one holds.";
        xor Xor "Whether exactly one holds.";
    }
    activation {
        relu "`max(x, 0)`.";
        relu6 "`min(max(x, 0), 6)`.";
        gelu "Gaussian error linear unit, `x Φ(x)`.";
        gelu_tanh "The tanh approximation of [`gelu`](Self::gelu) that GPT-2 uses.";
        swish "`x σ(x)`, also called SiLU.";
        hard_swish "`x min(max((x + 3)/6, 0), 1)`.";
        hard_sigmoid "`min(max((x + 3)/6, 0), 1)`.";
        log_sigmoid "`log σ(x)`.";
        logit "`log(x/(1 − x))`, the inverse of the sigmoid.";
        softplus "`log(1 + eˣ)`.";
        softsign "`x/(1 + |x|)`.";
        selu "The exponential linear unit that normalises itself.";
        mish "`x tanh(log(1 + eˣ))`.";
        lisht "`x tanh x`.";
        log_cosh "`log cosh x`.";
        tanh_shrink "`x − tanh x`.";
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl<'a, T: Into<Operand<'a>>> $trait<T> for &Tensor {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: T) -> Result<Tensor> {
                Tensor::$method(self, other)
            }
        }

        impl $trait<Result<Tensor>> for &Tensor {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: Result<Tensor>) -> Result<Tensor> {
                Tensor::$method(self, &other?)
            }
        }

        impl $trait<Tensor> for &Tensor {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: Tensor) -> Result<Tensor> {
                Tensor::$method(self, &other)
            }
        }

        impl<'a, T: Into<Operand<'a>>> $trait<T> for Tensor {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: T) -> Result<Tensor> {
                self.into_binary(Binary::$trait, other.into())
            }
        }

        impl $trait<Result<Tensor>> for Tensor {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: Result<Tensor>) -> Result<Tensor> {
                self.into_binary(Binary::$trait, Operand::Tensor(&other?))
            }
        }

        impl $trait<Tensor> for Tensor {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: Tensor) -> Result<Tensor> {
                self.into_binary(Binary::$trait, Operand::Tensor(&other))
            }
        }

        impl $trait<&Tensor> for Result<Tensor> {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                self?.into_binary(Binary::$trait, Operand::Tensor(other))
            }
        }

        impl $trait<Tensor> for Result<Tensor> {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: Tensor) -> Result<Tensor> {
                self?.into_binary(Binary::$trait, Operand::Tensor(&other))
            }
        }

        impl $trait<&Tensor> for f64 {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: &Tensor) -> Result<Tensor> {
                other.binary_from(Binary::$trait, self.into())
            }
        }

        impl $trait<Tensor> for f64 {
            type Output = Result<Tensor>;
            #[track_caller]
            fn $method(self, other: Tensor) -> Result<Tensor> {
                other.binary_from(Binary::$trait, self.into())
            }
        }
    )*};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
    Rem rem;
}

impl Neg for Tensor {
    type Output = Result<Self>;
    #[track_caller]
    fn neg(self) -> Result<Self> {
        Self::neg(&self)
    }
}

impl Neg for &Tensor {
    type Output = Result<Tensor>;
    #[track_caller]
    fn neg(self) -> Result<Tensor> {
        Tensor::neg(self)
    }
}
