//! Elementwise functions whose results take the places of operands.

use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Tensor;
use crate::expr::Program;
use crate::op::{Map, Op, Spec, Specs};
use crate::{Result, Scalar};

/// An operand of [`Tensor::update_all`].
#[derive(Debug)]
pub enum Access<'a> {
    /// It stays as it is.
    Read(&'a Tensor),
    /// The next result takes its place.
    Write(&'a mut Tensor),
}

impl Deref for Access<'_> {
    type Target = Tensor;

    fn deref(&self) -> &Tensor {
        match self {
            Self::Read(x) => x,
            Self::Write(x) => x,
        }
    }
}

impl Tensor {
    /// Applies a compiled program to tensors broadcast together, and puts its results in the places of those operands that are to be
    /// written, in order.
    ///
    /// Memory that no other tensor shares is written over where the device can do that, instead of taking more. Other handles
    /// keep what they held.
    ///
    /// ```
    /// # use tensorkeep_tensor::{Access, DType, Tensor, meta};
    /// # use tensorkeep_tensor::expr::{Expr, Program};
    /// # let device = meta::device();
    /// let [p, g] = [0, 1].map(Expr::input);
    /// let descend = Program::new("descend", &[p - Expr::param(0) * g])?;
    /// let mut weight = Tensor::ones([2, 3], DType::F32, &device)?;
    /// let gradient = Tensor::ones([2, 3], DType::F32, &device)?;
    /// Tensor::update_all(&descend, &mut [Access::Write(&mut weight), Access::Read(&gradient)], &[0.1.into()])?;
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`map_all`](Self::map_all). Then nothing has changed.
    #[track_caller]
    pub fn update_all(program: &Arc<Program>, operands: &mut [Access<'_>], params: &[Scalar]) -> Result<()> {
        let op = Map::new(Arc::clone(program), params);
        if let Some(first) = operands.first()
            && fits(&op, operands)
            && first.device().clone().update(&op, operands)
        {
            return Ok(());
        }
        let mut results = {
            let inputs: SmallVec<[&Self; 4]> = operands.iter().map(|x| &**x).collect();
            Self::apply(&Op::Map(op), &inputs)?.into_iter()
        };
        for operand in operands {
            if let Access::Write(x) = operand
                && let Some(result) = results.next()
            {
                **x = result;
            }
        }
        Ok(())
    }

    /// Whether [`update_all`](Self::update_all) of these operands takes no memory, and so cannot fail.
    pub fn is_updated_in_place(program: &Arc<Program>, operands: &[Access<'_>], params: &[Scalar]) -> bool {
        let op = Map::new(Arc::clone(program), params);
        operands.first().is_some_and(|first| fits(&op, operands) && first.device().updates(&op, operands))
    }

    /// Whether no other handle leads to its elements.
    pub(super) fn is_exclusive(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && self.buffer().is_exclusive()
    }
}

/// Whether each result has the shape and dtype of the operand whose place it is to take, whose memory is its own, and all
/// operands live on one real device.
fn fits(op: &Map, operands: &[Access<'_>]) -> bool {
    let Some(device) = operands.first().map(|x| x.device()).filter(|device| device.level() == 0) else {
        return false;
    };
    let written = || operands.iter().filter(|x| matches!(x, Access::Write(_)));
    if !written().all(|x| x.is_exclusive() && x.elements() > 0)
        || operands.iter().any(|x| x.device() != device)
    {
        return false;
    }
    let specs: SmallVec<[Spec; 4]> = operands.iter().map(|x| x.spec()).collect();
    let mut results = Specs::new();
    op.infer_into(&specs, &mut results).is_ok() && written().map(|x| x.spec()).eq(results)
}
