//! The one error type of the workspace.

use std::fmt;
use std::panic::Location;

use crate::Shape;

/// What the whole workspace returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in which operation, with which shapes, in which layer and at which line.
///
/// One type serves the whole workspace, so that `?` composes and a caller can match on
/// [`kind`](Error::kind) without knowing which crate failed. It is one pointer, so `Result<()>`
/// stays small.
///
/// ```
/// use tensorkeep_tensor::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Value, "dropout", "probability 1.5 is outside 0..=1: pass a value in it");
/// assert_eq!(error.kind().code(), "value");
/// assert!(error.to_string().starts_with("dropout: probability 1.5 is outside"));
/// ```
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    op: &'static str,
    message: String,
    shapes: Vec<Shape>,
    at: &'static Location<'static>,
    /// Layers the error passed through, innermost first.
    within: Vec<String>,
}

/// What an [`Error`] is about. The [code](ErrorKind::code) of a kind never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Operands whose shapes do not fit together, or a shape that cannot exist.
    Shape,
    /// An operand of a dtype that the operation has no meaning for, or a mix of dtypes.
    DType,
    /// An axis that the tensor does not have, or the same axis twice.
    Axis,
    /// An index outside the axis that it points into.
    Index,
    /// An argument outside its range.
    Value,
    /// Something larger than the caller or the device allows.
    Limit,
    /// A dtype, size or operation that this device cannot do.
    Unsupported,
    /// Tensors of different devices in one operation.
    Device,
    /// The device has no room left.
    OutOfMemory,
    /// The device was lost or its driver failed.
    DeviceLost,
    /// A trainable leaf that no path connects to the result.
    NoGradient,
    /// Bytes that are not what their format says.
    Format,
    /// A file or stream that could not be read or written.
    Io,
    /// A model file that is refused, with the stable code that the table of `tensorkeep-format` gives a meaning:
    /// `E_DIGEST`, `E_UNSIGNED`. The code is text, since this crate knows no files.
    File(&'static str),
    /// A broken promise inside the framework: please report it.
    Internal,
}

impl ErrorKind {
    /// A short stable name for logs and for matching across versions.
    pub fn code(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::DType => "dtype",
            Self::Axis => "axis",
            Self::Index => "index",
            Self::Value => "value",
            Self::Limit => "limit",
            Self::Unsupported => "unsupported",
            Self::Device => "device",
            Self::OutOfMemory => "out-of-memory",
            Self::DeviceLost => "device-lost",
            Self::NoGradient => "no-gradient",
            Self::Format => "format",
            Self::Io => "io",
            Self::File(code) => code,
            Self::Internal => "internal",
        }
    }
}

impl Error {
    /// An error of `kind` in operation `op`, located at the caller.
    #[track_caller]
    #[cold]
    pub fn new(kind: ErrorKind, op: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            op,
            message: message.into(),
            shapes: Vec::new(),
            at: Location::caller(),
            within: Vec::new(),
        }))
    }

    /// A [`Shape`](ErrorKind::Shape) error: `rule` was broken by `shapes`, which the message lists.
    #[track_caller]
    #[cold]
    pub fn shape(op: &'static str, rule: impl fmt::Display, shapes: &[Shape]) -> Self {
        let listed: Vec<String> = shapes.iter().map(Shape::to_string).collect();
        let mut error = Self::new(ErrorKind::Shape, op, format!("{rule}: {}", listed.join(" and ")));
        error.0.shapes = shapes.to_vec();
        error
    }

    /// The same error, with what to do at the end of its message.
    #[must_use]
    pub fn advise(mut self, advice: &str) -> Self {
        self.0.message.push_str("; ");
        self.0.message.push_str(advice);
        self
    }

    /// A [`DType`](ErrorKind::DType) error.
    #[track_caller]
    #[cold]
    pub fn dtype(op: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::DType, op, message)
    }

    /// A [`Value`](ErrorKind::Value) error.
    #[track_caller]
    #[cold]
    pub fn value(op: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value, op, message)
    }

    /// An [`Internal`](ErrorKind::Internal) error: a promise between two crates was broken.
    #[track_caller]
    #[cold]
    pub fn internal(op: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, op, message).advise("please report it")
    }

    /// What the error is about.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, such as `matmul`.
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The message without the operation, the layers and the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The shapes that did not fit, if it is about shapes.
    pub fn shapes(&self) -> &[Shape] {
        &self.0.shapes
    }

    /// The file and line of the call that failed.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.at
    }

    /// The path of the layer that failed, outermost first: `encoder.2`. Empty outside a layer.
    pub fn layer(&self) -> String {
        self.0.within.iter().rev().map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// The same error, known to have passed through the layer `name`.
    #[must_use]
    pub fn within(mut self, name: impl Into<String>) -> Self {
        self.0.within.push(name.into());
        self
    }

    /// The same error, blamed on the line `at`.
    #[must_use]
    pub fn located(mut self, at: &'static Location<'static>) -> Self {
        self.relocate(at);
        self
    }

    /// [`located`](Self::located) in place.
    pub(crate) fn relocate(&mut self, at: &'static Location<'static>) {
        self.0.at = at;
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.op, self.0.message)?;
        if !self.0.within.is_empty() {
            write!(f, "\n  in layer {}", self.layer())?;
        }
        write!(f, "\n  at {}:{}", self.0.at.file(), self.0.at.line())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {self}", self.0.kind.code())
    }
}

impl Clone for Error {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_operation_shapes_layer_and_line() {
        let shapes = [Shape::new(&[32, 784]).unwrap(), Shape::new(&[512, 10]).unwrap()];
        let error = Error::shape("matmul", "inner dimensions differ", &shapes).within("2").within("encoder");
        let line = error.location().line();
        assert_eq!(
            error.to_string(),
            format!(
                "matmul: inner dimensions differ: [32, 784] and [512, 10]\n  in layer encoder.2\n  at {}:{line}",
                file!()
            )
        );
        assert_eq!(error.shapes(), shapes);
    }

    #[test]
    fn is_one_pointer() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
