//! Writing expressions, with simplifications. Float constants fold in `f64`, as if their value had been
//! written; the others change no bit.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Rem, Sub};
use std::sync::Arc;

use super::{Binary, Expr, Node, Unary};
use crate::{DType, Scalar};

impl Expr {
    /// The deepest nesting that an expression may have. Deeper ones are refused when they are compiled, so
    /// that walks over expressions are bounded.
    pub const MAX_DEPTH: u16 = 512;

    /// The element of input `i`.
    pub fn input(i: usize) -> Self {
        Self::of(Node::Input(i))
    }

    /// Parameter `i` of the run: a learning rate, a loss scale.
    pub fn param(i: usize) -> Self {
        Self::of(Node::Param(i))
    }

    /// `then` where `self` holds, else `otherwise`.
    #[must_use]
    pub fn select(&self, then: impl Into<Self>, otherwise: impl Into<Self>) -> Self {
        let (then, otherwise) = (then.into(), otherwise.into());
        match &*self.node {
            Node::Const(value) if value.as_bool() => then,
            Node::Const(_) => otherwise,
            _ => Self::of(Node::Select(self.clone(), then, otherwise)),
        }
    }

    /// The same number in another dtype.
    #[must_use]
    pub fn cast(&self, dtype: DType) -> Self {
        match &*self.node {
            Node::Cast(inner, _) if *inner == dtype => self.clone(),
            _ => Self::of(Node::Cast(dtype, self.clone())),
        }
    }

    /// Applies a function of one number.
    #[must_use]
    pub fn unary(&self, function: Unary) -> Self {
        match &*self.node {
            // Only numbers of the kind that the function keeps: 1/2 of two integers is another thing than of
            // two floats.
            Node::Const(Scalar::Float(x)) if function.domain().keeps_float() => {
                Self::from(function.eval(*x).as_f64())
            }
            Node::Unary(Unary::Neg, x) if function == Unary::Neg => x.clone(),
            _ => Self::of(Node::Unary(function, self.clone())),
        }
    }

    /// Applies a function of two numbers.
    #[must_use]
    pub fn binary(&self, function: Binary, other: impl Into<Self>) -> Self {
        let other = other.into();
        match (function, self.constant(), other.constant()) {
            (_, Some(Scalar::Float(a)), Some(Scalar::Float(b))) if function.domain().keeps_float() => {
                Self::from(function.eval(a, b).as_f64())
            }
            (Binary::Mul | Binary::Div | Binary::Pow, _, Some(b)) if b.as_f64() == 1.0 => self.clone(),
            (Binary::Sub, _, Some(b)) if b.bits().1 == 0 => self.clone(),
            (Binary::Mul, Some(a), _) if a.as_f64() == 1.0 => other,
            _ => Self::of(Node::Binary(function, self.clone(), other)),
        }
    }

    /// The same expression with input `i` replaced by `inputs[i]`: composition. Inputs beyond the list stay.
    #[must_use]
    pub fn substitute(&self, inputs: &[Self]) -> Self {
        let mut done = std::collections::HashMap::new();
        self.substituted(inputs, &mut done)
    }

    fn substituted(&self, inputs: &[Self], done: &mut std::collections::HashMap<usize, Self>) -> Self {
        let key = Arc::as_ptr(&self.node) as usize;
        if let Some(expr) = done.get(&key) {
            return expr.clone();
        }
        let expr = match &*self.node {
            Node::Input(i) => inputs.get(*i).unwrap_or(self).clone(),
            node => Self::of(node.map(|child| child.substituted(inputs, done))),
        };
        done.insert(key, expr.clone());
        expr
    }

    pub(super) fn of(node: Node<Self>) -> Self {
        let depth = 1 + node.children().map(|child| child.depth).max().unwrap_or(0);
        if depth > Self::MAX_DEPTH {
            return Self { node: Arc::new(Node::TooDeep), depth: 1 };
        }
        Self { node: Arc::new(node), depth }
    }

