//! A part of a transformer's layer beside its shortcut.

use std::panic::Location;

use tensorkeep_tensor::{Result, Tensor};

use crate::Context;
use crate::layers::{Dropout, LayerNorm};

/// How a part is put beside its shortcut.
pub(super) struct Shortcut<'a> {
    /// The name of the part; that of its norm is `NAME_norm`.
    pub(super) name: &'static str,
    pub(super) norm: &'a LayerNorm,
    /// Whether the norm is of the input of the part, or of the sum.
    pub(super) norm_first: bool,
    pub(super) dropout: &'a Dropout,
}

impl Shortcut<'_> {
    /// `x + drop(f(norm x))`, or `norm(x + drop(f x))`.
    #[track_caller]
    pub(super) fn beside(
        &self,
        x: &Tensor,
        cx: &Context,
        f: impl FnOnce(&Tensor, &Context) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let (at, place) = (Location::caller(), cx.at(self.name));
        let input = if self.norm_first { self.normed(x, cx)? } else { x.clone() };
        let y = f(&input, &place).map_err(|error| error.within(self.name).located(at))?;
        // The part itself may drop at its own place.
        let sum = x.add(&place.run("shortcut", self.dropout, &y)?)?;
        if self.norm_first { Ok(sum) } else { self.normed(&sum, cx) }
    }

    #[track_caller]
    fn normed(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run(format!("{}_norm", self.name).as_str(), self.norm, x)
    }
}
