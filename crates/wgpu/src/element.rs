//! How elements of each dtype lie in buffers and in registers.

use tensorkeep_tensor::{DType, Error, ErrorKind, Result};

/// What a dtype is in WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Element {
    F32,
    F16,
    I32,
    /// A byte in a word: WGSL has no smaller integer in storage.
    U8,
    /// 0 or 1 in a word.
    Bool,
}

impl Element {
    /// Every element, for tables of tests.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 5] = [Self::F32, Self::F16, Self::I32, Self::U8, Self::Bool];

    /// The element of a tensor of `dtype`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for dtypes that no adapter has.
    #[track_caller]
    pub(crate) fn of(op: &'static str, dtype: DType) -> Result<Self> {
        match dtype {
            DType::F32 => Ok(Self::F32),
            DType::F16 => Ok(Self::F16),
            DType::I32 => Ok(Self::I32),
            DType::U8 => Ok(Self::U8),
            DType::Bool => Ok(Self::Bool),
            DType::F64 | DType::I64 | DType::BF16 => {
                let message =
                    format!("{dtype} does not exist on graphics adapters: cast to f32 or i32 first");
                Err(Error::new(ErrorKind::Unsupported, op, message))
            }
        }
    }

    /// Bytes in a buffer.
    pub(crate) fn size(self) -> u64 {
        match self {
            Self::F16 => 2,
            Self::F32 | Self::I32 | Self::U8 | Self::Bool => 4,
        }
    }

    /// Its type in a buffer.
    pub(crate) fn stored(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::I32 => "i32",
            Self::U8 | Self::Bool => "u32",
        }
    }

    /// Its type in registers, which converts to and from the one in a buffer by being called.
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::F32 | Self::F16 => "f32",
            Self::I32 => "i32",
            Self::U8 => "u32",
            Self::Bool => "bool",
        }
    }
}