    pub(super) fn node(&self) -> &Node<Self> {
        &self.node
    }

    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.node) as usize
    }

    fn constant(&self) -> Option<Scalar> {
        match *self.node {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }
}

impl<T: Into<Scalar>> From<T> for Expr {
    fn from(value: T) -> Self {
        Self::of(Node::Const(value.into()))
    }
}

impl From<&Expr> for Expr {
    fn from(expr: &Expr) -> Self {
        expr.clone()
    }
}

macro_rules! functions {
    (unary { $($(#[$doc:meta])* $name:ident => $unary:ident;)* } binary { $($(#[$doc2:meta])* $name2:ident => $binary:ident;)* }) => {
        impl Expr {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> Self {
                self.unary(Unary::$unary)
            })*
            $($(#[$doc2])* #[must_use] pub fn $name2(&self, other: impl Into<Self>) -> Self {
                self.binary(Binary::$binary, other)
            })*
        }
    };
}

functions! {
    unary {
    /// `|x|`.
    abs => Abs;
    /// −1, 0 or 1; NaN of NaN.
    sign => Sign;
    /// `1/x`.
    recip => Recip;
    /// `√x`.
    sqrt => Sqrt;
    /// `1/√x`.
    rsqrt => Rsqrt;
    /// `eˣ`.
    exp => Exp;
    /// `eˣ − 1`, exact near 0.
    expm1 => Expm1;
    /// The natural logarithm.
    log => Log;
    /// `log(1 + x)`, exact near 0.
    log1p => Log1p;
    /// The sine of radians.
    sin => Sin;
    /// The cosine of radians.
    cos => Cos;
    /// The tangent of radians.
    tan => Tan;
    /// The hyperbolic tangent.
    tanh => Tanh;
    /// `1/(1 + e⁻ˣ)`.
    sigmoid => Sigmoid;
    /// The error function, `2/√π ∫₀ˣ e^(−t²) dt`.
    erf => Erf;
    /// The largest integer not above.
    floor => Floor;
    /// The smallest integer not below.
    ceil => Ceil;
    /// The nearest integer, halves to even.
    round => Round;
    /// Whether it is NaN.
    is_nan => IsNan;
    }
    binary {
    /// The larger; NaN if either is.
    max => Max;
    /// The smaller; NaN if either is.
    min => Min;
    /// `self` to a power.
    pow => Pow;
    /// The angle of the point (`other`, `self`) in radians.
    atan2 => Atan2;
    /// Whether they are equal.
    eq => Eq;
    /// Whether they differ.
    ne => Ne;
    /// Whether `self` is less.
    lt => Lt;
    /// Whether `self` is less or equal.
    le => Le;
    /// Whether `self` is greater.
    gt => Gt;
    /// Whether `self` is greater or equal.
    ge => Ge;
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $function:ident;)*) => {$(
        impl<T: Into<Expr>> $trait<T> for Expr {
            type Output = Expr;
            fn $method(self, other: T) -> Expr {
                self.binary(Binary::$function, other)
            }
        }
        impl<T: Into<Expr>> $trait<T> for &Expr {
            type Output = Expr;
            fn $method(self, other: T) -> Expr {
                self.binary(Binary::$function, other)
            }
        }
        impl $trait<Expr> for f64 {
            type Output = Expr;
            fn $method(self, other: Expr) -> Expr {
                Expr::from(self).binary(Binary::$function, other)
            }
        }
        impl $trait<&Expr> for f64 {
            type Output = Expr;
            fn $method(self, other: &Expr) -> Expr {
                Expr::from(self).binary(Binary::$function, other)
            }
        }
    )*};
}

operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
    Rem rem Rem;
    BitAnd bitand And;
    BitOr bitor Or;
}

impl Neg for Expr {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        self.unary(Unary::Neg)
    }
}

impl Not for Expr {
    type Output = Self;
    fn not(self) -> Self {
        self.unary(Unary::Not)
    }
}
