//! The functions of one and two numbers that expressions are made of: where each is defined and what it
//! gives.

use crate::{DType, Scalar};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is documented where it is written: the method of `Expr` of that name")]
pub enum Unary {
    Neg,
    Abs,
    Sign,
    Recip,
    Sqrt,
    Rsqrt,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sin,
    Cos,
    Tan,
    Tanh,
    Sigmoid,
    Erf,
    Floor,
    Ceil,
    Round,
    Not,
    IsNan,
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is documented where it is written: the method of `Expr` of that name")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    /// Integers: cut towards zero; by zero gives 0.
    Div,
    /// With the sign of the divisor; of integers by zero gives 0.
    Rem,
    /// Integers: wraps; a negative power of anything but 1 and −1 is 0.
    Pow,
    Max,
    Min,
    Atan2,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
    Xor,
}

/// The dtypes a function takes, and what it makes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Floats to the same float.
    Float,
    /// Numbers to the same dtype.
    Number,
    /// Truth values to truth values.
    Truth,
    /// Floats to truth values.
    FloatTest,
    /// Anything to truth values.
    Test,
}

impl Domain {
    /// The dtype of the result for operands of `dtype`, or `None` where it has no meaning.
    pub fn result(self, dtype: DType) -> Option<DType> {
        let (takes, gives) = match self {
            Self::Float => (dtype.is_float(), dtype),
            Self::Number => (dtype != DType::Bool, dtype),
            Self::Truth => (dtype == DType::Bool, dtype),
            Self::FloatTest => (dtype.is_float(), DType::Bool),
            Self::Test => (true, DType::Bool),
        };
        takes.then_some(gives)
    }

    /// Whether floats go to floats.
    pub fn keeps_float(self) -> bool {
        matches!(self, Self::Float | Self::Number)
    }
}

impl Unary {
    /// Every function, for tables of tests.
    pub const ALL: [Self; 21] = [
        Self::Neg,
        Self::Abs,
        Self::Sign,
        Self::Recip,
        Self::Sqrt,
        Self::Rsqrt,
        Self::Exp,
        Self::Expm1,
        Self::Log,
        Self::Log1p,
        Self::Sin,
        Self::Cos,
        Self::Tan,
        Self::Tanh,
        Self::Sigmoid,
        Self::Erf,
        Self::Floor,
        Self::Ceil,
        Self::Round,
        Self::Not,
        Self::IsNan,
    ];

    /// Its name, as the method of a tensor and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neg => "neg",
            Self::Abs => "abs",
            Self::Sign => "sign",
            Self::Recip => "recip",
            Self::Sqrt => "sqrt",
            Self::Rsqrt => "rsqrt",
            Self::Exp => "exp",
            Self::Expm1 => "expm1",
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::Sin => "sin",
            Self::Cos => "cos",
            Self::Tan => "tan",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Erf => "erf",
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Round => "round",
            Self::Not => "not",
            Self::IsNan => "is_nan",
        }
    }

    /// Where it is defined.
    pub fn domain(self) -> Domain {
        match self {
            Self::Neg | Self::Abs | Self::Sign => Domain::Number,
            Self::Not => Domain::Truth,
            Self::IsNan => Domain::FloatTest,
            _ => Domain::Float,
        }
    }

    /// Its value for a float: the reference that kernels are tested against.
    pub fn eval(self, x: f64) -> Scalar {
        Scalar::Float(match self {
            Self::Neg => -x,
            Self::Abs => x.abs(),
            Self::Sign if x == 0.0 || x.is_nan() => x,
            Self::Sign => x.signum(),
            Self::Recip => x.recip(),
            Self::Sqrt => x.sqrt(),
            Self::Rsqrt => x.sqrt().recip(),
            Self::Exp => libm::exp(x),
            Self::Expm1 => libm::expm1(x),
            Self::Log => libm::log(x),
            Self::Log1p => libm::log1p(x),
            Self::Sin => libm::sin(x),
            Self::Cos => libm::cos(x),
            Self::Tan => libm::tan(x),
            Self::Tanh => libm::tanh(x),
            Self::Sigmoid => {
                // Each branch's exponential stays finite.
                let e = libm::exp(-x.abs());
                if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
            }
            Self::Erf => libm::erf(x),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round_ties_even(),
            Self::Not => return Scalar::Bool(x == 0.0),
            Self::IsNan => return Scalar::Bool(x.is_nan()),
        })
    }

    /// Its value for an integer, wrapping; functions of floats alone give the integer back.
    pub fn eval_integer(self, x: i64) -> i64 {
        match self {
            Self::Neg => x.wrapping_neg(),
            Self::Abs => x.wrapping_abs(),
            Self::Sign => x.signum(),
            _ => x,
        }
    }
}

