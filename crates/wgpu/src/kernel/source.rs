//! Where the text of a kernel comes from.

use std::sync::Arc;

use tensorkeep_shaders::Shader;
use tensorkeep_tensor::Result;

use super::Variant;
use crate::map::Elementwise;

/// Where the text of a kernel comes from. Equal sources are the same kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A file.
    File(Box<Variant>),
    /// Generated for an elementwise program.
    Generated(Arc<Elementwise>),
}

impl Source {
    /// The WGSL.
    pub(crate) fn text(&self) -> Result<String> {
        match self {
            Self::File(variant) => variant.text(),
            Self::Generated(map) => map.text(),
        }
    }

    /// Whether the kernel may tell about an index out of range.
    pub(crate) fn reports(&self) -> bool {
        match self {
            Self::File(variant) => variant.shader.parts().contains(&Shader::Report),
            Self::Generated(_) => false,
        }
    }
}

impl From<Variant> for Source {
    fn from(variant: Variant) -> Self {
        Self::File(Box::new(variant))
    }
}