impl Binary {
    /// Every function, for tables of tests.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Rem,
        Self::Pow,
        Self::Max,
        Self::Min,
        Self::Atan2,
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::And,
        Self::Or,
        Self::Xor,
    ];

    /// Its name, as the method of a tensor and in errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::Div => "div",
            Self::Rem => "rem",
            Self::Pow => "pow",
            Self::Max => "maximum",
            Self::Min => "minimum",
            Self::Atan2 => "atan2",
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::And => "and",
            Self::Or => "or",
            Self::Xor => "xor",
        }
    }

    /// Where it is defined.
    pub fn domain(self) -> Domain {
        match self {
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Rem | Self::Pow | Self::Max | Self::Min => {
                Domain::Number
            }
            Self::Atan2 => Domain::Float,
            Self::Eq | Self::Ne | Self::Lt | Self::Le | Self::Gt | Self::Ge => Domain::Test,
            Self::And | Self::Or | Self::Xor => Domain::Truth,
        }
    }

    /// Its value for floats: the reference that kernels are tested against.
    pub fn eval(self, a: f64, b: f64) -> Scalar {
        Scalar::Float(match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Rem => a - b * (a / b).floor(),
            Self::Pow => libm::pow(a, b),
            Self::Max if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Max => a.max(b),
            Self::Min if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Min => a.min(b),
            Self::Atan2 => libm::atan2(a, b),
            Self::Eq => return Scalar::Bool(a == b),
            Self::Ne => return Scalar::Bool(a != b),
            Self::Lt => return Scalar::Bool(a < b),
            Self::Le => return Scalar::Bool(a <= b),
            Self::Gt => return Scalar::Bool(a > b),
            Self::Ge => return Scalar::Bool(a >= b),
            Self::And => return Scalar::Bool(a != 0.0 && b != 0.0),
            Self::Or => return Scalar::Bool(a != 0.0 || b != 0.0),
            Self::Xor => return Scalar::Bool((a != 0.0) != (b != 0.0)),
        })
    }

    /// Its value for integers of 64 bits, wrapping; the caller cuts it to narrower ones.
    pub fn eval_integer(self, a: i64, b: i64) -> Scalar {
        Scalar::Int(match self {
            Self::Add => a.wrapping_add(b),
            Self::Sub => a.wrapping_sub(b),
            Self::Mul => a.wrapping_mul(b),
            Self::Div if b == 0 => 0,
            Self::Div => a.wrapping_div(b),
            Self::Rem if b == 0 => 0,
            Self::Rem => {
                let r = a.wrapping_rem(b);
                if r != 0 && (r < 0) != (b < 0) { r.wrapping_add(b) } else { r }
            }
            Self::Pow => integer_power(a, b),
            Self::Max => a.max(b),
            Self::Min => a.min(b),
            Self::Atan2 => 0,
            Self::Eq => return Scalar::Bool(a == b),
            Self::Ne => return Scalar::Bool(a != b),
            Self::Lt => return Scalar::Bool(a < b),
            Self::Le => return Scalar::Bool(a <= b),
            Self::Gt => return Scalar::Bool(a > b),
            Self::Ge => return Scalar::Bool(a >= b),
            Self::And => return Scalar::Bool(a != 0 && b != 0),
            Self::Or => return Scalar::Bool(a != 0 || b != 0),
            Self::Xor => return Scalar::Bool((a != 0) != (b != 0)),
        })
    }
}

/// `base` to `power`, wrapping; negative powers as if rounded towards zero.
pub(crate) fn integer_power(base: i64, power: i64) -> i64 {
    if power < 0 {
        return match base {
            1 => 1,
            -1 if power % 2 == 0 => 1,
            -1 => -1,
            _ => 0,
        };
    }
    let (mut result, mut square, mut left) = (1i64, base, power as u64);
    while left > 0 {
        if left & 1 == 1 {
            result = result.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        left >>= 1;
    }
    result
}
